"""Users, preferences, statistics, and what a key may do."""

from __future__ import annotations

from tests.support.served import Served

from .test_memories import add


def test_users_are_listed_in_pages() -> None:
    with Served() as served:
        for name in ("c", "a", "b"):
            add(served, name, f"{name} was here")
        first = served.client.get("/v1/users", params={"limit": 2}).json()
        assert (first["results"], first["total"]) == (["a", "b"], 3)
        rest = served.client.get("/v1/users", params={"cursor": first["next_cursor"]}).json()
        assert (rest["results"], rest["next_cursor"]) == (["c"], None)


def test_preferences_are_of_a_user(served: Served) -> None:
    assert served.client.get("/v1/preferences", params={"user_id": "uma"}).json()["results"] == []
    assert served.client.get("/v1/preferences").json()["error"] == "InvalidInputError"


def test_statistics_have_ids_as_text(served: Served) -> None:
    memory = add(served, "vic", "Vic fishes")
    served.client.get(f"/v1/memories/{memory}")
    found = served.client.get("/v1/statistics", params={"user_id": "vic"}).json()
    assert found["total_memories"] == 1
    assert [each["id"] for each in found["top_accessed"]] == [memory]


def test_a_key_knows_what_it_may_do(served: Served, locked: Served) -> None:
    assert served.client.get("/v1/key").json()["may"] == "admin"
    headers = locked.key("read", user_id="wim")
    found = locked.client.get("/v1/key", headers=headers).json()
    assert (found["may"], found["user_id"], found["agent_id"]) == ("read", "wim", None)
