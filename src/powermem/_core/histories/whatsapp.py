"""WhatsApp: the text of "Export chat" from iOS and from Android, and the ZIP with it.

WhatsApp does not document the format, which follows the language and region of the phone. Sources: the
parsers of mlomb/chat-analytics (texts for omitted media, names of files) and of others, and their collected
examples: ``[24.12.23, 18:05:33] Ana: ...`` on iOS, ``12/24/23, 6:05 PM - Ana: ...`` on Android, with U+202F
before "PM" since 2023 and U+200E before what WhatsApp itself wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ...errors import InvalidInputError
from ..clock import now, to_datetime
from ..patterns import Pattern
from .dates import Numbers, Order
from .exports import Export
from .fields import names_of, said
from .moments import placed
from .values import Items, Message, Options, Report

_BEFORE = "上午|下午|凌晨|清晨|早上|中午|晚上|午前|午後|오전|오후"
_AFTER = (
    r"[AaPp]\.?\s?[Mm]\b\.?|[πμ]\.?\s?μ\.?|ص|م|ق\.?ظ|ب\.?ظ|de\s(?:ma[ñn]ana|tarde|noche)|da\s(?:manhã|tarde|noite)|"
    r"ÖÖ|ÖS|SA|CH|पूर्वाह्न|अपराह्न|du|de\.?|PTG|PG"
)
_DATE = r"(?P<a>\d{1,4})\s?(?P<mark>[./\-年])\s?(?P<b>\d{1,2})\s?[./\-月]\s?(?P<c>\d{1,4})[.日]?"
_TIME = (
    rf"(?P<before>{_BEFORE})?\s?(?P<hour>\d{{1,2}})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    rf"(?:\s?(?P<after>{_AFTER}))?"
)
_BETWEEN = r"[,،、]?\s+(?:(?:klo|um|kl|at|om|à|às|a las|o godz|в|ve)\.?\s+)?"
_MARKS = "\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_LINE = Pattern(rf"\[{_DATE}{_BETWEEN}{_TIME}\]\s?(?P<rest>.*)", re.DOTALL)
_DASHED = Pattern(rf"{_DATE}{_BETWEEN}{_TIME}\s+[-–—]\s(?P<rest>.*)", re.DOTALL)
_LEADING = Pattern(f"[{_MARKS}\\s]*")
_INVISIBLE = Pattern(f"[{_MARKS}]")
_SPEAKER = Pattern(r"(?P<name>[^:\n]{1,120}?):(?:\s|$)(?P<text>.*)", re.DOTALL)
_QUOTES = Pattern('["“”«»„]')

# iOS: "image omitted" and the like begin with U+200E. Android writes "<Media omitted>" in every language.
_OMITTED = Pattern(r"<[^<>\n]{3,60}>")
_ATTACHED = Pattern(
    r"<(?:attached|Anhang|adjunto|pièce jointe|anexado|allegato|bijlage|添付ファイル|附件|прикреплено|"
    r"ek)\s*:\s*(?P<name>[^<>\n]+)>"
    r"|^(?P<file>\S[^\n]*?\.\w{2,5}) \((?:file attached|Datei angehängt|archivo adjunto|fichier joint|"
    r"arquivo anexado|ficheiro anexado|file allegato|bestand bijgevoegd|файл добавлен|dosya ekli|"
    r"ファイル添付|附件)\)",
    re.IGNORECASE,
)
_IMAGE = Pattern(
    r"(?:image|video|audio|sticker|GIF|document|contact card|video note|imagen|imagem|Bild|Audio|Video|"
    r"Sticker|"
    r"Dokument|documento|image|vidéo|immagine|afbeelding|изображение|видео|аудио|стикер|görüntü|ses|画像|動画|图片|"
    r"视频|音频|贴图)\s?(?:omitted|omitid[oa]|weggelassen|absente?|ocultad[oa]|omess[oa]|weggelaten|пропущен[оаы]?|"
    r"отсутствует|dahil edilmedi|は含まれていません|已忽略)",
    re.IGNORECASE,
)
_EDITED = Pattern(
    r"\s*<(?:This message was edited|Diese Nachricht wurde bearbeitet|Se editó este mensaje|"
    r"Ce message a été modifié|"
    r"Mensagem editada|Questo messaggio è stato modificato|Dit bericht is bewerkt)\.?>\s*$",
    re.IGNORECASE,
)
_DELETED = Pattern(
    r"(?:This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|"
    r"Du hast diese Nachricht "
    r"gelöscht|Se eliminó este mensaje|Eliminaste este mensaje|Ce message a été supprimé|"
    r"Vous avez supprimé ce "
    r"message|Mensagem apagada|Você apagou esta mensagem|Questo messaggio è stato eliminato|"
    r"Hai eliminato questo "
    r"messaggio|Dit bericht is verwijderd|Je hebt dit bericht verwijderd|Данное сообщение удалено|"
    r"Bu mesaj silindi|"
    r"null)\.?",
    re.IGNORECASE,
)
_NOTICE = Pattern(
    r"end-to-end|ende-zu-ende|extremo a extremo|bout en bout|ponta a ponta|crittografia end|сквозн|uçtan uca|"
    r"端到端|端對端|エンドツーエンド|종단간|سرّية تامة|مشفرة|एंड-टू-एंड|szyfrowan",
    re.IGNORECASE,
)
_NAMES = Pattern(
    r"(?:WhatsApp Chat (?:with|mit)|WhatsApp Chat -|WhatsApp-Chat mit|Chat de WhatsApp con|Chat WhatsApp con|"
    r"Conversa (?:do|no) WhatsApp com|Discussion WhatsApp avec|WhatsApp-chat met|Чат WhatsApp с|WhatsApp ile|"
    r"与|WhatsApp Chat) ?(?P<name>.+)",
    re.IGNORECASE,
)


class _Line(NamedTuple):
    numbers: Numbers
    mark: str
    hour: int
    minute: int
    second: int | None
    rest: str
    bracketed: bool


def is_chat(text: str) -> bool:
    """Return whether a text is the beginning of a chat."""
    lines = text.splitlines()[:200]
    found = sum(_parse(line) is not None for line in lines)
    return found > 0 and (_parse(lines[0]) is not None or found * 4 >= len(lines))


def chats(export: Export) -> list[str]:
    """Return the members that are texts of chats."""
    texts = [name for name in export.members if name.lower().endswith(".txt")] or export.members[:1]
    return [name for name in texts if is_chat(export.head(name, 1 << 15))]


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of each chat.

    Raises:
        InvalidInputError: the order of day and month cannot be found out.
    """
    found = chats(export)
    if not found:
        raise InvalidInputError(
            "this is no chat of WhatsApp: expected lines such as '[24.12.23, 18:05:33] Ana: ...' or "
            "'24/12/2023, 18:05 - Ana: ...'"
        )
    for name in found:
        yield from _chat(export, name, options, report)


def title_of(export: Export, name: str) -> str | None:
    """Return the name of a chat, which is in the name of its file or archive."""
    for given in (name.rpartition("/")[2], export.name):
        stem = re.sub(r"\.(?:txt|zip)$", "", given, flags=re.IGNORECASE).replace("_", " ").strip()
        stem = re.sub(r"\s*\(\d+\)$", "", stem)
        if found := _NAMES.fullmatch(stem):
            return found["name"].strip(" -") or None
    return None


def _parse(line: str) -> _Line | None:
    text = line[_LEADING.match(line).end() :]  # type: ignore[union-attr]
    if not text[:1].isdigit() and text[:1] != "[":
        return None
    found = (_LINE if text.startswith("[") else _DASHED).match(_INVISIBLE.sub("", text[:60]) + text[60:])
    if found is None:
        return None
    # The marks in what was said count, so they are looked for in the text as it is.
    rest = text[len(text) - len(found["rest"]) :] if not _INVISIBLE.search(text[:60]) else _rest(text, found)
    hour, minute = int(found["hour"]), int(found["minute"])
    second = None if found["second"] is None else int(found["second"])
    if (half := _half(found["before"], found["after"], hour)) is not None:
        hour = hour % 12 + half
    if hour > 23 or minute > 59 or (second or 0) > 59:
        return None
    numbers = Numbers(int(found["a"]), int(found["b"]), int(found["c"]))
    return _Line(numbers, found["mark"], hour, minute, second, rest, text.startswith("["))


def _rest(text: str, found: re.Match[str]) -> str:
    """Return what follows the time, with its marks."""
    wanted = len(_INVISIBLE.sub("", text)) - len(_INVISIBLE.sub("", found["rest"]))
    seen = 0
    for place, character in enumerate(text):
        if seen == wanted:
            return text[place:]
        seen += _INVISIBLE.match(character) is None
    return ""


def _half(before: str | None, after: str | None, hour: int) -> int | None:
    """Return what is added to an hour of twelve; ``None`` for a clock of 24 hours."""
    if before:
        if before in ("下午", "晚上", "午後", "오후"):
            return 12
        return 12 if before == "中午" and hour in (12, 1, 2) else 0
    if not after or hour > 12:
        return None
    word = re.sub(r"[.\s]", "", after).casefold()
    if word in ("am", "πμ", "ص", "قظ", "öö", "sa", "पूर्वाह्न", "pg", "de", "demañana", "demanana", "damanhã"):
        return 0
    return 12


def _lines(export: Export, name: str, options: Options, report: Report) -> Iterator[tuple[int, str]]:
    with export.text(name, report, options.encoding) as file:
        yield from enumerate(file.lines(), 1)


def _chat(export: Export, name: str, options: Options, report: Report) -> Items:
    order = Order(options.day_first)
    first = mark = None
    speakers: dict[str, None] = {}
    for _, line in _lines(export, name, options, Report()):
        if (parsed := _parse(line)) is not None:
            order.see(parsed.numbers)
            first = first or parsed
            mark = parsed.mark
            if (spoken := _SPEAKER.match(_INVISIBLE.sub("", parsed.rest))) is not None and len(speakers) < 3:
                speakers[spoken["name"]] = None
    if first is None:
        return
    # Beyond today by a day, for zones that are ahead.
    until = to_datetime(now()) + timedelta(days=1)
    day_first = order.day_first(hint=True if mark == "." else None, written=mark or "/", until=until)
    title = title_of(export, name)
    opened = _moment(first, day_first, options)
    # Without a name, a chat is known by when it begins.
    conversation = title or (f"{opened:%Y-%m-%d %H:%M}" if opened else name)
    prefix = "" if len(export.members) == 1 else f"{name}, "
    pending: tuple[int, _Line, list[str]] | None = None
    for number, line in _lines(export, name, options, report):
        parsed = _parse(line)
        if parsed is not None:
            if pending is not None:
                yield from _message(pending, conversation, title, prefix, day_first, options, report)
            pending = (number, parsed, [parsed.rest])
        elif pending is not None:
            pending[2].append(line)
        elif line.strip(f"\ufeff {_MARKS}"):
            report.fault(f"{prefix}line {number}", "not the beginning of a message, and none before it")
    if pending is not None:
        yield from _message(pending, conversation, title, prefix, day_first, options, report)


def _moment(line: _Line, day_first: bool, options: Options) -> datetime | None:
    try:
        date = line.numbers.date(day_first=day_first)
        return placed(datetime(*date, line.hour, line.minute, line.second or 0), options.zone)
    except (ValueError, OverflowError):
        return None


def _message(
    pending: tuple[int, _Line, list[str]],
    conversation: str,
    title: str | None,
    prefix: str,
    day_first: bool,
    options: Options,
    report: Report,
) -> Items:
    number, line, lines = pending
    where = f"{prefix}line {number}"
    whole = "\n".join(lines).rstrip()
    spoken = _SPEAKER.match(whole)
    if spoken is None or _QUOTES.search(spoken["name"]):
        report.leave_out("notices of WhatsApp")
        return
    moment = _moment(line, day_first, options)
    if moment is None:
        shown = line.mark.join(map(str, line.numbers))
        report.fault(where, f"{shown} is no date with the {'day' if day_first else 'month'} first")
        return
    speaker = _INVISIBLE.sub("", spoken["name"]).strip().removeprefix("~").strip()
    text, files, reason = _content(spoken["text"], bracketed=line.bracketed)
    if reason:
        report.leave_out(reason)
        return
    kept = said(text, where, report)
    if kept is None:
        report.leave_out("without text")
        return
    yield Message(conversation, kept, moment, where, speaker=speaker, title=title, metadata=names_of(files))


def _content(text: str, *, bracketed: bool) -> tuple[str, list[object], str]:
    """Return what was said, the names of attached files, and why there is nothing to keep."""
    marked = bracketed and text.lstrip(" ").startswith("\u200e")
    plain = _EDITED.sub("", _INVISIBLE.sub("", text)).strip()
    files: list[object] = [found["name"] or found["file"] for found in _ATTACHED.finditer(plain)]
    plain = _ATTACHED.sub("", plain).strip()
    if not plain:
        return "", files, "media without text"
    if _OMITTED.fullmatch(plain) or (
        _IMAGE.search(plain) and len(plain) < 60 and (marked or _IMAGE.fullmatch(plain))
    ):
        return "", files, "media without text"
    if _DELETED.fullmatch(plain):
        return "", files, "deleted messages"
    if (marked or not bracketed) and _NOTICE.search(plain) and "WhatsApp" in plain:
        return "", files, "notices of WhatsApp"
    if marked and not files and "\n" not in plain and "://" not in plain:
        # On iOS everything that the app itself wrote is marked, in any language; polls and places are kept.
        return "", files, "notices of WhatsApp"
    return plain, files, ""
