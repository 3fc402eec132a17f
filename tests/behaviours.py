"""How the test server can be told to answer, instead of as usual."""

from __future__ import annotations

from collections.abc import Mapping
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


HANG = Behaviour(hang=True)
DROP = Behaviour(drop=True)
GARBAGE = Behaviour(body=b'{"choices": [{"mess')
