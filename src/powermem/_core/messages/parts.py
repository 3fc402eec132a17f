"""The parts of a message that are not text: check them, bring them into one form, and distinguish them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ...errors import InvalidInputError
from ..masking import shown
from ..patterns import Pattern
from ..text.cleaning import check_text
from .forms import part_of

ALLOWED = "text, image_url, input_audio, file"
"""The types of part that can be remembered."""

MAX_BYTES = 20 * 1024 * 1024
"""The most bytes of data that the parts of a message may have together."""

MAX_TEXT_BYTES = 256 * 1024
"""The most bytes of a text file."""

_LABELS = {"image_url": "image", "input_audio": "audio"}
_DATA_URL = Pattern(r"data:([\w.+/-]*)((?:;[\w.+-]+=[^;,]*)*);base64,", re.IGNORECASE)
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PDF = "application/pdf"
_DETAILS = ("auto", "low", "high")
_FORMATS = ("wav", "mp3", "m4a", "mp4", "mpeg", "mpga", "ogg", "oga", "webm", "flac")
_FORMAT_OF = {
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3",
    "audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/ogg": "ogg", "audio/webm": "webm", "audio/flac": "flac",
}  # fmt: skip
_BASE64 = Pattern(r"[A-Za-z0-9+/\s]+={0,2}\s*")
# Only this much of a value is checked here; the rest when it is decoded, off the event loop.
_LOOKED_AT = 1_000
_MAX_URL = 8_192


def label(part: Mapping[str, Any]) -> str:
    """Return the text placeholder of a part: ``"[image]"``, ``"[audio]"`` or ``"[file]"``."""
    return f"[{_LABELS.get(part['type'], 'file')}]"


def is_visual(part: Mapping[str, Any]) -> bool:
    """Return whether a checked part needs a model that sees: an image or a PDF file."""
    return part["type"] == "image_url" or (part["type"] == "file" and not is_text_file(part))


def is_audio(part: Mapping[str, Any]) -> bool:
    """Return whether a checked part needs a model that hears."""
    return bool(part["type"] == "input_audio")


def is_text_file(part: Mapping[str, Any]) -> bool:
    """Return whether a checked part is a text file."""
    return part["type"] == "file" and _media_type(part["file"]["file_data"]) != _PDF


def text_of_file(part: Mapping[str, Any]) -> str:
    """Return the content of a text file.

    Raises:
        InvalidInputError: its data is not base64.
    """
    data = decoded(part["file"]["file_data"].partition(",")[2])
    return data.decode("utf-8-sig", "replace").replace("\x00", "").strip()


def decoded(data: str) -> bytes:
    """Decode base64.

    Raises:
        InvalidInputError: it is not base64.
    """
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("the data of a part is not valid base64") from None


def read_part(part: object, path: str, *, private_urls: bool = False) -> dict[str, Any]:
    """Check a part that is not text.

    Args:
        part: an image as URL or data, audio as data, or a PDF or text file as data, in the form of any
            provider.
        path: its position, for the error.
        private_urls: whether images may have any URL, not only ``https://`` URLs of public hosts.

    Returns:
        The part in OpenAI's form, with the known fields only.

    Raises:
        InvalidInputError: its type cannot be remembered, or its data is not valid.
    """
    kind, content = _in_one_form(part)
    path = f"{path}.{kind}"
    match kind:
        case "image_url":
            return {"type": kind, kind: _image(content, path, private_urls)}
        case "input_audio":
            return {"type": kind, kind: _audio(content, path)}
        case "file":
            return {"type": kind, kind: _file(content, path)}
    where = path.rpartition(".")[0]
    if part is None or isinstance(part, (int, float, list, tuple)):
        raise InvalidInputError(f"{where}: expected a part, got {type(part).__name__}")
    if kind == "text":
        found = type(part_of(part, "text")).__name__
        raise InvalidInputError(f"{where}.text: expected a string, got {found}")
    named = shown(kind) if isinstance(kind, str) else type(kind).__name__
    raise InvalidInputError(f"{where}: parts of type {named} cannot be remembered; allowed: {ALLOWED}")


def size_of(part: Mapping[str, Any]) -> int:
    """Return about how many bytes of data a checked part has."""
    return sum(_size(value) for value in part[part["type"]].values())


def _in_one_form(part: object) -> tuple[Any, object]:
    """Convert a part of any provider to its type and content in OpenAI's form."""
    kind = part_of(part, "type")
    if kind is None:
        return _from_gemini(part)
    own = part_of(part, kind) if isinstance(kind, str) else None
    match kind:
        case "image_url" | "input_audio" | "file" if own is not None:
            return kind, own
        case "input_image":
            return "image_url", {"url": part_of(part, "image_url"), "detail": part_of(part, "detail")}
        case "input_file":
            return "file", part
        case "image" | "document" | "audio" | "file" | "media":
            return _from_source(part, str(kind))
    return kind, own


def _from_gemini(part: object) -> tuple[Any, object]:
    """Convert a part in Gemini's form, which has one of several fields instead of a type."""
    for name in ("inline_data", "inlineData"):
        if (data := part_of(part, name)) is not None:
            media = _either(data, "mime_type", "mimeType")
            return _inline(media, part_of(data, "data"), part_of(data, "display_name"))
    for name in ("file_data", "fileData"):
        if (data := part_of(part, name)) is not None:
            media = str(_either(data, "mime_type", "mimeType") or "")
            kind = "image_url" if media.startswith("image/") else "file"
            return kind, {"url": _either(data, "file_uri", "fileUri")}
    fields = part if isinstance(part, Mapping) else getattr(part, "__dict__", {})
    return next((name for name in fields if part_of(part, str(name)) is not None), None), None


def _from_source(part: object, kind: str) -> tuple[str, object]:
    """Convert an image, a document or audio in the form of Anthropic, LangChain or MCP."""
    # Anthropic nests the data in "source"; LangChain and MCP have it in the part itself.
    source = part_of(part, "source")
    if source is None or isinstance(source, str):
        source = part
    data = _either(source, "data", "base64")
    if data is None:
        url = part_of(source, "url") or (part_of(part, "image") if kind == "image" else None)
        if kind == "image":
            return "image_url", {"url": url}
        return ("input_audio" if kind == "audio" else "file"), {"data": url, "file_data": url}
    if part_of(source, "type") == "text" and isinstance(data, str):
        data = data.encode("utf-8", "replace")
    media = _either(source, "media_type", "mime_type", "mimeType")
    return _inline(media, data, _either(part, "title", "filename", "name"))


def _either(item: object, *names: str) -> Any:
    """Return the first of several parts that is neither missing nor empty."""
    value = None
    for name in names:
        if value := part_of(item, name):
            break
    return value


def _inline(media: object, data: object, name: object) -> tuple[str, object]:
    """Convert data with a media type."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = base64.b64encode(data).decode()
    kind = str(media or "").lower()
    url = f"data:{kind};base64,{data}" if isinstance(data, str) else data
    if kind.startswith("image/"):
        return "image_url", {"url": url}
    if kind.startswith("audio/"):
        return "input_audio", {"data": url}
    return "file", {"file_data": url, "filename": name}


def _image(content: object, path: str, private_urls: bool) -> dict[str, str]:
    if isinstance(content, str):
        content = {"url": content}
    if content is None:
        raise _wrong(path, "{'url': ...}", content)
    url = _text(part_of(content, "url"), f"{path}.url").strip()
    detail = part_of(content, "detail")
    if detail is not None and detail not in _DETAILS:
        raise InvalidInputError(f"{path}.detail: expected one of {', '.join(_DETAILS)}, got {shown(detail)}")
    scheme = url[:8].lower()
    if scheme.startswith("data:"):
        _check_data_url(url, f"{path}.url", _IMAGES)
    elif not scheme.startswith(("https://", "http://")) or len(url) > _MAX_URL:
        raise InvalidInputError(f"{path}.url: expected an address with https:// or a data URL of an image")
    elif not private_urls and not is_public(url):
        # The model's server would fetch it from inside its own network (server-side request forgery).
        raise InvalidInputError(
            f"{path}.url: expected an address with https:// of a public host, or a data URL; "
            "security.allow_private_urls allows others"
        )
    return {"url": url} if detail is None else {"url": url, "detail": detail}


def _audio(content: object, path: str) -> dict[str, str]:
    if content is None or isinstance(content, str):
        raise _wrong(path, "{'data': ..., 'format': ...}", content)
    data, name = _text(part_of(content, "data"), f"{path}.data").strip(), part_of(content, "format")
    if inline := _DATA_URL.match(data):
        name = name or _FORMAT_OF.get(inline[1].lower(), inline[1])
        data = data[inline.end() :]
    elif ":" in data[:_LOOKED_AT]:
        raise InvalidInputError(f"{path}.data: expected base64, not an address")
    if name not in _FORMATS:
        raise InvalidInputError(f"{path}.format: expected one of {', '.join(_FORMATS)}, got {shown(name)}")
    _check_base64(data, f"{path}.data")
    return {"data": data, "format": name}


def _file(content: object, path: str) -> dict[str, str]:
    if content is None or isinstance(content, str):
        raise _wrong(path, "{'file_data': ..., 'filename': ...}", content)
    given = part_of(content, "file_data")
    if given is None and part_of(content, "file_id") is not None:
        raise InvalidInputError(
            f"{path}.file_id: names a file that only its provider has; pass its contents as file_data"
        )
    data, name = _text(given, f"{path}.file_data").strip(), part_of(content, "filename")
    if name is not None:
        name = check_text(_text(name, f"{path}.filename"), f"{path}.filename").strip()[:255]
    _check_data_url(data, f"{path}.file_data", (_PDF, "text/", "application/json", "application/xml"))
    if _media_type(data) != _PDF and (size := _size(data)) > MAX_TEXT_BYTES:
        raise InvalidInputError(
            f"{path}.file_data: a file of text may have {MAX_TEXT_BYTES >> 10} KB, got {size >> 10}"
        )
    return {"file_data": data, "filename": name or "file"}


def _check_data_url(url: str, path: str, allowed: Sequence[str]) -> None:
    inline = _DATA_URL.match(url)
    if inline is None:
        raise InvalidInputError(f"{path}: expected a data URL such as 'data:{allowed[0]};base64,...'")
    if not inline[1].lower().startswith(tuple(allowed)):
        named = ", ".join(f"{name}*" if name.endswith("/") else name for name in allowed)
        raise InvalidInputError(f"{path}: {inline[1] or 'no media type'!r} cannot be read; allowed: {named}")
    _check_base64(url, path, inline.end())


def _check_base64(data: str, path: str, start: int = 0) -> None:
    # Both ends only, so that nothing large is copied.
    ends = (data[start : start + _LOOKED_AT], data[max(start, len(data) - 4) :])
    if not data.isascii() or not all(map(_BASE64.fullmatch, ends)):
        raise InvalidInputError(f"{path}: expected base64")


def _media_type(url: str) -> str:
    inline = _DATA_URL.match(url)
    return inline[1].lower() if inline else ""


def _size(data: str) -> int:
    """Return about how many bytes base64 decodes to; a URL or a name is counted the same way."""
    return len(data) * 3 // 4


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, "a string", value)
    return value


def _wrong(path: str, expected: str, value: object) -> InvalidInputError:
    found = "nothing" if value is None or value == "" else type(value).__name__
    return InvalidInputError(f"{path}: expected {expected}, got {found}")


# Top-level names that resolve on the machine itself or within a private network.
_PRIVATE = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan")
) | frozenset(("svc", "cluster", "arpa", "test", "invalid", "onion"))
# Domains whose names contain the address they resolve to, such as 127.0.0.1.nip.io.
_POINTERS = ("nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me", "lacolhost.com")
_NUMBER = Pattern(r"[0-9]+|0x[0-9a-f]*")
_LABEL = Pattern(r"(?!-)[\w-]{1,63}")
# Characters that some URL parsers drop and others treat as the end of the host.
_MISLEADING = Pattern(r"[\s\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")


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
