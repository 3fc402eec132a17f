"""Memories that are addressed by a path: where they live, and the tokens of their versions. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ...errors import InvalidInputError
from ..changes.writes import AddMemory, CreateMemory
from ..ids import new_id
from ..values import Row, Scope

PATH = "path"
"""The metadata key with the path of a document."""
SPACE = "space"
"""The metadata key that tells the documents of one space from those of others."""

_DIGITS = 40


class DocumentConflictError(InvalidInputError):
    """A document was changed or created by somebody else since it was read; read it again."""


class OperationConflictError(InvalidInputError):
    """The id of an operation was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Operation:
    """The identity of a change that may be requested more than once.

    Attributes:
        id: unique for the change.
        fingerprint: of its arguments; the same id with another fingerprint is an error.
    """

    id: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Mutation:
    """The result of a change.

    Attributes:
        version: of the document from now on; ``None`` if it was deleted.
        replayed: whether the change had been made before, under the same operation.
        existed: whether there was a document before the change.
    """

    version: str | None
    replayed: bool
    existed: bool

    def receipt(self, operation: Operation) -> str:
        """Return what is kept of it under the operation's key."""
        return json.dumps([operation.fingerprint, self.version, self.existed])


def replayed(receipt: str, operation: Operation) -> Mutation:
    """Return the result of an operation that was done before.

    Raises:
        OperationConflictError: it was done with other arguments.
    """
    fingerprint, version, existed = json.loads(receipt)
    if fingerprint != operation.fingerprint:
        raise OperationConflictError(f"operation {operation.id!r}: was used before, with other arguments")
    return Mutation(version, True, existed)


@dataclass(frozen=True, slots=True)
class Space:
    """Documents of one kind of one owner.

    Attributes:
        scope: the owner.
        kind: the ``memory_type`` of the documents.
    """

    scope: Scope
    kind: str

    @property
    def digest(self) -> str:
        """Identifies the space."""
        return _digest(self.kind, *self.scope)[:16]

    @property
    def everywhere(self) -> Scope:
        """The scope in which all its documents are, among others."""
        return self.scope._replace(run_id=None)

    @property
    def receipts(self) -> Scope:
        """The scope of the results of operations."""
        return self.scope._replace(run_id=f"{self.kind}:{self.digest}")

    def scope_of(self, path: str) -> Scope:
        """Return the scope of one document.

        Each has its own, since a scope contains a text only once, and two documents may be equal.
        """
        return self.scope._replace(run_id=f"{self.kind}:{_digest(self.kind, *self.scope, path)}")

    def filters(self, **conditions: Any) -> dict[str, Any]:
        """Return the filter that its documents pass, and others do not."""
        return {"memory_type": self.kind, f"metadata.{SPACE}": self.digest, **conditions}

    def metadata(self, path: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata of a document."""
        return {**metadata, PATH: path, SPACE: self.digest}

    def create(
        self,
        path: str,
        text: str,
        vector: bytes | None,
        at: int,
        metadata: Mapping[str, Any],
        expires_at: int | None = None,
        created_at: int | None = None,
    ) -> CreateMemory:
        """Return the change that stores a new document. At ``at``, microseconds UTC."""
        row = Row(
            id=new_id(),
            scope=self.scope_of(path),
            text=text,
            hash=document_hash(path),
            memory_type=self.kind,
            metadata=self.metadata(path, metadata),
            created_at=at if created_at is None else created_at,
            updated_at=at,
            valid_from=at,
            expires_at=expires_at,
        )
        return CreateMemory(AddMemory(row, vector, source=path))


def document_hash(path: str) -> str:
    """Return the hash of a document: the path's, so that the unique key of texts admits one per path."""
    return _digest(path)[:32]


def version_of(row: Row) -> str:
    """Return the compare-and-set token of a document."""
    return f"{row.id}.{row.version}"


def operation_key(operation: Operation) -> str:
    """Return the key under which the result of an operation is kept."""
    return f"operation:{_digest(operation.id)}"


def _digest(*parts: str | None) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]


def below(folder: str) -> str:
    """Return the pattern of the paths below a folder, for a ``like`` filter."""
    escaped = folder
    for letter in "\\%_":
        escaped = escaped.replace(letter, f"\\{letter}")
    return f"{escaped.rstrip('/')}/%"


def paths_of(rows: Iterable[Row]) -> dict[str, Row]:
    """Return documents by their paths, sorted; the oldest counts if two have the same."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(str(row.metadata.get(PATH)), row)
    return dict(sorted(found.items()))
