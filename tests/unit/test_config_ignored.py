"""Every setting is read by some code, or stands in the table of those that are ignored, with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from powermem.config import MemoryConfig
from powermem.config.environment import known_variables
from powermem.config.fields import Option, Section, marker
from powermem.config.ignored import IGNORED, SECTIONS, Key, keys_at
from powermem.config.models import Chosen

SOURCE = Path(__file__).parents[2] / "src" / "powermem"


def classes(
    section: type[Section] = MemoryConfig, path: tuple[str, ...] = (), provider: str = ""
) -> Iterator[tuple[type[Section], tuple[str, ...], str]]:
    """Yield every section's class, its path, and the provider of the section around it."""
    yield section, path, provider
    for name in section.model_fields:
        if issubclass(section, Chosen) and name == "config":
            for provider in section.known():
                config = section.config_class(provider)
                # Other tests register providers of their own.
                if config.__module__.startswith("powermem.") and config.model_config["extra"] == "forbid":
                    yield config, (*path, name), provider
        elif (below := section.child(name, None)) is not None:
            yield from classes(below, (*path, name))


@cache
def words_of_the_code() -> frozenset[str]:
    """Return the attributes that any code reads, and the strings, by which ``getattr`` does."""
    words = set[str]()
    for file in SOURCE.rglob("*.py"):
        if "_sync" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                words.add(node.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
                words |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    return frozenset(words)


def test_every_field_is_read() -> None:
    unread = {
        f"{'.'.join(path)}.{name} ({section.__name__})"
        for section, path, provider in classes()
        for name in section.model_fields
        if name not in words_of_the_code()
        # The body of a request takes these by their mark.
        and marker(section, name, Option) is None
    }
    assert unread == set()


def test_no_row_is_of_what_every_class_of_its_section_reads() -> None:
    idle = {(path, key.name) for path, _, key in every_key()}
    rows = {(path, key.name) for _, path, provider in classes() for key in keys_at(path, provider).values()}
    assert rows <= idle


def test_every_row_is_of_a_section_that_exists() -> None:
    paths = {".".join(path) or "-" for _, path, _ in classes()} | {".".join(path) for path in SECTIONS}
    providers = {provider for _, _, provider in classes()} | {""}
    for row in IGNORED:
        assert row.reason.endswith(".")
        assert set(row.sections.split()) <= paths, row
        assert set(row.providers.split()) <= providers, row


def every_key() -> Iterator[tuple[tuple[str, ...], str, Key]]:
    for path in SECTIONS:
        yield from ((path, "", key) for key in keys_at(path).values())
    for section, path, provider in classes():
        for key in keys_at(path, provider).values():
            # One provider ignores what another takes.
            if key.row.providers or section.field_named(key.name) is None:
                yield path, provider, key


def given(path: tuple[str, ...], provider: str, key: Key, value: object) -> dict[str, object]:
    data: dict[str, object] = {key.name: value}
    for part in reversed(path):
        data = {part: data}
    if provider:
        section = data[path[0]]
        assert isinstance(section, dict)
        section["provider"] = provider
    return data


@pytest.mark.parametrize(
    "value", [object(), "text", ["[", {"a": 1}], -1.5], ids=["object", "text", "list", "number"]
)
def test_ignored_settings_take_any_value_and_are_told(value: object) -> None:
    for path, provider, key in every_key():
        if key.name == "enabled":
            continue
        config = MemoryConfig(**given(path, provider, key, value))
        whole = next((path[: i + 1] for i in range(len(path)) if path[: i + 1] in SECTIONS), None)
        if whole is None:
            expected = () if key.row.silent else (".".join((*path, key.name)),)
        else:
            switch = keys_at(whole).get("enabled")
            expected = () if switch is not None and switch.default is False else (".".join(whole),)
        assert config.ignored == expected, (path, key.name)


def test_defaults_are_not_told() -> None:
    for path, provider, key in every_key():
        if not any(path[: i + 1] in SECTIONS for i in range(len(path))):
            assert MemoryConfig(**given(path, provider, key, key.default)).ignored == (), (path, key.name)


def test_their_variables_are_known() -> None:
    known = known_variables()
    assert known["AGENT_MEMORY_MODE"] == ("agent_memory.mode",)
    assert known["FLUSH_INTERVAL"] == ("telemetry.flush_interval",)
    assert known["OCEANBASE_VIDX_NAME"] == ("vector_store.config.vidx_name",)
    assert known["MEMORY_CACHE_TTL"] == ("performance.memory_cache_ttl",)
    assert known["ENCRYPTION_KEY"] == ("security.encryption_key",)
    assert known["LLM_TOP_K"] == ("llm.config.top_k",)
