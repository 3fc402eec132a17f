# Generated from src/powermem/_async/integrations/files.py by scripts/run_unasync.py; edit that file instead.
"""Files over memories, for models that keep notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._core.inputs import check_count, named
from ..._core.integrations.documents import DocumentConflictError, Mutation, Operation, Space, version_of
from ..._core.integrations.editing import file_view, folder_view, inserted, listed, replaced, snippet
from ..._core.integrations.files import FoundFile, MemoryFile, check_content, read_file
from ..._core.integrations.paths import ROOT, check_file, check_path, parents
from ..._core.text.cleaning import check_text
from ..._core.values import Row
from ...errors import InvalidInputError, NotFoundError
from .documents import Documents

if TYPE_CHECKING:
    from ..memory import Memory


@named("MemoryFiles")
class MemoryFiles:
    """Files below ``/memories``, each of which is a memory that searches find.

    Folders exist as long as there is a file in them. The owner is fixed here: no path leads to the files of
    another one.

    Args:
        memory: where they are stored.
        user_id: whose files they are.
        agent_id: of which agent.
        run_id: of which conversation.

    Raises:
        InvalidInputError: no id is given.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        scope = memory._scope(user_id, agent_id, run_id)
        if not any(scope):
            raise InvalidInputError("give user_id, agent_id or run_id: files belong to somebody")
        self._documents = Documents(memory, Space(scope, "file"))

    def list(self, path: str = ROOT) -> Sequence[str]:
        """Return the paths of all files in a folder and below it, sorted; of a file its own."""
        folder = check_path(path)
        return listed(self._sizes(folder), folder)

    def read(self, path: str) -> MemoryFile | None:
        """Return a file, or ``None`` if there is none."""
        row = self._documents.find(check_file(path))
        return None if row is None else read_file(row)

    def view(self, path: str = ROOT, view_range: Sequence[int] | None = None) -> str:
        """Return a file with numbered lines, or the listing of a folder, for a model.

        Args:
            path: of the file or the folder.
            view_range: the first and the last line; -1 for the end.

        Raises:
            NotFoundError: there is neither.
        """
        whole = check_path(path)
        row = None if whole == ROOT else self._documents.find(whole)
        if row is not None:
            return file_view(path, row.text, view_range)
        sizes = self._sizes(whole)
        if not sizes and whole != ROOT:
            raise NotFoundError(f"The path {path} does not exist. Please provide a valid path.")
        return folder_view(whole, sizes)

    def create(self, path: str, content: str, *, operation: Operation | None = None) -> Mutation:
        """Store a new file.

        Raises:
            DocumentConflictError: there is a file or a folder at this path.
            InvalidInputError: the path is wrong, or leads through a file.
        """
        return self.write(path, content, if_version=None, operation=operation)

    def write(
        self, path: str, content: str, *, if_version: str | None, operation: Operation | None = None
    ) -> Mutation:
        """Store a file if it still has this version.

        Args:
            path: of the file.
            content: its whole text.
            if_version: the version as it was read; ``None`` if there must be no file yet.
            operation: its identity, to be done once; a repeated call returns the first result.

        Raises:
            DocumentConflictError: the file has another version, or there is one, or none.
            OperationConflictError: the operation was used for something else.
            InvalidInputError: the path or the content is wrong.
        """
        whole, text = check_file(path), check_content(content)
        done = self._documents.done(operation)
        if done is not None:
            return done
        row = self._documents.find(whole)
        if row is not None and if_version is not None and version_of(row) == if_version:
            return self._documents.replace(row, text, operation=operation)
        if row is not None and if_version is None:
            raise DocumentConflictError(f"File {path} already exists")
        if row is not None or if_version is not None:
            raise DocumentConflictError(f"{path}: has changed since it was read; read it again")
        self._check_free(path, whole)
        return self._documents.create(whole, text, {}, operation=operation)

    def replace(
        self,
        path: str,
        old: str,
        new: str,
        *,
        if_version: str | None = None,
        operation: Operation | None = None,
    ) -> str:
        """Replace a part of a file that is there exactly once; return the lines around it, numbered.

        Raises:
            NotFoundError: there is no such file.
            InvalidInputError: the part is not there exactly once.
            DocumentConflictError: the file has another version.
        """
        done = self._documents.done(operation)
        row = self._existing(path)
        if done is not None:
            return snippet(row.text, 0)
        content, line = replaced(path, row.text, old, new)
        self._rewrite(row, content, if_version, operation)
        return snippet(content, line)

    def insert(
        self,
        path: str,
        line: int,
        text: str,
        *,
        if_version: str | None = None,
        operation: Operation | None = None,
    ) -> None:
        """Insert a text behind so many lines of a file; 0 for its beginning.

        Raises:
            NotFoundError: there is no such file.
            InvalidInputError: the file has fewer lines.
            DocumentConflictError: the file has another version.
        """
        if self._documents.done(operation) is None:
            row = self._existing(path)
            self._rewrite(row, inserted(row.text, line, text), if_version, operation)

    def rename(self, old: str, new: str) -> None:
        """Move a file, or a folder with everything in it.

        Raises:
            NotFoundError: there is nothing at the old path.
            DocumentConflictError: there is something at the new path.
        """
        source, target = check_path(old), check_path(new)
        if ROOT in (source, target):
            raise InvalidInputError(f"Cannot rename the {ROOT} directory itself")
        rows = self._tree(source)
        if not rows:
            raise NotFoundError(f"The path {old} does not exist")
        if self._tree(target):
            raise DocumentConflictError(f"The destination {new} already exists")
        if target.startswith(f"{source}/"):
            raise InvalidInputError(f"{old} cannot be moved into itself")
        self._check_free(new, target)
        self._documents.move({check_file(target + path[len(source) :]): row for path, row in rows.items()})

    def delete(
        self, path: str, *, if_version: str | None = None, operation: Operation | None = None
    ) -> Mutation:
        """Delete a file, or a folder with everything in it.

        Args:
            path: of the file or the folder.
            if_version: the version of the file as it was read; any if ``None``.
            operation: its identity, to be done once.

        Raises:
            NotFoundError: there is nothing at this path.
            DocumentConflictError: the file has another version.
        """
        whole = check_path(path)
        if whole == ROOT:
            raise InvalidInputError(f"Cannot delete the {ROOT} directory itself")
        done = self._documents.done(operation)
        if done is not None:
            return done
        rows = self._tree(whole)
        if not rows:
            raise NotFoundError(f"The path {path} does not exist")
        if if_version is not None and [version_of(row) for row in rows.values()] != [if_version]:
            raise DocumentConflictError(f"{path}: has changed since it was read; read it again")
        return self._documents.delete(list(rows.values()), operation)

    def clear(self) -> None:
        """Delete all files."""
        rows = self._documents.below()
        if rows:
            self._documents.delete(list(rows.values()))

    def search(self, query: str, *, path: str = ROOT, limit: int = 10) -> Sequence[FoundFile]:
        """Return the files that answer a query, best first.

        Args:
            query: a question or any text.
            path: search only the files below this folder.
            limit: maximum number of files.
        """
        folder, count = check_path(path), check_count(limit, "limit", least=1)
        hits = self._documents.search(check_text(query, "query"), count, folder)
        return [FoundFile(read_file(hit.row), hit.score) for hit in hits]

    def _sizes(self, whole: str) -> dict[str, int]:
        return {path: len(row.text.encode()) for path, row in (self._tree(whole)).items()}

    def _tree(self, whole: str) -> dict[str, Row]:
        """Return the file at a path, or those below it."""
        if whole != ROOT:
            row = self._documents.find(whole)
            if row is not None:
                return {whole: row}
        return self._documents.below(whole)

    def _existing(self, path: str) -> Row:
        whole = check_path(path)
        row = None if whole == ROOT else self._documents.find(whole)
        if row is not None:
            return row
        if whole == ROOT or self._documents.below(whole):
            raise InvalidInputError(f"The path {path} is not a file.")
        raise NotFoundError(f"The path {path} does not exist. Please provide a valid path.")

    def _rewrite(self, row: Row, content: str, if_version: str | None, operation: Operation | None) -> None:
        if if_version is not None and version_of(row) != if_version:
            raise DocumentConflictError(
                f"{row.metadata['path']}: has changed since it was read; read it again"
            )
        self._documents.replace(row, check_content(content), operation=operation)

    def _check_free(self, path: str, whole: str) -> None:
        """Check that a new path is no folder, and leads through no file."""
        for folder in parents(whole):
            if self._documents.find(folder) is not None:
                raise InvalidInputError(f"{path}: {folder} is a file, not a directory")
        if self._documents.below(whole):
            raise DocumentConflictError(f"{path} already exists, as a directory")
