"""``powermem completion``: scripts by which shells complete commands, made from the parser.

The scripts hold every command, option and choice, so that a shell completes without starting Python.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .arguments import command_parsers
from .asking import agreed
from .output import CommandError, Output

PROGRAMS = ("powermem", "pmem")


@dataclass(frozen=True, slots=True)
class Node:
    """What may stand behind some words.

    Attributes:
        path: the words, such as ``"memory add"``; blank behind the program's name.
        words: the commands or the choices of its first argument, with what they are for.
        options: each option, by all its names, with what it is for.
        takes: the names of the options that take a value, with the choices of each.
    """

    path: str
    words: dict[str, str]
    options: dict[tuple[str, ...], str]
    takes: dict[tuple[str, ...], tuple[str, ...]]


def nodes() -> list[Node]:
    """Return the tree of commands, in the order of its paths."""
    return list(_walk(command_parsers()[0], ""))


def _walk(parser: argparse.ArgumentParser, path: str) -> Iterator[Node]:
    node = Node(path, {}, {}, {})
    inside: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            inside = list(action.choices.items())
            about = {each.dest: each.help or "" for each in action._choices_actions}
            node.words.update({name: about.get(name, "") for name in action.choices})
        elif action.option_strings:
            names = tuple(action.option_strings)
            node.options[names] = action.help or ""
            if action.nargs != 0:
                node.takes[names] = tuple(map(str, action.choices or ()))
        elif action.choices:
            node.words.update(dict.fromkeys(map(str, action.choices), ""))
    yield node
    for name, child in inside:
        yield from _walk(child, f"{path} {name}".strip())


def completion(options: Namespace, output: Output) -> int:
    """Print or install the script of a shell."""
    script = _SCRIPTS[options.shell](nodes())
    if options.install:
        return _install(options.shell, script, output)
    sys.stdout.write(script)
    return 0


def bash_script(tree: Iterable[Node]) -> str:
    """Return the script for bash."""
    tree = list(tree)
    paths = "|".join(shlex.quote(node.path) for node in tree if node.path)
    takers = [
        (f"{node.path}:{name}", choices)
        for node in tree
        for names, choices in node.takes.items()
        for name in names
    ]
    lines = [
        "_powermem_completion() {",
        "  local cur=${COMP_WORDS[COMP_CWORD]} path= word taker= i words",
        # bash cuts --option=value at the sign.
        '  [[ $cur == "=" ]] && cur=',
        "  for ((i = 1; i < COMP_CWORD; i++)); do",
        "    word=${COMP_WORDS[i]}",
        '    [[ $word == "=" ]] && continue',
        "    if [[ -n $taker ]]; then taker=; continue; fi",
        '    case "$path:$word" in',
        f'      {"|".join(shlex.quote(name) for name, _ in takers)}) taker="$path:$word"; continue ;;',
        "    esac",
        '    case "${path:+$path }$word" in',
        f'      {paths}) path="${{path:+$path }}$word" ;;',
        "    esac",
        "  done",
        "  COMPREPLY=()",
        "  if [[ -n $taker ]]; then",
        '    case "$taker" in',
    ]
    lines += [
        f"      {shlex.quote(name)}) words={shlex.quote(' '.join(choices))} ;;"
        for name, choices in takers
        if choices
    ]
    lines += [
        "      *) return ;;",
        "    esac",
        "  elif [[ $cur == -* ]]; then",
        '    case "$path" in',
    ]
    lines += [
        f"      {shlex.quote(node.path)}) words={shlex.quote(' '.join(_names(node)))} ;;" for node in tree
    ]
    lines += ["    esac", "  else", '    case "$path" in']
    lines += [
        f"      {shlex.quote(node.path)}) words={shlex.quote(' '.join(node.words))} ;;"
        for node in tree
        if node.words
    ]
    lines += [
        "      *) return ;;",
        "    esac",
        "  fi",
        '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
        "}",
        f"complete -o default -F _powermem_completion {' '.join(PROGRAMS)}",
    ]
    return "\n".join(lines) + "\n"


def zsh_script(tree: Iterable[Node]) -> str:
    """Return the script for zsh, which can run that of bash."""
    return f"autoload -U +X compinit bashcompinit && compinit -u && bashcompinit\n{bash_script(tree)}"


def fish_script(tree: Iterable[Node]) -> str:
    """Return the script for fish."""
    tree = list(tree)
    lines = [
        "function __powermem_path",
        "  set -l path",
        "  for word in (commandline -opc)[2..-1]",
        '    contains -- (string join " " $path $word) '
        + " ".join(_fish(node.path) for node in tree if node.path),
        "    and set -a path $word",
        "  end",
        '  string join " " $path',
        "end",
    ]
    for program in PROGRAMS:
        for node in tree:
            start = f"complete -c {program} -n {_fish(f'test (__powermem_path) = {_quoted(node.path)}')}"
            lines += [f"{start} -f -a {_fish(word)} -d {_fish(about)}" for word, about in node.words.items()]
            for names, about in node.options.items():
                flags = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in names]
                if names in node.takes:
                    choices = node.takes[names]
                    flags.append(f"-x -a {_fish(' '.join(choices))}" if choices else "-r")
                lines.append(f"{start} {' '.join(flags)} -d {_fish(about)}")
    return "\n".join(lines) + "\n"


_SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


def _names(node: Node) -> list[str]:
    return [name for names in node.options for name in names]


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(path: str) -> str:
    return f'"{path}"'


def _install(shell: str, script: str, output: Output) -> int:
    home = Path.home()
    if shell == "fish":
        # fish reads a file that is named like the program whose words are to be completed.
        for program in PROGRAMS:
            _write(home / ".config" / "fish" / "completions" / f"{program}.fish", script)
        output.show("It is read by every fish that starts from now on.")
        return 0
    target = home / ".config" / "powermem" / f"{shell}_completion"
    _write(target, script)
    start = home / f".{shell}rc"
    line = f'[ -f "{target}" ] && . "{target}"'
    try:
        there = start.read_text("utf-8")
    except FileNotFoundError:
        there = ""
    without = f"{target} was written; for {shell} to read it, add to {start}: {line}"
    if line not in there:
        if not agreed(f"Add a line to {start}?", default=False, without=without):
            raise CommandError(without)
        with start.open("a", encoding="utf-8") as file:
            file.write(f"{'' if there.endswith(os.linesep) or not there else os.linesep}{line}\n")
    output.show(f"It is read by every {shell} that starts from now on, or after: . {start}")
    return 0


def _write(target: Path, script: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script, "utf-8")
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from None
