"""Where each API has its messages, and where recalled text is inserted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..messages.forms import part_of, role_of
from . import gemini, langchain
from .continuity import Said

Arguments = dict[str, Any]


def read_messages(messages: Any) -> str | Sequence[Any] | None:
    """Return messages that are a text or a sequence; ``None`` for anything else."""
    if isinstance(messages, (Mapping, bytes)) or not isinstance(messages, (str, Sequence)):
        return None
    return messages


class Api(NamedTuple):
    """An API for calling a language model.

    Attributes:
        name: for error messages.
        key: the argument with the messages; ``""`` for the first given one of the usual names.
        inject: returns the arguments with a text at the end of the system prompt.
        parameters: names of the positional parameters, if it has some.
        precede: returns the arguments with turns of the session before its messages.
        read: returns messages in any spelling of this API as a text or a list, without changing them;
            ``None`` for a value that holds no messages.
    """

    name: str
    key: str
    inject: Callable[[Arguments, str, str], Arguments]
    precede: Callable[[Arguments, str, Sequence[Said]], Arguments]
    parameters: tuple[str, ...] = ()
    read: Callable[[Any], str | Sequence[Any] | None] = read_messages


def _into_messages(arguments: Arguments, key: str, block: str) -> Arguments:
    messages = arguments[key]
    if isinstance(messages, str):
        return {**arguments, key: f"{block}\n\n{messages}"}
    return {**arguments, key: _with_system(messages, block)}


def _wherever(arguments: Arguments, key: str, block: str) -> Arguments:
    """Add it to the caller's system prompt, or else to the messages."""
    for name in ("system", "instructions"):
        if name in arguments:
            return {**arguments, name: _extended(arguments[name], block)}
    return _into_messages(arguments, key, block)


def _into_instructions(arguments: Arguments, key: str, block: str) -> Arguments:
    return {**arguments, "instructions": _extended(arguments.get("instructions"), block)}


def _into_system(arguments: Arguments, key: str, block: str) -> Arguments:
    return {**arguments, "system": _extended(arguments.get("system"), block)}


def _with_system(messages: Sequence[Any], block: str) -> list[Any]:
    for index, message in enumerate(messages):
        if role_of(message) == "system":
            changed = _extended_message(message, block)
            if changed is None:
                break
            return [*messages[:index], changed, *messages[index + 1 :]]
    if any(
        part_of(message, "parts") is not None and part_of(message, "content") is None for message in messages
    ):
        # Gemini's contents have no role for a system prompt.
        return [{"role": "user", "parts": [{"text": block}]}, *messages]
    return [{"role": "system", "content": block}, *messages]


def _extended_message(message: Any, block: str) -> Any:
    """Return an extended copy of a system message, or ``None`` for an object of an unknown type."""
    content = _extended(part_of(message, "content"), block)
    if isinstance(message, Mapping):
        return {**message, "content": content}
    copy = getattr(message, "model_copy", None)
    return None if copy is None else copy(update={"content": content})


def _extended(prompt: Any, block: str) -> Any:
    """Return a system prompt with a text appended; the SDKs have several values for "not given"."""
    if isinstance(prompt, str):
        return f"{prompt}\n\n{block}" if prompt.strip() else block
    if isinstance(prompt, Sequence):
        return [*prompt, {"type": "text", "text": block}]
    return block


def _into_config(arguments: Arguments, key: str, block: str) -> Arguments:
    """Extend the system instruction in Gemini's configuration, a mapping or an object."""
    config = arguments.get("config")
    if part_of(config, "cached_content") or part_of(config, "cachedContent"):
        # The system instruction is part of the cache, and a request may not have another one.
        return {**arguments, key: [gemini.content("user", block), *gemini.listed(arguments[key])]}
    if config is None:
        return {**arguments, "config": {"system_instruction": block}}
    if isinstance(config, Mapping):
        name = "systemInstruction" if "systemInstruction" in config else "system_instruction"
        return {**arguments, "config": {**config, name: gemini.instruction(config.get(name), block)}}
    extended = gemini.instruction(part_of(config, "system_instruction"), block)
    return {**arguments, "config": config.model_copy(update={"system_instruction": extended})}


def _into_input(arguments: Arguments, key: str, block: str) -> Arguments:
    """Add it to the system message of LangChain's input."""
    return {**arguments, key: _with_system(langchain.listed(arguments[key]), block)}


def _before_messages(arguments: Arguments, key: str, turns: Sequence[Said]) -> Arguments:
    """Put turns behind the system messages at the beginning."""
    given = arguments[key]
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else list(given)
    return {**arguments, key: _behind_system(messages, turns)}


def _before_contents(arguments: Arguments, key: str, turns: Sequence[Said]) -> Arguments:
    contents = (gemini.content(turn.role, turn.text) for turn in turns)
    return {**arguments, key: [*contents, *gemini.listed(arguments[key])]}


def _before_input(arguments: Arguments, key: str, turns: Sequence[Said]) -> Arguments:
    return {**arguments, key: _behind_system(langchain.listed(arguments[key]), turns)}


def _before_nothing(arguments: Arguments, key: str, turns: Sequence[Said]) -> Arguments:
    return arguments


def _behind_system(messages: list[Any], turns: Sequence[Said]) -> list[Any]:
    begin = next((at for at, message in enumerate(messages) if role_of(message) != "system"), len(messages))
    said = [{"role": turn.role, "content": turn.text} for turn in turns]
    return [*messages[:begin], *said, *messages[begin:]]


CHAT = Api("chat.completions", "messages", _into_messages, _before_messages)
RESPONSES = Api("responses", "input", _into_instructions, _before_messages)
MESSAGES = Api("messages", "messages", _into_system, _before_messages)
GENERATE = Api("models.generate_content", "contents", _into_config, _before_contents, read=gemini.grouped)
# LiteLLM's functions take them by position too.
COMPLETION = CHAT._replace(name="completion", parameters=("model", "messages"))
LITELLM_RESPONSES = RESPONSES._replace(parameters=("input", "model"))
LANGCHAIN = Api("a chat model", "input", _into_input, _before_input, ("input", "config"), langchain.read)
GENERIC = Api("a function", "", _wherever, _before_nothing)
