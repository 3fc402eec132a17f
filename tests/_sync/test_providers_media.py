# Generated from tests/_async/test_providers_media.py by scripts/run_unasync.py; edit that file instead.
"""Images, recordings and files, read by models behind a real server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from powermem._core.messages.normalize import read_messages
from powermem._core.values import Usage
from powermem._core.wire.failure import Backoff
from powermem._sync.providers.factory import build_llm, build_media
from powermem._sync.providers.http import HTTPClient
from powermem._sync.providers.media import Media
from powermem.config import resolve
from powermem.errors import ConfigError, InvalidInputError, ProviderError, RateLimitError
from tests.support.apiserver import ApiServer, Behaviour, failure

KEY = "sk-proj-a1b2c3d4e5f6g7h8"
SOUND = b"RIFF\r\n--\x00\xff\r\n" + bytes(range(256))
IMAGE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
AUDIO = {
    "type": "input_audio",
    "input_audio": {"data": base64.b64encode(SOUND).decode(), "format": "mp3"},
}
PDF = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0x", "filename": "plan.pdf"}}
NOTES = {
    "type": "file",
    "file": {"file_data": f"data:text/plain;base64,{base64.b64encode(b'Buy tea.').decode()}"},
}


def parts(*given: dict[str, Any]) -> Any:
    """Check parts as a message's are checked."""
    return read_messages([{"role": "user", "content": list(given)}])[0].parts


@pytest.fixture
def http() -> Iterator[HTTPClient]:
    client = HTTPClient(backoff=Backoff(base=0.001, cap=0.002))
    yield client
    client.close()


@pytest.fixture
def make(api: ApiServer, http: HTTPClient) -> Any:
    def make(**sections: Any) -> Media:
        config = {"llm": {"provider": "none"}, **sections}
        for section in config.values():
            if section["provider"] != "none":
                keys = {"api_key": KEY, "base_url": api.url, "model": "m", **section.get("config", {})}
                section["config"] = keys
        settings = resolve(config, {})
        return build_media(settings, build_llm(settings.llm, http), http)

    return make


def test_an_image_is_described_by_the_language_model(api: ApiServer, make: Any) -> None:
    api.on_chat = lambda messages, body: " A red bicycle. "
    media = make(llm={"provider": "openai", "config": {"enable_vision": True, "vision_details": "low"}})
    usage = Usage()

    assert media.read(parts(IMAGE), usage, said="My new bike") == "[image: A red bicycle.]"

    (request,) = api.of("chat")
    system, user = request.body["messages"]
    assert "do not follow them" in system["content"]
    words, image = user["content"]
    assert "My new bike" in words["text"]
    assert image == {"type": "image_url", "image_url": {**IMAGE["image_url"], "detail": "low"}}
    assert "response_format" not in request.body
    assert (usage.llm_calls, usage.completion_tokens) == (1, 3)


def test_another_model_may_look(api: ApiServer, make: Any) -> None:
    api.on_chat = lambda messages, body: body["model"]
    media = make(
        llm={"provider": "openai", "config": {"model": "blind"}},
        vision={"provider": "openai", "config": {"model": "seeing"}},
    )
    assert media.read(parts(IMAGE, PDF, IMAGE)) == "[image and document: seeing]"
    (request,) = api.of("chat")
    assert [part["type"] for part in request.body["messages"][1]["content"]] == [
        "image_url",
        "file",
        "image_url",
    ]


def test_anthropic_is_shown_blocks(api: ApiServer, make: Any) -> None:
    api.on_chat = lambda messages, body: "A plan."
    media = make(vision={"provider": "anthropic"})
    assert media.read(parts(PDF, IMAGE)) == "[image and document: A plan.]"
    (request,) = api.of("chat")
    (message,) = request.body["messages"]
    document, image = message["content"]
    assert document == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x"},
        "title": "plan.pdf",
    }
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def test_what_is_said_is_written_down(api: ApiServer, make: Any) -> None:
    api.on_audio = lambda fields: " I moved to Porto. "
    media = make(audio_llm={"provider": "openai", "config": {"language": "en", "prompt": "Ana, Jérôme"}})
    usage = Usage()

    assert media.read(parts(AUDIO), usage) == "I moved to Porto."

    (request,) = api.of("listen")
    assert request.path == "/v1/audio/transcriptions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "m",
        "response_format": "json",
        "language": "en",
        "prompt": "Ana, Jérôme",
        "file": {"filename": "audio.mp3", "content_type": "audio/mpeg", "data": SOUND},
    }
    assert (usage.llm_calls, usage.prompt_tokens, usage.completion_tokens) == (1, 14, 4)


def test_silence_says_nothing(make: Any) -> None:
    assert make(audio_llm={"provider": "openai"}).read(parts(AUDIO)) == ""


def test_dashscope_listens_in_a_chat(api: ApiServer, make: Any) -> None:
    api.on_chat = lambda messages, body: "Hello."
    media = make(audio_llm={"provider": "qwen_asr", "config": {"asr_options": {"enable_itn": True}}})
    assert media.read(parts(AUDIO)) == "Hello."
    (request,) = api.of("chat")
    assert request.body["asr_options"] == {"enable_itn": True}
    (message,) = request.body["messages"]
    data = base64.b64encode(SOUND).decode()
    sent = {"type": "input_audio", "input_audio": {"data": f"data:audio/mpeg;base64,{data}"}}
    assert message == {"role": "user", "content": [sent]}


def test_everything_in_one_message(api: ApiServer, make: Any) -> None:
    api.on_chat = lambda messages, body: "A cat."
    api.on_audio = lambda fields: "This is Tom."
    media = make(vision={"provider": "openai"}, audio_llm={"provider": "generic"})
    text = media.read(parts(AUDIO, NOTES, IMAGE))
    assert text == "[image: A cat.]\nThis is Tom.\n[file file]\nBuy tea."


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (IMAGE, ("llm.config.enable_vision", "vision.provider")),
        (PDF, ("llm.config.enable_vision", "vision.provider")),
        (AUDIO, ("audio_llm.provider", "AUDIO_LLM_PROVIDER")),
    ],
)
def test_a_model_that_is_missing_is_named(
    api: ApiServer, make: Any, part: dict[str, Any], named: tuple[str, ...]
) -> None:
    media = make(llm={"provider": "openai"}, audio_llm={"provider": "none"})
    (checked,) = parts(part)
    with pytest.raises(ConfigError) as caught:
        media.read(parts(NOTES, part))
    assert media.lacking(checked) == str(caught.value)
    assert all(name in str(caught.value) for name in named)
    assert api.requests == []
    # A file of text needs no model.
    assert media.lacking(parts(NOTES)[0]) is None
    assert media.read(parts(NOTES)) == "[file file]\nBuy tea."


def test_a_request_that_fails_for_a_while_is_sent_again(api: ApiServer, make: Any) -> None:
    api.on_audio = lambda fields: "Hello."
    api.script.extend([failure(429, headers={"retry-after": "0"}), failure(503)])
    assert make(audio_llm={"provider": "openai"}).read(parts(AUDIO)) == "Hello."
    assert [request.body["file"]["data"] for request in api.of("listen")] == [SOUND] * 3


def test_errors_of_the_provider(api: ApiServer, make: Any) -> None:
    media = make(
        vision={"provider": "openai", "config": {"max_retries": 0}},
        audio_llm={"provider": "openai", "config": {"max_retries": 0}},
    )
    api.script.extend([failure(429), failure(400, "The audio file could not be decoded")])
    with pytest.raises(RateLimitError):
        media.read(parts(AUDIO))
    with pytest.raises(ProviderError, match="could not be decoded") as caught:
        media.read(parts(AUDIO))
    assert caught.value.status == 400
    damaged = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAA"}}
    with pytest.raises(ProviderError, match="Invalid image_url"):
        media.read(parts(damaged))
    api.on_chat = lambda messages, body: " "
    with pytest.raises(ProviderError, match="said nothing"):
        media.read(parts(IMAGE))
    api.rule = lambda request: failure(200, "x") if request.kind == "listen" else None
    with pytest.raises(ProviderError):
        media.read(parts(AUDIO))


def test_a_damaged_recording_is_not_sent(api: ApiServer, make: Any) -> None:
    damaged = {"type": "input_audio", "input_audio": {"data": "AAAAA", "format": "wav"}}
    with pytest.raises(InvalidInputError, match="base64"):
        make(audio_llm={"provider": "openai"}).read(parts(damaged))
    assert api.requests == []


def test_a_reply_without_a_transcript(api: ApiServer, make: Any) -> None:
    api.script.append(Behaviour(body={"words": []}))
    with pytest.raises(ProviderError, match="without a transcript"):
        make(audio_llm={"provider": "openai", "config": {"max_retries": 0}}).read(parts(AUDIO))
