"""Dividing a long conversation into topics by a language model."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from powermem._async.extraction.extractor import AsyncExtractor
from powermem._async.providers.factory import build_llm
from powermem._async.providers.http import AsyncHTTPClient
from powermem._core.values import Message, Usage
from powermem.config import resolve
from tests.support.apiserver import EMPTY, NO_MONEY, ApiServer, Behaviour, failure, page, too_long
from tests.support.scripted import ScriptedModel, openai_llm, shown


@pytest.fixture
async def extractor(api: ApiServer) -> AsyncIterator[AsyncExtractor]:
    http = AsyncHTTPClient()
    yield AsyncExtractor(build_llm(resolve({"llm": openai_llm(api)}).llm, http))
    await http.close()


def talk(length: int) -> list[Message]:
    return [Message("user", f"turn {number}") for number in range(length)]


async def test_a_short_one_is_left_whole(extractor: AsyncExtractor, model: ScriptedModel) -> None:
    usage = Usage()
    assert await extractor.segment(talk(20), usage) == [list(range(20))]
    assert await extractor.segment([], usage) == []
    assert (model.calls, usage.llm_calls) == (0, 0)


async def test_topics_may_be_interleaved(extractor: AsyncExtractor, model: ScriptedModel) -> None:
    model.divides([[0, 1, 4, *range(10, 21)], [2, 3, *range(5, 10)]])
    usage = Usage()

    groups = await extractor.segment(talk(21), usage)

    assert groups == [[0, 1, 4, *range(10, 21)], [2, 3, *range(5, 10)]]
    assert usage.llm_calls == 1
    (asked,) = model.segmentations
    assert [turn["text"] for turn in shown(asked, "conversation")][:2] == ["turn 0", "turn 1"]


async def test_very_long_ones_are_looked_at_in_pieces(
    extractor: AsyncExtractor, model: ScriptedModel
) -> None:
    model.divides([[0, 1], [2]], [[0]], [[0, 2], [1]])
    groups = await extractor.segment(talk(403), Usage())
    assert [len(shown(asked, "conversation")) for asked in model.segmentations] == [134, 134, 135]
    assert groups[0] == [0, 1]
    assert groups[2] == list(range(134, 268))
    assert groups[3][:2] == [268, 270]
    assert sorted(index for group in groups for index in group) == list(range(403))


@pytest.mark.parametrize("answer", ["No idea.", '{"segments": []}', ""])
async def test_an_answer_nobody_can_read_divides_nothing(
    extractor: AsyncExtractor, model: ScriptedModel, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    model.divides(answer)
    usage = Usage()
    with caplog.at_level(logging.WARNING, logger="powermem"):
        assert await extractor.segment(talk(30), usage) == [list(range(30))]
    assert (model.calls, usage.llm_calls) == (1, 1)
    (record,) = caplog.records
    assert "30 messages stay together" in record.getMessage()
    assert "turn 1" not in record.getMessage()


@pytest.mark.parametrize("behaviour", [failure(500), failure(401), too_long(), page(), EMPTY, NO_MONEY])
async def test_without_an_answer_nothing_is_divided(
    extractor: AsyncExtractor, api: ApiServer, behaviour: Behaviour
) -> None:
    api.script.append(behaviour)
    usage = Usage()
    assert await extractor.segment(talk(30), usage) == [list(range(30))]
    assert "30 messages stay together" in usage.warnings[0]


async def test_no_model_is_asked_about_nothing(extractor: AsyncExtractor, model: ScriptedModel) -> None:
    assert await extractor.segment([Message("tool", "42")] * 30, Usage()) == [list(range(30))]
    assert model.calls == 0


async def test_rules_divide_nothing() -> None:
    assert await AsyncExtractor(None).segment(talk(99), Usage()) == [list(range(99))]


async def test_preferences_come_with_the_facts(extractor: AsyncExtractor, model: ScriptedModel) -> None:
    model.says(
        '{"facts": [{"text": "Ana chose 7 Days Inn"}], "preferences": [{"type": "implicit", "preference": '
        '"Ana may prefer cheap hotels", "reasoning": "7 Days Inn is cheap."}]}'
    )
    usage = Usage()

    found: Any = await extractor.extract([Message("user", "7 Days Inn")], today=0, prompt=None, usage=usage)

    assert [fact.text for fact in found.facts] == ["Ana chose 7 Days Inn"]
    assert [item.kind for item in found.preferences] == ["implicit_preference"]
    assert usage.llm_calls == 1


async def test_rules_tell_preferences_too() -> None:
    found = await AsyncExtractor(None).extract(
        [Message("user", "I love hiking. I live in Oslo.")], today=0, prompt=None, usage=Usage()
    )
    assert [item.kind for item in found.preferences] == ["explicit_preference"]
