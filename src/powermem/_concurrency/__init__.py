"""Concurrency primitives in pairs: ``AsyncX`` for tasks, ``X`` for threads.

Both halves of a pair have the same public names, signatures and guarantees, so code written on the async half
stays correct when the sync half is generated from it. Nothing here needs a running event loop before its
first ``await``.
"""

from __future__ import annotations

from .batcher import AsyncBatcher, AsyncThreadBatcher, Batcher, ThreadBatcher
from .bridge import AsyncAtExit, AsyncBridge, AsyncMailbox, AtExit, Bridge, LoopFuture, Mailbox
from .calls import (
    AsyncMeanwhile,
    AsyncTurnstile,
    Meanwhile,
    Turnstile,
    async_gather,
    async_shield,
    async_sleep,
    gather,
    shield,
    sleep,
)
from .feeds import END, AsyncFeed, AsyncItems, Feed, Items, async_call, call
from .locks import AsyncKeyedLock, AsyncLock, AsyncSemaphore, KeyedLock, Lock, Semaphore
from .owner import (
    AsyncOwner,
    Owner,
    async_has_ended,
    async_refuse_misuse,
    async_residence,
    has_ended,
    refuse_misuse,
    residence,
)
from .signals import AsyncEvent, AsyncQueue, Event, Queue, QueueEmpty
from .threads import AsyncThreads, Threads, async_to_thread, to_thread
from .worker import AsyncWorker, Worker

__all__ = [
    "END",
    "AsyncAtExit",
    "AsyncBatcher",
    "AsyncBridge",
    "AsyncEvent",
    "AsyncFeed",
    "AsyncItems",
    "AsyncKeyedLock",
    "AsyncLock",
    "AsyncMailbox",
    "AsyncMeanwhile",
    "AsyncOwner",
    "AsyncQueue",
    "AsyncSemaphore",
    "AsyncThreadBatcher",
    "AsyncThreads",
    "AsyncTurnstile",
    "AsyncWorker",
    "AtExit",
    "Batcher",
    "Bridge",
    "Event",
    "Feed",
    "Items",
    "KeyedLock",
    "Lock",
    "LoopFuture",
    "Mailbox",
    "Meanwhile",
    "Owner",
    "Queue",
    "QueueEmpty",
    "Semaphore",
    "ThreadBatcher",
    "Threads",
    "Turnstile",
    "Worker",
    "async_call",
    "async_gather",
    "async_has_ended",
    "async_refuse_misuse",
    "async_residence",
    "async_shield",
    "async_sleep",
    "async_to_thread",
    "call",
    "gather",
    "has_ended",
    "refuse_misuse",
    "residence",
    "shield",
    "sleep",
    "to_thread",
]
