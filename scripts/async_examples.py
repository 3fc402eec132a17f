"""Write the async form of a sync example, for the tabs of the documentation.

The sync form is the source, and ``scripts/run_unasync.py`` must lead back to it: an example whose async form
converts to something else is refused.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import run_unasync

import powermem

# What these are given has a colour of its own, which decides what the rest of the page looks like.
_COLOURED = ("llm", "wrap")

_RULE = run_unasync.NamingRule("/async/", "/sync/", run_unasync.REPLACEMENTS)


def async_forms(codes: Iterable[str]) -> list[str | None]:
    """Return the async forms of the examples of a page.

    Args:
        codes: the examples in order.

    Returns:
        For each its async form, or ``None``: see ``AsyncExamples.convert``. None has one if a memory is used
        where it cannot be awaited, as the names after it would mean memories of two colours.
    """
    examples = AsyncExamples()
    forms = [examples.convert(code) for code in codes]
    return [None] * len(forms) if examples.mixed else forms


@dataclass
class AsyncExamples:
    """The examples of one page, in order; each may use the names of those before it.

    Attributes:
        names: the async class of each name that holds a memory, or a handle that one returned.
        functions: the names of functions that are coroutine functions in the async form.
        mixed: whether an example uses a memory of those before it where nothing can be awaited.
    """

    names: dict[str, type] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    mixed: bool = False

    def convert(self, code: str) -> str | None:
        """Return the async form of an example, with ``await`` at the top level.

        Args:
            code: the example in its sync form.

        Returns:
            The async form; ``None`` if it would be the same, or if the example has none: it is async
            already, or uses a memory where nothing can be awaited, such as in a lambda.

        Raises:
            ValueError: the generator of the sync half does not convert the result back.
        """
        tree = ast.parse(code)
        before = dict(self.names)
        self._learn(tree)
        if any(isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncWith) for node in ast.walk(tree)):
            edits: list[tuple[int, int, str] | None] = [None]
        else:
            self._find_functions(tree)
            edits = [*self._edits(tree)]
        if not edits or None in edits:
            if edits:
                self._leave(tree, before)
            return None
        converted = _edited(code, [edit for edit in edits if edit is not None])
        if ast.dump(ast.parse(_RULE.convert_code(converted))) != ast.dump(tree):
            raise ValueError(f"the sync half of this is another program:\n{converted}")
        return converted

    def _leave(self, tree: ast.AST, before: dict[str, type]) -> None:
        """Note what an example that stays sync means for those after it."""
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
        self.mixed |= any(
            node.id not in bound and (node.id in before or hasattr(powermem, f"Async{node.id}"))
            for node in names
        )
        self.names = {name: kind for name, kind in before.items() if name not in bound}

    def _find_functions(self, tree: ast.AST) -> None:
        """Find the functions that must await, and so those that await these."""
        known = -1
        while known != len(self.functions):
            known = len(self.functions)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and any(map(self._awaited, ast.walk(node))):
                    self.functions.add(node.name)

    def _awaited(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Name):
            return node.func.id in self.functions
        return inspect.iscoroutinefunction(self._method(node))

    def _learn(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            pairs: list[tuple[ast.expr | None, ast.expr]] = []
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.withitem):
                pairs = [(node.optional_vars, node.context_expr)]
            for target, value in pairs:
                kind = self._kind(value)
                if isinstance(target, ast.Name) and kind is not None:
                    self.names[target.id] = kind

    def _kind(self, value: ast.expr) -> type | None:
        """Return the async class of what an expression gives, if it is one of ours."""
        if isinstance(value, ast.Name):
            return self.names.get(value.id)
        if isinstance(value, ast.Attribute):
            owner = self._kind(value.value)
            found = None if owner is None else inspect.getattr_static(owner, value.attr, None)
            return _ours(found.fget) if isinstance(found, property) else None
        if isinstance(value, ast.Call):
            if isinstance(value.func, ast.Name):
                return getattr(powermem, f"Async{value.func.id}", None)
            method = self._method(value)
            return None if method is None else _ours(method)
        return None

    def _method(self, call: ast.Call) -> Any:
        if not isinstance(call.func, ast.Attribute):
            return None
        owner = self._kind(call.func.value)
        return None if owner is None else getattr(owner, call.func.attr, None)

    def _edits(self, tree: ast.AST) -> Iterator[tuple[int, int, str] | None]:
        """Yield line, column and what to insert; for a name, what takes the place of its first letters."""
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in self.functions:
                yield node.lineno, node.col_offset, "async "
            elif isinstance(node, ast.Name) and node.id in self.functions:
                # Given to something else, which would have to await it.
                if not _is_called(node, parents):
                    yield None
            elif isinstance(node, ast.Name | ast.alias):
                name = node.id if isinstance(node, ast.Name) else node.name
                if hasattr(powermem, f"Async{name}"):
                    yield node.lineno, node.col_offset, "Async"
            elif isinstance(node, ast.Attribute) and node.attr in _COLOURED and self._kind(node.value):
                yield None
            elif isinstance(node, ast.With):
                if any(_is_async_manager(self._kind(item.context_expr)) for item in node.items):
                    whole = all(_is_async_manager(self._kind(item.context_expr)) for item in node.items)
                    yield (node.lineno, node.col_offset, "async ") if whole and _top(node, parents) else None
            elif self._awaited(node):
                assert isinstance(node, ast.Call)
                if not _top(node, parents):
                    yield None
                    continue
                above = parents[node]
                inner = isinstance(above, ast.Attribute | ast.Subscript) and above.value is node
                yield node.lineno, node.col_offset, "(await " if inner else "await "
                if inner:
                    assert node.end_lineno is not None
                    assert node.end_col_offset is not None
                    yield node.end_lineno, node.end_col_offset, ")"


def _ours(function: Any) -> type | None:
    """Return the class that a method's annotation promises, if it is of the async half."""
    said = str(inspect.get_annotations(function).get("return", "")).partition("[")[0]
    # Some are imported where they are used; loading the facade's neighbours makes all of them known.
    import_module("powermem._async.used_config")
    homes = [module for name, module in sys.modules.items() if name.startswith("powermem._async.")]
    found = [vars(module)[said] for module in homes if said.startswith("Async") and said in vars(module)]
    return found[0] if found else None


def _is_async_manager(kind: type | None) -> bool:
    return hasattr(kind, "__aenter__")


def _top(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether ``await`` may stand there when it may at the top level."""
    inside = (ast.Lambda, ast.ClassDef, ast.GeneratorExp, ast.JoinedStr)
    return not any(isinstance(outer, inside) for outer in _outside(node, parents))


def _is_called(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    above = parents[name]
    return isinstance(above, ast.Call) and above.func is name


def _outside(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node


def _edited(code: str, edits: list[tuple[int, int, str]]) -> str:
    lines = code.splitlines(keepends=True)
    # From the end, and at one place the name before what stands in front of it.
    order = sorted(set(edits), key=lambda edit: (*edit[:2], edit[2] == "Async"), reverse=True)
    for line, column, text in order:
        # Columns of the syntax tree count bytes.
        encoded = lines[line - 1].encode()
        lines[line - 1] = (encoded[:column] + text.encode() + encoded[column:]).decode()
    return "".join(lines)
