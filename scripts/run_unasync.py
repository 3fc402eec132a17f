"""Generate the sync half of powermem from the async half.

    python scripts/run_unasync.py           write src/powermem/_sync, tests/_sync and tests/typing/_sync
    python scripts/run_unasync.py --check   change nothing; exit 1 when they are out of step

One naming law covers names and prose alike: ``AsyncX -> X``, ``async_x -> x`` (leading underscores stay)
and ``Awaitable[T] -> T``. ``REPLACEMENTS`` holds the few names the law does not reach.

The output is the same on every supported Python. Up to 3.11 an f-string is one token and from 3.12 on it is
several, so f-strings are glued together and converted as text; an ``await`` inside one would need real
conversion and is refused.
"""

from __future__ import annotations

import argparse
import ast
import keyword
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

_INSTALL = "pip install --group generate (pip 25.1 or newer), or run nox -s generated"

try:
    import tokenize_rt
    import unasync
except ImportError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error.name} is not installed: {_INSTALL}")

ROOT = Path(__file__).resolve().parent.parent

TREES = {
    "src/powermem/_async": "src/powermem/_sync",
    "tests/_async": "tests/_sync",
    "tests/typing/_async": "tests/typing/_sync",
}

# Only what the naming law cannot say. A rule that no source uses any more fails `--check`.
REPLACEMENTS = {
    "_async": "_sync",
    "aclose": "close",
    "asynccontextmanager": "contextmanager",
    # Classes of Anthropic's SDK.
    "BetaAsyncAbstractMemoryTool": "BetaAbstractMemoryTool",
    "BetaAsyncLocalFilesystemMemoryTool": "BetaLocalFilesystemMemoryTool",
    # The drivers of each colour.
    "_asyncmy": "_pymysql",
    "_asyncpg": "_psycopg",
    # A public parameter: both colours have it under this name.
    "async_mode": "async_mode",
}

HEADER = "# Generated from {source} by scripts/run_unasync.py; edit that file instead.\n"

_LAW = re.compile(r"^(_*)(?:Async(?=[A-Z])|async_(?=[A-Za-z]))")

# An escape such as \n must not glue its letter to the word behind it.
_ESCAPE = re.compile(r"(\\[\s\S])")
_WORD = re.compile(r"[A-Za-z_]\w*")
# "an AsyncStore" becomes "a Store", but "an async iterator" stays "an iterator".
_ARTICLE = re.compile(
    r"\b([Aa])n(\s+)(`{0,2}|\")(?:async[ \t]+(?!and\b|or\b)|(?=_*(?:Async[A-Z]|async_)))(?=(\w+))"
)
# English, as in "await the result"; in code the word just goes.
_AWAIT_SOMETHING = re.compile(
    r"\b(a|A)wait(?=\s+(?:a|an|each|every|it|its|that|the|them|this)\b(?!\s*[(.\[]))"
)
# "async and sync" names both colours and stays.
_ASYNC_WORD = re.compile(r"\b(?:async|await)[ \t]+(?!(?:and|or)\b)(?=[\w(`{\[*])|\bawait(?=\()")
_CAPITAL_ASYNC_WORD = re.compile(r"\bAsync[ \t]+(?!(?:and|or)\b)(\w)")
_ASYNC_AT_LINE_END = re.compile(r"[ \t]+async(?=\n[ \t]*\w)")
_AWAITABLE = re.compile(r"\bAwaitable\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")


class ConversionError(Exception):
    """A source holds something that has no sync form; the message starts with file and line."""


class NamingRule(unasync.Rule):  # type: ignore[misc]  # unasync ships no types
    """The naming law on top of unasync, for code, strings and comments."""

    def __init__(self, fromdir: str, todir: str, replacements: dict[str, str]) -> None:
        # unasync maps paths by plain text replacement: anything but an absolute folder with its
        # closing slash could match in the middle of another path.
        for folder in (fromdir, todir):
            if not (folder.startswith("/") and folder.endswith("/")):
                raise ValueError(f"a rule path must be absolute and end in '/': {folder!r}")
        super().__init__(fromdir, todir, replacements)
        self.used: set[str] = set()

    def rename(self, name: str) -> str:
        """Return the sync form of a name; most have none and stay."""
        if name in self.token_replacements:
            self.used.add(name)
            replacement: str = self.token_replacements[name]
            return replacement
        return _LAW.sub(r"\1", name)

    def convert_code(self, text: str) -> str:
        """Return the sync form of Python code, not formatted."""
        converted: str = tokenize_rt.tokens_to_src(self._unasync_tokens(tokenize_rt.src_to_tokens(text)))
        return converted

    def _unasync_tokens(self, tokens: Iterable[tokenize_rt.Token]) -> Iterator[tokenize_rt.Token]:
        pending = _unwrap_awaitables(_glue_fstrings(tokens))
        dropping = False
        for token in pending:
            # `await(x)` has no space to drop, hence not simply "skip the next token".
            if dropping and token.name in {tokenize_rt.UNIMPORTANT_WS, tokenize_rt.ESCAPED_NL}:
                continue
            dropping = token.name == "NAME" and token.src in {"async", "await"}
            if dropping:
                continue
            if token.name == "NAME":
                yield token._replace(src=self.rename(token.src))
            elif token.name in {"STRING", "COMMENT"}:
                yield token._replace(src=self.convert_prose(token.src))
            else:
                yield token

    def convert_prose(self, text: str) -> str:
        """Convert the text of a string, a docstring or a comment.

        Args:
            text: the token as written, quotes included.

        Returns:
            The text with the naming law applied to every word and the words for asynchrony dropped.
        """
        parts = _ESCAPE.split(text)
        parts[::2] = [self._convert_part(part) for part in parts[::2]]
        return "".join(parts)

    def _convert_part(self, text: str) -> str:
        text = _AWAITABLE.sub(r"\1", text)
        text = _ARTICLE.sub(self._fit_article, text)
        text = _AWAIT_SOMETHING.sub(lambda match: "Wait for" if match[1] == "A" else "wait for", text)
        text = _ASYNC_WORD.sub("", text)
        text = _CAPITAL_ASYNC_WORD.sub(lambda match: match[1].upper(), text)
        text = _ASYNC_AT_LINE_END.sub("", text)
        return _WORD.sub(lambda match: self.rename(match[0]), text)

    def _fit_article(self, match: re.Match[str]) -> str:
        article, space, quote, word = match.groups()
        follower = self.rename(word).lstrip("_")
        return f"{article}{'n' if follower[:1] in 'aeiouAEIOU' else ''}{space}{quote}"


def _glue_fstrings(tokens: Iterable[tokenize_rt.Token]) -> Iterator[tokenize_rt.Token]:
    """Make one STRING token of each f-string, as Python 3.11 does by itself."""
    depth = 0
    glued: list[tokenize_rt.Token] = []
    for token in tokens:
        depth += token.name == "FSTRING_START"
        if depth:
            glued.append(token)
        else:
            yield token
        if token.name == "FSTRING_END":
            depth -= 1
            if not depth:
                yield glued[0]._replace(name="STRING", src="".join(part.src for part in glued))
                glued.clear()


def _unwrap_awaitables(tokens: Iterable[tokenize_rt.Token]) -> list[tokenize_rt.Token]:
    """Turn ``Awaitable[T]`` into ``T``."""
    found = list(tokens)
    dropped: set[int] = set()
    for index, token in enumerate(found[:-1]):
        if token.matches(name="NAME", src="Awaitable") and found[index + 1].src == "[":
            dropped |= {index, index + 1, _closing_bracket(found, index + 1)}
    return [token for index, token in enumerate(found) if index not in dropped]


def _closing_bracket(tokens: list[tokenize_rt.Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].name == "OP":
            depth += (tokens[index].src == "[") - (tokens[index].src == "]")
            if not depth:
                return index
    raise AssertionError("a parsed file has no unclosed bracket")


@dataclass
class Difference:
    """What a generated tree and the committed one disagree on, as paths relative to the root."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.changed)

    def lines(self) -> list[str]:
        """Return one line for each file that differs."""
        return [
            f"{kind}: {name}"
            for kind, names in (("missing", self.missing), ("extra", self.extra), ("changed", self.changed))
            for name in names
        ]


def generate(root: Path, out: Path) -> list[str]:
    """Convert every async tree under ``root`` into its sync tree under ``out``.

    Args:
        root: project folder that holds the async trees and ``pyproject.toml`` with the ruff settings.
        out: empty folder that receives the sync trees, at the same relative paths.

    Returns:
        The names in ``REPLACEMENTS`` that no source uses.

    Raises:
        ConversionError: a source does not parse or has no sync form.
    """
    used: set[str] = set()
    for source, target in TREES.items():
        rule = NamingRule(f"{root / source}/", f"{out / target}/", REPLACEMENTS)
        files = _sources(root, root / source)
        unasync.unasync_files([str(path) for path in files], [rule])
        for path in files:
            converted = out / target / path.relative_to(root / source)
            header = HEADER.format(source=path.relative_to(root).as_posix())
            converted.write_text(header + converted.read_text("utf-8"), "utf-8")
        used |= rule.used
    _format(root, out)
    return sorted(REPLACEMENTS.keys() - used)


def _sources(root: Path, tree: Path) -> list[Path]:
    files = []
    for path in sorted(tree.rglob("*")):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        name = path.relative_to(root).as_posix()
        if path.suffix != ".py":
            raise ConversionError(
                f"{name}:1: only Python files can be converted; keep data outside {tree.name}"
            )
        if _LAW.match(path.stem) or any(_LAW.match(part) for part in path.relative_to(tree).parts):
            raise ConversionError(f"{name}:1: imports of this module would be renamed, but not the file")
        check_source(path.read_text("utf-8"), name)
        files.append(path)
    return files


def check_source(text: str, name: str) -> None:
    """Refuse a source that cannot be converted the same way on every Python.

    Args:
        text: the source.
        name: what to call the file in the message.

    Raises:
        ConversionError: it does not parse, awaits inside an f-string, or has a name that the law turns
            into a keyword.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as exc:
        raise ConversionError(f"{name}:{exc.lineno}: {exc.msg}") from exc
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(_is_async(child) for child in ast.walk(node)):
            raise ConversionError(
                f"{name}:{node.lineno}: await inside an f-string; assign the result to a name first"
            )
        called = getattr(node, "id", None) or getattr(node, "name", None) or getattr(node, "attr", None)
        if isinstance(called, str) and keyword.iskeyword(_LAW.sub(r"\1", called)):
            raise ConversionError(f"{name}:{getattr(node, 'lineno', 1)}: {called} would become a keyword")


def _is_async(node: ast.AST) -> bool:
    return isinstance(node, ast.Await) or (isinstance(node, ast.comprehension) and bool(node.is_async))


def _format(root: Path, out: Path) -> None:
    if find_spec("ruff") is None:
        raise ConversionError(f"ruff is not installed: {_INSTALL}")
    ruff = [sys.executable, "-m", "ruff"]
    # Names sort differently once they lose their prefix, and an unwrapped Awaitable is no longer imported.
    fix = ["check", "--fix-only", "--select", "I,F401"]
    for command in (fix, ["format"]):
        arguments = [*command, "--quiet", "--no-cache", "--config", str(root / "pyproject.toml"), "."]
        done = subprocess.run([*ruff, *arguments], cwd=out, capture_output=True, text=True)
        if done.returncode:
            raise ConversionError(f"ruff {command[0]} failed: {done.stdout}{done.stderr}")


def compare(root: Path, out: Path) -> Difference:
    """Compare the sync trees under ``root`` with freshly generated ones.

    Args:
        root: project folder.
        out: folder that :func:`generate` has filled.

    Returns:
        The files that are missing, extra or changed in ``root``.
    """
    difference = Difference()
    for target in TREES.values():
        expected, present = _contents(out, target), _contents(root, target)
        difference.missing += sorted(expected.keys() - present.keys())
        difference.extra += sorted(present.keys() - expected.keys())
        both = expected.keys() & present.keys()
        difference.changed += sorted(name for name in both if expected[name] != present[name])
    return difference


def _contents(root: Path, target: str) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in (root / target).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def apply(root: Path, out: Path, difference: Difference) -> None:
    """Bring the sync trees under ``root`` in step with the generated ones.

    Args:
        root: project folder.
        out: folder that :func:`generate` has filled.
        difference: what :func:`compare` found.
    """
    for name in difference.missing + difference.changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((out / name).read_bytes())
    for name in difference.extra:
        (root / name).unlink()
    for target in TREES.values():
        _remove_empty_folders(root / target)


def _remove_empty_folders(top: Path) -> None:
    if not top.is_dir():
        return
    for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
        if folder.name != "__pycache__" and all(child.name == "__pycache__" for child in folder.iterdir()):
            _remove_bytecode(folder)
            folder.rmdir()


def _remove_bytecode(folder: Path) -> None:
    for cache in folder.glob("__pycache__"):
        for path in cache.iterdir():
            path.unlink()
        cache.rmdir()


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: command line without the program's name; ``None`` takes the real one.
        root: project folder.

    Returns:
        0 when all is in step, 1 otherwise.
    """
    parser = argparse.ArgumentParser(description="Generate the sync half of powermem from the async half.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when out of step")
    check: bool = parser.parse_args(arguments).check
    with tempfile.TemporaryDirectory() as folder:
        # Resolved, because a temporary folder may sit behind a symbolic link.
        out = Path(folder).resolve()
        try:
            unused = generate(root, out)
        except ConversionError as exc:
            print(exc, file=sys.stderr)
            return 1
        difference = compare(root, out)
        if not check:
            apply(root, out, difference)
    for line in difference.lines():
        print(line if check else f"fixed {line}")
    for name in unused:
        print(f"unused rule: {name}")
    if check and difference:
        print("out of step: run `python scripts/run_unasync.py`", file=sys.stderr)
    return int(check and bool(difference or unused))


if __name__ == "__main__":
    sys.exit(main())
