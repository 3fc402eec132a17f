"""Streams that are listened to while somebody else reads them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from typing import Any

from ..clients import RawReply, Transcript

_logger = logging.getLogger("powermem.clients")

_TAP = "_powermem_tap"


class _Tap:
    """Hears what a stream yields, and tells it once, when the stream has ended or is given up."""

    def __init__(self, tell: Callable[[str, bool], object], reply: RawReply | None = None) -> None:
        self._tell: Callable[[str, bool], object] | None = tell
        self._transcript: Any = Transcript() if reply is None else reply

    def feed(self, event: object) -> None:
        if self._tell is None:
            return
        try:
            self._transcript.feed(event)
        except Exception as error:
            _logger.warning("a piece of a reply could not be read: %r", error)

    def end(self, whole: bool) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell(self._transcript.text, whole)


def is_stream(reply: object) -> bool:
    """Tell whether a reply comes in pieces."""
    return hasattr(type(reply), "__next__") or hasattr(type(reply), "__anext__")


def tapped(stream: Any, tell: Callable[[str, bool], object]) -> Any:
    """Listen to a stream.

    Args:
        stream: an iterator, an async iterator, or both.
        tell: gets the text once, when the stream has ended, has failed, was closed or was dropped, and
            whether it has ended.

    Returns:
        The stream itself, of a subclass of its own class; a generator, whose class cannot be changed, comes
        inside an object that passes everything on.
    """
    tap = _Tap(tell)
    try:
        vars(stream)[_TAP] = tap
        base: Any = type(stream)
        stream.__class__ = _listening(base)
    except TypeError:
        return (_AsyncRelay if hasattr(type(stream), "__anext__") else _Relay)(stream, tap)
    return stream


def tap_body(response: Any, tell: Callable[[str, bool], object]) -> None:
    """Listen to the body of a response of httpx, which its caller reads in a way of their own.

    Args:
        response: a response, read or not.
        tell: gets the text once, when the body has ended or is given up, and whether it has ended.
    """
    reply = RawReply(response.headers.get("content-type", ""))
    if response.is_stream_consumed or response.is_closed:
        reply.feed(response.content)
        tell(reply.text, True)
        return
    tap = _Tap(tell, reply)
    # Every way of reading leads through these.
    plain, streamed = response.iter_bytes, response.aiter_bytes

    def iter_bytes(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        whole = False
        try:
            for piece in plain(*args, **kwargs):
                tap.feed(piece)
                yield piece
            whole = True
        finally:
            tap.end(whole)

    async def aiter_bytes(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        whole = False
        try:
            async for piece in streamed(*args, **kwargs):
                tap.feed(piece)
                yield piece
            whole = True
        finally:
            tap.end(whole)

    response.iter_bytes, response.aiter_bytes = iter_bytes, aiter_bytes
    for name in ("close", "aclose"):
        setattr(response, name, _closing(getattr(response, name), tap))


def _closing(original: Callable[..., Any], tap: _Tap) -> Callable[..., Any]:
    def close(*args: Any, **kwargs: Any) -> Any:
        tap.end(False)
        return original(*args, **kwargs)

    return close


def end_tap(stream: Any) -> None:
    """Listen no more to a stream that may be tapped, because nobody will read on."""
    tap = getattr(stream, "__dict__", {}).get(_TAP)
    if tap is not None:
        tap.end(False)


@lru_cache(maxsize=64)
def _listening(base: Any) -> Any:
    """Return a subclass whose instances are heard when they yield, and told when they end."""
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
    # The classes of the SDKs have a generator here, which does not come past `__next__`.
    return self


def _nothing(self: Any) -> None:
    return None


def _next_of(base: type[Any]) -> Callable[[Any], Any]:
    def take(self: Any) -> Any:
        tap: _Tap = vars(self)[_TAP]
        try:
            item = base.__next__(self)
        except BaseException as error:
            tap.end(isinstance(error, (StopIteration, StopAsyncIteration)))
            raise
        tap.feed(item)
        return item

    return take


def _anext_of(base: type[Any]) -> Callable[[Any], Any]:
    async def take(self: Any) -> Any:
        tap: _Tap = vars(self)[_TAP]
        try:
            item = await base.__anext__(self)
        except BaseException as error:
            tap.end(isinstance(error, (StopIteration, StopAsyncIteration)))
            raise
        tap.feed(item)
        return item

    return take


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        vars(self)[_TAP].end(False)
        # In the other colour this is awaited by the caller.
        return original(self, *args, **kwargs)

    return close


class _Passing:
    """Passes everything on to what it stands for."""

    def __init__(self, stream: Any, tap: _Tap) -> None:
        self._stream = stream
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __del__(self) -> None:
        self._tap.end(False)


class _Relay(_Passing):
    def __iter__(self) -> _Relay:
        return self

    def __next__(self) -> Any:
        try:
            item = next(self._stream)
        except BaseException as error:
            self._tap.end(isinstance(error, (StopIteration, StopAsyncIteration)))
            raise
        self._tap.feed(item)
        return item

    def close(self) -> None:
        self._tap.end(False)
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _AsyncRelay(_Passing):
    def __aiter__(self) -> _AsyncRelay:
        return self

    async def __anext__(self) -> Any:
        try:
            item = await anext(self._stream)
        except BaseException as error:
            self._tap.end(isinstance(error, (StopIteration, StopAsyncIteration)))
            raise
        self._tap.feed(item)
        return item

    async def aclose(self) -> None:
        self._tap.end(False)
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
