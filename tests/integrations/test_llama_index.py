"""The memory block of LlamaIndex, in agents that ask a local model."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("llama_index.core.memory")

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.storage.chat_store.sql import MessageStatus
from llama_index.llms.openai_like import OpenAILike

from powermem import AsyncMemory, Memory
from powermem.integrations.llama_index import PowerMemBlock
from powermem.tokens import estimate_tokens
from tests.support.chatserver import ChatServer

from .conformance import FACT, Conformance, Who


def chat_memory(block: PowerMemBlock, session_id: str = "s", **options: Any) -> ChatMemory:
    # Its own tokenizer would be fetched.
    return ChatMemory.from_defaults(
        session_id=session_id, memory_blocks=[block], tokenizer_fn=str.split, **options
    )


class TestBlock(Conformance):
    colours = ("async",)

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        block = PowerMemBlock(memory, user_id=who.user_id)
        chat = self.sessions.setdefault(who, chat_memory(block, who.session_id))
        # A session goes on with the memory of this run.
        chat.memory_blocks = [block]
        llm = OpenAILike(
            model="gpt-4o", api_base=self.model.url, api_key="k", is_chat_model=True,
            is_function_calling_model=True,
        )  # fmt: skip
        answer = str(await FunctionAgent(llm=llm, tools=[]).run(user_msg=text, memory=chat))
        # The next turn would tell it.
        await block.aget(await chat.aget_all(), session_id=who.session_id)
        return answer


async def test_messages_that_leave_the_history_are_learned(memory: Memory) -> None:
    block = PowerMemBlock(memory, user_id="ana")
    chat = chat_memory(block, token_limit=40, token_flush_size=10, chat_history_token_ratio=0.5)
    for place in range(8):
        await chat.aput(ChatMessage(role="user", content=f"I have visited city {place}, it was nice."))
        await chat.aput(ChatMessage(role="assistant", content="I see, how very nice that must have been."))
    left = len(await chat.aget_all(status=MessageStatus.ARCHIVED))
    turns = memory._ready().store.said(memory._scope("ana", None, "s"))
    users = [turn.content for turn in turns if turn.role == "user"]
    assert users == [f"I have visited city {place}, it was nice." for place in range(left // 2)]
    assert len(users) > 2


async def test_a_block_is_truncated_by_memories(memory: Memory) -> None:
    for place in range(5):
        memory.add(f"Train {place} to Rome leaves at {place} o'clock.", user_id="ana", infer=False)
    block = PowerMemBlock(memory, user_id="ana", options={"threshold": None})
    whole = await block.aget([ChatMessage(role="user", content="When do trains to Rome leave?")])
    shorter = await block.atruncate(whole, 30)
    assert shorter is not None
    assert estimate_tokens(shorter) <= estimate_tokens(whole) - 30
    assert (shorter.split("\n")[:3], shorter.split("\n")[-1]) == (
        whole.split("\n")[:3],
        whole.split("\n")[-1],
    )
    assert await block.atruncate(whole, 10_000) is None


async def test_a_block_describes_itself(memory: Memory, model: ChatServer) -> None:
    block = PowerMemBlock(memory, user_id="ana", name="about_the_user", priority=0)
    memory.add(FACT, user_id="ana", infer=False)
    shown = await chat_memory(block).aget("Where do I live?")
    assert FACT in str(shown[0].content)
    assert "<about_the_user>" in str(shown[0].content)
