"""Operations of several statements, written once for all databases as generators.

A generator yields statements and receives their results by ``send``, so the same operation runs on SQLite's
thread, in a caller's thread and in an event loop. The store runs one that writes inside one transaction; each
statement sees what other transactions have committed before it. The error of a statement is raised at its
``yield``, so that an operation can roll back to a savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ...errors import StoreError

T = TypeVar("T")


class TransactionAbortedError(StoreError, public=StoreError):
    """The database rolled the transaction back because of a conflict with another one; it may be retried."""


class Query(NamedTuple):
    """A query; its result is a list of rows."""

    sql: str
    values: Sequence[Any] = ()


class Statement(NamedTuple):
    """A statement; its result is the number of rows it changed."""

    sql: str
    values: Sequence[Any] = ()


class Statements(NamedTuple):
    """One statement for many rows of values; its result is the number of rows changed, or ``None`` where the
    driver does not tell it."""

    sql: str
    rows: Sequence[Sequence[Any]]


class Compute(NamedTuple):
    """A call that keeps a processor busy; its result is what the function returns."""

    function: Callable[..., Any]
    args: tuple[Any, ...]


Steps: TypeAlias = Generator["Query | Statement | Statements", Any, T]
Loading: TypeAlias = Generator["Query | Statement | Statements | Compute", Any, T]
