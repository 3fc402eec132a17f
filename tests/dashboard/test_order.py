"""The order in which answers arrive changes nothing."""

from __future__ import annotations

from typing import Any

from .example import Told
from .pages import Visit, shown


def frames(page: Any) -> None:
    """Let the page draw what it has."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_chart_is_drawn_in_a_view_that_is_shown_after_it(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, "#/usage")
    page.locator(".uplot").nth(3).wait_for()
    held: list[Any] = []
    page.route("**/metrics", lambda route: held.append(route))
    with page.expect_event("requestfinished", lambda request: "/v1/statistics" in request.url):
        page.evaluate("location.hash = '#/health'")
    frames(page)
    assert page.locator(".view .uplot").count() == 0
    (metrics,) = held
    metrics.continue_()
    shown(page)
    page.locator(".uplot").wait_for()
