"""Gemini: Google Takeout's "My Activity" as JSON or HTML, its conversation files, and prompts of AI Studio.

Sources: the open readers of Takeout that were made with real exports (the verbs that a title begins with;
the ``outer-cell`` elements of the HTML; ``conversation_turns`` of the newer folder "Gemini"), and for AI
Studio the JSON that it keeps in the folder "Google AI Studio" of Drive, with ``chunkedPrompt.chunks``. My
Activity has no conversations, so that a day is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from html.parser import HTMLParser
from typing import Any

from ..clock import from_datetime
from ..patterns import Pattern
from .exports import Export
from .fields import document, listed, mappings, names_of, part, records, said, string
from .moments import local, placed, read_moment, zone_of
from .months import month_named
from .values import Items, Message, Options, Report

_PROMPT = Pattern(r"(?:Prompted with:|Asked Gemini:|Asked Bard:|Prompted|Asked|Said|Branched|Answered)\s+")
_NOT_SAID = Pattern(
    r"(?:Created|Used|Added|Gave|Selected|Shared|Deleted|Viewed|Visited|Searched|Edited|Pinned|Renamed|Exported"
    r"|Updated)\b"
)
_ATTACHED = Pattern(r"\s*Attached \d+ files?\.?\s*(?:-\s.*)?$", re.IGNORECASE | re.DOTALL)
_BLOCKS = frozenset(
    [
        "p",
        "br",
        "li",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "ul",
        "ol",
        "pre",
        "blockquote",
        "table",
        "hr",
    ]
)
_CLOCK = Pattern(
    r"(\d{1,2})[:.](\d\d)[:.](\d\d)[\s\u202f\xa0]*((?:[AaPp]\.?[Mm]\.?)?)[\s\u202f\xa0]*([\w+:-]*)\s*$"
)


def is_activity(value: object) -> bool:
    """Return whether a value is an activity of Gemini or of Bard."""
    labels = [part(value, "header"), *listed(part(value, "products"))]
    named = any(isinstance(one, str) and re.search(r"gemini|bard", one, re.IGNORECASE) for one in labels)
    return named and isinstance(part(value, "title"), str)


def is_prompt(value: object) -> bool:
    """Return whether a value is a prompt of AI Studio."""
    return isinstance(part(value, "chunkedPrompt"), Mapping)


def is_conversation(value: object) -> bool:
    """Return whether a value is a conversation of Takeout's folder "Gemini"."""
    return isinstance(part(value, "conversation_turns"), list)


def is_page(text: str) -> bool:
    """Return whether a text is the beginning of My Activity as HTML."""
    return "<html" in text[:2000].lower() and ("outer-cell" in text or "mdl-grid" in text)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield prompts and answers."""
    for name in export.members:
        lower = name.lower()
        if lower.endswith((".html", ".htm")):
            if is_page(export.head(name)):
                yield from _in_order(_page(export, name, options, report))
            continue
        head = export.head(name, 1 << 14).lstrip("\ufeff \t\r\n")[:1]
        if head == "[":
            yield from _in_order(_activities(export, name, options, report))
        elif head == "{" and (len(export.members) == 1 or not lower.endswith(".jsonl")):
            value = document(export, name, report)
            if is_prompt(value):
                yield from _prompt(value, name, options, report)
            elif is_conversation(value):
                yield from _turns(value, name, options, report)


def _in_order(messages: Items) -> Items:
    """Yield the messages of each day from the first to the last; My Activity begins with the newest."""
    day: list[Message] = []
    for message in messages:
        if not isinstance(message, Message):
            continue
        if day and day[0].conversation != message.conversation:
            yield from _sorted(day)
            day = []
        day.append(message)
    yield from _sorted(day)


def _sorted(day: list[Message]) -> list[Message]:
    return sorted(day, key=lambda message: 0 if message.at is None else from_datetime(message.at))


def _activities(export: Export, name: str, options: Options, report: Report) -> Items:
    for where, value in records(export, name, report):
        if not isinstance(value, Mapping) or not isinstance(value.get("title"), str):
            report.fault(where, "expected an activity with a 'title'")
            continue
        if not is_activity(value):
            report.leave_out("activities of other products")
            continue
        answers = [
            html for one in mappings(value.get("safeHtmlItem")) if isinstance(html := one.get("html"), str)
        ]
        answer = "\n".join(map(plain, answers))
        moment = local(read_moment(value.get("time"), options.zone), options.zone)
        files = names_of(listed(value.get("attachedFiles")))
        yield from _exchange(value["title"], answer, moment, where, files, report)


def _exchange(
    title: str, answer: str, moment: datetime | None, where: str, files: dict[str, Any], report: Report
) -> Items:
    title = title.replace("\xa0", " ").strip()
    prompt = _PROMPT.match(title)
    # In other languages the verb is not known; what was answered was a prompt.
    if _NOT_SAID.match(title) or not (prompt or answer.strip()):
        report.leave_out("activities other than prompts")
        return
    question = said(_ATTACHED.sub("", title[prompt.end() :] if prompt else title), where, report)
    day = "undated" if moment is None else moment.astimezone(timezone.utc).date().isoformat()
    if question is None:
        report.leave_out("without text")
    else:
        yield Message(f"{day}", question, moment, where, "user", metadata=files)
    if answer.strip() and (reply := said(answer, where, report)) is not None:
        yield Message(f"{day}", reply, moment, where, "assistant")


def _prompt(value: Mapping[str, Any], name: str, options: Options, report: Report) -> Items:
    conversation = name.rpartition("/")[2].removesuffix(".json")
    chunks = value["chunkedPrompt"].get("chunks")
    for number, chunk in enumerate(mappings(chunks), 1):
        where = f"{name}, chunk {number}"
        if chunk.get("isThought") is True:
            report.leave_out("a model's reasoning")
            continue
        own = chunk.get("text")
        texts = [own] if isinstance(own, str) else [one.get("text") for one in mappings(chunk.get("parts"))]
        text = said("\n".join(one for one in texts if isinstance(one, str)), where, report)
        if text is None:
            report.leave_out("without text")
            continue
        moment = local(read_moment(chunk.get("createTime"), options.zone), options.zone)
        role = "user" if chunk.get("role") == "user" else "assistant"
        yield Message(
            conversation,
            text,
            moment,
            where,
            "user" if role == "user" else "assistant",
            id=str(number),
            title=conversation,
        )


def _turns(value: Mapping[str, Any], name: str, options: Options, report: Report) -> Items:
    begun = string(value.get("creation_time"))
    conversation = begun or name
    for number, turn in enumerate(mappings(value["conversation_turns"]), 1):
        where = f"{name}, turn {number}"
        for key, role in (("user_turn", "user"), ("system_turn", "assistant")):
            one = turn.get(key)
            if not isinstance(one, Mapping):
                continue
            if role == "user":
                whole = one.get("prompt") if isinstance(one.get("prompt"), str) else ""
            else:
                pieces = [piece for item in mappings(one.get("text")) for piece in _pieces(item)]
                whole = "\n".join(pieces)
            text = said(whole or "", where, report)
            if text is None:
                report.leave_out("without text")
                continue
            moment = read_moment(one.get("turn_last_modified") or begun, options.zone)
            yield Message(
                conversation,
                text,
                local(moment, options.zone),
                where,
                "user" if role == "user" else "assistant",
                title=string(value.get("title")),
            )


def _pieces(item: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(data := item.get("data"), str):
        yield data
    for card in mappings(item.get("cards")):
        if isinstance(content := card.get("content"), str):
            yield content


def _page(export: Export, name: str, options: Options, report: Report) -> Items:
    parser = _Page()
    number = 0
    with export.text(name, report) as file:
        while piece := file.read():
            parser.feed(piece)
            for lines in parser.taken():
                number += 1
                yield from _cell(lines, f"{name}, entry {number}", options, report)
    parser.close()
    for lines in parser.taken(last=True):
        number += 1
        yield from _cell(lines, f"{name}, entry {number}", options, report)


def _cell(lines: list[str], where: str, options: Options, report: Report) -> Items:
    for place, line in enumerate(lines):
        moment = read_shown(line, options)
        if moment is None:
            continue
        title = "\n".join(lines[:place]).strip()
        yield from _exchange(title, "\n".join(lines[place + 1 :]), moment, where, {}, report)
        return
    if any(line.strip() for line in lines):
        report.fault(where, "expected an activity with its date")


def read_shown(text: str, options: Options) -> datetime | None:
    """Read a date as My Activity shows it, in the language of the account.

    Args:
        text: the line, such as ``"Mar 5, 2024, 10:22:33 AM CET"``.
        options: has the zone of dates without one.

    Returns:
        The time; ``None`` for other lines.
    """
    text = " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())
    clock = _CLOCK.search(text)
    if clock is None or len(text) > 60:
        return None
    day = text[: clock.start()]
    year = re.search(r"(?<!\d)(\d{4})(?!\d)", day)
    if year is None:
        return None
    rest = day[: year.start()] + " " + day[year.end() :]
    numbers = [int(one) for one in re.findall(r"\d+", rest)]
    month = month_named(rest)
    if month is not None and len(numbers) == 1:
        date = (month, numbers[0])
    elif len(numbers) == 2 and (year.start() == 0 or options.day_first is False):
        date = (numbers[0], numbers[1])
    elif len(numbers) == 2:
        # With dots the day comes first; a page in American English writes the month's name.
        date = (numbers[1], numbers[0])
    else:
        return None
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4][0] in "Pp" else 0)
    try:
        read = datetime(int(year[1]), *date, hour, int(clock[2]), int(clock[3]))
    except ValueError:
        return None
    named = zone_of(clock[5]) if clock[5] else None
    return placed(read, named or options.zone)


# The cell with what was asked and answered, not those of its picture and its caption.
_MAIN = Pattern(r"^(?!.*(?:text-right|caption)).*content-cell")


class _Page(HTMLParser):
    """Collects the lines of the main cell of each activity."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: list[list[str]] = []
        self._depth = 0
        self._outer = 0
        self._cell = 0
        self._lines: list[str] | None = None

    def taken(self, *, last: bool = False) -> list[list[str]]:
        """Return the activities that are complete; with ``last``, also one that the end of the page cuts."""
        if last and self._lines is not None:
            self._found.append(self._lines)
        found, self._found = self._found, []
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            self._depth += 1
            classes = dict(attrs).get("class") or ""
            if "outer-cell" in classes:
                self._outer = self._depth
                self._lines = None
            elif self._outer and self._lines is None and _MAIN.search(classes):
                self._cell, self._lines = self._depth, [""]
                return
        if self._cell and self._lines is not None and tag in _BLOCKS:
            self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag != "div":
            return
        if self._cell == self._depth and self._lines is not None:
            self._found.append(self._lines)
            self._cell = 0
            self._lines = []
        if self._outer == self._depth:
            self._outer = 0
            self._lines = None
        self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._cell and self._lines is not None:
            first, *others = data.split("\n")
            self._lines[-1] += first
            self._lines += others


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.text += "\n- " if tag == "li" else "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "pre", "ul", "ol"):
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def plain(html: str) -> str:
    """Return the text of HTML, a line for each block."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", parser.text)).strip()
