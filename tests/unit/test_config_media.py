"""Which models read images and recordings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem.config import MemoryConfig, Settings, resolve
from powermem.config.environment import from_variables
from powermem.config.registry import register_llm
from powermem.config.tables import TRANSCRIBERS
from powermem.errors import ConfigError


def settle(environ: dict[str, str] | None = None, **config: Any) -> Settings:
    return resolve(config, environ or {})


def complaint(**config: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(config, {})
    return str(caught.value)


OPENAI = {"provider": "openai", "config": {"api_key": "k"}}


def test_nothing_reads_them_unless_it_is_set() -> None:
    for config in ({}, {"llm": OPENAI}, {"llm": {"provider": "none", "config": {"enable_vision": True}}}):
        settings = settle(**config)
        assert (settings.vision, settings.audio) == (None, None)


def test_the_language_model_may_see() -> None:
    llm = {"provider": "openai", "config": {"api_key": "k", "enable_vision": True, "vision_details": "low"}}
    settings = settle(llm=llm)
    assert settings.vision is not None
    assert settings.vision.model is settings.llm
    assert settings.vision.details == "low"
    assert settings.ignored == ()
    assert from_variables({"OPENAI_API_KEY": "k", "LLM_ENABLE_VISION": "true", "LLM_VISION_DETAILS": "low"})[
        "llm"
    ] == {"provider": "openai", "config": {"api_key": "k", "enable_vision": True, "vision_details": "low"}}


def test_a_model_of_its_own_may_see() -> None:
    vision = {"provider": "gemini", "config": {"model": "eye", "vision_details": "high"}}
    settings = settle({"GEMINI_API_KEY": "k"}, llm=OPENAI, vision=vision)
    assert settings.vision is not None
    model = settings.vision.model
    assert (model.provider, model.model, settings.vision.details) == ("gemini", "eye", "high")
    assert settings.llm.provider == "openai"
    assert settle(vision={"provider": "none"}).vision is None
    assert complaint(vision={"config": {}}) == (
        "vision.config.api_key: required for provider 'openai'; set it, or in the environment OPENAI_API_KEY"
    )
    assert "known: openai," in complaint(vision={"provider": "eagle"})
    assert complaint(vision={"config": {"vision_details": "fine"}}).startswith("vision.config.vision_details")


def test_a_class_of_the_users_own_may_see() -> None:
    register_llm("seer", dict)
    settings = settle(llm={"provider": "seer", "config": {"enable_vision": True}})
    assert settings.vision is not None
    assert settings.vision.model is settings.llm
    apart = settle(vision={"provider": "seer", "config": {"anything": 1}}).vision
    assert apart is not None
    assert apart.model.build() == {"anything": 1}


@pytest.mark.parametrize("name", [name for name in TRANSCRIBERS if name != "none"])
def test_every_transcriber(name: str) -> None:
    config = {"api_key": "k", "base_url": "https://host/v1", "model": "m", "temperature": 0}
    audio = settle(audio_llm={"provider": name, "config": config}).audio
    assert audio is not None
    assert (audio.provider, audio.model, audio.base_url) == (name, "m", "https://host/v1")
    assert audio.options == {"temperature": 0}
    assert audio.protocol == ("asr" if name == "qwen_asr" else "openai")


def test_defaults_of_a_transcriber() -> None:
    audio = settle({"GROQ_API_KEY": "k"}, audio_llm={"provider": "groq"}).audio
    assert audio is not None
    assert (audio.model, audio.base_url) == ("whisper-large-v3-turbo", "https://api.groq.com/openai/v1")
    # Without a provider it is the one that this section has always meant.
    older = settle(audio_llm={"config": {"api_key": "k", "result_format": "message", "top_k": 1}})
    assert older.audio is not None
    assert (older.audio.provider, older.audio.options) == ("qwen_asr", {})
    assert older.ignored == ("audio_llm.config.result_format", "audio_llm.config.top_k")
    assert complaint(audio_llm={"provider": "generic"}).startswith("audio_llm.config.base_url: required")
    assert "audio_llm.config.model: required" in complaint(
        audio_llm={"provider": "generic", "config": {"base_url": "http://localhost:8000/v1"}}
    )
    assert "AUDIO_LLM_API_KEY" in complaint(audio_llm={"provider": "openai"})


def test_transcribers_from_variables() -> None:
    config = from_variables(
        {"AUDIO_LLM_PROVIDER": "openai", "AUDIO_LLM_LANGUAGE": "pt", "OPENAI_API_KEY": "k"}
    )
    assert config["audio_llm"] == {"provider": "openai", "config": {"api_key": "k", "language": "pt"}}
    assert MemoryConfig(**json.loads(json.dumps(config))).audio_llm is not None
    # A vendor's key alone is no word about recordings.
    assert "audio_llm" not in from_variables({"OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"})
    with pytest.raises(ConfigError, match="AUDIO_LLM_PROVIDER is not"):
        from_variables({"AUDIO_LLM_API_KEY": "k"})


def test_keys_are_not_shown() -> None:
    config = MemoryConfig(
        vision={"provider": "openai", "config": {"api_key": "hush-hush"}},
        audio_llm={"provider": "openai", "config": {"api_key": "hush-hush"}},
    )
    assert "hush-hush" not in repr(config) + json.dumps(config.masked())
    settings = resolve(config, {})
    assert "hush-hush" not in repr(settings)
