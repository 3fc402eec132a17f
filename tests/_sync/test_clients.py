# Generated from tests/_async/test_clients.py by scripts/run_unasync.py; edit that file instead.
"""Conversations through the clients of the providers: real SDKs, against a server that speaks their APIs."""

from __future__ import annotations

import copy
import gc
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import ClosedError, InvalidInputError, Memory
from powermem._concurrency import gather
from powermem._core.prompts.quoting import RECALL_OPEN
from powermem._core.values import Scope
from tests.support.chatserver import ChatServer, pieces_of

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

SAID = "I live in Rome and I like tea."
REPLY = f"You said: {SAID}"
PIECES = [piece for piece in pieces_of(REPLY) if piece]


@pytest.fixture
def client(chats: ChatServer) -> Iterator[Any]:
    """A client of OpenAI's."""
    with openai.OpenAI(base_url=chats.url, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
def claude(chats: ChatServer) -> Iterator[Any]:
    """A client of Anthropic's."""
    with anthropic.Anthropic(base_url=chats.address, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
def attended(memory: Memory, client: Any, claude: Any) -> Memory:
    """A memory that attends both, with something to recall, and somebody who speaks."""
    memory.add("The user's dog is called Bello", user_id="u", infer=False)
    memory.add("The dog of somebody else is called Rex", user_id="other", infer=False)
    memory.llm.recall_budget = 30.0
    return memory.llm.register(client).llm.register(claude).attribution("u", "bot").set_session("s")


def chat(text: str, **more: Any) -> dict[str, Any]:
    """Return the arguments of a request with one message."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def spoken(memory: Memory) -> list[tuple[str, str]]:
    """Return everything that is kept of the user's conversations, oldest first."""
    assert memory.augmentation.wait(120)
    store: Any = (memory._access.open()).store
    turns = store.scan_turns(Scope(), 0, 1000)
    return [(turn.role, turn.content) for turn in turns if turn.scope.run_id == "s"]


def by_chat(client: Any, claude: Any, text: str) -> Any:
    return client.chat.completions.create(**chat(text))


def by_responses(client: Any, claude: Any, text: str) -> Any:
    return client.responses.create(model="m", input=text)


def by_messages(client: Any, claude: Any, text: str) -> Any:
    return claude.messages.create(**chat(text), max_tokens=9)


WAYS = [by_chat, by_responses, by_messages]


@pytest.mark.parametrize("ask", WAYS)
def test_a_call_recalls_before_and_remembers_after(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    reply = ask(client, claude, "What is my dog called? " + SAID)
    assert "You said: What is my dog called?" in reply.model_dump_json()
    assert type(reply).__module__.split(".")[0] in ("openai", "anthropic")
    assert "Bello" in chats.heard[0].system
    assert "Rex" not in chats.heard[0].system
    assert "<powermem-recall>" in chats.heard[0].system
    assert spoken(attended) == [
        ("user", "What is my dog called? " + SAID),
        ("assistant", "You said: What is my dog called? " + SAID),
    ]
    # Learned too, in the background, and not what was recalled.
    learned = [record["memory"] for record in (attended.get_all("u", agent_id="bot"))["results"]]
    assert learned
    assert not any("Bello" in text for text in learned)
    assert attended.recall("Rome")


def streamed_chat(client: Any, claude: Any) -> Any:
    return client.chat.completions.create(**chat(SAID), stream=True)


def streamed_responses(client: Any, claude: Any) -> Any:
    return client.responses.create(model="m", input=[{"role": "user", "content": SAID}], stream=True)


def streamed_messages(client: Any, claude: Any) -> Any:
    return claude.messages.create(**chat(SAID), max_tokens=9, stream=True)


STREAMS = [streamed_chat, streamed_responses, streamed_messages]


@pytest.mark.parametrize("ask", STREAMS)
def test_a_stream_is_the_one_of_the_provider(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    stream = ask(client, claude)
    # Anthropic's classes once had an `isinstance` of their own.
    assert issubclass(type(stream), (openai.Stream, anthropic.Stream))
    events = [event.model_dump() for event in stream]
    attended.llm.unregister(client).llm.unregister(claude)
    assert events == [event.model_dump() for event in ask(client, claude)]
    assert spoken(attended) == [("user", SAID), ("assistant", REPLY)]
    assert attended.recall("Rome")


@pytest.mark.parametrize("ask", STREAMS)
def test_a_stream_that_is_given_up_is_remembered_as_far_as_it_went(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    chats.hold_after = 2
    with ask(client, claude) as stream:
        heard = 0
        for event in stream:
            heard += any(piece in event.model_dump_json() for piece in ("You ", "said: "))
            if heard == 2:
                break
    assert spoken(attended) == [("user", SAID), ("assistant", "You said:")]


@pytest.mark.parametrize("ask", STREAMS)
def test_a_stream_that_breaks_raises_and_is_remembered(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    chats.stop_after = 3
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the SDK's own, which changes with its version
        for _ in ask(client, claude):
            pass
    assert "powermem" not in type(raised.value).__module__
    assert spoken(attended) == [("user", SAID), ("assistant", "You said: I")]


def test_a_stream_that_is_dropped_is_remembered(
    attended: Memory, client: Any, claude: Any, chats: ChatServer
) -> None:
    stream = streamed_chat(client, claude)
    response = stream.response
    for _ in stream:
        break
    del stream
    gc.collect()
    assert spoken(attended) == [("user", SAID), ("assistant", "You")]
    response.close()


def test_the_stream_helpers_of_the_sdks_are_attended(
    attended: Memory, client: Any, claude: Any, chats: ChatServer
) -> None:
    with claude.messages.stream(**chat("I play chess. Is my dog Bello?"), max_tokens=9) as stream:
        assert isinstance(stream, anthropic.MessageStream)
        texts = [text for text in stream.text_stream]
        assert (stream.get_final_message()).content[0].text == "".join(texts)
    assert "Bello" in chats.heard[-1].system
    # Elsewhere in older versions of the SDK.
    helping = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    with helping(**chat("I play the piano")) as helper:
        for _ in helper:
            pass
    assert spoken(attended) == [
        ("user", "I play chess. Is my dog Bello?"),
        ("assistant", "You said: I play chess. Is my dog Bello?"),
        ("user", "I play the piano"),
        ("assistant", "You said: I play the piano"),
    ]


SYSTEMS = [
    None,
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_system_prompt_of_a_chat_is_created_or_extended(
    attended: Memory, client: Any, chats: ChatServer, system: dict[str, Any] | None
) -> None:
    messages = [*([system] if system else []), {"role": "user", "content": "What is my dog called?"}]
    before = copy.deepcopy(messages)
    client.chat.completions.create(model="m", messages=messages)
    assert messages == before
    sent = chats.heard[0].body["messages"]
    assert [message["role"] for message in sent] == [system["role"] if system else "system", "user"]
    assert sent[1] == messages[-1]
    assert "Bello" in chats.heard[0].system
    assert chats.heard[0].system.startswith("Be brief." if system else RECALL_OPEN)


@pytest.mark.parametrize("system", [None, "Be brief.", [{"type": "text", "text": "Be brief."}]])
def test_the_system_prompt_of_messages_is_created_or_extended(
    attended: Memory, claude: Any, chats: ChatServer, system: Any
) -> None:
    more = {} if system is None else {"system": system}
    before = copy.deepcopy(more)
    claude.messages.create(**chat("What is my dog called?"), max_tokens=9, **more)
    assert more == before
    assert "Bello" in chats.heard[0].system
    assert isinstance(chats.heard[0].body["system"], list if isinstance(system, list) else str)
    assert chats.heard[0].body["messages"] == chat("What is my dog called?")["messages"]


def test_the_instructions_of_a_response_are_extended(
    attended: Memory, client: Any, chats: ChatServer
) -> None:
    client.responses.create(model="m", input="What is my dog called?", instructions="Be brief.")
    assert chats.heard[0].system.startswith(f"Be brief.\n\n{RECALL_OPEN}")
    assert chats.heard[0].body["input"] == "What is my dog called?"


def test_messages_that_can_be_read_once_are_read_once(
    attended: Memory, client: Any, chats: ChatServer
) -> None:
    messages = iter([{"role": "user", "content": "What is my dog called?"}])
    client.chat.completions.create(model="m", messages=messages)
    assert "Bello" in chats.heard[0].system
    assert chats.heard[0].said == "What is my dog called?"


def test_a_history_that_is_sent_again_is_not_kept_again(
    attended: Memory, client: Any, chats: ChatServer
) -> None:
    history: list[dict[str, Any]] = []
    for text in ("My name is Ada", "I live in Rome", "What do you know of me?"):
        history.append({"role": "user", "content": text})
        reply = client.chat.completions.create(model="m", messages=history)
        history.append({"role": "assistant", "content": reply.choices[0].message.content})
    assert spoken(attended) == [(turn["role"], turn["content"]) for turn in history]


def test_a_tool_call_is_part_of_one_exchange(
    attended: Memory, client: Any, claude: Any, chats: ChatServer
) -> None:
    chats.tool = "look_up"
    history: list[Any] = [{"role": "user", "content": "What does my dog Bello eat?"}]
    reply = client.chat.completions.create(model="m", messages=history)
    (call,) = reply.choices[0].message.tool_calls
    history += [reply.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "Bones"}]
    chats.on_chat = lambda body: "Bones."
    client.chat.completions.create(model="m", messages=history)
    assert "Bello" in chats.heard[1].system
    assert spoken(attended) == [("user", "What does my dog Bello eat?"), ("assistant", "Bones.")]

    asked: list[Any] = [{"role": "user", "content": "And my cat?"}]
    message = claude.messages.create(model="m", max_tokens=9, messages=asked)
    result = {"type": "tool_result", "tool_use_id": message.content[0].id, "content": "Fish"}
    asked += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    chats.on_chat = lambda body: "Fish."
    claude.messages.create(model="m", max_tokens=9, messages=asked)
    assert (spoken(attended))[2:] == [("user", "And my cat?"), ("assistant", "Fish.")]

    items: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "And my fish?"}]}]
    response = client.responses.create(model="m", input=items)
    items += response.output
    items.append({"type": "function_call_output", "call_id": "call_1", "output": "Flakes"})
    chats.on_chat = lambda body: "Flakes."
    client.responses.create(model="m", input=items)
    assert (spoken(attended))[4:] == [("user", "And my fish?"), ("assistant", "Flakes.")]


ASKED = "What is my dog called? I live in Rome."


def beta_chat(client: Any, claude: Any) -> Any:
    return client.beta.chat.completions.create(**chat(ASKED))


def parsed_chat(client: Any, claude: Any) -> Any:
    completions = client.chat.completions
    return getattr(completions, "parse", client.beta.chat.completions.parse)(**chat(ASKED))


def beta_parsed_chat(client: Any, claude: Any) -> Any:
    return client.beta.chat.completions.parse(**chat(ASKED))


def parsed_response(client: Any, claude: Any) -> Any:
    return client.responses.parse(model="m", input=ASKED)


def response_stream(client: Any, claude: Any) -> Any:
    with client.responses.stream(model="m", input=ASKED) as stream:
        return [event for event in stream]


def beta_messages(client: Any, claude: Any) -> Any:
    return claude.beta.messages.create(**chat(ASKED), max_tokens=9)


def beta_messages_stream(client: Any, claude: Any) -> Any:
    with claude.beta.messages.stream(**chat(ASKED), max_tokens=9) as stream:
        return [event for event in stream]


def parsed_messages(client: Any, claude: Any) -> Any:
    if not hasattr(claude.messages, "parse"):
        pytest.skip("this version of the SDK has no messages.parse")
    return claude.messages.parse(**chat(ASKED), max_tokens=9)


def raw_chat(client: Any, claude: Any) -> Any:
    raw = client.chat.completions.with_raw_response.create(**chat(ASKED))
    return raw.parse()


def raw_chat_of_the_client(client: Any, claude: Any) -> Any:
    raw = client.with_raw_response.chat.completions.create(**chat(ASKED))
    return raw.text


def raw_stream(client: Any, claude: Any) -> Any:
    raw = client.chat.completions.with_raw_response.create(**chat(ASKED), stream=True)
    return [event for event in raw.parse()]


def raw_response(client: Any, claude: Any) -> Any:
    return client.responses.with_raw_response.create(model="m", input=ASKED)


def raw_messages(client: Any, claude: Any) -> Any:
    return claude.messages.with_raw_response.create(**chat(ASKED), max_tokens=9)


def streaming_chat(client: Any, claude: Any) -> Any:
    with client.chat.completions.with_streaming_response.create(**chat(ASKED)) as response:
        return response.json()


def streaming_lines(client: Any, claude: Any) -> Any:
    asked = chat(ASKED, stream=True)
    with client.chat.completions.with_streaming_response.create(**asked) as response:
        return [line for line in response.iter_lines()]


def streaming_messages(client: Any, claude: Any) -> Any:
    asked = chat(ASKED, stream=True)
    with claude.messages.with_streaming_response.create(**asked, max_tokens=9) as response:
        return [piece for piece in response.iter_bytes()]


def derived_chat(client: Any, claude: Any) -> Any:
    return client.with_options(timeout=30).chat.completions.create(**chat(ASKED))


def derived_twice(client: Any, claude: Any) -> Any:
    return client.copy().with_options(max_retries=0).responses.create(model="m", input=ASKED)


def derived_messages(client: Any, claude: Any) -> Any:
    return claude.with_options(timeout=30).messages.create(**chat(ASKED), max_tokens=9)


FURTHER = [
    beta_chat,
    parsed_chat,
    beta_parsed_chat,
    parsed_response,
    response_stream,
    beta_messages,
    beta_messages_stream,
    parsed_messages,
    raw_chat,
    raw_chat_of_the_client,
    raw_stream,
    raw_response,
    raw_messages,
    streaming_chat,
    streaming_lines,
    streaming_messages,
    derived_chat,
    derived_twice,
    derived_messages,
]


@pytest.mark.parametrize("ask", FURTHER)
def test_every_way_to_the_model_is_attended_once(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    ask(client, claude)
    assert "Bello" in chats.heard[-1].system
    assert chats.heard[-1].system.count("<powermem-recall>") == 1
    assert spoken(attended) == [("user", ASKED), ("assistant", f"You said: {ASKED}")]


def test_what_was_made_of_a_client_before_is_made_anew(
    memory: Memory, client: Any, chats: ChatServer
) -> None:
    assert client.with_raw_response.chat.completions
    assert client.chat.completions.with_raw_response.create
    assert client.chat.completions.with_streaming_response.create
    memory.llm.register(client).attribution("u").set_session("s")
    client.chat.completions.with_raw_response.create(**chat(SAID))
    assert spoken(memory) == [("user", SAID), ("assistant", REPLY)]
    memory.llm.unregister(client)
    client.chat.completions.with_raw_response.create(**chat(SAID))
    assert len(spoken(memory)) == 2


def test_a_derived_client_can_be_left_alone(attended: Memory, client: Any, chats: ChatServer) -> None:
    derived = client.with_options(timeout=30)
    attended.llm.unregister(derived)
    derived.chat.completions.create(**chat("A title for this conversation, please."))
    assert spoken(attended) == []


def test_what_is_not_attended_says_so_once(
    attended: Memory, client: Any, claude: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    chats.status = 400
    for _ in range(2):
        with pytest.raises(openai.BadRequestError):
            client.completions.create(model="m", prompt=SAID)
    told = [record.message for record in caplog.records if "not attended" in record.message]
    assert len(told) == 1
    assert "completions.create" in told[0]


def test_a_function_that_calls_an_attended_client_is_one_exchange(
    attended: Memory, client: Any, chats: ChatServer
) -> None:
    def answer(messages: Any) -> Any:
        return client.chat.completions.create(model="m", messages=messages)

    attended.wrap(answer)(chat(SAID)["messages"])
    assert len(chats.heard) == 1
    assert spoken(attended) == [("user", SAID), ("assistant", REPLY)]


def test_an_error_of_the_provider_is_raised_and_costs_the_reply_alone(
    attended: Memory, client: Any, claude: Any, chats: ChatServer
) -> None:
    chats.status = 400
    for _ in range(2):
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**chat(SAID))
    with pytest.raises(anthropic.BadRequestError):
        with claude.messages.stream(**chat(SAID), max_tokens=9):
            pass
    # Asking the same once more is no second turn, also when it is answered at last.
    chats.status = 200
    client.chat.completions.create(**chat(SAID))
    assert spoken(attended) == [("user", SAID), ("assistant", REPLY)]
    # After an answer it is.
    client.chat.completions.create(**chat(SAID))
    assert spoken(attended) == [("user", SAID), ("assistant", REPLY)] * 2


def test_nothing_is_recalled_or_kept_of_nobody(
    memory: Memory, client: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    memory.llm.register(client)
    for _ in range(2):
        client.chat.completions.create(**chat(SAID))
    assert memory.augmentation.wait()
    assert [heard.system for heard in chats.heard] == ["", ""]
    assert len([record for record in caplog.records if "no speaker is set" in record.message]) == 1
    assert memory.count() == 0


def test_registering_again_has_no_effect(attended: Memory, client: Any, chats: ChatServer) -> None:
    assert attended.llm.register(client).llm.register(client) is attended
    client.chat.completions.create(**chat(SAID))
    assert len(chats.heard) == 1
    assert spoken(attended) == [("user", SAID), ("assistant", REPLY)]


def test_a_client_serves_one_memory(attended: Memory, client: Any, config: dict) -> None:
    other = Memory(config)
    with pytest.raises(InvalidInputError, match="registered with another memory"):
        other.llm.register(client)
    other.llm.unregister(client)
    attended.llm.unregister(client)
    other.llm.register(client)
    other.close()
    with pytest.raises(ClosedError):
        other.llm.register(client)
    attended.llm.register(client)


@pytest.mark.parametrize("wrong", [None, object(), "client"])
def test_other_clients_are_refused_by_name(memory: Memory, wrong: object) -> None:
    with pytest.raises(InvalidInputError, match=r"expected one of openai\.OpenAI") as raised:
        memory.llm.register(wrong)
    assert type(wrong).__qualname__ in str(raised.value) or wrong is None
    memory.llm.unregister(wrong)


def test_azure_is_attended(memory: Memory, chats: ChatServer) -> None:
    with openai.AzureOpenAI(azure_endpoint=chats.address, api_key="k", api_version="2024-10-21") as azure:
        memory.llm.register(azure).attribution("u").set_session("s")
        azure.chat.completions.create(**chat(SAID))
    assert spoken(memory) == [("user", SAID), ("assistant", REPLY)]


def test_an_unregistered_client_is_as_it_was(memory: Memory, client: Any) -> None:
    bare = openai.OpenAI(base_url=client.base_url, api_key="k")
    memory.llm.register(client)
    assert inspect.signature(client.chat.completions.create) == inspect.signature(
        bare.chat.completions.create
    )
    memory.llm.unregister(client).llm.unregister(client)
    assert "create" not in vars(client.chat.completions)
    assert "create" not in vars(client.responses)
    assert not [name for name in vars(client) if "powermem" in name]
    bare.close()


def test_closing_leaves_clients_alone_and_loses_nothing(config: dict, client: Any, chats: ChatServer) -> None:
    with Memory(config) as memory:
        memory.llm.register(client).attribution("u").set_session("s")
        for number in range(10):
            client.chat.completions.create(**chat(f"I own {number} boats"))
    client.chat.completions.create(**chat("What do I own?"))
    assert len(chats.heard) == 11
    with Memory(config) as memory:
        assert len(spoken(memory)) == 20


def test_a_stream_that_outlives_its_memory_is_read_all_the_same(
    config: dict, client: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    with Memory(config) as memory:
        memory.llm.register(client).attribution("u")
        stream = streamed_chat(client, None)
    assert "".join([event.choices[0].delta.content or "" for event in stream]) == REPLY
    assert "after the memory was closed" in caplog.text


def test_a_memory_that_fails_does_not_disturb_the_call(
    attended: Memory,
    client: Any,
    chats: ChatServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the memory has a fault")

    monkeypatch.setattr(attended._attendance, "_recall_texts", fail)
    monkeypatch.setattr(attended._access.engine().keeper, "_apply", fail)
    reply = client.chat.completions.create(**chat("What is my dog called?"))
    assert reply.choices[0].message.content == "You said: What is my dog called?"
    assert attended.augmentation.wait(120)
    messages = [record.message for record in caplog.records if "has a fault" in record.message]
    assert sorted(message.split(":")[0] for message in messages) == [
        "messages could not be stored",
        "messages could not be stored",
        "nothing could be recalled; the call continues without it",
    ]
    assert spoken(attended) == []


def test_the_options_are_checked(memory: Memory) -> None:
    wrong: Any
    for wrong in (-1, "1", True, float("inf")):
        with pytest.raises(InvalidInputError, match="recall_budget"):
            memory.llm.recall_budget = wrong
    with pytest.raises(InvalidInputError, match="recall_limit"):
        memory.llm.recall_limit = 0
    with pytest.raises(InvalidInputError, match="recall_threshold"):
        memory.llm.recall_threshold = 2
    with pytest.raises(InvalidInputError, match="max_workers"):
        memory.augmentation.max_workers = 0
    with pytest.raises(InvalidInputError, match="db_writer_batch_size"):
        memory.augmentation.db_writer_batch_size = 0
    assert (memory.llm.recall_budget, memory.llm.recall_limit, memory.llm.recall_threshold) == (0.3, 5, 0.05)


def test_what_is_recalled_can_be_limited_or_left_out(
    attended: Memory, client: Any, chats: ChatServer
) -> None:
    attended.add("The user's dog Bello likes bones", user_id="u", infer=False)
    attended.llm.recall_limit = 1
    client.chat.completions.create(**chat("What is my dog called?"))
    attended.llm.recall_limit, attended.llm.recall_threshold = 5, 1.0
    client.chat.completions.create(**chat("What is my dog called?"))
    attended.llm.recall_threshold, attended.llm.recall_budget = None, 0
    client.chat.completions.create(**chat("What is my dog called?"))
    assert [heard.system.count("\n- ") for heard in chats.heard] == [1, 0, 0]


def test_100_users_of_one_client_never_mix(memory: Memory, client: Any, chats: ChatServer) -> None:
    names = [f"u{number:03}" for number in range(100)]
    for name in names:
        memory.add(f"The favourite colour is called {name}-blue", user_id=name, infer=False)
    memory.llm.register(client)
    memory.llm.recall_budget = 60.0

    def converse(name: str) -> None:
        memory.attribution(name)
        text = f"I am {name}. What is my favourite colour?"
        stream = client.chat.completions.create(**chat(text), stream=True)
        pieces = [event.choices[0].delta.content or "" for event in stream]
        assert "".join(pieces) == f"You said: {text}"

    gather([partial(converse, name) for name in names])
    assert len(chats.heard) == 100
    for heard in chats.heard:
        name = heard.said.split()[2].rstrip(".")
        assert f"{name}-blue" in heard.system
        assert heard.system.count("-blue") == 1
    assert memory.augmentation.wait(120)
    store: Any = (memory._access.open()).store
    turns = [turn for turn in store.scan_turns(Scope(), 0, 1000) if "called" not in turn.content]
    assert len(turns) == 200
    assert all(turn.scope.user_id in turn.content for turn in turns)


def test_a_conversation_with_tools_is_remembered_as_its_sdk_gives_it(memory: Memory) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = openai.types.chat.ChatCompletionMessage.model_validate(
        {"role": "assistant", "tool_calls": [call]}
    )
    conversation: list[Any] = [
        {"role": "user", "content": "I live in Rome. Does it rain?"},
        asked,
        asked.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": "c", "content": "I love umbrellas."},
        openai.types.chat.ChatCompletionMessage(role="assistant", content="It does."),
    ]
    result = memory.add(conversation, user_id="u")
    assert [item["memory"] for item in result["results"]] == ["I live in Rome."]
    assert (memory.add(asked, user_id="u"))["results"] == []
    told = memory.add_many([{"messages": conversation, "user_id": "v"}, {"messages": asked}])
    assert (told["added"], told["errors"]) == (2, [])
    kept = memory.add_message("w", "assistant", asked.content)
    assert (kept["id"], kept["content"]) == (None, "")
    user, reply = memory.add_exchange("w", "I live in Rome.", asked)
    assert (user["content"], reply["id"]) == ("I live in Rome.", None)
    memory.attribution("x")
    turns = memory.observe(conversation[:1], conversation[-1])
    assert [turn["content"] for turn in turns] == ["I live in Rome. Does it rain?", "It does."]
    assert memory.augmentation.wait(60)
    memory.process("w")
    assert [memory.count(user_id=user) for user in ("u", "v", "w", "x")] == [1, 1, 1, 1]
