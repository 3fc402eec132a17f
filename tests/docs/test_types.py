"""The table of docs/types.md says what the annotations say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from powermem import AsyncMemory, Memory
from tests.support.shapes import described, hint_of

PAGE = Path(__file__).parents[2] / "docs/types.md"


@pytest.mark.parametrize("memory", [Memory, AsyncMemory])
def test_the_table_names_what_each_method_returns(memory: type[Memory] | type[AsyncMemory]) -> None:
    rows = re.findall(r"^\| (`[a-z].*?) \| `(.+?)`[,; |]", PAGE.read_text("utf-8"), re.MULTILINE)
    table = {name: kind for names, kind in rows for name in re.findall(r"[\w.]+", names)}
    opened = memory({"llm": {"provider": "none"}, "embedder": {"provider": "none"}})
    methods = {name: getattr(memory, name) for name in described(memory)}
    methods["processing.stats"] = type(opened.processing).stats
    assert table == {name: _written(hint_of(method)) for name, method in methods.items()}


def _written(kind: object) -> str:
    text = kind.__name__ if isinstance(kind, type) else str(kind)
    return re.sub(r"powermem\.types\.", "", text).replace("|", r"\|")
