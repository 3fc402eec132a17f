"""Days are those of the speaker's calendar, however a moment is given and whatever becomes of it."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from powermem import AsyncMemory, ConfigError, InvalidInputError
from powermem._core import clock
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager, shown

# In UTC it is a day later.
EVENING = "2026-04-22T22:30:00-04:00"
CAT = "Yesterday I adopted a cat."
CAT_ON_THE_21ST = "Yesterday (21 April 2026) I adopted a cat."
NEW_YORK = ZoneInfo("America/New_York")


async def known(memory: AsyncMemory, user_id: str = "ana") -> list[str]:
    listed = await memory.get_all(user_id=user_id, sort_by="id", order="asc")
    return [item["memory"] for item in listed["results"]]


@pytest.mark.parametrize(
    ("moment", "more"),
    [
        (EVENING, {}),
        (datetime(2026, 4, 22, 22, 30, tzinfo=timezone(timedelta(hours=-4))), {}),
        (datetime(2026, 4, 22, 22, 30, tzinfo=NEW_YORK), {}),
        (EVENING, {"timezone": "Asia/Tokyo"}),
        ("2026-04-22T22:30:00", {"timezone": "America/New_York"}),
        (datetime(2026, 4, 22, 22, 30), {"timezone": "America/New_York"}),
        (datetime(2026, 4, 22, 22, 30), {"timezone": NEW_YORK}),
        ("2026-04-23T02:30:00Z", {"timezone": "America/New_York"}),
        (1_776_911_400, {"timezone": "America/New_York"}),
        ("2026-04-22T00:10:00+14:00", {}),
        ("2026-04-22T23:50:00-11:00", {}),
        ("2026-04-22T00:15:00+05:30", {}),
    ],
)
async def test_the_day_is_the_speakers(memory: AsyncMemory, moment: Any, more: dict[str, Any]) -> None:
    await memory.add(CAT, user_id="ana", timestamp=moment, **more)
    await memory.add({"role": "user", "content": CAT, "timestamp": moment}, user_id="ben", **more)
    await memory.add({"role": "user", "content": CAT, "created_at": moment}, user_id="cat", **more)
    await memory.add_exchange("dan", CAT, "Lovely!", timestamp=moment, **more)
    await memory.add_message("eve", "user", CAT, timestamp=moment, **more)
    items = [{"messages": CAT, "user_id": "fay", "timestamp": moment, **more}]
    assert (await memory.add_many(items))["added"] == 1
    await memory.add(CAT, user_id="gus", timestamp=moment, async_mode=True, **more)
    await memory.flush()
    await memory.wait_for_processing()
    for user_id in ("ana", "ben", "cat", "dan", "eve", "fay", "gus"):
        assert await known(memory, user_id) == [CAT_ON_THE_21ST], user_id
        assert "[22 April 2026] Yesterday" in await memory.context("cat", user_id=user_id)


@pytest.mark.stores
async def test_offsets_are_kept_on_every_store(memory: AsyncMemory, config: dict[str, Any]) -> None:
    await memory.add_exchange("ana", CAT, "Lovely!", timestamp=EVENING)
    assert await memory.process("ana") == 1
    assert await known(memory) == [CAT_ON_THE_21ST]
    (record,) = (await memory.get_all(user_id="ana"))["results"]
    # What is shown to programs stays UTC.
    assert record["valid_from"] == "2026-04-23T02:30:00+00:00"
    assert [turn["sent_at"] for turn in await memory.sources(record["id"])] == [record["valid_from"]]
    assert "[22 April 2026] Yesterday" in await memory.context("cat", user_id="ana")
    for asked in ("What happened on 21 April 2026?", "What did I say on 22 April 2026?"):
        (hit,) = (await memory.search(asked, user_id="ana", explain=True))["results"]
        assert hit["score_details"]["period"] > 1, asked
    await memory.update(record["id"], "I adopted a cat called Miso.")
    assert "[22 April 2026] I adopted" in await memory.context("cat", user_id="ana")


async def test_offsets_move_with_what_they_belong_to(memory: AsyncMemory, config: dict[str, Any]) -> None:
    await memory.add(CAT, user_id="ana", timestamp=EVENING)
    file = io.StringIO()
    await memory.export_memories(file)
    exported = file.getvalue()
    assert exported.count('"utc_offset":-14400') == 2
    await memory.reset()
    # What was exported before there were offsets counts as UTC.
    before = exported.replace(',"utc_offset":-14400', "")
    assert "utc_offset" not in before
    assert (await memory.import_memories(io.StringIO(before)))["imported"] == 1
    assert "[23 April 2026]" in await memory.context("cat", user_id="ana")
    await memory.reset()
    assert (await memory.import_memories(io.StringIO(exported)))["imported"] == 1
    assert "[22 April 2026]" in await memory.context("cat", user_id="ana")
    again = io.StringIO()
    await memory.export_memories(again)
    assert again.getvalue().count('"utc_offset":-14400') == 2
    spoilt = exported.replace('"utc_offset":-14400', '"utc_offset":86400')
    await memory.reset()
    told = await memory.import_memories(io.StringIO(spoilt))
    assert (told["imported"], told["failed"]) == (0, 2)
    assert "utc_offset" in str(told["errors"])


async def test_the_configured_zone_is_that_of_times_without_one(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.parse("2026-04-23T02:30:00Z")
    monkeypatch.setattr(clock, "now", lambda: now)
    config = {**config, "timezone": "America/New_York"}
    async with AsyncMemory(config) as memory:
        # Without any time, what is said is said now.
        await memory.add(CAT, user_id="ana")
        await memory.add_message("ben", "user", CAT)
        memory.attribution("cat")
        await memory.observe(CAT, "Lovely!")
        assert await memory.augmentation.wait(120)
        await memory.flush()
        for user_id in ("ana", "ben", "cat"):
            assert await known(memory, user_id) == [CAT_ON_THE_21ST]
        await memory.add("I like tea.", user_id="dan", timestamp="2026-04-22T23:00:00", infer=False)
        # What is asked is asked there, too.
        assert await memory.count_all(user_id="dan", filters={"valid_from": {"gte": "2026-04-22T23:00"}}) == 1
        assert await memory.count_all(user_id="dan", filters={"valid_from": {"gt": "2026-04-22T23:00"}}) == 0
        found = await memory.search("tea", user_id="dan", as_of="2026-04-22T22:59")
        assert found["results"] == []
        (hit,) = (await memory.search("what did I say today?", user_id="dan", explain=True))["results"]
        assert hit["score_details"]["period"] > 1


def test_an_unknown_zone_is_refused_with_what_may_be_meant(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="'Europe/Berln'; did you mean 'Europe/Berlin'"):
        AsyncMemory({**config, "timezone": "Europe/Berln"})


async def test_an_unknown_zone_of_a_call_loses_nothing(memory: AsyncMemory) -> None:
    with pytest.raises(InvalidInputError, match=r"timezone: .*'Berlin'; did you mean 'Europe/Berlin'"):
        await memory.add(CAT, user_id="ana", timezone="Berlin")
    with pytest.raises(InvalidInputError, match="timezone"):
        await memory.add_exchange("ana", CAT, "Lovely!", timezone="Mars/Base")
    result = await memory.add_many([{"messages": CAT, "user_id": "ana", "timezone": "Berlin"}])
    assert "Europe/Berlin" in str(result["errors"][0]["error"])
    assert await memory.process("ana") == 0
    assert await memory.count() == 0


@pytest.mark.parametrize(
    ("said", "moment", "expected"),
    [
        ("I will meet Bob next Monday.", "2026-04-26T22:30:00-04:00", "(27 April 2026)"),
        ("I will move to Rome next month.", "2026-04-30T22:30:00-04:00", "(May 2026)"),
        ("I moved to Rome this year.", "2026-12-31T23:30:00-11:00", "(2026)"),
        ("I moved to Rome last year.", "2027-01-01T00:30:00+14:00", "(2026)"),
        ("I ran a marathon last week.", "2026-04-26T23:30:00-05:00", "(week of 13 April 2026)"),
        ("I cooked ramen last night.", "2026-03-01T23:30:00-08:00", "(28 February 2026)"),
        ("I will meet Bob in two days.", "2026-02-27T20:00:00-09:30", "(1 March 2026)"),
        ("I will meet Bob tonight.", "2026-04-22T19:00:00-07:00", "(22 April 2026)"),
        ("I will meet Bob this evening.", "2026-04-22T08:00:00+09:00", "(22 April 2026)"),
        ("我昨天去了北京。", "2026-04-23T07:30:00+08:00", "（2026年4月22日）"),
        ("我下周一要去北京。", "2026-04-20T07:30:00+08:00", "（2026年4月27日）"),
    ],
)
async def test_other_words_for_days(memory: AsyncMemory, said: str, moment: str, expected: str) -> None:
    await memory.add(said, user_id="ana", timestamp=moment)
    (fact,) = await known(memory)
    assert expected in fact


async def test_a_model_is_shown_the_speakers_clock(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    model.repeats()
    async with AsyncMemory(eager(config, api)) as memory:
        await memory.add(CAT, user_id="ana", timestamp=EVENING)
        await memory.add_exchange("ana", "I met Bob.", "Lovely!", timestamp="2026-01-01T00:10:00+05:45")
        await memory.process("ana")
        rough = await memory.add("I like tea.", user_id="ana", timestamp=EVENING, async_mode=True)
        assert rough["results"][0]["memory"] == "user: [10:30 PM on 22 April, 2026 UTC-04:00]: I like tea.\n"
        await memory.wait_for_processing()
    clocks = [shown(asked, "conversation")[0]["sent"] for asked in model.extractions]
    evening = "Wednesday, 22 April 2026, 22:30 UTC-04:00"
    assert clocks == [evening, "Thursday, 1 January 2026, 00:10 UTC+05:45", evening]
    for asked in model.extractions:
        # Not the day on which it is read.
        today = f"{clock.to_datetime(clock.now()):%Y-%m-%d}"
        assert today not in str(asked)


async def test_what_a_model_dates_with_an_offset_is_of_the_day_written_there(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    model.learns({"text": "User adopted a cat.", "turn": 0, "event_date": "2026-04-21T23:00:00-04:00"})
    async with AsyncMemory(eager(config, api)) as memory:
        await memory.add(CAT, user_id="ana", timestamp=EVENING)
        (hit,) = (await memory.search("What happened on 21 April 2026?", user_id="ana", explain=True))[
            "results"
        ]
        assert hit["score_details"]["period"] > 1


async def test_records_of_other_libraries_keep_their_day(memory: AsyncMemory) -> None:
    records = [{"memory": "Likes oolong", "user_id": "ana", "created_at": "2026-04-22T22:30:00-07:00"}]
    assert (await memory.import_memories(json.dumps(records)))["imported"] == 1
    assert "[22 April 2026] Likes oolong" in await memory.context("oolong", user_id="ana")
