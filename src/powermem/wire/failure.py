"""An exchange with a provider that failed: what is known of it, and the error it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ..errors import AuthenticationError, ProviderError, ProviderTimeoutError, RateLimitError
from .endpoint import Endpoint
from .reaching import explain_connection
from .reasons import CUT, FILTERED, QUOTA, TOO_LONG, reason_for
from .retry import is_passing, retry_after
from .secret import shorten

_KEPT = 4000
# Parameters that limit an answer.
_LENGTHS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"})
# Waiting does not help.
_LASTING = frozenset({CUT, FILTERED, QUOTA, TOO_LONG})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no usable reply; it holds no secret.

    Attributes:
        provider: the provider's configured name.
        summary: what went wrong, for the error's message.
        status: the HTTP status, or ``None`` when there was no reply.
        said: what the server said, at length.
        passing: whether it may succeed when tried again.
        wait: seconds the server asked to wait.
        kind: the error to raise.
        reason: what kind of failure it is; see ``ProviderError``.
        param: the parameter that the server blames, if it names one.
        code: the server's code for it, in small letters.
    """

    provider: str
    summary: str
    status: int | None = None
    said: str = ""
    passing: bool = False
    wait: float | None = None
    kind: type[ProviderError] = ProviderError
    reason: str = ""
    param: str = ""
    code: str = ""

    def error(self) -> ProviderError:
        """Return the error for the user."""
        return self.kind(self.summary, provider=self.provider, status=self.status, reason=self.reason)


def refused(endpoint: Endpoint, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Failure:
    """Read a reply whose status is not a success."""
    # What is kept is cut once more after scrubbing: a secret cut in half might not be recognized.
    text = endpoint.scrub(body[: 2 * _KEPT].decode("utf-8", "replace"))
    message = shorten(endpoint.scrub(_message(body)[: 2 * _KEPT]))
    provider = endpoint.provider
    summary = f"{provider} answered {status}"
    if status >= 500 or status in (404, 405, 407) or 300 <= status < 400:
        # What stands in between answers so too, so it matters where that was.
        summary = f"{provider} at {endpoint.address} answered {status}"
    wait = retry_after(headers)
    # Without the names of its fields, since "message" is a word that reasons are told by.
    reason = reason_for(status, re.sub(r'"\w+"\s*:', " ", text[:_KEPT]), wait)
    param = _named(body, "param")
    if reason == TOO_LONG and param in _LENGTHS:
        # About a setting, which a shorter text does not mend.
        reason = ""
    if reason == QUOTA:
        summary = (
            f"{provider}: the account has no quota or credit left ({status}), and waiting does not help; "
            "check its plan and billing, or use another key or provider"
        )
    elif status in (401, 403):
        summary = f"{provider} refused the credentials ({status})"
        message = (
            f"{message or 'no reason given'} (check the API key{'' if status == 401 else ' and its rights'})"
        )
    elif status == 429:
        summary = f"{provider} asks to slow down (429)"
    elif status == 404:
        message = f"{message or 'not found'} ({_what_is_missing(endpoint, text, message)})"
    elif status == 407:
        message = "the proxy wants a user and a password; write them into HTTPS_PROXY: http://user:password@host:port"
    elif status in (502, 503, 504) and not message:
        message = "the server, or a gateway before it, is not available at the moment"
    elif 300 <= status < 400:
        message = "redirects are not followed; set base_url to the final address"
    return Failure(
        provider=provider,
        summary=f"{summary}: {message}" if message else summary,
        status=status,
        said=text[:_KEPT],
        passing=is_passing(status) and reason not in _LASTING,
        wait=wait,
        kind=ProviderError if reason in _LASTING else error_class(status),
        reason=reason,
        param=param,
        code=_named(body, "code"),
    )


def garbled(endpoint: Endpoint, status: int, body: bytes, reason: str) -> Failure:
    """Describe a successful reply whose body could not be read; it is often a broken transfer."""
    begin = body[:_KEPT].lstrip()
    if not begin:
        summary = f"{endpoint.provider} at {endpoint.address} sent an empty reply"
    elif begin.startswith(b"<"):
        summary = (
            f"{endpoint.provider} at {endpoint.address} sent a web page and no answer; is base_url right? "
            "It often ends in /v1. Or a proxy stands before the server"
        )
    else:
        summary = (
            f"{endpoint.provider} at {endpoint.address} sent a reply that is not valid JSON; is base_url "
            f"right? ({endpoint.scrub(reason)})"
        )
    return Failure(endpoint.provider, shorten(summary), status=status, passing=True)


def unreachable(endpoint: Endpoint, error: BaseException, proxy: str = "") -> Failure:
    """Describe a connection that could not be made or broke.

    Args:
        endpoint: where the request should have gone.
        error: what the HTTP library raised.
        proxy: address of the proxy in between; empty where there is none.
    """
    summary, passing = explain_connection(endpoint, error, proxy)
    return Failure(endpoint.provider, summary, passing=passing)


def unwritable(endpoint: Endpoint) -> Failure:
    """Describe a request that the HTTP library refused to write; its text would quote what is wrong."""
    return Failure(
        endpoint.provider,
        f"{endpoint.provider} at {endpoint.address}: the request could not be written; "
        "check the API key and the headers",
    )


def timed_out(endpoint: Endpoint, seconds: float, *, connecting: bool, proxy: str = "") -> Failure:
    """Describe a server that did not accept or did not answer in time."""
    done = "accept a connection" if connecting else "answer"
    setting = "http.connect_timeout" if connecting else "timeout in its config, or http.read_timeout"
    through = f" through the proxy {proxy}" if proxy else ""
    summary = (
        f"{endpoint.provider} at {endpoint.address}{through} did not {done} within {seconds:g} s; "
        f"the setting is {setting}"
    )
    return Failure(endpoint.provider, summary, passing=True, kind=ProviderTimeoutError)


def error_class(status: int | None) -> type[ProviderError]:
    """Return the error that an HTTP status stands for."""
    if status in (401, 403):
        return AuthenticationError
    if status == 429:
        return RateLimitError
    return ProviderTimeoutError if status == 408 else ProviderError


def hidden_failure(endpoint: Endpoint, reply: Any, body: bytes) -> Failure | None:
    """Find an error inside a reply with a success status, as routers of many providers send it."""
    if not isinstance(reply, dict) or not reply.get("error"):
        return None
    error = reply["error"]
    code = error.get("code") if isinstance(error, dict) else None
    # Without a status of its own it is the gateway's fault.
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return refused(endpoint, status, (), body)


def _what_is_missing(endpoint: Endpoint, said: str, message: str) -> str:
    about_model = "model" in message.lower() or "model_not_found" in said or "deployment" in message.lower()
    if about_model and endpoint.provider == "ollama":
        return "check the model's name; `ollama pull MODEL` fetches it"
    if about_model:
        return "check the model's name"
    return "check base_url, which often ends in /v1, and the model's name"


def _named(body: bytes, key: str) -> str:
    """Return a short text that an error holds under this name, as OpenAI's form has it; in small letters."""
    try:
        value = from_json(body)
    except ValueError:
        return ""
    error = value.get("error", value) if isinstance(value, dict) else None
    named = error.get(key) if isinstance(error, dict) else None
    return named[:100].lower() if isinstance(named, str) else ""


def _message(body: bytes) -> str:
    """Find the sentence meant for people in the body of an error."""
    try:
        value = from_json(body)
    except ValueError:
        return re.sub(r"<[^>]*>", " ", body[: 2 * _KEPT].decode("utf-8", "replace"))
    for key in ("error", "message", "detail", "msg"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    if isinstance(value, list) and value:
        value = value[0]
        value = value.get("msg") or value if isinstance(value, dict) else value
    return value if isinstance(value, str) else body.decode("utf-8", "replace")
