"""Mistakes in a program that uses ``AsyncMemory``: type checkers report each marked line, and no other."""

from powermem import AsyncMemory
from powermem.rest import json_safe
from powermem.types import ProgressRecord, TaskStatus


async def misspell_keys(memory: AsyncMemory) -> None:
    added = await memory.add("I live in Rome", user_id="u")
    print(added["result"])  # error
    print(added["results"][0]["memry"])  # error
    print(added["usage"]["tokens"])  # error
    found = await memory.search("Rome")
    print(found["results"][0]["content"])  # error
    print(found["results"][0]["scores"])  # error
    print(found["total"])  # error
    page = await memory.get_all()
    print(page["results"][0]["score"])  # error
    print((await memory.history(1))[0]["id"])  # error
    print((await memory.sources(1))[0]["text"])  # error
    print((await memory.list_tasks())[0]["result"])  # error
    print((await memory.get_status("1"))["knowledge_count"])  # error
    print((await memory.get_statistics())["total"])  # error
    print((await memory.processing.stats())["pending"])  # error
    print((await memory.delete_all(user_id="u"))["count"])  # error
    print((await memory.add_many(["x"]))["errors"][0]["message"])  # error
    print((await memory.export_memories("x"))["imported"])  # error
    print((await memory.import_memories("x"))["exported"])  # error
    print((await memory.reembed())["embedded"])  # error
    print((await memory.get_preferences("u"))[0]["type"])  # error
    print((await memory.add_message("u", "user", "Hi"))["text"])  # error
    print((await memory.observe("Hi"))[0]["timestamp"])  # error
    print((await memory.recall("Rome"))[0].memory)  # error


async def take_for_granted(memory: AsyncMemory) -> None:
    print((await memory.get(1))["memory"])  # error
    print((await memory.update(1, "x"))["memory"])  # error
    turn = await memory.add_message("u", "user", "Hi")
    print(turn["id"] + 1)  # error
    status = await memory.get_status("1")
    print(status["results"][0]["memory"].upper())  # error
    print(status["error"].upper())  # error
    for hit in (await memory.search("Rome"))["results"]:
        print(hit["score"].upper())  # error
        print(hit["valid_to"].upper())  # error


async def give_wrong_arguments(memory: AsyncMemory) -> None:
    await memory.search("Rome", limits=3)  # error
    await memory.search(["Rome"])  # error
    await memory.add("x", timezone=2)  # error
    await memory.get_all(offset="3")  # error
    await memory.get(1.5)  # error
    await memory.add_many(["x"], on_progress=ended)  # error
    memory.processing.on_task_done(show)  # error
    sent = json_safe(await memory.search("Rome"))
    print(sent["results"][0]["id"] + 1)  # error
    json_safe(memory)  # error
    await memory.serach("Rome")  # error


def show(progress: ProgressRecord) -> None:
    print(progress["count"])  # error


def ended(status: TaskStatus) -> None:
    print(status["task"])  # error
    if status["status"] == "done":  # error
        print(status)
