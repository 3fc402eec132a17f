"""``powermem config``: show, validate and test."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ..errors import PowerMemError
from . import views
from .configuration import configuration, open_memory
from .output import Output, Part, UsageError, print_error

if TYPE_CHECKING:
    from .._sync.providers.http import HTTPClient
    from ..config import Settings

_QUESTION = [{"role": "user", "content": "Say 'test' and nothing else."}]

Outcome = dict[str, Any]
"""The status of a component, ``"success"``, ``"failed"`` or ``"skipped"``, a message, and details."""


def show(options: Namespace, output: Output) -> int:
    """Show the configuration, or a section of it."""
    from ..config import MemoryConfig

    if options.show_secrets:
        raise UsageError("config show: --show-secrets does not exist here; read the .env file itself")
    shown = MemoryConfig(**configuration(options)).masked()
    if options.section != "all":
        if options.section not in shown:
            raise UsageError(
                f"config show: there is no section {options.section!r}; there are {', '.join(shown)}"
            )
        shown = {options.section: shown[options.section]}
    output.print_result(shown, views.configuration)
    return 0


def validate(options: Namespace, output: Output) -> int:
    """Check the configuration, without opening anything unless that is asked for."""
    problems, warnings = _problems(options)
    if options.strict:
        problems, warnings = problems + warnings, []
    if not problems and options.check_connectivity:
        tried = {name: _TRIALS[name](options) for name in ("llm", "embedder")}
        problems = [f"{name}: {one['message']}" for name, one in tried.items() if one["status"] == "failed"]
    if not output.as_json:
        for problem in problems:
            print_error(problem)
    output.print_result({"valid": not problems, "errors": problems, "warnings": warnings}, views.validity)
    return 1 if problems else 0


def _problems(options: Namespace) -> tuple[list[str], list[str]]:
    from ..config import resolve
    from ..config.registry import require_available
    from ..errors import ConfigError

    try:
        settings = resolve(configuration(options))
        require_available(settings.store.provider)
    except ConfigError as error:
        return str(error).splitlines(), []
    return [], [f"{name}: this setting has no effect" for name in settings.ignored]


def test(options: Namespace, output: Output) -> int:
    """Try the components that the configuration names."""
    names = list(_TRIALS) if options.component == "all" else [options.component]
    results = {name: _TRIALS[name](options) if name in names else None for name in _TRIALS}
    output.print_result(results, _tried)
    return 1 if any(one is not None and one["status"] == "failed" for one in results.values()) else 0


def _database(options: Namespace) -> Outcome:
    def trial() -> Outcome:
        with open_memory(options) as memory:
            numbers = memory.get_statistics()
        return _success("the database answers", total_memories=numbers["total_memories"])

    return _outcome(trial)


def _llm(options: Namespace) -> Outcome:
    from .._sync.providers.factory import build_llm

    def trial() -> Outcome:
        settings = _settings(options)
        with closing(_http(settings)) as http:
            model = build_llm(settings.llm, http)
            if model is None:
                return _skipped("no language model is configured; rules find facts")
            answer = model.complete(_QUESTION)
        return _success(f"{model.model} answers", response_length=len(answer.text))

    return _outcome(trial)


def _embedder(options: Namespace) -> Outcome:
    from .._sync.providers.factory import build_embedder

    def trial() -> Outcome:
        settings = _settings(options)
        with closing(_http(settings)) as http:
            embedder = build_embedder(settings.embedder, http)
            if embedder is None:
                return _skipped("no embedder is configured; search goes by words")
            with closing(embedder):
                vectors = embedder.embed(["test"])
        return _success(f"{embedder.model} answers", dimensions=int(vectors.shape[1]))

    return _outcome(trial)


_TRIALS: Mapping[str, Callable[[Namespace], Outcome]] = {
    "database": _database,
    "llm": _llm,
    "embedder": _embedder,
}


def _settings(options: Namespace) -> Settings:
    from ..config import resolve

    return resolve(configuration(options))


def _http(settings: Settings) -> HTTPClient:
    from .._sync.providers.http import HTTPClient

    return HTTPClient(
        connect_timeout=settings.http.connect_timeout,
        read_timeout=settings.http.read_timeout,
        max_retries=settings.http.max_retries,
        max_connections=settings.http.max_connections,
    )


def _outcome(trial: Callable[[], Outcome]) -> Outcome:
    try:
        return trial()
    except PowerMemError as error:
        return {"status": "failed", "message": str(error)}


def _success(message: str, **details: int) -> Outcome:
    return {"status": "success", "message": message, "details": details}


def _skipped(message: str) -> Outcome:
    return {"status": "skipped", "message": message}


def _tried(results: Mapping[str, Outcome | None]) -> Iterator[Part]:
    rows = [(name, f"{one['status']}: {one['message']}") for name, one in results.items() if one is not None]
    yield views.pairs(rows)
