"""How much is sent at once, after refusals."""

from __future__ import annotations

from powermem._core.wire.sizing import Sizing


def test_a_refusal_halves_and_success_doubles():
    sizing = Sizing(64, patience=3)
    assert sizing.allows(64)
    sizing.refuse(64)
    sizing.refuse(32)
    assert (sizing.size, sizing.allows(17), sizing.allows(16)) == (16, False, True)
    # What is far from the limit says nothing about it.
    for _ in range(9):
        sizing.take(8)
    assert sizing.size == 16
    for _ in range(3):
        sizing.take(16)
    assert sizing.size == 32
    for _ in range(9):
        sizing.take(32)
        sizing.take(64)
    assert sizing.size == 64


def test_each_vain_try_makes_the_next_one_later():
    sizing = Sizing(patience=2)
    assert sizing.size is None
    sizing.refuse(100)
    tries = []
    for _ in range(3):
        taken = 0
        while sizing.size == 50:
            sizing.take(50)
            taken += 1
        tries.append(taken)
        sizing.refuse(100)
    assert tries == [2, 4, 8]


def test_the_least_is_one():
    sizing = Sizing(2)
    sizing.refuse(2)
    sizing.refuse(1)
    assert sizing.size == 1
