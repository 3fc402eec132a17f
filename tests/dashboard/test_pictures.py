"""The pictures of docs/dashboard.md, which ``POWERMEM_PICTURES=1`` draws anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem._core import clock
from powermem._core.wire.budget import day_of
from tests.support.apiserver import ApiServer
from tests.support.scripted import hold, refuse
from tests.support.served import Served

from .example import USER, Storyteller, Told, configuration
from .pages import Visit, go, shown

DOCS = Path(__file__).parents[2] / "docs"
MOST_BYTES = 150_000
DRAWING = os.environ.get("POWERMEM_PICTURES") == "1"


def test_the_pictures_of_the_page_are_there_and_small() -> None:
    named = re.findall(r"\]\((images/[^)]+)\)", (DOCS / "dashboard.md").read_text("utf-8"))
    assert len(named) >= 6
    assert {f"images/{path.name}" for path in (DOCS / "images").glob("dashboard-*.png")} == set(named)
    for name in named:
        assert 0 < (DOCS / name).stat().st_size < MOST_BYTES


@pytest.fixture
def busy(no_proxy: None) -> Iterator[Told]:
    """A server with the story, a month of use, and tasks in several states."""
    budget = {
        "llm_tokens_per_day": 60_000, "llm_calls_per_day": 120, "prompt_price": 0.4, "completion_price": 1.6
    }  # fmt: skip
    with ApiServer() as api, Served(configuration(api, budget=budget)) as served:
        teller = Storyteller(api)
        ids = teller.tell(served)
        today = day_of(clock.now())
        month = {
            today - ago: {
                "llm_calls": 30 + (ago * 37) % 71,
                "prompt_tokens": 21_000 + (ago * 7919) % 29_000,
                "completion_tokens": 2_600 + (ago * 523) % 4_100,
                "embedded_texts": 60 + (ago * 53) % 140,
            }
            for ago in range(30)
            if (today - ago) % 7 not in (2, 3) or ago == 0
        }
        components = served.run(lambda: served.service.memory._access.open())
        served.run(lambda: components.store.add_consumption(month))
        refuse(api, "oboe", 400)
        for user, message in (
            ("ben", "My sister moved."),
            ("chen", "I play the oboe."),
            ("dara", "Chess again."),
        ):
            if user == "dara":
                hold(api)
            body = {"user_id": user, "user_message": message, "assistant_message": "I see."}
            served.client.post("/v1/exchanges", json=body)
            task = served.client.post("/v1/tasks", json={"user_id": user}).json()["task_id"]
            if user != "dara":
                served.client.get(f"/v1/tasks/{task}/events")
        try:
            yield Told(served, ids)
        finally:
            api.release()


@pytest.mark.skipif(not DRAWING, reason="the pictures are drawn only on request")
def test_the_pictures_are_drawn(visit: Visit, busy: Told) -> None:
    (DOCS / "images").mkdir(exist_ok=True)
    served, ids = busy
    page = visit.open(served, viewport={"width": 1120, "height": 720})
    shown(page)
    go(page, f"#/memories?user={USER}&q=Where+does+Ana+live%3F")
    page.get_by_text("Why was this recalled?").first.click()
    draw(page, "search")
    go(page, f"#/timeline?user={USER}")
    draw(page, "timeline")
    go(page, f"#/memories/{ids['Ana lives in her own house in Olhão']}")
    draw(page, "memory", height=1000)
    go(page, "#/tasks")
    page.locator(".badge", has_text="running").wait_for()
    page.locator(".badge", has_text="failed").wait_for()
    draw(page, "tasks", height=560)
    go(page, "#/usage")
    page.locator(".uplot").nth(3).wait_for()
    draw(page, "usage", height=900)
    dark = visit.open(
        served, f"#/timeline?user={USER}", color_scheme="dark", viewport={"width": 390, "height": 780}
    )
    shown(dark)
    draw(dark, "telephone", height=780)


def draw(page: Any, name: str, height: int = 720) -> None:
    """Draw what is shown, without a cursor that blinks."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=DOCS / "images" / f"dashboard-{name}.png", animations="disabled", caret="hide")
