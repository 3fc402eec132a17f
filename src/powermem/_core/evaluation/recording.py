"""Recorded answers of a model: JSON lines, of which the first names the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import InvalidInputError
from ...types import Completion


@dataclass(slots=True)
class Recording:
    """The answers of a model to the cases of a labelled set.

    Attributes:
        model: the model's name.
        answers: for each case its answers, in the order of the calls.
    """

    model: str
    answers: dict[str, list[Completion]] = field(default_factory=dict)

    def lines(self) -> Iterable[str]:
        """Return the lines of the file."""
        yield _line({"recording": 1, "model": self.model})
        for case, answers in self.answers.items():
            for answer in answers:
                yield _line(
                    {
                        "case": case,
                        "text": answer.text,
                        "prompt_tokens": answer.prompt_tokens,
                        "completion_tokens": answer.completion_tokens,
                        "truncated": answer.truncated,
                    }
                )


def _line(item: Mapping[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False) + "\n"


def read_recording(lines: Iterable[str], *, source: str) -> Recording:
    """Read the lines of a recording.

    Answers may be written by hand: only ``case`` and ``text`` are needed, and ``text`` may be the JSON of an
    answer itself instead of a string that contains it.

    Raises:
        InvalidInputError: a line is wrong; its number is named.
    """
    found: Recording | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            if found is None:
                found = Recording(str(item["model"]))
                continue
            text = item["text"] if isinstance(item["text"], str) else json.dumps(item["text"])
            answer = Completion(
                text,
                int(item.get("prompt_tokens", 0)),
                int(item.get("completion_tokens", 0)),
                bool(item.get("truncated", False)),
            )
            found.answers.setdefault(str(item["case"]), []).append(answer)
        except KeyError as error:
            raise InvalidInputError(f"{source}, line {number}: {error} is missing") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise InvalidInputError(f"{source}, line {number}: {error}") from error
    if found is None:
        raise InvalidInputError(f"{source}: this is no recording, it is empty")
    return found
