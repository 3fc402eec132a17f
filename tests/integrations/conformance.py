"""What every adapter that recalls before a turn of an agent, and remembers it, must do.

The test module of an adapter makes a subclass of `Conformance`, which says how an agent takes a turn:

    class TestLangChain(Conformance):
        def turn(self, memory, who, text): ...
        async def async_turn(self, memory, who, text): ...

A framework with one colour sets ``colours``. The model is a local server, which notes what it is sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from powermem import AsyncMemory, Memory
from powermem._async.retrieval.search import AsyncRetrieval
from powermem._core.prompts.quoting import RECALL_CLOSE, RECALL_OPEN
from powermem._sync.retrieval.search import Retrieval
from tests.support.chatserver import ChatServer

FACT = "I live in Rome."
QUESTION = "Where do I live?"


Work = Callable[[Any, Callable[..., Awaitable[str]]], Awaitable[None]]
"""What a test does, with a memory and a function that takes a turn."""


class Who(NamedTuple):
    """Whose turn it is, fixed by the application."""

    user_id: str = "ana"
    session_id: str = "first"


class Conformance:
    """The tests, in each colour that the framework has.

    Attributes:
        colours: ``"sync"`` and ``"async"``, as far as the framework has them.
        marked: whether the adapter, not the framework, writes what is recalled into the prompt.
        sessions: what `turn` keeps of each session between turns, such as its messages so far.
    """

    colours: tuple[str, ...] = ("sync", "async")
    marked = True

    @pytest.fixture(autouse=True)
    def start(self, config: dict[str, Any], model: ChatServer) -> Iterator[None]:
        """Forget the sessions of the test before."""
        self.config = config
        self.model = model
        self.sessions: dict[Any, Any] = {}
        # One for all runs of a test: SDKs keep connections from one client to the next.
        self.loop = asyncio.new_event_loop()
        yield
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        """Let an agent with this memory answer a user; return the answer."""
        raise NotImplementedError

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        """Let an agent with this memory answer a user; return the answer."""
        raise NotImplementedError

    def during(self, colour: str, work: Work) -> None:
        """Run a test with an open memory of a colour, and a function that takes a turn."""
        if colour not in self.colours:
            pytest.skip(f"the framework has no {colour} half")

        async def main() -> None:
            if colour == "async":
                async with AsyncMemory(self.config) as memory:

                    async def take(who: Who, text: str) -> str:
                        answer = await self.async_turn(memory, who, text)
                        await memory.augmentation.wait(60)
                        return answer

                    await work(memory, take)
                return
            with Memory(self.config) as blocking:

                def turn(who: Who, text: str) -> str:
                    answer = self.turn(blocking, who, text)
                    blocking.augmentation.wait(60)
                    return answer

                async def take_on_thread(who: Who, text: str) -> str:
                    # A sync agent is called where no event loop runs.
                    return await asyncio.to_thread(turn, who, text)

                await work(blocking, take_on_thread)

        self.loop.run_until_complete(main())

    def stored(self) -> list[tuple[str | None, str]]:
        """Return all memories, with their owners."""
        with Memory(self.config) as memory:
            return sorted((one["user_id"], one["memory"]) for one in memory.get_all()["results"])

    def sent(self) -> str:
        """Return the last request to the model."""
        return json.dumps(self.model.heard[-1].body, ensure_ascii=False)

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_it_remembers_across_two_runs(self, colour: str) -> None:
        async def first(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            assert await take(Who(), FACT) == "I see."

        async def second(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            assert await take(Who(session_id="second"), QUESTION) == "I see."

        self.during(colour, first)
        self.sessions.clear()
        assert self.stored() == [("ana", FACT)]
        self.during(colour, second)
        assert FACT in self.sent()
        assert (RECALL_OPEN in self.sent()) == self.marked

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_a_growing_session_is_stored_once(self, colour: str) -> None:
        texts = [FACT, "I have a cat.", QUESTION]

        async def work(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            for text in texts:
                await take(Who(), text)

        self.during(colour, work)
        assert self.turns("ana") == [one for text in texts for one in (text, "I see.")]

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_owners_never_cross(self, colour: str) -> None:
        async def work(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            await take(Who("ana"), FACT)
            await take(Who("ben"), QUESTION)
            assert FACT not in self.sent()
            await take(Who("ben"), "I live in Oslo.")
            await take(Who("ana", "second"), QUESTION)
            assert "Oslo" not in self.sent()
            assert FACT in self.sent()

        self.during(colour, work)
        assert self.stored() == [("ana", FACT), ("ben", "I live in Oslo.")]

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_recalling_fails_open(
        self, colour: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*args: object, **options: object) -> Any:
            raise OSError("the network is down")

        async def work(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            await take(Who(), FACT)
            # In both colours, since an adapter may use a counterpart of the memory.
            for retrieval in (AsyncRetrieval, Retrieval):
                monkeypatch.setattr(retrieval, "search", broken)
            with caplog.at_level(logging.WARNING, "powermem.integrations"):
                assert await take(Who(session_id="second"), QUESTION) == "I see."

        self.during(colour, work)
        assert "the agent goes on without it" in caplog.text

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_what_is_put_in_is_never_learned(self, colour: str) -> None:
        if self.marked:
            # The model repeats what it was sent, marks and all.
            self.model.on_chat = lambda body: f"I was told: {_block(json.dumps(body, ensure_ascii=False))}"

        async def work(memory: Any, take: Callable[..., Awaitable[str]]) -> None:
            await take(Who(), FACT)
            for session in ("second", "third"):
                answer = await take(Who(session_id=session), QUESTION)
                assert not self.marked or FACT in answer
                assert FACT in self.sent()

        self.during(colour, work)
        assert self.stored() == [("ana", FACT)]
        assert sum(FACT in text for text in self.turns("ana")) == 1
        assert not any(RECALL_OPEN in text for text in self.turns("ana"))

    def turns(self, user_id: str) -> list[str]:
        """Return what was stored of a user's conversations, in order."""
        return read_turns(self.config, user_id)


def read_turns(config: dict[str, Any], user_id: str) -> list[str]:
    """Return the texts of all source turns of a user, in order."""
    path = config["vector_store"]["config"]["database_path"]
    with closing(sqlite3.connect(path)) as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%_turns'"
        ).fetchone()
        rows = connection.execute(
            f"SELECT content FROM {table} WHERE user_id = ? AND role <> 'item' ORDER BY id", (user_id,)
        ).fetchall()
    return [text for (text,) in rows]


def _block(sent: str) -> str:
    """Return the recalled block in a request, as it was before it was JSON."""
    if RECALL_OPEN not in sent:
        return "nothing"
    inside = sent.split(RECALL_OPEN, 1)[1].split(RECALL_CLOSE, 1)[0]
    return json.loads(f'"{RECALL_OPEN}{inside}{RECALL_CLOSE}"')
