"""What ``import powermem`` gives, and what it costs."""

from __future__ import annotations

import builtins
import inspect
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from run_unasync import REPLACEMENTS, NamingRule

import powermem
from powermem import errors

HEAVY = ["anyio", "asyncio", "httpx", "numpy", "onnxruntime", "pydantic", "rich", "sqlite3", "tokenizers"]


PARTS = {"dotenv", "engine", "httpcore", "models", "parsing", "partition", "rules", "stemming"}
"""Other packages, and modules of this one, that the first instance loads and the class does not."""

MOST_MODULES = 70
"""Modules of this package behind the class; each costs about a millisecond."""


@pytest.mark.parametrize("name", powermem.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(powermem, name) is not None
    assert name in dir(powermem)


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(powermem.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'powermem' has no attribute 'Memroy'"):
        _ = powermem.Memroy


@pytest.mark.parametrize(
    "value", [powermem.ProcessStatus.FAILED, powermem.RecalledFact(1, "tea", 0.5, "now")]
)
def test_pickles_name_what_is_public(value: object) -> None:
    written = pickle.dumps(value, protocol=0)
    assert pickle.loads(written) == value
    assert written.startswith((b"cpowermem\n", b"ccopy_reg\n_reconstructor\np0\n(cpowermem\n"))


@pytest.mark.parametrize(("module", "name"), [("recalled", "RecalledFact"), ("tasks", "ProcessStatus")])
def test_pickles_of_the_first_beta_are_read(module: str, name: str) -> None:
    with pytest.warns(
        DeprecationWarning, match=f"powermem.{module}.{name} is deprecated: import {name} from"
    ) as told:
        assert pickle.loads(f"cpowermem.{module}\n{name}\n.".encode()) is getattr(powermem, name)
    assert len(told) == 1


def test_what_was_private_is_gone() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("powermem.clock")
    with pytest.raises(ImportError):
        exec("from powermem.tasks import Task")


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads in a fresh process."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_is_light() -> None:
    loaded = loaded_by("import powermem")
    assert "powermem" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["Memory", "AsyncMemory"])
def test_class_loads_only_what_it_is_made_of(name: str) -> None:
    loaded = loaded_by(f"from powermem import {name}")
    ours = {module for module in loaded if module.split(".")[0] == "powermem"}
    # The primitives of both colours stand side by side, and those of tasks need asyncio.
    assert loaded.isdisjoint({*HEAVY, *PARTS} - {"asyncio"})
    assert {module.rpartition(".")[2] for module in ours}.isdisjoint(PARTS)
    assert len(ours) <= MOST_MODULES


def test_frequent_calls_import_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "a.db")}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "mock"},
    }
    imported = list[tuple[str, str]]()
    python = builtins.__import__

    def noting(
        name: str, globals: Mapping[str, Any] | None = None, locals: Any = None, *rest: Any
    ) -> ModuleType:
        # Before Python 3.12, the compiled part of `re` imports the rest of it in each substitution.
        by_us = globals is not None and str(globals.get("__name__")).startswith("powermem.")
        if by_us and name != "re":
            imported.append((str(globals["__name__"]), name))
        return python(name, globals, locals, *rest)

    def use(memory: powermem.Memory) -> None:
        (added,) = memory.add("I love trains.", user_id="ana", infer=False)["results"]
        memory.add("My sister is a nurse.", user_id="ana")
        memory.search("trains", user_id="ana", filters={"topic": {"ne": "work"}})
        memory.get(added["id"])
        memory.get_all(user_id="ana")
        memory.add_exchange("ana", "I am vegan.", "Noted.")
        memory.update(added["id"], "I love buses.")
        memory.delete(added["id"])

    with powermem.Memory(config) as memory:
        use(memory)
        monkeypatch.setattr(builtins, "__import__", noting)
        use(memory)
        monkeypatch.undo()
    assert imported == []


def test_both_colours_have_the_same_methods() -> None:
    rule = NamingRule("/from/", "/to/", REPLACEMENTS)

    def shown(member: Callable[..., object]) -> str:
        # A default that only marks "not given" shows its address.
        return re.sub(r" at 0x[0-9a-f]+", "", rule.convert_prose(str(inspect.signature(member))))

    def surface(cls: type) -> dict[str, str]:
        members = inspect.getmembers(cls, callable)
        return {
            rule.rename(name): shown(member)
            for name, member in members
            if not name.startswith("_") or name == "__init__"
        }

    assert surface(powermem.AsyncMemory) == surface(powermem.Memory)


def test_no_coroutine_on_the_sync_side() -> None:
    functions = inspect.getmembers(powermem.Memory, inspect.isfunction)
    assert functions
    assert not [name for name, function in functions if inspect.iscoroutinefunction(function)]
