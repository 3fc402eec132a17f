# Generated from tests/_async/stores/test_histories.py by scripts/run_unasync.py; edit that file instead.
"""Loading a chat history into each store."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermem import Memory
from tests.support import exports
from tests.support.exports import write

pytestmark = pytest.mark.stores


@pytest.mark.parametrize("infer", [False, True])
def test_a_history_is_loaded_once(memory: Memory, tmp_path: Path, infer: bool) -> None:
    path = write(tmp_path, "zep.json", exports.ZEP)
    first = memory.load_history(path, user_id="ana", infer=infer)
    second = memory.load_history(path, user_id="ana", infer=infer)
    assert (first["messages"], first["memories"], first["skipped"], first["errors"]) == (2, 1, 0, [])
    assert (second["messages"], second["memories"], second["skipped"], second["errors"]) == (0, 0, 3, [])
