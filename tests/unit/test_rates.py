"""Counting what happened of late."""

from __future__ import annotations

import threading

from powermem._core.tasks.task import WINDOW, Rate


def test_what_is_older_than_the_window_is_no_part_of_the_rate() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for moment in (0.0, 1.0, 30.0):
        now[0] = moment
        rate.count()
    assert (rate.per_minute(), rate.total) == (3, 3)
    now[0] = WINDOW + 0.5
    assert rate.per_minute() == 2
    now[0] = 3 * WINDOW
    assert (rate.per_minute(), rate.total) == (0, 3)


def test_threads_count_together() -> None:
    moment = iter(range(1_000_000))
    rate = Rate(lambda: float(next(moment)))

    def count() -> None:
        for _ in range(500):
            rate.count()
            rate.per_minute()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rate.total == 4_000
