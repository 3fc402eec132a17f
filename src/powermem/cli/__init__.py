"""The command line: ``powermem``, ``pmem`` and ``python -m powermem``."""

from __future__ import annotations

import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence

__all__ = ["execute", "main", "mcp_main"]

_ERROR = 1
_INTERRUPTED = 130
_PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments; ``None`` for those of the process.

    Returns:
        The exit code: 0 success, 1 an error, 2 wrong usage, 130 interrupted, 141 if the output pipe was
        closed.
    """
    for stream in (sys.stdout, sys.stderr):
        # An emoji must not raise on a terminal that supports ASCII only.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Otherwise Python would report an error when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        print("powermem: interrupted", file=sys.stderr)
        return _INTERRUPTED


def serve() -> int:
    """Run ``powermem serve`` with the arguments of the process; the script ``powermem-server``."""
    return main(["serve", *sys.argv[1:]])


def mcp_main() -> int:
    """Run ``powermem mcp``; the script ``powermem-mcp``."""
    return main(["mcp", *sys.argv[1:]])


def _run(argv: Sequence[str] | None) -> int:
    from .arguments import parse

    return execute(parse(argv))


def execute(options: Namespace) -> int:
    """Run the command of parsed arguments; an error is printed.

    Returns:
        The exit code.
    """
    from .commands import COMMANDS
    from .output import Output, warnings_shown

    try:
        with warnings_shown():
            return COMMANDS[options.command](options, Output(as_json=options.json))
    except BrokenPipeError:
        raise
    except Exception as error:
        return _report(error, traced=options.verbose)


def _report(error: Exception, *, traced: bool) -> int:
    """Print an error in one line, behind where it came from if ``traced``, and return the exit code."""
    from ..errors import PowerMemError
    from .output import CommandError, print_error

    if traced or os.environ.get("POWERMEM_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, (PowerMemError, CommandError)):
        print_error(str(error))
    else:
        print_error(f"unexpected {type(error).__name__}: {error} (POWERMEM_DEBUG=1 shows where)")
    return error.code if isinstance(error, CommandError) else _ERROR
