"""Which partitions stay in memory, in which form, and who may use one at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from powermem._core.ranking.partition import Entry, PartitionCache, PartitionRows
from powermem._sqlite.sharing import SharedLocks

DIMENSION = 16


def rows(count: int, first: int = 1) -> PartitionRows:
    nothing = [""] * count
    return PartitionRows(
        ids=list(range(first, first + count)),
        agents=nothing,
        runs=nothing,
        actors=[None] * count,
        valid_from=[0] * count,
        valid_to=[None] * count,
        expires_at=[None] * count,
        embeddings=bytes(4 * DIMENSION * count),
        terms=b"",
        frequencies=b"",
        sizes=[0] * count,
    )


def filled(
    cache: PartitionCache[threading.Lock], user: str | None, count: int = 100
) -> Entry[threading.Lock]:
    entry = cache.entry(user)
    entry.partition = cache.make(DIMENSION, count)
    if count:
        entry.partition.append(rows(count))
    cache.resize(entry)
    return entry


def size_of(count: int) -> int:
    cache = PartitionCache(1 << 30, threading.Lock, exact_rows=1000)
    filled(cache, "a", count)
    return cache.nbytes


def test_who_was_not_searched_for_longest_goes_first() -> None:
    cache = PartitionCache(3 * size_of(100), threading.Lock, exact_rows=1000)
    a, b, c = (filled(cache, user) for user in "abc")
    assert cache.nbytes == 3 * size_of(100)
    assert cache.entry("a") is a
    filled(cache, None)
    assert cache.nbytes == 3 * size_of(100)
    assert cache.entry("a") is a
    assert cache.entry("c") is c
    assert cache.entry("b") is not b


def test_a_partition_that_was_dropped_while_in_use_is_not_counted() -> None:
    cache = PartitionCache(size_of(100), threading.Lock, exact_rows=1000)
    first = filled(cache, "a")
    filled(cache, "b")
    assert first.partition is not None
    first.partition.append(rows(50, first=500))
    cache.resize(first)
    assert cache.nbytes == size_of(100)


def test_what_is_too_large_alone_is_kept_until_another_is_asked_for() -> None:
    cache = PartitionCache(size_of(100), threading.Lock, exact_rows=1000)
    filled(cache, "large", 200)
    assert cache.nbytes == size_of(200)
    filled(cache, "small", 10)
    assert cache.nbytes == size_of(10)


def test_users_without_memories_take_room_too() -> None:
    cache = PartitionCache(100 * size_of(0), threading.Lock, exact_rows=1000)
    first = filled(cache, "0", 0)
    for user in range(1, 101):
        filled(cache, str(user), 0)
    assert 0 < cache.nbytes <= 100 * size_of(0)
    assert cache.entry("0") is not first


@pytest.mark.parametrize(
    ("count", "exact_rows"), [(0, 10_000), (500, 10_000), (5000, 10_000), (40_000, 1000)]
)
def test_the_size_of_a_partition_is_foreseen(count: int, exact_rows: int) -> None:
    cache = PartitionCache(1 << 30, threading.Lock, exact_rows=exact_rows)
    filled(cache, "a", count)
    foreseen = cache.estimate(count, DIMENSION)
    # The memories here have no words.
    assert cache.nbytes <= foreseen <= cache.nbytes + 100 * count


def test_a_large_partition_is_admitted_beside_those_used_since_it_was() -> None:
    cache = PartitionCache(3 * size_of(100), threading.Lock, exact_rows=1000)
    large = 2 * size_of(100)
    a = filled(cache, "a", 200)
    assert cache.admits(a, large)
    # Another one that is as large has to wait until it is searched twice in a row.
    assert [cache.admits(cache.entry(user), large) for user in "bab"] == [False, True, False]
    assert cache.admits(cache.entry("b"), large)
    # A small one is always worth it, one that is larger than all of the cache never.
    assert cache.admits(cache.entry("c"), cache.limit // 16)
    for _ in range(2):
        assert not cache.admits(cache.entry("d"), cache.limit + 1)


def test_vectors_that_are_too_many_or_do_not_fit_become_codes() -> None:
    by_rows = PartitionCache(1 << 30, threading.Lock, exact_rows=100)
    assert [by_rows.make(DIMENSION, count).coded for count in (100, 101)] == [False, True]
    by_size = PartitionCache(4 * DIMENSION * 100, threading.Lock, exact_rows=1000)
    assert [by_size.make(DIMENSION, count).coded for count in (100, 101)] == [False, True]
    assert not by_size.make(None, 101).coded


def test_a_partition_that_has_grown_is_built_anew_once() -> None:
    by_rows = PartitionCache(1 << 30, threading.Lock, exact_rows=100)
    by_size = PartitionCache(4 * DIMENSION * 150, threading.Lock, exact_rows=1000)
    for cache, most in ((by_rows, 200), (by_size, 150)):
        partition = cache.make(DIMENSION, 100)
        partition.append(rows(most))
        assert not cache.outgrown(partition)
        partition.append(rows(1, first=most + 1))
        assert cache.outgrown(partition)
        coded = cache.make(DIMENSION, most + 1)
        coded.append(rows(most + 1))
        assert not cache.outgrown(coded)


def test_readers_share_a_lock() -> None:
    lock, both = SharedLocks()(), threading.Barrier(2, timeout=120)

    def read() -> None:
        with lock.shared():
            both.wait()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(read) for _ in range(2)]:
            done.result()


def test_who_changes_something_is_alone() -> None:
    lock = SharedLocks()()
    value = np.zeros(2, dtype=np.int64)

    def change(_: int) -> None:
        with lock.exclusive():
            before = int(value[0])
            value[1] = before + 1
            # Another thread may run here.
            threading.Event().wait(0)
            value[0] = before + 1

    def read(_: int) -> bool:
        with lock.shared():
            seen = int(value[0])
            threading.Event().wait(0)
            return seen == int(value[1])

    with ThreadPoolExecutor(6) as threads:
        reads = threads.map(read, range(300))
        changes = threads.map(change, range(300))
        assert all(reads)
        list(changes)
    assert value.tolist() == [300, 300]
