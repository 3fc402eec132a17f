"""Read the files of benchmarks, and a simple form of one's own.

A form is recognized by its content, so a path is all that needs to be said. Nothing is downloaded or copied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .dataset import ADVERSARIAL, Conversation, Corpus, DatasetError, Question, Session, Turn, digest

Entry = Mapping[str, Any]

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: ADVERSARIAL}
"""LoCoMo's kinds of questions, by number."""

_REALTALK_CATEGORIES = {1: "fact", 2: "date", 3: "inference"}
_DATES = ("%I:%M %p on %d %B, %Y", "%d.%m.%Y, %H:%M:%S", "%B-%d-%Y", "%Y/%m/%d (%a) %H:%M")
# Evidence is noted by hand: "D8:6; D9:17", "D:11:26" and "D30:05" occur.
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")
# BEAM writes the place in its plan behind a message: "->-> 1,9".
_PLACE = re.compile(r"\s*->->\s*[\d,\s]*$")
_NUMBER = re.compile(r"\d+")
_SAID = re.compile(r"^<\w+>:\s*")
_FORMS = ("same_words", "other_words", "english")


def read(argument: str) -> list[Corpus]:
    """Read the corpora at ``[NAME=]PATH``.

    Questions whose evidence names no turn are left out.

    Args:
        argument: a path, with a name for the tables where the file's own will not do.

    Returns:
        One corpus; MADial-Bench and facts in several languages give one for each language.

    Raises:
        DatasetError: there is no such file, its form is not known, a key is missing or a value wrong, or
            there is nothing to ask.
    """
    name, separator, place = argument.partition("=")
    path = Path(place if separator else argument)
    if not path.exists():
        raise DatasetError(f"{path}: no such file or directory")
    try:
        corpora = _directory(path) if path.is_dir() else _file(path)
    except KeyError as error:
        raise DatasetError(f"{path}: an entry has no {error}") from error
    if separator:
        corpora = [Corpus(name + one.name[len(path.stem) :], one.conversations, one.unit) for one in corpora]
    for one in corpora:
        if not any(question.kind != ADVERSARIAL for question in one.questions()):
            raise DatasetError(f"{path}: no question names a turn as its evidence")
    return corpora


def _directory(path: Path) -> list[Corpus]:
    if madial := sorted(path.glob("MADial-Bench-*-dialogue.json")):
        return [_madial(path, dialogues) for dialogues in madial]
    chats = sorted(path.glob("*/chat.json"), key=lambda chat: (len(chat.parent.name), chat.parent.name))
    if chats:
        return [Corpus(path.stem, [_beam(chat) for chat in chats])]
    talks = sorted(path.glob("Chat_*.json"))
    if talks:
        return [Corpus(path.stem, [_locomo(_json(talk), talk.stem) for talk in talks])]
    raise DatasetError(f"{path}: there is neither MADial-Bench-*-dialogue.json, */chat.json nor Chat_*.json")


def _file(path: Path) -> list[Corpus]:
    found = _lines(path) if path.suffix == ".jsonl" else _json(path)
    if isinstance(found, dict) and "qa" in found:
        return [Corpus(path.stem, _each(path, [found], _locomo))]
    if isinstance(found, dict) and found and all("facts" in _mapping(one) for one in found.values()):
        return [_facts(path.stem, language, facts) for language, facts in found.items()]
    entries = [found] if isinstance(found, dict) else found
    if not isinstance(entries, list) or not entries:
        raise DatasetError(f"{path}: expected a list of conversations")
    return [Corpus(path.stem, _each(path, entries, _locomo if "conversation" in entries[0] else _plain))]


def _each(path: Path, entries: Sequence[Any], form: Callable[[Any, str], Conversation]) -> list[Conversation]:
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(form(entry, str(number)))
        except KeyError as error:
            raise DatasetError(f"{path}: conversation {number} has no {error}") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise DatasetError(f"{path}: conversation {number}: {error}") from error
    return found


def _conversation(
    name: str,
    sessions: Iterable[Session],
    questions: Iterable[tuple[str, str, frozenset[str]]],
    unanswerable: Iterable[str] = (),
) -> Conversation:
    kept = [session for session in sessions if session.turns]
    known = {turn.id for session in kept for turn in session.turns}
    unit = digest(turn.text for session in kept for turn in session.turns)
    asked = [
        Question(text, kind, evidence & known, unit) for text, kind, evidence in questions if evidence & known
    ]
    return Conversation(name, kept, asked, list(unanswerable))


def _plain(entry: Entry, number: str) -> Conversation:
    """Read a conversation of the simple form; see docs/retrieval.md."""
    sessions: dict[str, Session] = {}
    places: dict[str, str] = {}
    for turn in entry["turns"]:
        at = _moment(turn["at"]) if turn.get("at") else None
        name = turn.get("session", turn.get("batch", "1"))
        alone = name is None
        name = f"note {turn['id']}" if alone else str(name)
        session = sessions.setdefault(name, Session(None if alone else name, at, []))
        places[str(turn["id"])] = f"{name}:{turn['id']}"
        if turn["text"].strip():
            role = turn.get("role", "user")
            place = places[str(turn["id"])]
            session.turns.append(Turn(place, turn["text"], turn.get("speaker"), role, at))
    questions = (
        (
            item["question"],
            str(item.get("kind", "question")),
            frozenset(places[str(one)] for one in item["evidence"] if str(one) in places),
        )
        for item in entry["questions"]
    )
    name = str(entry.get("name", entry.get("chat", number)))
    unanswerable = (item["question"] for item in entry["questions"] if not item["evidence"])
    return _conversation(name, sessions.values(), questions, unanswerable)


def _locomo(entry: Entry, number: str) -> Conversation:
    """Read a conversation of LoCoMo (Maharana et al., 2024) or REALTALK (Lee et al., 2025)."""
    told = entry.get("conversation", entry)
    categories = CATEGORIES if "conversation" in entry else _REALTALK_CATEGORIES
    sessions = [
        Session(
            name,
            _moment(told[f"{name}_date_time"]),
            [said for turn in told[name] if (said := _locomo_turn(turn)) is not None],
        )
        for n in range(1, len(told))
        if told.get(name := f"session_{n}")
    ]
    questions = (
        (item["question"], _category(item["category"], categories), _noted(item)) for item in entry["qa"]
    )
    return _conversation(str(entry.get("sample_id", number)), sessions, questions)


def _locomo_turn(turn: Entry) -> Turn | None:
    text = turn["clean_text"] if "clean_text" in turn else turn["text"]
    if caption := turn.get("blip_caption"):
        text = f"{text} [shares {caption}]"
    at = _moment(turn["date_time"]) if turn.get("date_time") else None
    return Turn(_place(turn["dia_id"]), text, turn["speaker"], at=at) if text.strip() else None


def _place(noted: str) -> str:
    found = _EVIDENCE.fullmatch(noted)
    return noted if found is None else f"D{int(found[1])}:{int(found[2])}"


def _category(number: int, categories: Mapping[int, str]) -> str:
    if number not in categories:
        raise ValueError(f"category: expected one of {', '.join(map(str, categories))}, got {number!r}")
    return categories[number]


def _noted(item: Entry) -> frozenset[str]:
    evidence = item.get("evidence") or ()
    found = _EVIDENCE.findall(evidence if isinstance(evidence, str) else " ".join(evidence))
    return frozenset(f"D{int(session)}:{int(turn)}" for session, turn in found)


def _beam(path: Path) -> Conversation:
    """Read a chat of BEAM (Tavakoli et al., 2025), of 100K to 1M tokens.

    Turns have no time but the day on which some of them begin; they are put a minute apart, from nine.
    """
    sessions, at = [], None
    for batch in _json(path):
        turns, name = [], str(batch["batch_number"])
        began = None
        for turn in (turn for group in batch["turns"] for turn in group):
            if anchor := turn.get("time_anchor"):
                at = _moment(anchor) + timedelta(hours=9)
            if at is not None:
                at += timedelta(minutes=1)
            began = began or at
            if text := _PLACE.sub("", turn["content"]).strip():
                turns.append(Turn(f"{name}:{turn['id']}", text, role=turn["role"], at=at))
        sessions.append(Session(name, began, turns))
    places = {turn.id.rpartition(":")[2]: turn.id for session in sessions for turn in session.turns}
    asked = _json(path.parent / "probing_questions" / "probing_questions.json")
    questions = (
        (
            item["question"],
            kind,
            frozenset(places[one] for one in _chat_ids(item.get("source_chat_ids")) if one in places),
        )
        for kind, items in asked.items()
        for item in items
    )
    unanswerable = (item["question"] for item in asked.get("abstention", ()))
    return _conversation(path.parent.name, sessions, questions, unanswerable)


def _chat_ids(noted: Any) -> Iterator[str]:
    """Yield the ids in what may be a number, a list, a mapping of lists or nothing."""
    if isinstance(noted, Mapping):
        noted = list(noted.values())
    if isinstance(noted, list):
        for one in noted:
            yield from _chat_ids(one)
    elif noted is not None:
        yield from _NUMBER.findall(str(noted))


def _madial(folder: Path, path: Path) -> Corpus:
    """Read MADial-Bench (He et al., 2025): the turn of the user before a reply that calls for memories."""
    language = path.name.split("-")[2]
    memories: dict[str, Entry] = {}
    for line in _lines(path.with_name(path.name.replace("dialogue", "memory"))):
        memories |= line
    sessions = [
        Session(None, _moment(memory["time"]), [Turn(f"{number}:1", memory["event"])])
        for number, memory in memories.items()
    ]
    questions = []
    for dialogue in _lines(path):
        evidence = frozenset(f"{n}:1" for n in dialogue["relevant-id"] if str(n) in memories)
        said = dialogue["dialogue"][dialogue["test-turn"][0] - 1].strip()
        text = _SAID.sub("", said).strip('"“”')
        if evidence:
            questions.append(Question(text, "dialogue", evidence, digest(dialogue["dialogue"])))
    name = f"{folder.stem}-{language}"
    return Corpus(name, [Conversation(name, sessions, questions)], "dialogues")


def _facts(stem: str, language: str, told: Entry) -> Corpus:
    """Read facts among others, each with questions in the same words, in other words and in English."""
    name = f"{stem}-{language}"
    facts = told["facts"]
    texts = [fact["memory"] for fact in facts] + list(told["distractors"])
    first = datetime(2025, 1, 1, tzinfo=timezone.utc)
    sessions = [
        Session(None, first + timedelta(hours=number), [Turn(f"{number}:1", text)])
        for number, text in enumerate(texts)
    ]
    questions = [
        Question(fact[form], form, frozenset({f"{number}:1"}), digest([fact["memory"]]))
        for form in _FORMS
        for number, fact in enumerate(facts)
    ]
    return Corpus(name, [Conversation(name, sessions, questions)], "facts")


def _moment(text: str) -> datetime:
    moment = None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in _DATES:
            try:
                moment = datetime.strptime(text, form)
            except ValueError:
                continue
    if moment is None:
        raise ValueError(f"expected a moment such as 2026-03-02T09:30:00, got {text!r}")
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _mapping(value: Any) -> Entry:
    return value if isinstance(value, dict) else {}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DatasetError(f"{path}: not JSON: {error}") from error


def _lines(path: Path) -> list[Any]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise DatasetError(f"{path}: not JSON lines: {error}") from error
