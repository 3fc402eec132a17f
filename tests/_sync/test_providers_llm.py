# Generated from tests/_async/test_providers_llm.py by scripts/run_unasync.py; edit that file instead.
"""Language models against a real server."""

from __future__ import annotations

import json
from functools import partial

import pytest

from powermem._concurrency import gather
from powermem._core.wire.failure import Backoff
from powermem._sync.providers.factory import build_llm
from powermem._sync.providers.http import HTTPClient
from powermem.config import resolve
from powermem.errors import AuthenticationError, ProviderError
from powermem.types import Schema
from tests.support.apiserver import Behaviour, failure, no_structure

KEY = "sk-proj-a1b2c3d4e5f6g7h8"
SCHEMA = Schema("facts", {"type": "object", "properties": {"facts": {"type": "array"}}})
MESSAGES = [
    {"role": "system", "content": "Find facts."},
    {"role": "user", "content": "I like tea."},
]


@pytest.fixture
def http():
    client = HTTPClient(backoff=Backoff(base=0.001, cap=0.002))
    yield client
    client.close()


@pytest.fixture
def make(api, http):
    def make(provider="openai", **config):
        config = {"api_key": KEY, "base_url": api.url, "model": "m", **config}
        return build_llm(resolve({"llm": {"provider": provider, "config": config}}).llm, http)

    return make


def formats(api) -> list[str | None]:
    return [request.body.get("response_format", {}).get("type") for request in api.requests]


def test_a_chat_is_answered(api, make):
    api.on_chat = lambda messages, body: f"You said: {messages[-1]['content']}"
    llm = make(temperature=0.3, max_tokens=50)

    completion = llm.complete(MESSAGES)

    assert completion.text == "You said: I like tea."
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 5)
    assert not completion.truncated
    assert (llm.provider, llm.model) == ("openai", "m")
    (request,) = api.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {"model": "m", "messages": MESSAGES, "temperature": 0.3, "max_tokens": 50}


def test_the_schema_is_sent(api, make):
    make().complete(MESSAGES, schema=SCHEMA)

    (request,) = api.requests
    assert request.body["response_format"]["json_schema"]["schema"] == SCHEMA.body


def test_what_a_model_does_not_know_is_left_out_from_then_on(api, make):
    api.script.extend([no_structure("json_schema"), no_structure("json_object")])
    llm = make()

    assert (llm.complete(MESSAGES, schema=SCHEMA)).text == '{"facts": []}'
    llm.complete(MESSAGES, schema=SCHEMA)

    assert formats(api) == ["json_schema", "json_object", None, None]
    assert json.dumps(SCHEMA.body, separators=(",", ":")) in api.requests[-1].body["messages"][0]["content"]


def test_a_model_that_takes_json_mode_keeps_it(api, make):
    def rule(request):
        kind = request.body.get("response_format", {}).get("type")
        return no_structure(kind) if kind == "json_schema" else None

    api.rule = rule
    llm = make()

    llm.complete(MESSAGES, schema=SCHEMA)
    llm.complete(MESSAGES, schema=SCHEMA)

    assert formats(api) == ["json_schema", "json_object", "json_object"]


def test_first_calls_at_once_all_get_their_answer(api, make):
    def rule(request):
        kind = request.body.get("response_format", {}).get("type")
        return no_structure(kind) if kind else Behaviour(delay=0.005)

    api.rule = rule
    llm = make()

    answers = gather([partial(llm.complete, MESSAGES, schema=SCHEMA)] * 8)

    assert len(answers) == 8
    assert formats(api).count(None) == 8
    assert formats(api).count("json_schema") <= 8
    llm.complete(MESSAGES, schema=SCHEMA)
    assert formats(api)[-1] is None


def test_a_reasoning_model_gets_what_it_wants(api, make):
    def rule(request):
        if "max_tokens" in request.body:
            return failure(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if "temperature" in request.body:
            return failure(400, "Unsupported value: 'temperature' does not support 0.1 with this model.")
        return None

    api.rule = rule
    llm = make(temperature=0.1, max_tokens=50, top_p=0.5)

    llm.complete(MESSAGES)
    llm.complete(MESSAGES)

    assert len(api.requests) == 4
    assert api.requests[-1].body == {
        "model": "m",
        "messages": MESSAGES,
        "top_p": 0.5,
        "max_completion_tokens": 50,
    }


def test_a_mistake_of_the_users_is_not_worked_around(api, make):
    api.rule = lambda request: failure(400, "temperature must be between 0 and 1")

    with pytest.raises(ProviderError, match="temperature must be between 0 and 1"):
        make(temperature=2).complete(MESSAGES, schema=SCHEMA)

    assert len(api.requests) == 1


def test_an_answer_cut_off_says_so(api, make):
    message = {"role": "assistant", "content": '{"facts": ["te'}
    api.script.append(Behaviour(body={"choices": [{"message": message, "finish_reason": "length"}]}))

    completion = make().complete(MESSAGES)

    assert completion.truncated
    assert completion.text == '{"facts": ["te'


@pytest.mark.parametrize("text", ["```json\n{}\n```", '{"facts": [', "Sure! {}", ""])
def test_odd_answers_come_as_they_are(api, make, text):
    api.on_chat = lambda messages, body: text

    assert (make().complete(MESSAGES)).text == text


def test_no_answer_is_an_error(api, make):
    api.script.append(Behaviour(body={"choices": []}))

    with pytest.raises(ProviderError, match="openai sent a reply without an answer"):
        make().complete(MESSAGES)


def test_refused_credentials_are_an_error(api, make):
    api.script.append(failure(401, f"Incorrect API key provided: {KEY}"))

    with pytest.raises(AuthenticationError) as caught:
        make().complete(MESSAGES)

    assert KEY[:10] not in str(caught.value)
    assert caught.value.status == 401


def test_azure_is_addressed_by_deployment(api, make):
    llm = make("azure", base_url=api.address, deployment="my deployment", api_version="2025-01-01")

    llm.complete(MESSAGES)

    (request,) = api.requests
    assert request.path == "/openai/deployments/my%20deployment/chat/completions"
    assert request.query == "api-version=2025-01-01"
    assert request.headers["api-key"] == KEY
    assert "authorization" not in request.headers


def test_anthropic_is_spoken_to_in_its_own_way(api, make):
    api.on_chat = lambda messages, body: "Tea it is."

    completion = make("anthropic", base_url=api.address, max_tokens=99).complete(MESSAGES)

    assert completion.text == "Tea it is."
    assert completion.completion_tokens == 3
    (request,) = api.requests
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.body["system"] == "Find facts."
    assert request.body["messages"] == [MESSAGES[1]]
    assert request.body["max_tokens"] == 99


def test_anthropic_is_held_to_a_schema(api, make):
    api.on_chat = lambda messages, body: '{"facts": ["tea"]}'

    completion = make("anthropic").complete(MESSAGES, schema=SCHEMA)

    assert json.loads(completion.text) == {"facts": ["tea"]}
    assert api.requests[0].body["tool_choice"] == {"type": "tool", "name": "facts"}


def test_anthropic_falls_back_to_the_prompt(api, make):
    def rule(request):
        refused = failure(400, "Thinking may not be enabled when tool_choice forces tool use.")
        return refused if "tool_choice" in request.body else None

    api.rule = rule
    llm = make("anthropic")

    assert (llm.complete(MESSAGES, schema=SCHEMA)).text == '{"facts": []}'
    llm.complete(MESSAGES, schema=SCHEMA)

    assert ["tools" in request.body for request in api.requests] == [True, False, False]


def test_a_bearer_token_replaces_anthropics_key(api, make):
    make("anthropic", api_key=None, auth_token="a-bearer-token").complete(MESSAGES)

    (request,) = api.requests
    assert request.headers["authorization"] == "Bearer a-bearer-token"
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize("provider", ["deepseek", "qwen", "siliconflow", "zai"])
def test_providers_without_schemas_are_not_asked_for_one(api, make, provider):
    make(provider).complete(MESSAGES, schema=SCHEMA)

    assert formats(api) == ["json_object"]


def test_further_headers_and_fields_are_sent(api, make):
    llm = make("openrouter", default_headers={"X-Mine": "yes"}, site_url="https://my.app", models=["a", "b"])

    llm.complete(MESSAGES)

    (request,) = api.requests
    assert request.headers["x-mine"] == "yes"
    assert request.headers["http-referer"] == "https://my.app"
    assert request.body["models"] == ["a", "b"]


@pytest.mark.parametrize("provider", ["none", "noop"])
def test_none_is_no_model(http, provider):
    assert build_llm(resolve({"llm": {"provider": provider}}).llm, http) is None
