"""From the items of a history to calls of ``add`` and rows of memories, each under a key of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ..clock import from_datetime
from ..inputs import MAX_ID_LENGTH, check_id
from ..metadata import check_metadata
from ..text.cleaning import check_text, content_hash
from ..values import Row, Scope, Stored
from .values import Kept, Message

MOST_MESSAGES = 20
"""The most messages of a call, as many as a model reads with all of them in view."""

MOST_CHARACTERS = 8_000
"""The most characters of a call, unless a single message has more."""

PAUSE = timedelta(hours=4)
"""After a longer pause, what is said next belongs to another talk."""

_MOST_OPEN = 64
_MOST_REMEMBERED = 200_000
# Formats in which a time is what the speaker's clock showed.
_WALL_CLOCK = frozenset({"whatsapp", "csv"})


@dataclass(slots=True)
class Part:
    """Messages to add in one call.

    Attributes:
        conversation: the id of their conversation.
        messages: the messages.
        keys: the key of each, by which it is known whether it is stored.
        size: their characters.
    """

    conversation: str
    messages: list[Message] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def where(self) -> str:
        """The position of the first message."""
        return self.messages[0].where


class Keys:
    """Makes the key of each message of a history.

    It is made of the id that the export gives a message or, without one, of speaker, time and text, and of
    how often the same was said at that time before. So a message has the same key in every export that
    contains it.

    Args:
        format: the format.
    """

    def __init__(self, format: str) -> None:
        self._format = format
        self._seen: OrderedDict[str, int] = OrderedDict()

    def of(self, message: Message) -> str:
        """Return the key of a message; the messages are given in their order."""
        if message.id is not None:
            # A message may move from its channel to a thread, but an id is only unique in one of some
            # formats.
            place = message.conversation.partition("/")[0] if self._format != "mbox" else ""
            return _digest(self._format, "id", place, message.id)
        base = _digest(
            self._format, message.speaker or message.role or "", self._time(message.at), message.text
        )
        count = self._seen.pop(base, 0) + 1
        self._seen[base] = count
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return base if count == 1 else f"{base}:{count}"

    def _time(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return at.replace(tzinfo=None).isoformat() if self._format in _WALL_CLOCK else str(from_datetime(at))


def _digest(*parts: str) -> str:
    text = "\0".join(parts)
    return f"history:{sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"


def key_of_all(keys: Sequence[str]) -> str:
    """Return the key of a call that adds the messages with these keys."""
    return _digest("call", *keys)


def in_parts(items: Iterable[Message | Kept], format: str, *, single: bool) -> Iterator[Part | Kept]:
    """Divide the messages of a history into calls; memories are passed on.

    Args:
        items: the messages and memories, in the order of the export; conversations may alternate.
        format: the format.
        single: a call for each message, for storing word for word.
    """
    keys = Keys(format)
    opened: OrderedDict[str, Part] = OrderedDict()
    for message in items:
        if isinstance(message, Kept):
            yield message
            continue
        key = keys.of(message)
        part = opened.get(message.conversation)
        if part is not None and (single or _ends(part, message)):
            yield opened.pop(message.conversation)
            part = None
        if part is None:
            part = opened[message.conversation] = Part(message.conversation)
            if len(opened) > _MOST_OPEN:
                yield opened.popitem(last=False)[1]
        part.messages.append(message)
        part.keys.append(key)
        part.size += len(message.text)
    yield from opened.values()


def _ends(part: Part, message: Message) -> bool:
    """Return whether a message begins another call."""
    last = part.messages[-1]
    if len(part.messages) >= MOST_MESSAGES or part.size + len(message.text) > MOST_CHARACTERS:
        return True
    return last.at is not None and message.at is not None and abs(message.at - last.at) > PAUSE


@dataclass(frozen=True, slots=True)
class Target:
    """Where the items of a history go.

    Attributes:
        format: the format.
        user_id: whose they are; likewise ``agent_id`` and ``run_id``. Without ``run_id``, a conversation is a
            run.
        metadata: kept with everything.
    """

    format: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    metadata: Mapping[str, Any]

    @property
    def keys(self) -> Scope:
        """The scope that keys are kept in; it has no run, since an export may move a message to a thread."""
        return Scope(self.user_id, self.agent_id, None)

    def call(self, part: Part, kept: Sequence[int], *, infer: bool) -> dict[str, Any]:
        """Return the arguments of ``add`` for some messages of a part."""
        messages = [part.messages[place] for place in kept]
        first = messages[0]
        metadata: dict[str, Any] = {"source": self.format}
        if first.title:
            metadata["conversation"] = first.title
        if not infer:
            metadata |= {
                **first.metadata,
                **({"message_id": first.id} if first.id else {}),
                **({"reply_to": first.reply_to} if first.reply_to else {}),
            }
        return {
            "messages": [_spoken(message) for message in messages],
            "user_id": self.user_id,
            "agent_id": self.agent_id,
            "run_id": self.run_id or _run(f"{self.format}:{part.conversation}"),
            "metadata": {**metadata, **self.metadata},
            "infer": infer,
        }

    def memory(self, kept: Kept, now: int) -> Stored:
        """Return a memory of another library as a row.

        Raises:
            InvalidInputError: something in it cannot be stored.
        """
        text = check_text(kept.text, "memory")
        scope = Scope(
            self.user_id or check_id(kept.user_id, "user_id"),
            self.agent_id or check_id(kept.agent_id, "agent_id"),
            self.run_id or check_id(kept.run_id, "run_id"),
        )
        metadata = check_metadata(
            {
                "source": self.format,
                **({"source_id": kept.id} if kept.id and "\n" not in kept.id else {}),
                **kept.metadata,
                **self.metadata,
            }
        )
        at = now if kept.at is None else from_datetime(kept.at)
        updated = at if kept.updated_at is None else max(at, from_datetime(kept.updated_at))
        offset = None if kept.at is None else kept.at.utcoffset()
        return Stored(
            Row(
                id=_memory_id(self.format, scope, kept),
                scope=scope,
                text=text,
                hash=content_hash(text),
                actor_id=None,
                memory_type=None,
                metadata=metadata,
                created_at=at,
                updated_at=updated,
                valid_from=at,
                valid_to=None if kept.until is None else max(at, from_datetime(kept.until)),
                utc_offset=None if offset is None else int(offset.total_seconds()),
            )
        )


def _spoken(message: Message) -> dict[str, Any]:
    spoken: dict[str, Any] = {"role": message.role or "user", "content": message.text}
    if message.speaker:
        spoken["name"] = message.speaker[:MAX_ID_LENGTH]
    if message.at is not None:
        spoken["timestamp"] = message.at
    return spoken


def _run(name: str) -> str:
    if len(name) <= MAX_ID_LENGTH:
        return name
    return f"{name[: MAX_ID_LENGTH - 17]}~{sha256(name.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _memory_id(format: str, scope: Scope, kept: Kept) -> int:
    # Without an id, scope and text identify a memory, so that a second load recognizes it.
    name = "\0".join([format, *(one or "" for one in scope), kept.id or f"\0{kept.text}"])
    return int.from_bytes(sha256(name.encode("utf-8", "replace")).digest()[:8], "big") >> 2 or 1
