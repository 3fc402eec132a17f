"""Forms of English verbs, and the change from "you" to "I"."""

from __future__ import annotations

import re

from ..patterns import Pattern

__all__ = ["as_speaker", "past", "third_person"]

_PAST = """
be:was become:became begin:began bend:bent bite:bit break:broke bring:brought build:built burn:burnt
buy:bought catch:caught choose:chose come:came cost:cost cut:cut deal:dealt dig:dug do:did draw:drew
drink:drank drive:drove eat:ate fall:fell feed:fed feel:felt fight:fought find:found fly:flew
forget:forgot get:got give:gave go:went grow:grew hang:hung have:had hear:heard hide:hid hit:hit
hold:held hurt:hurt keep:kept know:knew lead:led learn:learned leave:left lend:lent let:let lie:lay
lose:lost make:made mean:meant meet:met pay:paid put:put quit:quit read:read ride:rode ring:rang
rise:rose run:ran say:said see:saw sell:sold send:sent set:set shoot:shot show:showed shut:shut
sing:sang sit:sat sleep:slept speak:spoke spend:spent stand:stood steal:stole stick:stuck swim:swam
take:took teach:taught tell:told think:thought throw:threw understand:understood wake:woke wear:wore
win:won write:wrote
"""
_IRREGULAR = dict(pair.split(":") for pair in _PAST.split())
_DOUBLING = "stop plan chat drop fit jog ship swap skip prefer refer admit occur permit rob"
_DOUBLED = frozenset(_DOUBLING.split())
_VOWELS = "aeiou"


def past(verb: str) -> str:
    """Return the past tense: "went" for "go", "studied" for "study"."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def third_person(verb: str) -> str:
    """Return the form for "she": "goes" for "go"."""
    if verb == "have":
        return "has"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{verb}s"


_PERSON = {
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "you": "I",
    "you're": "I'm",
    "you've": "I've",
    "you'll": "I'll",
}
_SECOND_PERSON = Pattern(r"\b(?:your|yours|yourself|you(?:'(?:re|ve|ll))?)\b", re.IGNORECASE)
_OBJECT = Pattern(r"\b(?:to|for|with|about|of|at|on|by|from|give|tell|suit|suits) you\b", re.IGNORECASE)


def as_speaker(words: str) -> str:
    """Return words about "you" as the one addressed says them: "with your cat" becomes "with my cat"."""
    words = _OBJECT.sub(lambda match: f"{match[0][:-3]}me", words)
    return _SECOND_PERSON.sub(lambda match: _PERSON[match[0].lower()], words)
