"""Exports and imports."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.support.served import Served

from .test_memories import add


def test_an_export_of_one_user_is_imported_elsewhere(served: Served) -> None:
    memory = add(served, "olga", "Olga skates", metadata={"a": [1]})
    add(served, "pia", "Pia runs")
    answer = served.client.get("/v1/export", params={"user_id": "olga", "include_vectors": True})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert "Pia" not in answer.text
    with Served() as other:
        for content in (answer.content, gzip.compress(answer.content)):
            read = other.client.post("/v1/import", content=content).json()
            # The second time it is there already.
            assert read["imported"] + read["skipped"] == 1
            assert read["failed"] == 0
        found = other.client.get(f"/v1/memories/{memory}").json()
        assert (found["memory"], found["metadata"]) == ("Olga skates", {"a": [1]})
        assert other.client.get(f"/v1/memories/{memory}/sources").json()["results"]


def test_a_filter_narrows_an_export(served: Served) -> None:
    add(served, "rob", "Rob paints", metadata={"kind": "art"})
    add(served, "rob", "Rob swims")
    ask = {"user_id": "rob", "filters": json.dumps({"kind": "art"})}
    text = served.client.get("/v1/export", params=ask).text
    assert "Rob paints" in text
    assert "Rob swims" not in text


@pytest.mark.parametrize("parameters", [{"filters": "x"}, {"filters": '{"a": {"near": 1}}'}])
def test_a_wrong_export_has_an_error_and_no_stream(served: Served, parameters: dict[str, str]) -> None:
    answer = served.client.get("/v1/export", params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_an_import_may_be_larger_than_other_bodies() -> None:
    with Served({"server": {"max_body_bytes": 2000}}) as served:
        export = [
            json.dumps({"id": number, "memory": f"Number {number}", "user_id": "sam"})
            for number in range(1, 100)
        ]
        read = served.client.post("/v1/import", content="\n".join(export)).json()
        assert read["imported"] == 99
        answer = served.client.post("/v1/search", json={"query": "x" * 3000})
        assert (answer.status_code, answer.json()["error"]) == (413, "TooLargeError")
        # The connection can still be used.
        assert served.client.get("/health/live").status_code == 200


def test_something_else_is_not_imported(served: Served) -> None:
    answer = served.client.post("/v1/import", content=b"\x00\x01\x02")
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["imported"] == 0
