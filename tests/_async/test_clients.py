"""Conversations through the clients of the providers: real SDKs, against a server that speaks their APIs."""

from __future__ import annotations

import copy
import gc
import inspect
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError, InvalidInputError
from powermem._concurrency import async_gather
from powermem._core.prompts.quoting import RECALL_OPEN
from powermem._core.values import Scope
from tests.support.chatserver import ChatServer, pieces_of

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

SAID = "I live in Rome and I like tea."
REPLY = f"You said: {SAID}"
PIECES = [piece for piece in pieces_of(REPLY) if piece]


@pytest.fixture
async def client(chats: ChatServer) -> AsyncIterator[Any]:
    """A client of OpenAI's."""
    async with openai.AsyncOpenAI(base_url=chats.url, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
async def claude(chats: ChatServer) -> AsyncIterator[Any]:
    """A client of Anthropic's."""
    async with anthropic.AsyncAnthropic(base_url=chats.address, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
async def attended(memory: AsyncMemory, client: Any, claude: Any) -> AsyncMemory:
    """A memory that attends both, with something to recall, and somebody who speaks."""
    await memory.add("The user's dog is called Bello", user_id="u", infer=False)
    await memory.add("The dog of somebody else is called Rex", user_id="other", infer=False)
    memory.llm.recall_budget = 30.0
    return memory.llm.register(client).llm.register(claude).attribution("u", "bot").set_session("s")


def chat(text: str, **more: Any) -> dict[str, Any]:
    """Return the arguments of a request with one message."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


async def spoken(memory: AsyncMemory) -> list[tuple[str, str]]:
    """Return everything that is kept of the user's conversations, oldest first."""
    assert await memory.augmentation.wait(120)
    store: Any = (await memory._access.open()).store
    turns = await store.scan_turns(Scope(), 0, 1000)
    return [(turn.role, turn.content) for turn in turns if turn.scope.run_id == "s"]


async def by_chat(client: Any, claude: Any, text: str) -> Any:
    return await client.chat.completions.create(**chat(text))


async def by_responses(client: Any, claude: Any, text: str) -> Any:
    return await client.responses.create(model="m", input=text)


async def by_messages(client: Any, claude: Any, text: str) -> Any:
    return await claude.messages.create(**chat(text), max_tokens=9)


WAYS = [by_chat, by_responses, by_messages]


@pytest.mark.parametrize("ask", WAYS)
async def test_a_call_recalls_before_and_remembers_after(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    reply = await ask(client, claude, "What is my dog called? " + SAID)
    assert "You said: What is my dog called?" in reply.model_dump_json()
    assert type(reply).__module__.split(".")[0] in ("openai", "anthropic")
    assert "Bello" in chats.heard[0].system
    assert "Rex" not in chats.heard[0].system
    assert "<powermem-recall>" in chats.heard[0].system
    assert await spoken(attended) == [
        ("user", "What is my dog called? " + SAID),
        ("assistant", "You said: What is my dog called? " + SAID),
    ]
    # Learned too, in the background, and not what was recalled.
    learned = [record["memory"] for record in (await attended.get_all("u", agent_id="bot"))["results"]]
    assert learned
    assert not any("Bello" in text for text in learned)
    assert await attended.recall("Rome")


async def streamed_chat(client: Any, claude: Any) -> Any:
    return await client.chat.completions.create(**chat(SAID), stream=True)


async def streamed_responses(client: Any, claude: Any) -> Any:
    return await client.responses.create(model="m", input=[{"role": "user", "content": SAID}], stream=True)


async def streamed_messages(client: Any, claude: Any) -> Any:
    return await claude.messages.create(**chat(SAID), max_tokens=9, stream=True)


STREAMS = [streamed_chat, streamed_responses, streamed_messages]


@pytest.mark.parametrize("ask", STREAMS)
async def test_a_stream_is_the_one_of_the_provider(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    stream = await ask(client, claude)
    # Anthropic's classes once had an `isinstance` of their own.
    assert issubclass(type(stream), (openai.AsyncStream, anthropic.AsyncStream))
    events = [event.model_dump() async for event in stream]
    attended.llm.unregister(client).llm.unregister(claude)
    assert events == [event.model_dump() async for event in await ask(client, claude)]
    assert await spoken(attended) == [("user", SAID), ("assistant", REPLY)]
    assert await attended.recall("Rome")


@pytest.mark.parametrize("ask", STREAMS)
async def test_a_stream_that_is_given_up_is_remembered_as_far_as_it_went(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    chats.hold_after = 2
    async with await ask(client, claude) as stream:
        heard = 0
        async for event in stream:
            heard += any(piece in event.model_dump_json() for piece in ("You ", "said: "))
            if heard == 2:
                break
    assert await spoken(attended) == [("user", SAID), ("assistant", "You said:")]


@pytest.mark.parametrize("ask", STREAMS)
async def test_a_stream_that_breaks_raises_and_is_remembered(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    chats.stop_after = 3
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the SDK's own, which changes with its version
        async for _ in await ask(client, claude):
            pass
    assert "powermem" not in type(raised.value).__module__
    assert await spoken(attended) == [("user", SAID), ("assistant", "You said: I")]


async def test_a_stream_that_is_dropped_is_remembered(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer
) -> None:
    stream = await streamed_chat(client, claude)
    response = stream.response
    async for _ in stream:
        break
    del stream
    gc.collect()
    assert await spoken(attended) == [("user", SAID), ("assistant", "You")]
    await response.aclose()


async def test_the_stream_helpers_of_the_sdks_are_attended(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer
) -> None:
    async with claude.messages.stream(**chat("I play chess. Is my dog Bello?"), max_tokens=9) as stream:
        assert isinstance(stream, anthropic.AsyncMessageStream)
        texts = [text async for text in stream.text_stream]
        assert (await stream.get_final_message()).content[0].text == "".join(texts)
    assert "Bello" in chats.heard[-1].system
    # Elsewhere in older versions of the SDK.
    helping = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    async with helping(**chat("I play the piano")) as helper:
        async for _ in helper:
            pass
    assert await spoken(attended) == [
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
async def test_the_system_prompt_of_a_chat_is_created_or_extended(
    attended: AsyncMemory, client: Any, chats: ChatServer, system: dict[str, Any] | None
) -> None:
    messages = [*([system] if system else []), {"role": "user", "content": "What is my dog called?"}]
    before = copy.deepcopy(messages)
    await client.chat.completions.create(model="m", messages=messages)
    assert messages == before
    sent = chats.heard[0].body["messages"]
    assert [message["role"] for message in sent] == [system["role"] if system else "system", "user"]
    assert sent[1] == messages[-1]
    assert "Bello" in chats.heard[0].system
    assert chats.heard[0].system.startswith("Be brief." if system else RECALL_OPEN)


@pytest.mark.parametrize("system", [None, "Be brief.", [{"type": "text", "text": "Be brief."}]])
async def test_the_system_prompt_of_messages_is_created_or_extended(
    attended: AsyncMemory, claude: Any, chats: ChatServer, system: Any
) -> None:
    more = {} if system is None else {"system": system}
    before = copy.deepcopy(more)
    await claude.messages.create(**chat("What is my dog called?"), max_tokens=9, **more)
    assert more == before
    assert "Bello" in chats.heard[0].system
    assert isinstance(chats.heard[0].body["system"], list if isinstance(system, list) else str)
    assert chats.heard[0].body["messages"] == chat("What is my dog called?")["messages"]


async def test_the_instructions_of_a_response_are_extended(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    await client.responses.create(model="m", input="What is my dog called?", instructions="Be brief.")
    assert chats.heard[0].system.startswith(f"Be brief.\n\n{RECALL_OPEN}")
    assert chats.heard[0].body["input"] == "What is my dog called?"


async def test_messages_that_can_be_read_once_are_read_once(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    messages = iter([{"role": "user", "content": "What is my dog called?"}])
    await client.chat.completions.create(model="m", messages=messages)
    assert "Bello" in chats.heard[0].system
    assert chats.heard[0].said == "What is my dog called?"


async def test_a_history_that_is_sent_again_is_not_kept_again(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    history: list[dict[str, Any]] = []
    for text in ("My name is Ada", "I live in Rome", "What do you know of me?"):
        history.append({"role": "user", "content": text})
        reply = await client.chat.completions.create(model="m", messages=history)
        history.append({"role": "assistant", "content": reply.choices[0].message.content})
    assert await spoken(attended) == [(turn["role"], turn["content"]) for turn in history]


async def test_a_tool_call_is_part_of_one_exchange(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer
) -> None:
    chats.tool = "look_up"
    history: list[Any] = [{"role": "user", "content": "What does my dog Bello eat?"}]
    reply = await client.chat.completions.create(model="m", messages=history)
    (call,) = reply.choices[0].message.tool_calls
    history += [reply.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "Bones"}]
    chats.on_chat = lambda body: "Bones."
    await client.chat.completions.create(model="m", messages=history)
    assert "Bello" in chats.heard[1].system
    assert await spoken(attended) == [("user", "What does my dog Bello eat?"), ("assistant", "Bones.")]

    asked: list[Any] = [{"role": "user", "content": "And my cat?"}]
    message = await claude.messages.create(model="m", max_tokens=9, messages=asked)
    result = {"type": "tool_result", "tool_use_id": message.content[0].id, "content": "Fish"}
    asked += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    chats.on_chat = lambda body: "Fish."
    await claude.messages.create(model="m", max_tokens=9, messages=asked)
    assert (await spoken(attended))[2:] == [("user", "And my cat?"), ("assistant", "Fish.")]

    items: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "And my fish?"}]}]
    response = await client.responses.create(model="m", input=items)
    items += response.output
    items.append({"type": "function_call_output", "call_id": "call_1", "output": "Flakes"})
    chats.on_chat = lambda body: "Flakes."
    await client.responses.create(model="m", input=items)
    assert (await spoken(attended))[4:] == [("user", "And my fish?"), ("assistant", "Flakes.")]


ASKED = "What is my dog called? I live in Rome."


async def beta_chat(client: Any, claude: Any) -> Any:
    return await client.beta.chat.completions.create(**chat(ASKED))


async def parsed_chat(client: Any, claude: Any) -> Any:
    completions = client.chat.completions
    return await getattr(completions, "parse", client.beta.chat.completions.parse)(**chat(ASKED))


async def beta_parsed_chat(client: Any, claude: Any) -> Any:
    return await client.beta.chat.completions.parse(**chat(ASKED))


async def parsed_response(client: Any, claude: Any) -> Any:
    return await client.responses.parse(model="m", input=ASKED)


async def response_stream(client: Any, claude: Any) -> Any:
    async with client.responses.stream(model="m", input=ASKED) as stream:
        return [event async for event in stream]


async def beta_messages(client: Any, claude: Any) -> Any:
    return await claude.beta.messages.create(**chat(ASKED), max_tokens=9)


async def beta_messages_stream(client: Any, claude: Any) -> Any:
    async with claude.beta.messages.stream(**chat(ASKED), max_tokens=9) as stream:
        return [event async for event in stream]


async def parsed_messages(client: Any, claude: Any) -> Any:
    if not hasattr(claude.messages, "parse"):
        pytest.skip("this version of the SDK has no messages.parse")
    return await claude.messages.parse(**chat(ASKED), max_tokens=9)


async def raw_chat(client: Any, claude: Any) -> Any:
    raw = await client.chat.completions.with_raw_response.create(**chat(ASKED))
    return raw.parse()


async def raw_chat_of_the_client(client: Any, claude: Any) -> Any:
    raw = await client.with_raw_response.chat.completions.create(**chat(ASKED))
    return raw.text


async def raw_stream(client: Any, claude: Any) -> Any:
    raw = await client.chat.completions.with_raw_response.create(**chat(ASKED), stream=True)
    return [event async for event in raw.parse()]


async def raw_response(client: Any, claude: Any) -> Any:
    return await client.responses.with_raw_response.create(model="m", input=ASKED)


async def raw_messages(client: Any, claude: Any) -> Any:
    return await claude.messages.with_raw_response.create(**chat(ASKED), max_tokens=9)


async def streaming_chat(client: Any, claude: Any) -> Any:
    async with client.chat.completions.with_streaming_response.create(**chat(ASKED)) as response:
        return await response.json()


async def streaming_lines(client: Any, claude: Any) -> Any:
    asked = chat(ASKED, stream=True)
    async with client.chat.completions.with_streaming_response.create(**asked) as response:
        return [line async for line in response.iter_lines()]


async def streaming_messages(client: Any, claude: Any) -> Any:
    asked = chat(ASKED, stream=True)
    async with claude.messages.with_streaming_response.create(**asked, max_tokens=9) as response:
        return [piece async for piece in response.iter_bytes()]


async def derived_chat(client: Any, claude: Any) -> Any:
    return await client.with_options(timeout=30).chat.completions.create(**chat(ASKED))


async def derived_twice(client: Any, claude: Any) -> Any:
    return await client.copy().with_options(max_retries=0).responses.create(model="m", input=ASKED)


async def derived_messages(client: Any, claude: Any) -> Any:
    return await claude.with_options(timeout=30).messages.create(**chat(ASKED), max_tokens=9)


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
async def test_every_way_to_the_model_is_attended_once(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, ask: Callable[..., Any]
) -> None:
    await ask(client, claude)
    assert "Bello" in chats.heard[-1].system
    assert chats.heard[-1].system.count("<powermem-recall>") == 1
    assert await spoken(attended) == [("user", ASKED), ("assistant", f"You said: {ASKED}")]


async def test_what_was_made_of_a_client_before_is_made_anew(
    memory: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    assert client.with_raw_response.chat.completions
    assert client.chat.completions.with_raw_response.create
    assert client.chat.completions.with_streaming_response.create
    memory.llm.register(client).attribution("u").set_session("s")
    await client.chat.completions.with_raw_response.create(**chat(SAID))
    assert await spoken(memory) == [("user", SAID), ("assistant", REPLY)]
    memory.llm.unregister(client)
    await client.chat.completions.with_raw_response.create(**chat(SAID))
    assert len(await spoken(memory)) == 2


async def test_a_derived_client_can_be_left_alone(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    derived = client.with_options(timeout=30)
    attended.llm.unregister(derived)
    await derived.chat.completions.create(**chat("A title for this conversation, please."))
    assert await spoken(attended) == []


async def test_what_is_not_attended_says_so_once(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    chats.status = 400
    for _ in range(2):
        with pytest.raises(openai.BadRequestError):
            await client.completions.create(model="m", prompt=SAID)
    told = [record.message for record in caplog.records if "not attended" in record.message]
    assert len(told) == 1
    assert "completions.create" in told[0]


async def test_a_function_that_calls_an_attended_client_is_one_exchange(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    async def answer(messages: Any) -> Any:
        return await client.chat.completions.create(model="m", messages=messages)

    await attended.wrap(answer)(chat(SAID)["messages"])
    assert len(chats.heard) == 1
    assert await spoken(attended) == [("user", SAID), ("assistant", REPLY)]


async def test_an_error_of_the_provider_is_raised_and_costs_the_reply_alone(
    attended: AsyncMemory, client: Any, claude: Any, chats: ChatServer
) -> None:
    chats.status = 400
    for _ in range(2):
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(**chat(SAID))
    with pytest.raises(anthropic.BadRequestError):
        async with claude.messages.stream(**chat(SAID), max_tokens=9):
            pass
    # Asking the same once more is no second turn, also when it is answered at last.
    chats.status = 200
    await client.chat.completions.create(**chat(SAID))
    assert await spoken(attended) == [("user", SAID), ("assistant", REPLY)]
    # After an answer it is.
    await client.chat.completions.create(**chat(SAID))
    assert await spoken(attended) == [("user", SAID), ("assistant", REPLY)] * 2


async def test_nothing_is_recalled_or_kept_of_nobody(
    memory: AsyncMemory, client: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    memory.llm.register(client)
    for _ in range(2):
        await client.chat.completions.create(**chat(SAID))
    assert await memory.augmentation.wait()
    assert [heard.system for heard in chats.heard] == ["", ""]
    assert len([record for record in caplog.records if "no speaker is set" in record.message]) == 1
    assert await memory.count() == 0


async def test_registering_again_has_no_effect(attended: AsyncMemory, client: Any, chats: ChatServer) -> None:
    assert attended.llm.register(client).llm.register(client) is attended
    await client.chat.completions.create(**chat(SAID))
    assert len(chats.heard) == 1
    assert await spoken(attended) == [("user", SAID), ("assistant", REPLY)]


async def test_a_client_serves_one_memory(attended: AsyncMemory, client: Any, config: dict) -> None:
    other = AsyncMemory(config)
    with pytest.raises(InvalidInputError, match="registered with another memory"):
        other.llm.register(client)
    other.llm.unregister(client)
    attended.llm.unregister(client)
    other.llm.register(client)
    await other.close()
    with pytest.raises(ClosedError):
        other.llm.register(client)
    attended.llm.register(client)


@pytest.mark.parametrize("wrong", [None, object(), "client"])
async def test_other_clients_are_refused_by_name(memory: AsyncMemory, wrong: object) -> None:
    with pytest.raises(InvalidInputError, match=r"expected one of openai\.OpenAI") as raised:
        memory.llm.register(wrong)
    assert type(wrong).__qualname__ in str(raised.value) or wrong is None
    memory.llm.unregister(wrong)


async def test_azure_is_attended(memory: AsyncMemory, chats: ChatServer) -> None:
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=chats.address, api_key="k", api_version="2024-10-21"
    ) as azure:
        memory.llm.register(azure).attribution("u").set_session("s")
        await azure.chat.completions.create(**chat(SAID))
    assert await spoken(memory) == [("user", SAID), ("assistant", REPLY)]


async def test_an_unregistered_client_is_as_it_was(memory: AsyncMemory, client: Any) -> None:
    bare = openai.AsyncOpenAI(base_url=client.base_url, api_key="k")
    memory.llm.register(client)
    assert inspect.signature(client.chat.completions.create) == inspect.signature(
        bare.chat.completions.create
    )
    memory.llm.unregister(client).llm.unregister(client)
    assert "create" not in vars(client.chat.completions)
    assert "create" not in vars(client.responses)
    assert not [name for name in vars(client) if "powermem" in name]
    await bare.close()


async def test_closing_leaves_clients_alone_and_loses_nothing(
    config: dict, client: Any, chats: ChatServer
) -> None:
    async with AsyncMemory(config) as memory:
        memory.llm.register(client).attribution("u").set_session("s")
        for number in range(10):
            await client.chat.completions.create(**chat(f"I own {number} boats"))
    await client.chat.completions.create(**chat("What do I own?"))
    assert len(chats.heard) == 11
    async with AsyncMemory(config) as memory:
        assert len(await spoken(memory)) == 20


async def test_a_stream_that_outlives_its_memory_is_read_all_the_same(
    config: dict, client: Any, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncMemory(config) as memory:
        memory.llm.register(client).attribution("u")
        stream = await streamed_chat(client, None)
    assert "".join([event.choices[0].delta.content or "" async for event in stream]) == REPLY
    assert "after the memory was closed" in caplog.text


async def test_a_memory_that_fails_does_not_disturb_the_call(
    attended: AsyncMemory,
    client: Any,
    chats: ChatServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the memory has a fault")

    monkeypatch.setattr(attended._attendance, "_recall_texts", fail)
    monkeypatch.setattr(attended._access.engine().keeper, "_apply", fail)
    reply = await client.chat.completions.create(**chat("What is my dog called?"))
    assert reply.choices[0].message.content == "You said: What is my dog called?"
    assert await attended.augmentation.wait(120)
    messages = [record.message for record in caplog.records if "has a fault" in record.message]
    assert sorted(message.split(":")[0] for message in messages) == [
        "messages could not be stored",
        "messages could not be stored",
        "nothing could be recalled; the call continues without it",
    ]
    assert await spoken(attended) == []


async def test_the_options_are_checked(memory: AsyncMemory) -> None:
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


async def test_what_is_recalled_can_be_limited_or_left_out(
    attended: AsyncMemory, client: Any, chats: ChatServer
) -> None:
    await attended.add("The user's dog Bello likes bones", user_id="u", infer=False)
    attended.llm.recall_limit = 1
    await client.chat.completions.create(**chat("What is my dog called?"))
    attended.llm.recall_limit, attended.llm.recall_threshold = 5, 1.0
    await client.chat.completions.create(**chat("What is my dog called?"))
    attended.llm.recall_threshold, attended.llm.recall_budget = None, 0
    await client.chat.completions.create(**chat("What is my dog called?"))
    assert [heard.system.count("\n- ") for heard in chats.heard] == [1, 0, 0]


async def test_100_users_of_one_client_never_mix(memory: AsyncMemory, client: Any, chats: ChatServer) -> None:
    names = [f"u{number:03}" for number in range(100)]
    for name in names:
        await memory.add(f"The favourite colour is called {name}-blue", user_id=name, infer=False)
    memory.llm.register(client)
    memory.llm.recall_budget = 60.0

    async def converse(name: str) -> None:
        memory.attribution(name)
        text = f"I am {name}. What is my favourite colour?"
        stream = await client.chat.completions.create(**chat(text), stream=True)
        pieces = [event.choices[0].delta.content or "" async for event in stream]
        assert "".join(pieces) == f"You said: {text}"

    await async_gather([partial(converse, name) for name in names])
    assert len(chats.heard) == 100
    for heard in chats.heard:
        name = heard.said.split()[2].rstrip(".")
        assert f"{name}-blue" in heard.system
        assert heard.system.count("-blue") == 1
    assert await memory.augmentation.wait(120)
    store: Any = (await memory._access.open()).store
    turns = [turn for turn in await store.scan_turns(Scope(), 0, 1000) if "called" not in turn.content]
    assert len(turns) == 200
    assert all(turn.scope.user_id in turn.content for turn in turns)


async def test_a_conversation_with_tools_is_remembered_as_its_sdk_gives_it(memory: AsyncMemory) -> None:
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
    result = await memory.add(conversation, user_id="u")
    assert [item["memory"] for item in result["results"]] == ["I live in Rome."]
    assert (await memory.add(asked, user_id="u"))["results"] == []
    told = await memory.add_many([{"messages": conversation, "user_id": "v"}, {"messages": asked}])
    assert (told["added"], told["errors"]) == (2, [])
    kept = await memory.add_message("w", "assistant", asked.content)
    assert (kept["id"], kept["content"]) == (None, "")
    user, reply = await memory.add_exchange("w", "I live in Rome.", asked)
    assert (user["content"], reply["id"]) == ("I live in Rome.", None)
    memory.attribution("x")
    turns = await memory.observe(conversation[:1], conversation[-1])
    assert [turn["content"] for turn in turns] == ["I live in Rome. Does it rain?", "It does."]
    assert await memory.augmentation.wait(60)
    await memory.process("w")
    assert [await memory.count(user_id=user) for user in ("u", "v", "w", "x")] == [1, 1, 1, 1]
