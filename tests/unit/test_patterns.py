"""Expressions that are compiled when they are first used."""

from __future__ import annotations

import copy
import gc
import importlib
import pkgutil
import re

import pytest

import powermem
from powermem._core.patterns import Pattern


def test_a_pattern_is_compiled_at_its_first_use_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_ = re.compile

    def counting(source: str, flags: int) -> re.Pattern[str]:
        compiled.append(source)
        return compile_(source, flags)

    monkeypatch.setattr(re, "compile", counting)
    pattern = Pattern(r"(\w)at", re.IGNORECASE)
    assert (pattern.pattern, pattern.flags) == (r"(\w)at", re.IGNORECASE)
    assert repr(pattern) == r"Pattern('(\\w)at')"
    assert not hasattr(pattern, "groupindex")
    assert compiled == []
    text = "Cat, bat and rat"
    assert pattern.findall(text) == ["C", "b", "r"]
    assert [match[0] for match in pattern.finditer(text, 1)] == ["bat", "rat"]
    assert [bool(pattern.fullmatch(word)) for word in ("hat", "hats")] == [True, False]
    assert [bool(pattern.match(text, start)) for start in (5, 4)] == [True, False]
    assert pattern.search(text, 1, 4) is None
    assert pattern.split("a cat b", 1) == ["a ", "c", " b"]
    assert pattern.sub(r"\1", text, 1) == "C, bat and rat"
    assert pattern.subn(lambda match: match[1].upper(), text) == ("C, B and R", 3)
    assert compiled == [r"(\w)at"]


def test_a_broken_pattern_says_what_is_wrong_at_each_use() -> None:
    pattern = Pattern("(")
    for _ in range(2):
        with pytest.raises(re.error, match="missing"):
            pattern.search("")


def test_copies_of_a_pattern_find_the_same() -> None:
    pattern = Pattern("a+")
    for duplicate in (copy.copy(pattern), copy.deepcopy(pattern)):
        assert duplicate.findall("aa b a") == pattern.findall("aa b a") == ["aa", "a"]


def test_every_expression_of_the_library_can_be_compiled() -> None:
    for module in pkgutil.walk_packages(powermem.__path__, "powermem."):
        if module.name.startswith("powermem._core."):
            importlib.import_module(module.name)
    patterns = [found for found in gc.get_objects() if type(found) is Pattern]
    assert len(patterns) > 600
    for pattern in patterns:
        re.compile(pattern.pattern, pattern.flags)
