"""What is secret is masked by its form, whatever the length of the text, and words stay readable."""

from __future__ import annotations

import json

import pytest

from powermem._core.masking import MASK, is_key, mask_text, shown
from powermem.errors import ConfigError, FilterError, PowerMemError

KEYS = [
    "sk-abc12345",
    "sk-proj-a1B2c3D4e5F6g7H8",
    "sk-ant-api03-AbCdEf_123456-xyz",
    "gsk_abcdefghijklmnop1234",
    "hf_AbCdEfGhIjKlMnOpQrStUv",
    "AIzaSyA-1234567890abcdefg",
    "ghp_abcdefghijklmnop1234",
    "xoxb-1234567890-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "abcdef0123456789abcdef0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]
WORDS = [
    "text-embedding-3-small",
    "Qwen2.5-7B-Instruct",
    "claude-3-5-sonnet-20241022",
    "/home/me/projects/app2/data/powermem_dev.db",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-29T20:51:35+00:00",
    "1234567890123456789",
    "alice@example.com",
    "task-management",
    "http://localhost:11434/v1",
    "max_tokens: expected an integer",
]
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\nabc\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_masked(key: str) -> None:
    for text in (
        key,
        f"unknown provider {key!r}",
        f"https://host/v1?x={key}",
        f"({key})",
        f"before {key} after",
    ):
        assert key not in mask_text(text)
        assert key[6:18] not in mask_text(text)
    assert "before" in mask_text(f"before {key} after")


@pytest.mark.parametrize("word", WORDS)
def test_words_stay(word: str) -> None:
    assert mask_text(f"got {word}") == f"got {word}"
    assert not is_key(word)


@pytest.mark.parametrize(
    ("text", "secret", "stays"),
    [
        ("postgresql://user:hunter2@db.example/app", "hunter2", "@db.example/app"),
        ("user:hunter2@db.example", "hunter2", "db.example"),
        ("dsn=mysql://user:hun@ter2@db.example", "ter2", "db.example"),
        ("host=h password=hunter2 user=u", "hunter2", "user=u"),
        ("{'api_key': 'hunter2', 'model': 'gpt'}", "hunter2", "'model': 'gpt'"),
        ('{"a": {"client_secret": "hun\\"ter2"}, "b": 1}', "ter2", '"b": 1'),
        ('{"password":"hunter2', "hunter2", "password"),
        (f"key {PEM} end", "MIIEvQ", "end"),
        ("-----BEGIN PRIVATE KEY-----\nhunter2", "hunter2", ""),
        (json.dumps({"private_key": PEM, "client_email": "a@b.example"}), "MIIEvQ", ""),
        (json.dumps({"private_key": PEM, "project": "p"}, separators=(",", ":")), "MIIEvQ", '"project":"p"'),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop", "Bearer"),
        ("https://host.example/v1?api_key=hunter2&x=1", "hunter2", "x=1"),
    ],
)
def test_what_is_secret_by_its_place(text: str, secret: str, stays: str) -> None:
    masked = mask_text(text)
    assert secret not in masked
    assert stays in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "piece",
    ["a", '"', '"a":"', "a:", "a:@", "-----BEGIN A-----", "\\", '"a" ', "sk-", "'a':'\\", "a://", "eyJ",
     "bearer ", "token=", "1a", "'\"a", "@", ":", "=", "x/", "A-"],
)  # fmt: skip
def test_long_values_are_masked_in_one_pass(piece: str) -> None:
    # Work by the square of the length would take hours here.
    assert len(mask_text(piece * (400_000 // len(piece)))) > 0


@pytest.mark.parametrize("key", KEYS)
def test_no_error_quotes_a_key(key: str) -> None:
    for kind in (PowerMemError, ConfigError, FilterError):
        error = kind(f"unknown operator {key!r}")
        assert key not in str(error)
        assert key not in repr(error)
        assert "unknown operator" in str(error)


@pytest.mark.parametrize("password", ["Hunter2!Xy9$Qp", "p4SS%word", "Tr0ub4dor&3"])
def test_a_password_in_the_place_of_a_name_is_not_shown(password: str) -> None:
    assert shown(password) == repr(MASK)


@pytest.mark.parametrize(
    "name", ["gpt-4o", "Qwen/Qwen3-8B", "openai", "2026-13-01T00:00:00Z", "What is it? No."]
)
def test_a_wrong_name_is_shown(name: str) -> None:
    assert shown(name) == repr(name)
