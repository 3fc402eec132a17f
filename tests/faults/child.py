"""What a process does that a test starts: ``python -m tests.faults.child ACTION ARGUMENTS``.

The arguments are a JSON object. Every line that it prints is one JSON value.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from powermem import AsyncMemory, Memory, PowerMemError
from powermem.cli import main
from tests.faults.unreliable import note, spread

WORDS = ["tea", "rain", "chess", "Porto", "violin", "bread", "river", "train", "garden", "letter", "cinema"]


def tell(value: Any) -> None:
    """Print a value; a single write, so that lines of several threads do not mix."""
    os.write(1, json.dumps(value, ensure_ascii=False).encode() + b"\n")


def sentence(chance: random.Random, name: str, number: int) -> str:
    """Return a text that nobody else makes."""
    return f"{name} wrote down note {number}: {' '.join(chance.choices(WORDS, k=8))}"


def serve(config: dict[str, Any]) -> None:
    """Call the methods that the lines on standard input name, and tell what came of each."""
    memory = Memory(config)
    memory.initialize()
    tell("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            tell({"result": getattr(memory, asked["method"])(*asked["args"], **asked["kwargs"])})
        except PowerMemError as error:
            tell({"error": type(error).__name__, "message": str(error)})
    memory.close()


def add_forever(config: dict[str, Any], seed: int, colour: str) -> None:
    """Add, change and delete until killed, eight at once; tell what was acknowledged."""
    if colour == "sync":
        memory = Memory(config)
        threads = [threading.Thread(target=_write_forever, args=(memory, seed, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        asyncio.run(_add_forever(config, seed))


def _write_forever(memory: Memory, seed: int, number: int) -> None:
    chance = random.Random(seed * 100 + number)
    for round_ in range(1_000_000):
        text = sentence(chance, f"Writer {number}", round_)
        (item,) = memory.add(text, user_id=f"u{number % 2}", infer=False)["results"]
        tell(["ADD", item["id"], text])
        if round_ % 5 == 1:
            memory.update(item["id"], f"{text}, corrected")
            tell(["UPDATE", item["id"], f"{text}, corrected"])
        if round_ % 5 == 2:
            memory.delete(item["id"])
            tell(["DELETE", item["id"], None])


async def _add_forever(config: dict[str, Any], seed: int) -> None:
    async with AsyncMemory(config) as memory:
        await asyncio.gather(*(_awrite_forever(memory, seed, number) for number in range(8)))


async def _awrite_forever(memory: AsyncMemory, seed: int, number: int) -> None:
    chance = random.Random(seed * 100 + number)
    for round_ in range(1_000_000):
        text = sentence(chance, f"Writer {number}", round_)
        (item,) = (await memory.add(text, user_id=f"u{number % 2}", infer=False))["results"]
        tell(["ADD", item["id"], text])
        if round_ % 5 == 1:
            await memory.update(item["id"], f"{text}, corrected")
            tell(["UPDATE", item["id"], f"{text}, corrected"])
        if round_ % 5 == 2:
            await memory.delete(item["id"])
            tell(["DELETE", item["id"], None])


def add_and_search(config: dict[str, Any], name: str, own: list[str], shared: list[str], seed: int) -> None:
    """Wait for a line, then add texts in a mixed order, searching in between; tell what happened."""
    memory = Memory(config)
    memory.initialize()
    tell("ready")
    sys.stdin.readline()
    texts = [*own, *shared]
    random.Random(seed).shuffle(texts)
    added, missed, errors = [], [], []
    for number, text in enumerate(texts):
        try:
            (item,) = memory.add(text, user_id="u", infer=False, metadata={"by": name})["results"]
            if item["event"] == "ADD":
                added.append(item["id"])
            if number % 4 == 0:
                hits = memory.search(text, user_id="u", limit=1)["results"]
                if [hit["memory"] for hit in hits] != [text]:
                    missed.append(text)
        except PowerMemError as error:
            errors.append(str(error))
    memory.close()
    tell({"added": added, "missed": missed, "errors": errors})


def add_past_the_end_of_the_disk(config: dict[str, Any], room: int) -> None:
    """Add until a file cannot grow any more, tell what happened, make room again, go on."""
    memory = Memory(config)
    kept = [_add_long(memory, number) for number in range(5)]
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(os.path.getsize(path) for path in _files(config))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, unlimited[1]))
    error = None
    try:
        for number in range(5, 10_000):
            kept.append(_add_long(memory, number))
    except PowerMemError as caught:
        error = caught
    listed = memory.count()
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    again = _add_long(memory, 10_000)
    memory.close()
    tell(
        {"kept": kept, "error": type(error).__name__, "message": str(error), "listed": listed, "again": again}
    )


def _add_long(memory: Memory, number: int) -> int:
    text = f"Note {number}: " + " ".join(WORDS) * 20
    (item,) = memory.add(text, user_id="u", infer=False)["results"]
    return int(item["id"])


def _files(config: dict[str, Any]) -> list[str]:
    path = config["vector_store"]["config"]["database_path"]
    return [name for name in (path, f"{path}-wal") if os.path.exists(name)]


def read_without_rights(config: dict[str, Any]) -> None:
    """Open a database as a user who may not write it, and tell what can be done."""
    # What is imported late must be there before the rights are given up: the interpreter may be out of reach.
    with Memory(
        {**config, "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}}}
    ) as m:
        m.add("I like tea", user_id="u")
        m.search("tea", user_id="u")
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    with Memory(config) as memory:
        found = memory.search("tea", user_id="u")["results"]
        report: dict[str, Any] = {
            "found": [hit["memory"] for hit in found],
            "listed": [item["memory"] for item in memory.get_all(user_id="u")["results"]],
            "events": [entry["event"] for entry in memory.history(found[0]["id"])],
        }
        memory.get_statistics()
        try:
            memory.add("I like coffee", user_id="u", infer=False)
        except PowerMemError as error:
            report |= {"error": type(error).__name__, "message": str(error)}
    tell(report)


def use_in_a_child_of_a_writer(config: dict[str, Any], children: int) -> None:
    """Fork again and again while threads write; tell how each child ended, and what the parent has stored."""
    memory = Memory(config)
    stop = threading.Event()
    stored: list[str] = []

    def write(number: int) -> None:
        count = 0
        while not stop.is_set():
            text = f"Note {count} of writer {number}"
            memory.add(text, user_id="u", infer=False)
            stored.append(text)
            count += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(children):
        written = len(stored)
        while len(stored) < written + 3:
            stop.wait(0.001)
        child = os.fork()
        if child == 0:
            _be_a_child(config, number)
        tell([number, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])])
    stop.set()
    for thread in threads:
        thread.join()
    memory.close()
    tell(stored)


def _be_a_child(config: dict[str, Any], number: int) -> None:
    try:
        with Memory(config) as memory:
            memory.add(f"Note of child {number}", user_id="u", infer=False)
            assert memory.search(f"Note of child {number}", user_id="u")["results"]
        os._exit(0)
    except BaseException as error:
        tell(["child", repr(error)])
        os._exit(1)


def use_after_fork(config: dict[str, Any]) -> None:
    """Fork with an open memory, use it in the child, then in the parent, and tell what happened in each."""
    memory = Memory(config)
    memory.add("I like tea", user_id="u", infer=False)
    child = os.fork()
    if child == 0:
        for method in (memory.count, memory.close):
            try:
                tell(["child", method()])
            except PowerMemError as error:
                tell(["child", type(error).__name__, str(error)])
        with Memory(config) as own:
            own.add("I like coffee", user_id="u", infer=False)
            tell(["own", own.count()])
        os._exit(0)
    os.waitpid(child, 0)
    memory.add("I like milk", user_id="u", infer=False)
    tell(["parent", memory.count()])
    memory.close()


def load(config: dict[str, Any], count: int, checkpoint: str, colour: str) -> None:
    """Load notes with a checkpoint; tell how far it is, and the result."""
    items = [{"messages": loaded(number), "user_id": f"u{number % 3}"} for number in range(count)]
    options: dict[str, Any] = {"checkpoint": checkpoint, "batch_size": 8, "on_progress": tell}
    if colour == "sync":
        with Memory(config) as memory:
            tell(memory.add_many(items, **options))
    else:
        asyncio.run(_load(config, items, options))


async def _load(config: dict[str, Any], items: list[dict[str, Any]], options: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        tell(await memory.add_many(items, **options))


def loaded(number: int) -> str:
    """Return the text of an item of a load; three facts, so that a half of it would be noticed."""
    return f"I like tea number {number}. I live in town {number}. I love chess number {number}."


def converse(config: dict[str, Any], users: list[str]) -> None:
    """Say a note as each user for every line on standard input, which is its number; tell what is kept."""
    memory = Memory(config, auto_process=True, batch_threshold=4)
    memory.initialize()
    tell("ready")
    for line in sys.stdin:
        with ThreadPoolExecutor(len(users)) as pool:
            list(pool.map(partial(_say, memory, int(line)), range(len(users)), users))
        tell("said")
    memory.close(drain=False)


def _say(memory: Memory, number: int, place: int, user: str) -> None:
    said = {"user_id": user, "timestamp": 1_700_000_000 + spread(user) * number // 2}
    if (number + place) % 3:
        memory.add_exchange(user_message=note(user, number), assistant_message="Noted.", **said)
        tell(["exchange", user, number])
    else:
        added = memory.add(note(user, number), async_mode=True, **said)
        tell(["rough", user, number, added["task_id"], [item["id"] for item in added["results"]]])


def work(path: str) -> None:
    """Be ``powermem worker`` with the configuration in a file."""
    sys.exit(main(["worker", "--json", "--config", path]))


ACTIONS = {
    action.__name__: action
    for action in (
        serve,
        add_forever,
        load,
        add_and_search,
        converse,
        work,
        add_past_the_end_of_the_disk,
        read_without_rights,
        use_in_a_child_of_a_writer,
        use_after_fork,
    )
}

if __name__ == "__main__":
    ACTIONS[sys.argv[1]](**json.loads(sys.argv[2]))
