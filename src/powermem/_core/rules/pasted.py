"""Which part of a message its sender pasted rather than said: code, logs, and texts to work on."""

from __future__ import annotations

import re

from ..patterns import Pattern
from .languages import language_of
from .sentences import phrases

__all__ = ["without_pasted"]

# "Summarize this email: ...": what follows is material.
_TASK = phrases(
    r"""
    summari[sz]e | translate | proofread | proof-read | rewrite | rephrase | reword | paraphrase
    | correct | edit
    | improve | polish | shorten | simplify | fix | review | check | analy[sz]e | explain | classify
    | extract | convert | grade | critique | reply to | respond to | (?:can|could|would
    |will) you (?:please )?(?:summari[sz]e|translate
    |proofread|rewrite|rephrase|correct|edit|improve|fix|review|check|explain|polish|shorten|look at)
    """,
    before=r"(?:(?:please|pls|hi|hey|hello|now|ok|okay|and|also|then|help me(?: to)?),? )*",
    after=r"\b[^:\n.!?]{3,100}:(?:\s+|(?=[\"'\u201c\u300c]))",
)
# "Here's my essay:", "My draft so far:"; the rest of the message is the text.
_HERE_IS = phrases(
    r"""
    [^:\n.!?]{0,60}\b(?:draft|essay|email|e-mail|letter
    |article|paragraph|passage|text|transcript|poem|lyrics|chorus|verse|story|excerpt|snippet|quote|joke
    |code|log|logs
    |output|error|traceback|stack ?trace|json|yaml|config|csv|query|prompt|message|script|speech|abstract
    |review
    |cover letter|resume|cv|bio)(?: (?:so far|below|i (?:wrote|have|got|found|received)))?
    """,
    before="(?:so |and |ok |okay |well |also )*",
    after=r":[ \t]*(?P<rest>\n|$|[\"\u201c'`])",
)
_CLOSING = {'"': '"', "\u201c": "\u201d", "'": "'", "\u2018": "\u2019", "\u300c": "\u300d", "`": "`"}
# For a line without white space around it.
_LINE_OF_CODE = Pattern(
    r"""(?:
    import\ [\w.{*]+(?:;|\s*$|\ (?:as|from)\ )|from\ [\w.]+\ import\ |def\ \w+\s*\(|async\ def\
    |class\ \w+\s*[(:{]|(?:const|let|var)\ [\w{\[]+.*=
    |(?:public|private|protected|static)\ \w+\ |function\s*\w*\s*\(|return\ .*;\s*$|\#include|\#!/
    |package\ \w+;|use\ \w+::
    |(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP)\ .*(?:FROM|INTO|SET|TABLE|VALUES)\b|\$\ \w|>>>\
    |PS\ [A-Z]:
    |Traceback\ \(most|File\ ".*",\ line\ \d+|at\ [\w$<>]+\.[\w$.<>]+\s?\(.*\)\s*$|Caused\ by:|npm\ (?:ERR
    |WARN)|[A-Z]\w*(?:Error|Exception)\b.*:
    |\[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d|\d\d:\d\d:\d\d[.,\ ]|(?:\[?(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL
    |TRACE)\]?[:\ \]])
    |[-+]{3}\ [ab]/|@@\ -\d|diff\ --git|</?\w+[^>]*>\s*$|[{}()\[\];,]+\s*$|\#{1,6}\ |\|.*\|\s*$|=+\s*$
    |-{3,}\s*$
    |[\w.\[\]"']+\s*(?:=|:=|\+=|=>)\s*\S.*$|[\w."'-]+\s*:\s*[\[{"'].*[,\]}"']\s*$
    )|.*(?:;|\{|\}|\)\s*:|=>|\\)\s*$""",
    re.VERBOSE,
)
_HEADING = Pattern(r"(?:[-*+\u2022] |\d{1,2}[.)] )?\*\*[^*\n]{1,80}(?::\*\*|\*\*\s*(?::|$))")
# Stands for a fenced block.
_BLOCK = "\0"
_LONGEST_CODE = 400
_FENCE = Pattern(r"```.*?(?:```|\Z)", re.DOTALL)


def without_pasted(text: str) -> str:
    """Return a message without code, logs, headed lists, and texts that it only gives as material."""
    lines = _FENCE.sub(f"\n{_BLOCK}\n", text).split("\n")
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        task = _TASK.match(line) or _foreign_task(line)
        here = None if task else _HERE_IS.match(line)
        if task is None and here is None:
            if not _is_pasted(line):
                kept.append(line)
            continue
        start = task.end() if task else here.start("rest") if here else 0
        rest = "\n".join([line[start:], *lines[number:]])
        behind = _behind_quote(rest)
        if behind is None:
            break
        # What follows the quotation is said again.
        lines[number:] = behind.split("\n")
    return "\n".join(kept)


def _foreign_task(line: str) -> re.Match[str] | None:
    """Match a request in another language to work on the text behind its colon."""
    if ":" not in line and "\uff1a" not in line:
        return None
    language = language_of(line)
    return None if language is None else language.opens_paste.match(line)


def _behind_quote(rest: str) -> str | None:
    """Return what follows a quoted text or a block, or ``None`` if the text goes on to the end."""
    rest = rest.lstrip()
    if rest.startswith(_BLOCK):
        return rest[len(_BLOCK) :]
    closing = _CLOSING.get(rest[:1])
    if closing is None:
        return None
    end = re.search(re.escape(closing) + r"(?!\w)", rest[1:])
    return None if end is None else rest[1 + end.end() :]


def _is_pasted(line: str) -> bool:
    line = line.strip()
    if line == _BLOCK:
        return True
    if len(line) > _LONGEST_CODE:
        return False
    return _LINE_OF_CODE.match(line) is not None or _HEADING.match(line) is not None
