"""Results that fit into a budget, counted on everything that is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem import AsyncMemory
from powermem.mcp import create_server
from powermem.mcp.bounds import ENVELOPE, fitting, shortened
from powermem.tokens import estimate_tokens

from .conftest import connected, data, put, serving

TEXTS = st.lists(st.text(max_size=400), max_size=30)


def as_json(texts: Sequence[str]) -> str:
    return json.dumps({"items": list(texts), "again": "\n".join(texts)}, ensure_ascii=False)


@given(texts=TEXTS, budget=st.integers(ENVELOPE + 20, 3_000))
def test_what_is_kept_fits_and_stays_in_order(texts: list[str], budget: int) -> None:
    items = list(enumerate(texts))

    def write(some: Sequence[tuple[int, str]]) -> str:
        return as_json([text for _, text in some])

    kept = fitting(items, write, budget)
    assert kept == sorted(kept)
    assert set(kept) <= set(items)
    assert not kept or estimate_tokens(write(kept)) + ENVELOPE <= budget
    # What alone leaves plenty of room is not left out.
    for item in items:
        if item not in kept:
            assert estimate_tokens(write([*kept, item])) + ENVELOPE > budget - 12 - 2 * len(items)


@given(text=st.text(max_size=2_000), budget=st.integers(ENVELOPE + 10, 2_000))
def test_a_text_is_cut_at_most_as_far_as_needed(text: str, budget: int) -> None:
    def write(part: str) -> str:
        return json.dumps(part, ensure_ascii=False)

    short = shortened(text, write, budget)
    assert estimate_tokens(write(short)) + ENVELOPE <= budget
    if short != text:
        assert text.startswith(short[:-1])
        longer = text[: len(short) + 4] + "\u2026"
        assert estimate_tokens(write(longer)) + ENVELOPE >= budget - 4


AWKWARD = [
    'He said: "quotes", and {braces} \\ backslashes.',
    "1234567890 " * 30,
    "\u6211\u4f4f\u5728\u91cc\u65af\u672c\u3002" * 40,
    "\n\t\x07 control \u2028 characters <tags> &amp;",
    "A plain sentence about a bike. " * 40,
    "\U0001f6b2" * 200,
]


@pytest.mark.parametrize("most", [500, 800, 2_000])
@pytest.mark.parametrize("modern", [True, False], ids=["stateless", "handshake"])
async def test_what_is_sent_over_the_wire_fits(memory: AsyncMemory, most: int, modern: bool) -> None:
    for number, text in enumerate(AWKWARD * 3):
        await put(memory, f"{text} ({number})", metadata={"source": f"file {number}", "line": number})
    async with serving(create_server(memory, user_id="alice")) as address:
        for name, arguments in (
            ("recall", {"query": "sentence", "limit": 18, "max_tokens": most}),
            ("list_memories", {"limit": 18, "max_tokens": most}),
        ):
            message = await raw_call(address, name, arguments, modern=modern)
            # As a host reads it: some transports escape what is not ASCII, which no model sees.
            body = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
            assert estimate_tokens(body) <= most
            assert estimate_tokens(body) > most / 3, "the budget is used"
            assert message["result"]["structuredContent"]["memories"]


async def raw_call(address: str, name: str, arguments: dict[str, Any], *, modern: bool) -> Any:
    """Call a tool and return the JSON-RPC message that comes."""
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    headers = {"Accept": "application/json, text/event-stream"}
    if modern:
        prefix = "io.modelcontextprotocol/"
        params["_meta"] = {f"{prefix}protocolVersion": "2026-07-28", f"{prefix}clientCapabilities": {}}
        headers |= {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name}
    message = {"jsonrpc": "2.0", "id": 123456789, "method": "tools/call", "params": params}
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(address, json=message, headers=headers)
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("application/json"):
        return answer.json()
    # Not splitlines, which would split a message at characters that JSON takes as they are.
    (line,) = [line for line in answer.text.split("\n") if line.startswith("data: {")]
    return json.loads(line.removeprefix("data: "))


async def test_one_memory_that_is_too_long_is_cut_and_says_so(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "words " * 3_000, metadata={"note": "x" * 9_000})
    async with connected(create_server(memory, user_id="alice"), era) as client:
        for name, arguments in (("recall", {"query": "words"}), ("list_memories", {})):
            result = await client.call_tool(name, {**arguments, "max_tokens": 600})
            (hit,) = data(result)["memories"]
            assert hit["truncated"] is True
            assert hit["text"].startswith("words words")
            assert hit["id"] == number
            assert estimate_tokens(result.model_dump_json(by_alias=True, exclude_none=True)) <= 600
        # Fetched, it is whole.
        whole = data(await client.call_tool("fetch", {"id": number}))["text"]
    assert whole == ("words " * 3_000).strip()


async def test_what_was_left_out_is_counted(memory: AsyncMemory) -> None:
    for number in range(20):
        await put(memory, f"A note about bikes with the number {number} and some more words.")
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        found = data(await client.call_tool("recall", {"query": "bikes", "limit": 20, "max_tokens": 800}))
        page = data(await client.call_tool("list_memories", {"limit": 20, "max_tokens": 800}))
    assert found["left_out"] == 20 - len(found["memories"]) > 0
    assert page["next_offset"] == len(page["memories"]) > 0


async def test_other_results_are_bounded_too(memory: AsyncMemory) -> None:
    long = "A very long note about bikes, cars and boats. " * 1_500
    number = await put(memory, "short")
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        calls: list[tuple[str, dict[str, Any], int]] = [
            ("remember", {"text": long, "verbatim": True}, 4_000),
            ("remember", {"text": "I live in Rome. " + long}, 4_000),
            ("update_memory", {"memory_id": number, "text": long + "!"}, 4_000),
            ("search", {"query": "bikes"}, 4_000),
            ("fetch", {"id": number}, 20_000),
            ("forget", {"memory_id": number}, 4_000),
            ("forget", {"memory_id": number, "confirm": True}, 4_000),
        ]
        for name, arguments, most in calls:
            result = await client.call_tool(name, arguments)
            sent = result.model_dump_json(by_alias=True, exclude_none=True)
            assert estimate_tokens(sent) <= most, name
            assert result.is_error == (name == "forget" and "confirm" not in arguments), sent[:200]
