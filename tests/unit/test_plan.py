"""What is written for facts."""

from __future__ import annotations

from collections.abc import Iterator

from powermem._core.changes.reconcile import NewMemories, candidates, carry_out
from powermem._core.parsing.decisions import Decision, Decisions
from powermem._core.values import Fact, Message, Scope


def test_decisions_are_looked_at_once() -> None:
    looked = 0

    class Counted(tuple[Decision, ...]):
        def __iter__(self) -> Iterator[Decision]:
            nonlocal looked
            for item in super().__iter__():
                looked += 1
                yield item

    messages = [Message("user", f"I was in town{number}.") for number in range(50)]
    found = candidates([Fact(f"User was in town{n}", turn=n) for n in range(50)], messages, range(50))
    decisions = Decisions(Counted(Decision(number, "ADD") for number in range(50)), (), ())
    assert len(carry_out(NewMemories(Scope("u"), 0), found, decisions, {}, {})) == 50
    assert looked == 50
