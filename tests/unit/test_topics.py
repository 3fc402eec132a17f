"""The title, the tags and the categories that a model gives a fact."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem import ConfigError
from powermem._core.changes.facets import MOST_TAGS, facets_of, joined
from powermem._core.clock import parse
from powermem._core.parsing.facts import parse_extraction
from powermem._core.parsing.topics import TITLE_LENGTH, read_categories, read_tags, read_title
from powermem._core.prompts.extraction import EXTRACTION_SCHEMA, extraction_messages, extraction_schema
from powermem._core.values import Fact
from powermem.config import MemoryConfig, resolve

TITLES = [
    ("Summer Vacation Guangzhou Travel Plan", "Summer Vacation Guangzhou Travel Plan"),
    ("  Two\n lines. ", "Two lines"),
    (
        "The plan of the summer vacation in Guangzhou with the whole family and friends",
        "The plan of the summer vacation in Guangzhou with the whole",
    ),
    (f"{'a' * 30} {'b' * 29} c", f"{'a' * 30} {'b' * 29}"),
    ("a" * 80, "a" * 60),
    ("旅" * 80, "旅" * 60),
    ("...", None),
    ("null", None),
    (None, None),
    (5, None),
]


@pytest.mark.parametrize(("given_title", "title"), TITLES)
def test_a_title_too_long_is_cut_behind_a_word(given_title: Any, title: str | None) -> None:
    assert read_title(given_title) == title


@given(st.text())
def test_no_title_is_too_long(text: str) -> None:
    title = read_title(text)
    assert title is None or 0 < len(title) <= TITLE_LENGTH


@pytest.mark.parametrize(
    ("given_tags", "tags"),
    [
        (
            ["Travel", "Guangzhou", "Accommodation", "Hotel"],
            ("Travel", "Guangzhou", "Accommodation", "Hotel"),
        ),
        (["#travel", " Travel ", "TRAVEL", "two  words"], ("travel", "two words")),
        ("Travel, Hotel; Food", ("Travel", "Hotel", "Food")),
        ("旅行、酒店", ("旅行", "酒店")),
        (["...", "", None, 5, "null", "x" * 41, ["a"]], ()),
        ([f"tag {n}" for n in range(20)], tuple(f"tag {n}" for n in range(MOST_TAGS))),
        (None, ()),
        ({"a": 1}, ()),
    ],
)
def test_tags_are_few_and_different(given_tags: Any, tags: tuple[str, ...]) -> None:
    assert read_tags(given_tags) == tags


def test_categories_are_those_of_the_list() -> None:
    allowed = ["Food", "work life"]
    assert read_categories(["food", "FOOD", "Work  Life", "Sport", "none"], allowed) == (
        ("Food", "work life"),
        ("Sport",),
    )
    assert read_categories('"Food".', allowed) == (("Food",), ())
    assert read_categories(None, allowed) == ((), ())


def answer(**more: Any) -> str:
    return json.dumps({"facts": [{"text": "Ana likes tea", "turn": 0, **more}], "preferences": []})


def test_an_answer_without_them_is_read_too() -> None:
    (fact,) = parse_extraction(answer(), turns=1).facts
    assert (fact.title, fact.tags, fact.categories) == (None, (), ())
    given_all = answer(title="Tea", tags=["Drinks"], categories=["food", "sport"])
    found = parse_extraction(given_all, turns=1, categories=["Food"])
    (fact,) = found.facts
    assert (fact.title, fact.tags, fact.categories) == ("Tea", ("Drinks",), ("Food",))
    assert found.warnings == ("left out categories that are not among the configured ones: 'sport'",)
    # Where none are configured, none were asked for.
    found = parse_extraction(given_all, turns=1)
    assert (found.facts[0].categories, found.warnings) == ((), ())


def test_the_request_asks_for_them() -> None:
    today = parse("2024-03-01T09:00:00Z")
    plain = extraction_messages([], today=today)[0]["content"]
    for word in ("- title: ", "at most 60", "- tags: "):
        assert word in plain
    assert "categories" not in plain
    listed = {"food": "what <they> eat", "work life": ""}
    system = extraction_messages([], today=today, categories=listed)[0]["content"]
    assert '"food": what \\u003cthey\\u003e eat\n' in system
    assert '"work life"\n' in system
    assert '"categories": []' in system
    custom = extraction_messages([], today=today, custom="Only food.", categories=listed)[0]["content"]
    assert '"work life"' in custom
    assert extraction_schema({}) is EXTRACTION_SCHEMA
    fact = extraction_schema(listed).body["properties"]["facts"]["items"]
    assert fact["required"] == list(fact["properties"])
    assert fact["properties"]["categories"]["items"]["enum"] == ["food", "work life"]


def test_a_changed_memory_has_the_topics_of_both_texts() -> None:
    old = facets_of(Fact("a", title="Old", tags=("A", "B"), entities=("Ana",), event_at=1, importance=0.9))
    new = facets_of(Fact("b", tags=("C", "a"), categories=("food",)))
    lists = {"entities": ["Ana"], "tags": ["C", "a", "B"], "categories": ["food"]}
    assert joined(old, new) == {"importance": 0.5, "event_at": 1, **lists}
    # A person's text: nothing is known of it but what was known before, and the title is about another.
    assert joined(old, {}) == {"importance": 0.9, "event_at": 1, "entities": ["Ana"], "tags": ["A", "B"]}
    assert joined(old, facets_of(Fact("b", title="New")))["title"] == "New"
    many = facets_of(Fact("b", tags=tuple(f"tag {n}" for n in range(8))))
    assert joined(old, many)["tags"] == list(many["tags"])


FORMS: list[Any] = [
    ["food", "work"],
    ("food", "work"),
    {"food": "", "work": ""},
    [{"food": ""}, {"work": None}],
    [{"food": "", "work": ""}],
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", ["categories", "custom_categories"])
def test_every_way_to_write_categories(form: Any, key: str) -> None:
    assert resolve({key: form}).prompts.categories == {"food": "", "work": ""}


def test_categories_of_mem0_keep_their_descriptions() -> None:
    config = MemoryConfig(custom_categories=[{"food": "What they\n eat"}, {"work": "Their job"}])
    assert config.categories == {"food": "What they eat", "work": "Their job"}
    assert config.masked()["categories"] == config.categories


@pytest.mark.parametrize(
    "wrong", ["food", 5, [5], [""], ["x" * 65], [{"food": 5}], [str(n) for n in range(101)]]
)
def test_what_is_no_list_of_categories_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="categories"):
        MemoryConfig(categories=wrong)


def test_the_environment_has_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERMEM_CATEGORIES", '["food", "work"]')
    assert resolve(None).prompts.categories == {"food": "", "work": ""}
