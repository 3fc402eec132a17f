"""The address of a request, its headers, its proxy, and the secrets to mask."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from ..._version import __version__
from ...errors import ConfigError
from ..masking import MASK, mask_text
from ..patterns import Pattern

# Servers often quote only the beginning of a refused key, so a match of its first characters is enough.
_TELLING = 8
_FORMS = (
    # Bounded, since a long word without an asterisk would take quadratic time.
    Pattern(r"[\w.-]{0,40}\*{3,}[\w.*-]*"),
    Pattern(r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|hf)[\w-]{16,}"),
    Pattern(r"(?i)(?<=key=)[^\s&;\"']+"),
    Pattern(r"(?i)(?<=token=)[^\s&;\"']+"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace secrets with asterisks.

    Args:
        text: may quote a key in full, cut short, or masked by a server.
        secrets: the known ones; others are recognized by their usual forms.
    """
    for secret in secrets:
        text = re.sub(re.escape(secret[:_TELLING]) + r"[^\s\"']*", "***", text)
    for form in _FORMS:
        text = form.sub("***", text)
    return mask_text(text).replace(MASK, "***")


def shorten(text: str, length: int = 300) -> str:
    """Put a text on one line of at most ``length`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."


_PORTS = {"http": 80, "https": 443}
# The value of a header or URL parameter with one of these in its name is treated as a secret.
_SECRET_NAME = Pattern(r"key|token|secret|sig|auth|password|cookie", re.IGNORECASE)
_SHORTEST_SECRET = 4


Signer = Callable[[str, str, bytes], Mapping[str, str]]
"""Makes headers from the host, the target and the body of a request."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider's address with its headers, ready to send.

    Attributes:
        provider: the provider's configured name, for error messages.
        scheme: ``"http"`` or ``"https"``.
        host: the host name in ASCII.
        port: the TCP port.
        target: path and query.
        headers: names and values.
        secrets: texts that must not appear in an error, not even in part.
        token_provider: called before each request for a bearer token.
        signer: called before each request with the host, the target and the body, for headers that sign it.
    """

    provider: str
    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    token_provider: Callable[[], str] | None = field(default=None, repr=False)
    signer: Signer | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The host and port, without secrets."""
        return f"{self.host}:{self.port}"

    def with_token(self, token: str) -> Endpoint:
        """Return the endpoint with a bearer token in its headers."""
        header = _header(self.provider, "authorization", f"Bearer {token}")
        kept = tuple(pair for pair in self.headers if pair[0] != header[0])
        return replace(self, headers=(*kept, header), secrets=(token, *self.secrets), token_provider=None)

    def signed(self, body: bytes) -> Endpoint:
        """Return the endpoint with the headers that sign a request."""
        if self.signer is None:
            return self
        host = next(value.decode("ascii") for name, value in self.headers if name == b"host")
        added = self.signer(host, self.target, body)
        headers = tuple(_header(self.provider, name, value) for name, value in added.items())
        names = {name for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0] not in names)
        secrets = tuple(value for name, value in added.items() if name == "x-amz-security-token")
        return replace(self, headers=(*kept, *headers), secrets=(*secrets, *self.secrets), signer=None)

    def scrub(self, text: str) -> str:
        """Replace every secret in a text with asterisks."""
        return scrub(text, self.secrets)


def build_endpoint(
    provider: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    token_provider: Callable[[], str] | None = None,
    signer: Signer | None = None,
) -> Endpoint:
    """Check an address and its headers and prepare them for sending.

    Args:
        provider: the provider's configured name, for error messages.
        url: the full address, ``http`` or ``https``.
        headers: sent with each request.
        token_provider: called before each request for a bearer token.
        signer: called before each request for headers that sign it.

    Raises:
        ConfigError: the address or a header is invalid.
    """
    parts, host, target = _read_address(provider, url)
    port = parts.port or _PORTS[parts.scheme]
    named = f"[{host}]" if ":" in host else host
    sent = {
        "host": named if port == _PORTS[parts.scheme] else f"{named}:{port}",
        "user-agent": f"powermem/{__version__}",
        "accept": "application/json",
        # Floats hardly compress, so decompression would cost more than it saves.
        "accept-encoding": "identity",
        "content-type": "application/json",
        **{name.strip().lower(): value for name, value in (headers or {}).items()},
    }
    # Only the part after "Bearer" or another scheme.
    hidden = {
        value.split()[-1] for name, value in sent.items() if _SECRET_NAME.search(name) and value.strip()
    }
    hidden.update(value for name, value in parse_qsl(parts.query) if _SECRET_NAME.search(name))
    return Endpoint(
        provider=provider,
        scheme=parts.scheme,
        host=host,
        port=port,
        target=target,
        headers=tuple(_header(provider, name, value) for name, value in sent.items()),
        # The longest first, since a secret may contain a shorter one.
        secrets=tuple(
            sorted((text for text in hidden if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)
        ),
        token_provider=token_provider,
        signer=signer,
    )


def join_url(base: str, path: str) -> str:
    """Append a path to a base URL that does not end with it yet, before any query."""
    parts = urlsplit(base.strip())
    before = parts.path.rstrip("/")
    wanted = "/" + path.strip("/")
    if not before.endswith(wanted):
        before += wanted
    return urlunsplit((parts.scheme, parts.netloc, before, parts.query, ""))


def _read_address(provider: str, url: str) -> tuple[SplitResult, str, str]:
    """Return the parts of an address, its host in ASCII, and its path with the query.

    Raises:
        ConfigError: it is invalid.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        # Reading the port validates it.
        _ = parts.port
    except (UnicodeError, ValueError):
        raise ConfigError(f"{provider}: base_url is not a valid address") from None
    if parts.scheme not in _PORTS or not host:
        raise ConfigError(f"{provider}: base_url must start with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise ConfigError(f"{provider}: put the credentials in api_key or headers, not in base_url")
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    if not target.isascii() or any(char <= " " for char in target):
        raise ConfigError(f"{provider}: base_url holds characters that a URL must escape")
    return parts, host, target


def _header(provider: str, name: str, value: str) -> tuple[bytes, bytes]:
    # A key read from a file often ends in a line break.
    value = value.strip()
    # Checked here because the HTTP library would quote the value, which may be the key, in its error.
    if not value.isascii() or not value.isprintable():
        raise ConfigError(
            f"{provider}: the value of the header {name!r} has a line break or a character outside ASCII; "
            "check the API key"
        )
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ConfigError(f"{provider}: {name!r} is not a valid header name")
    return name.encode("ascii"), value.encode("ascii")


_ASKED = ("darwin", "win32")
"""Where the operating system has settings for proxies, besides the environment."""
_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class ProxyAddress(NamedTuple):
    """A proxy's URL, and user and password if it requires them."""

    url: str
    auth: tuple[str, str] | None


def proxy_for(scheme: str, host: str, port: int) -> ProxyAddress | None:
    """Return the proxy for a server, or ``None``.

    Reads ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in lower case too, and on Windows
    and macOS the settings of the operating system.

    Raises:
        ConfigError: the proxy's address is invalid.
    """
    if sys.platform not in _ASKED and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    # Loads an HTTP client of its own, and code for mail.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    text = (proxies.get(scheme) or proxies.get("all") or "").strip()
    if not text or proxy_bypass(f"{host}:{port}") or proxy_bypass(host):
        return None
    address = _parse_proxy(text)
    if address is None:
        # The message does not show the address, which may contain a password.
        variable = f"{scheme.upper()}_PROXY" if proxies.get(scheme) else "ALL_PROXY"
        raise ConfigError(
            f"{variable}: the proxy set in the environment for {scheme} must start with "
            f"{', '.join(f'{name}://' for name in _PROXY_PORTS)} and name a host, as in http://proxy.example:3128"
        )
    return address


def _parse_proxy(text: str) -> ProxyAddress | None:
    try:
        # As in curl, an address without a scheme is that of an HTTP proxy.
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PROXY_PORTS or not parts.hostname:
        return None
    if "://" not in text and port is None and text.split(":")[0].lower() in _PROXY_PORTS:
        # "http:proxy.example" or the like, whose scheme would be taken for the host.
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return ProxyAddress(f"{parts.scheme}://{host}:{port or _PROXY_PORTS[parts.scheme]}", auth)
