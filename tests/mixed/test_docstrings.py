"""The examples in docstrings, of both colours, and what the docstrings of public methods must have."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
from collections.abc import Iterator
from typing import Any

import pytest

from powermem import AsyncMemory, Memory, notebook

CONFIG = {
    "vector_store": {"config": {"database_path": ":memory:"}},
    "embedder": {"provider": "none"},
    "llm": {"provider": "none"},
}

# Those that a program calls most.
SHOWN = {
    "add", "add_exchange", "add_many", "context", "delete", "delete_all", "get", "get_all", "history",
    "search", "update",
}  # fmt: skip

PARSER, CHECKER = doctest.DocTestParser(), doctest.OutputChecker()


def _methods(memory: type) -> Iterator[tuple[str, Any]]:
    yield from (
        (name, made) for name, made in inspect.getmembers(memory, callable) if not name.startswith("_")
    )


EXAMPLES = [
    pytest.param(memory, made, id=f"{memory.__name__}.{name}")
    for memory in (AsyncMemory, Memory)
    for name, made in _methods(memory)
    if ">>>" in (made.__doc__ or "")
]


def test_the_methods_that_are_called_most_have_examples() -> None:
    assert {test.id for test in EXAMPLES} >= {
        f"{kind}.{name}" for kind in ("AsyncMemory", "Memory") for name in SHOWN
    }


@pytest.mark.parametrize(("kind", "made"), EXAMPLES)
def test_the_examples_of_a_method_work(kind: type, made: Any) -> None:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        memory = kind(CONFIG)
        _run(made.__doc__, {"memory": memory}, loop)
        closing = memory.close()
        if closing is not None:
            loop.run_until_complete(closing)


def test_the_examples_of_notebooks_work() -> None:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        _run(notebook.progress.__doc__ or "", {"Memory": Memory, "progress": notebook.progress}, loop)


def _run(doc: str, names: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
    examples = PARSER.get_examples(doc)
    assert examples
    for example in examples:
        code = compile(example.source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            waiting = eval(code, names)
            if waiting is not None:
                loop.run_until_complete(waiting)
        said = printed.getvalue()
        assert CHECKER.check_output(example.want, said, doctest.ELLIPSIS), f"{example.source}{said}"


@pytest.mark.parametrize("memory", [AsyncMemory, Memory])
def test_every_argument_is_described(memory: type) -> None:
    missing = []
    for name, made in _methods(memory):
        described = (inspect.getdoc(made) or "").partition("Args:")[2]
        missing += [
            f"{name}: {parameter.name}"
            for parameter in inspect.signature(made).parameters.values()
            if parameter.name != "self" and f"\n    {parameter.name}:" not in described
        ]
    # Each says whose arguments it has.
    said = {"search_many", "from_config", "count_all"}
    assert [line for line in missing if line.partition(":")[0] not in said] == []
