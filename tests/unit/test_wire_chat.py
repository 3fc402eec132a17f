"""Chat requests and replies in both forms, and what is learned from refusals."""

from __future__ import annotations

import itertools
import json

import pytest

from powermem._core.wire.ability import Abilities, Structure, refused_field
from powermem._core.wire.failure import Failure
from powermem._core.wire.foreign import completion_of
from powermem._core.wire.formats import (
    ANTHROPIC,
    OPENAI,
    chat_body,
    decode,
    encode,
    messages_body,
    read_chat,
    read_message,
)
from powermem.errors import ProviderError
from powermem.types import Schema

SCHEMA = Schema("facts", {"type": "object", "properties": {"facts": {"type": "array"}}})
SYSTEM = {"role": "system", "content": "Find facts."}
HELLO = {"role": "user", "content": "I like tea."}
MESSAGES = [SYSTEM, HELLO]


def said(text: str, status: int = 400) -> Failure:
    return Failure("p", "summary", status=status, said=text)


def test_a_plain_chat_request():
    body = chat_body("m", MESSAGES, None, Abilities(), {"temperature": 0.1, "max_tokens": 5})

    assert body == {"model": "m", "messages": MESSAGES, "temperature": 0.1, "max_tokens": 5}


def test_a_schema_is_enforced_where_that_works():
    body = chat_body("m", MESSAGES, SCHEMA, Abilities(), {})

    assert body["messages"] == MESSAGES
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "facts", "schema": SCHEMA.body, "strict": True},
    }


@pytest.mark.parametrize("structure", [Structure.OBJECT, Structure.PROMPT])
def test_otherwise_the_schema_stands_in_the_prompt(structure):
    body = chat_body("m", MESSAGES, SCHEMA, Abilities(structure), {})

    system, user = body["messages"]
    assert system["content"].startswith("Find facts.\n\n")
    assert json.dumps(SCHEMA.body, separators=(",", ":")) in system["content"]
    assert "JSON" in system["content"]
    assert user == HELLO
    assert body.get("response_format") == ({"type": "json_object"} if structure else None)


def test_without_a_system_message_the_schema_gets_one():
    body = chat_body("m", [HELLO], SCHEMA, Abilities(Structure.PROMPT), {})

    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_messages_are_never_changed_in_place():
    messages = [dict(SYSTEM), dict(HELLO)]

    for form, structure in itertools.product((OPENAI, ANTHROPIC), Structure):
        form.build("m", messages, SCHEMA, Abilities(structure), {})

    assert messages == MESSAGES


def test_parameters_go_as_the_model_wants_them():
    abilities = Abilities(renamed_limit=True, refused=frozenset({"temperature"}), without_thinking=True)

    body = chat_body("m", [HELLO], None, abilities, {"temperature": 0.1, "max_tokens": 5})

    assert body == {"model": "m", "messages": [HELLO], "max_completion_tokens": 5, "enable_thinking": False}


def reply(content: object, finish: str = "stop", **message: object) -> dict:
    return {
        "choices": [
            {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("hello", "hello"),
        ([{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}], "hello"),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}], "hello"),
        (["hel", "lo"], "hello"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_chat_reply_is_read(content, text):
    completion = read_chat("p", reply(content))

    assert (completion.text, completion.prompt_tokens, completion.completion_tokens) == (text, 7, 3)
    assert not completion.truncated


def test_an_answer_cut_off_says_so():
    assert read_chat("p", reply('{"facts": [', finish="length")).truncated


@pytest.mark.parametrize("usage", [None, [], {}, {"prompt_tokens": None}, {"prompt_tokens": "many"}])
def test_a_reply_that_counts_no_tokens_is_read(usage):
    assert read_chat("p", {**reply("x"), "usage": usage}).prompt_tokens == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": []},
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        [],
        None,
        "text",
    ],
)
def test_a_reply_without_an_answer_is_an_error(wrong):
    with pytest.raises(ProviderError, match="p sent a reply without an answer"):
        read_chat("p", wrong)


def test_a_refusal_is_an_error():
    with pytest.raises(ProviderError, match="refused to answer"):
        read_chat("p", reply(None, refusal="I cannot help with that."))
    with pytest.raises(ProviderError, match="content filter"):
        read_chat("p", reply("", finish="content_filter"))


def test_anthropic_takes_the_system_prompt_apart():
    body = messages_body(
        "m", [SYSTEM, HELLO, {"role": "system", "content": "Be brief."}], None, Abilities(), {}
    )

    assert body == {
        "model": "m",
        "max_tokens": 4096,
        "system": "Find facts.\n\nBe brief.",
        "messages": [HELLO],
    }


def test_anthropic_is_held_to_a_schema_by_a_tool():
    body = messages_body("m", MESSAGES, SCHEMA, Abilities(), {"max_tokens": 9})

    assert body["max_tokens"] == 9
    assert body["tools"][0]["input_schema"] == SCHEMA.body
    assert body["tool_choice"] == {"type": "tool", "name": "facts"}


def test_anthropic_without_tools_gets_the_schema_in_the_prompt():
    body = messages_body("m", MESSAGES, SCHEMA, Abilities(Structure.PROMPT), {})

    assert "tools" not in body
    assert '"facts"' in body["system"]


def test_anthropics_turns_begin_with_the_user():
    turns = messages_body("m", [{"role": "assistant", "content": "Hi."}], None, Abilities(), {})["messages"]

    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    assert messages_body("m", [], None, Abilities(), {})["messages"]


def test_roles_that_anthropic_does_not_know_become_the_user():
    turns = messages_body("m", [{"role": "tool", "content": "42"}], None, Abilities(), {})["messages"]

    assert turns == [{"role": "user", "content": "42"}]


def test_images_are_converted_for_anthropic():
    content = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://host/a.png"}},
        {"type": "image_url", "image_url": "data:image/png;base64,AAAA"},
    ]

    parts = messages_body("m", [{"role": "user", "content": content}], None, Abilities(), {})["messages"][0][
        "content"
    ]

    assert parts[0] == content[0]
    assert parts[1]["source"] == {"type": "url", "url": "https://host/a.png"}
    assert parts[2]["source"] == {"type": "base64", "media_type": "image/png", "data": "AAAA"}


def message(blocks: object, stop: str = "end_turn") -> dict:
    return {
        "content": blocks,
        "stop_reason": stop,
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 3},
    }


def test_anthropics_answer_is_read():
    completion = read_message(
        "p", message([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}])
    )

    assert (completion.text, completion.prompt_tokens, completion.completion_tokens) == ("hello", 7, 3)


def test_the_input_of_anthropics_tool_becomes_json():
    blocks = [
        {"type": "text", "text": "Sure."},
        {"type": "tool_use", "name": "facts", "input": {"facts": ["é"]}},
    ]

    assert read_message("p", message(blocks, "tool_use")).text == 'Sure.\n{"facts": ["é"]}'
    assert read_message("p", message(blocks[1:] * 2, "tool_use")).text == '{"facts": ["é"]}\n{"facts": ["é"]}'


def test_anthropics_cut_off_answer_says_so():
    assert read_message("p", message([{"type": "text", "text": "{"}], "max_tokens")).truncated


@pytest.mark.parametrize("wrong", [{}, message([]), message(None), message([7]), [], None])
def test_anthropics_reply_without_an_answer_is_an_error(wrong):
    with pytest.raises(ProviderError, match="without an answer"):
        read_message("p", wrong)


def test_anthropics_refusal_is_an_error():
    with pytest.raises(ProviderError, match="refused to answer"):
        read_message("p", message([{"type": "text", "text": ""}], "refusal"))


STRUCTURED = ("model", "response_format", "temperature", "top_p", "max_tokens")


@pytest.mark.parametrize(
    "text",
    [
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        "This response_format type is unavailable now",
        "Invalid schema for response_format 'facts': In context=(), 'additionalProperties' is required",
        "json mode is not available",
        "unsupported parameter",
    ],
)
def test_a_refused_structure_is_lowered_step_by_step(text):
    lesser = Abilities().after(said(text), STRUCTURED)
    assert lesser == Abilities(Structure.OBJECT)
    least = lesser.after(said(text), STRUCTURED)
    assert least == Abilities(Structure.PROMPT)
    assert least.after(said(text), STRUCTURED) is None


def test_a_structure_that_was_not_asked_for_is_not_to_blame():
    assert Abilities().after(said("json is broken"), ("model", "messages")) is None


def test_a_forced_tool_can_be_refused_too():
    text = "Thinking may not be enabled when tool_choice forces tool use."

    assert Abilities().after(said(text), ("tool_choice", "tools")) == Abilities(Structure.OBJECT)


def test_the_other_name_of_the_limit_is_learned():
    text = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."

    assert Abilities().after(said(text), STRUCTURED) == Abilities(renamed_limit=True)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Unsupported value: 'temperature' does not support 0.1 with this model.", {"temperature"}),
        ("`temperature` is deprecated for this model.", {"temperature"}),
        ("`temperature` and `top_p` cannot both be specified for this model.", {"top_p"}),
        ("Unsupported parameter: 'top_p' is not supported with this model.", {"top_p"}),
    ],
)
def test_a_parameter_that_the_model_does_not_take_is_left_out(text, refused):
    assert Abilities().after(said(text), STRUCTURED) == Abilities(refused=frozenset(refused))


@pytest.mark.parametrize(
    "failure",
    [
        said("temperature must be between 0 and 2"),
        said("The model 'x' does not exist", 404),
        said("response_format is not supported", 500),
        said("response_format is not supported", 429),
        said("maximum context length is 8192 tokens"),
    ],
)
def test_the_users_own_mistakes_are_not_hidden(failure):
    assert Abilities().after(failure, ("temperature", "max_tokens", "messages")) is None


def test_thinking_is_switched_off_on_demand():
    text = "parameter.enable_thinking must be set to false for non-streaming calls"

    lesser = Abilities().after(said(text), STRUCTURED)

    assert lesser == Abilities(without_thinking=True)
    assert lesser.after(said(text), ("model",)) is None


def test_what_two_calls_learned_adds_up():
    one = Abilities(Structure.OBJECT, refused=frozenset({"temperature"}))
    other = Abilities(Structure.SCHEMA, renamed_limit=True, refused=frozenset({"top_p"}))

    assert one.meet(other) == Abilities(Structure.OBJECT, True, frozenset({"temperature", "top_p"}))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("unknown encoding_format", "encoding_format"),
        ("base64 is not implemented", "encoding_format"),
        ("This model does not support specifying dimensions.", "dimensions"),
        ("dimensions must be at most 3072", None),
        ("the text is too long", None),
    ],
)
def test_an_embedding_field_that_is_refused_is_found(text, field):
    assert refused_field(said(text), ("model", "encoding_format", "dimensions")) == field
    assert refused_field(said(text, 500), ("model", "encoding_format", "dimensions")) is None


def test_a_body_is_compact_and_survives_broken_text():
    assert encode({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'.encode()
    assert encode({"a": "x\ud83dy"}) == b'{"a":"x?y"}'
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"a": float("nan")})


class Message:
    def __init__(self) -> None:
        self.content = [{"type": "text", "text": "hello"}]
        self.usage_metadata = {"input_tokens": 5, "output_tokens": 2}
        self.response_metadata = {"finish_reason": "length"}


def test_what_foreign_models_return_is_read():
    completion = completion_of("p", Message())

    assert (completion.text, completion.prompt_tokens, completion.completion_tokens) == ("hello", 5, 2)
    assert completion.truncated
    assert completion_of("p", "hello").text == "hello"
    assert completion_of("p", completion) is completion
    with pytest.raises(ProviderError, match="p returned dict; expected text"):
        completion_of("p", {"text": "hello"})


FACTS = '{"facts": []}'


@pytest.mark.parametrize(
    "found",
    [
        {"content": FACTS},
        {"content": [{"type": "text", "text": '{"facts"'}, ": []}"]},
        {"content": None, "tool_calls": [{"function": {"name": "facts", "arguments": FACTS}}]},
        {"content": "", "tool_calls": [None, {"function": {"name": "facts", "arguments": {"facts": []}}}]},
        {"content": "", "function_call": {"name": "facts", "arguments": FACTS}},
        {"content": None, "reasoning_content": FACTS},
        {"reasoning": FACTS, "tool_calls": "none"},
    ],
)
def test_an_answer_is_found_wherever_the_server_puts_it(found):
    assert read_chat("p", {"choices": [{"message": found, "finish_reason": "stop"}]}).text == FACTS


def test_what_is_said_before_a_tool_is_called_does_not_hide_the_call():
    calls = [{"function": {"name": "fact", "arguments": {"text": text}}} for text in "ab"]
    found = {"content": "I will call the tool.", "tool_calls": calls}
    reply = {"choices": [{"message": found, "finish_reason": "tool_calls"}]}
    assert read_chat("p", reply).text == 'I will call the tool.\n{"text": "a"}\n{"text": "b"}'


@pytest.mark.parametrize("finish", ["length", "MAX_TOKENS", "max_output_tokens"])
def test_thoughts_that_were_cut_are_no_answer(finish):
    found = {"content": "", "reasoning_content": FACTS}
    completion = read_chat("p", {"choices": [{"message": found, "finish_reason": finish}]})
    assert (completion.text, completion.truncated) == ("", True)


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": [{"message": {"content": "{"}, "finish_reason": None, "done_reason": "length"}]},
        {"choices": [{"message": {"content": "{"}}], "done_reason": "length"},
        {"choices": [{"message": {"content": "{"}, "stop_reason": "max_tokens"}]},
    ],
)
def test_the_reason_why_it_ended_is_found_wherever_it_is(reply):
    assert read_chat("p", reply).truncated


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (FACTS + "\n" * 500, False),
        (FACTS + " \t\r\n" * 500, False),
        (FACTS, True),
        (FACTS[:-2] + " " * 500, True),
        ('{"facts": [{"text": "a"}\n' + " " * 500, True),
        (f"{FACTS} {FACTS[:9]}" + " " * 500, True),
        ('{"text": "a"}\n', True),
        ("[" + " " * 500, True),
    ],
)
def test_an_answer_is_whole_when_only_blanks_were_cut_off(content, cut):
    reply = {"choices": [{"message": {"content": content}, "finish_reason": "length"}]}
    assert read_chat("p", reply).truncated == cut


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "eos", None, 7, "end_turn"])
def test_other_reasons_are_no_cut(finish):
    reply = {"choices": [{"message": {"content": "{}"}, "finish_reason": finish, "stop_reason": 128001}]}
    assert not read_chat("p", reply).truncated


@pytest.mark.parametrize("tokens", [-1, 10**30, "7", 1.5, None, [1]])
def test_a_count_of_tokens_that_cannot_be_is_none(tokens):
    reply = {"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": tokens}}
    assert read_chat("p", reply).prompt_tokens == 0


def test_half_a_surrogate_pair_costs_no_reply():
    body = b'{"choices": [{"message": {"content": "a \\ud83d b"}}]}'
    assert read_chat("p", decode(body)).text == "a \ufffd b"
    for broken in (b"", b"<html>", b'{"a": "\\ud83d', b"[" * 100_000):
        with pytest.raises(ValueError, match=r"line 1|end of|expected|recursion"):
            decode(broken)
