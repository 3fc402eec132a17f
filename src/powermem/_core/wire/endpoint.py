"""Where a request goes, and what must never be shown of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from ..._version import __version__
from ...errors import ConfigError
from .secret import scrub

_PORTS = {"http": 80, "https": 443}
# What a header or a URL parameter with one of these in its name holds is taken for a secret.
_SECRET_NAME = re.compile(r"key|token|secret|sig|auth|password|cookie", re.IGNORECASE)
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of a provider, with its headers ready to send.

    Attributes:
        provider: the provider's configured name, for errors.
        scheme: ``"http"`` or ``"https"``.
        host: the host's name in ASCII.
        port: the TCP port.
        target: path and query.
        headers: names and values as they are sent.
        secrets: texts that must not appear in an error, nor their beginnings.
        token_provider: called before each request for a bearer token.
    """

    provider: str
    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    token_provider: Callable[[], str] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The host and port, which are safe to show."""
        return f"{self.host}:{self.port}"

    def with_token(self, token: str) -> Endpoint:
        """Return the endpoint with a bearer token in its headers."""
        header = _header(self.provider, "authorization", f"Bearer {token}")
        kept = tuple(pair for pair in self.headers if pair[0] != header[0])
        return replace(self, headers=(*kept, header), secrets=(token, *self.secrets), token_provider=None)

    def scrub(self, text: str) -> str:
        """Replace every secret in a text by asterisks."""
        return scrub(text, self.secrets)


def build_endpoint(
    provider: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    token_provider: Callable[[], str] | None = None,
) -> Endpoint:
    """Check an address and its headers and put them in the form they are sent in.

    Args:
        provider: the provider's configured name, for errors.
        url: the full address, ``http`` or ``https``.
        headers: sent with each request.
        token_provider: called before each request for a bearer token.

    Raises:
        ConfigError: the address or a header cannot be used.
    """
    parts, host, target = _read_address(provider, url)
    port = parts.port or _PORTS[parts.scheme]
    named = f"[{host}]" if ":" in host else host
    sent = {
        "host": named if port == _PORTS[parts.scheme] else f"{named}:{port}",
        "user-agent": f"powermem/{__version__}",
        "accept": "application/json",
        # Floats hardly compress, and unpacking would cost more than it saves.
        "accept-encoding": "identity",
        "content-type": "application/json",
        **{name.strip().lower(): value for name, value in (headers or {}).items()},
    }
    # The part behind "Bearer" or the like.
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
        # The longest first: a secret may hold a shorter one.
        secrets=tuple(
            sorted((text for text in hidden if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)
        ),
        token_provider=token_provider,
    )


def join_url(base: str, path: str) -> str:
    """Put a path behind a base URL, unless the base URL ends with it; a query stays at the end."""
    parts = urlsplit(base.strip())
    before = parts.path.rstrip("/")
    wanted = "/" + path.strip("/")
    if not before.endswith(wanted):
        before += wanted
    return urlunsplit((parts.scheme, parts.netloc, before, parts.query, ""))


def _read_address(provider: str, url: str) -> tuple[SplitResult, str, str]:
    """Return the parts of an address, its host in ASCII, and its path with the query.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        # Reading the port checks it.
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
