# Generated from src/powermem/_async/background.py by scripts/run_unasync.py; edit that file instead.
"""The part of the facade whose work is done in the background."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .. import clock
from ..buffering import waiting_turns
from ..changes import AddMemory, AddTask, AlreadyDone, Change, Remember
from ..cleaning import content_hash
from ..errors import PowerMemError
from ..framing import verbatim_items
from ..ids import new_id
from ..inputs import Id, Moment
from ..messages import Content, read_messages
from ..records import preference_record, turn_record, unheard_record
from ..refinement import Refinement
from ..rough import ROUGH_TYPE, rough_metadata, rough_texts
from ..tasks import ProcessStatus, Task, lane_of, lane_scope
from ..types import Message, Row, Scope, Usage
from ..zones import read_zone
from .following import Following
from .processing.handle import ProcessTask
from .processing.view import Processing

if TYPE_CHECKING:
    from .engine import Parts

_logger = logging.getLogger("powermem.processing")

_PAGE = 500


class Background(Following):
    """Keeping what was said at once, and learning from it later."""

    @property
    def processing(self) -> Processing:
        """What there is to know of the work in the background."""
        return Processing(self._ready, self._share.observers)

    def add_exchange(
        self,
        user_id: Id,
        user_message: Content,
        assistant_message: Content,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: Id | None = None,
        *,
        timezone: str | tzinfo | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keep what a user said and what was answered, to learn from it later. On return it is on disk.

        Args:
            user_id: whose it is.
            user_message: what the user said; a text, or parts in the form of any provider.
            assistant_message: what was answered; likewise, or the whole reply.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.
            timezone: the speaker's, where the timestamp has no offset; otherwise the configured one.

        Returns:
            Both source turns: ``{"id", "role", "content", "actor_id", "sent_at"}``; the id of one that says
            nothing to remember, such as a call of a tool, is ``None``.
        """
        messages = [("user", user_message), ("assistant", assistant_message)]
        user, assistant = self._buffer(user_id, messages, timestamp, run_id, agent_id, timezone)
        return user, assistant

    def add_message(
        self,
        user_id: Id,
        role: str,
        content: Content,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: Id | None = None,
        *,
        timezone: str | tzinfo | None = None,
    ) -> dict[str, Any]:
        """Keep one message, to learn from it later. On return it is on disk.

        Args:
            user_id: whose it is.
            role: who speaks, such as ``"user"``.
            content: what was said; a text, or parts in the form of any provider.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.
            timezone: the speaker's, where the timestamp has no offset; otherwise the configured one.

        Returns:
            The source turn: ``{"id", "role", "content", "actor_id", "sent_at"}``; its id is ``None`` when it
            says nothing to remember, such as a call of a tool.
        """
        (turn,) = self._buffer(user_id, [(role, content)], timestamp, run_id, agent_id, timezone)
        return turn

    def process(self, user_id: Id) -> int:
        """Learn from everything that a user's buffer holds, and wait for it.

        Turns of tasks that failed before are tried again.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or whatever else went wrong; the turns are kept, and can be processed again.
        """
        scope = self._whose_work(self._user(user_id))
        self._ready()
        (handle,) = self._begin([scope])
        count = handle.wait()
        handle.raise_for_error()
        return count

    def process_async(self, user_id: Id) -> ProcessTask:
        """Begin to learn from everything that a user's buffer holds, and return at once.

        Returns:
            The task, to look at and to wait for.
        """
        scope = self._whose_work(self._user(user_id))
        self._owner.check()
        task_id = new_id()
        self._check_open()
        engine = self._engine()
        handle = engine.watcher.watch(task_id, scope.user_id, maker=self._share)
        try:
            engine.submitter.ask(task_id, scope)
        except BaseException:
            engine.watcher.forget([handle])
            raise
        return handle

    def flush(self, user_id: Id | None = None) -> int:
        """Process all that is buffered, also what arrives while it runs.

        Args:
            user_id: only this user's; of everybody, if it is left out.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or whatever else went wrong first; everything else was processed.
        """
        only = None if user_id is None else self._user(user_id)
        parts = self._ready()
        written, failed = 0, dict[str, ProcessTask]()
        while True:
            scopes = self._buffered(parts, only, failed)
            for scope, handle in zip(scopes, self._begin(scopes), strict=True):
                written += handle.wait()
                if handle.status is not ProcessStatus.COMPLETED:
                    failed[lane_of(scope)] = handle
            if not scopes:
                # What others work on is out of the buffer, and not done. More may come meanwhile.
                written += self.wait_for_processing(user_id)
                if not self._buffered(parts, only, failed):
                    break
        for handle in failed.values():
            handle.raise_for_error()
        return written

    def get_preferences(
        self, user_id: Id, agent_id: Id | None = None, run_id: Id | None = None
    ) -> list[dict[str, Any]]:
        """Return what a user likes or wants, oldest first.

        Returns:
            ``{"preference_type", "preference", "reasoning", "run_id"}`` and whose it is; the type is
            ``"explicit_preference"`` for what was said, ``"implicit_preference"`` for what shows in it.
        """
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        parts = self._ready()
        return [preference_record(preference) for preference in parts.store.preferences(scope)]

    def _buffer(
        self,
        user_id: Id,
        messages: Sequence[tuple[str, object]],
        timestamp: Moment | None,
        run_id: Id | None,
        agent_id: Id | None,
        timezone: str | tzinfo | None,
    ) -> list[dict[str, Any]]:
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        at = clock.now()
        zone = self._zone if timezone is None else read_zone(timezone)
        said = clock.local_time(at, zone) if timestamp is None else clock.parse_local(timestamp, zone)
        private = self._settings.security.allow_private_urls
        buffered = [
            waiting_turns(
                read_messages(
                    {"role": role, "content": content}, sent_at=said, zone=zone, private_urls=private
                ),
                scope,
                at,
            )
            for role, content in messages
        ]
        parts = self._ready()
        turns = list(chain.from_iterable(buffered))
        if turns:
            parts.store.apply(turns)
        if turns and self._auto_process:
            try:
                self._process_when_due(parts, scope)
            except PowerMemError as error:
                # The turn is kept, and whoever was told otherwise would bring it again.
                _logger.warning("processing could not be begun for %r: %s", user_id, error)
        return [
            turn_record(waiting[0].turn) if waiting else unheard_record(str(role), said.at)
            for waiting, (role, _) in zip(buffered, messages, strict=True)
        ]

    def _process_when_due(self, parts: Parts, scope: Scope) -> None:
        lane, work = lane_of(scope), self._whose_work(scope)
        # One at a time for each user, so that one task is made, not one for everybody who comes meanwhile.
        with self._asking(lane):
            if not self._is_due(parts, lane):
                return
            waiting = frozenset({ProcessStatus.PENDING})
            tasks = parts.store.list_tasks(lane_scope(scope), waiting, limit=_PAGE)
            # A task takes on all that waits when it begins; which may be just now.
            if not any(task.kind == "process" for task in tasks) and self._is_due(parts, lane):
                self._engine().begin([work], maker=self._share)

    def _is_due(self, parts: Parts, lane: str) -> bool:
        return parts.store.count_buffered(lane, self._batch_threshold) >= self._batch_threshold

    def _add_later(
        self, heard: Sequence[Message], refinement: Refinement, key: str | None, usage: Usage, started: float
    ) -> dict[str, Any]:
        """Store rough memories of messages, and the task to refine them; see ``add``."""
        parts = self._ready()
        new = refinement.new
        task_id = new_id()
        each = [waiting_turns([message], new.scope, new.at, task_id) for message in heard]
        turns = list(chain.from_iterable(each))
        texts = rough_texts(heard, new.at)
        rough = [_rough_row(text, heard, refinement) for text, _ in texts]
        vectors = parts.encoder.encode([row.text for row in rough], usage.warnings)
        usage.embedded_texts += sum(vector is not None for vector in vectors)
        memories = [
            AddMemory(row, vector, [waiting.turn.id for index in text.messages for waiting in each[index]])
            for row, vector, text in zip(rough, vectors, texts, strict=True)
        ]
        payload = replace(refinement, rough=tuple(row.id for row in rough)).payload()
        task = Task(task_id, lane_of(new.scope), new.scope, "refine", new.at, new.at, new.at, payload=payload)
        changes: list[Change] = [*turns, *memories, AddTask(task)]

        def reply(items: list[dict[str, Any]]) -> dict[str, Any]:
            usage.seconds = usage.seconds or perf_counter() - started
            shown: dict[str, Any] = {
                "results": items,
                "status": "running",
                "task_id": str(task_id),
                "usage": usage.as_dict(),
                "extractor": parts.extractor.name,
            }
            return {**shown, "warnings": list(usage.warnings)} if usage.warnings else shown

        if key is not None:
            changes.append(
                Remember(new.scope, key, lambda outcomes: json.dumps(reply(verbatim_items(outcomes))), new.at)
            )
        # Followed from here on, so that closing waits for it.
        handle = parts.watcher.watch(task_id, new.scope.user_id, maker=self._share)
        try:
            outcomes = parts.store.apply(changes)
        except AlreadyDone as done:
            parts.watcher.forget([handle])
            kept: dict[str, Any] = json.loads(done.result)
            return kept
        except BaseException:
            parts.watcher.forget([handle])
            raise
        finally:
            # Also when the caller was cancelled: it may be stored nevertheless.
            parts.processor.wake()
        parts.watcher.stored([task_id])
        return reply(verbatim_items(outcomes[: len(turns) + len(memories)]))

    def _begin(self, scopes: Sequence[Scope]) -> list[ProcessTask]:
        return self._engine().begin(scopes, again=True, maker=self._share)

    def _buffered(self, parts: Parts, only: Scope | None, failed: dict[str, ProcessTask]) -> list[Scope]:
        """Return a page of the scopes that have something to process, without those that failed just now."""
        lane, after = None if only is None else lane_of(only), ""
        while page := parts.store.buffered_scopes(after, _PAGE, lane=lane):
            found = [self._whose_work(scope) for name, scope in page if name not in failed]
            if found or lane is not None:
                return found
            after = page[-1][0]
        return []

    def _whose_work(self, scope: Scope) -> Scope:
        # All of the user's, but found by who looks for the work of this memory's agent.
        whose = lane_scope(scope)
        return whose if whose.user_id is None else whose._replace(agent_id=self._agent_id)


def _rough_row(text: str, heard: Sequence[Message], refinement: Refinement) -> Row:
    new = refinement.new
    said, utc_offset = next(
        ((message.sent_at, message.utc_offset) for message in heard if message.sent_at is not None),
        (new.at, new.utc_offset),
    )
    return Row(
        id=new_id(),
        scope=new.scope,
        text=text,
        hash=content_hash(text),
        actor_id=new.actor_id,
        memory_type=ROUGH_TYPE,
        metadata=rough_metadata(new.metadata),
        created_at=new.at,
        updated_at=new.at,
        valid_from=said,
        expires_at=new.expires_at,
        utc_offset=utc_offset,
    )
