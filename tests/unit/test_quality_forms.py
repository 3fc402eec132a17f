"""The forms of files that the harness for retrieval reads, on conversations made up here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality.dataset import Conversation, DatasetError
from benchmarks.quality.forms import read

LOCOMO: dict[str, Any] = {
    "sample_id": "talk-0",
    "conversation": {
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"dia_id": "D1:1", "speaker": "Ana", "text": "I bake.", "blip_caption": "bread"},
            {"dia_id": "D1:2", "speaker": "Bo", "text": "And I row."},
        ],
        "session_2_date_time": "2023-06-01",
        "session_2": [{"dia_id": "D2:2", "speaker": "Bo", "text": "I sold the boat."}],
    },
    "qa": [
        {"question": "What does Ana do?", "category": 4, "evidence": ["D1:1"]},
        {"question": "What does Ana row?", "category": 5, "evidence": ["D1:2"]},
    ],
}
PLAIN: dict[str, Any] = {
    "name": "support-1",
    "turns": [
        {
            "id": 7,
            "session": "a",
            "role": "user",
            "speaker": "Ana",
            "at": "2026-03-02T09:30:00",
            "text": "Hi",
        },
        {"id": 8, "session": "a", "role": "assistant", "text": "Row 1000 is the limit."},
        {"id": 9, "session": "b", "text": "  "},
        {"id": 10, "session": None, "text": "Ana pays monthly."},
    ],
    "questions": [
        {"question": "What is the limit?", "evidence": [8], "kind": "fact"},
        {"question": "Who knows?", "evidence": [9]},
        {"question": "Who pays?", "evidence": [10]},
        {"question": "What is the weather?", "evidence": []},
    ],
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes values as JSON below a directory."""

    def write(**files: Any) -> Path:
        for name, value in files.items():
            path = tmp_path / name.replace("__", "/").replace("_json", ".json").replace("_lines", ".jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return tmp_path

    return write


def _said(conversation: Conversation) -> list[tuple[str, str | None, str, str]]:
    return [(turn.id, turn.speaker, turn.role, turn.text) for turn in conversation.turns()]


def _asked(conversation: Conversation) -> list[tuple[str, str, set[str]]]:
    return [(question.text, question.kind, set(question.evidence)) for question in conversation.questions]


def test_locomo(write: Callable[..., Path]) -> None:
    (corpus,) = read(str(write(locomo_json=[LOCOMO]) / "locomo.json"))
    (talk,) = corpus.conversations
    assert (corpus.name, corpus.unit, talk.name) == ("locomo", "conversations", "talk-0")
    assert _said(talk) == [
        ("D1:1", "Ana", "user", "I bake. [shares bread]"),
        ("D1:2", "Bo", "user", "And I row."),
        ("D2:2", "Bo", "user", "I sold the boat."),
    ]
    assert [one.began for one in talk.sessions] == [
        datetime(2023, 5, 8, 13, 56, tzinfo=timezone.utc),
        datetime(2023, 6, 1, tzinfo=timezone.utc),
    ]
    assert _asked(talk) == [
        ("What does Ana do?", "single-hop", {"D1:1"}),
        ("What does Ana row?", "adversarial", {"D1:2"}),
    ]


def test_evidence_noted_by_hand_is_understood(write: Callable[..., Path]) -> None:
    noted: list[list[str]] = [["D1:1; D2:2"], ["D:1:02"], ["D9:9"], []]
    entry = {**LOCOMO, "qa": [{"question": "?", "category": 1, "evidence": one} for one in noted]}
    (corpus,) = read(str(write(locomo_json=[entry]) / "locomo.json"))
    assert [question.evidence for question in corpus.questions()] == [{"D1:1", "D2:2"}, {"D1:2"}]


def test_realtalk(write: Callable[..., Path]) -> None:
    turns = [
        {"dia_id": "D1:1", "speaker": "Ana", "clean_text": "Hey", "date_time": "29.12.2023, 14:00:05"},
        {"dia_id": "D1:2", "speaker": "Ana", "clean_text": "", "date_time": "29.12.2023, 14:00:09"},
    ]
    talk = {
        "name": {"speaker_1": "Ana", "speaker_2": "Bo"},
        "session_1_date_time": "29.12.2023, 14:00:05",
        "session_1": turns,
        "qa": [{"question": "Who greets?", "category": 3, "evidence": ["D1:1"]}],
    }
    folder = write(talks__Chat_1_Ana_json=talk, talks__Chat_2_Bo_json=talk) / "talks"
    (corpus,) = read(str(folder))
    assert [one.name for one in corpus.conversations] == ["Chat_1_Ana", "Chat_2_Bo"]
    (turn,) = corpus.conversations[0].turns()
    assert (turn.text, turn.at) == ("Hey", datetime(2023, 12, 29, 14, 0, 5, tzinfo=timezone.utc))
    assert _asked(corpus.conversations[0]) == [("Who greets?", "inference", {"D1:1"})]


def test_beam(write: Callable[..., Path]) -> None:
    chat = [
        {
            "batch_number": 1,
            "turns": [
                [
                    {"role": "user", "id": 0, "time_anchor": "March-15-2024", "content": "I sail. ->-> 1,1"},
                    {"role": "assistant", "id": 1, "content": "Nice."},
                ]
            ],
        },
        {"batch_number": 2, "turns": [[{"role": "user", "id": 2, "content": "I sold it. ->-> 2,10"}]]},
    ]
    asked = {
        "abstention": [{"question": "Why?"}],
        "knowledge_update": [
            {"question": "Do I sail?", "source_chat_ids": {"first": [0], "second": [2, [9]]}}
        ],
        "event_ordering": [{"question": "In which order?", "source_chat_ids": [0, 2]}],
    }
    folder = write(
        **{
            "100K__10__chat_json": chat,
            "100K__10__probing_questions__probing_questions_json": asked,
            "100K__9__chat_json": chat,
            "100K__9__probing_questions__probing_questions_json": asked,
        }
    )
    (corpus,) = read(str(folder / "100K"))
    assert (corpus.name, [one.name for one in corpus.conversations]) == ("100K", ["9", "10"])
    talk = corpus.conversations[0]
    assert _said(talk) == [
        ("1:0", None, "user", "I sail."),
        ("1:1", None, "assistant", "Nice."),
        ("2:2", None, "user", "I sold it."),
    ]
    assert [turn.at for turn in talk.turns()] == [
        datetime(2024, 3, 15, 9, minute, tzinfo=timezone.utc) for minute in (1, 2, 3)
    ]
    assert _asked(talk) == [
        ("Do I sail?", "knowledge_update", {"1:0", "2:2"}),
        ("In which order?", "event_ordering", {"1:0", "2:2"}),
    ]


def test_madial(write: Callable[..., Path]) -> None:
    memories = "\n".join(
        json.dumps({number: {"time": "2023-12-25", "event": event}})
        for number, event in (("1", "Bart danced."), ("4", "Bart ate."))
    )
    dialogue = {
        "dialogue": ["<BOD>\n", '<Bart>: "I will sing!"\n', '<Assistant>: "You danced."\n'],
        "test-turn": [2],
        "relevant-id": [1, 78],
    }
    folder = write(
        **{
            f"madial__MADial-Bench-{language}-{kind}_json": text
            for language in ("en", "zh")
            for kind, text in (("memory", memories), ("dialogue", json.dumps(dialogue)))
        }
    )
    corpora = read(f"dialogues={folder / 'madial'}")
    assert [(one.name, one.unit) for one in corpora] == [
        ("dialogues-en", "dialogues"),
        ("dialogues-zh", "dialogues"),
    ]
    (talk,) = corpora[0].conversations
    assert [(one.name, one.began) for one in talk.sessions] == [
        (None, datetime(2023, 12, 25, tzinfo=timezone.utc))
    ] * 2
    assert _asked(talk) == [("I will sing!", "dialogue", {"1:1"})]


def test_facts_in_several_languages(write: Callable[..., Path]) -> None:
    fact = {"memory": "Ich wohne in Ulm.", "same_words": "Wo wohne ich?"}
    fact |= {"other_words": "Mein Ort?", "english": "Where do I live?"}
    folder = write(facts_json={"de": {"facts": [fact], "distractors": ["Otto wohnt in Bonn."]}})
    (corpus,) = read(str(folder / "facts.json"))
    assert (corpus.name, corpus.unit) == ("facts-de", "facts")
    (talk,) = corpus.conversations
    assert [turn.text for turn in talk.turns()] == ["Ich wohne in Ulm.", "Otto wohnt in Bonn."]
    assert [question.kind for question in talk.questions] == ["same_words", "other_words", "english"]
    assert len({question.unit for question in talk.questions}) == 1


@pytest.mark.parametrize("suffix", ["_json", "_lines"])
def test_the_simple_form(suffix: str, write: Callable[..., Path]) -> None:
    text = json.dumps(PLAIN) if suffix == "_lines" else json.dumps([PLAIN])
    folder = write(**{f"mine{suffix}": text})
    (path,) = folder.iterdir()
    (corpus,) = read(f"tickets={path}")
    (talk,) = corpus.conversations
    assert (corpus.name, talk.name) == ("tickets", "support-1")
    assert _said(talk) == [
        ("a:7", "Ana", "user", "Hi"),
        ("a:8", None, "assistant", "Row 1000 is the limit."),
        ("note 10:10", None, "user", "Ana pays monthly."),
    ]
    assert [(one.name, one.began) for one in talk.sessions] == [
        ("a", datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)),
        (None, None),
    ]
    assert _asked(talk) == [
        ("What is the limit?", "fact", {"a:8"}),
        ("Who pays?", "question", {"note 10:10"}),
    ]
    assert talk.unanswerable == ["What is the weather?"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "not JSON"),
        ([], "expected a list of conversations"),
        ([{**LOCOMO, "qa": None, "sample_id": "b"}], "conversation 1: 'NoneType' object is not iterable"),
        ([{"conversation": {}}], "conversation 1 has no 'qa'"),
        ([PLAIN, {"turns": []}], "conversation 2 has no 'questions'"),
        ([{**PLAIN, "turns": [{"id": 1, "text": "x", "at": "once"}]}], "expected a moment such as .* 'once'"),
        ([{**PLAIN, "questions": []}], "no question names a turn as its evidence"),
        (
            [{**LOCOMO, "qa": [{"question": "?", "category": 6, "evidence": ["D1:1"]}]}],
            "conversation 1: category: expected one of 1, 2, 3, 4, 5, got 6",
        ),
    ],
)
def test_a_file_in_another_form_is_refused(change: Any, message: str, write: Callable[..., Path]) -> None:
    with pytest.raises(DatasetError, match=message):
        read(str(write(data_json=change) / "data.json"))


def test_a_directory_without_a_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is neither MADial-Bench"):
        read(str(tmp_path))
