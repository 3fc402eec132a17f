"""No secret is ever shown: not in a repr, a dump, an error or the settings."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.masking import MASK, is_secret, mask_text
from powermem.config import MemoryConfig, resolve
from powermem.config.environment import from_variables
from powermem.config.registry import register_llm
from powermem.errors import ConfigError

# Long enough, and of letters rare enough, not to occur in a text by chance.
secrets = st.text(alphabet="QZXJ7ß'\"\\ ", min_size=6, max_size=30).map(lambda text: f"q{text}z")
in_urls = st.text(alphabet="QZXJ7", min_size=8, max_size=20)

# Named, because a traceback quotes the line of a call, which must not hold the secret itself.
HUSH = "QZXJ7-hush"
PART = "XJ"

register_llm("keeps-secrets", dict)

PLACES: list[Callable[[Any], dict[str, Any]]] = [
    lambda s: {"llm": {"provider": "openai", "config": {"api_key": s}}},
    lambda s: {"llm": {"provider": "openai", "config": {"api_key": "k", "default_headers": {"X-Team": s}}}},
    lambda s: {"llm": {"provider": "anthropic", "config": {"auth_token": s}}},
    lambda s: {
        "llm": {"provider": "keeps-secrets", "config": {"nested": [{"client_secret": s}], "x_token": s}}
    },
    lambda s: {"embedder": {"provider": "openai", "config": {"api_key": s}}},
    lambda s: {"reranker": {"enabled": True, "provider": "jina", "config": {"api_key": s}}},
    lambda s: {"vector_store": {"provider": "oceanbase", "config": {"password": s}}},
    lambda s: {"vector_store": {"provider": "postgres", "config": {"connection_args": {"password": s}}}},
    lambda s: {"vector_store": {"provider": "postgres", "config": {"connection_string": s}}},
    lambda s: {"audio_llm": {"config": {"api_key": s}}},
]
IGNORED_PLACES: list[Callable[[Any], dict[str, Any]]] = [
    lambda s: {"graph_store": {"config": {"password": s}, "llm": {"config": {"api_key": s}}}},
    lambda s: {"sub_stores": [{"routing_filter": {}, "vector_store": {"password": s}}]},
    lambda s: {"telemetry": {"telemetry_api_key": s}},
    lambda s: {"security": {"encryption_key": s}},
    lambda s: {"sparse_embedder": {"config": {"api_key": s}}},
    lambda s: {"embedder": {"provider": "aws_bedrock", "config": {"aws_secret_access_key": s}}},
    lambda s: {"embedder": {"provider": "vertexai", "config": {"vertex_credentials_json": s}}},
]
places = st.sampled_from(PLACES + IGNORED_PLACES)


def everything_shown(data: dict[str, Any]) -> str:
    config = MemoryConfig(**data)
    shown = [
        repr(config),
        str(config),
        f"{config!s:>5}",
        repr(config.model_dump()),
        str(config.model_dump(exclude_unset=True)),
        config.model_dump_json(),
        json.dumps(config.masked()),
    ]
    try:
        shown.append(repr(resolve(config, {})))
    except ConfigError as error:
        shown.append(str(error))
    return "\n".join(shown)


def traces(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    error: BaseException | None = caught.value
    said = [repr(error), "".join(traceback.format_exception(caught.value))]
    while error is not None:
        said.append(str(error))
        error = error.__context__
    return "\n".join(said)


def hidden(secret: str, text: str) -> bool:
    forms = {secret, secret.strip(), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    return not any(form in text for form in forms)


@given(secrets, places)
def test_what_is_valid_shows_none(secret: str, place: Callable[[Any], dict[str, Any]]) -> None:
    shown = everything_shown(place(secret))
    # What nothing reads is not shown at all.
    assert MASK in shown or place in IGNORED_PLACES
    assert hidden(secret, shown)


@given(in_urls)
def test_credentials_in_addresses_are_masked(secret: str) -> None:
    url = f"https://user:{secret}@host.example/v1?api_key={secret}"
    data = {
        "llm": {"provider": "openai", "config": {"api_key": "k", "base_url": url}},
        "embedder": {"provider": "openai", "config": {"api_key": "k", "openai_base_url": url}},
        "sub_stores": [{"routing_filter": {}, "vector_store": {"dsn": url}}],
        "telemetry": {"endpoint": url},
    }
    assert hidden(secret, everything_shown(data))
    settings = resolve({"llm": {"provider": "openai", "config": {"api_key": "k", "base_url": url}}}, {})
    assert settings.llm.base_url == url


@given(secrets, st.sampled_from([*PLACES[:1], *PLACES[6:7]]))
def test_other_errors_show_none(secret: str, place: Callable[[Any], dict[str, Any]]) -> None:
    data = {
        **place(secret),
        "http": {"max_retries": "x"},
        "unknwon": secret,
        "audit": secret.strip(),
        "timezone": 3,
    }
    data["audit"] = {"api_key": secret, "enabled": "x"}
    assert hidden(secret, traces(lambda: MemoryConfig(**data)))
    assert hidden(secret, traces(lambda: MemoryConfig.model_validate(data)))


@given(secrets, places)
def test_a_secret_of_the_wrong_type_is_not_shown(secret: str, place: Callable[[Any], dict[str, Any]]) -> None:
    data = {**place([secret, {"a": secret}]), "http": {"max_retries": "x"}}
    assert hidden(secret, traces(lambda: MemoryConfig(**data)))


@pytest.mark.parametrize(
    ("variable", "rest"),
    [
        ("LLM_API_KEY", {}),
        ("LLM_DEFAULT_HEADERS", {"LLM_PROVIDER": "deepseek"}),
        ("OPENAI_LLM_DEFAULT_HEADERS", {"LLM_PROVIDER": "openai"}),
        ("OCEANBASE_PASSWORD", {"DATABASE_PROVIDER": "oceanbase", "OCEANBASE_PORT": "x"}),
        ("VECTOR_STORE_CONNECTION_STRING", {"DATABASE_PROVIDER": "postgres", "POSTGRES_PORT": "0"}),
        ("ENCRYPTION_KEY", {"POWERMEM_REQUIRE_SCOPE": "x"}),
    ],
)
def test_errors_of_the_environment_show_none(variable: str, rest: dict[str, str]) -> None:
    assert hidden(HUSH, traces(lambda: from_variables({variable: HUSH, **rest})))


@pytest.mark.parametrize(
    "value",
    [
        "postgresql+psycopg://user:QZXJ@host/db",
        "user:QZXJ@host",
        "https://QZXJ@host",
        "http://user:QZ@XJ/QZXJ@host",
        "host=h password=QZXJ user=u",
        "http://h/?token=QZXJ&x=1",
    ],
)
def test_a_wrong_address_is_masked(value: str) -> None:
    assert PART not in mask_text(value)
    wrong: list[dict[str, Any]] = [
        {"llm": {"provider": "openai", "config": {"openai_base_url": f"x {value}"}}},
        {"vector_store": {"provider": "postgres", "config": {"host": f"/{value}"}}},
        {"vector_store": {"provider": "postgres", "config": {"port": value}}},
        {"llm": value},
    ]
    for data in wrong:
        assert PART not in traces(partial(MemoryConfig, **data))


def test_what_counts_as_a_secret() -> None:
    for name in (
        "api_key",
        "API-KEY",
        "apikey",
        "password",
        "db_password",
        "auth_token",
        "token",
        "client_secret",
    ):
        assert is_secret(name.replace("-", "_")), name
    for name in ("max_tokens", "author", "tokenizer", "model", "base_url"):
        assert not is_secret(name), name


def test_a_dump_made_in_python_can_be_read_again() -> None:
    config = MemoryConfig(llm={"provider": "openai", "config": {"api_key": "k", "base_url": "http://u:p@h"}})
    assert MemoryConfig(**config.model_dump()) == config
    assert MemoryConfig(**config.model_dump(exclude_unset=True)) == config


class Client:
    def __repr__(self) -> str:
        return "Client(key='QZXJ7')"


def test_objects_of_the_program_are_shown_by_their_class() -> None:
    own = MemoryConfig(llm={"provider": "keeps-secrets", "config": {"client": Client()}})
    assert json.loads(own.model_dump_json())["llm"]["config"]["client"] == "Client"
    assert "QZXJ7" not in repr(own) + repr(resolve(own, {}))
    config = MemoryConfig(
        llm={"provider": "langchain", "config": {"model": Client()}},
        vector_store={"provider": "postgres", "config": {"connection_pool": Client()}},
    )
    assert "QZXJ7" not in repr(config) + config.model_dump_json() + json.dumps(config.masked())
    assert config.masked()["llm"]["config"]["model"] == "Client"
    assert "QZXJ7" not in repr(resolve(config, {}))
