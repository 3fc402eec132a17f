"""Who is speaking, in each task, thread or copied context of its own."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import NamedTuple
from weakref import WeakKeyDictionary

from ...errors import InvalidInputError
from ..inputs import Id, check_id


class Attribution(NamedTuple):
    """Who a turn belongs to.

    ``entity_id`` is the user, ``process_id`` the agent and ``session_id`` the conversation.
    """

    entity_id: str | None = None
    process_id: str | None = None
    session_id: str | None = None


_NOBODY = Attribution()


class Attributions:
    """Who is speaking to one memory. Each context has its own answer."""

    def current(self) -> Attribution:
        """Return who speaks in the caller's context; nobody, when nobody has said so."""
        held = _held.get()
        return _NOBODY if held is None else held.get(self, _NOBODY)

    def attribute(self, entity_id: Id, process_id: Id | None) -> None:
        """Say who speaks from now on in the caller's context; the session goes on for the same user.

        Raises:
            InvalidInputError: an id is of a wrong type, blank or too long.
        """
        entity = check_name(entity_id, "entity_id")
        process = None if process_id is None else check_name(process_id, "process_id")
        before = self.current()
        # A conversation belongs to whoever began it. One that was named before anybody spoke is kept.
        session = before.session_id if before.entity_id in (None, entity) else None
        self._set(Attribution(entity, process, session))

    def begin_session(self, session_id: Id | None = None) -> None:
        """Begin a new conversation in the caller's context, or go on with one.

        Raises:
            InvalidInputError: the id is of a wrong type, blank or too long.
        """
        session = uuid.uuid4().hex if session_id is None else check_name(session_id, "session_id")
        self._set(self.current()._replace(session_id=session))

    def _set(self, attribution: Attribution) -> None:
        # A new mapping each time, because copies of the context share the old one.
        held = WeakKeyDictionary[Attributions, Attribution](_held.get() or {})
        held[self] = attribution
        _held.set(held)


_held: ContextVar[WeakKeyDictionary[Attributions, Attribution] | None] = ContextVar(
    "powermem_attribution", default=None
)


def check_name(value: object, name: str) -> str:
    """Return an id that is given.

    Raises:
        InvalidInputError: it is missing, of a wrong type, blank or too long.
    """
    checked = check_id(value, name)
    if checked is None:
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got None")
    return checked
