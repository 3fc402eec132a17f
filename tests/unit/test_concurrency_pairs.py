"""What only one colour of the primitives can do: be cancelled, be interrupted, change loops, be forked."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import logging
import multiprocessing
import queue as stdlib_queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._concurrency import (
    AsyncBatcher,
    AsyncEvent,
    AsyncKeyedLock,
    AsyncLock,
    AsyncMeanwhile,
    AsyncOwner,
    AsyncQueue,
    AsyncSemaphore,
    AsyncThreadBatcher,
    AsyncThreads,
    AsyncTurnstile,
    AsyncWorker,
    Batcher,
    Event,
    Meanwhile,
    Owner,
    Queue,
    Worker,
    async_gather,
    async_shield,
    gather,
)
from powermem._concurrency.batcher import Limits, distinct
from powermem._concurrency.calls import compute_meanwhile
from powermem.errors import ClosedError, PowerMemError

# Seconds after which a test that hangs fails instead.
PATIENCE = 120


async def until(condition: Callable[[], object]) -> None:
    """Give the loop turns until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0)


def until_in_thread(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.001)


async def cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def refuse_thread(*args: object) -> int:
    raise RuntimeError("can't start new thread")


class Work:
    """A batch function that remembers its batches; the one with item 0 waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = AsyncEvent()

    async def run(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        if 0 in items:
            assert await self.go.wait(PATIENCE)
        return [item * 10 for item in items]


class TestShares:
    @pytest.mark.parametrize(
        ("waiting", "free", "expected"),
        [
            (0, 4, []),
            (5, 0, []),
            (1, 4, [1]),
            (10, 4, [10]),
            (31, 4, [31]),
            (32, 4, [16, 16]),
            (50, 4, [17, 17, 16]),
            (64, 4, [16, 16, 16, 16]),
            (64, 1, [64]),
            (100, 1, [64]),
            (100, 4, [25, 25, 25, 25]),
            (1000, 3, [64, 64, 64]),
        ],
    )
    def test_waiting_items_are_split_between_the_free_slots(
        self, waiting: int, free: int, expected: list[int]
    ) -> None:
        assert Limits(max_size=64, max_running=4, min_share=16).shares(waiting, free) == expected

    @given(
        waiting=st.integers(1, 500),
        free=st.integers(1, 10),
        max_size=st.integers(1, 100),
        min_share=st.integers(1, 100),
    )
    def test_shares_are_even_within_limits_and_leave_no_slot_idle(
        self, waiting: int, free: int, max_size: int, min_share: int
    ) -> None:
        shares = Limits(max_size, free, min_share).shares(waiting, free)
        assert 1 <= len(shares) <= free
        assert max(shares) - min(shares) <= 1
        assert 1 <= min(shares) <= max(shares) <= max_size
        assert sum(shares) == waiting or (len(shares) == free and min(shares) == max_size)
        assert len(shares) == 1 or min(shares) >= min_share or max_size * (len(shares) - 1) < waiting


class TestCopies:
    def test_errors_that_occur_again_become_copies(self) -> None:
        cause = OSError(2, "missing", "/file")
        error = ValueError("bad")
        error.__cause__ = cause
        first, number, second, third = distinct([error, 5, error, cause])
        assert (first, number, third) == (error, 5, cause)
        assert isinstance(second, ValueError)
        assert second is not error
        assert (str(second), second.__cause__) == ("bad", cause)

    def test_the_copy_of_a_system_error_keeps_its_number_and_file(self) -> None:
        error = OSError(2, "missing", "/file")
        _, copy = distinct([error, error])
        assert isinstance(copy, FileNotFoundError)
        assert (copy.errno, copy.filename, str(copy)) == (2, "/file", str(error))

    def test_an_error_that_cannot_be_copied_is_shared(self) -> None:
        class StubbornError(Exception):
            def __new__(cls, *, code: int) -> StubbornError:
                return super().__new__(cls, "stubborn")

            def __init__(self, *, code: int) -> None:
                super().__init__("stubborn")

        error = StubbornError(code=1)
        assert distinct([error, error]) == [error, error]


class TestAsyncBatcher:
    async def test_calls_of_one_turn_share_the_first_batch(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        await asyncio.gather(*[batcher.submit(item) for item in range(1, 41)])
        assert work.batches == [list(range(1, 41))]

    async def test_calls_of_one_turn_are_split_between_the_slots(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run, max_running=4)
        await asyncio.gather(*[batcher.submit(item) for item in range(1, 65)])
        assert [len(batch) for batch in work.batches] == [16] * 4

    async def test_callers_that_come_back_share_a_batch_again(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)

        async def caller(item: int) -> None:
            for _ in range(3):
                await batcher.submit(item)

        await asyncio.gather(*[caller(item) for item in range(1, 21)])
        assert [len(batch) for batch in work.batches] == [20] * 3

    async def test_an_item_whose_caller_was_cancelled_is_dropped(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        held = asyncio.create_task(batcher.submit(0))
        late = [asyncio.create_task(batcher.submit(item)) for item in (1, 2, 3)]
        many = asyncio.create_task(batcher.submit_many([4, 5]))
        await until(lambda: work.batches == [[0, 1, 2, 3, 4, 5]])
        after = [asyncio.create_task(batcher.submit(item)) for item in (6, 7)]
        many_after = asyncio.create_task(batcher.submit_many([8, 9]))
        await until(lambda: batcher.waiting == 4)
        await cancel(after[0])
        await cancel(many_after)
        work.go.set()
        assert await asyncio.gather(held, *late, many, after[1]) == [0, 10, 20, 30, [40, 50], 70]
        assert work.batches[1:] == [[7]]

    async def test_nothing_runs_when_every_caller_was_cancelled(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        task = asyncio.create_task(batcher.submit(1))
        await until(lambda: batcher.waiting)
        await cancel(task)
        await batcher.close()
        assert work.batches == []

    async def test_a_batch_under_way_outlives_a_cancelled_caller(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        first, second = (asyncio.create_task(batcher.submit(item)) for item in (0, 1))
        await until(lambda: work.batches)
        await cancel(first)
        assert not second.done()
        work.go.set()
        assert await second == 10

    async def test_a_lone_call_begins_in_the_next_turn_of_the_loop(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        caller = asyncio.create_task(batcher.submit(0))
        # One turn for the caller, one for all who call in it, and a task of its own before Python 3.12.
        for _ in range(2 if sys.version_info >= (3, 12) else 3):
            await asyncio.sleep(0)
        assert work.batches == [[0]]
        work.go.set()
        assert await caller == 0

    @pytest.mark.parametrize(
        "started",
        [
            True,
            pytest.param(
                False,
                marks=pytest.mark.skipif(sys.version_info >= (3, 12), reason="a batch has begun by then"),
            ),
        ],
    )
    async def test_callers_of_a_cancelled_batch_get_an_error(self, started: bool) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        callers = [asyncio.create_task(batcher.submit(item)) for item in (0, 1)]
        before = asyncio.all_tasks()
        await until(lambda: work.batches if started else asyncio.all_tasks() - before)
        (batch,) = asyncio.all_tasks() - before
        assert bool(work.batches) is started
        batch.cancel()
        for caller in callers:
            with pytest.raises(PowerMemError, match="interrupted"):
                await caller
        assert await batcher.submit(2) == 20

    async def test_errors_of_one_batch_do_not_share_a_traceback(self) -> None:
        async def run(items: list[int]) -> list[int | Exception]:
            raise ValueError("down")

        batcher = AsyncBatcher(run)
        errors = await asyncio.gather(*[batcher.submit(item) for item in range(3)], return_exceptions=True)
        lengths = []
        for error in errors:
            assert isinstance(error, ValueError)
            trace, length = error.__traceback__, 0
            while trace is not None:
                trace, length = trace.tb_next, length + 1
            lengths.append(length)
        assert len(set(lengths)) == 1

    async def test_close_can_be_cancelled_and_called_again(self) -> None:
        work = Work()
        batcher = AsyncBatcher(work.run)
        caller = asyncio.create_task(batcher.submit(0))
        await until(lambda: work.batches)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        await cancel(closing)
        work.go.set()
        await batcher.close()
        assert await caller == 0


class BlockingWork:
    """As ``Work``, on a thread."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()

    def run(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        if 0 in items:
            assert self.go.wait(PATIENCE)
        return [ValueError(item) if item < 0 else item * 10 for item in items]


class TestAsyncThreadBatcher:
    async def test_what_waits_shares_a_batch(self) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run, max_size=3)
        first = asyncio.create_task(batcher.submit(0))
        await until(lambda: work.batches)
        others = [asyncio.create_task(batcher.submit(item)) for item in range(1, 6)]
        await until(lambda: batcher.waiting == 5)
        work.go.set()
        assert [await one for one in (first, *others)] == [0, 10, 20, 30, 40, 50]
        assert work.batches == [[0], [1, 2, 3], [4, 5]]
        await batcher.close()

    async def test_the_items_of_one_call_keep_their_order_and_two_batches_run_at_once(self) -> None:
        work, ended = BlockingWork(), 0

        def after() -> None:
            nonlocal ended
            ended += 1

        batcher = AsyncThreadBatcher(work.run, max_size=2, max_running=2, after=after)
        first = asyncio.create_task(batcher.submit(0))
        await until(lambda: work.batches)
        assert await batcher.submit_many([]) == []
        # The first batch is still running.
        assert await batcher.submit_many([3, 1, 2]) == [30, 10, 20]
        with pytest.raises(ValueError, match="-2"):
            await batcher.submit_many([1, -2, -3])
        work.go.set()
        assert await first == 0
        await batcher.close()
        assert ended == len(work.batches) == 5
        with pytest.raises(ClosedError):
            await batcher.submit_many([])

    async def test_an_error_fails_its_own_caller_and_that_of_a_batch_all(self) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run)
        found = await asyncio.gather(*map(batcher.submit, (1, -1, 2)), return_exceptions=True)
        assert (found[0], str(found[1]), found[2]) == (10, "-1", 20)

        def fail(items: list[int]) -> list[int | Exception]:
            raise ValueError("down") if items != [7] else KeyboardInterrupt

        failing = AsyncThreadBatcher(fail)
        errors = await asyncio.gather(*map(failing.submit, (1, 2)), return_exceptions=True)
        assert [str(error) for error in errors] == ["down", "down"]
        with pytest.raises(PowerMemError, match="interrupted"):
            await failing.submit(7)
        assert str((await asyncio.gather(failing.submit(1), return_exceptions=True))[0]) == "down"

    async def test_an_item_whose_caller_was_cancelled_is_dropped(self) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run)
        running = asyncio.create_task(batcher.submit(0))
        await until(lambda: work.batches)
        waiting = [asyncio.create_task(batcher.submit(item)) for item in (1, 2)]
        await until(lambda: batcher.waiting == 2)
        await cancel(waiting[0])
        await cancel(running)
        work.go.set()
        assert await waiting[1] == 20
        await batcher.close()
        assert work.batches == [[0], [2]]

    async def test_close_waits_for_what_was_accepted_and_takes_no_more(self) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run)
        callers = [asyncio.create_task(batcher.submit(item)) for item in (0, 1)]
        await until(lambda: work.batches)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(ClosedError):
            await batcher.submit(3)
        assert not closing.done()
        work.go.set()
        await closing
        assert [await caller for caller in callers] == [0, 10]

    async def test_without_a_thread_nothing_is_done_and_the_error_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run)
        with monkeypatch.context() as patched:
            patched.setattr(_thread, "start_new_thread", refuse_thread)
            with pytest.raises(PowerMemError, match="no further thread"):
                await batcher.submit(1)
        assert await batcher.submit(2) == 20
        await batcher.close()
        assert work.batches == [[2]]

    def test_a_batch_that_outlives_its_loop_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        work = BlockingWork()
        batcher = AsyncThreadBatcher(work.run)
        loop = asyncio.new_event_loop()
        task = loop.create_task(batcher.submit(0))
        while not work.batches:
            loop.run_until_complete(asyncio.sleep(0))
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
        work.go.set()
        until_in_thread(lambda: "outlived its event loop" in caplog.text)


class TestAsyncMeanwhile:
    async def test_it_computes_while_the_block_waits_a_few_in_a_turn(self) -> None:
        meanwhile, called = AsyncMeanwhile(), 0

        def work() -> None:
            nonlocal called
            called += 1

        async def wait() -> None:
            with meanwhile.computing(work):
                await until(lambda: called == 20)

        tasks = [asyncio.create_task(wait()) for _ in range(20)]
        counts = []
        while called < 20:
            await asyncio.sleep(0)
            counts.append(called)
        await asyncio.gather(*tasks)
        assert [count for count in dict.fromkeys(counts) if count] == [8, 16, 20]

    async def test_it_is_not_called_for_a_block_that_has_ended(self) -> None:
        called: list[int] = []
        meanwhile = AsyncMeanwhile()
        with meanwhile.computing(partial(called.append, 1)):
            pass
        with pytest.raises(KeyError), meanwhile.computing(partial(called.append, 2)):
            raise KeyError
        with meanwhile.computing(partial(called.append, 3)):
            await until(lambda: called)
        assert called == [3]

    async def test_an_error_is_logged_and_the_others_are_called(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        called: list[int] = []
        meanwhile = AsyncMeanwhile()
        with meanwhile.computing(lambda: 1 / 0), meanwhile.computing(partial(called.append, 1)):
            await until(lambda: called)
        assert "division by zero" in caplog.text


class TestMeanwhile:
    def test_the_thread_of_a_batch_computes_for_those_who_wait_for_it(self) -> None:
        computed: list[int] = []

        def run(items: list[int]) -> list[int | Exception]:
            # As a request does that was sent, and one that is sent again.
            compute_meanwhile()
            compute_meanwhile()
            return [threading.get_ident()] * len(items)

        meanwhile, batcher = Meanwhile(), Batcher(run)
        with meanwhile.computing(lambda: computed.append(threading.get_ident())):
            leaders = batcher.submit_many([1, 2])
        assert leaders == computed * 2
        assert computed != [threading.get_ident()]
        batcher.submit(3)
        assert len(computed) == 1
        batcher.close()

    def test_a_thread_computes_a_few_before_it_waits(self) -> None:
        called: list[int] = []
        meanwhile = Meanwhile()
        with ExitStack() as blocks:
            for number in range(20):
                blocks.enter_context(meanwhile.computing(partial(called.append, number)))
            compute_meanwhile()
        assert called == [*range(8)]

    def test_it_is_called_during_the_block_only(self, caplog: pytest.LogCaptureFixture) -> None:
        called: list[int] = []
        meanwhile = Meanwhile()
        with meanwhile.computing(partial(called.append, 1)):
            pass
        compute_meanwhile()
        with meanwhile.computing(lambda: 1 / 0), meanwhile.computing(partial(called.append, 2)):
            compute_meanwhile()
            assert called == [2]
        with pytest.raises(KeyError), meanwhile.computing(partial(called.append, 3)):
            raise KeyError
        compute_meanwhile()
        assert called == [2]
        assert "division by zero" in caplog.text


class TestAsyncTurnstile:
    @pytest.mark.parametrize("width", [1, 3])
    async def test_a_few_tasks_enter_in_a_turn(self, width: int) -> None:
        turnstile, entered = AsyncTurnstile(width), 0

        async def enter() -> None:
            nonlocal entered
            await turnstile.enter()
            entered += 1

        tasks = [asyncio.create_task(enter()) for _ in range(8)]
        await asyncio.sleep(0)
        assert entered == width
        tasks[4].cancel()
        counts = [0, entered]
        while entered < 7:
            await asyncio.sleep(0)
            counts.append(entered)
        assert max(later - earlier for earlier, later in pairwise(counts)) == width
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[4].cancelled()
        await turnstile.enter()


class TestBatcher:
    def test_batches_run_on_no_thread_of_the_callers(self) -> None:
        leaders: list[int] = []
        began, go = threading.Event(), threading.Event()

        def run(items: list[int]) -> list[int | Exception]:
            leaders.append(threading.get_ident())
            began.set()
            assert go.wait(PATIENCE)
            return [*items]

        batcher = Batcher(run)
        threads = [threading.Thread(target=batcher.submit, args=(0,))]
        threads[0].start()
        assert began.wait(PATIENCE)
        threads += [threading.Thread(target=batcher.submit, args=(1,)) for _ in range(5)]
        for thread in threads[1:]:
            thread.start()
        until_in_thread(lambda: batcher.waiting == 5)
        go.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert len(leaders) == 2
        assert not {thread.ident for thread in [*threads, threading.current_thread()]} & set(leaders)
        batcher.close()

    def test_a_batch_that_ends_with_an_interrupt_of_its_own_leaves_nobody_waiting(self) -> None:
        began, go = threading.Event(), threading.Event()

        def run(items: list[int]) -> list[int | Exception]:
            if items == [0]:
                began.set()
                assert go.wait(PATIENCE)
            elif len(items) == 4:
                raise KeyboardInterrupt
            return [*items]

        batcher = Batcher(run, max_size=4)

        def submit(item: int) -> object:
            assert item == 0 or began.wait(PATIENCE)
            try:
                return batcher.submit(item)
            except BaseException as error:
                return error

        def release() -> None:
            until_in_thread(lambda: batcher.waiting == 6)
            go.set()

        calls: list[Any] = [*[partial(submit, item) for item in range(7)], release]
        outcomes = gather(calls)[:7]
        kinds = sorted(type(outcome).__name__ for outcome in outcomes)
        assert kinds == ["KeyboardInterrupt", *["PowerMemError"] * 3, *["int"] * 3]
        assert batcher.submit(8) == 8
        batcher.close()

    def test_an_interrupted_caller_fails_nobody_of_its_batch(self) -> None:
        batches: list[list[int]] = []
        began, go = threading.Event(), threading.Event()

        def run(items: list[int]) -> list[int | Exception]:
            batches.append(items)
            began.set()
            assert go.wait(PATIENCE)
            return [*items]

        batcher = Batcher(run)
        found: list[int] = []
        other = threading.Thread(target=lambda: found.append(batcher.submit(2)))

        def interrupt() -> None:
            assert began.wait(PATIENCE)
            other.start()
            until_in_thread(lambda: batcher.waiting == 1)
            _thread.interrupt_main()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            batcher.submit(1)
        thread.join()
        go.set()
        other.join()
        batcher.close()
        assert (found, batches) == ([2], [[1], [2]])

    def test_without_a_thread_the_callers_do_their_own_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        batcher: Batcher[int, int] = Batcher(lambda items: [item * 10 for item in items], max_size=2)
        with monkeypatch.context() as patch:
            patch.setattr(_thread, "start_new_thread", refuse_thread)
            assert batcher.submit_many(range(5)) == [0, 10, 20, 30, 40]
        assert batcher.submit(7) == 70
        batcher.close()
        with pytest.raises(ClosedError):
            batcher.submit(8)

    def test_a_waiting_thread_that_is_interrupted_takes_its_item_away(self) -> None:
        batches: list[list[int]] = []
        began, go = threading.Event(), threading.Event()

        def run(items: list[int]) -> list[int | Exception]:
            batches.append(items)
            began.set()
            assert go.wait(PATIENCE)
            return [*items]

        batcher = Batcher(run)
        leader = threading.Thread(target=batcher.submit, args=(0,))
        leader.start()
        assert began.wait(PATIENCE)

        def interrupt() -> None:
            until_in_thread(lambda: batcher.waiting == 1)
            _thread.interrupt_main()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            batcher.submit(1)
        thread.join()
        assert batcher.waiting == 0
        go.set()
        batcher.close()
        leader.join()
        assert batches == [[0]]

    def test_many_items_of_one_thread_make_full_batches_though_slots_are_free(self) -> None:
        sizes: list[int] = []

        def run(items: list[int]) -> list[int | Exception]:
            sizes.append(len(items))
            return [*items]

        assert Batcher(run, max_running=4).submit_many(range(150)) == list(range(150))
        assert sorted(sizes) == [22, 64, 64]


class TestAsyncLocks:
    async def test_a_cancelled_task_leaves_no_key_behind(self) -> None:
        locks = AsyncKeyedLock()

        async def visit() -> None:
            async with locks("key"):
                raise AssertionError("the lock was held")

        async with locks("key"):
            task = asyncio.create_task(visit())
            await asyncio.sleep(0)
            await cancel(task)
            assert len(locks) == 1
        assert len(locks) == 0

    async def test_a_cancelled_task_does_not_take_the_lock_with_it(self) -> None:
        lock, semaphore = AsyncLock(), AsyncSemaphore(1)
        blocks: list[Callable[[], AbstractAsyncContextManager[object]]] = [lambda: lock, semaphore.place]
        for block in blocks:

            async def visit(block: Callable[[], AbstractAsyncContextManager[object]] = block) -> None:
                async with block():
                    pass

            async with block():
                doomed, patient = asyncio.create_task(visit()), asyncio.create_task(visit())
                await asyncio.sleep(0)
                await cancel(doomed)
            await asyncio.wait_for(patient, PATIENCE)


class TestAsyncSignals:
    async def test_a_cancelled_taker_loses_no_item(self) -> None:
        queue: AsyncQueue[int] = AsyncQueue()
        first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        await queue.put(1)
        await cancel(first)
        assert await asyncio.wait_for(second, PATIENCE) == 1
        await queue.put(2)
        assert await queue.get(0) == 2

    async def test_a_cancelled_task_no_longer_waits_for_the_event(self) -> None:
        event = AsyncEvent()
        task = asyncio.create_task(event.wait(PATIENCE))
        await asyncio.sleep(0)
        await cancel(task)
        event.set()
        assert await event.wait()


class TestInterrupts:
    @pytest.mark.parametrize(
        "wait",
        [
            pytest.param(lambda: Queue[int]().get(), id="queue"),
            pytest.param(lambda: Event().wait(), id="event"),
        ],
    )
    def test_a_wait_without_a_limit_can_be_interrupted(self, wait: Callable[[], object]) -> None:
        # interrupt_main only raises a flag: it shows that the wait looks up now and then by itself.
        timer = threading.Timer(0.05, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        timer.join()

    def test_an_interrupted_gather_starts_no_more_and_waits_for_calls_under_way(self) -> None:
        started: list[int] = []
        ended: list[int] = []

        def call() -> None:
            started.append(1)
            if len(started) == 2:
                _thread.interrupt_main()
            time.sleep(0.001)
            ended.append(1)

        # Too many to be done before the main thread looks up.
        calls = [call] * 50_000
        with pytest.raises(KeyboardInterrupt):
            gather(calls, limit=2)
        assert 2 <= len(started) == len(ended) < len(calls)


class TestAsyncWorker:
    async def test_a_worker_that_does_not_stop_in_time_is_cancelled(self) -> None:
        ended = []

        async def run(stopping: AsyncEvent) -> None:
            try:
                await AsyncEvent().wait()
            finally:
                ended.append(stopping.is_set())

        worker = AsyncWorker("deaf", run)
        worker.start()
        await asyncio.sleep(0)
        worker.stop()
        assert await worker.join(0.01) is False
        assert ended == [True]
        assert not worker.alive
        assert worker.error is None

    async def test_a_cancelled_join_leaves_the_worker_alone(self) -> None:
        async def run(stopping: AsyncEvent) -> None:
            await stopping.wait()

        worker = AsyncWorker("calm", run)
        worker.start()
        joining = asyncio.create_task(worker.join())
        await asyncio.sleep(0)
        await cancel(joining)
        assert worker.alive
        worker.stop()
        assert await worker.join(PATIENCE)

    async def test_a_task_has_the_name_of_its_worker(self) -> None:
        names = []

        async def run(stopping: AsyncEvent) -> None:
            task = asyncio.current_task()
            names.append(task.get_name() if task else None)

        worker = AsyncWorker("indexer", run)
        worker.start()
        await worker.join(PATIENCE)
        assert names == ["indexer"]


def test_a_thread_has_the_name_of_its_worker_and_does_not_keep_the_process_alive() -> None:
    seen = []

    def run(stopping: Event) -> None:
        seen.append((threading.current_thread().name, threading.current_thread().daemon))

    worker = Worker("indexer", run)
    worker.start()
    assert worker.join(PATIENCE)
    assert seen == [("indexer", True)]


class TestAsyncThreads:
    async def test_the_event_loop_stays_free(self) -> None:
        threads = AsyncThreads("test", 1)
        turn = threading.Event()
        # The function can only end when the loop goes on meanwhile.
        call = asyncio.create_task(threads.run(turn.wait, PATIENCE))
        await asyncio.sleep(0)
        turn.set()
        assert await call is True
        await threads.close()

    async def test_functions_of_cancelled_callers_run_to_their_end(self) -> None:
        threads = AsyncThreads("test", 1)
        go = threading.Event()
        done: stdlib_queue.SimpleQueue[str] = stdlib_queue.SimpleQueue()

        def work(name: str) -> None:
            assert go.wait(PATIENCE)
            done.put(name)

        under_way, queued = (asyncio.create_task(threads.run(work, name)) for name in ("under way", "queued"))
        await asyncio.sleep(0)
        await cancel(under_way)
        await cancel(queued)
        closing = asyncio.create_task(threads.close())
        await asyncio.sleep(0)
        assert not closing.done()
        go.set()
        await closing
        assert [done.get_nowait(), done.get_nowait()] == ["under way", "queued"]

    async def test_an_error_that_nobody_waits_for_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        threads = AsyncThreads("indexer", 1)
        go = threading.Event()

        def work() -> None:
            assert go.wait(PATIENCE)
            raise ValueError("too late")

        task = asyncio.create_task(threads.run(work))
        await asyncio.sleep(0)
        await cancel(task)
        go.set()
        with caplog.at_level(logging.ERROR):
            await threads.close()
        assert "indexer: a function failed after its caller was cancelled" in caplog.text
        assert "too late" in caplog.text

    async def test_what_finds_everything_closed_after_its_caller_left_is_no_error(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        threads = AsyncThreads("indexer", 1)
        go = threading.Event()

        def work() -> None:
            assert go.wait(PATIENCE)
            raise ClosedError("the store is closed")

        task = asyncio.create_task(threads.run(work))
        await asyncio.sleep(0)
        await cancel(task)
        go.set()
        await threads.close()
        assert caplog.records == []

    async def test_the_end_of_an_iterator_comes_back_as_an_error(self) -> None:
        threads = AsyncThreads("test", 1)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(threads.run(next, iter([])), PATIENCE)
        await threads.close()

    async def test_no_thread_is_left_after_close(self) -> None:
        threads = AsyncThreads("test", 2)
        before = _thread._count()
        await asyncio.gather(*[threads.run(time.sleep, 0.001) for _ in range(4)])
        assert _thread._count() == before + 2
        await threads.close()
        # A thread is counted until a moment after its last line.
        until_in_thread(lambda: _thread._count() == before)

    async def test_threads_end_with_their_owner(self) -> None:
        threads = AsyncThreads("test", 2)
        before = _thread._count()
        await threads.run(time.sleep, 0)
        del threads
        until_in_thread(lambda: _thread._count() == before)

    async def test_without_a_thread_nothing_is_done_and_the_error_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = AsyncThreads("test", 2)
        called: list[int] = []
        with monkeypatch.context() as patch:
            patch.setattr(_thread, "start_new_thread", refuse_thread)
            with pytest.raises(PowerMemError, match=r"thread.*nothing of this call was done"):
                await threads.run(called.append, 1)
        await threads.run(called.append, 2)
        await threads.close()
        assert called == [2]

    def test_a_function_that_outlives_its_loop_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        threads = AsyncThreads("indexer", 1)
        go = threading.Event()

        async def leave() -> None:
            task = asyncio.create_task(threads.run(go.wait, PATIENCE))
            await asyncio.sleep(0)
            await cancel(task)

        asyncio.run(leave())
        go.set()
        until_in_thread(lambda: "indexer: a function outlived its event loop" in caplog.text)


class TestAsyncGather:
    async def test_the_first_error_cancels_the_calls_under_way(self) -> None:
        ended: list[str] = []
        started = asyncio.Event()

        async def wait() -> None:
            try:
                started.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                ended.append("cleaned up")
                raise

        async def fail() -> None:
            await started.wait()
            raise ValueError("failed")

        with pytest.raises(ValueError, match="failed"):
            await async_gather([wait, fail])
        assert ended == ["cleaned up"]

    async def test_a_cancelled_gather_cancels_its_calls_and_starts_no_more(self) -> None:
        started: list[int] = []
        cancelled: list[int] = []

        async def call(number: int) -> None:
            started.append(number)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(number)
                raise

        task = asyncio.create_task(async_gather([partial(call, number) for number in range(5)], limit=2))
        await until(lambda: len(started) == 2)
        await cancel(task)
        assert (started, cancelled) == ([0, 1], [0, 1])

    async def test_a_cancelled_gather_starts_no_more_though_a_call_refuses_to_be_cancelled(self) -> None:
        started: list[int] = []

        async def call(number: int) -> None:
            started.append(number)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

        task = asyncio.create_task(async_gather([partial(call, number) for number in range(3)], limit=1))
        await until(lambda: started)
        await cancel(task)
        assert started == [0]

    async def test_a_call_that_is_cancelled_from_inside_counts_as_failed(self) -> None:
        async def call() -> None:
            raise asyncio.CancelledError

        async def wait() -> None:
            await asyncio.Event().wait()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(async_gather([call, wait]), PATIENCE)

    async def test_a_thousand_calls_under_a_limit(self) -> None:
        async def call(number: int) -> int:
            await asyncio.sleep(0)
            return number

        assert await async_gather((partial(call, n) for n in range(1000)), limit=7) == list(range(1000))


class TestAsyncShield:
    async def test_a_cancelled_caller_waits_for_the_end(self) -> None:
        began, go = asyncio.Event(), asyncio.Event()
        ended: list[bool] = []

        async def apply() -> None:
            began.set()
            await go.wait()
            ended.append(True)

        task = asyncio.create_task(async_shield(apply))
        await began.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    async def test_an_error_that_the_cancellation_hides_is_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        began, go = asyncio.Event(), asyncio.Event()

        async def apply() -> None:
            began.set()
            await go.wait()
            raise ValueError("rolled back")

        task = asyncio.create_task(async_shield(apply))
        await began.wait()
        task.cancel()
        go.set()
        with caplog.at_level(logging.ERROR), pytest.raises(asyncio.CancelledError):
            await task
        assert "a shielded call failed after its caller was cancelled: rolled back" in caplog.text


class TestOwners:
    def test_a_second_event_loop_is_refused(self) -> None:
        owner = AsyncOwner()

        async def check() -> None:
            owner.check()

        asyncio.run(check())
        with pytest.raises(ClosedError, match=r"another event loop.*make one AsyncMemory per event loop"):
            asyncio.run(check())
        owner.release()
        asyncio.run(check())

    def test_threads_share_a_process(self) -> None:
        owner = Owner()
        gather([owner.check] * 4)
        owner.check()

    @pytest.mark.skipif(
        "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
    )
    @pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
    @pytest.mark.parametrize(("kind", "name"), [(Owner, "Memory"), (AsyncOwner, "AsyncMemory")])
    def test_a_forked_child_is_refused(self, kind: type[Owner | AsyncOwner], name: str) -> None:
        owner = kind()
        asyncio.run(_checked(owner))
        forking = multiprocessing.get_context("fork")
        receiver, sender = forking.Pipe(duplex=False)
        child = forking.Process(target=_report_check, args=(owner, sender))
        child.start()
        assert receiver.poll(PATIENCE)
        answer = receiver.recv()
        child.join(PATIENCE)
        assert "ClosedError" in answer
        assert "was forked" in answer
        assert f"make one {name} in each process" in answer


async def _checked(owner: Owner | AsyncOwner) -> None:
    owner.check()


def _report_check(owner: Owner | AsyncOwner, sender: Connection) -> None:
    try:
        asyncio.run(_checked(owner))
    except ClosedError as error:
        sender.send(repr(error))
    else:
        sender.send("no error")


def test_primitives_made_without_a_loop_serve_the_loop_that_comes() -> None:
    lock, locks, semaphore = AsyncLock(), AsyncKeyedLock(), AsyncSemaphore(1)
    event, queue, threads = AsyncEvent(), AsyncQueue[int](), AsyncThreads("test", 1)
    batcher = AsyncBatcher(Work().run)

    async def use() -> int:
        async with lock, locks("key"), semaphore.place():
            await queue.put(1)
            event.set()
            await event.wait(1)
            return await batcher.submit(await threads.run(int, await queue.get()))

    async def use_twice() -> list[int]:
        try:
            return await async_gather([use, use])
        finally:
            await threads.close()

    assert asyncio.run(use_twice()) == [10, 10]
