"""What models did by day, over HTTP."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, openai_llm
from tests.support.served import Served


def test_usage_has_every_day_the_budget_and_the_cost(api: ApiServer) -> None:
    ScriptedModel(api).repeats()
    before = datetime.now(timezone.utc)
    budget = {"llm_tokens_per_day": 50_000, "prompt_price": 2.0, "completion_price": 10.0}
    with Served({"llm": openai_llm(api), "budget": budget}) as served:
        body = {"messages": "I own a boat", "user_id": "ana"}
        assert served.client.post("/v1/memories", json=body).status_code == 200
        found = served.client.get("/v1/usage", params={"days": 3}).json()
    assert sum(day["llm_calls"] for day in found["days"]) == 1
    today = next(day for day in found["days"] if day["llm_calls"])
    # Unless it is midnight just now.
    assert today["day"] in [f"{at:%Y-%m-%d}" for at in (before, datetime.now(timezone.utc))]
    assert found["budget"] == {"llm_calls": None, "llm_tokens": 50_000, "embedded_texts": None}
    assert found["prices"] == {"prompt": 2.0, "completion": 10.0}
    cost = (today["prompt_tokens"] * 2 + today["completion_tokens"] * 10) / 1_000_000
    assert today["cost"] == pytest.approx(cost)
    assert cost > 0


def test_without_a_budget_and_prices_there_is_no_cost(served: Served) -> None:
    found = served.client.get("/v1/usage").json()
    assert len(found["days"]) == 30
    assert found["prices"] is None
    assert {day["cost"] for day in found["days"]} == {None}
    assert set(found["budget"].values()) == {None}


@pytest.mark.parametrize("permission", ["read", "write"])
def test_the_usage_is_of_all_users_and_not_for_every_key(locked: Served, permission: str) -> None:
    assert locked.client.get("/v1/usage", headers=locked.key(permission)).status_code == 403
    assert locked.client.get("/v1/usage", headers=locked.admin).status_code == 200


@pytest.mark.parametrize("days", [0, 367, "many"])
def test_a_wrong_number_of_days_is_refused(served: Served, days: int | str) -> None:
    assert served.client.get("/v1/usage", params={"days": days}).status_code == 400
