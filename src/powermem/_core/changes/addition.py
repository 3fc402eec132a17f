"""The arguments of a call of ``add``, checked, and the part of them that a background task needs. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from datetime import timezone as utc
from typing import Any, NamedTuple

from ...errors import InvalidInputError
from .. import clock
from ..clock import read_zone
from ..filters.expression import Expression
from ..filters.parse import parse as parse_filters
from ..inputs import MAX_ID_LENGTH, MAX_KEY_LENGTH, Moment, check_flag, check_id, check_mode, check_text_given
from ..messages.normalize import has_parts, read_messages, with_times, without_hidden
from ..metadata import check_metadata
from ..tasks.task import Task
from ..values import Message, Scope
from .reconcile import NewMemories
from .writes import AddMemory, Amend, Change, LinkTurns, ReplaceText, Supersede


@dataclass(slots=True)
class Addition:
    """A call of ``add``.

    Attributes:
        messages: the messages.
        new: the common fields of its memories.
        infer: whether to extract facts.
        later: whether to extract them in the background.
        prompt: instructions for the extraction, instead of the built-in ones.
        filters: the stored memories that may be changed, as passed.
        expression: the same, parsed.
        key: the idempotency key.
        also: changes to apply in the transaction of the result.
    """

    messages: Sequence[Message]
    new: NewMemories
    infer: bool
    later: bool
    prompt: str | None
    filters: Mapping[str, Any] | None
    expression: Expression | None
    key: str | None
    also: Sequence[Change] = ()

    @property
    def is_verbatim(self) -> bool:
        """Whether the text is stored word for word, with no model involved."""
        return bool(self.messages) and not self.infer and not has_parts(self.messages)

    @property
    def verbatim(self) -> Sequence[Message]:
        """The messages to store word for word."""
        return without_hidden(self.messages)


def read_addition(
    whose: Scope,
    messages: object,
    *,
    metadata: object = None,
    filters: Mapping[str, Any] | None = None,
    scope: object = None,
    memory_type: object = None,
    prompt: object = None,
    infer: object = True,
    actor_id: object = None,
    timestamp: Moment | None = None,
    expires_at: Moment | None = None,
    async_mode: object = False,
    idempotency_key: object = None,
    timezone: object = None,
    zone: tzinfo = utc.utc,
    private_urls: bool = False,
) -> Addition:
    """Check the arguments of ``add``; those not listed are described there.

    Args:
        whose: the scope of the memories.
        zone: the configured time zone, which ``timezone`` overrides.
        private_urls: whether images may have any URL; see `read_messages`.

    Raises:
        InvalidInputError: an argument is wrong.
    """
    later, extracts = check_mode(async_mode), check_flag(infer, "infer")
    configured, zone = zone, zone if timezone is None else read_zone(timezone)
    now = clock.local_time(clock.now(), zone)
    said = None if timestamp is None else clock.parse_local(timestamp, zone)
    actor = check_id(actor_id, "actor_id")
    found = read_messages(messages, actor_id=actor, sent_at=said, zone=zone, private_urls=private_urls)
    conversation = with_times(found, now)
    kept = {} if metadata is None else check_metadata(metadata)
    if scope is not None:
        kept["scope"] = check_text_given(scope, "scope")
    new = NewMemories(
        scope=whose,
        at=now.at,
        utc_offset=now.utc_offset,
        metadata=kept,
        memory_type=None
        if memory_type is None
        else check_text_given(memory_type, "memory_type", MAX_ID_LENGTH),
        actor_id=actor,
        expires_at=None
        if expires_at is None
        else _future(clock.parse(expires_at, "expires_at", zone), now.at),
    )
    if prompt is not None and not isinstance(prompt, str):
        raise InvalidInputError(f"prompt: expected a string, got {type(prompt).__name__}")
    expression = None if filters is None else parse_filters(filters, configured)
    key = (
        None
        if idempotency_key is None
        else check_text_given(idempotency_key, "idempotency_key", MAX_KEY_LENGTH)
    )
    if not extracts and has_parts(conversation):
        raise InvalidInputError("infer: images and audio are read by a model; leave it true for them")
    return Addition(conversation, new, extracts, later, prompt, filters, expression, key)


def _future(moment: int, now: int) -> int:
    """Return the expiry of a new memory.

    Raises:
        InvalidInputError: it is in the past.
    """
    if moment <= now:
        raise InvalidInputError(
            f"expires_at: {clock.to_iso(moment)} is in the past, so the memory would never be found; "
            "give a later moment, such as datetime.now(timezone.utc) + timedelta(days=30)"
        )
    return moment


class Refinement(NamedTuple):
    """The extraction of a call of ``add`` that runs in the background.

    Attributes:
        new: the common fields of its memories.
        prompt: instructions for the extraction, instead of the built-in ones.
        filters: the stored memories that may be changed, as passed.
        rough: the ids of the rough memories that its result replaces.
    """

    new: NewMemories
    prompt: str | None = None
    filters: Mapping[str, Any] | None = None
    rough: tuple[int, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return it as the payload of a task; `of` is the inverse."""
        new = self.new
        kept = {
            "metadata": new.metadata or None,
            "memory_type": new.memory_type,
            "actor_id": new.actor_id,
            "expires_at": new.expires_at,
            "prompt": self.prompt,
            "filters": None if self.filters is None else _plain(self.filters),
            "rough": list(self.rough) or None,
        }
        return {name: value for name, value in kept.items() if value is not None}

    @classmethod
    def of(cls, task: Task, at: int) -> Refinement:
        """Read it from a task.

        Args:
            task: a task of any kind; one that extracts from the buffer has only a scope.
            at: the current time, microseconds UTC.
        """
        kept = task.payload
        return cls(
            NewMemories(
                scope=task.scope,
                at=at,
                metadata=kept.get("metadata") or {},
                memory_type=kept.get("memory_type"),
                actor_id=kept.get("actor_id"),
                expires_at=kept.get("expires_at"),
            ),
            kept.get("prompt"),
            kept.get("filters"),
            tuple(kept.get("rough") or ()),
        )

    def endings(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that retire the rough memories.

        Args:
            changes: the changes that store the result. The rough memories are superseded by its first memory;
                if there is none, because nothing was worth remembering, they expire now.
        """
        at, whose = self.new.at, self.new.scope.user_id or ""
        if (found := _successor(changes)) is None:
            return [
                Amend(rough, at, expires_at=at, set_expires_at=True, user_id=whose) for rough in self.rough
            ]
        memory_id, text = found
        # The result holds since the messages were sent, as the rough text did: at no moment hold both.
        return [Supersede(rough, memory_id, text, at, valid_to=0, user_id=whose) for rough in self.rough]


def _plain(value: Any) -> Any:
    """Return a part of a filter as JSON, with the same meaning."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _successor(changes: Sequence[Change]) -> tuple[int, str] | None:
    for change in changes:
        if isinstance(change, AddMemory):
            return change.row.id, change.row.text
        if isinstance(change, ReplaceText):
            return change.id, change.text
        if isinstance(change, LinkTurns) and change.turns:
            return change.id, ""
    return None
