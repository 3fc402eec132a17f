# Generated from tests/_async/test_history.py by scripts/run_unasync.py; edit that file instead.
"""The last turns of a session in the requests of registered clients, and the summary of those before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._core.clients.continuity import SUMMARY_KEY
from powermem._core.prompts.quoting import RECALL_OPEN
from powermem._core.values import Scope
from tests.support.apiserver import ApiServer
from tests.support.chatserver import ChatServer
from tests.support.scripted import ScriptedModel

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")


@pytest.fixture
def client(chats: ChatServer) -> Iterator[Any]:
    with openai.OpenAI(base_url=chats.url, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
def claude(chats: ChatServer) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=chats.address, api_key="k", max_retries=0) as opened:
        yield opened


def attended(memory: Memory, *clients: Any, **options: Any) -> Memory:
    memory.llm.recall_budget = 30.0
    for each in clients:
        memory.llm.register(each, **options)
    return memory.attribution("u", "bot").set_session("s")


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def ask(client: Any, *messages: Any, **more: Any) -> Any:
    given = [user(each) if isinstance(each, str) else each for each in messages]
    return client.chat.completions.create(model="m", messages=given, **more)


def exchanged(*texts: str) -> list[dict[str, str]]:
    """Return the messages of a conversation in which the server has repeated what was said."""
    return [message for text in texts for message in (user(text), assistant(f"You said: {text}"))]


def spoken(chats: ChatServer) -> list[Any]:
    """Return the messages of the last request, without the system prompt."""
    messages = chats.heard[-1].body["messages"]
    return [message for message in messages if message["role"] != "system"]


def test_the_last_turns_of_the_session_come_before_the_new_message(
    memory: Memory, client: Any, chats: ChatServer
) -> None:
    attended(memory, client, history=4)
    for text in ("One?", "Two?", "Three?"):
        ask(client, {"role": "system", "content": "Be brief."}, text)
    assert chats.heard[-1].body["messages"][0]["content"].startswith("Be brief.")
    assert spoken(chats) == [*exchanged("One?", "Two?"), user("Three?")]
    ask(client, "Four?")
    assert spoken(chats) == [*exchanged("Two?", "Three?"), user("Four?")]
    # Another session, another user, another agent.
    for change in (
        lambda: memory.set_session("t"),
        lambda: memory.set_session("s").attribution("v", "bot").set_session("s"),
        lambda: memory.attribution("u", "robot").set_session("s"),
    ):
        change()
        ask(client, "Five?")
        assert spoken(chats) == [user("Five?")]


@pytest.mark.parametrize("sent", [7, 6, 5, 3, 2])
def test_what_the_application_sends_itself_is_not_put_in_twice(
    memory: Memory, client: Any, chats: ChatServer, sent: int
) -> None:
    attended(memory, client, history=6)
    said = exchanged("One?", "Two?", "Three?")
    for text in ("One?", "Two?", "Three?"):
        ask(client, text)
    # All of it, the end of it, and the end from an answer on.
    ask(client, *[*said, user("Four?")][-sent:])
    expected = [*said, user("Four?")]
    assert spoken(chats) == expected


def test_other_spellings_of_what_was_said_are_recognised(
    memory: Memory, client: Any, chats: ChatServer
) -> None:
    attended(memory, client, history=6)
    for text in ("One?", "Two?"):
        ask(client, text)
    first = {"role": "user", "content": [{"type": "text", "text": " One? "}]}
    ask(client, first, assistant("You  said:\nOne?"), "Two?", assistant("Another answer"), "Three?")
    assert len(spoken(chats)) == 5
    # The same words once more are new.
    ask(client, "Two?")
    assert [each["content"] for each in spoken(chats)][-3:] == ["Three?", "You said: Three?", "Two?"]


def test_a_repeated_request_and_a_tool_call_are_not_shown_twice(
    memory: Memory, client: Any, chats: ChatServer
) -> None:
    attended(memory, client, history=6)
    ask(client, "One?")
    chats.status = 400
    with pytest.raises(openai.BadRequestError):
        ask(client, "Two?")
    chats.status, chats.tool = 200, "look_up"
    reply = ask(client, "Two?")
    assert spoken(chats) == [*exchanged("One?"), user("Two?")]
    call = reply.choices[0].message
    result = {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": "2"}
    ask(client, "Two?", call, result)
    assert [each["role"] for each in spoken(chats)] == ["user", "assistant", "user", "assistant", "tool"]
    assert spoken(chats)[:3] == [*exchanged("One?"), user("Two?")]


def test_each_api_gets_them_in_its_form(memory: Memory, client: Any, claude: Any, chats: ChatServer) -> None:
    attended(memory, client, claude, history=6)
    ask(client, "One?")
    claude.messages.create(model="m", max_tokens=9, system="Be brief.", messages=[user("Two?")])
    assert spoken(chats) == [*exchanged("One?"), user("Two?")]
    client.responses.create(model="m", input="Three?")
    assert chats.heard[-1].body["input"] == [*exchanged("One?", "Two?"), user("Three?")]
    client.responses.create(model="m", input=[user("Four?")])
    assert chats.heard[-1].body["input"] == [*exchanged("One?", "Two?", "Three?")[-6:], user("Four?")]
    # The provider has the session itself.
    client.responses.create(model="m", input="Five?", previous_response_id="resp_1")
    assert chats.heard[-1].body["input"] == "Five?"
    stream = ask(client, "Six?", stream=True)
    for _ in stream:
        pass
    assert spoken(chats)[-3:] == [*exchanged("Five?"), user("Six?")]


def test_tokens_bound_them_and_the_user_begins(memory: Memory, client: Any, chats: ChatServer) -> None:
    attended(memory, client, history=6)
    memory.llm.history_tokens = 30
    for text in ("One " * 50, "Two?", "Three?"):
        ask(client, text)
    assert spoken(chats) == [*exchanged("Two?"), user("Three?")]


def test_nothing_of_it_is_learned_or_stored_again(memory: Memory, client: Any, chats: ChatServer) -> None:
    attended(memory, client, history=4)
    for text in ("I live in Rome.", "I like tea.", "I have a cat."):
        ask(client, text)
    assert memory.augmentation.wait(60)
    store: Any = (memory._access.open()).store
    turns = store.scan_turns(Scope(run_id="s"), 0, 100)
    said = exchanged("I live in Rome.", "I like tea.", "I have a cat.")
    assert [{"role": turn.role, "content": turn.content} for turn in turns] == said


def test_it_can_be_changed_and_left_out(memory: Memory, client: Any, chats: ChatServer) -> None:
    attended(memory, client, history=2)
    ask(client, "One?")
    derived = client.with_options(max_retries=1)
    ask(derived, "Two?")
    assert spoken(chats) == [*exchanged("One?"), user("Two?")]
    memory.llm.register(client, history=4)
    ask(client, "Three?")
    assert spoken(chats) == [*exchanged("One?", "Two?"), user("Three?")]
    memory.llm.register(client)
    ask(client, "Four?")
    assert spoken(chats) == [user("Four?")]
    for wrong in (-1, "2", True, 1.5):
        with pytest.raises(InvalidInputError, match="history"):
            memory.llm.register(client, history=wrong)
    with pytest.raises(InvalidInputError, match="summary"):
        memory.llm.register(client, history=2, summary="yes")


def requests_for_summaries(api: ApiServer) -> list[Any]:
    asked = [request.body["messages"] for request in api.of("chat")]
    return [messages for messages in asked if "keep the summary" in str(messages[0]["content"])]


@pytest.fixture
def modelled(vector_store: dict[str, Any], api: ApiServer) -> Iterator[Memory]:
    """A memory with a model that learns nothing, and numbers its summaries."""
    scripted = ScriptedModel(api)
    scripted.always_learns()
    answer, count = api.on_chat, iter(range(1, 100))

    def summarize(messages: Any, body: dict[str, Any]) -> str:
        if "keep the summary" in str(messages[0]["content"]):
            return f"Summary {next(count)}."
        return answer(messages, body)

    api.on_chat = summarize
    config = {
        "vector_store": vector_store,
        "embedder": {"provider": "mock"},
        "llm": {"provider": "openai", "config": {"api_key": "k", "model": "m", "openai_base_url": api.url}},
    }
    with Memory(config) as opened:
        yield opened


@pytest.mark.stores
def test_what_the_session_outgrows_is_summarized(
    modelled: Memory, client: Any, chats: ChatServer, api: ApiServer
) -> None:
    memory = attended(modelled, client, history=4)
    for number in range(4):
        ask(client, f"Question {number}?")
        assert memory.augmentation.wait(60)
    # Eight turns, four of which no request shows any more: two by two.
    first, second = requests_for_summaries(api)
    assert "Question 0?" in first[1]["content"]
    assert "Question 1?" not in first[1]["content"]
    assert "Summary 1." in second[1]["content"]
    assert "Question 0?" not in second[1]["content"]
    assert "Question 1?" in second[1]["content"]
    ask(client, "Question 4?")
    system = chats.heard[-1].system
    assert system.count(RECALL_OPEN) == 1
    assert "Summary 2." in system
    assert spoken(chats) == [*exchanged("Question 2?", "Question 3?"), user("Question 4?")]
    # Not learned, not stored as said, and nobody else's.
    assert memory.augmentation.wait(60)
    store: Any = (memory._access.open()).store
    turns = store.scan_turns(Scope(), 0, 100)
    assert not any("Summary" in turn.content for turn in turns)
    assert memory.count(user_id="u") == 0
    memory.attribution("v", "bot").set_session("s")
    ask(client, "Question 5?")
    assert "Summary" not in chats.heard[-1].system
    # An application that sends more than that itself needs no summary.
    memory.attribution("u", "bot").set_session("s")
    ask(client, *exchanged(*(f"Question {number}?" for number in range(5))), "Question 6?")
    assert "Summary" not in chats.heard[-1].system
    # It goes with its session.
    assert memory.augmentation.wait(60)
    scope = Scope("u", "bot", "s")
    assert store.recall_request(scope, SUMMARY_KEY) is not None
    memory.delete_all(user_id="u")
    assert store.recall_request(scope, SUMMARY_KEY) is None


def test_a_long_session_is_summarized_when_it_is_first_continued(
    modelled: Memory, client: Any, chats: ChatServer, api: ApiServer
) -> None:
    memory = attended(modelled, client)
    for number in range(25):
        memory.observe(f"Question {number}?", f"Answer {number}.")
    memory.llm.register(client, history=4)
    ask(client, "And now?")
    assert "Summary" not in chats.heard[-1].system
    assert memory.augmentation.wait(60)
    first, second = requests_for_summaries(api)
    assert "Question 19?" in first[1]["content"]
    assert "Answer 23." in second[1]["content"]
    ask(client, "Go on.")
    assert "Summary 2." in chats.heard[-1].system


def test_a_summary_can_be_left_out(modelled: Memory, client: Any, chats: ChatServer, api: ApiServer) -> None:
    memory = attended(modelled, client, history=2, summary=False)
    for number in range(3):
        ask(client, f"Question {number}?")
    assert memory.augmentation.wait(60)
    assert requests_for_summaries(api) == []


def test_without_a_model_there_is_no_summary_and_that_is_said_once(
    memory: Memory, client: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    attended(memory, client, history=2, summary=True)
    for number in range(3):
        ask(client, f"Question {number}?")
    assert memory.augmentation.wait(60)
    told = [each for each in caplog.records if "not summarized" in each.message]
    assert [each.levelno for each in told] == [logging.WARNING]
    assert "Summary" not in chats.heard[-1].system


def test_a_model_that_fails_disturbs_nothing(
    modelled: Memory, client: Any, chats: ChatServer, api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = api.on_chat
    api.on_chat = lambda messages, body: (
        "" if "keep the summary" in str(messages[0]["content"]) else answer(messages, body)
    )
    memory = attended(modelled, client, history=2)
    for number in range(3):
        ask(client, f"Question {number}?")
    assert memory.augmentation.wait(60)
    assert len(requests_for_summaries(api)) >= 1
    assert "Summary" not in chats.heard[-1].system
    assert spoken(chats) == [*exchanged("Question 1?"), user("Question 2?")]
