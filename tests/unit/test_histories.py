"""Readers of chat histories and of exports of other memories, each on a made-up export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from powermem import histories
from powermem._core.histories.values import iso
from powermem.errors import InvalidInputError
from powermem.histories import Kept, Message
from tests.support import exports
from tests.support.exports import packed, write


class Case(NamedTuple):
    """An export and what is in it: role or speaker, text, time, and the conversation of each message."""

    make: Callable[[Path], Path]
    format: str
    messages: list[tuple[str, str, str | None, str]]
    left_out: Mapping[str, int] = MappingProxyType({})
    options: Mapping[str, Any] = MappingProxyType({})


def file(name: str, content: object) -> Callable[[Path], Path]:
    return lambda folder: write(folder, name, content)


def archive(name: str, files: dict[str, object]) -> Callable[[Path], Path]:
    return lambda folder: packed(folder, name, files)


def folder(files: dict[str, object]) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        for name, content in files.items():
            write(path / "export", name, content)
        return path / "export"

    return make


GPT = [
    ("user", "I moved to Oslo last week.", "2023-11-14T22:13:20.500000+00:00", "c-1"),
    ("assistant", "How is Oslo?", "2023-11-14T22:13:20.500000+00:00", "c-1"),
    ("user", "I love the snow.\nMy cat is called Pixel.", "2023-11-14T22:13:20.500000+00:00", "c-1"),
    ("assistant", "Lovely.", "2023-11-14T22:13:20.500000+00:00", "c-1"),
]
GPT_LEFT = {
    "of the system": 1,
    "custom instructions": 1,
    "a model's reasoning": 1,
    "calls of tools": 1,
    "of tools": 1,
    "in branches that were abandoned": 1,
}
SAID = "I moved to Oslo.\n\n[note.txt]\nRent is 900 euros."
ANTHROPIC = [
    ("user", SAID, "2024-05-01T10:00:01.123456+00:00", "conv-1"),
    ("assistant", "Welcome to Norway!", "2024-05-01T10:00:05+00:00", "conv-1"),
]
GOOGLE = [
    ("user", "How far is Bergen?", "2024-05-02T10:01:00.123000+00:00", "2024-05-02"),
    ("assistant", "About 460 km.\n\n- by train", "2024-05-02T10:01:00.123000+00:00", "2024-05-02"),
    ("user", "I live in Oslo.", "2024-05-01T09:00:00+00:00", "2024-05-01"),
]
CHAT = [
    ("Ana", "I moved to Oslo.\nIt is cold: -5.", "2023-12-24T18:05:33+00:00", "Bob"),
    ("Bob", "ok", "2023-12-24T18:06:10+00:00", "Bob"),
    ("Bob", "My house", "2023-12-24T18:06:30+00:00", "Bob"),
    ("Ana", "I have a cat", "2023-12-24T18:07:00+00:00", "Bob"),
]
GRAM = [
    ("Ana", "I moved to Oslo.", "2024-05-01T12:00:10+02:00", "4321"),
    ("Bob", "Really?", "2024-05-01T12:01:10+02:00", "4321"),
]
TEAM = [
    ("ana.b", "Hi @here", "2024-05-03T11:53:20.000100+02:00", "D1"),
    (
        "ana.b",
        "I moved to Oslo & love it, @Bob. See Oslo (https://oslo.no) in #general",
        "2024-05-01T12:00:10.000200+02:00",
        "C1/1714557610.000200",
    ),
    ("Bob", "Lunch?", "2024-05-01T10:00:20.000300+00:00", "C1"),
    ("assistant", "Deployed.", "2024-05-01T10:00:40.000500+00:00", "C1"),
    ("Bob", "Nice!", "2024-05-02T10:00:00.000100+00:00", "C1/1714557610.000200"),
]
CORD = [
    ("Ana", "I moved to Oslo.", "2024-05-01T12:00:10.123456+02:00", "123456"),
    ("Bob", "Really?", "2024-05-01T12:00:20+02:00", "123456"),
    ("assistant", "News\nIt snows.", "2024-05-01T12:00:40+02:00", "123456"),
]
PACKAGE = [
    ("Ana", "I moved to Oslo.", "2024-05-01T10:00:10+00:00", "123456"),
    ("Ana", "I have a cat.", "2024-05-02T10:00:10.123000+00:00", "123457"),
]
MAIL = [
    (
        "Ana Møller",
        "I moved to Grünerløkka.\nFrom there I see the sea.",
        "2024-05-01T12:00:10+02:00",
        "<a@x>",
    ),
    ("Bob", "Nice!", "2024-05-01T13:00:10+02:00", "<a@x>"),
    ("carl@example.org", "I sold the boat.", "2024-05-02T09:00:00-07:00", "<c@x>"),
]

CASES = {
    "chatgpt": Case(file("conversations.json", [exports.CHATGPT]), "chatgpt", GPT, GPT_LEFT),
    "chatgpt, one conversation": Case(file("talk.json", exports.CHATGPT), "chatgpt", GPT, GPT_LEFT),
    "chatgpt, the archive": Case(
        archive("gpt.zip", {"user.json": {}, "chat.html": "<html>", "conversations.json": [exports.CHATGPT]}),
        "chatgpt",
        GPT,
        GPT_LEFT,
    ),
    "chatgpt, numbered files": Case(
        folder(
            {
                "conversations-001.json": [
                    exports.chatgpt(exports.node("x", "root", "user", "Later."), id="c-2")
                ],
                "conversations-000.json": [exports.CHATGPT],
            }
        ),
        "chatgpt",
        [*GPT, ("user", "Later.", "2023-11-14T22:13:20.500000+00:00", "c-2")],
        GPT_LEFT,
    ),
    "claude": Case(file("conversations.json", [exports.CLAUDE]), "claude", ANTHROPIC),
    "claude, the archive": Case(
        archive("data.zip", {"conversations.json": [exports.CLAUDE], "users.json": [], "projects.json": []}),
        "claude",
        ANTHROPIC,
    ),
    "gemini": Case(file("MyActivity.json", exports.GEMINI), "gemini", GOOGLE),
    "gemini, the archive": Case(
        archive("takeout.zip", {"Takeout/My Activity/Gemini Apps/MyActivity.json": exports.GEMINI}),
        "gemini",
        GOOGLE,
    ),
    "gemini, page": Case(
        file("MyActivity.html", exports.GEMINI_PAGE),
        "gemini",
        [
            ("user", "How far is Bergen?", "2024-05-02T12:01:00+02:00", "2024-05-02"),
            ("assistant", "About 460 km.", "2024-05-02T12:01:00+02:00", "2024-05-02"),
            ("user", "I live in Oslo & work here.", "2024-05-01T09:00:00+00:00", "2024-05-01"),
        ],
    ),
    "gemini, AI Studio": Case(
        file("Moving", exports.AI_STUDIO),
        "gemini",
        [
            ("user", "I moved to Oslo.", "2025-05-01T10:00:00+00:00", "Moving"),
            ("assistant", "Welcome!", None, "Moving"),
        ],
        {"a model's reasoning": 1},
    ),
    "whatsapp, iOS": Case(
        archive(
            "WhatsApp Chat - Bob.zip", {"_chat.txt": exports.WHATSAPP_IOS, "00000012-PHOTO.jpg": b"\xff"}
        ),
        "whatsapp",
        CHAT,
        {"notices of WhatsApp": 1, "media without text": 1},
    ),
    "whatsapp, Android": Case(
        file("WhatsApp Chat with Bob.txt", exports.WHATSAPP_ANDROID),
        "whatsapp",
        [
            ("Ana", "I moved to Oslo.\nIt is cold: -5.", "2023-12-24T18:05:00-05:00", "Bob"),
            ("Bob", "ok", "2023-12-24T18:06:00-05:00", "Bob"),
            ("Bob", "ok", "2023-12-24T18:06:00-05:00", "Bob"),
            ("Bob", "My house", "2023-12-24T18:08:00-05:00", "Bob"),
        ],
        {"notices of WhatsApp": 2, "media without text": 1, "deleted messages": 1},
        {"timezone": "America/New_York"},
    ),
    "telegram": Case(
        file("result.json", exports.TELEGRAM), "telegram", GRAM, {"notices of Telegram": 1, "without text": 1}
    ),
    "telegram, the account": Case(
        file("result.json", exports.TELEGRAM_ACCOUNT),
        "telegram",
        GRAM,
        {"notices of Telegram": 1, "without text": 1},
    ),
    "slack": Case(
        archive("slack.zip", dict(exports.SLACK)), "slack", TEAM, {"notices of Slack": 1}, {"me": "ana"}
    ),
    "slack, the folder": Case(folder(dict(exports.SLACK)), "slack", TEAM, {"notices of Slack": 1}),
    "discord": Case(file("general.json", exports.DISCORD), "discord", CORD, {"notices of Discord": 1}),
    "discord, CSV": Case(
        file("Friends - general [123456].csv", exports.DISCORD_CSV),
        "discord",
        [
            ("ana", "I moved to Oslo.\nIt is cold.", "2024-05-01T12:00:10+02:00", "123456"),
            ("bob", "Really?", "2024-05-01T12:00:20+02:00", "123456"),
        ],
    ),
    "discord, the package": Case(
        archive("package.zip", dict(exports.DISCORD_PACKAGE)), "discord", PACKAGE, {"media without text": 1}
    ),
    "csv": Case(
        file("talk.csv", exports.CSV),
        "csv",
        [
            ("Ana", "I moved to Oslo.", "2024-04-13T10:00:00+00:00", "home"),
            ("Bob", "Really?\nWow; great", "2024-05-04T10:01:00+00:00", "home"),
        ],
        {},
        {"columns": {"text": "What said", "speaker": "who", "time": "When", "conversation": "Room"}},
    ),
    "csv, usual names": Case(
        file(
            "talk.csv",
            "timestamp,role,content\n2024-05-01T10:00:00+02:00,user,I moved.\n1714557610,assistant,Nice.\n",
        ),
        "csv",
        [
            ("user", "I moved.", "2024-05-01T10:00:00+02:00", "talk"),
            ("assistant", "Nice.", "2024-05-01T10:00:10+00:00", "talk"),
        ],
    ),
    "mbox": Case(file("Sent.mbox", exports.MBOX), "mbox", MAIL),
    "zep": Case(
        file("zep.json", exports.ZEP),
        "zep",
        [
            ("Ana", "I moved to Oslo.", "2024-05-01T10:00:01+00:00", "s-1"),
            ("assistant", "How nice.", None, "s-1"),
        ],
        {"of tools": 1},
    ),
    "letta": Case(
        file("sam.af", exports.LETTA),
        "letta",
        [
            ("user", "I moved to Oslo.", "2025-05-01T10:00:02+00:00", "sam"),
            ("assistant", "Welcome!", "2025-05-01T10:00:03+00:00", "sam"),
        ],
        {"of the system": 2},
    ),
    "letta, the first version": Case(
        file("sam.af", exports.LETTA_FIRST),
        "letta",
        [("user", "I moved to Oslo.", "2025-05-01T10:00:00+00:00", "sam")],
        {"of tools": 1},
    ),
    "memobase": Case(
        file("memobase.json", exports.MEMOBASE),
        "memobase",
        [
            ("user", "I moved to Oslo.", "2025-01-14T00:00:00+00:00", "b-1"),
            ("Her", "Nice!", "2025-01-14T10:00:00+00:00", "b-1"),
        ],
    ),
}


def shown(message: Message) -> tuple[str, str, str | None, str]:
    # The name of an assistant is only looked at where it is that of a person.
    named = message.role is None or message.speaker in ("Ana", "Her")
    who = message.speaker if named else message.role
    return who or "", message.text, iso(message.at), message.conversation


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_messages(case: Case, tmp_path: Path) -> None:
    history = histories.read(case.make(tmp_path), **case.options)
    assert history.format == case.format
    found = [shown(item) for item in history if isinstance(item, Message)]
    assert found == case.messages
    assert history.report.faults == []
    left_out = {reason: count for reason, count in history.report.left_out.items() if count}
    assert left_out == left_out | dict(case.left_out)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_keys_are_unique_and_lasting(case: Case, tmp_path: Path) -> None:
    from powermem._core.histories.calls import Keys

    history = histories.read(case.make(tmp_path), **case.options)
    first, second = (
        [keys.of(one) for one in history if isinstance(one, Message)] for keys in (Keys("x"), Keys("x"))
    )
    assert first == second
    assert len(set(first)) == len(first)


MEMORIES: dict[
    str, tuple[Callable[[Path], Path], str, list[tuple[str, str | None, str | None, dict[str, Any]]]]
] = {
    "mem0": (
        file("mem0.json", exports.MEM0),
        "mem0",
        [
            (
                "Likes oolong",
                "2024-07-26T10:29:36.630547-07:00",
                "ana",
                {"topic": "tea", "categories": ["food"]},
            ),
            ("Lives in Oslo", "2024-07-27T10:00:00+00:00", "ben", {}),
        ],
    ),
    "mem0, a bare list": (
        file("mem0.json", exports.MEM0["results"]),
        "mem0",
        [
            (
                "Likes oolong",
                "2024-07-26T10:29:36.630547-07:00",
                "ana",
                {"topic": "tea", "categories": ["food"]},
            ),
            ("Lives in Oslo", "2024-07-27T10:00:00+00:00", "ben", {}),
        ],
    ),
    "mem0, OpenMemory": (
        archive("memories_export.zip", exports.OPENMEMORY),
        "mem0",
        [("Likes oolong", "2024-07-26T10:29:36+00:00", "ana", {"topic": "tea", "categories": ["food"]})],
    ),
    "zep": (
        file("zep.json", exports.ZEP),
        "zep",
        [("Ana lives in Oslo", "2024-04-20T00:00:00+00:00", "ana", {"rating": 0.9})],
    ),
    "letta": (
        file("sam.af", exports.LETTA),
        "letta",
        [("Name: Ana", "2025-05-02T10:00:00+00:00", None, {"label": "human", "description": "The user"})],
    ),
    "letta, the first version": (
        file("sam.af", exports.LETTA_FIRST),
        "letta",
        [("Name: Ana", "2025-04-01T10:00:00+00:00", None, {"label": "human"})],
    ),
    "memobase": (
        file("memobase.json", exports.MEMOBASE),
        "memobase",
        [
            (
                "contact info, city: Oslo",
                "2025-01-14T10:00:00.123000+00:00",
                "ana",
                {"topic": "contact_info", "sub_topic": "city"},
            ),
            (
                "- Ana moved to Oslo",
                "2025-01-14T10:00:00+00:00",
                "ana",
                {"kind": "event", "event_tags": {"mood": "happy"}},
            ),
            ("interest, pets: has a cat", "2025-01-15T10:00:00+00:00", "ana", {"kind": "event"}),
        ],
    ),
    "mcp-memory": (
        file("memory.json", exports.MCP_MEMORY),
        "mcp-memory",
        [
            ("Ana_Berg: Lives in Oslo", None, None, {"entity": "Ana_Berg", "entity_type": "person"}),
            ("Ana Berg is a nurse", None, None, {"entity": "Ana_Berg", "entity_type": "person"}),
            (
                "Ana_Berg works at Hospital",
                None,
                None,
                {"relation_from": "Ana_Berg", "relation_to": "Hospital", "relation_type": "works_at"},
            ),
        ],
    ),
    "claude": (
        archive(
            "data.zip", {"conversations.json": [exports.CLAUDE], "memories.json": exports.CLAUDE_MEMORIES}
        ),
        "claude",
        [
            ("Ana is a nurse.", None, None, {}),
            ("Likes oolong tea", None, None, {}),
            ("Has a cat", None, None, {}),
            ("The project is a boat.", None, None, {"about": "project p-1"}),
        ],
    ),
}


@pytest.mark.parametrize("case", MEMORIES.values(), ids=list(MEMORIES))
def test_memories(case: tuple[Callable[[Path], Path], str, list[Any]], tmp_path: Path) -> None:
    make, format, expected = case
    history = histories.read(make(tmp_path))
    assert history.format == format
    found = [
        (one.text, None if one.at is None else one.at.isoformat(), one.user_id, dict(one.metadata))
        for one in history
        if isinstance(one, Kept)
    ]
    assert found == expected
    assert history.report.faults == []


def test_zep_facts_end(tmp_path: Path) -> None:
    [fact] = [one for one in histories.read(write(tmp_path, "z.json", exports.ZEP)) if isinstance(one, Kept)]
    assert iso(fact.until) == "2025-01-01T00:00:00+00:00"


def test_replies_and_what_else_is_kept(tmp_path: Path) -> None:
    telegram = list(histories.read(write(tmp_path, "result.json", exports.TELEGRAM)))
    assert isinstance(telegram[1], Message)
    assert (telegram[1].reply_to, telegram[1].metadata) == ("2", {"forwarded_from": "News"})
    discord = [
        one for one in histories.read(write(tmp_path, "d.json", exports.DISCORD)) if isinstance(one, Message)
    ]
    assert (discord[1].reply_to, discord[1].metadata) == ("1001", {"attachments": ["y.png"]})
    slack = [
        one for one in histories.read(packed(tmp_path, "s.zip", exports.SLACK)) if isinstance(one, Message)
    ]
    assert (slack[-1].reply_to, slack[-1].metadata) == (
        "C1:1714557610.000200",
        {"attachments": ["photo.png"]},
    )
    assert slack[2].metadata == {"edited": True}
    mail = [
        one for one in histories.read(write(tmp_path, "m.mbox", exports.MBOX)) if isinstance(one, Message)
    ]
    assert (mail[1].reply_to, mail[1].title, mail[0].title) == ("<a@x>", "Oslo", "Oslo ❤")
    chat = [
        one
        for one in histories.read(write(tmp_path, "c.txt", exports.WHATSAPP_IOS))
        if isinstance(one, Message)
    ]
    assert chat[2].metadata == {"attachments": ["00000012-PHOTO-2023-12-24.jpg"]}


ME = {
    "an account of Telegram names its user": (file("r.json", exports.TELEGRAM_ACCOUNT), {}, "Ana"),
    "a chat of two has the name of the other": (
        file("WhatsApp Chat with Bob.txt", exports.WHATSAPP_ANDROID),
        {},
        "Ana",
    ),
    "what was sent is the user's": (file("a.mbox", exports.MBOX), {}, "Ana Møller"),
    "an id": (archive("s.zip", dict(exports.SLACK)), {"me": "U2"}, "Bob"),
    "a name in other letters": (archive("s.zip", dict(exports.SLACK)), {"me": "BOB"}, "Bob"),
    "an address": (file("a.mbox", exports.MBOX), {"me": ["x", "carl@example.org"]}, "carl@example.org"),
}


@pytest.mark.parametrize("case", ME.values(), ids=list(ME))
def test_the_user_among_the_speakers(
    case: tuple[Callable[[Path], Path], dict[str, Any], str], tmp_path: Path
) -> None:
    make, options, expected = case
    survey = histories.read(make(tmp_path), **options).survey()
    assert (survey.user, survey.undecided) == (expected, None)


def test_the_candidates_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "chat.txt", exports.WHATSAPP_ANDROID)
    with pytest.raises(InvalidInputError, match=r"--me .*: 'Bob' \(3\), 'Ana' \(1\)"):
        histories.read(path).find_user()
    with pytest.raises(
        InvalidInputError, match=r"me: 'Carl' is none of the speakers: 'Bob' \(3\), 'Ana' \(1\)"
    ):
        histories.read(path, me="Carl").survey()
    assert histories.read(path, me="Ana").find_user() == "Ana"


def test_a_silent_member_may_be_the_user(tmp_path: Path) -> None:
    survey = histories.read(packed(tmp_path, "s.zip", exports.SLACK), me="Carla").survey()
    assert (survey.undecided, [one.name for one in survey.speakers if one.is_user]) == (None, [])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", [{"role": "user", "content": "hi"}]),
        ("a.json", {"messages": [{"role": "user", "content": "hi"}]}),
        ("a.json", {"sessions": [{"date": "2024-05-01", "turns": []}]}),
        ("a.jsonl", '"I keep bees."\n'),
        ("a.txt", "Dear diary, 12 May: it rains.\n"),
        ("a.csv", "word\none\n"),
        ("a.bin", b"\x00\x01\x02"),
        ("a.json", ""),
    ],
)
def test_other_files_have_no_format(tmp_path: Path, name: str, content: object) -> None:
    with pytest.raises(InvalidInputError, match="none of the known formats; looked for chatgpt, claude"):
        histories.read(write(tmp_path, name, content))


def test_a_survey(tmp_path: Path) -> None:
    survey = histories.read(packed(tmp_path, "s.zip", exports.SLACK), me="U1").survey()
    assert (survey.format, survey.conversations, survey.messages, survey.memories) == ("slack", 3, 5, 0)
    assert [(one.name, one.id, one.messages, one.is_user) for one in survey.speakers] == [
        ("ana.b", "U1", 2, True),
        ("Bob", "U2", 2, False),
        ("Deploy", "B1", 1, False),
    ]
    assert iso(survey.first) == "2024-05-01T12:00:10.000200+02:00"
    assert iso(survey.last) == "2024-05-03T11:53:20.000100+02:00"


def test_a_day_of_activities_is_read_from_its_beginning(tmp_path: Path) -> None:
    found = [
        {"header": "Gemini Apps", "title": f"Prompted Note {hour}.", "time": f"2024-05-02T{hour}:00:00Z"}
        for hour in (12, 11, 10)
    ]
    history = histories.read(write(tmp_path, "MyActivity.json", found))
    assert [one.text for one in history if isinstance(one, Message)] == ["Note 10.", "Note 11.", "Note 12."]


LINES = {
    "mem0": (
        ['{"memory": "Likes tea"}', '{"memory": "Lik', '{"memory": "Has a cat"}'],
        ["Likes tea", "Has a cat"],
    ),
    "zep": (
        ['{"fact": "Ana has a cat", "uuid": "1"}', "{", '{"fact": "Ana likes tea", "uuid": "2"}'],
        ["Ana has a cat", "Ana likes tea"],
    ),
    "mcp-memory": (
        [
            '{"type": "entity", "name": "Ana", "entityType": "p", "observations": ["Ana has a cat"]}',
            '{"type": ',
            '{"type": "relation", "from": "Ana", "to": "Oslo", "relationType": "lives_in"}',
        ],
        ["Ana has a cat", "Ana lives in Oslo"],
    ),
}


@pytest.mark.parametrize("format", LINES)
def test_a_broken_line_is_told_by_its_number(tmp_path: Path, format: str) -> None:
    lines, texts = LINES[format]
    history = histories.read(write(tmp_path, "a.jsonl", "\n".join(lines)))
    assert (history.format, [one.text for one in history]) == (format, texts)
    [fault] = history.report.faults
    assert fault.where == "line 2"


def test_rows_of_csv_that_are_broken(tmp_path: Path) -> None:
    rows = [
        "text,speaker",
        "I like tea.,Ana",
        "I like,rain.,Ana",
        '"I like snow.,Ana',
        "I",
        "I like sun.,Ana",
    ]
    history = histories.read(write(tmp_path, "a.csv", "\n".join(rows)))
    assert [one.text for one in history] == ["I like tea.", "I like sun."]
    assert [fault.where for fault in history.report.faults] == ["line 3", "line 4", "line 5"]


def test_a_line_of_a_mail_that_begins_like_an_envelope(tmp_path: Path) -> None:
    mail = (
        "From a@x Wed May 01 10:00:00 2024\nFrom: a@x\nSubject: s\n\nHi.\n\nFrom 2019 on we lived in Oslo.\n"
    )
    [found] = histories.read(write(tmp_path, "a.mbox", mail))
    assert found.text == "Hi.\n\nFrom 2019 on we lived in Oslo."


PARTS: dict[str, tuple[object, list[tuple[str, str]]]] = {
    "a session": (
        {
            "session_id": "s-9",
            "user_id": "ana",
            "messages": [{"uuid": "1", "role": "user", "role_type": "user", "content": "hi"}],
            "facts": [{"uuid": "2", "fact": "Ana has a cat", "created_at": "2024-01-01T00:00:00Z"}],
        },
        [("hi", "s-9"), ("Ana has a cat", "ana")],
    ),
    "a memory": (
        {
            "messages": [{"uuid": "1", "role": "user", "role_type": "user", "content": "hi"}],
            "relevant_facts": [{"uuid": "2", "fact": "Ana has a cat", "created_at": "2024-01-01T00:00:00Z"}],
        },
        [("hi", "session"), ("Ana has a cat", "None")],
    ),
    "facts": ({"facts": [{"uuid": "2", "fact": "A cat", "created_at": "2024-01-01"}]}, [("A cat", "None")]),
}


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_what_zep_returns(tmp_path: Path, part: str) -> None:
    content, expected = PARTS[part]
    history = histories.read(write(tmp_path, "zep.json", content))
    found = [
        (one.text, one.conversation if isinstance(one, Message) else str(one.user_id)) for one in history
    ]
    assert (history.format, found, history.report.faults) == ("zep", expected, [])


def test_halves_of_the_day_in_tables(tmp_path: Path) -> None:
    table = "AuthorID,Author,Date,Content,Attachments,Reactions\n1,ana,01-Jan-23 01:30 PM,hello,,\n"
    [found] = histories.read(write(tmp_path, "Friends - general [123456].csv", table))
    assert iso(found.at) == "2023-01-01T13:30:00+00:00"
