"""Calls of language models that are attended: by the providers' own clients, and by any function.

What is asked is passed on and what is answered is handed back. Whatever goes wrong on our side is logged, and
the call goes on as if nobody attended it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, MutableSet
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Protocol

from ..clients import GENERIC, Api, Attended, ClientMethods, reply_text
from ..errors import InvalidInputError
from ..forks import free_in_child
from .streamed import end_tap, is_stream, tap_body, tapped

_logger = logging.getLogger("powermem.clients")

_MARK = "_powermem_registration"
# The SDKs' raw and streaming variants of a method call the method itself, with this header.
_RAW = "x-stainless-raw-response"
# They are made once, from the methods as they are then.
_MADE_ONCE = ("with_raw_response", "with_streaming_response")
_DERIVING = ("copy", "with_options")

# Set while a method that is attended asks: what it calls in turn is a part of the same exchange.
_asking: ContextVar[bool] = ContextVar("powermem_asking", default=False)

_marking = threading.Lock()
free_in_child(_marking)


class Ongoing(Protocol):
    """An exchange that is under way."""

    @property
    def attended(self) -> Attended:
        """The request."""

    @property
    def kept(self) -> Future[None]:
        """Is resolved when what the user said is on disk, or cannot be put there."""

    def end(self, reply: str, whole: bool) -> None:
        """Take down what was answered, all of it or as far as it came.

        May be called while an object is being collected.
        """

    def fail(self) -> None:
        """Take down that nothing was answered."""


class Listener(Protocol):
    """What attends the calls. Nothing here blocks."""

    @property
    def budget(self) -> float:
        """Seconds that a call waits for what is recalled."""

    @property
    def alive(self) -> bool:
        """Whether there is still a memory behind it."""

    @property
    def clients(self) -> MutableSet[object]:
        """The clients that it attends."""

    def attend(self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> Ongoing | None:
        """Look at a request, and begin to keep what is said in it; ``None`` leaves it alone."""

    def opening(self, ongoing: Any) -> tuple[Future[None], float] | None:
        """Return what to wait for before recalling, and for how many seconds at most."""

    def recall(self, ongoing: Any) -> Future[list[str]] | None:
        """Begin to recall for a caller whose thread does nothing else meanwhile."""

    def recall_soon(self, ongoing: Any) -> asyncio.Future[list[str]] | None:
        """Begin to recall for a caller on an event loop."""

    def keeping(self, ongoing: Any, begun: float, *, blocking: bool) -> float:
        """Return how many seconds to wait at most until what was said is kept."""

    def kept(self, ongoing: Any, in_time: bool) -> None:
        """Be told whether it was kept in time."""


@dataclass
class _Registration:
    """That a client is attended, and what of it was replaced."""

    listener: Listener
    replaced: list[tuple[Any, str]] = field(default_factory=list)


def attach(client: object, offered: ClientMethods, listener: Listener) -> None:
    """Attend a client from now on; do nothing when this listener does already.

    Raises:
        InvalidInputError: another memory attends it.
    """
    with _marking:
        registration: _Registration | None = vars(client).get(_MARK)
        if registration is not None and registration.listener is listener:
            return
        if registration is not None and not registration.listener.alive:
            _restore(client, registration)
        elif registration is not None:
            raise InvalidInputError(
                "client: it is registered with another memory; unregister it there, or use a client for each"
            )
        registration = _Registration(listener)
        setattr(client, _MARK, registration)
        for method in offered.methods:
            wrap = _managed if method.managed else _async_attended if offered.asynchronous else _attended
            _replace(client, method.path, registration, partial(wrap, api=method.api, listener=listener))
        for path in offered.refused:
            _replace(client, path, registration, partial(_refused, name=".".join(path)))
        for name in _DERIVING:
            _replace(client, (name,), registration, partial(_deriving, offered=offered, listener=listener))


def _replace(
    client: Any,
    path: tuple[str, ...],
    registration: _Registration,
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    """Put something in the place of a method, unless this version of the SDK has none of this name."""
    owner = client
    for name in path:
        # What was made of the method before would go around it.
        for made in _MADE_ONCE:
            getattr(owner, "__dict__", {}).pop(made, None)
        if name == path[-1]:
            break
        owner = getattr(owner, name, None)
    original = getattr(owner, path[-1], None)
    if original is not None:
        setattr(owner, path[-1], wrap(original))
        registration.replaced.append((owner, path[-1]))


def _deriving(
    original: Callable[..., Any], *, offered: ClientMethods, listener: Listener
) -> Callable[..., Any]:
    """Return a method that makes a client, which is attended as well."""

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        derived = original(*args, **kwargs)
        try:
            attach(derived, offered, listener)
            listener.clients.add(derived)
        except Exception as error:
            _warn("a client that was made from another one is not attended", error)
        return derived

    return call


def _refused(original: Callable[..., Any], *, name: str) -> Callable[..., Any]:
    """Return a method that says once that nobody attends it."""
    said = False

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal said
        if not said:
            said = True
            _logger.warning(
                "%s is not attended, so nothing is recalled or remembered in it; see observe() and recall()",
                name,
            )
        return original(*args, **kwargs)

    return call


def detach(client: object, listener: Listener) -> bool:
    """Attend a client no more; return whether this listener did."""
    with _marking:
        registration: _Registration | None = getattr(client, "__dict__", {}).get(_MARK)
        if registration is None or registration.listener is not listener:
            return False
        _restore(client, registration)
        return True


def _restore(client: object, registration: _Registration) -> None:
    for owner, name in registration.replaced:
        for each in (name, *_MADE_ONCE):
            vars(owner).pop(each, None)
    delattr(client, _MARK)


def wrapped(fn: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    """Return a function of the same colour that is attended."""
    called = fn.func if isinstance(fn, functools.partial) else fn
    call = called if inspect.isroutine(called) else type(called).__call__
    if inspect.isasyncgenfunction(call):
        return _async_generated(fn, listener)
    if inspect.iscoroutinefunction(call):
        return _async_attended(fn, GENERIC, listener)
    return _attended(fn, GENERIC, listener)


def _attended(original: Callable[..., Any], api: Api, listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs)
        if ongoing is None:
            return original(*args, **kwargs)
        exchange = _Exchange(listener, ongoing)
        with exchange.asking():
            positional, keywords = exchange.request(_recalled(listener, ongoing))
            reply = original(*positional, **keywords)
            if inspect.isawaitable(reply):
                return exchange.later(reply)
            return exchange.heard(reply)

    return call


def _async_attended(original: Callable[..., Any], api: Api, listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs)
        if ongoing is None:
            return await original(*args, **kwargs)
        exchange = _Exchange(listener, ongoing)
        with exchange.asking():
            positional, keywords = exchange.request(await _async_recalled(listener, ongoing))
            return await exchange.async_heard(await original(*positional, **keywords))

    return call


def _async_generated(original: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        ongoing = _attend(listener, GENERIC, args, kwargs)
        if ongoing is None:
            pieces = heard = original(*args, **kwargs)
        else:
            exchange = _Exchange(listener, ongoing)
            with exchange.asking():
                positional, keywords = exchange.request(await _async_recalled(listener, ongoing))
                pieces = original(*positional, **keywords)
                heard = await exchange.async_heard(pieces)
        try:
            async for piece in heard:
                yield piece
        finally:
            if ongoing is not None:
                await heard.aclose()
            await pieces.aclose()

    return call


def _managed(original: Callable[..., Any], api: Api, listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        ongoing = _attend(listener, api, args, kwargs)
        if ongoing is None:
            return original(*args, **kwargs)
        return _Manager(original, _Exchange(listener, ongoing))

    return call


class _Manager:
    """Asks when it is entered, in either colour, as the provider's own manager does."""

    def __init__(self, original: Callable[..., Any], exchange: _Exchange) -> None:
        self._original = original
        self._exchange = exchange
        self._inner: Any = None
        self._heard: Any = None

    def __enter__(self) -> Any:
        exchange = self._exchange
        with exchange.asking():
            self._ask(_recalled(exchange.listener, exchange.ongoing))
            self._heard = exchange.heard(self._inner.__enter__())
        return self._heard

    def __exit__(self, *raised: Any) -> Any:
        end_tap(self._heard)
        return self._inner.__exit__(*raised)

    async def __aenter__(self) -> Any:
        exchange = self._exchange
        with exchange.asking():
            self._ask(await _async_recalled(exchange.listener, exchange.ongoing))
            self._heard = await exchange.async_heard(await self._inner.__aenter__())
        return self._heard

    async def __aexit__(self, *raised: Any) -> Any:
        end_tap(self._heard)
        return await self._inner.__aexit__(*raised)

    def _ask(self, recalled: list[str]) -> None:
        positional, keywords = self._exchange.request(recalled)
        self._inner = self._original(*positional, **keywords)


class _Exchange:
    """A call that is attended, from the request to the reply."""

    def __init__(self, listener: Listener, ongoing: Ongoing) -> None:
        self.listener = listener
        self.ongoing = ongoing
        self._begun = 0.0
        headers = ongoing.attended.arguments.get("extra_headers") or {}
        self._raw = any(str(name).lower() == _RAW for name in headers)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Take down that a call has failed, if it does."""
        token = _asking.set(True)
        try:
            yield
        except BaseException:
            self.ongoing.fail()
            raise
        finally:
            _asking.reset(token)

    def request(self, recalled: list[str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments to call with."""
        self._begun = monotonic()
        try:
            return self.ongoing.attended.call(recalled)
        except Exception as error:
            _warn("what was recalled could not be put into the request", error)
            return self.ongoing.attended.call([])

    def heard(self, reply: Any) -> Any:
        """Take down a reply, now or as it comes, and return it once what was said is on disk."""
        left = self.listener.keeping(self.ongoing, self._begun, blocking=True)
        if left:
            done, _ = concurrent.futures.wait([self.ongoing.kept], left)
            self.listener.kept(self.ongoing, bool(done))
        return self._take(reply)

    async def async_heard(self, reply: Any) -> Any:
        """Do the same without blocking an event loop."""
        left = self.listener.keeping(self.ongoing, self._begun, blocking=False)
        if left:
            done, _ = await asyncio.wait({asyncio.wrap_future(self.ongoing.kept)}, timeout=left)
            self.listener.kept(self.ongoing, bool(done))
        return self._take(reply)

    async def later(self, reply: Any) -> Any:
        """Await a reply that a plain function returned."""
        with self.asking():
            return await self.async_heard(await reply)

    def _take(self, reply: Any) -> Any:
        try:
            if self._raw:
                tap_body(reply.http_response, self._end)
                return reply
            if is_stream(reply):
                return tapped(reply, self._end)
            self._end(reply_text(reply), True)
        except Exception as error:
            _warn("a reply could not be taken down", error)
        return reply

    def _end(self, text: str, whole: bool) -> None:
        try:
            self.ongoing.end(text, whole)
        except Exception as error:
            _warn("a reply could not be taken down", error)


def _attend(listener: Listener, api: Api, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Ongoing | None:
    if _asking.get():
        return None
    try:
        return listener.attend(api, args, kwargs)
    except Exception as error:
        _warn("a request could not be attended", error)
        return None


def _recalled(listener: Listener, ongoing: Ongoing) -> list[str]:
    future = None
    try:
        opening = listener.opening(ongoing)
        if opening is not None:
            concurrent.futures.wait([opening[0]], opening[1])
        future = listener.recall(ongoing)
        return [] if future is None else future.result(listener.budget)
    except concurrent.futures.TimeoutError:
        _warn_late(listener)
    except Exception as error:
        _warn("nothing could be recalled", error)
    finally:
        if future is not None:
            # What is done cannot be cancelled any more.
            future.cancel()
    return []


async def _async_recalled(listener: Listener, ongoing: Ongoing) -> list[str]:
    future = None
    try:
        opening = listener.opening(ongoing)
        if opening is not None:
            await asyncio.wait({asyncio.wrap_future(opening[0])}, timeout=opening[1])
        future = listener.recall_soon(ongoing)
        if future is None:
            return []
        done, _ = await asyncio.wait({future}, timeout=listener.budget)
        if done:
            return [] if future.cancelled() else future.result()
        _warn_late(listener)
    except Exception as error:
        _warn("nothing could be recalled", error)
    finally:
        if future is not None:
            future.cancel()
    return []


def _warn(what: str, error: BaseException) -> None:
    _logger.warning("%s; the call goes on without: %r", what, error)


def _warn_late(listener: Listener) -> None:
    _logger.warning("recalling took more than %s s; the call goes on without", listener.budget)
