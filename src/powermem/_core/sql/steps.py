"""What takes more than one statement, for any store.

A generator yields the statements and is sent their answers, so that every store runs the same steps, on
threads or as tasks. One that writes is run in one transaction, whose statements each see what others have
committed before. An error that a statement met is raised where the statement was yielded, so that steps can
go back to a savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ...errors import StoreError

T = TypeVar("T")


class TransactionAbortedError(StoreError, public=StoreError):
    """The database rolled the transaction back because of a conflict with another one; it may be retried."""


class Query(NamedTuple):
    """Is answered by its rows."""

    sql: str
    values: Sequence[Any] = ()


class Statement(NamedTuple):
    """Is answered by how many rows it touched."""

    sql: str
    values: Sequence[Any] = ()


class Statements(NamedTuple):
    """One statement for many rows of values; is answered by how many rows it touched, on SQLite only."""

    sql: str
    rows: Sequence[Sequence[Any]]


class Compute(NamedTuple):
    """A call that keeps a processor busy; is answered by its result."""

    function: Callable[..., Any]
    args: tuple[Any, ...]


Steps: TypeAlias = Generator["Query | Statement | Statements", Any, T]
Loading: TypeAlias = Generator["Query | Compute", Any, T]
