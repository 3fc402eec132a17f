"""Attending calls to language models: recall before the call, record the exchange after it.

The methods of a provider's client, or a function of the program, are wrapped. Requests and replies pass
through; any failure on powermem's side is logged, and the call proceeds as if it were not attended.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Protocol
from weakref import ref

from .._core.clients.apis import GENERIC, Api
from .._core.clients.client_methods import ClientMethods, Method
from .._core.clients.continuity import NOTHING, SEPARATE, Continuity, Recollection
from .._core.clients.exchange import Attended
from .._core.clients.replies import reply_text
from .._core.forks import free_in_child
from ..errors import InvalidInputError
from .streamed import end_tap, in_call, is_stream, tap_body, tapped

_logger = logging.getLogger("powermem.clients")

_MARK = "_powermem_registration"
# The SDKs' raw and streaming variants of a method call the method itself, with this header.
_RAW = "x-stainless-raw-response"
# Cached properties, which keep the methods they were created from.
_CACHED = ("with_raw_response", "with_streaming_response")
_MISSING = object()

_marking = threading.Lock()
free_in_child(_marking)


class ClientSet:
    """Clients, by identity and without keeping them alive: those of some SDKs cannot be hashed."""

    def __init__(self) -> None:
        self._clients: dict[int, ref[object]] = {}

    def add(self, client: object) -> None:
        """Add a client."""
        key = id(client)
        self._clients[key] = ref(client, lambda _: self._clients.pop(key, None))

    def discard(self, client: object) -> None:
        """Remove a client, if it is one of these."""
        self._clients.pop(id(client), None)

    def __iter__(self) -> Iterator[object]:
        held = [client() for client in list(self._clients.values())]
        return iter([client for client in held if client is not None])


class Ongoing(Protocol):
    """An attended call in progress."""

    @property
    def attended(self) -> Attended:
        """The request."""

    @property
    def kept(self) -> Future[None]:
        """Resolved when the user's message is stored, or cannot be stored."""

    def end(self, reply: str, whole: bool) -> None:
        """Record the reply, complete or as far as it was received.

        May be called from a ``__del__``.
        """

    def fail(self) -> None:
        """Record that there was no reply."""


class Listener(Protocol):
    """The object that attends calls. None of its methods block."""

    @property
    def budget(self) -> float:
        """Seconds that a call may be delayed by recalling."""

    @property
    def alive(self) -> bool:
        """Whether its memory still exists and is open."""

    @property
    def clients(self) -> ClientSet:
        """The attended clients."""

    def attend(
        self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any], continuity: Continuity
    ) -> Ongoing | None:
        """Inspect a request and start to store its messages; ``None`` if the call is not to be attended."""

    def opening(self, ongoing: Any) -> tuple[Future[None], float] | None:
        """Return a future to wait for before recalling, and the maximum number of seconds."""

    def recall(self, ongoing: Any) -> Future[Recollection] | None:
        """Start recalling for a caller that blocks its thread."""

    def recall_soon(self, ongoing: Any) -> asyncio.Future[Recollection] | None:
        """Start recalling for a caller on an event loop."""

    def keeping(self, ongoing: Any, begun: float, *, blocking: bool) -> float:
        """Return the maximum number of seconds to wait until the user's message is stored."""

    def kept(self, ongoing: Any, in_time: bool) -> None:
        """Handle the end of that wait; ``in_time`` is whether the message was stored."""


@dataclass
class _Registration:
    """The listener of an attended client, and the attributes that were replaced on it.

    Attributes:
        listener: attends the calls.
        continuity: how much of its session a request gets.
        replaced: the owner and the name of each attribute, and what the owner itself had under that name.
    """

    listener: Listener
    continuity: Continuity
    replaced: list[tuple[Any, str, Any]] = field(default_factory=list)


def attach(
    client: object, offered: ClientMethods, listener: Listener, continuity: Continuity = SEPARATE
) -> None:
    """Attend the calls of a client; do nothing if this listener does so already.

    Args:
        client: the client.
        offered: its methods.
        listener: attends the calls.
        continuity: how much of its session a request gets.

    Raises:
        InvalidInputError: the client is registered with another memory.
    """
    with _marking:
        registration: _Registration | None = getattr(client, _MARK, None)
        ours = registration is not None and registration.listener is listener
        if registration is not None and ours and registration.continuity == continuity:
            return
        if registration is not None and (ours or not registration.listener.alive):
            _restore(client, registration)
        elif registration is not None:
            raise InvalidInputError(
                "client: it is registered with another memory; unregister it there, or use a client for each"
            )
        registration = _Registration(listener, continuity)
        _put(client, _MARK, registration)
        for method in offered.methods:
            wrap = partial(_wrapper(method), api=method.api, listener=listener, continuity=continuity)
            _replace(client, method.path, registration, wrap)
        for path in offered.refused:
            _replace(client, path, registration, partial(_refused, name=".".join(path)))
        for name, version in offered.refused_versions:
            wrap = partial(_refused, name=f"{name}(version={version!r})", version=version)
            _replace(client, (name,), registration, wrap)
        for name in offered.deriving:
            wrap = partial(_deriving, offered=offered, listener=listener, continuity=continuity)
            _replace(client, (name,), registration, wrap)


def _replace(
    client: Any,
    path: tuple[str, ...],
    registration: _Registration,
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    """Replace a method by a wrapper; do nothing if this version of the SDK lacks the method."""
    owner = client
    for name in path:
        # A cached variant holds the original method and would bypass the wrapper.
        for cached in _CACHED:
            getattr(owner, "__dict__", {}).pop(cached, None)
        if name == path[-1]:
            break
        owner = getattr(owner, name, None)
    original = getattr(owner, path[-1], None)
    if original is not None:
        registration.replaced.append((owner, path[-1], vars(owner).get(path[-1], _MISSING)))
        _put(owner, path[-1], wrap(original))


def _wrapper(method: Method) -> Callable[..., Callable[..., Any]]:
    if method.managed:
        return _managed
    if method.generated:
        return _async_generated
    return _async_attended if method.asynchronous else _attended


def _put(owner: Any, name: str, value: object) -> None:
    try:
        setattr(owner, name, value)
    except (TypeError, ValueError):
        # A pydantic model has no attributes but its fields.
        object.__setattr__(owner, name, value)


def _remove(owner: Any, name: str) -> None:
    try:
        delattr(owner, name)
    except (AttributeError, TypeError, ValueError):
        vars(owner).pop(name, None)


def _deriving(
    original: Callable[..., Any], *, offered: ClientMethods, listener: Listener, continuity: Continuity
) -> Callable[..., Any]:
    """Wrap a method that derives a client from another, so that the new client is attended too."""

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        derived = original(*args, **kwargs)
        try:
            _forget(derived)
            attach(derived, offered, listener, continuity)
            listener.clients.add(derived)
        except Exception as error:
            _warn("a client that was derived from an attended one is not attended", error)
        return derived

    return call


def _forget(derived: Any) -> None:
    """Drop what a copy has of the client that it was copied from: its wrappers call that client."""
    registration: _Registration | None = vars(derived).pop(_MARK, None)
    if registration is not None:
        for _, name, _ in registration.replaced:
            vars(derived).pop(name, None)


def _refused(original: Callable[..., Any], *, name: str, version: str | None = None) -> Callable[..., Any]:
    """Wrap a method that cannot be attended, so that its first call logs a warning.

    Args:
        original: the method.
        name: what the warning calls it.
        version: the argument ``version`` of the calls that cannot be attended; all if ``None``.
    """
    warned = False

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal warned
        if not warned and version in (None, kwargs.get("version")):
            warned = True
            _logger.warning(
                "%s is not attended, so nothing is recalled or remembered in it; see observe() and recall()",
                name,
            )
        return original(*args, **kwargs)

    return call


def detach(client: object, listener: Listener) -> bool:
    """Stop attending a client; return whether this listener attended it."""
    with _marking:
        registration: _Registration | None = getattr(client, _MARK, None)
        if registration is None or registration.listener is not listener:
            return False
        _restore(client, registration)
        return True


def _restore(client: object, registration: _Registration) -> None:
    for owner, name, original in reversed(registration.replaced):
        if original is _MISSING:
            _remove(owner, name)
        else:
            _put(owner, name, original)
        for cached in _CACHED:
            vars(owner).pop(cached, None)
    _remove(client, _MARK)


def wrapped(fn: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    """Wrap a sync or async function so that its calls are attended."""
    called = fn.func if isinstance(fn, functools.partial) else fn
    call = called if inspect.isroutine(called) else type(called).__call__
    if inspect.isasyncgenfunction(call):
        return _async_generated(fn, GENERIC, listener)
    if inspect.iscoroutinefunction(call):
        return _async_attended(fn, GENERIC, listener)
    return _attended(fn, GENERIC, listener)


def _attended(
    original: Callable[..., Any], api: Api, listener: Listener, continuity: Continuity = SEPARATE
) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs, continuity)
        if ongoing is None:
            return original(*args, **kwargs)
        exchange = _Exchange(listener, ongoing)
        with exchange.in_call():
            positional, keywords = exchange.request(_recalled(listener, ongoing))
            reply = original(*positional, **keywords)
            if inspect.isawaitable(reply):
                return exchange.async_record_awaited(reply)
            return exchange.record(reply)

    return call


def _async_attended(
    original: Callable[..., Any], api: Api, listener: Listener, continuity: Continuity = SEPARATE
) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs, continuity)
        if ongoing is None:
            return await original(*args, **kwargs)
        exchange = _Exchange(listener, ongoing)
        with exchange.in_call():
            positional, keywords = exchange.request(await _async_recalled(listener, ongoing))
            return await exchange.async_record(await original(*positional, **keywords))

    return call


def _async_generated(
    original: Callable[..., Any], api: Api, listener: Listener, continuity: Continuity = SEPARATE
) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        ongoing = _attend(listener, api, args, kwargs, continuity)
        if ongoing is None:
            pieces = recorded = original(*args, **kwargs)
        else:
            exchange = _Exchange(listener, ongoing)
            with exchange.in_call():
                positional, keywords = exchange.request(await _async_recalled(listener, ongoing))
                pieces = original(*positional, **keywords)
                recorded = await exchange.async_record(pieces)
        try:
            async for piece in recorded:
                yield piece
        finally:
            if ongoing is not None:
                await recorded.aclose()
            await pieces.aclose()

    return call


def _managed(
    original: Callable[..., Any], api: Api, listener: Listener, continuity: Continuity = SEPARATE
) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs, continuity)
        if ongoing is None:
            return original(*args, **kwargs)
        return _Manager(original, _Exchange(listener, ongoing))

    return call


class _Manager:
    """A context manager that sends the request when it is entered, as the one of the SDK does."""

    def __init__(self, original: Callable[..., Any], exchange: _Exchange) -> None:
        self._original = original
        self._exchange = exchange
        self._inner: Any = None
        self._reply: Any = None

    def __enter__(self) -> Any:
        exchange = self._exchange
        with exchange.in_call():
            self._prepare(_recalled(exchange.listener, exchange.ongoing))
            self._reply = exchange.record(self._inner.__enter__())
        return self._reply

    def __exit__(self, *raised: Any) -> Any:
        end_tap(self._reply)
        return self._inner.__exit__(*raised)

    async def __aenter__(self) -> Any:
        exchange = self._exchange
        with exchange.in_call():
            self._prepare(await _async_recalled(exchange.listener, exchange.ongoing))
            self._reply = await exchange.async_record(await self._inner.__aenter__())
        return self._reply

    async def __aexit__(self, *raised: Any) -> Any:
        end_tap(self._reply)
        return await self._inner.__aexit__(*raised)

    def _prepare(self, recalled: Recollection) -> None:
        positional, keywords = self._exchange.request(recalled)
        self._inner = self._original(*positional, **keywords)


class _Exchange:
    """An attended call, from the request to the reply."""

    def __init__(self, listener: Listener, ongoing: Ongoing) -> None:
        self.listener = listener
        self.ongoing = ongoing
        self._begun = 0.0
        headers = ongoing.attended.arguments.get("extra_headers") or {}
        self._raw = any(str(name).lower() == _RAW for name in headers)

    @contextmanager
    def in_call(self) -> Iterator[None]:
        """Mark the context as inside an attended call, and record a failure of the call."""
        token = in_call.set(True)
        try:
            yield
        except BaseException:
            self.ongoing.fail()
            raise
        finally:
            in_call.reset(token)

    def request(self, recalled: Recollection) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the call, with recalled memories put in."""
        self._begun = monotonic()
        try:
            return self.ongoing.attended.call(recalled)
        except Exception as error:
            _warn("what was recalled could not be put into the request", error)
            return self.ongoing.attended.call()

    def record(self, reply: Any) -> Any:
        """Record a reply, now or while it streams; return it once the user's message is stored."""
        left = self.listener.keeping(self.ongoing, self._begun, blocking=True)
        if left:
            done, _ = concurrent.futures.wait([self.ongoing.kept], left)
            self.listener.kept(self.ongoing, bool(done))
        return self._tap(reply)

    async def async_record(self, reply: Any) -> Any:
        """Do as ``record`` does without blocking the event loop."""
        left = self.listener.keeping(self.ongoing, self._begun, blocking=False)
        if left:
            done, _ = await asyncio.wait({asyncio.wrap_future(self.ongoing.kept)}, timeout=left)
            self.listener.kept(self.ongoing, bool(done))
        return self._tap(reply)

    async def async_record_awaited(self, reply: Any) -> Any:
        """Await a reply that a sync function returned as an awaitable, and record it."""
        with self.in_call():
            return await self.async_record(await reply)

    def _tap(self, reply: Any) -> Any:
        try:
            if self._raw:
                tap_body(reply.http_response, self._end)
                return reply
            if is_stream(reply):
                return tapped(reply, self._end)
            self._end(reply_text(reply), True)
        except Exception as error:
            _warn("a reply could not be recorded", error)
        return reply

    def _end(self, text: str, whole: bool) -> None:
        try:
            self.ongoing.end(text, whole)
        except Exception as error:
            _warn("a reply could not be recorded", error)


def _attend(
    listener: Listener, api: Api, args: tuple[Any, ...], kwargs: dict[str, Any], continuity: Continuity
) -> Ongoing | None:
    if in_call.get():
        return None
    try:
        return listener.attend(api, args, kwargs, continuity)
    except Exception as error:
        _warn("a request could not be attended", error)
        return None


def _recalled(listener: Listener, ongoing: Ongoing) -> Recollection:
    future = None
    try:
        opening = listener.opening(ongoing)
        if opening is not None:
            concurrent.futures.wait([opening[0]], opening[1])
        future = listener.recall(ongoing)
        return NOTHING if future is None else future.result(listener.budget)
    except concurrent.futures.TimeoutError:
        _warn_late(listener)
    except Exception as error:
        _warn("nothing could be recalled", error)
    finally:
        if future is not None:
            # Without effect on a future that is done.
            future.cancel()
    return NOTHING


async def _async_recalled(listener: Listener, ongoing: Ongoing) -> Recollection:
    future = None
    try:
        opening = listener.opening(ongoing)
        if opening is not None:
            await asyncio.wait({asyncio.wrap_future(opening[0])}, timeout=opening[1])
        future = listener.recall_soon(ongoing)
        if future is None:
            return NOTHING
        done, _ = await asyncio.wait({future}, timeout=listener.budget)
        if done:
            return NOTHING if future.cancelled() else future.result()
        _warn_late(listener)
    except Exception as error:
        _warn("nothing could be recalled", error)
    finally:
        if future is not None:
            future.cancel()
    return NOTHING


def _warn(what: str, error: BaseException) -> None:
    _logger.warning("%s; the call continues without it: %r", what, error)


def _warn_late(listener: Listener) -> None:
    _logger.warning("recalling took more than %s s; the call continues without it", listener.budget)
