# Generated from tests/_async/test_concurrency.py by scripts/run_unasync.py; edit that file instead.
"""The primitives, as both colours promise them."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from powermem._concurrency import (
    Batcher,
    Event,
    KeyedLock,
    Lock,
    Owner,
    Queue,
    QueueEmpty,
    Semaphore,
    Threads,
    Worker,
    gather,
    shield,
    sleep,
    to_thread,
)
from powermem.errors import ClosedError, ProviderError

# Seconds after which a test that hangs fails instead.
PATIENCE = 120

marker: ContextVar[str] = ContextVar("marker", default="unset")


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        sleep(0.001)


class Room:
    """Counts who is inside at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self._lock = Lock()

    def visit(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        sleep(0.001)
        with self._lock:
            self.inside -= 1


class Work:
    """A batch function that remembers its batches; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = Event()
        self.go = Event()

    def run(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self.began.set()
        assert self.go.wait(PATIENCE)
        return [self.outcome(item) for item in items]

    def outcome(self, item: int) -> int | Exception:
        return ValueError(f"no {item}") if item < 0 else item * 10


def submit_while_held(work: Work, batcher: Batcher[int, int], items: list[int]) -> list[Any]:
    """Submit 0, then all items while its batch is under way; return the outcomes, errors too."""

    def late(item: int) -> object:
        assert work.began.wait(PATIENCE)
        try:
            return batcher.submit(item)
        except Exception as error:
            return error

    def release() -> None:
        until(lambda: batcher.waiting == len(items))
        work.go.set()

    calls: list[Any] = [partial(batcher.submit, 0), *[partial(late, item) for item in items], release]
    return (gather(calls))[1:-1]


class TestLocks:
    def test_a_lock_lets_one_in_at_a_time(self) -> None:
        lock, room = Lock(), Room()

        def visit() -> None:
            with lock:
                room.visit()

        gather([visit] * 8)
        assert room.most == 1

    def test_a_lock_is_free_again_after_an_error(self) -> None:
        lock = Lock()
        with pytest.raises(ValueError, match="inside"):
            with lock:
                raise ValueError("inside")
        with lock:
            pass

    def test_a_semaphore_lets_so_many_in_at_a_time(self) -> None:
        semaphore, room = Semaphore(3), Room()

        def visit() -> None:
            with semaphore.place():
                room.visit()

        gather([visit] * 12)
        assert room.most == 3

    def test_a_semaphore_that_lets_nobody_in_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 1, got 0"):
            Semaphore(0)

    def test_a_keyed_lock_lets_one_in_at_a_time_for_each_key(self) -> None:
        locks = KeyedLock()
        rooms = {"a": Room(), "b": Room()}

        def visit(key: str) -> None:
            with locks(key):
                rooms[key].visit()

        gather([partial(visit, key) for key in "abababab"])
        assert [room.most for room in rooms.values()] == [1, 1]

    def test_keys_do_not_wait_for_one_another(self) -> None:
        locks = KeyedLock()
        with locks("a"), locks("b"):
            assert len(locks) == 2

    def test_a_keyed_lock_keeps_no_key_that_nobody_uses(self) -> None:
        locks = KeyedLock()

        def visit(key: int) -> None:
            with locks(key):
                sleep(0)

        gather([partial(visit, number % 5) for number in range(20)])
        with pytest.raises(ValueError, match="inside"):
            with locks("failing"):
                raise ValueError("inside")
        locks("never entered")
        assert len(locks) == 0


class TestSignals:
    def test_an_event_wakes_everybody_who_waits(self) -> None:
        event = Event()

        def raise_flag() -> bool:
            event.set()
            return True

        calls: list[Any] = [partial(event.wait, PATIENCE), event.wait, raise_flag]
        assert gather(calls) == [True] * 3
        assert event.is_set()

    def test_waiting_for_an_event_ends_with_the_timeout(self) -> None:
        event = Event()
        assert event.wait(0.01) is False
        assert event.wait(0) is False

    def test_a_cleared_event_is_waited_for_again(self) -> None:
        event = Event()
        event.set()
        assert event.wait(0) is True
        event.clear()
        assert not event.is_set()
        assert event.wait(0) is False

    def test_a_queue_gives_items_in_order(self) -> None:
        queue: Queue[int] = Queue()
        for item in range(3):
            queue.put(item)
        assert queue.qsize() == 3
        assert [queue.get(), queue.get(0), queue.get(1)] == [0, 1, 2]
        assert queue.qsize() == 0

    def test_a_queue_gives_each_item_to_one_taker(self) -> None:
        queue: Queue[int] = Queue()

        def fill() -> int:
            for item in range(20):
                queue.put(item)
            return -1

        calls: list[Any] = [*[queue.get] * 20, fill]
        taken = gather(calls)
        assert sorted(taken) == list(range(-1, 20))

    def test_an_empty_queue_says_so_when_the_time_is_up(self) -> None:
        queue: Queue[int] = Queue()
        with pytest.raises(QueueEmpty, match=r"in 0\.01 s"):
            queue.get(timeout=0.01)
        with pytest.raises(QueueEmpty):
            queue.get(timeout=0)


class TestWorker:
    def test_a_worker_runs_until_it_is_asked_to_stop(self) -> None:
        turns = []

        def run(stopping: Event) -> None:
            while not stopping.wait(0.001):
                turns.append(1)

        worker = Worker("turns", run)
        assert not worker.alive
        assert worker.join(0) is True
        worker.start()
        assert worker.alive
        until(lambda: len(turns) >= 3)
        assert worker.join(0) is False
        assert worker.alive, "nobody asked it to stop"
        worker.stop()
        assert worker.join(PATIENCE) is True
        assert not worker.alive
        assert worker.error is None

    def test_a_worker_is_started_once_and_can_be_started_again(self) -> None:
        starts = []

        def run(stopping: Event) -> None:
            starts.append(1)
            stopping.wait(PATIENCE)

        worker = Worker("again", run)
        for expected in (1, 2):
            worker.start()
            worker.start()
            until(lambda expected=expected: len(starts) == expected)
            worker.stop()
            assert worker.join(PATIENCE)
        assert len(starts) == 2

    def test_a_stopping_worker_is_not_started(self) -> None:
        go = Event()

        def run(stopping: Event) -> None:
            go.wait(PATIENCE)

        worker = Worker("slow", run)
        worker.start()
        worker.stop()
        with pytest.raises(RuntimeError, match="'slow' is stopping"):
            worker.start()
        go.set()
        assert worker.join(PATIENCE)

    def test_an_error_of_a_worker_is_kept_and_logged(self, caplog) -> None:
        def run(stopping: Event) -> None:
            raise ValueError("broken")

        worker = Worker("fragile", run)
        with caplog.at_level(logging.ERROR):
            worker.start()
            assert worker.join(PATIENCE) is True
        assert isinstance(worker.error, ValueError)
        assert "worker 'fragile' failed: broken" in caplog.text
        assert "Traceback" in caplog.text

    def test_a_worker_that_joins_itself_gets_an_error(self) -> None:
        def run(stopping: Event) -> None:
            worker.join()

        worker = Worker("narcissus", run)
        worker.start()
        until(lambda: not worker.alive)
        assert "cannot join itself" in str(worker.error)

    def test_a_worker_sees_the_context_of_its_start(self) -> None:
        seen = []

        def run(stopping: Event) -> None:
            seen.append(marker.get())

        token = marker.set("start")
        try:
            worker = Worker("context", run)
            worker.start()
            worker.join(PATIENCE)
        finally:
            marker.reset(token)
        assert seen == ["start"]


class TestBatcher:
    def test_a_lone_item_does_not_wait_for_company(self) -> None:
        work = Work()
        work.go.set()
        batcher = Batcher(work.run)
        assert [batcher.submit(item) for item in (1, 2)] == [10, 20]
        assert work.batches == [[1], [2]]

    def test_what_arrives_while_a_batch_is_under_way_is_the_next_batch(self) -> None:
        work = Work()
        batcher = Batcher(work.run)
        items = list(range(1, 41))
        assert submit_while_held(work, batcher, items) == [item * 10 for item in items]
        assert work.batches[0] == [0]
        assert [sorted(batch) for batch in work.batches[1:]] == [items]

    def test_a_batch_holds_no_more_than_its_size(self) -> None:
        work = Work()
        batcher = Batcher(work.run, max_size=8)
        items = list(range(1, 21))
        assert submit_while_held(work, batcher, items) == [item * 10 for item in items]
        assert [len(batch) for batch in work.batches] == [1, 8, 8, 4]

    def test_an_error_of_one_item_reaches_only_its_caller(self) -> None:
        work = Work()
        outcomes = submit_while_held(work, Batcher(work.run), [1, -2, 3])
        assert outcomes[0] == 10
        assert isinstance(outcomes[1], ValueError)
        assert outcomes[2] == 30
        assert len(work.batches) == 2

    def test_an_error_of_the_function_reaches_every_caller_as_its_own(self) -> None:
        work = Work()

        def run(items: list[int]) -> list[int | Exception]:
            outcomes = work.run(items)
            if len(items) > 1:
                raise ProviderError("down", provider="local", status=503)
            return outcomes

        outcomes = submit_while_held(work, Batcher(run), [1, 2, 3])
        assert [(str(error), error.provider, error.status) for error in outcomes] == [
            ("down", "local", 503)
        ] * 3
        assert len({id(error) for error in outcomes}) == 3

    def test_an_error_with_arguments_of_its_own_is_copied_faithfully(self) -> None:
        class OddError(Exception):
            def __init__(self, code: int, *, reason: str) -> None:
                super().__init__(f"{reason} ({code})")
                self.code = code

        work = Work()

        def run(items: list[int]) -> list[int | Exception]:
            work.run(items)
            error = OddError(7, reason="odd")
            return [0] if items == [0] else [error for _ in items]

        outcomes = submit_while_held(work, Batcher(run), [1, 2, 3])
        assert [(type(error), str(error), error.code) for error in outcomes] == [(OddError, "odd (7)", 7)] * 3
        assert len({id(error) for error in outcomes}) == 3

    def test_a_wrong_number_of_outcomes_is_an_error(self) -> None:
        def run(items: list[int]) -> list[int | Exception]:
            return []

        with pytest.raises(RuntimeError, match="0 outcomes for 1 items"):
            Batcher(run).submit(1)

    def test_many_items_come_back_in_order(self) -> None:
        work = Work()
        work.go.set()
        batcher = Batcher(work.run, max_size=10)
        assert batcher.submit_many(range(25)) == [item * 10 for item in range(25)]
        assert [len(batch) for batch in work.batches] == [10, 10, 5]
        assert batcher.submit_many([]) == []

    def test_the_first_error_of_many_items_is_raised_when_all_are_settled(self) -> None:
        work = Work()
        work.go.set()
        batcher = Batcher(work.run, max_size=2)
        with pytest.raises(ValueError, match="no -2"):
            batcher.submit_many([1, -2, 3, -4, 5])
        assert work.batches == [[1, -2], [3, -4], [5]]

    def test_no_more_batches_than_allowed_are_under_way(self) -> None:
        room = Room()

        def run(items: list[int]) -> list[int | Exception]:
            room.visit()
            return [*items]

        batcher = Batcher(run, max_size=4, max_running=3)
        items = list(range(200))
        assert gather([partial(batcher.submit, item) for item in items], limit=40) == items
        assert 2 <= room.most <= 3

    def test_a_second_batch_starts_beside_a_long_one(self) -> None:
        work = Work()

        def run(items: list[int]) -> list[int | Exception]:
            return work.run(items) if items == [0] else [*items]

        batcher = Batcher(run, max_running=2)

        def overtake() -> int:
            assert work.began.wait(PATIENCE)
            result = batcher.submit(5)
            work.go.set()
            return result

        calls: list[Any] = [partial(batcher.submit, 0), overtake]
        assert gather(calls) == [0, 5]

    def test_every_item_gets_its_own_outcome_under_load(self) -> None:
        sizes = []

        def run(items: list[int]) -> list[int | Exception]:
            sizes.append(len(items))
            sleep(0)
            return [-item for item in items]

        batcher = Batcher(run, max_size=5, max_running=2, min_share=2)

        def caller(number: int) -> list[int]:
            lone = [batcher.submit(number * 100 + turn) for turn in range(20)]
            return lone + batcher.submit_many(range(number * 100 + 20, number * 100 + 40))

        results = gather([partial(caller, number) for number in range(12)])
        assert results == [[-item for item in range(n * 100, n * 100 + 40)] for n in range(12)]
        assert sum(sizes) == 12 * 40
        assert max(sizes) <= 5

    def test_a_batch_runs_in_the_context_of_no_caller(self) -> None:
        def run(items: list[int]) -> list[str | Exception]:
            return [marker.get() for _ in items]

        token = marker.set("caller")
        try:
            assert Batcher(run).submit(1) == "unset"
        finally:
            marker.reset(token)

    def test_close_waits_for_what_was_accepted(self) -> None:
        work = Work()
        batcher = Batcher(work.run)

        def close() -> None:
            until(lambda: batcher.waiting == 2)
            worker.start()
            until(lambda: closing.is_set())
            assert worker.alive, "the batches are still under way"
            work.go.set()
            assert worker.join(PATIENCE)

        def close_batcher(stopping: Event) -> None:
            closing.set()
            batcher.close()
            closed_after.append(len(work.batches))

        def late(item: int) -> int:
            assert work.began.wait(PATIENCE)
            return batcher.submit(item)

        closing = Event()
        closed_after: list[int] = []
        worker = Worker("close", close_batcher)
        calls: list[Any] = [partial(batcher.submit, 0), partial(late, 1), partial(late, 2), close]
        assert gather(calls) == [0, 10, 20, None]
        assert closed_after == [2]

    def test_a_closed_batcher_takes_nothing(self) -> None:
        work = Work()
        batcher = Batcher(work.run)
        batcher.close()
        batcher.close()
        with pytest.raises(ClosedError, match="closed"):
            batcher.submit(1)
        with pytest.raises(ClosedError, match="closed"):
            batcher.submit_many([1])
        assert work.batches == []

    @pytest.mark.parametrize("name", ["max_size", "max_running", "min_share"])
    def test_a_limit_under_one_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            Batcher(Work().run, **{name: 0})


class TestThreads:
    def test_results_and_errors_come_back(self) -> None:
        threads = Threads("test", 2)

        def divide(dividend: int, *, by: int) -> float:
            return dividend / by

        assert threads.run(divide, 6, by=3) == 2
        with pytest.raises(ZeroDivisionError):
            threads.run(divide, 6, by=0)
        threads.close()

    def test_the_function_sees_the_context_of_its_caller(self) -> None:
        threads = Threads("test", 2)
        token = marker.set("caller")
        try:
            assert threads.run(marker.get) == "caller"
            assert to_thread(marker.get) == "caller"
        finally:
            marker.reset(token)
        threads.close()

    def test_no_more_functions_than_allowed_run_at_once(self) -> None:
        threads = Threads("test", 2)
        running: list[int] = []
        most: list[int] = []

        def work() -> None:
            running.append(1)
            most.append(len(running))
            time.sleep(0.001)
            running.pop()

        gather([partial(threads.run, work)] * 12)
        assert len(most) == 12
        assert max(most) <= 2
        threads.close()

    def test_closed_threads_take_nothing(self) -> None:
        threads = Threads("indexer", 1)
        assert threads.run(int, "7") == 7
        threads.close()
        threads.close()
        with pytest.raises(ClosedError, match="'indexer' are closed"):
            threads.run(int)

    def test_close_waits_for_functions_under_way(self) -> None:
        threads = Threads("test", 1)
        ended: list[str] = []
        began = Event()

        def work(name: str) -> None:
            time.sleep(0.01)
            ended.append(name)

        def call(name: str) -> None:
            began.set()
            threads.run(work, name)

        def close() -> list[str]:
            assert began.wait(PATIENCE)
            threads.close()
            return [*ended]

        def call_and_ignore_closed(name: str) -> int:
            try:
                call(name)
            except ClosedError:
                return 0
            return 1

        calls: list[Any] = [*[partial(call_and_ignore_closed, name) for name in "abc"], close]
        *accepted, ended_at_close = gather(calls)
        assert len(ended_at_close) == sum(accepted)

    def test_threads_without_a_thread_are_refused(self) -> None:
        with pytest.raises(ValueError, match="max_workers must be at least 1, got 0"):
            Threads("test", 0)


class TestGather:
    def test_results_come_in_order_whatever_ends_first(self) -> None:
        events = [Event() for _ in range(4)]
        events[-1].set()

        def call(number: int) -> int:
            assert events[number].wait(PATIENCE)
            events[number - 1].set()
            return number

        assert gather([partial(call, number) for number in range(4)]) == [0, 1, 2, 3]

    def test_no_calls_give_no_results(self) -> None:
        assert gather([]) == []
        assert gather(iter([]), limit=3) == []

    @pytest.mark.parametrize("limit", [1, 3])
    def test_the_limit_is_never_exceeded(self, limit: int) -> None:
        room = Room()
        gather([room.visit] * 15, limit=limit)
        assert room.most == limit

    def test_a_limit_under_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
            gather([Room().visit], limit=0)

    @pytest.mark.parametrize("limit", [1, 2, None])
    def test_each_call_has_its_own_copy_of_the_context(self, limit: int | None) -> None:
        def call(name: str) -> str:
            seen = marker.get()
            marker.set(name)
            return seen

        token = marker.set("caller")
        try:
            assert gather([partial(call, name) for name in "abcd"], limit) == ["caller"] * 4
            assert marker.get() == "caller"
        finally:
            marker.reset(token)

    @pytest.mark.parametrize("limit", [1, 2])
    def test_the_first_error_starts_no_more_calls(self, limit: int) -> None:
        started: list[int] = []

        def call(number: int) -> None:
            started.append(number)
            if number == 1:
                raise ValueError("second call")
            sleep(0.01)

        with pytest.raises(ValueError, match="second call"):
            gather([partial(call, number) for number in range(10)], limit)
        assert started == [0, 1]

    def test_calls_under_way_are_over_when_the_error_is_raised(self) -> None:
        waiting, failing = Event(), Event()
        ended: list[str] = []

        def wait() -> None:
            try:
                waiting.set()
                assert failing.wait(PATIENCE)
            finally:
                ended.append("wait")

        def fail() -> None:
            assert waiting.wait(PATIENCE)
            failing.set()
            raise ValueError("failed")

        with pytest.raises(ValueError, match="failed"):
            gather([wait, fail])
        assert ended == ["wait"]


class TestOwner:
    def test_the_owner_may_check_again_and_again(self) -> None:
        owner = Owner()
        for _ in range(3):
            owner.check()
        owner.release()
        owner.check()


class TestShield:
    def test_a_shielded_call_gives_its_result_or_error(self) -> None:
        def give() -> int:
            return 5

        def fail() -> int:
            raise ValueError("failed")

        assert shield(give) == 5
        with pytest.raises(ValueError, match="failed"):
            shield(fail)


def test_sleep_takes_as_long_as_asked() -> None:
    began = time.monotonic()
    sleep(0.02)
    assert time.monotonic() - began >= 0.019


def test_to_thread_gives_results_and_errors() -> None:
    assert to_thread(int, "ff", base=16) == 255
    with pytest.raises(ValueError, match="invalid literal"):
        to_thread(int, "zz")
