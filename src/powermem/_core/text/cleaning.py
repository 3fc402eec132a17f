"""Clean texts from models and other programs for storage; normalize and hash texts."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Any

from ...errors import InvalidInputError
from ..patterns import Pattern

_PAIR = Pattern("[\ud800-\udbff][\udc00-\udfff]")
_LONE = Pattern("[\ud800-\udfff]")
_SPACES = Pattern("[\x0b\x0c\x1c-\x1f\x85]")
_CONTROLS = Pattern("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_UNCLEAN = Pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return a text that UTF-8 can encode, without control characters other than tabs and line breaks.

    A surrogate pair, as from a stream that split a character, becomes that character; a lone surrogate
    becomes U+FFFD.
    """
    if not _UNCLEAN.search(text):
        return text
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _CONTROLS.sub("", _SPACES.sub(" ", _LONE.sub("\ufffd", text)))


def check_text(text: str, name: str) -> str:
    """Return a text that every store can hold, unchanged.

    Raises:
        InvalidInputError: it has a lone surrogate, which UTF-8 cannot encode.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{name}: not valid Unicode at position {error.start}") from None
    return text


def clean(value: Any) -> Any:
    """Clean all strings in a value returned by ``json.loads``, which bounds its depth."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    return value


def normalize(text: str) -> str:
    """Return the form in which equal texts are equal: NFKC, single spaces, stripped."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def content_hash(text: str) -> str:
    """Return the first 32 hex digits of the SHA-256 of a text's normalized form."""
    return sha256(normalize(text).encode("utf-8", "surrogatepass")).hexdigest()[:32]
