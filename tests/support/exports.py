"""Made-up exports of chats and of other memories, in the formats that the services write."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(folder: Path, name: str, content: object) -> Path:
    """Write a file: bytes or text as they are, a list of lines, or a value as JSON."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def packed(folder: Path, name: str, files: Mapping[str, object]) -> Path:
    """Write a ZIP archive of such files."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            if isinstance(content, bytes):
                archive.writestr(member, content)
            else:
                archive.writestr(member, content if isinstance(content, str) else json.dumps(content))
    return path


def node(
    id: str,
    parent: str | None,
    role: str = "user",
    *parts: Any,
    kind: str = "text",
    at: float = 1_700_000_000.5,
    **more: Any,
) -> dict[str, Any]:
    """A node of a conversation of ChatGPT."""
    content: dict[str, Any] = {"content_type": kind}
    if kind in ("text", "multimodal_text"):
        content["parts"] = list(parts)
    elif kind == "thoughts":
        content["thoughts"] = [{"summary": "Thinking", "content": part} for part in parts]
    else:
        content["text"] = "".join(parts)
    message = {
        "id": f"m-{id}",
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": at,
        "content": content,
        "status": "finished_successfully",
        "weight": 1.0,
        "recipient": "all",
        "metadata": {},
        **more,
    }
    return {"id": id, "message": message, "parent": parent, "children": []}


def chatgpt(
    *nodes: dict[str, Any], id: str = "c-1", current: str | None = None, **more: Any
) -> dict[str, Any]:
    """A conversation of ChatGPT with a root, and the nodes below it."""
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": []}}
    mapping |= {one["id"]: one for one in nodes}
    for one in nodes:
        mapping[one["parent"]]["children"].append(one["id"])
    return {
        "title": "Moving north",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": mapping,
        "current_node": current or nodes[-1]["id"],
        "conversation_id": id,
        "id": id,
        **more,
    }


CHATGPT = chatgpt(
    node("s", "root", "system", "", weight=0),
    node("i", "s", "user", "I am a nurse.", kind="user_editable_context"),
    node("h", "i", "system", "Hidden.", metadata={"is_visually_hidden_from_conversation": True}),
    node("u1", "h", "user", "I moved to Oslo last week."),
    node("t", "u1", "assistant", "The user moved.", kind="thoughts"),
    node("code", "t", "assistant", "search('Oslo')", kind="code", recipient="browser"),
    node("out", "code", "tool", "Oslo is a city.", kind="execution_output"),
    node("a1", "out", "assistant", "How is \ue200cite\ue202turn0search1\ue201Oslo?"),
    node("old", "a1", "user", "An abandoned question."),
    node(
        "u2",
        "a1",
        "user",
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"},
        {"content_type": "audio_transcription", "text": "I love the snow.", "direction": "in"},
        "My cat is called Pixel.",
        kind="multimodal_text",
        metadata={"attachments": [{"id": "file-1", "name": "cat.png"}]},
    ),
    node("a2", "u2", "assistant", "Lovely."),
)

CLAUDE = {
    "uuid": "conv-1",
    "name": "Moving north",
    "created_at": "2024-05-01T10:00:00.123456Z",
    "updated_at": "2024-05-01T10:05:00.123456Z",
    "account": {"uuid": "acc-1"},
    "chat_messages": [
        {
            "uuid": "m1",
            "text": "I moved to Oslo.",
            "content": [{"type": "text", "text": "I moved to Oslo.", "citations": []}],
            "sender": "human",
            "created_at": "2024-05-01T10:00:01.123456Z",
            "updated_at": "2024-05-01T10:00:01.123456Z",
            "attachments": [
                {"file_name": "note.txt", "file_type": "txt", "extracted_content": "Rent is 900 euros."}
            ],
            "files": [{"file_name": "map.png"}],
        },
        {
            "uuid": "m2",
            "text": "",
            "content": [
                {"type": "thinking", "thinking": "Hm."},
                {"type": "tool_use", "name": "web_search", "input": {}},
                {"type": "tool_result", "content": [{"type": "text", "text": "found"}]},
                {"type": "text", "text": "Welcome to Norway!"},
            ],
            "sender": "assistant",
            "created_at": "2024-05-01T10:00:05Z",
            "attachments": [],
            "files": [],
        },
    ],
}

CLAUDE_MEMORIES = [
    {
        "conversations_memory": "**Work context**\n\nAna is a nurse.\n\n- Likes oolong tea\n- Has a cat",
        "project_memories": {"p-1": "The project is a boat."},
        "account_uuid": "acc-1",
    }
]

GEMINI = [
    {
        "header": "Gemini Apps",
        "title": "Prompted How far is Bergen? Attached 1 file.",
        "time": "2024-05-02T10:01:00.123Z",
        "products": ["Gemini Apps"],
        "safeHtmlItem": [{"html": "<p>About <b>460</b> km.</p><ul><li>by train</li></ul>"}],
    },
    {"header": "Gemini Apps", "title": "Used an Assistant feature", "time": "2024-05-02T10:00:30Z"},
    {
        "header": "Gemini Apps",
        "title": "Prompted I live in Oslo.",
        "time": "2024-05-01T09:00:00Z",
        "products": ["Gemini Apps"],
    },
    {"header": "YouTube", "title": "Watched a film", "time": "2024-05-01T09:00:00Z", "products": ["YouTube"]},
]

_CELL = (
    '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid">'
    '<div class="header-cell mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">Gemini Apps<br></p></div>'
    '<div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1">{text}</div>'
    '<div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1 mdl-typography--text-right"></div>'
    '<div class="content-cell mdl-cell mdl-cell--12-col mdl-typography--caption"><b>Products:</b><br>Gemini</div>'
    "</div></div>"
)


def page(*cells: str) -> str:
    """My Activity as HTML."""
    found = "".join(_CELL.format(text=text) for text in cells)
    return f'<html><head><title>My Activity</title></head><body><div class="mdl-grid">{found}</div></body></html>'


GEMINI_PAGE = page(
    "Prompted\xa0How far is Bergen?<br>May 2, 2024, 12:01:00\u202fPM CEST<br><p>About 460 km.</p>",
    "Prompted\xa0I live in Oslo &amp; work here.<br>1 May 2024, 09:00:00 UTC<br>",
)

AI_STUDIO = {
    "runSettings": {"model": "models/gemini-2.5-pro"},
    "systemInstruction": {},
    "chunkedPrompt": {
        "chunks": [
            {
                "text": "I moved to Oslo.",
                "role": "user",
                "tokenCount": 5,
                "createTime": "2025-05-01T10:00:00Z",
            },
            {"text": "Thinking", "role": "model", "isThought": True},
            {"text": "Welcome!", "role": "model", "finishReason": "STOP"},
        ],
        "pendingInputs": [{"text": "", "role": "user"}],
    },
}

WHATSAPP_IOS = (
    "\ufeff[24.12.23, 18:05:00] Bob: \u200eMessages and calls are end-to-end encrypted. No one outside of this chat, "
    "not even WhatsApp, can read or listen to them.\r\n"
    "[24.12.23, 18:05:33] Ana: I moved to Oslo.\r\nIt is cold: -5.\r\n"
    "[24.12.23, 18:06:10] Bob: ok\r\n"
    "\u200e[24.12.23, 18:06:20] Bob: \u200eimage omitted\r\n"
    "\u200e[24.12.23, 18:06:30] Bob: My house \u200e<attached: 00000012-PHOTO-2023-12-24.jpg>\r\n"
    "[24.12.23, 18:07:00] Ana: I have a cat \u200e<This message was edited>\r\n"
)
WHATSAPP_ANDROID = (
    "12/24/23, 6:05\u202fPM - Messages and calls are end-to-end encrypted. Only people in this chat can read them.\n"
    "12/24/23, 6:05\u202fPM - Ana: I moved to Oslo.\nIt is cold: -5.\n"
    "12/24/23, 6:06\u202fPM - Bob: ok\n"
    "12/24/23, 6:06\u202fPM - Bob: ok\n"
    '12/24/23, 6:06\u202fPM - Ana changed the group name from "A: b" to "C"\n'
    "12/24/23, 6:07\u202fPM - Bob: <Media omitted>\n"
    "12/24/23, 6:08\u202fPM - Bob: IMG-20231224-WA0001.jpg (file attached)\nMy house\n"
    "12/24/23, 6:09\u202fPM - Bob: This message was deleted\n"
)

TELEGRAM = {
    "name": "Bob",
    "type": "personal_chat",
    "id": 4321,
    "messages": [
        {
            "id": 1,
            "type": "service",
            "date": "2024-05-01T12:00:00",
            "date_unixtime": "1714557600",
            "actor": "Ana",
            "actor_id": "user1",
            "action": "create_group",
            "text": "",
        },
        {
            "id": 2,
            "type": "message",
            "date": "2024-05-01T12:00:10",
            "date_unixtime": "1714557610",
            "from": "Ana",
            "from_id": "user1",
            "text": ["I moved to ", {"type": "bold", "text": "Oslo"}, "."],
            "text_entities": [],
        },
        {
            "id": 3,
            "type": "message",
            "date": "2024-05-01T12:01:10",
            "date_unixtime": "1714557670",
            "from": "Bob",
            "from_id": "user2",
            "reply_to_message_id": 2,
            "forwarded_from": "News",
            "text": "Really?",
        },
        {
            "id": 4,
            "type": "message",
            "date": "2024-05-01T12:02:10",
            "date_unixtime": "1714557730",
            "from": "Bob",
            "from_id": "user2",
            "photo": "(File not included. Change data exporting settings to download.)",
            "text": "",
        },
    ],
}
TELEGRAM_ACCOUNT = {
    "about": "Here is the data you requested.",
    "personal_information": {"user_id": 1, "first_name": "Ana", "phone_number": "+0"},
    "contacts": {"about": "", "list": [{"first_name": "Bob"}]},
    "chats": {
        "about": "",
        "list": [TELEGRAM, {"name": "Team", "type": "private_group", "id": 9, "messages": []}],
    },
}

SLACK: dict[str, Any] = {
    "users.json": [
        {
            "id": "U1",
            "name": "ana",
            "real_name": "Ana Berg",
            "profile": {"display_name": "ana.b"},
            "tz": "Europe/Oslo",
            "is_bot": False,
        },
        {"id": "U2", "name": "bob", "real_name": "Bob", "profile": {"display_name": ""}},
        {"id": "U3", "name": "carla", "real_name": "Carla", "profile": {"display_name": ""}},
    ],
    "channels.json": [{"id": "C1", "name": "general", "members": ["U1", "U2"]}],
    "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
    "general/2024-05-01.json": [
        {
            "type": "message",
            "subtype": "channel_join",
            "user": "U2",
            "ts": "1714557600.000100",
            "text": "joined",
        },
        {
            "type": "message",
            "user": "U1",
            "ts": "1714557610.000200",
            "thread_ts": "1714557610.000200",
            "reply_count": 1,
            "text": "I moved to Oslo &amp; love it, <@U2>. See <https://oslo.no|Oslo> in <#C1|general>",
        },
        {
            "type": "message",
            "user": "U2",
            "ts": "1714557620.000300",
            "text": "Lunch?",
            "edited": {"user": "U2"},
        },
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "username": "Deploy",
            "ts": "1714557640.000500",
            "text": "",
            "attachments": [{"fallback": "Deployed."}],
        },
    ],
    "general/2024-05-02.json": [
        {
            "type": "message",
            "user": "U2",
            "ts": "1714644000.000100",
            "thread_ts": "1714557610.000200",
            "parent_user_id": "U1",
            "text": "Nice!",
            "files": [{"name": "photo.png"}],
        }
    ],
    "D1/2024-05-03.json": [
        {"type": "message", "user": "U1", "ts": "1714730000.000100", "text": "Hi <!here>"}
    ],
}

DISCORD = {
    "guild": {"id": "1", "name": "Friends"},
    "channel": {"id": "123456", "type": "GuildTextChat", "name": "general"},
    "dateRange": {"after": None, "before": None},
    "exportedAt": "2024-06-01T00:00:00+00:00",
    "messages": [
        {
            "id": "1001",
            "type": "Default",
            "timestamp": "2024-05-01T12:00:10.1234567+02:00",
            "timestampEdited": None,
            "content": "I moved to Oslo.",
            "author": {"id": "11", "name": "ana", "nickname": "Ana", "isBot": False},
            "attachments": [],
        },
        {
            "id": "1002",
            "type": "Reply",
            "timestamp": "2024-05-01T12:00:20+02:00",
            "content": "Really?",
            "author": {"id": "12", "name": "bob", "nickname": "Bob", "isBot": False},
            "attachments": [{"id": "5", "url": "https://x/y.png", "fileName": "y.png"}],
            "reference": {"messageId": "1001", "channelId": "123456", "guildId": "1"},
        },
        {
            "id": "1003",
            "type": "GuildMemberJoin",
            "timestamp": "2024-05-01T12:00:30+02:00",
            "content": "Joined the server.",
            "author": {"id": "13", "name": "carl", "isBot": False},
        },
        {
            "id": "1004",
            "type": "Default",
            "timestamp": "2024-05-01T12:00:40+02:00",
            "content": "",
            "author": {"id": "14", "name": "helper", "isBot": True},
            "embeds": [{"title": "News", "description": "It snows."}],
        },
    ],
    "messageCount": 4,
}
DISCORD_CSV = (
    '"AuthorID","Author","Date","Content","Attachments","Reactions"\n'
    '"11","ana","2024-05-01T12:00:10.0000000+02:00","I moved to Oslo.\nIt is cold.","",""\n'
    '"12","bob","2024-05-01T12:00:20.0000000+02:00","Really?","https://x/y.png",""\n'
)
DISCORD_PACKAGE: dict[str, Any] = {
    "Account/user.json": {"id": "11", "username": "ana", "global_name": "Ana"},
    "Messages/index.json": {"123456": "Direct Message with bob#0", "123457": "general in Friends"},
    "Messages/c123456/channel.json": {"id": "123456", "type": "DM", "recipients": ["11", "12"]},
    "Messages/c123456/messages.json": [
        {"ID": 900, "Timestamp": "2024-05-01 10:00:10", "Contents": "I moved to Oslo.", "Attachments": ""},
        {"ID": 901, "Timestamp": "2024-05-01 10:00:20", "Contents": "", "Attachments": "https://x/y.png"},
    ],
    "Messages/c123457/channel.json": {
        "id": "123457",
        "name": "general",
        "guild": {"id": "1", "name": "Friends"},
    },
    "Messages/c123457/messages.csv": (
        "ID,Timestamp,Contents,Attachments\n902,2024-05-02 10:00:10.123000+00:00,I have a cat.,\n"
    ),
}

MBOX = (
    "From 1790@xxx Wed May 01 10:00:00 +0000 2024\n"
    "X-Gmail-Labels: Sent\n"
    "Message-ID: <a@x>\n"
    "Date: Wed, 1 May 2024 12:00:10 +0200\n"
    "From: =?utf-8?q?Ana_M=C3=B8ller?= <ana@example.org>\n"
    "To: Bob <bob@example.org>\n"
    "Subject: =?utf-8?b?T3NsbyDinaQ=?=\n"
    "Content-Type: text/plain; charset=iso-8859-1\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "I moved to Gr=FCnerl=F8kka.\n"
    ">From there I see the sea.\n"
    "-- \nAna\n"
    "\n"
    "From 1791@xxx Wed May 01 11:00:00 +0000 2024\n"
    "Message-ID: <b@x>\n"
    "In-Reply-To: <a@x>\n"
    "References: <a@x>\n"
    "Date: Wed, 1 May 2024 13:00:10 +0200\n"
    "From: Bob <bob@example.org>\n"
    "Subject: Re: Oslo\n"
    'Content-Type: multipart/alternative; boundary="b"\n'
    "\n"
    "--b\nContent-Type: text/plain; charset=utf-8\n\n"
    "Nice!\n\nOn Wed, 1 May 2024 at 12:00, Ana Møller <ana@example.org>\nwrote:\n\n> I moved to Grünerløkka.\n\n"
    "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Nice!</p>\n--b--\n"
    "\n"
    "From 1792@xxx Wed May 01 12:00:00 +0000 2024\n"
    "Message-ID: <c@x>\n"
    "Date: Thu, 2 May 2024 09:00:00 -0700\n"
    "From: carl@example.org\n"
    "Subject: Boat\n"
    "Content-Type: text/html; charset=utf-8\n"
    "\n"
    "<html><head><style>p {}</style></head><body><p>I sold the boat.</p><blockquote>old</blockquote></body></html>\n"
)

MEM0 = {
    "results": [
        {
            "id": "892db2ae",
            "memory": "Likes oolong",
            "hash": "aa",
            "metadata": {"topic": "tea"},
            "categories": ["food"],
            "created_at": "2024-07-26T10:29:36.630547-07:00",
            "updated_at": None,
            "user_id": "ana",
        },
        {"id": "892db2af", "memory": "Lives in Oslo", "created_at": "2024-07-27T10:00:00Z", "user_id": "ben"},
    ]
}
OPENMEMORY: dict[str, object] = {
    "memories.json": {
        "user": {"id": "u-1", "user_id": "ana"},
        "apps": [{"id": "a-1", "name": "cursor"}],
        "categories": [{"id": "k-1", "name": "food"}],
        "memories": [
            {
                "id": "892db2ae",
                "user_id": "u-1",
                "content": "Likes oolong",
                "metadata": {"topic": "tea"},
                "state": "active",
                "created_at": "2024-07-26T10:29:36+00:00",
                "category_ids": ["k-1"],
            },
            {"id": "892db2b0", "user_id": "u-1", "content": "Gone", "state": "deleted", "created_at": None},
        ],
    },
    "memories.jsonl.gz": gzip.compress(b'{"id": "892db2ae", "content": "Likes oolong", "state": "active"}\n'),
}

ZEP = {
    "sessions": [
        {
            "session_id": "s-1",
            "user_id": "ana",
            "created_at": "2024-05-01T10:00:00Z",
            "messages": [
                {
                    "uuid": "z1",
                    "role": "Ana",
                    "role_type": "user",
                    "content": "I moved to Oslo.",
                    "created_at": "2024-05-01T10:00:01Z",
                },
                {"uuid": "z2", "role": "assistant", "role_type": "assistant", "content": "How nice."},
                {"uuid": "z3", "role": "tool", "role_type": "tool", "content": "{}"},
            ],
            "facts": [
                {
                    "uuid": "f1",
                    "fact": "Ana lives in Oslo",
                    "created_at": "2024-05-01T10:00:05Z",
                    "valid_at": "2024-04-20T00:00:00Z",
                    "invalid_at": "2025-01-01T00:00:00Z",
                    "rating": 0.9,
                }
            ],
        }
    ]
}

LETTA = {
    "agents": [
        {
            "id": "agent-0",
            "name": "sam",
            "system": "You are Letta.",
            "block_ids": ["block-0"],
            "in_context_message_ids": ["message-0"],
            "messages": [
                {
                    "id": "message-0",
                    "role": "system",
                    "content": [{"type": "text", "text": "You are Letta."}],
                    "created_at": "2025-05-01T10:00:00+00:00",
                },
                {
                    "id": "message-1",
                    "role": "user",
                    "content": [{"type": "text", "text": '{"type": "heartbeat", "reason": "x"}'}],
                    "created_at": "2025-05-01T10:00:01+00:00",
                },
                {
                    "id": "message-2",
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": '{"type": "user_message", "message": "I moved to Oslo.", "time": "x"}',
                        }
                    ],
                    "created_at": "2025-05-01T10:00:02+00:00",
                },
                {
                    "id": "message-3",
                    "role": "assistant",
                    "content": [{"type": "text", "text": "I should greet."}],
                    "tool_calls": [
                        {
                            "id": "t",
                            "type": "function",
                            "function": {"name": "send_message", "arguments": '{"message": "Welcome!"}'},
                        }
                    ],
                    "created_at": "2025-05-01T10:00:03+00:00",
                },
            ],
        }
    ],
    "groups": [],
    "blocks": [
        {"id": "block-0", "label": "human", "value": "Name: Ana", "limit": 5000, "description": "The user"}
    ],
    "files": [],
    "sources": [],
    "tools": [],
    "mcp_servers": [],
    "metadata": {},
    "created_at": "2025-05-02T10:00:00+00:00",
}
LETTA_FIRST = {
    "agent_type": "memgpt_agent",
    "name": "sam",
    "core_memory": [{"label": "human", "value": "Name: Ana", "created_at": "2025-04-01T10:00:00+00:00"}],
    "messages": [
        {"role": "user", "text": "I moved to Oslo.", "created_at": "2025-05-01T10:00:00+00:00"},
        {"role": "tool", "text": "{}", "created_at": "2025-05-01T10:00:01+00:00"},
    ],
    "version": "0.6.45",
}

MEMOBASE = {
    "user_id": "ana",
    "profiles": [
        {
            "id": "p-1",
            "content": "Oslo",
            "attributes": {"topic": "contact_info", "sub_topic": "city"},
            "created_at": "2025-01-14T10:00:00.123Z",
            "updated_at": "2025-01-15T10:00:00.123Z",
        }
    ],
    "events": [
        {
            "id": "e-1",
            "event_data": {
                "event_tip": "- Ana moved to Oslo",
                "event_tags": [{"tag": "mood", "value": "happy"}],
            },
            "created_at": "2025-01-14T10:00:00Z",
        },
        {
            "id": "e-2",
            "event_data": {
                "profile_delta": [
                    {"content": "has a cat", "attributes": {"topic": "interest", "sub_topic": "pets"}}
                ]
            },
            "created_at": "2025-01-15T10:00:00Z",
        },
    ],
    "blobs": [
        {
            "id": "b-1",
            "blob_type": "chat",
            "blob_data": {
                "messages": [
                    {"role": "user", "content": "I moved to Oslo.", "created_at": "2025-01-14"},
                    {"role": "assistant", "content": "Nice!", "alias": "Her"},
                ]
            },
            "created_at": "2025-01-14T10:00:00Z",
        }
    ],
}

MCP_MEMORY = (
    '{"type":"entity","name":"Ana_Berg","entityType":"person","observations":["Lives in Oslo","Ana Berg is a nurse"]}\n'
    '{"type":"relation","from":"Ana_Berg","to":"Hospital","relationType":"works_at"}'
)

CSV = (
    "When;Who;What said;Room\n"
    "13/4/2024 10:00;Ana;I moved to Oslo.;home\n"
    '4/5/2024 10:01;Bob;"Really?\nWow; great";home\n'
)
