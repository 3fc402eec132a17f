"""Addresses that may be given to somebody else's server to fetch from."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

# Names that are answered on the machine itself or inside a network.
_PRIVATE = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan")
) | frozenset(("svc", "cluster", "arpa", "test", "invalid", "onion"))
# Names that anybody may point at an address, by writing it into them.
_POINTERS = ("nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me", "lacolhost.com")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}")
# Some parsers drop them, some end the host at them.
_MISLEADING = re.compile(r"[\s\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")


def is_public(url: str) -> bool:
    """Return whether an address is ``https://`` and its host is one of the public internet.

    Nothing is looked up: a public name may still lead to a private address. Where two parsers could read two
    hosts in it, the answer is no.
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
    # As a browser writes it: full-width letters and dots are the plain ones.
    host = unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().removesuffix(".")
    labels = host.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        return False
    if _NUMBER.fullmatch(labels[-1]):
        return _is_public_number(host)
    return labels[-1] not in _PRIVATE and not f".{host}".endswith(tuple(f".{name}" for name in _POINTERS))


def _is_public_number(host: str) -> bool:
    try:
        # Four decimal numbers without leading zeros; shorter, octal and hexadecimal forms are not read.
        return ipaddress.IPv4Address(host).is_global and not ipaddress.IPv4Address(host).is_multicast
    except ValueError:
        return False
