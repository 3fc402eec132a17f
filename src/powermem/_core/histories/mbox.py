"""Mailboxes in the format mbox (RFC 4155), such as those of Thunderbird, Apple Mail and Google Takeout.

A conversation is a thread: the first id of ``References``, else what ``In-Reply-To`` belongs to. Quoted text
and signatures are left out. Google Takeout's ``X-Gmail-Labels`` tell which mails the user sent.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import getaddresses, parsedate_tz
from hashlib import sha256
from typing import IO

from ..patterns import Pattern
from ..text.cleaning import clean_text
from .exports import Export, piece_of
from .fields import names_of
from .gemini import plain
from .moments import from_epoch, local, placed
from .values import Items, Message, Options, Report

# A line of a text may begin with "From " too; that of an envelope has a date as C's asctime writes it.
_FROM = re.compile(rb"From (?:\S+ +)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\w+ +\w+ ")
_UNWANTED = frozenset(
    {"spam", "trash", "drafts", "draft", "papierkorb", "entwürfe", "corbeille", "brouillons"}
)
_SENT = frozenset(
    {"sent", "gesendet", "enviados", "messages envoyés", "posta inviata", "verzonden", "已发邮件"}
)
_ID = Pattern(r"<[^<>\s]+>")
# "On Mon, 3 Mar 2025 at 10:00, Ana <ana@example.org> wrote:", also over two lines.
_ATTRIBUTION = Pattern(
    r"^(?:On|Am|Le|El|Em|Il|Op|Den|Dnia|W dniu|Pada|在|於).{5,250}?"
    r"(?:wrote|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał(?:\(a\)|a)?|menulis|"
    r"写道|寫道)"
    r"[^\n:：]{0,80}[:：]?\s*$",
    re.DOTALL,
)
_ORIGINAL = Pattern(
    r"^\s*(?:-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|"
    r"Mensagem original|"
    r"Messaggio originale|Oorspronkelijk bericht|原始邮件|Forwarded message)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
_OUTLOOK = Pattern(r"^\s*\*?(?:From|Von|De|Da|Van|发件人)\s?:\*?\s.+$", re.IGNORECASE)
_OUTLOOK_NEXT = Pattern(
    r"^\s*\*?(?:Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Date|Datum|发送时间|To|An|À|Para)\s?:\*?\s",
    re.IGNORECASE,
)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def is_mailbox(text: str) -> bool:
    """Return whether a text is the beginning of a mailbox."""
    begin = text.lstrip("\ufeff\r\n")
    return begin.startswith("From ") and re.search(r"^[\w-]{2,40}:\s", begin, re.MULTILINE) is not None


def mailboxes(export: Export) -> list[str]:
    """Return the members that are mailboxes."""
    if len(export.members) == 1:
        return export.members
    return [name for name in export.members if name.lower().endswith((".mbox", "/mbox", ".mbx"))]


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield a message for each mail."""
    roots: dict[str, str] = {}
    for name in mailboxes(export):
        prefix = "" if len(export.members) == 1 else f"{name}, "
        with export.binary(name) as file:
            for number, (line, raw) in enumerate(_mails(file, name, report), 1):
                where = f"{prefix}message {number} (line {line})"
                try:
                    yield from _mail(raw, where, roots, options, report)
                except (
                    MessageError,
                    ValueError,
                    LookupError,
                    TypeError,
                    AttributeError,
                    IndexError,
                ) as error:
                    # The parser of mail raises all of these on mails that are broken badly enough.
                    report.fault(where, f"not a mail that can be read ({type(error).__name__}: {error})")


def _mails(file: IO[bytes], name: str, report: Report) -> Iterator[tuple[int, bytes]]:
    """Yield each mail with the number of its first line."""
    lines: list[bytes] = []
    begin, blank = 1, True
    for number, line in enumerate(_lines(file, name, report), 1):
        if blank and line.startswith(b"From ") and _FROM.match(line):
            if any(one.strip() for one in lines):
                yield begin, b"".join(lines)
            lines, begin = [], number
        else:
            lines.append(line)
        blank = not line.strip()
    if any(one.strip() for one in lines):
        yield begin, b"".join(lines)


def _lines(file: IO[bytes], name: str, report: Report) -> Iterator[bytes]:
    rest = b""
    while piece := piece_of(file, name, report):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _mail(raw: bytes, where: str, roots: dict[str, str], options: Options, report: Report) -> Items:
    mail = email.message_from_bytes(_ESCAPED.sub(rb"\1", raw))
    if mail["From"] is None and mail["Date"] is None and mail["Subject"] is None:
        report.fault(where, "not a mail: it has no headers")
        return
    labels = {one.strip().strip('"').casefold() for one in _header(mail, "X-Gmail-Labels").split(",")}
    (name, address), *_ = _addresses(mail, "From") or [("", "")]
    ids = _ID.findall(_header(mail, "Message-ID"))
    id = ids[0] if ids else f"<{sha256(raw).hexdigest()[:24]}>"
    before = [*_ID.findall(_header(mail, "References")), *_ID.findall(_header(mail, "In-Reply-To"))[:1]]
    root = next((roots[one] for one in before if one in roots), before[0] if before else id)
    for one in (id, *before):
        roots.setdefault(one, root)
    if labels & _UNWANTED:
        report.leave_out("drafts, spam and trash")
        return
    if address and labels & _SENT:
        report.me.add(address)
    for _, given in _addresses(mail, "Delivered-To"):
        report.me.add(given)
    body, files = _body(mail, where, report)
    text = clean_text(without_quotes(body)).strip()
    if not text:
        report.leave_out("media without text" if files else "without text of its own")
        return
    subject = _header(mail, "Subject")
    yield Message(
        conversation=root,
        text=text,
        at=sent_at(_header(mail, "Date"), options.zone),
        where=where,
        speaker=name or address or None,
        speaker_id=address or None,
        id=id,
        reply_to=before[-1] if before else None,
        title=re.sub(r"^(?:(?:re|aw|sv|antw|fwd?|wg|tr)\s*:\s*)+", "", subject, flags=re.IGNORECASE) or None,
        metadata=names_of(files),
    )


def _header(mail: Mail, name: str) -> str:
    value = mail[name]
    if value is None:
        return ""
    return " ".join(clean_text(_decoded(str(value))).split())


def _decoded(text: str) -> str:
    """Return a header with its encoded words decoded; unchanged if they are broken or unknown."""
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, MessageError):
        return text


def _addresses(mail: Mail, name: str) -> list[tuple[str, str]]:
    values = [str(value) for value in mail.get_all(name, [])]
    found = []
    # Encoded names may hold commas and brackets, so they are decoded after the parts are told apart.
    for shown, address in getaddresses(values):
        shown = _decoded(shown)
        if shown or address:
            found.append((" ".join(clean_text(shown).split()).strip("\"'"), address.casefold()))
    return found


def sent_at(text: str, zone: tzinfo) -> datetime | None:
    """Return the time of a mail with the offset of its sender; "-0000" says that this is unknown."""
    parts = parsedate_tz(text)
    if parts is None:
        return None
    try:
        moment = datetime(*parts[:6])
    except (ValueError, TypeError):
        return None
    if parts[9] is None or re.search(r"-0000\b", text):
        return local(moment.replace(tzinfo=timezone.utc), zone) if "-0000" in text else placed(moment, zone)
    if abs(parts[9]) >= 86_400:
        return placed(moment, zone)
    at = from_epoch((moment.replace(tzinfo=timezone.utc) - _EPOCH).total_seconds() - parts[9])
    return None if at is None else at.astimezone(timezone(timedelta(seconds=parts[9])))


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _body(mail: Mail, where: str, report: Report) -> tuple[str, list[object]]:
    """Return the text of a mail, and the names of its attachments."""
    texts: list[str] = []
    pages: list[str] = []
    files: list[object] = []
    for part in mail.walk():
        if part.is_multipart():
            continue
        name = part.get_filename()
        kind = part.get_content_type()
        if name or part.get_content_disposition() == "attachment":
            files.append(_decoded(name) if name else "attachment")
        elif kind == "text/plain":
            texts.append(_content(part, where, report))
        elif kind == "text/html":
            pages.append(_content(part, where, report))
    if any(text.strip() for text in texts):
        return "\n".join(texts), files
    return "\n".join(
        plain(re.sub(r"(?is)<(style|script|head|blockquote)\b.*?</\1>", "", one)) for one in pages
    ), files


def _content(part: Mail, where: str, report: Report) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    # Mails that name GB2312 often use the rest of its successor.
    for encoding in ("gb18030" if charset == "gb2312" else charset, "utf-8", "cp1252"):
        try:
            return payload.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    report.fault(where, f"some of the text is not in its encoding ({charset}); those characters are replaced")
    return payload.decode("utf-8", "replace")


def without_quotes(text: str) -> str:
    """Return what a mail itself says, without quoted text and signature."""
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if line == "-- " or line.rstrip() == "--":
            break
        if _ORIGINAL.match(line) or (_OUTLOOK.match(line) and _OUTLOOK_NEXT.match(following)):
            break
        if _ATTRIBUTION.match(line) and _is_quoted(lines[place + 1 :]):
            place += 1
            continue
        if _ATTRIBUTION.match(f"{line}\n{following}") and _is_quoted(lines[place + 2 :]):
            place += 2
            continue
        if not line.startswith(">"):
            kept.append(line)
        place += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_quoted(lines: list[str]) -> bool:
    """Return whether the next text is quoted, or there is none."""
    return next((line.startswith(">") for line in lines if line.strip()), True)
