"""The history of a memory, whose first entry is not stored while the memory is. No I/O.

That a memory was added says nothing that its row and its first change do not say, so a store writes this
entry only with the deletion of the memory. Two kinds of memories have a stored one from the beginning: one
that was restored after its deletion, and the former text of another. So has every memory that was added
before stores did without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..values import HistoryEntry, Row

ADD = "ADD"


def whole_history(row: Row, stored: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return the history of a memory, oldest first, given the entries that are stored."""
    entries = in_order(stored)
    addition = derived_addition(row, entries)
    return entries if addition is None else [addition, *entries]


def derived_addition(row: Row, stored: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """Return the entry with which the history of a memory begins, or ``None`` if it is stored.

    It has the id of the memory, so that it is the same entry wherever and whenever it is derived.
    """
    if any(entry.event == ADD for entry in stored):
        return None
    text = min(stored, key=lambda entry: entry.id).old_memory if stored else row.text
    return HistoryEntry(row.id, ADD, None, text, row.actor_id, row.created_at, row.id)


def without_derived(row: Row, history: Sequence[HistoryEntry]) -> Sequence[HistoryEntry]:
    """Return those entries of a memory's whole history that have to be stored."""
    if len(history) == 1:
        # As of most memories.
        return [] if history[0] == derived_addition(row, ()) else history
    rest = [entry for entry in history if entry.id != row.id]
    return rest if whole_history(row, rest) == in_order(history) else history


def in_order(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries of one memory, oldest first."""
    # The id of a memory may come from another library, and is then in no order with those of its changes.
    return sorted(entries, key=lambda entry: (entry.id != entry.memory_id, entry.id))
