"""Moving a user to another store while both are in use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError, UserMovedError
from powermem._async.bulk import moving
from powermem._async.stores.base import AsyncStore
from powermem._concurrency import async_gather
from powermem._core.changes.writes import AddTask, HoldLane, LeaseLost, UpdateTask
from powermem._core.ids import new_id
from powermem._core.tasks.task import OPEN, ProcessStatus, Task, lane_of
from powermem._core.transfer.moves import MoveState
from powermem._core.values import Scope

IDLE = {"processing": {"resume": False}}


def elsewhere(tmp_path: Path, name: str = "other", **sections: Any) -> dict[str, Any]:
    """A second memory, with a file of its own."""
    section = {"provider": "sqlite", "config": {"database_path": str(tmp_path / f"{name}.db")}}
    return {
        "vector_store": section,
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
        **IDLE,
        **sections,
    }


@pytest.fixture
def config(vector_store: dict[str, Any]) -> dict[str, Any]:
    return {
        "vector_store": vector_store,
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
        **IDLE,
    }


async def store_of(memory: AsyncMemory) -> AsyncStore:
    return (await memory._access.open()).store


async def fill(memory: AsyncMemory, user: str) -> dict[str, Any]:
    """Store one of everything that a user can have; return what later calls ask for."""
    for number in range(3):
        await memory.add(
            f"Note {number} of {user}: tea 茶 🍵 'quoted' 100%\x00",
            user_id=user,
            agent_id="a" if number else None,
            run_id="r" if number else None,
            metadata={"n": number, "deep": {"list": [1, None, "x"]}},
            actor_id="Ana",
            timestamp="1969-05-08T10:00:00Z",
            infer=False,
        )
    kept = await memory.add(
        f"I live in Porto, says {user}. I like chess.", user_id=user, idempotency_key="key"
    )
    await memory.add("I love green tea.", user_id=user)
    first, second, *_ = (await memory.get_all(user_id=user, sort_by="id", order="asc"))["results"]
    await memory.update(first["id"], f"Note 0 of {user}, corrected", metadata={"more": 1})
    await memory.delete(second["id"])
    await memory.search("corrected", user_id=user)
    await memory.add_exchange(user, "I play the oboe.", "Noted.", run_id="later")
    task = Task(
        new_id(),
        lane_of(Scope(user)),
        Scope(user, "a"),
        "process",
        created_at=5,
        updated_at=6,
        due_at=7,
        payload={"tea": "茶\x00"},
    )
    await (await store_of(memory)).apply([AddTask(task)])
    return {"kept": kept, "task": task.id, "first": first["id"], "deleted": second["id"]}


async def everything(memory: AsyncMemory, user: str) -> dict[str, Any]:
    """Return all that a store holds of a user, and the history of what was deleted."""
    store = await store_of(memory)
    found = await store.holdings(user)
    known = sorted(found.known_memories())
    memories = await store.departing_memories(user, sorted(found.memories))
    work = await store.departing_work(user)
    return {
        "memories": sorted(memories, key=lambda stored: stored.row.id),
        "turns": sorted(await store.departing_turns(user, sorted(found.turns)), key=lambda turn: turn.id),
        "links": found.links,
        "preferences": sorted(
            await store.departing_preferences(user, sorted(found.preferences)), key=lambda one: one.id
        ),
        "results": sorted(await store.departing_results(user, sorted(found.results), sorted(found.notes))),
        "history": sorted(await store.departing_entries(known), key=lambda entry: entry.id),
        "tasks": sorted(work.tasks, key=lambda task: task.id),
        "buffered": sorted(work.buffered),
    }


@pytest.mark.stores
async def test_everything_comes_along_and_back(memory: AsyncMemory, tmp_path: Path) -> None:
    await fill(memory, "bo")
    known = await fill(memory, "ana")
    ours, others = await everything(memory, "ana"), await everything(memory, "bo")
    assert all(ours.values())
    told: list[Any] = []
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        moved = await memory.move_user("ana", target, on_progress=told.append)
        assert moved["memories"] == len(ours["memories"]) == told[-1]["done"]
        assert moved["turns"] == len(ours["turns"])
        assert await everything(target, "ana") == ours
        assert not any((await everything(memory, "ana")).values())
        assert await everything(memory, "bo") == others
        assert await memory.history(known["deleted"]) == []
        # The target works as the source did.
        again = await target.add("Anything", user_id="ana", idempotency_key="key")
        assert again["results"] == known["kept"]["results"]
        assert (await target.get_status(again["task_id"]))["results"] == again["results"]
        claimed = await (await store_of(target)).claim_lanes("w", 10, 20, 5)
        assert claimed == [lane_of(Scope("ana"))]
        begun = await (await store_of(target)).begin_task("w", claimed[0], 10)
        assert begun is not None
        assert begun.task.id == known["task"]
        await (await store_of(target)).release_lane("w", claimed[0])
        (hit, *_) = (await target.search("corrected", user_id="ana"))["results"]
        assert hit["id"] == known["first"]
        # And the user may return.
        ours = await everything(target, "ana")
        await target.move_user("ana", memory)
        assert await everything(memory, "ana") == ours
        assert await memory.count(user_id="ana") == await memory.count(user_id="bo")
        assert (await memory.search("corrected", user_id="ana"))["results"][0]["id"] == known["first"]
        with pytest.raises(UserMovedError):
            await target.count(user_id="ana")
    assert await memory.add("I moved back home", user_id="ana", infer=False)


@pytest.mark.stores
async def test_a_user_who_was_moved_is_refused(memory: AsyncMemory, tmp_path: Path) -> None:
    known = await fill(memory, "ana")
    await fill(memory, "bo")
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        await memory.move_user("ana", target, keep=True)
        place = str(tmp_path / "other.db")
        # What was kept can be read, and not be written.
        assert (await memory.search("corrected", user_id="ana"))["results"]
        store = await store_of(memory)
        update = UpdateTask(known["task"], 9, OPEN, ProcessStatus.CANCELLED)
        writes: list[Callable[[], Awaitable[Any]]] = [
            partial(memory.add, "More", user_id="ana", infer=False),
            partial(memory.add, "I like jazz.", user_id="ana"),
            partial(memory.add_exchange, "ana", "More", "Noted."),
            partial(memory.update, known["first"], "Other"),
            partial(memory.update, known["first"], metadata={"n": 9}),
            partial(memory.delete, known["first"]),
            partial(memory.delete_all, user_id="ana"),
            partial(store.apply, [update]),
        ]
        for write in writes:
            with pytest.raises(UserMovedError, match="was moved to") as refused:
                await write()
            assert place in refused.value.place
            assert not refused.value.moving
        # A worker has lost its lane.
        with pytest.raises(LeaseLost):
            await store.apply([HoldLane(lane_of(Scope("ana")), "w", 30), update])
        assert [lane for lane in await store.claim_lanes("w", 10, 20, 5) if "ana" in lane] == []
        # Those of others go on, in the same transaction too.
        calls = [partial(memory.add, f"{user} sings", user_id=user, infer=False) for user in ("bo", "cy")]
        assert len(await async_gather(calls)) == 2
        # A later call deletes what was kept.
        assert (await memory.move_user("ana", target))["memories"] == 0
        reads: list[Callable[[], Awaitable[Any]]] = [
            partial(memory.search, "tea", user_id="ana"),
            partial(memory.get_all, user_id="ana"),
            partial(memory.count, user_id="ana"),
        ]
        for read in reads:
            with pytest.raises(UserMovedError, match="look there"):
                await read()
        assert await memory.count(user_id="nobody") == 0
        async with AsyncMemory(elsewhere(tmp_path, "third")) as third:
            with pytest.raises(UserMovedError, match="move from there"):
                await memory.move_user("ana", third)
        await memory.reset()
        assert await memory.count(user_id="ana") == 0
        await memory.add("A new Ana", user_id="ana", infer=False)


class Killed(BaseException):
    """Ends a call at once, as a killed process does between two transactions."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> Iterator[None]:
    """Kill the operation of this number that a move asks of its stores, before it begins or at its end."""
    calls = count()
    names = (
        "find_move",
        "note_move",
        "forget_move",
        "holdings",
        "clear_arriving",
        "store_arriving",
        "complete_move",
        "purge_part",
    )

    def mortal(name: str) -> Any:
        work = getattr(AsyncStore, name)

        async def call(self: AsyncStore, *args: Any) -> Any:
            at = next(calls)
            if at == number and not after:
                raise Killed
            result = await work(self, *args)
            if at == number:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patched:
        for name in names:
            patched.setattr(AsyncStore, name, mortal(name))
        yield


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_move_that_was_killed_anywhere_is_continued(
    memory: AsyncMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    # Several pages, so that it is killed between them too.
    monkeypatch.setattr(moving, "_PAGE", 3)
    await fill(memory, "ana")
    ours = await everything(memory, "ana")
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        places = (memory, target)
        for number in count():
            source, other = places
            with killed_at(monkeypatch, number, after=after):
                try:
                    await source.move_user("ana", other)
                    break
                except Killed:
                    pass
            writable = 0
            for one in places:
                if one is other and writable and await (await store_of(one)).find_move("ana") is None:
                    # It knows nothing of the move yet.
                    continue
                try:
                    await one.add_message("ana", "user", "Still here")
                    writable += 1
                except UserMovedError:
                    pass
            # Never in both.
            assert writable <= 1
            await source.move_user("ana", other)
            said = {turn.id for turn in (await everything(other, "ana"))["turns"]}
            assert len(said) == len(ours["turns"]) + writable
            assert not any((await everything(source, "ana")).values())
            ours = await everything(other, "ana")
            places = (other, source)
        assert number > 15
        assert await everything(places[1], "ana") == ours


async def write_on(
    places: list[AsyncMemory], told: dict[int, str], gone: set[int], numbers: list[int]
) -> None:
    """Write wherever the user is, one change after the other, and note what was acknowledged.

    It goes on until ten things were written in the second place; ``numbers`` are those written in each.
    """
    number = 0
    while numbers[1] < 10:
        number += 1
        try:
            added = await places[0].add(f"Thing {number}", user_id="ana", infer=False)
            memory_id = added["results"][0]["id"]
            told[memory_id] = f"Thing {number}"
            if number % 3 == 1:
                await places[0].update(memory_id, f"Thing {number}, corrected")
                told[memory_id] = f"Thing {number}, corrected"
            if number % 3 == 2:
                await places[0].delete(memory_id)
                gone.add(memory_id)
                del told[memory_id]
            numbers[len(places) == 1] += 1
        except UserMovedError as error:
            # On the way it is in neither place; then in the next one.
            if not error.moving:
                del places[0]


async def test_a_user_who_is_written_meanwhile_loses_nothing(
    memory: AsyncMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_PAGE", 2)
    monkeypatch.setattr(moving, "_FEW", 4)
    monkeypatch.setattr(moving, "_MOST_ROUNDS", 5)
    for number in range(20):
        await memory.add(f"Before {number}", user_id="ana", infer=False)
    told = {one["id"]: one["memory"] for one in (await memory.get_all(user_id="ana", limit=50))["results"]}
    gone: set[int] = set()
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        numbers = [0, 0]
        calls: list[Callable[[], Awaitable[Any]]] = [
            partial(write_on, [memory, target], told, gone, numbers),
            partial(memory.move_user, "ana", target),
        ]
        await async_gather(calls)
        assert numbers[1] == 10
        listed = (await target.get_all(user_id="ana", limit=500))["results"]
        found = {one["id"]: one["memory"] for one in listed}
        assert len(listed) == len(found)
        assert found.items() >= told.items()
        assert not gone & found.keys()
        # A call that was refused between its two writes leaves the first, and nothing else is more than that.
        assert len(found) <= len(told) + 1
        assert not any((await everything(memory, "ana")).values())


@pytest.mark.stores
async def test_a_move_can_be_cancelled(
    memory: AsyncMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(memory, "ana")
    ours = await everything(memory, "ana")
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        with pytest.raises(InvalidInputError, match="not being moved"):
            await memory.cancel_move("ana", target)

        async def refuse(*args: Any) -> None:
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(AsyncStore, "complete_move", refuse)
            with pytest.raises(Killed):
                await memory.move_user("ana", target)
        note = await (await store_of(memory)).find_move("ana")
        assert note is not None
        assert note.state is MoveState.CLOSED
        with pytest.raises(UserMovedError, match="being moved to") as refused:
            await memory.add("More", user_id="ana", infer=False)
        assert refused.value.moving
        with pytest.raises(UserMovedError, match="being moved here") as refused:
            await target.add("More", user_id="ana", infer=False)
        assert refused.value.moving
        with pytest.raises(UserMovedError):
            await memory.delete_all(agent_id="a")
        async with AsyncMemory(elsewhere(tmp_path, "third")) as third:
            for call in (memory.move_user, memory.cancel_move):
                with pytest.raises(InvalidInputError, match="is being moved to"):
                    await call("ana", third)
            with pytest.raises(InvalidInputError, match="on the way"):
                await third.move_user("ana", memory)
        await memory.cancel_move("ana", target)
        assert not any((await everything(target, "ana")).values())
        assert await everything(memory, "ana") == ours
        claimed = await (await store_of(memory)).claim_lanes("w", 10, 20, 5)
        assert claimed == [lane_of(Scope("ana"))]
        await memory.add("More", user_id="ana", infer=False)
        await target.add("A second Ana", user_id="ana", infer=False)


async def test_what_cannot_be_moved(memory: AsyncMemory, config: dict[str, Any], tmp_path: Path) -> None:
    await memory.add("Tea", user_id="ana", infer=False)
    async with AsyncMemory(elsewhere(tmp_path)) as target, AsyncMemory(config) as same:
        await target.add("Coffee", user_id="ana", infer=False)
        with pytest.raises(InvalidInputError, match="has memories of this user already"):
            await memory.move_user("ana", target)
        for twin in (memory, same):
            with pytest.raises(InvalidInputError, match=r"the same collection|already"):
                await memory.move_user("ana", twin)
        await memory.add("Still writable", user_id="ana", infer=False)
        with pytest.raises(InvalidInputError, match="target"):
            await memory.move_user("ana", config)
        with pytest.raises(InvalidInputError, match="user_id"):
            await memory.move_user(None, target)
        # A user of whom there is nothing can be sent ahead.
        await memory.move_user("bo", target)
        with pytest.raises(UserMovedError):
            await memory.add("Bo", user_id="bo", infer=False)


async def test_vectors_of_another_embedder_are_made_anew(memory: AsyncMemory, tmp_path: Path) -> None:
    await fill(memory, "ana")
    embedder = {"provider": "mock", "config": {"embedding_dims": 24}}
    async with AsyncMemory(elsewhere(tmp_path, embedder=embedder)) as target:
        await memory.move_user("ana", target)
        (found, *_) = (await everything(target, "ana"))["memories"]
        assert len(found.embedding or b"") == 4 * 24
        (hit, *_) = (await target.search("Note 0 of ana, corrected", user_id="ana"))["results"]
        assert hit["memory"] == "Note 0 of ana, corrected"


async def test_a_collection_of_before_has_no_notes(memory: AsyncMemory, tmp_path: Path) -> None:
    await fill(memory, "ana")
    store = await store_of(memory)
    assert await store.find_move("ana") is None
    async with AsyncMemory(elsewhere(tmp_path)) as target:
        await memory.move_user("ana", target)
        note = await store.find_move("ana")
        assert note is not None
        assert note.state is MoveState.MOVED
