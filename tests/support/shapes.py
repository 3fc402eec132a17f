"""Values held against the types that results are annotated with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter
from typing_extensions import get_type_hints, is_typeddict

# Names that are imported for type checkers only.
_UNRESOLVED = {"MemoryConfig": object, "Self": object}


class Shapes:
    """Checks values, and notes which optional keys were there and which were missing.

    Attributes:
        seen: of every ``NotRequired`` key whether it was there, by the name of the ``TypedDict`` and its own.
        called: names of the methods whose results were checked.
    """

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], set[bool]] = defaultdict(set)
        self.called: set[str] = set()

    def result(self, method: Callable[..., Any], value: Any) -> Any:
        """Check what a method returned against its annotation, and return it."""
        self.called.add(method.__name__)
        return self.value(hint_of(method), value)

    def value(self, kind: Any, value: Any) -> Any:
        """Check a value against a type, and return it."""
        # What the type does not name is left out of what pydantic returns.
        assert TypeAdapter(kind).validate_python(value, strict=True) == value
        self._note(kind, value)
        return value

    def _note(self, kind: Any, value: Any) -> None:
        origin, arguments = get_origin(kind) or kind, get_args(kind)
        if is_typeddict(origin):
            for key in origin.__optional_keys__:
                self.seen[origin.__name__, key].add(key in value)
            hints = get_type_hints(origin)
            for key, part in value.items():
                self._note(hints[key], part)
        elif origin is list:
            for part in value:
                self._note(arguments[0], part)
        elif origin is tuple:
            for argument, part in zip(arguments, value, strict=True):
                self._note(argument, part)
        elif type(None) in arguments and value is not None:
            (argument,) = (each for each in arguments if each is not type(None))
            self._note(argument, value)


def described(cls: type) -> set[str]:
    """Return the names of the public methods of a class that return a ``TypedDict`` or several."""
    methods = {name: method for name, method in vars(cls).items() if not name.startswith("_")}
    return {name for name, each in methods.items() if callable(each) and _holds_typeddict(hint_of(each))}


def hint_of(method: Callable[..., Any]) -> Any:
    """Return the annotated result of a method."""
    return get_type_hints(method, localns=_UNRESOLVED).get("return")


def _holds_typeddict(kind: Any) -> bool:
    return is_typeddict(get_origin(kind) or kind) or any(map(_holds_typeddict, get_args(kind)))
