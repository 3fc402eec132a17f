"""``powermem config init``: ask for a configuration, and write it to a ``.env`` file."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dotenv import dotenv_values, set_key

from .._core.masking import MASK
from . import asking, configuring
from .output import CommandError, Output, Part

_UNFINISHED = "config init: the answers ended too early; nothing was written"
_ask = partial(asking.ask, without=_UNFINISHED)
_agreed = partial(asking.agreed, without=_UNFINISHED)

_PLACEHOLDERS = ("change-me", "your-key", "your_password", "your_api_key_here")
"""What stands in templates for a secret that is not there yet."""

_STORES = {
    "sqlite": (("SQLITE_PATH", "./data/powermem_dev.db"),),
    "postgres": (
        ("POSTGRES_HOST", "localhost"), ("POSTGRES_PORT", "5432"), ("POSTGRES_USER", "postgres"),
        ("POSTGRES_PASSWORD", ""), ("POSTGRES_DATABASE", "postgres"),
    ),
    "mysql": (
        ("MYSQL_HOST", "localhost"), ("MYSQL_PORT", "3306"), ("MYSQL_USER", "root"),
        ("MYSQL_PASSWORD", ""), ("MYSQL_DATABASE", "powermem"),
    ),
    "oceanbase": (
        ("OCEANBASE_HOST", "127.0.0.1"), ("OCEANBASE_PORT", "2881"), ("OCEANBASE_USER", "root@test"),
        ("OCEANBASE_PASSWORD", ""), ("OCEANBASE_DATABASE", "test"),
    ),
    "seekdb": (("OCEANBASE_PATH", "./seekdb_data"),),
}  # fmt: skip
"""The variables of each database, with their defaults."""

_ASKED = ("openai", "anthropic", "voyage", "cohere", "local", "none")
"""The protocols of the providers for which a key, a model and an address are all there is to ask."""


def init(options: Namespace, output: Output) -> int:
    """Ask for a configuration, and write it."""
    target = Path(options.env_file or os.environ.get("POWERMEM_ENV_FILE") or ".env").expanduser()
    there = {name: value or "" for name, value in dotenv_values(target, interpolate=False).items()}
    known = {name: value for name, value in there.items() if value.strip().lower() not in _PLACEHOLDERS}
    chosen = {**_store(known)}
    chosen |= _model("LLM", "Language model", "none", known, {})
    chosen |= _model("EMBEDDING", "Embedder", "default", known, chosen)
    changed = {name: value for name, value in chosen.items() if there.get(name) != value}
    if not options.dry_run and changed:
        for name in changed:
            output.show(f"{name}={_shown(name, changed[name])}")
        if not _agreed(f"Write this to {target}?", default=True):
            raise CommandError("config init: nothing was written")
        _write(target, changed)
    result: dict[str, Any] = {
        "file": str(target),
        "dry_run": options.dry_run,
        "settings": {name: _shown(name, value) for name, value in changed.items()},
    }
    if not options.test or options.dry_run:
        output.print_result(result, _written)
        return 0
    if not output.as_json:
        output.print_result(result, _written)
    # The file that was written, and nothing besides it.
    return configuring.test(Namespace(**{**vars(options), "env_file": str(target), "config": None}), output)


def _store(known: Mapping[str, str]) -> dict[str, str]:
    given = known.get("DATABASE_PROVIDER", "").lower()
    store = _ask("Database", given if given in _STORES else "sqlite", choices=tuple(_STORES))
    return {"DATABASE_PROVIDER": store} | dict(_answers(_STORES[store], known))


def _answers(variables: tuple[tuple[str, str], ...], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, default in variables:
        answer = _ask(name, known.get(name) or default, secret=_is_secret(name))
        if answer:
            yield name, answer


def _model(
    prefix: str, title: str, usual: str, known: Mapping[str, str], chosen: Mapping[str, str]
) -> dict[str, str]:
    from ..config.tables import EMBEDDERS, LLMS

    rows = {
        name: row
        for name, row in (LLMS if prefix == "LLM" else EMBEDDERS).items()
        if row.protocol in _ASKED and not row.instead
    }
    given = known.get(f"{prefix}_PROVIDER", "").lower()
    row = rows[_ask(title, given if given in rows else usual, choices=tuple(rows))]
    answers = {f"{prefix}_PROVIDER": row.name}
    if row.protocol in ("none", "local"):
        return answers
    same = row.name == given
    if row.base_url is None:
        answers[f"{prefix}_BASE_URL"] = _ask(
            f"{prefix}_BASE_URL", known.get(f"{prefix}_BASE_URL", "") if same else ""
        )
    if row.needs_key:
        default = known.get(f"{prefix}_API_KEY", "") if same else ""
        if not default and chosen.get("LLM_PROVIDER") == row.name:
            default = chosen.get("LLM_API_KEY", "")
        answers[f"{prefix}_API_KEY"] = _ask(f"{prefix}_API_KEY", default, secret=True)
    model = known.get(f"{prefix}_MODEL") if same else None
    answers[f"{prefix}_MODEL"] = _ask(f"{prefix}_MODEL", model or row.model or "")
    return {name: value for name, value in answers.items() if value}


def _write(target: Path, changed: Mapping[str, str]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # It is going to hold keys.
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
        for name, value in changed.items():
            set_key(target, name, value, quote_mode="auto")
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from None


def _is_secret(name: str) -> bool:
    return name.endswith(("_API_KEY", "_PASSWORD"))


def _shown(name: str, value: str) -> str:
    return MASK if value and _is_secret(name) else value


def _written(result: Mapping[str, Any]) -> Iterator[Part]:
    if not result["settings"]:
        yield f"{result['file']} has these settings already"
    elif result["dry_run"]:
        yield from (f"{name}={value}" for name, value in result["settings"].items())
        yield f"{result['file']} was not changed"
    else:
        yield f"written to {result['file']}"
