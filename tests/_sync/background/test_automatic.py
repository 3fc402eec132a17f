# Generated from tests/_async/background/test_automatic.py by scripts/run_unasync.py; edit that file instead.
"""Processing that begins by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import Memory, StoreUnavailableError
from powermem._concurrency import gather
from tests._sync.patience import comes, known, until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, heard, hold


def talk(memory: Memory, numbers: range, user_id: str = "ana") -> None:
    for number in numbers:
        memory.add_exchange(user_id, f"note {number}", "Noted.")


def test_the_fifth_exchange_begins_it(config: dict[str, Any], model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    with Memory(config, auto_process=True, batch_threshold=10) as memory:
        talk(memory, range(4))
        assert memory.list_tasks() == []
        talk(memory, range(4, 5))
        until(lambda: model.calls == 1)
        assert len(memory.list_tasks()) == 1
        api.release()
        memory.wait_for_processing()
        assert memory.count() == 5
        assert model.calls == 1
        assert known(memory) == [f"note {number}" for number in range(5)]


def test_messages_count_as_well(config: dict[str, Any], model: ScriptedModel) -> None:
    with Memory(config, auto_process=True, batch_threshold=3) as memory:
        memory.add_message("ana", "user", "Ana likes tea")
        memory.add_message("ana", "user", "Ana lives in Porto")
        memory.add_message("bo", "user", "Ana likes coffee")
        assert memory.list_tasks() == []
        memory.add_message("ana", "assistant", "Noted.")
        memory.wait_for_processing()
        assert memory.count() == 2
        assert known(memory) == ["Ana likes tea", "Ana lives in Porto"]


def test_it_is_off_unless_asked_for(memory: Memory, model: ScriptedModel) -> None:
    talk(memory, range(20))
    assert (memory.list_tasks(), model.calls) == ([], 0)


def test_it_begins_again_and_again(config: dict[str, Any], model: ScriptedModel) -> None:
    with Memory(config, auto_process=True, batch_threshold=2) as memory:
        talk(memory, range(12))
        comes(memory.count, 12)
        memory.wait_for_processing()
        assert len(heard(model.extractions)) == 24


def test_what_comes_while_it_runs_needs_no_further_push(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    with Memory(config, auto_process=True, batch_threshold=2) as memory:
        talk(memory, range(1))
        until(lambda: model.calls == 1)
        comes(lambda: running(memory), 1)
        talk(memory, range(1, 9))
        # One task for all that came, not one for each.
        assert len(memory.list_tasks()) == 2
        api.release()
        comes(memory.count, 9)


def running(memory: Memory) -> int:
    return len(memory.list_tasks(status="running"))


def test_many_at_once_begin_it_once(config: dict[str, Any], model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    with Memory(config, auto_process=True, batch_threshold=10) as memory:
        calls = [partial(memory.add_message, "ana", "user", f"note {number}") for number in range(10)]
        gather(calls)
        until(lambda: model.calls == 1)
        assert len(memory.list_tasks()) == 1
        api.release()
        memory.wait_for_processing()
        assert memory.count() == 10


def test_a_failure_does_not_end_it(config: dict[str, Any], model: ScriptedModel, api: ApiServer) -> None:
    with Memory(config, auto_process=True, batch_threshold=2, max_retries=0) as memory:
        api.script.append(failure(400))
        talk(memory, range(1))
        memory.wait_for_processing()
        assert len(memory.list_tasks(status="failed")) == 1
        talk(memory, range(1, 2))
        memory.wait_for_processing()
        assert memory.count() == 1
        assert memory.flush() == 1
        assert known(memory) == ["note 0", "note 1"]


def test_it_counts_what_was_there_before(config: dict[str, Any], model: ScriptedModel) -> None:
    with Memory(config) as memory:
        talk(memory, range(4))
    with Memory(config, auto_process=True, batch_threshold=10) as memory:
        talk(memory, range(4, 5))
        memory.wait_for_processing()
        assert memory.count() == 5


def test_without_a_model_rules_begin_by_themselves_too(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    with Memory(config, auto_process=True, batch_threshold=2) as memory:
        memory.add_exchange("ana", "My name is Ana and I like tea.", "Noted.")
        assert memory.wait_for_processing() >= 1


def test_a_turn_that_is_kept_is_not_called_lost(
    config: dict[str, Any],
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*anything: Any) -> int:
        raise StoreUnavailableError("the server went away")

    with Memory(config, auto_process=True, batch_threshold=2) as memory:
        memory.add_message("ana", "user", "Ana likes tea")
        assert memory._access.components is not None
        with monkeypatch.context() as patch:
            patch.setattr(memory._access.components.store, "count_buffered", fail)
            memory.add_message("ana", "user", "Ana lives in Porto")
        assert "went away" in caplog.text
        memory.add_message("ana", "user", "Ana plays the violin")
        comes(memory.count, 3)
