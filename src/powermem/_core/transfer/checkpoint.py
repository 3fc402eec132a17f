"""The checkpoint file of a load. All calls block."""

from __future__ import annotations

import json
import os
import uuid
from hashlib import sha256
from typing import Any

from ...errors import InvalidInputError
from ..inputs import check_path
from ..patterns import Pattern
from .database_files import is_open

_KEY = "powermem_load"
_VERSION = 1

_ADDRESS = Pattern(r" at 0x[0-9a-fA-F]+")


class Checkpoint:
    """The set of items of a load that are done.

    It may lag behind the store: each item is stored under an idempotency key made of the load's id and the
    item's number, so that a resumed load does not store it again. The id is on disk before the first item is
    stored.

    Args:
        path: the file; created if it does not exist.

    Raises:
        InvalidInputError: the file is no checkpoint, or cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Absolute, since the program may change its working directory during the load.
        self._path = check_path(path, "checkpoint")
        if is_open(self._path):
            raise InvalidInputError(
                f"checkpoint: {self._path} is a database that is open; choose another path"
            )
        self._id = uuid.uuid4().hex
        self._first: str | None = None
        self._done = 0
        self._beyond: set[int] = set()
        self._failed: set[int] = set()
        self._again: set[int] = set()
        if os.path.exists(self._path):
            self._load()
        self.save()

    def _load(self) -> None:
        try:
            state = json.loads(self._path.read_text("utf-8"))
            if state[_KEY] != _VERSION:
                raise InvalidInputError(
                    f"checkpoint: {self._path} was written by another version of powermem"
                )
            self._id = str(state["id"])
            self._first = state["first"]
            self._done = int(state["done"])
            self._beyond = {int(index) for index in state["beyond"]}
            self._again = {int(index) for index in state["failed"]}
            self._failed = set(self._again)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, InvalidInputError):
                raise
            raise InvalidInputError(f"checkpoint: {self._path} is not the checkpoint of a load") from error

    def begin(self, item: Any) -> None:
        """Check that the first item of a load is that of the load that the file belongs to.

        Raises:
            InvalidInputError: it is not.
        """
        shown = json.dumps(item, sort_keys=True, default=_shown)
        first = sha256(shown.encode("utf-8", "replace")).hexdigest()[:16]
        if self._first is None:
            self._first = first
        elif self._first != first:
            raise InvalidInputError(
                f"checkpoint: {self._path} belongs to the load of other items; use another path, or delete it"
            )

    def key(self, index: int) -> str:
        """Return the idempotency key of an item."""
        return f"load:{self._id}:{index}"

    def has(self, index: int) -> bool:
        """Return whether an earlier run completed an item; failed items are retried."""
        return index not in self._again and (index < self._done or index in self._beyond)

    def add(self, index: int, *, failed: bool) -> None:
        """Record the outcome of an item."""
        if failed:
            self._failed.add(index)
        else:
            self._failed.discard(index)
        if index >= self._done:
            self._beyond.add(index)
        while self._done in self._beyond:
            self._beyond.remove(self._done)
            self._done += 1

    def save(self) -> None:
        """Write the file atomically."""
        state = {
            _KEY: _VERSION,
            "id": self._id,
            "first": self._first,
            "done": self._done,
            "beyond": sorted(self._beyond),
            "failed": sorted(self._failed),
        }
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with open(part, "w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self._path)
        except OSError as error:
            raise InvalidInputError(
                f"checkpoint: cannot write {str(self._path)[:300]} ({error.strerror})"
            ) from error


def _shown(value: object) -> str:
    # Memory addresses differ between runs.
    return _ADDRESS.sub("", repr(value))
