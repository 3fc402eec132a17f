"""Questions, whose answers come from a terminal or from a pipe."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence

from .output import CommandError, safe


def confirm(question: str, *, otherwise: str) -> None:
    """Go on only after a yes.

    Args:
        question: what is asked.
        otherwise: the error if the answer is another one.

    Raises:
        CommandError: the answer was not yes, or there was none.
    """
    if not agreed(question, default=False, without=f"{otherwise}: there was no answer; --yes goes without"):
        raise CommandError(otherwise)


def agreed(question: str, *, default: bool, without: str) -> bool:
    """Ask a question of yes or no.

    Args:
        question: what is asked.
        default: what a blank line means.
        without: the error if there is no answer, since the input has ended.
    """
    answer = _line(f"{question} [{'Y/n' if default else 'y/N'}] ", without).lower()
    return default if not answer else answer in ("y", "yes")


def ask(
    question: str, default: str = "", *, choices: Sequence[str] = (), secret: bool = False, without: str
) -> str:
    """Ask for a text.

    Args:
        question: what is asked.
        default: what a blank line means.
        choices: the answers that count, in lower case; any if there are none.
        secret: neither show the answer nor the default.
        without: the error if there is no answer, since the input has ended.
    """
    shown = f" ({'|'.join(choices)})" if choices else ""
    kept = f" [{'keep' if secret else default}]" if default else ""
    while True:
        answer = _line(f"{question}{shown}{kept}: ", without, secret=secret) or default
        if not choices:
            return answer
        if answer.lower() in choices:
            return answer.lower()
        print(f"{safe(answer)!r} is none of {', '.join(choices)}", file=sys.stderr)


def _line(prompt: str, without: str, *, secret: bool = False) -> str:
    if secret and sys.stdin.isatty():
        return getpass.getpass(prompt, sys.stderr).strip()
    print(safe(prompt), end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise CommandError(without)
    return line.strip()
