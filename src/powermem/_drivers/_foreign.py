"""Calls into objects that a program gave us, whose methods may be meant for tasks or for threads."""

from __future__ import annotations

import inspect
from typing import Any

from .._concurrency import async_to_thread
from ..errors import ConfigError


async def async_call(target: object, name: str, plain_name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call a method and await its result; one that would block runs on a thread.

    Args:
        target: the object.
        name: the method meant for tasks.
        plain_name: the method meant for threads, taken where the first is missing.
        *args: passed on.
        **kwargs: passed on.

    Raises:
        ConfigError: the object has neither.
    """
    method = getattr(target, name, None) or _method(target, plain_name)
    if inspect.iscoroutinefunction(method):
        return await method(*args, **kwargs)
    result = await async_to_thread(method, *args, **kwargs)
    # A decorator may hide that a method is a coroutine function.
    return await result if inspect.isawaitable(result) else result


def call(target: object, name: str, plain_name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call a method.

    Args:
        target: the object.
        name: the method meant for tasks, which this colour does not use.
        plain_name: the method meant for threads.
        *args: passed on.
        **kwargs: passed on.

    Raises:
        ConfigError: the object has no such method, or it is a coroutine function.
    """
    method = _method(target, plain_name)
    if not inspect.iscoroutinefunction(method):
        result = method(*args, **kwargs)
        if not inspect.isawaitable(result):
            return result
        if inspect.iscoroutine(result):
            result.close()
    raise ConfigError(
        f"{type(target).__name__}.{plain_name} is made for tasks; Memory needs a plain method, "
        "or use AsyncMemory"
    )


def _method(target: object, name: str) -> Any:
    method = getattr(target, name, None)
    if not callable(method):
        raise ConfigError(f"{type(target).__name__} has no method {name!r}")
    return method
