"""Creating a collection's tables, and bringing older ones up to date. No I/O."""

from __future__ import annotations

from ...errors import StoreError
from ..clock import now
from .collection import CollectionSQL, NewColumn, NewIndex
from .embedder import EmbedderSQL
from .steps import Statement, Steps


def find_version(sql: CollectionSQL, embedder: EmbedderSQL) -> Steps[int | None]:
    """Return the version of a collection's schema, or ``None`` when there is no such collection.

    Raises:
        StoreError: a newer powermem has written it.
    """
    if not (yield sql.exists()):
        return None
    version = int((yield from embedder.meta("schema_version")) or 0)
    if version > sql.schema_version:
        raise StoreError(
            f"{embedder.where}: collection {sql.collection!r} was written by a newer powermem (schema "
            f"{version}, this one knows {sql.schema_version}); upgrade powermem"
        )
    return version


def migrate(sql: CollectionSQL, embedder: EmbedderSQL) -> Steps[None]:
    """Create a collection, or bring its schema to this version."""
    version = yield from find_version(sql, embedder)
    if version is None:
        for statement in sql.schema():
            yield Statement(statement)
        yield from embedder.set_meta("schema_version", sql.schema_version)
        yield from embedder.set_meta("switches", 0)
        yield from embedder.set_meta("moves", 0)
        yield from sql.note_migration(sql.schema_version, now())
        return
    steps = sql.steps()
    for step in range(version, sql.schema_version):
        for change in steps[step]:
            if isinstance(change, (NewColumn, NewIndex)):
                yield from _add_unless_known(change)
            else:
                yield Statement(change)
        yield from embedder.set_meta("schema_version", step + 1)
        yield from sql.note_migration(step + 1, now())


def _add_unless_known(new: NewColumn | NewIndex) -> Steps[None]:
    if (yield new.known):
        return
    try:
        yield Statement(new.statement)
    except StoreError:
        # Such a statement ends the transaction that keeps others from doing the same.
        if not (yield new.known):
            raise
