"""Registered clients of google-genai, LiteLLM and LangChain: their real packages, in both colours."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest

from powermem import AsyncMemory, Memory, UnsupportedLLMProviderError
from powermem._core.prompts.quoting import RECALL_CLOSE, RECALL_OPEN
from powermem._core.values import Scope
from tests.support.chatserver import ChatServer, text_of

# The packages warn of each other.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

SAID = "I live in Rome and I like tea."
QUESTION = "What is my dog called?"
ASKED = "Is my dog Bello?"


def gemini(chats: ChatServer) -> Any:
    genai = pytest.importorskip("google.genai")
    retry = genai.types.HttpRetryOptions(attempts=1)
    return genai.Client(
        api_key="k", http_options=genai.types.HttpOptions(base_url=chats.address, retry_options=retry)
    )


def litellm(chats: ChatServer) -> Any:
    module = pytest.importorskip("litellm")
    module.api_base, module.api_key, module.num_retries = chats.url, "k", 0
    return module


def router(chats: ChatServer) -> Any:
    deployment = {"model": "openai/m", "api_base": chats.url, "api_key": "k"}
    return litellm(chats).Router(
        model_list=[{"model_name": "openai/m", "litellm_params": deployment}], num_retries=0
    )


def chat_openai(chats: ChatServer) -> Any:
    return pytest.importorskip("langchain_openai").ChatOpenAI(
        model="m", base_url=chats.url, api_key="k", max_retries=0
    )


def chat_anthropic(chats: ChatServer) -> Any:
    return pytest.importorskip("langchain_anthropic").ChatAnthropic(
        model="m", base_url=chats.address, api_key="k", max_retries=0
    )


def chat_google(chats: ChatServer) -> Any:
    return pytest.importorskip("langchain_google_genai").ChatGoogleGenerativeAI(
        model="m", base_url=chats.address, api_key="k", max_retries=1, transport="rest"
    )


class Way(NamedTuple):
    """How one SDK is asked, and how it streams, in both colours.

    ``ask`` and ``stream`` take a client and an input, and return the text of the reply.
    """

    name: str
    make: Callable[[ChatServer], Any]
    turns: Callable[[list[tuple[str, str]]], Any]
    ask: Callable[[Any, Any], str]
    async_ask: Callable[[Any, Any], Awaitable[str]]
    stream: Callable[[Any, Any], str]
    async_stream: Callable[[Any, Any], Awaitable[str]]


def contents_of(turns: list[tuple[str, str]]) -> list[Any]:
    return [
        {"role": "model" if role == "assistant" else role, "parts": [{"text": text}]} for role, text in turns
    ]


def messages_of(turns: list[tuple[str, str]]) -> list[Any]:
    return [{"role": role, "content": text} for role, text in turns]


def gemini_ask(client: Any, contents: Any) -> str:
    return str(client.models.generate_content(model="m", contents=contents).text)


async def gemini_async_ask(client: Any, contents: Any) -> str:
    return str((await client.aio.models.generate_content(model="m", contents=contents)).text)


def gemini_stream(client: Any, contents: Any) -> str:
    return "".join(
        piece.text for piece in client.models.generate_content_stream(model="m", contents=contents)
    )


async def gemini_async_stream(client: Any, contents: Any) -> str:
    stream = await client.aio.models.generate_content_stream(model="m", contents=contents)
    return "".join([piece.text async for piece in stream])


def completion_ask(client: Any, messages: Any) -> str:
    return str(client.completion("openai/m", messages).choices[0].message.content)


async def completion_async_ask(client: Any, messages: Any) -> str:
    return str((await client.acompletion(model="openai/m", messages=messages)).choices[0].message.content)


def completion_stream(client: Any, messages: Any) -> str:
    stream = client.completion(model="openai/m", messages=messages, stream=True)
    return "".join(piece.choices[0].delta.content or "" for piece in stream)


async def completion_async_stream(client: Any, messages: Any) -> str:
    stream = await client.acompletion(model="openai/m", messages=messages, stream=True)
    return "".join([piece.choices[0].delta.content or "" async for piece in stream])


def model_ask(model: Any, messages: Any) -> str:
    return str(model.invoke(messages).text)


async def model_async_ask(model: Any, messages: Any) -> str:
    return str((await model.ainvoke(messages)).text)


def model_stream(model: Any, messages: Any) -> str:
    return "".join(str(piece.text) for piece in model.stream(messages))


async def model_async_stream(model: Any, messages: Any) -> str:
    return "".join([str(piece.text) async for piece in model.astream(messages)])


GEMINI = (contents_of, gemini_ask, gemini_async_ask, gemini_stream, gemini_async_stream)
COMPLETION = (
    messages_of,
    completion_ask,
    completion_async_ask,
    completion_stream,
    completion_async_stream,
)
MODEL = (messages_of, model_ask, model_async_ask, model_stream, model_async_stream)
WAYS = [
    Way("gemini", gemini, *GEMINI),
    Way("litellm", litellm, *COMPLETION),
    Way("router", router, *COMPLETION),
    Way("chat_openai", chat_openai, *MODEL),
    Way("chat_anthropic", chat_anthropic, *MODEL),
    Way("chat_google", chat_google, *MODEL),
]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@contextlib.contextmanager
def registered(config: dict[str, Any], client: Any, **options: Any) -> Iterator[Memory]:
    """A memory that knows something, and attends the client."""
    with Memory(config) as memory:
        memory.add("The user's dog is called Bello", user_id="u", infer=False)
        memory.add("The dog of somebody else is called Rex", user_id="other", infer=False)
        memory.llm.recall_budget = 30.0
        memory.llm.register(client, **options).attribution("u", "bot").set_session("s")
        yield memory


@contextlib.asynccontextmanager
async def async_registered(config: dict[str, Any], client: Any, **options: Any) -> Any:
    async with AsyncMemory(config) as memory:
        await memory.add("The user's dog is called Bello", user_id="u", infer=False)
        memory.llm.recall_budget = 30.0
        memory.llm.register(client, **options).attribution("u", "bot").set_session("s")
        yield memory


def kept(memory: Memory) -> list[tuple[str, str]]:
    assert memory.augmentation.wait(120)
    store: Any = memory._access.open().store
    turns = store.scan_turns(Scope(run_id="s"), 0, 1000)
    return [(turn.role, turn.content) for turn in turns]


async def async_kept(memory: AsyncMemory) -> list[tuple[str, str]]:
    assert await memory.augmentation.wait(120)
    store: Any = (await memory._access.open()).store
    turns = await store.scan_turns(Scope(run_id="s"), 0, 1000)
    return [(turn.role, turn.content) for turn in turns]


@each_way
def test_a_call_recalls_before_and_remembers_after(config: dict, chats: ChatServer, way: Way) -> None:
    client = way.make(chats)
    with registered(config, client) as memory:
        asked = [("user", f"{QUESTION} {SAID}")]
        expected = f"You said: {QUESTION} {SAID}"
        assert way.ask(client, way.turns(asked)) == expected
        assert way.stream(client, way.turns(asked)) == expected
        for heard in chats.heard:
            assert "Bello" in heard.system
            assert "Rex" not in heard.system
            assert (heard.system.count(RECALL_OPEN), heard.system.count(RECALL_CLOSE)) == (1, 1)
            assert heard.said == asked[0][1]
        assert kept(memory) == [*asked, ("assistant", expected)] * 2
        assert not any(
            "Bello" in record["memory"] for record in memory.get_all("u", agent_id="bot")["results"]
        )
        memory.llm.unregister(client)
        chats.heard.clear()
        assert way.ask(client, way.turns(asked)) == expected
        assert "Bello" not in chats.heard[0].system
        assert len(kept(memory)) == 4


@each_way
async def test_the_same_on_an_event_loop(config: dict, chats: ChatServer, way: Way) -> None:
    client = way.make(chats)
    async with async_registered(config, client) as memory:
        asked = [("user", f"{QUESTION} {SAID}")]
        expected = f"You said: {QUESTION} {SAID}"
        assert await way.async_ask(client, way.turns(asked)) == expected
        assert await way.async_stream(client, way.turns(asked)) == expected
        assert ["Bello" in heard.system for heard in chats.heard] == [True, True]
        assert await async_kept(memory) == [*asked, ("assistant", expected)] * 2
        memory.llm.unregister(client)


@each_way
def test_a_history_that_is_sent_again_is_not_kept_again(config: dict, chats: ChatServer, way: Way) -> None:
    client = way.make(chats)
    with registered(config, client) as memory:
        history: list[tuple[str, str]] = []
        for text in ("My name is Ada.", "I live in Rome."):
            history.append(("user", text))
            history.append(("assistant", way.ask(client, way.turns(history))))
        assert kept(memory) == history
        memory.llm.unregister(client)


@each_way
def test_errors_are_those_of_the_sdk(config: dict, chats: ChatServer, way: Way) -> None:
    client = way.make(chats)
    chats.status = 400
    with pytest.raises(Exception) as bare:  # noqa: PT011 - the SDK's own
        way.ask(client, way.turns([("user", SAID)]))
    with registered(config, client) as memory:
        with pytest.raises(type(bare.value)) as raised:
            way.ask(client, way.turns([("user", SAID)]))
        assert str(raised.value) == str(bare.value)
        chats.status = 200
        way.ask(client, way.turns([("user", SAID)]))
        assert kept(memory) == [("user", SAID), ("assistant", f"You said: {SAID}")]
        memory.llm.unregister(client)


@each_way
def test_a_stream_that_is_given_up_is_remembered_as_far_as_it_went(
    config: dict, chats: ChatServer, way: Way
) -> None:
    client = way.make(chats)
    # LangChain reads one event ahead.
    chats.hold_after = 3
    with registered(config, client) as memory:
        asked = way.turns([("user", SAID)])
        if way.turns is contents_of:
            stream = client.models.generate_content_stream(model="m", contents=asked)
        elif hasattr(client, "stream"):
            stream = client.stream(asked)
        else:
            stream = client.completion(model="openai/m", messages=asked, stream=True)
        heard = 0
        while heard < 2:
            event = str(next(stream))
            heard += any(piece in event for piece in ("You ", "said: "))
        getattr(stream, "close", lambda: None)()
        del stream
        chats.release()
        assert kept(memory) == [("user", SAID), ("assistant", "You said:")]
        memory.llm.unregister(client)


def spellings() -> list[Any]:
    """Return one message in all spellings of Gemini's contents."""
    types = pytest.importorskip("google.genai").types
    part, half = types.Part.from_text(text=QUESTION), types.Part.from_text(text="What is")
    return [
        QUESTION,
        [QUESTION],
        ["What is", "my dog called?"],
        part,
        [part],
        [half, "my dog called?"],
        [half, {"text": "my dog called?"}],
        [[half, types.Part.from_text(text="my dog called?")]],
        {"text": QUESTION},
        {"role": "user", "parts": [{"text": QUESTION}]},
        {"parts": [{"text": QUESTION}]},
        types.UserContent(parts=[part]),
        [types.Content(role="user", parts=[part])],
        [types.UserContent("Hello"), types.ModelContent("Hi"), QUESTION],
        [types.UserContent("Hello"), types.ModelContent("Hi"), part],
    ]


def test_contents_are_read_in_all_their_spellings(config: dict, chats: ChatServer) -> None:
    client = gemini(chats)
    sent = []
    for contents in spellings():
        gemini_ask(client, contents)
        sent.append(chats.heard.pop().body["contents"])
    with registered(config, client) as memory:
        for number, contents in enumerate(spellings()):
            memory.set_session(f"s{number}")
            gemini_ask(client, contents)
            assert "Bello" in chats.heard[-1].system
            # What is sent is what was given.
            assert chats.heard[-1].body["contents"] == sent[number]
        assert memory.augmentation.wait(120)
        store: Any = memory._access.open().store
        turns = [turn for turn in store.scan_turns(Scope(user_id="u"), 0, 1000) if turn.role == "user"]
        said = [" ".join(turn.content.split()) for turn in turns if turn.scope.run_id]
        assert said == [QUESTION] * len(sent)
        memory.llm.unregister(client)


def instructions() -> list[Any]:
    types = pytest.importorskip("google.genai").types
    part = types.Part.from_text(text="Be brief.")
    return [
        {"system_instruction": "Be brief."},
        {"systemInstruction": "Be brief."},
        {"system_instruction": ["Be brief."]},
        {"system_instruction": {"role": "user", "parts": [{"text": "Be brief."}]}},
        {"system_instruction": part},
        types.GenerateContentConfig(system_instruction="Be brief."),
        types.GenerateContentConfig(system_instruction=types.Content(parts=[part])),
        types.GenerateContentConfig(system_instruction=[part, "Be kind."], temperature=0.5),
    ]


def test_the_system_instruction_is_extended(config: dict, chats: ChatServer) -> None:
    client = gemini(chats)
    with registered(config, client) as memory:
        for options in instructions():
            before = str(options)
            client.models.generate_content(model="m", contents=QUESTION, config=options)
            assert str(options) == before
            assert chats.heard[-1].system.startswith("Be brief.")
            assert "Bello" in chats.heard[-1].system
        for options in (None, {}, {"temperature": 0.5}):
            client.models.generate_content(model="m", contents=QUESTION, config=options)
            assert chats.heard[-1].system.startswith(RECALL_OPEN)
        client.models.generate_content(
            model="m", contents=QUESTION, config={"cached_content": "cachedContents/1"}
        )
        cached = chats.heard[-1].body
        assert "systemInstruction" not in cached
        assert "Bello" in cached["contents"][0]["parts"][0]["text"]
        assert cached["contents"][1]["parts"][0]["text"] == QUESTION
        memory.llm.unregister(client)


def test_a_chat_of_gemini_is_attended(config: dict, chats: ChatServer) -> None:
    client = gemini(chats)
    with registered(config, client) as memory:
        chat = client.chats.create(model="m", config={"system_instruction": "Be brief."})
        assert chat.send_message(QUESTION).text == f"You said: {QUESTION}"
        assert "".join(piece.text for piece in chat.send_message_stream(ASKED)) == f"You said: {ASKED}"
        assert [len(heard.body["contents"]) for heard in chats.heard] == [1, 3]
        assert [RECALL_OPEN in heard.system for heard in chats.heard] == [True, True]
        assert RECALL_OPEN not in str(chat.get_history())
        assert kept(memory) == [
            ("user", QUESTION),
            ("assistant", f"You said: {QUESTION}"),
            ("user", ASKED),
            ("assistant", f"You said: {ASKED}"),
        ]
        memory.llm.unregister(client)


async def test_an_async_chat_of_gemini_and_its_functions_are_one_exchange(
    config: dict, chats: ChatServer
) -> None:
    client = gemini(chats)

    def look_up() -> str:
        """Look it up."""
        return "Bones"

    async with async_registered(config, client) as memory:
        chats.tool, chats.on_chat = "look_up", lambda body: "Bones."
        chat = client.aio.chats.create(model="m", config={"tools": [look_up]})
        reply = await chat.send_message("What does my dog Bello eat?")
        assert reply.text == "Bones."
        assert len(chats.heard) == 2
        # Without the SDK's own loop.
        contents: list[Any] = [{"role": "user", "parts": [{"text": "And my cat?"}]}]
        reply = await client.aio.models.generate_content(model="m", contents=contents)
        contents += [
            reply.candidates[0].content,
            {"role": "user", "parts": [{"functionResponse": {"name": "look_up", "response": {"a": "Fish"}}}]},
        ]
        await client.aio.models.generate_content(model="m", contents=contents)
        assert await async_kept(memory) == [
            ("user", "What does my dog Bello eat?"),
            ("assistant", "Bones."),
            ("user", "And my cat?"),
            ("assistant", "Bones."),
        ]
        memory.llm.unregister(client)


def inputs() -> list[Any]:
    """Return a question in all spellings of the input of LangChain's models."""
    core = pytest.importorskip("langchain_core")
    from langchain_core.messages import HumanMessage
    from langchain_core.prompts import ChatPromptTemplate, PromptTemplate

    assert core
    return [
        QUESTION,
        [("human", QUESTION)],
        [HumanMessage(QUESTION)],
        [QUESTION],
        [{"role": "user", "content": QUESTION}],
        [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        ChatPromptTemplate([("human", "{x}")]).invoke({"x": QUESTION}),
        PromptTemplate.from_template("{x}").invoke({"x": QUESTION}),
    ]


def test_inputs_of_chat_models_are_read_in_all_their_spellings(config: dict, chats: ChatServer) -> None:
    model = chat_openai(chats)
    with registered(config, model) as memory:
        for given in inputs():
            assert model.invoke(given).text == f"You said: {QUESTION}"
            assert [each["role"] for each in chats.heard[-1].body["messages"]] == ["system", "user"]
            assert "Bello" in chats.heard[-1].system
        assert kept(memory) == [("user", QUESTION), ("assistant", f"You said: {QUESTION}")] * len(inputs())
        memory.llm.unregister(model)


def test_the_system_message_of_a_chat_model_is_extended(config: dict, chats: ChatServer) -> None:
    model = chat_openai(chats)
    from langchain_core.messages import HumanMessage, SystemMessage

    with registered(config, model) as memory:
        for system in (
            SystemMessage("Be brief."),
            ("system", "Be brief."),
            {"role": "system", "content": "Be brief."},
            SystemMessage([{"type": "text", "text": "Be brief."}]),
        ):
            given = [system, HumanMessage(QUESTION)]
            before = str(given)
            model.invoke(given)
            assert str(given) == before
            assert [each["role"] for each in chats.heard[-1].body["messages"]] == ["system", "user"]
            assert chats.heard[-1].system.startswith("Be brief.\n")
            assert "Bello" in chats.heard[-1].system
        memory.llm.unregister(model)


def test_what_is_made_of_a_chat_model_is_attended_once(config: dict, chats: ChatServer) -> None:
    model = chat_openai(chats)
    from langchain_core.prompts import ChatPromptTemplate

    def look_up(place: str) -> str:
        """Look it up."""
        return place

    shown = (repr(model), model.model_dump_json(), model.dict(), model._get_llm_string())
    with registered(config, model) as memory, contextlib.closing(asyncio.new_event_loop()) as loop:
        assert (repr(model), model.model_dump_json(), model.dict(), model._get_llm_string()) == shown
        ways: list[Callable[[str], Any]] = [
            lambda text: model.bind_tools([look_up]).invoke(text),
            lambda text: model.with_config({"tags": ["a"]}).invoke(text),
            lambda text: model.with_retry().invoke(text),
            lambda text: model.model_copy(update={"temperature": 0.5}).invoke(text),
            lambda text: (ChatPromptTemplate([("human", "{x}")]) | model).invoke({"x": text}),
            lambda text: list((ChatPromptTemplate([("human", "{x}")]) | model).stream({"x": text})),
            lambda text: model.batch([text]),
            lambda text: loop.run_until_complete(model.abatch([text])),
            lambda text: list(model.model_copy(update={"disable_streaming": True}).stream(text)),
            lambda text: loop.run_until_complete(_drained(model.astream_events(text, version="v2"))),
        ]
        expected = []
        for number, way in enumerate(ways):
            text = f"I have {number} cats."
            way(text)
            assert chats.heard[-1].said == text
            expected += [("user", text), ("assistant", f"You said: {text}")]
        assert kept(memory) == expected
        assert chats.heard[3].body["temperature"] == 0.5
        memory.llm.unregister(model)
        assert [name for name in vars(model) if "powermem" in name or name in ("invoke", "model_copy")] == []


async def _drained(events: Any) -> list[Any]:
    return [event async for event in events]


def test_a_batch_of_a_chat_model_is_as_many_exchanges(config: dict, chats: ChatServer) -> None:
    model = chat_openai(chats)
    with registered(config, model) as memory:
        texts = [f"I have {number} cats." for number in range(5)]
        assert [reply.text for reply in model.batch(texts)] == [f"You said: {text}" for text in texts]
        assert sorted(kept(memory)) == sorted(
            turn for text in texts for turn in [("user", text), ("assistant", f"You said: {text}")]
        )
        memory.llm.unregister(model)


def test_a_chat_model_whose_tools_are_called_has_one_exchange(config: dict, chats: ChatServer) -> None:
    model = chat_openai(chats)
    from langchain_core.messages import HumanMessage, ToolMessage

    with registered(config, model) as memory:
        chats.tool = "look_up"
        messages: list[Any] = [HumanMessage("What does my dog Bello eat?")]
        asked = model.invoke(messages)
        (call,) = asked.tool_calls
        messages += [asked, ToolMessage("Bones", tool_call_id=call["id"])]
        chats.on_chat = lambda body: "Bones."
        model.invoke(messages)
        assert "Bello" in chats.heard[1].system
        assert kept(memory) == [("user", "What does my dog Bello eat?"), ("assistant", "Bones.")]
        memory.llm.unregister(model)


def test_the_functions_of_litellm_are_its_own_again(config: dict, chats: ChatServer) -> None:
    module = litellm(chats)
    names = ("completion", "acompletion", "responses", "aresponses", "text_completion")
    before = [getattr(module, name) for name in names]
    with registered(config, module) as memory:
        assert module.completion is not before[0]
        deployment = {"model": "openai/m", "api_base": chats.url, "api_key": "k"}
        # A router calls the functions of the module.
        calling = module.Router(model_list=[{"model_name": "m", "litellm_params": deployment}])
        memory.llm.register(calling)
        calling.completion(model="m", messages=messages_of([("user", SAID)]))
        assert kept(memory) == [("user", SAID), ("assistant", f"You said: {SAID}")]
        reply = module.responses(model="openai/m", input=QUESTION)
        assert reply.output[0].content[0].text == f"You said: {QUESTION}"
        assert "Bello" in chats.heard[-1].system
        assert kept(memory)[2:] == [("user", QUESTION), ("assistant", f"You said: {QUESTION}")]
    assert [getattr(module, name) for name in names] == before


def shown(chats: ChatServer) -> list[tuple[str, str]]:
    """Return the messages of the last request without the system prompt, whatever its API."""
    body = chats.heard[-1].body
    given = body.get("messages") or body["contents"]
    return [
        (
            ("assistant" if each["role"] == "model" else each["role"]),
            text_of(each.get("content", each.get("parts"))),
        )
        for each in given
        if each["role"] != "system"
    ]


@each_way
def test_the_last_turns_come_back_and_never_twice(config: dict, chats: ChatServer, way: Way) -> None:
    client = way.make(chats)
    with registered(config, client, history=4) as memory:
        said: list[tuple[str, str]] = []
        for text in ("One?", "Two?", "Three?"):
            reply = way.ask(client, way.turns([("user", text)]))
            assert shown(chats) == [*said[-4:], ("user", text)]
            said += [("user", text), ("assistant", reply)]
        # The application sends its own, or a part of it.
        for begin in (0, 2, 4):
            memory.set_session(f"own {begin}")
            for place in (0, 2, 4):
                memory.observe(said[place][1], said[place + 1][1])
            way.ask(client, way.turns([*said[begin:], ("user", "Four?")]))
            assert shown(chats) == [*said[min(begin, 2) :], ("user", "Four?")]
        memory.llm.unregister(client)


def test_a_chat_of_gemini_sends_its_own_history(config: dict, chats: ChatServer) -> None:
    client = gemini(chats)
    with registered(config, client, history=4) as memory:
        memory.observe("Zero?", "You said: Zero?")
        chat = client.chats.create(model="m")
        for text in ("One?", "Two?"):
            chat.send_message(text)
        assert shown(chats) == [
            ("user", "Zero?"),
            ("assistant", "You said: Zero?"),
            ("user", "One?"),
            ("assistant", "You said: One?"),
            ("user", "Two?"),
        ]
        assert "Zero?" not in str(chat.get_history())
        memory.llm.unregister(client)


def test_models_of_agno_are_registered_by_their_keywords(config: dict, chats: ChatServer) -> None:
    agno = pytest.importorskip("agno.agent")
    from agno.models.openai import OpenAIChat

    from powermem.compat import Memori

    model = OpenAIChat(id="m", base_url=chats.url, api_key="k")
    with Memori(config=config) as memory, contextlib.closing(asyncio.new_event_loop()) as loop:
        memory.llm.recall_budget = 30.0
        memory.llm.register(openai_chat=model, history=2).attribution("u", "bot")
        agent = agno.Agent(model=model, telemetry=False)
        assert agent.run(SAID).content == f"You said: {SAID}"
        assert memory.augmentation.wait(120)
        assert memory.recall("Where do I live? In Rome?")
        loop.run_until_complete(agent.arun("Is Rome large?"))
        assert "Rome" in chats.heard[-1].system
        assert shown(chats) == [
            ("user", SAID),
            ("assistant", f"You said: {SAID}"),
            ("user", "Is Rome large?"),
        ]


def test_what_is_made_of_a_chat_model_is_refused_with_what_to_register(config: dict) -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.language_models import FakeListChatModel

    model = FakeListChatModel(responses=["Bello."])
    with Memory(config) as memory:
        memory.attribution("u", "bot").set_session("s")
        with pytest.raises(UnsupportedLLMProviderError, match="register the chat model itself"):
            memory.llm.register(model.bind(stop=["x"]))
        memory.llm.register(model)
        assert model.bind(stop=["x"]).invoke(QUESTION).text == "Bello."
        assert kept(memory) == [("user", QUESTION), ("assistant", "Bello.")]
        memory.llm.unregister(model)


def test_the_async_half_of_a_client_of_gemini_is_a_client(config: dict, chats: ChatServer) -> None:
    client = gemini(chats)
    with registered(config, client.aio) as memory, contextlib.closing(asyncio.new_event_loop()) as loop:
        assert loop.run_until_complete(gemini_async_ask(client, SAID)) == f"You said: {SAID}"
        gemini_ask(client, "Not attended")
        assert kept(memory) == [("user", SAID), ("assistant", f"You said: {SAID}")]
        memory.llm.unregister(client.aio)


def test_events_that_are_not_attended_say_so(
    config: dict, chats: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    model = chat_openai(chats)
    with registered(config, model) as memory, contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(_drained(model.astream_events(SAID, version="v2")))
        assert "not attended" not in caplog.text
        for _ in range(2):
            list(model.stream_events(SAID, version="v3"))
        assert caplog.text.count("stream_events(version='v3') is not attended") == 1
        assert kept(memory) == [("user", SAID), ("assistant", f"You said: {SAID}")]
        memory.llm.unregister(model)
