"""Strings of models and other people's programs, brought into a form that every store can hold."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import Any

from .errors import InvalidInputError

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return a text that can be written as UTF-8 and has no control characters but tabs and line breaks.

    The halves of a surrogate pair that stand side by side, as where a stream cut a character in two, become
    that character; a lone half becomes U+FFFD.

    Args:
        text: any string.
    """
    if not _UNCLEAN.search(text):
        return text
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _CONTROLS.sub("", _SPACES.sub(" ", _LONE.sub("\ufffd", text)))


def check_text(text: str, name: str) -> str:
    """Return the text if every store can hold it.

    Raises:
        InvalidInputError: it holds half of a surrogate pair, which no encoding can write.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{name}: not valid Unicode at position {error.start}") from None
    return text


def clean(value: Any) -> Any:
    """Return a JSON value, all strings of which are cleaned; see ``clean_text``.

    Args:
        value: what ``json.loads`` may return. Its depth is bounded by what that reads.
    """
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    return value


def normalize(text: str) -> str:
    """Return the form that decides whether two texts are the same: NFKC, single spaces, none at the ends."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def content_hash(text: str) -> str:
    """Return the identity of a text: the first 32 hex digits of SHA-256 over its normalized form."""
    return sha256(normalize(text).encode("utf-8", "surrogatepass")).hexdigest()[:32]
