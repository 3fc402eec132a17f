"""What a process loads and compiles until the first result of a search."""

from __future__ import annotations

import json
import subprocess
import sys

MOST_MODULES = 260
"""Modules of this package; each costs about half a millisecond."""

MOST_EXPRESSIONS = 40
"""Expressions of this package that are compiled, of some 700."""

UNUSED = (
    "powermem._async",
    "powermem._core.embedding.e5",
    "powermem._core.grounding",
    "powermem._core.histories",
    "powermem._core.parsing.decisions",
    "powermem._core.rules.claims.english",
    "powermem._core.rules.extraction",
    "powermem._core.rules.frames",
    "powermem._core.rules.languages",
    "powermem._core.wire.sigv4",
    "powermem.cli",
    "powermem.server",
    "anyio._backends",
    "email.parser",
    "rich",
    "urllib.request",
)

_FIRST_RESULT = """
import json, re, sys
compiled, compile = [], re.compile
def counting(source, flags=0):
    compiled.append(sys._getframe(1).f_globals["__name__"])
    return compile(source, flags)
re.compile = counting

from powermem import Memory
with Memory({
    "vector_store": {"config": {"database_path": ":memory:"}},
    "embedder": {"provider": "mock"}, "llm": {"provider": "none"},
}) as memory:
    memory.add("I live in Rome.", user_id="ana", infer=False)
    found = memory.search("Where does she live?", user_id="ana")["results"]
ours = [name for name in compiled if name.startswith("powermem.")]
print(json.dumps([len(found), sorted(sys.modules), len(ours)]))
"""


def test_a_process_loads_and_compiles_what_its_first_result_uses() -> None:
    done = subprocess.run([sys.executable, "-c", _FIRST_RESULT], capture_output=True, text=True, check=True)
    found, modules, expressions = json.loads(done.stdout)
    assert found == 1
    unused = [name for name in modules if name.startswith(UNUSED)]
    assert unused == []
    ours = [name for name in modules if name.startswith("powermem.")]
    assert len(ours) <= MOST_MODULES
    assert expressions <= MOST_EXPRESSIONS
