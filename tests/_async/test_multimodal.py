"""Messages with images, recordings and files."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError, NotFoundError
from tests._async.patience import async_comes, async_known
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, eager, heard

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/dog.png"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
NOTES = {
    "type": "file",
    "file": {
        "filename": "notes.txt",
        "file_data": f"data:text/plain;base64,{base64.b64encode(b'Ana plays the violin').decode()}",
    },
}


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    seeing = eager(config, api)
    seeing["llm"]["config"]["enable_vision"] = True
    keys = {"api_key": "sk-test", "base_url": api.url, "max_retries": 0}
    return {**seeing, "audio_llm": {"provider": "openai", "config": keys}}


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    model.repeats()
    return model


def say(*content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(content)}]


async def status(memory: AsyncMemory, task_id: str) -> str:
    return str((await memory.get_status(task_id))["status"])


@pytest.mark.parametrize("mode", [False, True, "sync", "async"])
async def test_whatever_is_not_text_goes_the_background_way(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, mode: Any
) -> None:
    model.sees("A brown dog named Rex.")
    api.on_audio = lambda fields: "I moved to Porto."

    result = await memory.add(
        say({"type": "text", "text": "Look at us"}, IMAGE, SOUND), user_id="ana", async_mode=mode
    )

    assert result["status"] == "running"
    (rough,) = result["results"]
    assert rough["memory"].endswith("]: Look at us [image] [audio]\n")
    await memory.wait_for_processing("ana")
    done = await memory.get_status(result["task_id"])
    assert (done["status"], done["error"]) == ("completed", None)
    assert await async_known(memory, "ana") == [
        "Look at us",
        "[image: A brown dog named Rex.]\nUser moved to Porto.",
    ]
    (view,) = model.views
    assert view[1]["content"] == [IMAGE]


async def test_turns_in_the_buffer_may_have_parts(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.sees("A brown dog.")
    await memory.add_exchange("ana", [IMAGE], "Nice dog!")
    await memory.add_message("ana", "user", [NOTES])
    assert model.calls == 0
    assert await memory.process("ana") == 2
    assert heard(model.extractions) == [
        "[image: A brown dog.]",
        "Nice dog!",
        "[file notes.txt]\nAna plays the violin",
    ]


@pytest.mark.stores
async def test_a_model_that_is_missing_is_named_and_the_text_is_processed(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    blind = {
        **config,
        "llm": {**config["llm"], "config": {**config["llm"]["config"], "enable_vision": False}},
    }
    async with AsyncMemory(blind) as memory:
        result = await memory.add(say("I like tea", IMAGE), user_id="ana")
        await async_comes(lambda: status(memory, result["task_id"]), "failed")
        told = await memory.get_status(result["task_id"])
        assert "llm.config.enable_vision" in told["error"]
        # What was said in words is known, and the rough memory still tells of the image.
        assert "User likes tea" in await async_known(memory, "ana")
        assert any("[image]" in text for text in await async_known(memory, "ana"))
    model.sees("A brown dog.")
    async with AsyncMemory(config) as memory:
        task = await memory.retry_task(result["task_id"])
        assert await task.wait(120) >= 1
        assert await async_known(memory, "ana") == ["User likes tea", "[image: A brown dog.]"]
    assert heard(model.extractions) == ["I like tea", "[image: A brown dog.]"]


async def test_without_a_transcriber_a_recording_fails_the_task(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    async with AsyncMemory({**config, "audio_llm": None}) as memory:
        result = await memory.add(say(SOUND), user_id="ana")
        await async_comes(lambda: status(memory, result["task_id"]), "failed")
        assert "audio_llm.provider" in (await memory.get_status(result["task_id"]))["error"]


async def test_rules_read_what_was_said_in_a_recording(config: dict[str, Any], api: ApiServer) -> None:
    api.on_audio = lambda fields: "I love hiking in the Alps."
    async with AsyncMemory({**config, "llm": {"provider": "none"}}) as memory:
        await memory.add_message("ana", "user", [SOUND])
        assert await memory.process("ana") == 1
        (preference,) = await memory.get_preferences("ana")
        assert preference["preference_type"] == "explicit_preference"
        assert "hiking in the Alps" in preference["preference"]


async def test_a_provider_that_fails_for_a_while_is_asked_again(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    api.script.append(failure(500))
    model.sees("A brown dog.")
    async with AsyncMemory(config, max_retries=2) as memory:
        await memory.add(say(IMAGE), user_id="ana")
        await memory.wait_for_processing("ana")
        assert await async_known(memory, "ana") == ["[image: A brown dog.]"]


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}, "'video_url'"),
        ({"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}, "image/png"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "midi"}}, "format"),
    ],
)
async def test_what_cannot_be_remembered_is_refused(
    memory: AsyncMemory, part: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInputError, match=named):
        await memory.add(say(part), user_id="ana")
    with pytest.raises(InvalidInputError, match=named):
        await memory.add_message("ana", "user", [part])
    assert await async_known(memory, "ana") == []
    # What stands beside it is remembered: no task has to wait for the part.
    assert (await memory.add(say("I live in Rome.", part), user_id="ana", infer=False))[
        "status"
    ] == "completed"
    assert await memory.count(user_id="ana") == 1


async def test_a_task_is_nobody_else_s(memory: AsyncMemory, model: ScriptedModel) -> None:
    result = await memory.add(say(NOTES), user_id="ana")
    with pytest.raises(NotFoundError):
        await memory.get_status(result["task_id"], user_id="bob")
    await memory.wait_for_processing("ana")
