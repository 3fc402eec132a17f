"""Whose conversation a call belongs to."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import NamedTuple
from weakref import WeakKeyDictionary

from ...errors import InvalidInputError
from ..inputs import Id, check_id


class Attribution(NamedTuple):
    """The owner of a turn.

    ``entity_id`` is the user, ``process_id`` the agent and ``session_id`` the conversation.
    """

    entity_id: str | None = None
    process_id: str | None = None
    session_id: str | None = None


_NO_SPEAKER = Attribution()


class Attributions:
    """The current speaker of one memory, separate in each context."""

    def current(self) -> Attribution:
        """Return the speaker in the caller's context; empty if none was set."""
        held = _held.get()
        return _NO_SPEAKER if held is None else held.get(self, _NO_SPEAKER)

    def attribute(self, entity_id: Id, process_id: Id | None) -> None:
        """Set the speaker in the caller's context; the session continues for the same user.

        Raises:
            InvalidInputError: an id is of a wrong type, blank or too long.
        """
        entity = check_name(entity_id, "entity_id")
        process = None if process_id is None else check_name(process_id, "process_id")
        before = self.current()
        # A session belongs to the user who started it. One set before any user is kept.
        session = before.session_id if before.entity_id in (None, entity) else None
        self._set(Attribution(entity, process, session))

    def begin_session(self, session_id: Id | None = None) -> None:
        """Start or continue a conversation in the caller's context.

        Raises:
            InvalidInputError: the id is of a wrong type, blank or too long.
        """
        session = uuid.uuid4().hex if session_id is None else check_name(session_id, "session_id")
        self._set(self.current()._replace(session_id=session))

    def _set(self, attribution: Attribution) -> None:
        # A new mapping each time, since copies of the context share the old one.
        held = WeakKeyDictionary[Attributions, Attribution](_held.get() or {})
        held[self] = attribution
        _held.set(held)


class SingleSpeaker(Attributions):
    """Speakers of a memory that is one user's, so that threads without a speaker of their own have this one.

    Once a second user has spoken, contexts without a speaker have none: they must not get another user's.
    """

    def __init__(self) -> None:
        self._last = _NO_SPEAKER
        self._shared = False

    def current(self) -> Attribution:
        """Return the speaker in the caller's context, or else the only one."""
        here = super().current()
        return here if self._shared or here.entity_id is not None else self._last

    def _set(self, attribution: Attribution) -> None:
        super()._set(attribution)
        before = self._last.entity_id
        self._shared = self._shared or (before is not None and before != attribution.entity_id)
        self._last = attribution


_held: ContextVar[WeakKeyDictionary[Attributions, Attribution] | None] = ContextVar(
    "powermem_attribution", default=None
)


def check_name(value: object, name: str) -> str:
    """Return a required id.

    Raises:
        InvalidInputError: it is missing, of a wrong type, blank or too long.
    """
    checked = check_id(value, name)
    if checked is None:
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got None")
    return checked
