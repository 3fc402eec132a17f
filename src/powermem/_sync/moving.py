# Generated from src/powermem/_async/moving.py by scripts/run_unasync.py; edit that file instead.
"""The part of the facade that moves memories: out, in, over, and to another embedder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._concurrency import to_thread
from ..errors import InvalidInputError
from ..filters import parse as parse_filters
from ..inputs import File, Id, Listener, check_choice, check_count, check_flag
from ..masking import shown
from .reading import Reading


class Moving(Reading):
    """Exporting, importing, copying and changing the embedder."""

    def export_memories(
        self,
        path_or_file: File,
        format: str = "jsonl",
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        include_vectors: bool = False,
        on_progress: Listener | None = None,
    ) -> dict[str, int]:
        """Write memories to a file, with their ids, history, source turns and all else that belongs to them.

        Also those superseded or expired are written; page by page, so that any number takes the same memory.
        A path appears when the file is whole; one that ends in ``.gz`` is compressed.

        Args:
            path_or_file: a path, or a file that is open for writing text or bytes.
            format: ``"jsonl"``: a header line, then one JSON object a line.
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata.
            include_vectors: write the vectors too, so that an import with the same embedder need not embed.
            on_progress: is called with the counts so far.

        Returns:
            ``{"exported", "turns", "deleted"}``: memories, source turns, and history entries of memories that
            exist no more. The last are written when neither an id nor a filter is given.

        Raises:
            InvalidInputError: the file cannot be written.
        """
        from .bulk.exporting import Exporter

        check_choice(format, "format", ("jsonl",))
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        vectors = check_flag(include_vectors, "include_vectors")
        parts = self._ready(any_vectors=True)
        exporter = Exporter(parts.store, whose, expression, vectors=vectors)
        return exporter.write(path_or_file, on_progress)

    def import_memories(
        self,
        source: File | Mapping[str, Any],
        format: str = "auto",
        *,
        collection: str | None = None,
        on_progress: Listener | None = None,
    ) -> dict[str, Any]:
        """Store memories that an export, powermem 1.1 or mem0 has written.

        What is here already stays as it is, so importing twice changes nothing. Memories without a vector, or
        with one of another embedder, are embedded.

        Args:
            source: a path, a file open for reading, or JSON text. For a database of powermem 1.1, which is
                not changed, the path of its SQLite file, or the ``vector_store`` section with which 1.1 was
                configured for PostgreSQL, OceanBase or MySQL.
            format: ``"jsonl"`` (our own), ``"powermem"`` (1.1's JSON), ``"mem0"``, ``"powermem-1.1"``, or
                ``"auto"`` to find out.
            collection: the name of the database's table, when it has several.
            on_progress: is called with the counts so far.

        Returns:
            ``{"imported", "skipped", "failed", "errors"}``: memories that were new, that were here already,
            and lines that could not be read, of which the first 100 are told as ``{"line", "error"}``.

        Raises:
            InvalidInputError: the source cannot be read, or is in no format that is known.
        """
        from ..exchange.sources import Source
        from .bulk.exporting import PAGE
        from .bulk.importing import Importer
        from .bulk.upstream import UpstreamTable

        parts = self._ready()
        importer = Importer(parts.store, parts.encoder)
        if isinstance(source, Mapping):
            check_choice(format, "format", ("auto", "powermem-1.1"))
            with UpstreamTable(source, collection) as table:
                return importer.read(table.take, on_progress)
        opened = to_thread(Source, source, format, collection)
        try:
            importer.expect(opened.embedder)
            return importer.read(partial(to_thread, opened.take, PAGE), on_progress)
        finally:
            opened.close()

    def copy_to(
        self,
        target: Moving,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        on_progress: Listener | None = None,
    ) -> dict[str, Any]:
        """Copy memories into another memory, whatever store it has; what is there already stays as it is.

        Vectors are copied when both have the same embedder; otherwise the other one embeds.

        Args:
            target: the other memory.
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata.
            on_progress: is called with the counts so far.

        Returns:
            ``{"imported", "skipped", "failed", "errors"}`` as of ``import_memories``.
        """
        from .bulk.exporting import Exporter
        from .bulk.importing import Importer

        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        if not isinstance(target, Moving):
            raise InvalidInputError(f"target: expected a Memory, got {shown(target)}")
        parts = self._ready(any_vectors=True)
        other = target._ready()
        store = parts.store
        importer = Importer(other.store, other.encoder)
        importer.expect(store.identity())
        return importer.copy(Exporter(store, whose, expression, vectors=True), on_progress)

    def reembed(self, *, batch_size: int = 256, on_progress: Listener | None = None) -> dict[str, Any]:
        """Move the store to the configured embedder: give each memory a vector of its.

        This is the one call that works on a memory whose store holds another embedder's vectors. When it is
        cut short, the next one goes on where it stopped. Meanwhile a memory with the former embedder searches
        as before, and this one by words; both may add. At the end all vectors change in one transaction, and
        from then on a memory that is still open with the former embedder raises ``EmbeddingMismatchError``.

        Args:
            batch_size: memories that are embedded at a time.
            on_progress: is called with the counts so far.

        Returns:
            ``{"reembedded", "embedder", "seconds"}``.

        Raises:
            ConfigError: no embedder is configured.
        """
        from .bulk.reembedding import Reembedder

        check_count(batch_size, "batch_size", least=1)
        parts = self._ready(any_vectors=True)
        return Reembedder(parts.store, parts.encoder).run(batch_size, on_progress)
