"""Failed requests to a provider: their reasons, when to retry, and the error to raise."""

from __future__ import annotations

import errno
import ipaddress
import math
import random
import re
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic_core import from_json

from ...errors import AuthenticationError, ProviderError, ProviderTimeoutError, RateLimitError
from .endpoint import Endpoint, shorten
from .reasons import CUT, FILTERED, QUOTA, TOO_LONG, is_passing, reason_for


class Backoff(NamedTuple):
    """Exponential backoff with full jitter.

    The wait is drawn evenly from 0 to ``min(cap, base * 2**attempt)``, as in M. Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        base: seconds.
        cap: the longest computed wait, seconds.
        longest: the longest wait accepted from ``Retry-After``, seconds.
    """

    base: float = 0.5
    cap: float = 8.0
    longest: float = 60.0

    def delay(self, attempt: int, asked: float | None = None) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            attempt: 0 after the first failure.
            asked: the wait requested by the server, seconds. The jitter is added to it, so that clients
                refused at the same time do not all retry at the same time.
        """
        if asked is not None:
            return self.held(asked) + random.uniform(0, min(self.base, self.cap))
        return random.uniform(0, min(self.cap, self.base * 2**attempt))

    def held(self, asked: float) -> float:
        """Return a requested wait, limited to ``longest``, seconds."""
        return min(asked, self.longest)


def retry_after(headers: Iterable[tuple[bytes, bytes]], now: float | None = None) -> float | None:
    """Read the wait that a server requests.

    Args:
        headers: of the reply. ``Retry-After`` holds seconds or an HTTP date (RFC 9110, section 10.2.3);
            OpenAI's ``retry-after-ms`` takes precedence.
        now: seconds since the epoch, for a date.

    Returns:
        Seconds, 0 for a date in the past, or ``None`` without a valid header.
    """
    values = {name.lower(): value.decode("latin-1").strip() for name, value in headers}
    finer = _number(values.get(b"retry-after-ms"))
    if finer is not None:
        return finer / 1000
    text = values.get(b"retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    # Only for a date, which few servers send; it loads code for mail.
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


_STARTING = {
    "ollama": "is Ollama running? start it with `ollama serve`",
    "lmstudio": "is LM Studio running? start the server on its developer page",
    "vllm": "is vLLM running? start it with `vllm serve MODEL`",
}
_SAID = {
    "refused": ("connection refused", f"[errno {errno.ECONNREFUSED}]", "connect call failed"),
    "name": ("name or service not known", "nodename nor servname", "getaddrinfo failed", "name resolution",
             "no address associated", f"[errno {socket.EAI_NONAME}]"),
    "network": ("network is unreachable", "no route to host"),
}  # fmt: skip


def explain_connection(endpoint: Endpoint, error: BaseException, proxy: str = "") -> tuple[str, bool]:
    """Return why a connection could not be made or broke, and whether a retry may succeed.

    Args:
        endpoint: the address of the request.
        error: the error of the HTTP library; its cause is the operating system's error.
        proxy: address of the proxy that was used, or empty.
    """
    cause = error.__cause__
    text = shorten(endpoint.scrub(str(error) or str(cause or ""))) or "the connection failed"
    tls = cause if isinstance(cause, ssl.SSLError) else error if isinstance(error, ssl.SSLError) else None
    whole = f"{endpoint.provider} at {endpoint.address}"
    if tls is not None or "ssl" in text.lower() or "certificate" in text.lower():
        return f"{whole}: {_tls(tls, text)}", not isinstance(tls, ssl.SSLCertVerificationError)
    if proxy:
        return (
            f"{whole}: the proxy {proxy}, named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY in the environment, "
            f"could not be used: {text}; is it right and running? NO_PROXY={endpoint.host} leaves it out"
        ), True
    return f"{whole}: {_plain(endpoint, cause, text)}", True


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "0.0.0.0") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(endpoint: Endpoint, cause: BaseException | None, text: str) -> str:
    if isinstance(cause, socket.gaierror) or _says(text, "name"):
        return f"the host name {endpoint.host!r} was not found; check base_url and the network ({text})"
    if isinstance(cause, ConnectionRefusedError) or _says(text, "refused"):
        if not _is_loopback(endpoint.host):
            return (
                "the connection was refused; is the server running, and are host and port of base_url right?"
            )
        asked = _STARTING.get(endpoint.provider, "is the server running, and is the port of base_url right?")
        return f"the connection was refused: nothing listens there; {asked}"
    if _says(text, "network"):
        return f"{text}; check the network and base_url"
    return text


def _tls(error: ssl.SSLError | None, text: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "not trusted"
        if "mismatch" in why.lower() or "not valid for" in why.lower():
            return f"its TLS certificate is for another host ({why}); check the host in base_url"
        return (
            f"certificate verify failed ({why}); if the certificate is your own, set SSL_CERT_FILE in the "
            "environment to a file with the certificate of its authority"
        )
    if "WRONG_VERSION_NUMBER" in text.upper().replace(" ", "_") or "RECORD_LAYER" in text.upper():
        return f"the server does not speak TLS at this port; is it http:// in base_url? ({text})"
    return f"TLS failed: {text}"


def _says(text: str, kind: str) -> bool:
    said = text.lower()
    return any(words in said for words in _SAID[kind])


# Characters of a reply to keep.
_KEPT = 4000
# Parameters that limit the length of an answer.
_LENGTHS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"})
# Reasons for which a retry of the same request is useless.
_LASTING = frozenset({CUT, FILTERED, QUOTA, TOO_LONG})


class Failure(NamedTuple):
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
