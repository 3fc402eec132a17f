"""Calls to methods, sync or async, of objects that the program supplies."""

from __future__ import annotations

import inspect
from typing import Any

from .._concurrency import async_to_thread
from ..errors import ConfigError


async def async_call(target: object, name: str, plain_name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call a method and return its result; a sync method runs on a thread.

    Args:
        target: the object.
        name: name of the async method.
        plain_name: name of the sync method, used if there is no async one.
        *args: passed on.
        **kwargs: passed on.

    Raises:
        ConfigError: the object has neither method.
    """
    method = getattr(target, name, None) or _method(target, plain_name)
    if inspect.iscoroutinefunction(method):
        return await method(*args, **kwargs)
    result = await async_to_thread(method, *args, **kwargs)
    # A decorator may hide that a method is a coroutine function, so check the result too.
    return await result if inspect.isawaitable(result) else result


def call(target: object, name: str, plain_name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call a sync method and return its result.

    Args:
        target: the object.
        name: name of the async method, which is not used here.
        plain_name: name of the sync method.
        *args: passed on.
        **kwargs: passed on.

    Raises:
        ConfigError: the object has no sync method of this name.
    """
    method = _method(target, plain_name)
    if not inspect.iscoroutinefunction(method):
        result = method(*args, **kwargs)
        if not inspect.isawaitable(result):
            return result
        if inspect.iscoroutine(result):
            result.close()
    raise ConfigError(
        f"{type(target).__name__}.{plain_name} is async; Memory needs a plain method, or use AsyncMemory"
    )


def _method(target: object, name: str) -> Any:
    method = getattr(target, name, None)
    if not callable(method):
        raise ConfigError(f"{type(target).__name__} has no method {name!r}")
    return method
