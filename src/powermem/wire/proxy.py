"""Which proxy the environment names for a server."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ConfigError

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class ProxyAddress(NamedTuple):
    """A proxy's address and the user and password it wants, if any."""

    url: str
    auth: tuple[str, str] | None


def proxy_for(scheme: str, host: str, port: int) -> ProxyAddress | None:
    """Find the proxy for a server.

    ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are read, in small letters too, and what
    the operating system has set on Windows and macOS.

    Raises:
        ConfigError: the proxy's address cannot be used.
    """
    proxies = getproxies()
    address = (proxies.get(scheme) or proxies.get("all") or "").strip()
    if not address or proxy_bypass(f"{host}:{port}") or proxy_bypass(host):
        return None
    try:
        # As in curl, an address without a scheme is that of an HTTP proxy.
        parts = urlsplit(address if "://" in address else f"http://{address}")
        proxy_port = parts.port
    except ValueError:
        parts, proxy_port = urlsplit(""), None
    misspelt = "://" not in address and address.split(":")[0].lower() in _PORTS and not parts.port
    if parts.scheme not in _PORTS or not parts.hostname or misspelt:
        # The address is not shown: it may hold a password.
        variable = f"{scheme.upper()}_PROXY" if proxies.get(scheme) else "ALL_PROXY"
        raise ConfigError(
            f"{variable}: the proxy set in the environment for {scheme} must start with "
            f"{', '.join(f'{name}://' for name in _PORTS)} and name a host, as in http://proxy.example:3128"
        )
    named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return ProxyAddress(f"{parts.scheme}://{named}:{proxy_port or _PORTS[parts.scheme]}", auth)
