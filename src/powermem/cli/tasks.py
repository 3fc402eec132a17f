"""``powermem process``, ``tasks`` and ``worker``: run, list, retry and cancel background tasks."""

from __future__ import annotations

import asyncio
import signal
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .._core.garbage import started, starting
from .._core.tasks.task import ProcessStatus
from ..errors import InvalidInputError, NotFoundError, PowerMemError
from ..types import TaskStatus
from . import views
from .configuration import configuration, open_memory, place, scope, without_resuming
from .output import Column, CommandError, Grid, Output, Part, UsageError

if TYPE_CHECKING:
    from .._async.memory import AsyncMemory
    from .._sync.memory import Memory


def process(options: Namespace, output: Output) -> int:
    """Learn from everything that is buffered, and wait for it."""
    ended: list[TaskStatus] = []
    memory = open_memory(options)
    memory.processing.on_task_done(ended.append)
    written, fault = 0, None
    try:
        before = memory.processing.stats()["buffered"]
        written = memory.flush(options.user)
    except KeyboardInterrupt:
        # An interrupt must not wait for a model; the work continues at the next start.
        memory.close(drain=False)
        raise
    except PowerMemError as error:
        fault = error
    finally:
        # Waits until the callback has been called for the last task.
        memory.close()
    if fault is not None and not ended:
        raise fault
    failed = [task for task in ended if task["status"] == "failed"]
    errors = [{"task_id": task["task_id"], "error": task["error"]} for task in failed]
    if fault is not None and not errors:
        errors = [{"task_id": None, "error": str(fault)}]
    result = {
        "buffered": before,
        "memories": sum(len(task["results"]) for task in ended) if fault is not None else written,
        "completed": sum(task["status"] == "completed" for task in ended),
        "failed": len(failed),
        "errors": errors,
    }
    output.print_result(result, _processed)
    return 1 if errors else 0


def tasks(options: Namespace, output: Output) -> int:
    """List tasks, try one again or cancel it."""
    if (options.action == "list") == (options.id is not None):
        raise UsageError("tasks: retry and cancel need the ID of a task, and a list takes none")
    if options.action != "list" and options.watch:
        raise UsageError("tasks: --watch goes with the list")
    with open_memory(options) as memory:
        if options.action == "list":
            return _watch(memory, options, output) if options.watch else _list(memory, options, output)
        try:
            if options.action == "retry":
                return _retry(memory, options, output)
            return _cancel(memory, options, output)
        except (NotFoundError, InvalidInputError) as error:
            raise CommandError(str(error)) from None


def _list(memory: Memory, options: Namespace, output: Output) -> int:
    output.print_result(_overview(memory, options), _shown)
    return 0


def _watch(memory: Memory, options: Namespace, output: Output) -> int:
    try:
        while True:
            overview = _overview(memory, options)
            if output.as_json:
                output.print_line(overview, "")
            else:
                output.clear()
                output.print_result(overview, _shown)
            time.sleep(options.every)
    except KeyboardInterrupt:
        return 0


def _overview(memory: Memory, options: Namespace) -> dict[str, Any]:
    found = memory.list_tasks(**scope(options), status=options.status, limit=options.limit)
    return {"tasks": found, "stats": memory.processing.stats()}


def _retry(memory: Memory, options: Namespace, output: Output) -> int:
    handle = memory.retry_task(options.id, options.user, options.agent)
    try:
        handle.wait()
    except KeyboardInterrupt:
        memory.close(drain=False)
        raise
    task = memory.get_status(options.id, options.user, options.agent)
    output.print_result(task, _ended)
    return 0 if task["status"] == "completed" else 1


def _cancel(memory: Memory, options: Namespace, output: Output) -> int:
    if not memory.cancel_task(options.id, options.user, options.agent):
        status = memory.get_status(options.id, options.user, options.agent)["status"]
        raise CommandError(f"task {options.id} is {status} already")
    output.print_result(
        {"task_id": options.id, "cancelled": True}, lambda done: [f"Cancelled {done['task_id']}."]
    )
    return 0


def described(task: Mapping[str, Any]) -> str:
    """Describe the outcome of a task in one line."""
    if task["status"] != ProcessStatus.COMPLETED:
        return f"task {task['task_id']} {task['status']}" + (f": {task['error']}" if task["error"] else "")
    preferences = len(task["preferences"])
    extra = f", {views.amount(preferences, 'preference', 'preferences')}" if preferences else ""
    return f"task {task['task_id']} completed: {views.memories_counted(len(task['results']))}{extra}"


def _ended(task: Mapping[str, Any]) -> Iterator[Part]:
    yield described(task)


def _processed(result: Mapping[str, Any]) -> Iterator[Part]:
    done = f"{views.amount(result['completed'], 'task', 'tasks')} completed, {result['failed']} failed"
    messages = views.amount(result["buffered"], "message", "messages")
    yield f"{messages} in the buffer; {done}; {views.memories_counted(result['memories'])} written"
    if result["errors"]:
        yield ""
        yield Grid(
            (Column("task", style="dim"), Column("error", prose=True, style="red")),
            [(fault["task_id"] or "", fault["error"]) for fault in result["errors"]],
        )


def _shown(overview: Mapping[str, Any]) -> Iterator[Part]:
    found, numbers = overview["tasks"], overview["stats"]
    waiting = numbers["buffered"] or numbers["queue_depth"] or numbers["running"]
    # The turns of failed tasks also count for the oldest age, but nothing waits for them.
    age = numbers["oldest_age"] if waiting else None
    yield (
        f"{views.amount(numbers['buffered'], 'message', 'messages')} buffered, "
        f"{views.amount(numbers['queue_depth'], 'task', 'tasks')} pending, "
        f"{numbers['running']} running, {numbers['failed']} failed"
        + ("" if age is None else f"; the oldest waits for {age:.0f} s")
    )
    if not found:
        yield "No tasks found."
        return
    errors = any(task["error"] for task in found)
    yield Grid(
        (
            Column("status", style="cyan"),
            Column("user", style="green"),
            Column("stage", prose=True),
            Column("tries", right=True),
            Column("memories", right=True),
            *((Column("error", prose=True, style="red"),) if errors else ()),
            Column("changed (UTC)", style="dim"),
            Column("id", style="dim"),
        ),
        [
            (
                task["status"],
                task["user_id"] or task["agent_id"] or task["run_id"] or "",
                task["stage"],
                str(task["attempts"]),
                str(task["knowledge_count"]),
                *((task["error"] or "",) if errors else ()),
                views.moment(task["updated_at"], seconds=True),
                task["task_id"],
            )
            for task in found
        ],
    )


_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# The interval, in seconds, at which a second signal is checked for.
_POLL_INTERVAL = 0.1


def worker(options: Namespace, output: Output) -> int:
    """Run background tasks until a signal arrives."""
    chosen = {} if options.concurrency is None else {"concurrency": options.concurrency}
    with starting():
        from .._async.memory import AsyncMemory

        config = without_resuming(configuration(options), **chosen)
        memory = AsyncMemory(config)
        started()
    asyncio.run(_work(memory, place(config), output))
    return 0


async def _work(memory: AsyncMemory, store: str, output: Output) -> None:
    signals = _StopSignals()
    memory.processing.on_task_done(lambda task: output.print_line({"event": "task", **task}, described(task)))
    drained = False
    with signals.listening():
        try:
            await memory.processing.start()
            started()
            _say(output, "watching", f"watching {store}", store=store)
            await signals.first.wait()
            _say(output, "stopping", "finishing what is under way; a second signal leaves it to others")
            while not drained and not signals.second.is_set():
                drained = await memory.processing.stop(_POLL_INTERVAL)
        finally:
            await memory.close(drain=drained)
    _say(output, "stopped", "stopped" if drained else "stopped; what was under way is left to others")


def _say(output: Output, event: str, line: str, **more: Any) -> None:
    output.print_line({"event": event, **more}, f"powermem worker: {line}")


class _StopSignals:
    """Records signals: the first asks for a graceful stop, the second for an immediate one."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals while a block runs."""
        loop = asyncio.get_running_loop()

        def on_signal(number: int, frame: object) -> None:
            # Not loop.add_signal_handler, which Windows does not have.
            loop.call_soon_threadsafe(self._count)

        previous = {each: signal.signal(each, on_signal) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _count(self) -> None:
        (self.second if self.first.is_set() else self.first).set()
