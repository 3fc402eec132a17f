"""Alternative replies of the test server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered, instead of as usual.

    Attributes:
        status: the HTTP status.
        body: what to send instead of the usual reply; a dict goes as JSON.
        headers: to send as well.
        delay: seconds to wait before answering.
        hang: whether to answer only when the server is released, or never.
        cut: how many bytes of the body to send before the connection is closed.
        drop: whether to close the connection without an answer.
        blanks: how many spaces to send, one at a time, before the body.
    """

    status: int = 200
    body: bytes | str | Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang: bool = False
    cut: int | None = None
    drop: bool = False
    blanks: int = 0


def failure(status: int, message: str = "something went wrong", **more: Any) -> Behaviour:
    """Answer with an error in OpenAI's form; ``headers`` and ``delay`` as in ``Behaviour``."""
    options = {name: more.pop(name) for name in ("headers", "delay") if name in more}
    return Behaviour(status, {"error": {"message": message, "type": "error", **more}}, **options)


def no_structure(kind: str) -> Behaviour:
    """Answer as a model does that knows no ``response_format`` of this kind."""
    return failure(
        400,
        f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model.",
        param="response_format",
    )


def page(status: int = 200, title: str = "Welcome to nginx!") -> Behaviour:
    """Answer with a web page, as proxies and wrong addresses do."""
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Behaviour(status, text, {"content-type": "text/html"})


def slow_down(after: float | None = None) -> Behaviour:
    """Answer 429, with or without a ``Retry-After`` of this many seconds."""
    headers = {} if after is None else {"retry-after": f"{after:g}"}
    return failure(429, "Rate limit reached for requests", code="rate_limit_exceeded", headers=headers)


def too_long(status: int = 400, message: str = "", **more: Any) -> Behaviour:
    """Refuse a request that does not fit the model's window, in OpenAI's words unless others are given."""
    message = message or "This model's maximum context length is 512 tokens. Please reduce your prompt."
    return failure(status, message, **({"code": "context_length_exceeded"} if status == 400 else {}) | more)


Items = list[dict[str, Any]]


@dataclass
class Limits:
    """What the server's models can take; ``None`` stands for no limit. A token is a word or four characters.

    Attributes:
        chat_window: the most tokens of a chat's messages.
        answer_tokens: the most tokens of an answer, which is cut there.
        finish: why an answer ended, where it was not cut; ``""`` leaves the field out.
        cut_finish: why an answer ended that was cut.
        embed_window: the most tokens of one text to embed.
        embed_batch: the most texts of one request to embed.
        refusal: answers a request that is too long, or has too many texts.
        spoil: changes the vectors before they are sent: a list of ``{"index", "embedding"}``.
    """

    chat_window: int | None = None
    answer_tokens: int | None = None
    finish: str | None = "stop"
    cut_finish: str | None = "length"
    embed_window: int | None = None
    embed_batch: int | None = None
    refusal: Behaviour = field(default_factory=too_long)
    spoil: Callable[[Items], Items] | None = None

    def refuses(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Return whether a request is more than the model takes."""
        if kind == "chat":
            messages = [body.get("system"), *(message.get("content") for message in body["messages"])]
            return _exceeds(sum(count_tokens(str(content or "")) for content in messages), self.chat_window)
        if kind == "embed":
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            longest = max(map(count_tokens, texts), default=0)
            return _exceeds(longest, self.embed_window) or _exceeds(len(texts), self.embed_batch)
        return False

    def cut(self, text: str) -> tuple[str, str | None]:
        """Return an answer as far as it may go, and why it ended."""
        if self.answer_tokens is None or count_tokens(text) <= self.answer_tokens:
            return text, self.finish
        return text[: 4 * self.answer_tokens], self.cut_finish


def count_tokens(text: str) -> int:
    """Return how many tokens a text has for the server's models."""
    return max(len(text.split()), -(-len(text) // 4))


def _exceeds(amount: int, limit: int | None) -> bool:
    return limit is not None and amount > limit


HANG = Behaviour(hang=True)
DROP = Behaviour(drop=True)
GARBAGE = Behaviour(body=b'{"choices": [{"mess')
EMPTY = Behaviour(body=b"")
NO_MONEY = failure(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    type="insufficient_quota",
    code="insufficient_quota",
)
