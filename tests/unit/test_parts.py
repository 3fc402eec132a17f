"""Messages that have more than text."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from powermem._core.messages.normalize import has_parts, read_messages
from powermem._core.messages.parts import MAX_BYTES, decoded, is_audio, is_text_file, is_visual, text_of_file
from powermem.errors import InvalidInputError

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0xLjQ="
NOTES = f"data:text/plain;charset=utf-8;base64,{base64.b64encode('Grüße, Ana'.encode()).decode()}"
IMAGE = {"type": "image_url", "image_url": {"url": PNG}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
DOCUMENT = {"type": "file", "file": {"file_data": PDF, "filename": "plan.pdf"}}


def read(*parts: Any) -> Any:
    (message,) = read_messages([{"role": "user", "content": list(parts)}])
    return message


def refused(*parts: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(*parts)
    return str(caught.value)


def test_parts_are_kept_beside_the_text() -> None:
    message = read({"type": "text", "text": "Look"}, IMAGE, " at this ", SOUND, DOCUMENT)
    assert message.content == "Look\nat this"
    assert message.parts == (IMAGE, SOUND, DOCUMENT)


def test_a_message_may_have_nothing_but_parts() -> None:
    messages = read_messages([{"role": "user", "content": [IMAGE]}, {"role": "assistant", "content": ""}])
    assert [(message.content, message.parts) for message in messages] == [("", (IMAGE,))]
    assert has_parts(messages)
    assert not has_parts(read_messages(["hello", {"role": "user", "content": [{"text": "hello"}]}]))


@pytest.mark.parametrize(
    ("part", "strict"),
    [
        (
            {"type": "image_url", "image_url": "https://host.example/a.png"},
            {"url": "https://host.example/a.png"},
        ),
        (
            {"type": "image_url", "image_url": {"url": f" {PNG} ", "detail": "low"}, "cache": 1},
            {"url": PNG, "detail": "low"},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "data:audio/mpeg;base64,AAAA"}},
            {"data": "AAAA", "format": "mp3"},
        ),
        ({"type": "file", "file": {"file_data": PDF}}, {"file_data": PDF, "filename": "file"}),
    ],
)
def test_the_strict_form(part: dict[str, Any], strict: dict[str, str]) -> None:
    (kept,) = read(part).parts
    assert kept == {"type": part["type"], part["type"]: strict}


def test_what_has_to_be_done_with_a_part() -> None:
    notes = {"type": "file", "file": {"file_data": NOTES}}
    image, sound, document, text = read(IMAGE, SOUND, DOCUMENT, notes).parts
    assert [is_visual(part) for part in (image, sound, document, text)] == [True, False, True, False]
    assert [is_audio(part) for part in (image, sound, document, text)] == [False, True, False, False]
    assert [is_text_file(part) for part in (image, sound, document, text)] == [False, False, False, True]
    assert text_of_file(text) == "Grüße, Ana"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"type": "video_url", "video_url": {}},
         "messages[0].content[0]: parts of type 'video_url' cannot be remembered; allowed: text, image_url,"),
        ({"type": ["x"]}, "messages[0].content[0]: parts of type list cannot be remembered"),
        (3, "messages[0].content[0]: expected a part, got int"),
        ({"type": "text"}, "messages[0].content[0].text: expected a string"),
        ({"type": "image_url"}, "messages[0].content[0].image_url: expected {'url': ...}, got nothing"),
        ({"type": "image_url", "image_url": {"url": ""}}, "image_url.url: expected a string, got nothing"),
        ({"type": "image_url", "image_url": "file:///etc/passwd"}, "image_url.url: expected an address"),
        ({"type": "image_url", "image_url": "https://" + "x" * 9_000}, "image_url.url: expected an address"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "fine"}}, "one of auto, low, high"),
        ({"type": "image_url", "image_url": "data:image/tiff;base64,AAAA"}, "'image/tiff' cannot be read"),
        ({"type": "image_url", "image_url": "data:image/png,abc"}, "image_url.url: expected a data URL"),
        ({"type": "image_url", "image_url": "data:image/png;base64,"}, "image_url.url: expected base64"),
        ({"type": "image_url", "image_url": "data:image/png;base64,<svg>"}, "image_url.url: expected base64"),
        ({"type": "input_audio", "input_audio": "AAAA"}, "input_audio: expected {'data'"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, "audio.format: expected one of wav,"),
        ({"type": "input_audio", "input_audio": {"data": "https://h/a.wav", "format": "wav"}},
         "input_audio.data: expected base64, not an address"),
        ({"type": "input_audio", "input_audio": {"data": "AA\ud800A", "format": "wav"}}, "expected base64"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "pass its contents as file_data"),
        ({"type": "file", "file": {"file_data": "JVBERi0="}}, "file.file_data: expected a data URL"),
        ({"type": "file", "file": {"file_data": "data:application/zip;base64,AAAA"}}, "cannot be read"),
        ({"type": "file", "file": {"file_data": PDF, "filename": 3}}, "file.filename: expected a string"),
        ({"type": "file", "file": {"file_data": "data:text/csv;base64," + "A" * 400_000}}, "256 KB"),
    ],
)  # fmt: skip
def test_what_is_refused(part: Any, said: str) -> None:
    assert said in refused(part)


def test_parts_may_have_so_much_data_together(caplog: pytest.LogCaptureFixture) -> None:
    half = "data:image/png;base64," + "A" * (MAX_BYTES * 2 // 3)
    big = {"type": "image_url", "image_url": {"url": half}}
    assert len(read(big).parts) == 1
    assert [len(part["image_url"]["url"]) for part in read(big, IMAGE, big).parts] == [len(half), len(PNG)]
    (told,) = caplog.messages
    assert "messages[0].content: the parts of a message may have 20 MB together, got 20.0" in told
    assert "AAAA" not in told
    complaint = refused({"type": "image_url", "image_url": {"url": half + half[22:]}})
    assert "20 MB together, got 20.0" in complaint


def test_damaged_data() -> None:
    assert decoded("aGVs\r\nbG8=") == b"hello"
    with pytest.raises(InvalidInputError, match="not valid base64"):
        decoded("a")
