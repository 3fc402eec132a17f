"""Loading a chat history into each store."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermem import AsyncMemory
from tests.support import exports
from tests.support.exports import write

pytestmark = pytest.mark.stores


@pytest.mark.parametrize("infer", [False, True])
async def test_a_history_is_loaded_once(memory: AsyncMemory, tmp_path: Path, infer: bool) -> None:
    path = write(tmp_path, "zep.json", exports.ZEP)
    first = await memory.load_history(path, user_id="ana", infer=infer)
    second = await memory.load_history(path, user_id="ana", infer=infer)
    assert (first["messages"], first["memories"], first["skipped"], first["errors"]) == (2, 1, 0, [])
    assert (second["messages"], second["memories"], second["skipped"], second["errors"]) == (0, 0, 3, [])
