"""What a process loads and compiles until the first result of a search."""

from __future__ import annotations

import json
import subprocess
import sys

MOST_MODULES = 225
"""Modules of this package; each costs about half a millisecond."""

MOST_EXPRESSIONS = 40
"""Expressions of this package that are compiled, of some 700."""

MOST_DATACLASSES = 65
"""Dataclasses of this package; each costs a third of a millisecond, and a named tuple a third of that."""

UNUSED = (
    "powermem._async",
    "powermem._core.embedding.e5",
    "powermem._core.grounding",
    "powermem._core.histories",
    "powermem._core.changes.superseding",
    "powermem._core.parsing",
    "powermem._core.results.tables",
    "powermem._core.rules.claims",
    "powermem._core.rules.dates.foreign",
    "powermem._core.rules.extraction",
    "powermem._core.rules.frames",
    "powermem._core.rules.languages",
    "powermem._core.wire.sigv4",
    "powermem.cli",
    "powermem.config.environment",
    "powermem.server",
    "anyio._backends",
    "difflib",
    "dotenv",
    "email.parser",
    "html",
    "rich",
    "urllib.request",
)

_FIRST_RESULT = """
import json, re, sys
from dataclasses import is_dataclass
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
classes = {
    kept
    for name, module in list(sys.modules.items()) if name.startswith("powermem.")
    for kept in vars(module).values() if isinstance(kept, type) and is_dataclass(kept)
}
made = sum(one.__module__.startswith("powermem.") for one in classes)
print(json.dumps([len(found), sorted(sys.modules), len(ours), made]))
"""


def test_a_process_loads_and_compiles_what_its_first_result_uses() -> None:
    done = subprocess.run([sys.executable, "-c", _FIRST_RESULT], capture_output=True, text=True, check=True)
    found, modules, expressions, dataclasses = json.loads(done.stdout)
    assert found == 1
    unused = [name for name in modules if name.startswith(UNUSED)]
    assert unused == []
    ours = [name for name in modules if name.startswith("powermem.")]
    assert len(ours) <= MOST_MODULES
    assert expressions <= MOST_EXPRESSIONS
    assert dataclasses <= MOST_DATACLASSES
