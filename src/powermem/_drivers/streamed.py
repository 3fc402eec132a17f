"""Taps on streamed replies: the program reads the stream, and its text is recorded on the way."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from .._core.clients.replies import RawReply, Transcript

_logger = logging.getLogger("powermem.clients")

_TAP = "_powermem_tap"

in_call: ContextVar[bool] = ContextVar("powermem_in_call", default=False)
"""Set during an attended call and each read of its stream, so that attended methods called there are not
recorded a second time."""


class _Tap:
    """Collects what a stream yields, and reports its text once, when the stream ends or is dropped.

    As a context manager around a read, it ends when the read raises.
    """

    def __init__(self, report: Callable[[str, bool], object], reply: RawReply | None = None) -> None:
        self._report: Callable[[str, bool], object] | None = report
        self._transcript: Any = Transcript() if reply is None else reply

    def __enter__(self) -> _Tap:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self.end(isinstance(error, (StopIteration, StopAsyncIteration)))

    def reading(self) -> _Read:
        """Return the context of a single read."""
        return _Read(self)

    def feed(self, event: object) -> None:
        if self._report is None:
            return
        try:
            self._transcript.feed(event)
        except Exception as error:
            _logger.warning("a piece of a reply could not be read: %r", error)

    def end(self, whole: bool) -> None:
        report, self._report = self._report, None
        if report is not None:
            report(self._transcript.text, whole)


class _Read:
    """A read of a stream, as a context manager that marks it as a part of the call."""

    __slots__ = ("_tap", "_token")

    def __init__(self, tap: _Tap) -> None:
        self._tap = tap

    def __enter__(self) -> None:
        self._token = in_call.set(True)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        in_call.reset(self._token)
        self._tap.__exit__(kind, error, trace)


def is_stream(reply: object) -> bool:
    """Return whether a reply is streamed."""
    return hasattr(type(reply), "__next__") or hasattr(type(reply), "__anext__")


def tapped(stream: Any, report: Callable[[str, bool], object]) -> Any:
    """Tap a stream.

    Args:
        stream: an iterator, an async iterator, or both.
        report: called once with the text and whether it is complete, when the stream ends, fails, is closed
            or is garbage-collected.

    Returns:
        The stream itself, with its class replaced by a subclass, so that ``isinstance`` and attributes of the
        SDK's class still work. The class of a generator cannot be replaced, so it is wrapped.
    """
    tap = _Tap(report)
    try:
        vars(stream)[_TAP] = tap
        base: Any = type(stream)
        stream.__class__ = _tapped_class(base)
    except TypeError:
        return (_AsyncRelay if hasattr(type(stream), "__anext__") else _Relay)(stream, tap)
    return stream


def tap_body(response: Any, report: Callable[[str, bool], object]) -> None:
    """Tap the body of an httpx response, which the program reads by any method.

    Args:
        response: a response, read or not.
        report: called once with the text and whether it is complete, when the body ends or is dropped.
    """
    reply = RawReply(response.headers.get("content-type", ""))
    if response.is_stream_consumed or response.is_closed:
        reply.feed(response.content)
        report(reply.text, True)
        return
    tap = _Tap(report, reply)
    # All of httpx's methods that read a body call one of these two.
    plain, streamed = response.iter_bytes, response.aiter_bytes

    def iter_bytes(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        with tap:
            for piece in plain(*args, **kwargs):
                tap.feed(piece)
                yield piece
        tap.end(True)

    async def aiter_bytes(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        with tap:
            async for piece in streamed(*args, **kwargs):
                tap.feed(piece)
                yield piece
        tap.end(True)

    response.iter_bytes, response.aiter_bytes = iter_bytes, aiter_bytes
    for name in ("close", "aclose"):
        setattr(response, name, _closing(getattr(response, name), tap))


def _closing(original: Callable[..., Any], tap: _Tap) -> Callable[..., Any]:
    def close(*args: Any, **kwargs: Any) -> Any:
        tap.end(False)
        return original(*args, **kwargs)

    return close


def end_tap(stream: Any) -> None:
    """End the tap of a stream that will not be read any further, if it has one."""
    tap = getattr(stream, "__dict__", {}).get(_TAP)
    if tap is not None:
        tap.end(False)


@lru_cache(maxsize=64)
def _tapped_class(base: Any) -> Any:
    """Return a subclass of a stream's class that feeds the tap and ends it."""
    body: dict[str, Any] = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__slots__": ()}
    body["__doc__"] = base.__doc__
    if hasattr(base, "__next__"):
        body |= {"__iter__": _itself, "__next__": _next_of(base)}
    if hasattr(base, "__anext__"):
        body |= {"__aiter__": _itself, "__anext__": _anext_of(base)}
    for name in ("close", "aclose"):
        if hasattr(base, name):
            body[name] = _ending(getattr(base, name))
    body["__del__"] = _ending(getattr(base, "__del__", _nothing))
    return type(base.__name__, (base,), body)


def _itself(self: Any) -> Any:
    # In the SDKs' classes this returns a generator, which would bypass `__next__`.
    return self


def _nothing(self: Any) -> None:
    return None


def _next_of(base: type[Any]) -> Callable[[Any], Any]:
    def take(self: Any) -> Any:
        tap: _Tap = vars(self)[_TAP]
        with tap.reading():
            item = base.__next__(self)
        tap.feed(item)
        return item

    return take


def _anext_of(base: type[Any]) -> Callable[[Any], Any]:
    async def take(self: Any) -> Any:
        tap: _Tap = vars(self)[_TAP]
        with tap.reading():
            item = await base.__anext__(self)
        tap.feed(item)
        return item

    return take


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        vars(self)[_TAP].end(False)
        # A coroutine if the method is async; the caller awaits it.
        return original(self, *args, **kwargs)

    return close


class _Wrapper:
    """Wraps a stream and forwards attribute access to it."""

    def __init__(self, stream: Any, tap: _Tap) -> None:
        self._stream = stream
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __del__(self) -> None:
        self._tap.end(False)


class _Relay(_Wrapper):
    def __iter__(self) -> _Relay:
        return self

    def __next__(self) -> Any:
        with self._tap.reading():
            item = next(self._stream)
        self._tap.feed(item)
        return item

    def close(self) -> None:
        self._tap.end(False)
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _AsyncRelay(_Wrapper):
    def __aiter__(self) -> _AsyncRelay:
        return self

    async def __anext__(self) -> Any:
        with self._tap.reading():
            item = await anext(self._stream)
        self._tap.feed(item)
        return item

    async def aclose(self) -> None:
        self._tap.end(False)
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
