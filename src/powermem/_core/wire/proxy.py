"""Proxy settings from the environment."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ...errors import ConfigError

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


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
    proxies = getproxies()
    text = (proxies.get(scheme) or proxies.get("all") or "").strip()
    if not text or proxy_bypass(f"{host}:{port}") or proxy_bypass(host):
        return None
    address = _parse(text)
    if address is None:
        # The message does not show the address, which may contain a password.
        variable = f"{scheme.upper()}_PROXY" if proxies.get(scheme) else "ALL_PROXY"
        raise ConfigError(
            f"{variable}: the proxy set in the environment for {scheme} must start with "
            f"{', '.join(f'{name}://' for name in _PORTS)} and name a host, as in http://proxy.example:3128"
        )
    return address


def _parse(text: str) -> ProxyAddress | None:
    try:
        # As in curl, an address without a scheme is that of an HTTP proxy.
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    if "://" not in text and port is None and text.split(":")[0].lower() in _PORTS:
        # "http:proxy.example" or the like, whose scheme would be taken for the host.
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return ProxyAddress(f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}", auth)
