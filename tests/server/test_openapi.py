"""The description of the routes."""

from __future__ import annotations

import json

import write_openapi

from tests.support.served import Served

KEPT = json.loads(write_openapi.TARGET.read_text("utf-8"))


def test_the_description_in_the_repository_is_that_of_the_application() -> None:
    # python scripts/write_openapi.py writes it again.
    assert json.loads(write_openapi.description()) == KEPT


def test_it_is_served(served: Served) -> None:
    assert served.client.get("/openapi.json").json() == KEPT


def test_every_route_of_ours_describes_its_reply_and_its_errors() -> None:
    for path, operations in KEPT["paths"].items():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            replies = [each for status, each in operation["responses"].items() if status.startswith("2")]
            assert all("content" in reply for reply in replies), path


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(KEPT)
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in KEPT["components"]["schemas"]


def test_ids_are_described_as_text() -> None:
    hit = KEPT["components"]["schemas"]["SearchHit"]["properties"]
    assert hit["id"] == {"type": "string"}
    assert hit["superseded_by"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
