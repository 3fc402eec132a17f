"""Fixtures of the tests of work in the background."""

from __future__ import annotations

from typing import Any

import pytest

from powermem._async.processing import runner
from powermem._core.wire.failure import Backoff
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """A database without memories, and a language model that answers what the test says."""
    return eager(config, api)


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    """The language model; until it is told otherwise it repeats what users say."""
    model.repeats()
    return model


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once what has failed."""
    monkeypatch.setattr(runner, "_RETRIES", Backoff(base=0.01, cap=0.02))
