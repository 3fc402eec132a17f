"""What a language model answered, whoever's it is."""

from __future__ import annotations

from collections.abc import Sequence

from .reading import part_of, text_of


def reply_text(reply: object) -> str:
    """Return the text of a whole reply; ``""`` for one that only calls tools, or that cannot be read.

    Args:
        reply: a text, or an object or mapping in the form of OpenAI's two APIs, of Anthropic's, or a message
            with ``content``.
    """
    if isinstance(reply, str):
        return reply
    choices = part_of(reply, "choices")
    if _filled(choices):
        return text_of(part_of(part_of(choices[0], "message"), "content"))
    output = part_of(reply, "output")
    if _filled(output):
        texts = (text_of(part_of(item, "content")) for item in output if part_of(item, "type") == "message")
        return "\n".join(filter(None, texts))
    return text_of(part_of(reply, "content")) or text_of(part_of(part_of(reply, "message"), "content"))


def _filled(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
