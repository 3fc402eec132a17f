"""Calls whose arguments do not fit are refused in the user's words, with the name that users know."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar

from ..calls import explain
from ..errors import InvalidInputError
from ..missing import explain_attribute

_Class = TypeVar("_Class", bound=type)


def named(public: str) -> Callable[[_Class], _Class]:
    """Give the public methods of a class, inherited ones too, the name that users call them by.

    A call with arguments that do not fit then raises ``InvalidInputError``, and no ``TypeError`` that names
    the class a method happens to stand in. Signatures stay as they are.

    Args:
        public: how users write the class, such as ``"Memory"``.
    """

    def rename(cls: _Class) -> _Class:
        for name in dir(cls):
            made = inspect.getattr_static(cls, name)
            if isinstance(made, FunctionType) and (name == "__init__" or not name.startswith("_")):
                call = public if name == "__init__" else f"{public}.{name}"
                wrapped = _awaited(made, call) if inspect.iscoroutinefunction(made) else _called(made, call)
                wrapped.__qualname__ = f"{public}.{name}"
                setattr(cls, name, wrapped)
        # Set here, so that type checkers still know which attributes there are.
        setattr(cls, "__getattr__", _lacking(public, dir(cls)))  # noqa: B010
        return cls

    return rename


def _lacking(public: str, names: list[str]) -> Callable[[object, str], Any]:
    known = [name for name in names if not name.startswith("_")]

    def __getattr__(self: object, name: str) -> Any:
        if name.startswith("_"):
            # Asked for by protocols, such as those of pickle and of shells.
            raise AttributeError(f"{public} has no {name!r}")
        raise AttributeError(explain_attribute(public, name, known))

    return __getattr__


def _called(made: Callable[..., Any], call: str) -> Callable[..., Any]:
    @wraps(made)
    def called(*given: Any, **by_name: Any) -> Any:
        try:
            return made(*given, **by_name)
        except TypeError as error:
            _check_fits(error, call, made, given, by_name)
            raise

    return called


def _awaited(made: Callable[..., Any], call: str) -> Callable[..., Any]:
    @wraps(made)
    async def called(*given: Any, **by_name: Any) -> Any:
        try:
            return await made(*given, **by_name)
        except TypeError as error:
            _check_fits(error, call, made, given, by_name)
            raise

    return called


def _check_fits(
    error: TypeError, call: str, made: Callable[..., Any], given: tuple[Any, ...], by_name: dict[str, Any]
) -> None:
    # When the arguments do not fit, the method was never entered, so its frame is not in the traceback.
    if error.__traceback__ is None or error.__traceback__.tb_next is not None:
        return
    signature = inspect.signature(made)
    bound = signature.replace(parameters=list(signature.parameters.values())[1:])
    raise InvalidInputError(explain(call, bound, given[1:], by_name)) from None
