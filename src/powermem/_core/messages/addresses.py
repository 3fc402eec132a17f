"""URLs that may be passed to a provider's server, which fetches them."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

# Top-level names that resolve on the machine itself or within a private network.
_PRIVATE = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan")
) | frozenset(("svc", "cluster", "arpa", "test", "invalid", "onion"))
# Domains whose names contain the address they resolve to, such as 127.0.0.1.nip.io.
_POINTERS = ("nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me", "lacolhost.com")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}")
# Characters that some URL parsers drop and others treat as the end of the host.
_MISLEADING = re.compile(r"[\s\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")


def is_public(url: str) -> bool:
    """Return whether a URL is ``https://`` and its host is on the public internet.

    There is no DNS lookup, so a public name may still resolve to a private address. A URL whose host depends
    on the parser is not public.
    """
    if _MISLEADING.search(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or not host or any(mark in parts.netloc for mark in "@%["):
        return False
    # As browsers do: full-width letters and dots become ASCII.
    host = unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().removesuffix(".")
    labels = host.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        return False
    if _NUMBER.fullmatch(labels[-1]):
        return _is_public_number(host)
    return labels[-1] not in _PRIVATE and not f".{host}".endswith(tuple(f".{name}" for name in _POINTERS))


def _is_public_number(host: str) -> bool:
    try:
        # Accepts four decimal numbers without leading zeros only; other forms, which some parsers read, are
        # refused.
        return ipaddress.IPv4Address(host).is_global and not ipaddress.IPv4Address(host).is_multicast
    except ValueError:
        return False
