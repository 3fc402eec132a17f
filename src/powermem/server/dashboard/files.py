"""The files of the page, as the package has them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""By the end of the name; a file of another kind, such as a licence, is plain text."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Even a mistake of ours could not turn a memory into markup.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What a browser may load and run on the page: its own files and nothing else."""


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    media_type: str
    etag: str


class Files:
    """The files below ``page/``; each is read when it is asked for first."""

    def __init__(self) -> None:
        self._places = dict(_below(files(__package__) / "page"))
        self._read: dict[str, File] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def find(self, name: str) -> File | None:
        """Return a file by its path below the page; ``None`` if there is none."""
        if name not in self._places:
            return None
        if name not in self._read:
            content = self._places[name].read_bytes()
            media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")
            self._read[name] = File(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
        return self._read[name]


def _below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{prefix}{each.name}/")
        else:
            yield f"{prefix}{each.name}", each
