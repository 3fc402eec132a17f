"""What ``import powermem`` gives, and what it costs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from run_unasync import REPLACEMENTS, NamingRule

import powermem
from powermem import errors

HEAVY = ["anyio", "asyncio", "httpx", "numpy", "onnxruntime", "pydantic", "rich", "sqlite3", "tokenizers"]


@pytest.mark.parametrize("name", powermem.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(powermem, name) is not None
    assert name in dir(powermem)


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(powermem.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'powermem' has no attribute 'Memroy'"):
        _ = powermem.Memroy


def test_import_is_light() -> None:
    code = "import sys, powermem; print(*(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "powermem" in loaded
    assert loaded.isdisjoint(HEAVY)


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
