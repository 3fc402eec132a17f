# Generated from tests/typing/_async/wrong.py by scripts/run_unasync.py; edit that file instead.
"""Mistakes in a program that uses ``Memory``: type checkers report each marked line, and no other."""

from powermem import Memory
from powermem.rest import json_safe
from powermem.types import ProgressRecord, TaskStatus


def misspell_keys(memory: Memory) -> None:
    added = memory.add("I live in Rome", user_id="u")
    print(added["result"])  # error
    print(added["results"][0]["memry"])  # error
    print(added["usage"]["tokens"])  # error
    found = memory.search("Rome")
    print(found["results"][0]["content"])  # error
    print(found["results"][0]["scores"])  # error
    print(found["total"])  # error
    page = memory.get_all()
    print(page["results"][0]["score"])  # error
    print((memory.history(1))[0]["id"])  # error
    print((memory.sources(1))[0]["text"])  # error
    print((memory.list_tasks())[0]["result"])  # error
    print((memory.get_status("1"))["knowledge_count"])  # error
    print((memory.get_statistics())["total"])  # error
    print((memory.processing.stats())["pending"])  # error
    print((memory.delete_all(user_id="u"))["count"])  # error
    print((memory.add_many(["x"]))["errors"][0]["message"])  # error
    print((memory.export_memories("x"))["imported"])  # error
    print((memory.import_memories("x"))["exported"])  # error
    print((memory.reembed())["embedded"])  # error
    print((memory.get_preferences("u"))[0]["type"])  # error
    print((memory.add_message("u", "user", "Hi"))["text"])  # error
    print((memory.observe("Hi"))[0]["timestamp"])  # error
    print((memory.recall("Rome"))[0].memory)  # error


def take_for_granted(memory: Memory) -> None:
    print((memory.get(1))["memory"])  # error
    print((memory.update(1, "x"))["memory"])  # error
    turn = memory.add_message("u", "user", "Hi")
    print(turn["id"] + 1)  # error
    status = memory.get_status("1")
    print(status["results"][0]["memory"].upper())  # error
    print(status["error"].upper())  # error
    for hit in (memory.search("Rome"))["results"]:
        print(hit["score"].upper())  # error
        print(hit["valid_to"].upper())  # error


def give_wrong_arguments(memory: Memory) -> None:
    memory.search("Rome", limits=3)  # error
    memory.search(["Rome"])  # error
    memory.add("x", timezone=2)  # error
    memory.get_all(offset="3")  # error
    memory.get(1.5)  # error
    memory.add_many(["x"], on_progress=ended)  # error
    memory.processing.on_task_done(show)  # error
    sent = json_safe(memory.search("Rome"))
    print(sent["results"][0]["id"] + 1)  # error
    json_safe(memory)  # error
    memory.serach("Rome")  # error


def show(progress: ProgressRecord) -> None:
    print(progress["count"])  # error


def ended(status: TaskStatus) -> None:
    print(status["task"])  # error
    if status["status"] == "done":  # error
        print(status)
