"""What a language model answered, whoever's it is."""

from __future__ import annotations

from ..messages.forms import content_of, is_silent, text_of, unpacked


def reply_text(reply: object) -> str:
    """Return the text of a whole reply; ``""`` for one that only calls tools, or that cannot be read.

    Args:
        reply: a text, or an object or mapping in the form of OpenAI's two APIs, of Anthropic's, or a message
            with ``content``.
    """
    if isinstance(reply, str):
        return reply
    texts = (text_of(content_of(message)) for message in unpacked(reply) if not is_silent(message))
    return "\n".join(filter(None, texts))
