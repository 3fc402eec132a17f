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
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..clients import GENERIC, Api, Attended, Surface, reply_text
from ..errors import InvalidInputError
from .streamed import is_stream, tapped

_logger = logging.getLogger("powermem.clients")

_MARK = "_powermem_registration"
# The SDKs' raw and streaming variants of a method call the method itself, with this header.
_RAW = "x-stainless-raw-response"

_marking = threading.Lock()


class Listener(Protocol):
    """Who attends the calls. None of these blocks."""

    @property
    def budget(self) -> float:
        """Seconds that a call waits for what is recalled."""

    def attend(self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> Attended | None:
        """Look at a request; ``None`` leaves it alone."""

    def recall(self, attended: Attended) -> Future[list[str]] | None:
        """Begin to recall for a caller whose thread does nothing else meanwhile."""

    def recall_soon(self, attended: Attended) -> asyncio.Future[list[str]] | None:
        """Begin to recall for a caller on an event loop."""

    def hear(self, attended: Attended, reply: str) -> None:
        """Take down what was answered. May be called while an object is being collected."""


@dataclass
class _Registration:
    """That a client is attended, and what of it was replaced."""

    listener: Listener
    replaced: list[tuple[Any, str]] = field(default_factory=list)


def attach(client: object, surface: Surface, listener: Listener) -> None:
    """Attend a client from now on; do nothing when this listener does already.

    Raises:
        InvalidInputError: another memory attends it.
    """
    with _marking:
        registration: _Registration | None = vars(client).get(_MARK)
        if registration is not None:
            if registration.listener is listener:
                return
            raise InvalidInputError(
                "client: it is registered with another memory; unregister it there, or use a client for each"
            )
        registration = _Registration(listener)
        for method in surface.methods:
            owner: Any = client
            for name in method.path[:-1]:
                owner = getattr(owner, name, None)
            name = method.path[-1]
            original = getattr(owner, name, None)
            if original is None:
                # An older SDK, which has no such API.
                continue
            wrap = _managed if method.managed else _async_attended if surface.asynchronous else _attended
            setattr(owner, name, wrap(original, method.api, listener))
            registration.replaced.append((owner, name))
        setattr(client, _MARK, registration)


def detach(client: object, listener: Listener) -> bool:
    """Attend a client no more; return whether this listener did."""
    with _marking:
        registration: _Registration | None = getattr(client, "__dict__", {}).get(_MARK)
        if registration is None or registration.listener is not listener:
            return False
        for owner, name in registration.replaced:
            vars(owner).pop(name, None)
        delattr(client, _MARK)
        return True


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
        attended = _attend(listener, api, args, kwargs)
        if attended is None:
            return original(*args, **kwargs)
        positional, keywords = _request(attended, _recalled(listener, attended))
        reply = original(*positional, **keywords)
        if inspect.isawaitable(reply):
            return _later(listener, attended, reply)
        return _heard(listener, attended, reply)

    return call


def _async_attended(original: Callable[..., Any], api: Api, listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        attended = _attend(listener, api, args, kwargs)
        if attended is None:
            return await original(*args, **kwargs)
        positional, keywords = _request(attended, await _async_recalled(listener, attended))
        return _heard(listener, attended, await original(*positional, **keywords))

    return call


def _async_generated(original: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        attended = _attend(listener, GENERIC, args, kwargs)
        positional, keywords = args, kwargs
        if attended is not None:
            positional, keywords = _request(attended, await _async_recalled(listener, attended))
        pieces = original(*positional, **keywords)
        try:
            async for piece in pieces if attended is None else _heard(listener, attended, pieces):
                yield piece
        finally:
            await pieces.aclose()

    return call


async def _later(listener: Listener, attended: Attended, reply: Any) -> Any:
    return _heard(listener, attended, await reply)


def _managed(original: Callable[..., Any], api: Api, listener: Listener) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        attended = _attend(listener, api, args, kwargs)
        if attended is None:
            return original(*args, **kwargs)
        return _Manager(original, listener, attended)

    return call


class _Manager:
    """Asks when it is entered, in either colour, as the provider's own manager does."""

    def __init__(self, original: Callable[..., Any], listener: Listener, attended: Attended) -> None:
        self._original = original
        self._listener = listener
        self._attended = attended
        self._inner: Any = None

    def __enter__(self) -> Any:
        self._ask(_recalled(self._listener, self._attended))
        return _heard(self._listener, self._attended, self._inner.__enter__())

    def __exit__(self, *raised: Any) -> Any:
        return self._inner.__exit__(*raised)

    async def __aenter__(self) -> Any:
        self._ask(await _async_recalled(self._listener, self._attended))
        return _heard(self._listener, self._attended, await self._inner.__aenter__())

    async def __aexit__(self, *raised: Any) -> Any:
        return await self._inner.__aexit__(*raised)

    def _ask(self, recalled: list[str]) -> None:
        positional, keywords = _request(self._attended, recalled)
        self._inner = self._original(*positional, **keywords)


def _attend(listener: Listener, api: Api, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Attended | None:
    try:
        headers = kwargs.get("extra_headers") or {}
        if any(str(name).lower() == _RAW for name in headers):
            return None
        return listener.attend(api, args, kwargs)
    except Exception as error:
        _warn("a request could not be attended", error)
        return None


def _request(attended: Attended, recalled: list[str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        return attended.call(recalled)
    except Exception as error:
        _warn("what was recalled could not be put into the request", error)
        return attended.call([])


def _recalled(listener: Listener, attended: Attended) -> list[str]:
    future = None
    try:
        future = listener.recall(attended)
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


async def _async_recalled(listener: Listener, attended: Attended) -> list[str]:
    future = None
    try:
        future = listener.recall_soon(attended)
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


def _heard(listener: Listener, attended: Attended, reply: Any) -> Any:
    """Take down a reply, now or as it comes, and return it."""
    try:
        if is_stream(reply):
            return tapped(reply, functools.partial(_hear, listener, attended))
        _hear(listener, attended, reply_text(reply))
    except Exception as error:
        _warn("a reply could not be taken down", error)
    return reply


def _hear(listener: Listener, attended: Attended, text: str) -> None:
    try:
        listener.hear(attended, text)
    except Exception as error:
        _warn("a reply could not be taken down", error)


def _warn(what: str, error: BaseException) -> None:
    _logger.warning("%s; the call goes on without: %r", what, error)


def _warn_late(listener: Listener) -> None:
    _logger.warning("recalling took more than %s s; the call goes on without", listener.budget)
