"""What each command does when all is well."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from powermem import __version__
from powermem.cli import views
from powermem.cli.output import Output

from .conftest import Run, remember

COMMANDS = (
    "demo", "load", "add", "search", "get", "list", "update", "delete", "history", "stats", "config",
)  # fmt: skip


def test_help_is_printed_without_a_command(bare: Run) -> None:
    ran = bare()
    assert ran.code == 0
    assert all(f"\n    {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(bare: Run, name: str) -> None:
    ran = bare(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"usage: powermem {name}")


def test_version(bare: Run) -> None:
    assert bare("--version").out == f"powermem {__version__}\n"


def test_add_keeps_facts_and_drops_the_rest(cli: Run) -> None:
    ran = cli("add", "My sister Leila lives in Oslo. How are you today?", "-u", "alice", "--json")
    assert ran.code == 0
    result = ran.document
    assert [(item["event"], item["memory"]) for item in result["results"]] == [
        ("ADD", "My sister Leila lives in Oslo.")
    ]
    assert result["extractor"] == "rules"


def test_add_word_for_word(cli: Run) -> None:
    ran = cli("add", "How are you today?", "-u", "alice", "--no-infer")
    assert ran.code == 0
    assert "How are you today?" in ran.out


def test_add_says_when_there_was_nothing_to_learn(cli: Run) -> None:
    ran = cli("add", "Hello! How are you?", "-u", "alice")
    assert ran.code == 0
    assert "Nothing new" in ran.out


def test_add_takes_several_words_around_options(cli: Run) -> None:
    ran = cli("add", "I", "love", "-u", "alice", "oolong", "tea", "--json")
    assert ran.document["results"][0]["memory"] == "I love oolong tea"


def test_add_keeps_scope_metadata_and_time(cli: Run) -> None:
    options = ("-u", "alice", "-a", "cook", "-r", "talk-1", "--metadata", '{"topic": "food"}')
    [found] = remember(cli, "Dinner was late", options=(*options, "--timestamp", "2024-05-06T07:08:09Z"))
    record = cli("get", found, "--json").document
    assert (record["user_id"], record["agent_id"], record["run_id"]) == ("alice", "cook", "talk-1")
    assert record["metadata"] == {"topic": "food"}
    assert record["valid_from"] == "2024-05-06T07:08:09+00:00"


def test_add_reads_standard_input(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "I keep bees in Kraków 🐝"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="ascii"))
    ran = cli("add", "-", "--no-infer", "--json")
    assert ran.document["results"][0]["memory"] == text


def test_search_ranks_and_scores(cli: Run) -> None:
    remember(cli, "I keep bees on the roof", "My car is red")
    ran = cli("search", "who", "keeps", "bees", "-u", "alice", "--json")
    hits = ran.document["results"]
    assert hits[0]["memory"] == "I keep bees on the roof"
    assert 0 <= hits[-1]["score"] <= hits[0]["score"] <= 1
    assert "score_details" not in hits[0]


def test_search_shows_rank_score_memory_who_when_and_id(cli: Run) -> None:
    [found] = remember(cli, "I keep bees", options=("-u", "alice", "--timestamp", "2024-05-06"))
    head, _, row = cli("search", "bees", "-u", "alice").out.splitlines()
    assert head.split() == ["score", "memory", "who", "when", "(UTC)", "id"]
    rank, score, *_ = row.split()
    assert rank == "1"
    assert 0 < float(score) <= 1
    assert row.split()[2:] == ["I", "keep", "bees", "alice", "2024-05-06", "00:00", found]


def test_search_narrows(cli: Run) -> None:
    remember(cli, "bees on the roof", options=("-u", "alice", "--metadata", '{"topic": "animals"}'))
    remember(cli, "bees in the garden", "bees at school")

    def found(*options: str) -> set[str]:
        results = cli("search", "bees", "-u", "alice", "--json", *options).document["results"]
        return {hit["memory"] for hit in results}

    assert len(found()) == 3
    assert len(found("--limit", "2")) == 2
    assert found("--filters", '{"topic": "animals"}') == {"bees on the roof"}
    assert found("--threshold", "1") == set()
    assert found("--as-of", "2001-01-01") == set()


def test_search_explains(cli: Run) -> None:
    remember(cli, "I keep bees", "My bees are asleep")
    hits = cli("search", "keep bees", "--explain", "--json").document["results"]
    assert {"dense", "lexical"} <= set(hits[0]["score_details"])
    _, parts = cli("search", "keep bees", "--explain").out.split("\n\n")
    head, _, *rows = parts.splitlines()
    # Without those that are zero for all.
    shown = dict.fromkeys(
        name for hit in hits for name, part in hit["score_details"].items() if abs(part) >= 0.0005
    )
    names = ["score", *(name.replace("_", " ") for name in shown)]
    assert " ".join(head.split()) == " ".join(names)
    assert [row.split()[:2] for row in rows] == [
        [str(rank), f"{hit['score']:.3f}"] for rank, hit in enumerate(hits, 1)
    ]
    assert f"{hits[0]['score_details']['lexical']:.3f}" in rows[0]


def test_any_part_of_a_score_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def hit(score: float, **details: float | None) -> dict[str, Any]:
        when = "2024-05-06T00:00:00+00:00"
        named = {"id": 7, "memory": "Tea", "actor_id": None, "user_id": "u", "valid_from": when}
        return {**named, "score": score, "score_details": details}

    found = [
        hit(0.9, dense=0.5, dense_rank=12, rerank=0.9),
        hit(0.25, dense=-0.1, dense_rank=None, boost=1.0),
    ]
    Output(as_json=False).print_result({"results": found}, views.hits)
    head, _, first, second = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert head.split() == ["score", "dense", "dense", "rank", "rerank", "boost"]
    assert first.split() == ["1", "0.900", "0.500", "12", "0.900"]
    assert second.split() == ["2", "0.250", "-0.100", "1.000"]


def test_search_keeps_to_a_budget(cli: Run) -> None:
    remember(cli, "I keep bees", "I keep bees and chickens, and a very old donkey")
    assert len(cli("search", "bees", "--json").document["results"]) == 2
    (one,) = cli("search", "bees", "--max-tokens", "5", "--no-rerank", "--json").document["results"]
    assert one["memory"] == "I keep bees"
    assert cli("search", "bees", "--max-tokens", "0").code == 2


def test_search_shows_what_was_said_around(cli: Run) -> None:
    for text in ("Do you keep animals?", "I keep bees", "How many hives?"):
        assert cli("add", text, "--user", "ana", "--run", "r", "--no-infer").code == 0
    search = ("search", "bees", "--limit", "1", "--around", "1")
    (one,) = cli(*search, "--json").document["results"]
    assert [(turn["distance"], turn["memory"]) for turn in one["around"]] == [
        (-1, "Do you keep animals?"),
        (1, "How many hives?"),
    ]
    rows = [line.split("  ") for line in cli(*search).out.splitlines()[-3:]]
    assert [[cell.strip() for cell in row if cell.strip()][:2] for row in rows] == [
        ["-1", "Do you keep animals?"],
        ["1", f"{one['score']:.2f}"],
        ["+1", "How many hives?"],
    ]
    assert cli("search", "bees", "--around", "-1").code == 2
    assert cli("search", "bees", "--around", "99").code != 0


def test_an_unknown_user_has_no_memories(cli: Run) -> None:
    remember(cli, "I keep bees")
    for command in (("list",), ("search", "bees")):
        ran = cli(*command, "-u", "nobody")
        assert (ran.code, ran.out) == (0, "No memories found.\n")


def test_get_shows_all_fields(cli: Run) -> None:
    [found] = remember(cli, "first line\nsecond line")
    ran = cli("get", found)
    assert ran.code == 0
    assert ran.out.startswith("first line\nsecond line\n")
    assert "alice" in ran.out
    record = cli("get", found, "--json").document
    assert record["content"] == record["memory"] == "first line\nsecond line"


def test_list_pages_and_sorts(cli: Run) -> None:
    ids = remember(cli, "one", "two", "three")
    page = cli("list", "--sort", "id", "--order", "asc", "-l", "1", "--offset", "1", "--json").document
    assert page["total"] == 3
    assert [record["id"] for record in page["results"]] == [ids[1]]
    ran = cli("list", "-l", "2")
    assert "2 of 3 memories" in ran.out
    assert "two" in ran.out
    assert "one" not in ran.out


def test_update_changes_text_and_metadata(cli: Run) -> None:
    [found] = remember(cli, "I live in Leeds", options=("--metadata", '{"a": 1, "b": 2}'))
    changed = cli("update", found, "--metadata", '{"b": null}', "I live", "in Bristol", "--json").document
    assert changed["memory"] == "I live in Bristol"
    assert changed["metadata"] == {"a": 1}
    changed = cli("update", found, "--metadata", '{"c": 3}', "--replace-metadata", "--json").document
    assert changed["metadata"] == {"c": 3}
    assert "I live in Bristol" in cli("update", found, "I live in Bristol").out


def test_history_tells_what_happened(cli: Run) -> None:
    [found] = remember(cli, "I live in Leeds")
    cli("update", found, "I live in Bristol")
    cli("delete", found)
    entries = cli("history", found, "--json").document
    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in entries] == [
        ("ADD", None, "I live in Leeds"),
        ("UPDATE", "I live in Leeds", "I live in Bristol"),
        ("DELETE", "I live in Bristol", None),
    ]
    assert {entry["memory_id"] for entry in entries} == {found}
    assert "I live in Bristol" in cli("history", found).out


def test_delete_one(cli: Run) -> None:
    first, second = remember(cli, "one", "two")
    assert cli("delete", first, "--json").document == {"id": first, "deleted": True}
    assert cli("delete", second).out == f"Deleted {second}.\n"
    assert cli("list", "--json").document["total"] == 0


def test_delete_all_of_a_scope(cli: Run) -> None:
    remember(cli, "one", "two")
    remember(cli, "three", options=("-u", "bob"))
    assert cli("delete", "--all", "-u", "alice", "--yes", "--json").document == {"deleted": 2}
    assert cli("delete", "--all", "-u", "bob", "-y").out == "Deleted 1 memory.\n"


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1), ("", 1, 1)])
def test_delete_all_asks(
    cli: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    remember(cli, "one")
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    ran = cli("delete", "--all", "-u", "alice")
    assert ran.code == code
    assert "Delete 1 memories" in ran.err
    assert cli("list", "--json").document["total"] == left


def test_stats_name_the_parts(cli: Run) -> None:
    remember(cli, "one")
    numbers = cli("stats", "-u", "alice", "--json").document
    assert numbers["total_memories"] == 1
    assert numbers["store"] == "sqlite"
    assert numbers["embedder"].startswith("mock")
    assert numbers["extractor"] == "rules"
    table = cli("stats").out
    assert "sqlite" in table
    assert "rules" in table


def test_ids_are_strings_in_json(cli: Run) -> None:
    [found] = remember(cli, "one", options=("--metadata", '{"id": 7}'))
    assert int(found) > 2**53
    record = cli("get", found, "--json").document
    assert record["id"] == found
    assert record["metadata"] == {"id": 7}


def test_a_zone_says_whose_day_it_is(cli: Run) -> None:
    late = ("--timestamp", "2026-04-22T22:30", "--timezone", "America/New_York")
    [found] = remember(cli, "Yesterday I adopted a cat.", options=("-u", "ana", *late))
    record = cli("get", found, "--json").document
    assert record["memory"] == "Yesterday I adopted a cat."
    assert record["valid_from"] == "2026-04-23T02:30:00+00:00"
    assert "did you mean 'Europe/Berlin'" in cli("add", "I like tea", "--timezone", "Berlin").err
