"""What a fork waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from powermem._core import forks


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(forks, "_PATIENCE", 60.0)
    yield
    assert not forks._under_way
    assert not forks._forking


def test_a_fork_waits_until_another_thread_has_done_what_is_not_to_be_divided() -> None:
    order: list[str] = []
    begun, free = threading.Event(), threading.Event()

    def open_something() -> None:
        with forks.undivided():
            begun.set()
            assert free.wait(60)
            order.append("opened")

    def fork() -> None:
        forks._before()
        order.append("forked")
        forks._after_in_parent()

    opening, forking = threading.Thread(target=open_something), threading.Thread(target=fork)
    opening.start()
    assert begun.wait(60)
    forking.start()
    # Time for a fork that does not wait.
    forking.join(0.05)
    free.set()
    opening.join(60)
    forking.join(60)
    assert order == ["opened", "forked"]


def test_a_thread_that_forks_in_the_middle_of_its_own_work_does_not_wait_for_itself() -> None:
    with forks.undivided():
        forks._before()
        forks._after_in_parent()


def test_what_is_not_to_be_divided_begins_after_a_fork_that_is_under_way() -> None:
    order: list[str] = []

    def open_something() -> None:
        with forks.undivided():
            order.append("opened")

    forks._before()
    opening = threading.Thread(target=open_something)
    opening.start()
    # Time for one that does not wait.
    opening.join(0.05)
    order.append("forked")
    forks._after_in_parent()
    opening.join(60)
    assert order == ["forked", "opened"]


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_PATIENCE", 0.01)
    free = threading.Event()
    begun = threading.Event()

    def open_something() -> None:
        with forks.undivided():
            begun.set()
            assert free.wait(60)

    opening = threading.Thread(target=open_something)
    opening.start()
    assert begun.wait(60)
    forks._before()
    forks._after_in_parent()
    free.set()
    opening.join(60)


def test_an_error_leaves_nothing_to_wait_for() -> None:
    with pytest.raises(ValueError, match="this"), forks.undivided():
        raise ValueError("this")


class Counting:
    """Counts what it is told of forks, and may fail afterwards."""

    def __init__(self, *, fails: bool = False) -> None:
        self.before = self.after = 0
        self._fails = fails

    def before_fork(self) -> None:
        self.before += 1

    def after_fork_in_parent(self) -> None:
        self.after += 1
        if self._fails:
            raise RuntimeError("it cannot go on")

    def after_fork_in_child(self) -> None:
        """Do nothing."""


def test_what_is_opened_again_is_told_once() -> None:
    item = Counting()
    forks.watch_forks(item)
    forks.watch_forks(item)
    forks._before()
    forks._after_in_parent()
    assert (item.before, item.after) == (1, 1)


def test_a_failure_after_a_fork_leaves_nothing_else_held(caplog: pytest.LogCaptureFixture) -> None:
    items = [Counting(), Counting(fails=True), Counting()]
    for item in items:
        forks.watch_forks(item)
    forks._before()
    forks._after_in_parent()
    assert [item.after for item in items] == [1, 1, 1]
    assert "could not go on after a fork" in caplog.text
    entered: list[None] = []

    def enter() -> None:
        with forks.undivided():
            entered.append(None)

    other = threading.Thread(target=enter)
    other.start()
    other.join(60)
    assert entered
