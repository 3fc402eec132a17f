"""The primitives, as both colours promise them."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from powermem._concurrency import (
    AsyncBatcher,
    AsyncEvent,
    AsyncKeyedLock,
    AsyncLock,
    AsyncOwner,
    AsyncQueue,
    AsyncSemaphore,
    AsyncThreads,
    AsyncWorker,
    QueueEmpty,
    async_gather,
    async_shield,
    async_sleep,
    async_to_thread,
)
from powermem.errors import ClosedError, ProviderError

# Seconds after which a test that hangs fails instead.
PATIENCE = 120

marker: ContextVar[str] = ContextVar("marker", default="unset")


async def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await async_sleep(0.001)


class Room:
    """Counts who is inside at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self._lock = AsyncLock()

    async def visit(self) -> None:
        async with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        await async_sleep(0.001)
        async with self._lock:
            self.inside -= 1


class Work:
    """A batch function that remembers its batches; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = AsyncEvent()
        self.go = AsyncEvent()

    async def run(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self.began.set()
        assert await self.go.wait(PATIENCE)
        return [await self.outcome(item) for item in items]

    async def outcome(self, item: int) -> int | Exception:
        return ValueError(f"no {item}") if item < 0 else item * 10


async def submit_while_held(work: Work, batcher: AsyncBatcher[int, int], items: list[int]) -> list[Any]:
    """Submit 0, then all items while its batch is under way; return the outcomes, errors too."""

    async def late(item: int) -> object:
        assert await work.began.wait(PATIENCE)
        try:
            return await batcher.submit(item)
        except Exception as error:
            return error

    async def release() -> None:
        await until(lambda: batcher.waiting == len(items))
        work.go.set()

    calls: list[Any] = [partial(batcher.submit, 0), *[partial(late, item) for item in items], release]
    return (await async_gather(calls))[1:-1]


class TestLocks:
    async def test_a_lock_lets_one_in_at_a_time(self) -> None:
        lock, room = AsyncLock(), Room()

        async def visit() -> None:
            async with lock:
                await room.visit()

        await async_gather([visit] * 8)
        assert room.most == 1

    async def test_a_lock_is_free_again_after_an_error(self) -> None:
        lock = AsyncLock()
        with pytest.raises(ValueError, match="inside"):
            async with lock:
                raise ValueError("inside")
        async with lock:
            pass

    async def test_a_semaphore_lets_so_many_in_at_a_time(self) -> None:
        semaphore, room = AsyncSemaphore(3), Room()

        async def visit() -> None:
            async with semaphore.place():
                await room.visit()

        await async_gather([visit] * 12)
        assert room.most == 3

    async def test_a_semaphore_that_lets_nobody_in_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 1, got 0"):
            AsyncSemaphore(0)

    async def test_a_keyed_lock_lets_one_in_at_a_time_for_each_key(self) -> None:
        locks = AsyncKeyedLock()
        rooms = {"a": Room(), "b": Room()}

        async def visit(key: str) -> None:
            async with locks(key):
                await rooms[key].visit()

        await async_gather([partial(visit, key) for key in "abababab"])
        assert [room.most for room in rooms.values()] == [1, 1]

    async def test_keys_do_not_wait_for_one_another(self) -> None:
        locks = AsyncKeyedLock()
        async with locks("a"), locks("b"):
            assert len(locks) == 2

    async def test_a_keyed_lock_keeps_no_key_that_nobody_uses(self) -> None:
        locks = AsyncKeyedLock()

        async def visit(key: int) -> None:
            async with locks(key):
                await async_sleep(0)

        await async_gather([partial(visit, number % 5) for number in range(20)])
        with pytest.raises(ValueError, match="inside"):
            async with locks("failing"):
                raise ValueError("inside")
        locks("never entered")
        assert len(locks) == 0


class TestSignals:
    async def test_an_event_wakes_everybody_who_waits(self) -> None:
        event = AsyncEvent()

        async def raise_flag() -> bool:
            event.set()
            return True

        calls: list[Any] = [partial(event.wait, PATIENCE), event.wait, raise_flag]
        assert await async_gather(calls) == [True] * 3
        assert event.is_set()

    async def test_waiting_for_an_event_ends_with_the_timeout(self) -> None:
        event = AsyncEvent()
        assert await event.wait(0.01) is False
        assert await event.wait(0) is False

    async def test_a_cleared_event_is_waited_for_again(self) -> None:
        event = AsyncEvent()
        event.set()
        assert await event.wait(0) is True
        event.clear()
        assert not event.is_set()
        assert await event.wait(0) is False

    async def test_a_queue_gives_items_in_order(self) -> None:
        queue: AsyncQueue[int] = AsyncQueue()
        for item in range(3):
            await queue.put(item)
        assert queue.qsize() == 3
        assert [await queue.get(), await queue.get(0), await queue.get(1)] == [0, 1, 2]
        assert queue.qsize() == 0

    async def test_a_queue_gives_each_item_to_one_taker(self) -> None:
        queue: AsyncQueue[int] = AsyncQueue()

        async def fill() -> int:
            for item in range(20):
                await queue.put(item)
            return -1

        calls: list[Any] = [*[queue.get] * 20, fill]
        taken = await async_gather(calls)
        assert sorted(taken) == list(range(-1, 20))

    async def test_an_empty_queue_says_so_when_the_time_is_up(self) -> None:
        queue: AsyncQueue[int] = AsyncQueue()
        with pytest.raises(QueueEmpty, match=r"in 0\.01 s"):
            await queue.get(timeout=0.01)
        with pytest.raises(QueueEmpty):
            await queue.get(timeout=0)


class TestWorker:
    async def test_a_worker_runs_until_it_is_asked_to_stop(self) -> None:
        turns = []

        async def run(stopping: AsyncEvent) -> None:
            while not await stopping.wait(0.001):
                turns.append(1)

        worker = AsyncWorker("turns", run)
        assert not worker.alive
        assert await worker.join(0) is True
        worker.start()
        assert worker.alive
        await until(lambda: len(turns) >= 3)
        assert await worker.join(0) is False
        assert worker.alive, "nobody asked it to stop"
        worker.stop()
        assert await worker.join(PATIENCE) is True
        assert not worker.alive
        assert worker.error is None

    async def test_a_worker_is_started_once_and_can_be_started_again(self) -> None:
        starts = []

        async def run(stopping: AsyncEvent) -> None:
            starts.append(1)
            await stopping.wait(PATIENCE)

        worker = AsyncWorker("again", run)
        for expected in (1, 2):
            worker.start()
            worker.start()
            await until(lambda expected=expected: len(starts) == expected)
            worker.stop()
            assert await worker.join(PATIENCE)
        assert len(starts) == 2

    async def test_a_stopping_worker_is_not_started(self) -> None:
        go = AsyncEvent()

        async def run(stopping: AsyncEvent) -> None:
            await go.wait(PATIENCE)

        worker = AsyncWorker("slow", run)
        worker.start()
        worker.stop()
        with pytest.raises(RuntimeError, match="'slow' is stopping"):
            worker.start()
        go.set()
        assert await worker.join(PATIENCE)

    async def test_an_error_of_a_worker_is_kept_and_logged(self, caplog) -> None:
        async def run(stopping: AsyncEvent) -> None:
            raise ValueError("broken")

        worker = AsyncWorker("fragile", run)
        with caplog.at_level(logging.ERROR):
            worker.start()
            assert await worker.join(PATIENCE) is True
        assert isinstance(worker.error, ValueError)
        assert "worker 'fragile' failed: broken" in caplog.text
        assert "Traceback" in caplog.text

    async def test_a_worker_that_joins_itself_gets_an_error(self) -> None:
        async def run(stopping: AsyncEvent) -> None:
            await worker.join()

        worker = AsyncWorker("narcissus", run)
        worker.start()
        await until(lambda: not worker.alive)
        assert "cannot join itself" in str(worker.error)

    async def test_a_worker_sees_the_context_of_its_start(self) -> None:
        seen = []

        async def run(stopping: AsyncEvent) -> None:
            seen.append(marker.get())

        token = marker.set("start")
        try:
            worker = AsyncWorker("context", run)
            worker.start()
            await worker.join(PATIENCE)
        finally:
            marker.reset(token)
        assert seen == ["start"]


class TestBatcher:
    async def test_a_lone_item_does_not_wait_for_company(self) -> None:
        work = Work()
        work.go.set()
        batcher = AsyncBatcher(work.run)
        assert [await batcher.submit(item) for item in (1, 2)] == [10, 20]
        assert work.batches == [[1], [2]]

    async def test_what_arrives_while_a_batch_is_under_way_is_the_next_batch(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        items = list(range(1, 41))
        assert await submit_while_held(work, batcher, items) == [item * 10 for item in items]
        assert work.batches[0] == [0]
        assert [sorted(batch) for batch in work.batches[1:]] == [items]

    async def test_a_batch_holds_no_more_than_its_size(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run, max_size=8)
        items = list(range(1, 21))
        assert await submit_while_held(work, batcher, items) == [item * 10 for item in items]
        assert [len(batch) for batch in work.batches] == [1, 8, 8, 4]

    async def test_an_error_of_one_item_reaches_only_its_caller(self) -> None:
        work = Work()
        outcomes = await submit_while_held(work, AsyncBatcher(work.run), [1, -2, 3])
        assert outcomes[0] == 10
        assert isinstance(outcomes[1], ValueError)
        assert outcomes[2] == 30
        assert len(work.batches) == 2

    async def test_an_error_of_the_function_reaches_every_caller_as_its_own(self) -> None:
        work = Work()

        async def run(items: list[int]) -> list[int | Exception]:
            outcomes = await work.run(items)
            if len(items) > 1:
                raise ProviderError("down", provider="local", status=503)
            return outcomes

        outcomes = await submit_while_held(work, AsyncBatcher(run), [1, 2, 3])
        assert [(str(error), error.provider, error.status) for error in outcomes] == [
            ("down", "local", 503)
        ] * 3
        assert len({id(error) for error in outcomes}) == 3

    async def test_an_error_with_arguments_of_its_own_is_copied_faithfully(self) -> None:
        class OddError(Exception):
            def __init__(self, code: int, *, reason: str) -> None:
                super().__init__(f"{reason} ({code})")
                self.code = code

        work = Work()

        async def run(items: list[int]) -> list[int | Exception]:
            await work.run(items)
            error = OddError(7, reason="odd")
            return [0] if items == [0] else [error for _ in items]

        outcomes = await submit_while_held(work, AsyncBatcher(run), [1, 2, 3])
        assert [(type(error), str(error), error.code) for error in outcomes] == [(OddError, "odd (7)", 7)] * 3
        assert len({id(error) for error in outcomes}) == 3

    async def test_a_wrong_number_of_outcomes_is_an_error(self) -> None:
        async def run(items: list[int]) -> list[int | Exception]:
            return []

        with pytest.raises(RuntimeError, match="0 outcomes for 1 items"):
            await AsyncBatcher(run).submit(1)

    async def test_many_items_come_back_in_order(self) -> None:
        work = Work()
        work.go.set()
        batcher = AsyncBatcher(work.run, max_size=10)
        assert await batcher.submit_many(range(25)) == [item * 10 for item in range(25)]
        assert [len(batch) for batch in work.batches] == [10, 10, 5]
        assert await batcher.submit_many([]) == []

    async def test_the_first_error_of_many_items_is_raised_when_all_are_settled(self) -> None:
        work = Work()
        work.go.set()
        batcher = AsyncBatcher(work.run, max_size=2)
        with pytest.raises(ValueError, match="no -2"):
            await batcher.submit_many([1, -2, 3, -4, 5])
        assert work.batches == [[1, -2], [3, -4], [5]]

    async def test_no_more_batches_than_allowed_are_under_way(self) -> None:
        room = Room()

        async def run(items: list[int]) -> list[int | Exception]:
            await room.visit()
            return [*items]

        batcher = AsyncBatcher(run, max_size=4, max_running=3)
        items = list(range(200))
        assert await async_gather([partial(batcher.submit, item) for item in items], limit=40) == items
        assert 2 <= room.most <= 3

    async def test_a_second_batch_starts_beside_a_long_one(self) -> None:
        work = Work()

        async def run(items: list[int]) -> list[int | Exception]:
            return await work.run(items) if items == [0] else [*items]

        batcher = AsyncBatcher(run, max_running=2)

        async def overtake() -> int:
            assert await work.began.wait(PATIENCE)
            result = await batcher.submit(5)
            work.go.set()
            return result

        calls: list[Any] = [partial(batcher.submit, 0), overtake]
        assert await async_gather(calls) == [0, 5]

    async def test_every_item_gets_its_own_outcome_under_load(self) -> None:
        sizes = []

        async def run(items: list[int]) -> list[int | Exception]:
            sizes.append(len(items))
            await async_sleep(0)
            return [-item for item in items]

        batcher = AsyncBatcher(run, max_size=5, max_running=2, min_share=2)

        async def caller(number: int) -> list[int]:
            lone = [await batcher.submit(number * 100 + turn) for turn in range(20)]
            return lone + await batcher.submit_many(range(number * 100 + 20, number * 100 + 40))

        results = await async_gather([partial(caller, number) for number in range(12)])
        assert results == [[-item for item in range(n * 100, n * 100 + 40)] for n in range(12)]
        assert sum(sizes) == 12 * 40
        assert max(sizes) <= 5

    async def test_a_batch_runs_in_the_context_of_no_caller(self) -> None:
        async def run(items: list[int]) -> list[str | Exception]:
            return [marker.get() for _ in items]

        token = marker.set("caller")
        try:
            assert await AsyncBatcher(run).submit(1) == "unset"
        finally:
            marker.reset(token)

    async def test_close_waits_for_what_was_accepted(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)

        async def close() -> None:
            await until(lambda: batcher.waiting == 2)
            worker.start()
            await until(lambda: closing.is_set())
            assert worker.alive, "the batches are still under way"
            work.go.set()
            assert await worker.join(PATIENCE)

        async def close_batcher(stopping: AsyncEvent) -> None:
            closing.set()
            await batcher.close()
            closed_after.append(len(work.batches))

        async def late(item: int) -> int:
            assert await work.began.wait(PATIENCE)
            return await batcher.submit(item)

        closing = AsyncEvent()
        closed_after: list[int] = []
        worker = AsyncWorker("close", close_batcher)
        calls: list[Any] = [partial(batcher.submit, 0), partial(late, 1), partial(late, 2), close]
        assert await async_gather(calls) == [0, 10, 20, None]
        assert closed_after == [2]

    async def test_a_closed_batcher_takes_nothing(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        await batcher.close()
        await batcher.close()
        with pytest.raises(ClosedError, match="closed"):
            await batcher.submit(1)
        with pytest.raises(ClosedError, match="closed"):
            await batcher.submit_many([1])
        assert work.batches == []

    @pytest.mark.parametrize("name", ["max_size", "max_running", "min_share"])
    async def test_a_limit_under_one_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            AsyncBatcher(Work().run, **{name: 0})


class TestThreads:
    async def test_results_and_errors_come_back(self) -> None:
        threads = AsyncThreads("test", 2)

        def divide(dividend: int, *, by: int) -> float:
            return dividend / by

        assert await threads.run(divide, 6, by=3) == 2
        with pytest.raises(ZeroDivisionError):
            await threads.run(divide, 6, by=0)
        await threads.close()

    async def test_the_function_sees_the_context_of_its_caller(self) -> None:
        threads = AsyncThreads("test", 2)
        token = marker.set("caller")
        try:
            assert await threads.run(marker.get) == "caller"
            assert await async_to_thread(marker.get) == "caller"
        finally:
            marker.reset(token)
        await threads.close()

    async def test_no_more_functions_than_allowed_run_at_once(self) -> None:
        threads = AsyncThreads("test", 2)
        running: list[int] = []
        most: list[int] = []

        def work() -> None:
            running.append(1)
            most.append(len(running))
            time.sleep(0.001)
            running.pop()

        await async_gather([partial(threads.run, work)] * 12)
        assert len(most) == 12
        assert max(most) <= 2
        await threads.close()

    async def test_closed_threads_take_nothing(self) -> None:
        threads = AsyncThreads("indexer", 1)
        assert await threads.run(int, "7") == 7
        await threads.close()
        await threads.close()
        with pytest.raises(ClosedError, match="'indexer' are closed"):
            await threads.run(int)

    async def test_close_waits_for_functions_under_way(self) -> None:
        threads = AsyncThreads("test", 1)
        ended: list[str] = []
        began = AsyncEvent()

        def work(name: str) -> None:
            time.sleep(0.01)
            ended.append(name)

        async def call(name: str) -> None:
            began.set()
            await threads.run(work, name)

        async def close() -> list[str]:
            assert await began.wait(PATIENCE)
            await threads.close()
            return [*ended]

        async def call_and_ignore_closed(name: str) -> int:
            try:
                await call(name)
            except ClosedError:
                return 0
            return 1

        calls: list[Any] = [*[partial(call_and_ignore_closed, name) for name in "abc"], close]
        *accepted, ended_at_close = await async_gather(calls)
        assert len(ended_at_close) == sum(accepted)

    async def test_threads_without_a_thread_are_refused(self) -> None:
        with pytest.raises(ValueError, match="max_workers must be at least 1, got 0"):
            AsyncThreads("test", 0)


class TestGather:
    async def test_results_come_in_order_whatever_ends_first(self) -> None:
        events = [AsyncEvent() for _ in range(4)]
        events[-1].set()

        async def call(number: int) -> int:
            assert await events[number].wait(PATIENCE)
            events[number - 1].set()
            return number

        assert await async_gather([partial(call, number) for number in range(4)]) == [0, 1, 2, 3]

    async def test_no_calls_give_no_results(self) -> None:
        assert await async_gather([]) == []
        assert await async_gather(iter([]), limit=3) == []

    @pytest.mark.parametrize("limit", [1, 3])
    async def test_the_limit_is_never_exceeded(self, limit: int) -> None:
        room = Room()
        await async_gather([room.visit] * 15, limit=limit)
        assert room.most == limit

    async def test_a_limit_under_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
            await async_gather([Room().visit], limit=0)

    @pytest.mark.parametrize("limit", [1, 2, None])
    async def test_each_call_has_its_own_copy_of_the_context(self, limit: int | None) -> None:
        async def call(name: str) -> str:
            seen = marker.get()
            marker.set(name)
            return seen

        token = marker.set("caller")
        try:
            assert await async_gather([partial(call, name) for name in "abcd"], limit) == ["caller"] * 4
            assert marker.get() == "caller"
        finally:
            marker.reset(token)

    @pytest.mark.parametrize("limit", [1, 2])
    async def test_the_first_error_starts_no_more_calls(self, limit: int) -> None:
        started: list[int] = []

        async def call(number: int) -> None:
            started.append(number)
            if number == 1:
                raise ValueError("second call")
            await async_sleep(0.01)

        with pytest.raises(ValueError, match="second call"):
            await async_gather([partial(call, number) for number in range(10)], limit)
        assert started == [0, 1]

    async def test_calls_under_way_are_over_when_the_error_is_raised(self) -> None:
        waiting, failing = AsyncEvent(), AsyncEvent()
        ended: list[str] = []

        async def wait() -> None:
            try:
                waiting.set()
                assert await failing.wait(PATIENCE)
            finally:
                ended.append("wait")

        async def fail() -> None:
            assert await waiting.wait(PATIENCE)
            failing.set()
            raise ValueError("failed")

        with pytest.raises(ValueError, match="failed"):
            await async_gather([wait, fail])
        assert ended == ["wait"]


class TestOwner:
    async def test_the_owner_may_check_again_and_again(self) -> None:
        owner = AsyncOwner()
        for _ in range(3):
            owner.check()
        owner.release()
        owner.check()


class TestShield:
    async def test_a_shielded_call_gives_its_result_or_error(self) -> None:
        async def give() -> int:
            return 5

        async def fail() -> int:
            raise ValueError("failed")

        assert await async_shield(give) == 5
        with pytest.raises(ValueError, match="failed"):
            await async_shield(fail)


async def test_sleep_takes_as_long_as_asked() -> None:
    began = time.monotonic()
    await async_sleep(0.02)
    assert time.monotonic() - began >= 0.019


async def test_to_thread_gives_results_and_errors() -> None:
    assert await async_to_thread(int, "ff", base=16) == 255
    with pytest.raises(ValueError, match="invalid literal"):
        await async_to_thread(int, "zz")
