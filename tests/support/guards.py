"""What must hold between the two colours, as functions of a source tree.

Each guard takes the root of a project and returns one line for each thing that is wrong, so that a test can
also run it on a small tree that is wrong on purpose. Nothing here imports what it looks at.
"""

from __future__ import annotations

import ast
import keyword
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import run_unasync
from run_unasync import REPLACEMENTS, TREES, ConversionError, NamingRule

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/powermem"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# What each folder imports besides itself. Modules beside the folders are public values and count as `_core`,
# apart from the doors into the package, which import everything, as the command line does.
_PURE = frozenset({"_core"})
IMPORTS = {
    "_core": _PURE,
    "_concurrency": _PURE,
    "_sqlite": _PURE,
    "config": _PURE,
    "_drivers": _PURE | {"_concurrency", "config"},
    **dict.fromkeys(["_async", "_sync"], _PURE | {"_concurrency", "_drivers", "_sqlite", "config"}),
}
VALUES = frozenset({"_version", "errors", "histories", "rest", "tokens", "types"})
DOORS = frozenset(
    {
        "__init__",
        "__main__",
        "_create",
        "cli",
        "compat",
        "evaluation",
        "integrations",
        "mcp",
        "notebook",
        "server",
    }
)
# Inside a colour, this folder alone is above the facade: it imports it, and nothing imports this folder.
FACADE_USERS = "integrations"
# Inside a colour, these import no other folder or module of it than those named.
COLOURED_IMPORTS = {"stores": frozenset[str](), "providers": frozenset({"stores"})}

# The hand-written pairs may show this type, which needs no rule while no source does.
_RULE = NamingRule(
    "/from/", "/to/", {**REPLACEMENTS, "AbstractAsyncContextManager": "AbstractContextManager"}
)

# Names of asynchronous things that the naming law does not reach: each needs a rule of the table.
_BEYOND_THE_LAW = re.compile(
    r"AbstractAsync\w+|aclose|aclosing|a(iter|next|read)(_\w+)?|\w+_async_(callback|context|exit)"
)


def out_of_step(root: Path) -> list[str]:
    """Generate into a temporary folder and compare sets of files and contents."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder).resolve()
        try:
            unused = run_unasync.generate(root, out)
        except ConversionError as exc:
            return [str(exc)]
        return [*run_unasync.compare(root, out).lines(), *(f"unused rule: {name}" for name in unused)]


def unequal_signatures(root: Path) -> list[str]:
    """Compare every AsyncX with its X, and every async_x with its x, apart from the colour."""
    found: list[str] = []
    package = root / PACKAGE
    for path in _python_files(package / "_async"):
        twin = package / "_sync" / path.relative_to(package / "_async")
        found += _compare_pairs(root, [path], [twin] if twin.is_file() else [])
    for seam in ("_concurrency", "_drivers"):
        files = [*_python_files(package / seam), *package.glob(f"{seam}.py")]
        found += _compare_pairs(root, files, files)
        found += _without_async_twin(root, files)
    return found


def name_collisions(root: Path) -> list[str]:
    """Find names of one source module that become the same name in its twin.

    What stands behind a dot cannot take the place of what stands alone, so `time.sleep` may be used beside
    `async_sleep`: the two kinds are compared apart.
    """
    found = []
    for path in _sources(root):
        tree = _parse(path)
        defined = set(_defined_names(tree))
        for identifiers in ({*defined, *_bare_names(tree)}, {*defined, *_dotted_names(tree)}):
            became: dict[str, set[str]] = defaultdict(set)
            for name in identifiers:
                # A rule of the table renames what belongs to others (`aclose` of an HTTP client), which may
                # stand beside our own `close`; it is a collision only when the name is ours.
                if name not in REPLACEMENTS or name in defined:
                    became[_RULE.rename(name)].add(name)
            found += [
                f"{_name(root, path)}: {' and '.join(sorted(names))} become {new}"
                for new, names in sorted(became.items())
                if len(names) > 1 or (keyword.iskeyword(new) and new not in names)
            ]
    return list(dict.fromkeys(found))


def async_survivors(root: Path) -> list[str]:
    """Find asynchronous code in the generated trees, and ``import asyncio`` in either."""
    found = [
        f"{_name(root, path)}:{getattr(node, 'lineno', 1)}: {survivor} survived"
        for target in TREES.values()
        for path in _python_files(root / target)
        for node in ast.walk(_parse(path))
        if (survivor := _survivor(node))
    ]
    for tree in [*TREES, *TREES.values()]:
        for path in _python_files(root / tree):
            found += [
                f"{_name(root, path)}:{line}: imports asyncio; use powermem._concurrency"
                for line, module in _imports(root, path)
                if module.split(".")[0] == "asyncio"
            ]
    return found


def fstring_awaits(root: Path) -> list[str]:
    """Find an ``await`` inside an f-string, which one Python converts and another does not."""
    lines = [
        f"{_name(root, path)}:{node.lineno}: await inside an f-string"
        for path in _sources(root)
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.JoinedStr) and any(_is_async(child) for child in ast.walk(node))
    ]
    # A format specification is an f-string inside the f-string.
    return list(dict.fromkeys(lines))


def wrong_way_imports(root: Path) -> list[str]:
    """Find imports that the folders forbid, and modules outside the folders that are not public."""
    found = []
    package = root / PACKAGE
    for path in _python_files(package):
        parts = path.relative_to(package).with_suffix("").parts
        own = _folder(parts)
        if own in DOORS:
            continue
        if own not in IMPORTS:
            found.append(f"{_name(root, path)}: belongs to no folder that tests/support/guards.py knows")
            continue
        for line, module in _imports(root, path):
            if module.split(".")[0] == "powermem" and not _may_import(parts, tuple(module.split(".")[1:])):
                found.append(f"{_name(root, path)}:{line}: imports {module}, which stands above it")
    return found


def _folder(parts: tuple[str, ...]) -> str:
    return "_core" if parts[0] in VALUES else parts[0]


def _may_import(parts: tuple[str, ...], imported: tuple[str, ...]) -> bool:
    own, other = _folder(parts), _folder(imported or ("__init__",))
    if own != other:
        return other in IMPORTS[own]
    if own not in {"_async", "_sync"} or len(imported) < 2 or parts[1] == imported[1]:
        return True
    if parts[1] == FACADE_USERS:
        return True
    return imported[1] not in {"memory", FACADE_USERS} and imported[1] in COLOURED_IMPORTS.get(
        parts[1], {imported[1]}
    )


def _compare_pairs(root: Path, async_files: list[Path], sync_files: list[Path]) -> list[str]:
    """Compare what is defined in two sets of files; the same set twice means that it holds both colours."""
    found = []
    by_hand = async_files is sync_files
    sync_classes = _classes(sync_files)
    twins = {name: node for path in sync_files for name, node in _definitions(_parse(path))}
    for path in async_files:
        tree = _parse(path)
        for name, node in _definitions(tree):
            twin_name = _RULE.rename(name)
            # The inside of a hand-written pair is its own affair.
            if by_hand and (twin_name == name or name.startswith("_")):
                continue
            where = f"{_name(root, path)}:{node.lineno}: {name}"
            if twin_name not in twins:
                found.append(f"{where} has no twin {twin_name}")
                continue
            expected = _surface(node, _classes([path]), convert=True)
            present = _surface(twins[twin_name], sync_classes, convert=False)
            found += [
                f"{where}: {key or 'itself'} is {expected.get(key)}, in the twin {present.get(key)}"
                for key in sorted(expected.keys() | present.keys())
                if expected.get(key) != present.get(key)
            ]
    return found


def _without_async_twin(root: Path, files: list[Path]) -> list[str]:
    """Find what a hand-written package exports in sync only; an exception serves both colours."""
    defined = [(path, name, node) for path in files for name, node in _definitions(_parse(path))]
    renamed = {new for _, name, _ in defined if (new := _RULE.rename(name)) != name}
    exported = {
        name
        for path in files
        if path.stem in {"__init__", "_concurrency"}
        for name in _exports(_parse(path))
        if _RULE.rename(name) == name
    }
    return [
        f"{_name(root, path)}:{node.lineno}: {name} has no async twin"
        for path, name, node in defined
        if name in exported - renamed and not _is_exception(node)
    ]


def _exports(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            return list(ast.literal_eval(node.value))
    return []


def _is_exception(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        ast.unparse(base).endswith(("Exception", "Error")) for base in node.bases
    )


def _classes(files: list[Path]) -> dict[str, ast.ClassDef]:
    return {node.name: node for path in files for node in _parse(path).body if isinstance(node, ast.ClassDef)}


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | FunctionNode]]:
    """Yield the classes and the public functions of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def _surface(
    node: ast.ClassDef | FunctionNode, classes: dict[str, ast.ClassDef], *, convert: bool
) -> dict[str, list[str]]:
    """Return the public signatures of a function, or of a class and its bases in the same module."""
    if not isinstance(node, ast.ClassDef):
        return {"": [_signature(node, convert=convert)]}
    surface: dict[str, list[str]] = {}
    for base in node.bases:
        head = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(head, ast.Name) and head.id in classes and head.id != node.name:
            surface |= _surface(classes[head.id], classes, convert=convert)
    own: dict[str, list[str]] = defaultdict(list)
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = _RULE.convert_code(child.name) if convert else child.name
            if not name.startswith("_") or name.startswith("__"):
                own[name].append(_signature(child, convert=convert))
    return surface | own


def _signature(node: FunctionNode, *, convert: bool) -> str:
    decorators = "".join(f"@{ast.unparse(item)} " for item in node.decorator_list)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if not convert:
        colour = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
        return f"{colour}{decorators}({ast.unparse(node.args)}){returns}"
    return _RULE.convert_code(f"{decorators}({ast.unparse(node.args)}){returns}")


def _survivor(node: ast.AST) -> str | None:
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    if _BEYOND_THE_LAW.fullmatch(name):
        return f"{name} has no rule in REPLACEMENTS and"
    return type(node).__name__ if _is_async(node) else None


def _is_async(node: ast.AST) -> bool:
    if isinstance(node, ast.comprehension):
        return bool(node.is_async)
    return isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await)


def _defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module defines, as a name or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _bare_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield from (node.name, node.asname or node.name)


def _dotted_names(tree: ast.AST) -> Iterator[str]:
    """Yield attributes, keywords of calls, and the parts of module paths."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from node.module.split(".")


def _imports(root: Path, path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of what a module imports, relative imports resolved."""
    relative = path.relative_to(root / "src") if path.is_relative_to(root / "src") else path.relative_to(root)
    parents = relative.with_suffix("").parts[:-1]
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _sources(root: Path) -> list[Path]:
    return [path for tree in TREES for path in _python_files(root / tree)]


def _python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
