"""Failed requests to a provider: what is known of each, and the error to raise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ...errors import AuthenticationError, ProviderError, ProviderTimeoutError, RateLimitError
from .endpoint import Endpoint
from .reaching import explain_connection
from .reasons import CUT, FILTERED, QUOTA, TOO_LONG, is_passing, reason_for
from .retry import retry_after
from .secret import shorten

# Characters of a reply to keep.
_KEPT = 4000
# Parameters that limit the length of an answer.
_LENGTHS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"})
# Reasons for which a retry of the same request is useless.
_LASTING = frozenset({CUT, FILTERED, QUOTA, TOO_LONG})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no usable reply. Contains no secrets.

    Attributes:
        provider: the provider's configured name.
        summary: the message of the error.
        status: the HTTP status, or ``None`` without a reply.
        said: the body of the server's reply, up to 4,000 characters.
        passing: whether a retry may succeed.
        wait: seconds that the server asked to wait.
        kind: the class of the error to raise.
        reason: the kind of failure; see ``ProviderError``.
        param: the request parameter that the server names, or ``""``.
        code: the server's error code in lower case, or ``""``.
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
        """Return the error to raise."""
        return self.kind(self.summary, provider=self.provider, status=self.status, reason=self.reason)


def refused(endpoint: Endpoint, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Failure:
    """Describe a reply whose status is not a success."""
    # Scrubbed before cutting to `_KEPT`: half a secret at the end might not be recognized.
    text = endpoint.scrub(body[: 2 * _KEPT].decode("utf-8", "replace"))
    message = shorten(endpoint.scrub(_message(body)[: 2 * _KEPT]))
    wait = retry_after(headers)
    # Without the names of JSON fields: "message", for example, is one of the words that tell a reason.
    reason = reason_for(status, re.sub(r'"\w+"\s*:', " ", text[:_KEPT]), wait)
    param = _named(body, "param")
    if reason == TOO_LONG and param in _LENGTHS:
        # The configured limit of the answer is too large; shortening the text would not help.
        reason = ""
    summary = _summary(endpoint, status, reason)
    if reason != QUOTA:
        message = _with_advice(endpoint, status, text, message)
    return Failure(
        provider=endpoint.provider,
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


def _summary(endpoint: Endpoint, status: int, reason: str) -> str:
    provider = endpoint.provider
    if reason == QUOTA:
        return (
            f"{provider}: the account has no quota or credit left ({status}), and waiting does not help; "
            "check its plan and billing, or use another key or provider"
        )
    if status in (401, 403):
        return f"{provider} refused the credentials ({status})"
    if status == 429:
        return f"{provider} asks to slow down (429)"
    if status >= 500 or status in (404, 405, 407) or 300 <= status < 400:
        # These also come from gateways or from a wrong server, so show which address was used.
        return f"{provider} at {endpoint.address} answered {status}"
    return f"{provider} answered {status}"


def _with_advice(endpoint: Endpoint, status: int, text: str, message: str) -> str:
    """Return the server's message with what to do about this status, as far as that is known."""
    if status in (401, 403):
        rights = "" if status == 401 else " and its rights"
        return f"{message or 'no reason given'} (check the API key{rights})"
    if status == 404:
        return f"{message or 'not found'} ({_what_is_missing(endpoint, text, message)})"
    if status == 407:
        return "the proxy wants a user and a password; write them into HTTPS_PROXY: http://user:password@host:port"
    if status in (502, 503, 504) and not message:
        return "the server, or a gateway before it, is not available at the moment"
    if 300 <= status < 400:
        return "redirects are not followed; set base_url to the final address"
    return message


def garbled(endpoint: Endpoint, status: int, body: bytes, reason: str) -> Failure:
    """Describe a successful reply with an unreadable body, often a broken transfer."""
    begin = body[:_KEPT].lstrip()
    if not begin:
        summary = f"{endpoint.provider} at {endpoint.address} sent an empty reply"
    elif begin.startswith(b"<"):
        summary = (
            f"{endpoint.provider} at {endpoint.address} sent a web page and no answer; is base_url right? "
            "It often ends in /v1. Or a proxy in between answered instead"
        )
    else:
        summary = (
            f"{endpoint.provider} at {endpoint.address} sent a reply that is not valid JSON; is base_url "
            f"right? ({endpoint.scrub(reason)})"
        )
    return Failure(endpoint.provider, shorten(summary), status=status, passing=True)


def unreachable(endpoint: Endpoint, error: BaseException, proxy: str = "") -> Failure:
    """Describe a connection that could not be made or broke; see ``explain_connection``."""
    summary, passing = explain_connection(endpoint, error, proxy)
    return Failure(endpoint.provider, summary, passing=passing)


def unwritable(endpoint: Endpoint) -> Failure:
    """Describe a request that the HTTP library refused to send; its own message might quote a secret."""
    return Failure(
        endpoint.provider,
        f"{endpoint.provider} at {endpoint.address}: the request could not be written; "
        "check the API key and the headers",
    )


def timed_out(endpoint: Endpoint, seconds: float, *, connecting: bool, proxy: str = "") -> Failure:
    """Describe a server that did not accept a connection, or did not answer, in time."""
    done = "accept a connection" if connecting else "answer"
    setting = "http.connect_timeout" if connecting else "timeout in its config, or http.read_timeout"
    through = f" through the proxy {proxy}" if proxy else ""
    summary = (
        f"{endpoint.provider} at {endpoint.address}{through} did not {done} within {seconds:g} s; "
        f"the setting is {setting}"
    )
    return Failure(endpoint.provider, summary, passing=True, kind=ProviderTimeoutError)


def error_class(status: int | None) -> type[ProviderError]:
    """Return the error class for an HTTP status."""
    if status in (401, 403):
        return AuthenticationError
    if status == 429:
        return RateLimitError
    return ProviderTimeoutError if status == 408 else ProviderError


def hidden_failure(endpoint: Endpoint, reply: Any, body: bytes) -> Failure | None:
    """Return the error inside a reply with a success status, which routers to several providers send."""
    if not isinstance(reply, dict) or not reply.get("error"):
        return None
    error = reply["error"]
    code = error.get("code") if isinstance(error, dict) else None
    # Without a status, treat it as a failure of the gateway.
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
    """Return the string under this key of an error in OpenAI's format, in lower case, or ``""``."""
    try:
        value = from_json(body)
    except ValueError:
        return ""
    error = value.get("error", value) if isinstance(value, dict) else None
    named = error.get(key) if isinstance(error, dict) else None
    return named[:100].lower() if isinstance(named, str) else ""


def _message(body: bytes) -> str:
    """Return the human-readable message in the body of an error."""
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
