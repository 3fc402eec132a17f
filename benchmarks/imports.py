"""What importing and installing costs."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .measure import ROOT, interleave, seconds
from .report import Figure, figure

_LOADS = """
import sys
before = set(sys.modules)
import powermem
new = [name for name in set(sys.modules) - before if "." not in name]
standard = sys.stdlib_module_names | {"powermem"}
print(len(set(sys.modules) - before), *sorted(name for name in new if name not in standard))
"""
_INSTALLED = """
import importlib.metadata, json
names = {found.name.lower() for found in importlib.metadata.distributions()}
print(json.dumps(sorted(names)))
"""
_FIRST_ADD = """
from powermem import Memory
config = {"vector_store": {"config": {"database_path": ":memory:"}}, "embedder": {"provider": "none"}}
memory = Memory(config)
"""
_ADD = "memory.add('I live in Rome.', user_id='ana')"
_MOST_SECONDS, _MOST_PACKAGES = 0.15, 15
_MOST_NUMPYS = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--install", action="store_true", help="also install into a fresh environment")


def run(options: argparse.Namespace) -> list[Figure]:
    statements = {
        "pass": "pass",
        "import": "import powermem",
        "memory": "from powermem import Memory",
        "async": "from powermem import AsyncMemory",
        "numpy": "import numpy",
        "memory(config)": _FIRST_ADD,
        "first add": _FIRST_ADD + _ADD,
    }
    calls: dict[str, Callable[[], float]] = {
        name: partial(_milliseconds, statements[name]) for name in ("pass", "import", "memory", "async")
    }
    for call in calls.values():
        call()
    samples = interleave(max(options.rounds, 15), calls)
    processor = interleave(
        max(options.rounds, 15),
        {name: partial(_processor_milliseconds, statement) for name, statement in statements.items()},
    )
    empty = statistics.median(samples["pass"])
    loaded, *foreign = _output(_LOADS).split()
    figures = [
        figure(
            "a process that does `import powermem`",
            samples["import"],
            "ms",
            note=f"{loaded} modules; not of the standard library: {', '.join(foreign) or 'none'}",
            floor=samples["pass"],
            beside="`pass`",
        ),
        figure(
            "`import powermem` alone",
            [one - empty for one in samples["import"]],
            "ms",
            target=f"at most {_MOST_SECONDS * 1000:.0f}",
        ),
    ]
    figures += [
        figure(
            f"a process that does `{statements[name]}`",
            samples[name],
            "ms",
            floor=samples["pass"],
            beside="`pass`",
        )
        for name in ("memory", "async")
    ]
    figures += [
        figure(
            f"processor time of `{statements[name]}`, beside that of `import numpy`",
            processor[name],
            "ms",
            floor=processor["numpy"],
            beside="`import numpy`",
            target=f"at most {_MOST_NUMPYS:g} times",
        )
        for name in ("memory", "async")
    ]
    figures += [
        figure(
            f"processor time to the {what}",
            processor[name],
            "ms",
            floor=processor["memory"],
            beside="the import",
        )
        for name, what in (
            ("memory(config)", "first `Memory(config)`"),
            ("first add", "end of the first `add`"),
        )
    ]
    return figures + (_install() if options.install else [])


def _milliseconds(statement: str) -> float:
    command = [sys.executable, "-c", statement]
    return seconds(partial(subprocess.run, command, check=True, cwd=ROOT)) * 1000


def _processor_milliseconds(statement: str) -> float:
    return float(_output(f"{statement}\nimport time; print(time.process_time())")) * 1000


def _output(code: str, python: str = sys.executable) -> str:
    return subprocess.run(
        [python, "-c", code], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ).stdout


def _install() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        # Without pip inside: only what the library itself brings is counted.
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = next(str(Path(folder, place)) for place in _PYTHONS if Path(folder, place).exists())
        pip = [sys.executable, "-m", "pip", "--python", python]
        took = seconds(
            partial(
                subprocess.run,
                [*pip, "install", "--quiet", "--no-compile", "--disable-pip-version-check", str(ROOT)],
                check=True,
            )
        )
        packages = json.loads(_output(_INSTALLED, python))
        home = Path(_output("import sysconfig; print(sysconfig.get_path('purelib'))", python).strip())
        sizes = {
            name: sum(file.stat().st_size for file in (home / name).rglob("*") if file.is_file())
            for name in ("", "numpy", "numpy.libs", "powermem")
        }
    mib = {name: size / 2**20 for name, size in sizes.items()}
    return [
        Figure(
            "packages that the base install brings",
            len(packages),
            "packages",
            note=", ".join(packages),
            target=f"at most {_MOST_PACKAGES}",
        ),
        Figure(
            "size of the base install, not compiled",
            mib[""],
            "MiB",
            note=f"numpy {mib['numpy'] + mib['numpy.libs']:.0f}, powermem {mib['powermem']:.1f}",
        ),
        Figure("installing it", took, "s", note=f"pip {importlib.metadata.version('pip')}"),
    ]


_PYTHONS = ("bin/python", "Scripts/python.exe")
