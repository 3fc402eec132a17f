"""The page about the configuration has every provider and every key that has an effect."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from powermem.config.fields import Env, Section, marker
from powermem.config.ignored import SECTIONS, keys_at
from powermem.config.models import Chosen, MemoryConfig
from powermem.config.registry import known_stores
from powermem.config.stores import SQLiteConfig
from powermem.config.tables import DETECTED, EMBEDDERS, LLMS, RERANKERS, TRANSCRIBERS, Provider

from .markdown import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
TABLES = (("llm", LLMS), ("audio_llm", TRANSCRIBERS), ("embedder", EMBEDDERS), ("reranker", RERANKERS))
ROWS = [
    pytest.param(section, row, id=f"{section}-{row.name}")
    for section, table in TABLES
    for row in table.values()
]
_CODE = re.compile(r"`([^`\n]+)`")


@pytest.mark.parametrize(("section", "row"), ROWS)
def test_a_provider_is_described_as_it_is(section: str, row: Provider) -> None:
    part = _part(section)
    # The names stand in the first cell, and several providers may share a row.
    lines = [
        line for line in part.splitlines() if line.startswith("|") and row.name in _codes(line.split("|")[1])
    ]
    if row.instead or row.protocol == "none":
        assert f"`{row.name}`" in part
        return
    (line,) = lines
    address = [row.base_url] if row.base_url else []
    model = [row.model] if row.model and row.protocol != "mock" else []
    expected = {*address, *model, *row.base_url_keys, *row.api_key_env}
    assert expected <= _codes(line)


def test_every_store_is_named() -> None:
    assert [name for name in known_stores() if f"`{name}`" not in _part("vector_store")] == []


def test_the_order_in_which_a_key_chooses_a_model() -> None:
    listed = ", ".join(f"`{name}`" for name in DETECTED)
    assert listed in " ".join(PAGE.split())


def test_every_key_that_has_an_effect_is_described() -> None:
    described = {word for code in _CODE.findall(PAGE) for word in re.split(r"[^\w]+", code)}
    keys = {*_keys(MemoryConfig), *_keys(SQLiteConfig)}
    for _, table in TABLES:
        for row in table.values():
            if not row.instead:
                keys |= {*_keys(row.config)}
    assert sorted(keys - described) == []


def test_the_variables_of_the_store_are_named() -> None:
    part = _part("vector_store")
    for name in SQLiteConfig.model_fields:
        env = marker(SQLiteConfig, name, Env)
        names = env.names if env else (f"VECTOR_STORE_{name}".upper(),)
        assert any(f"| `{name}` | `{variable}` |" in part for variable in names), name


def test_every_section_without_effect_is_named() -> None:
    part = PAGE.split("## Accepted without effect")[1]
    names = [*keys_at(()), *(path[0] for path in SECTIONS)]
    assert [name for name in names if f"`{name}`" not in part] == []


def _codes(text: str) -> set[str]:
    return {*_CODE.findall(text)}


def _part(section: str) -> str:
    """Return the part of the page about a section."""
    return PAGE.split(f"\n## {section}")[1].split("\n## ")[0]


def _keys(section: type[Section]) -> Iterator[str]:
    """Yield the names of the fields, those of the sections below too."""
    for name in section.model_fields:
        below = section.child(name, {})
        yield name
        if below is not None and not (issubclass(section, Chosen) and name == "config"):
            yield from _keys(below)
