"""Signing in, and what a key may see."""

from __future__ import annotations

import logging

import pytest

from tests.support.served import Served

from .example import add
from .pages import Visit, go, key_of, shown


def keep(served: Served, user: str, text: str, **more: str) -> str:
    (kept,) = add(served, {"messages": text, "user_id": user, "infer": False, **more})
    return str(kept["id"])


def test_a_wrong_key_is_refused_and_a_right_one_is_not(visit: Visit, locked: Served) -> None:
    page = visit.open(locked, key="wrong")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "This key is unknown, expired or revoked" in alert.inner_text()
    assert page.get_by_label("Key").input_value() == ""
    page.get_by_label("Key").fill(key_of(locked.admin))
    page.keyboard.press("Enter")
    shown(page)
    assert "may do everything" in page.locator(".signed-in").inner_text()


def test_a_key_that_is_revoked_ends_the_visit(visit: Visit, locked: Served) -> None:
    text, key = locked.run(lambda: locked.service.keys.create("short", "read"))
    page = visit.open(locked, key=text)
    shown(page)
    locked.run(lambda: locked.service.keys.revoke(key.id))
    page.evaluate("location.hash = '#/users'")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_key_tied_to_a_user_sees_that_user_only(visit: Visit, locked: Served) -> None:
    keep(locked, "ray", "Ray rows")
    foreign = keep(locked, "sam", "Sam sings")
    page = visit.open(locked, key=key_of(locked.key("write", user_id="ray")))
    shown(page)
    assert page.locator(".memory-text").all_text_contents() == ["Ray rows"]
    # There is nobody to choose, and an address cannot choose either.
    assert page.get_by_label("User").count() == 0
    for place in ("#/memories?user=sam", "#/memories?user=sam&q=rows+sings", "#/timeline?user=sam"):
        go(page, place)
        assert "Sam" not in page.locator("body").inner_text()
        assert "Ray rows" in page.locator("main").inner_text()
    go(page, f"#/memories/{foreign}")
    assert "There is no such memory" in page.locator("main").inner_text()
    go(page, "#/users")
    assert page.locator(".user-name").all_text_contents() == ["ray"]
    go(page, "#/usage")
    assert "This key does not see the usage." in page.locator("main").inner_text()
    go(page, "#/health")
    page.get_by_text("Memories of ray").wait_for()
    assert page.get_by_text("Work in the background").count() == 0


def test_a_key_tied_to_an_agent_is_told_what_it_cannot_list(visit: Visit, locked: Served) -> None:
    keep(locked, "tom", "Tom types", agent_id="desk")
    keep(locked, "tom", "Tom talks", agent_id="phone")
    page = visit.open(locked, key=key_of(locked.key("write", agent_id="desk")))
    shown(page)
    assert page.locator(".memory-text").all_text_contents() == ["Tom types"]
    go(page, "#/users")
    assert "tied to no agent" in page.get_by_role("alert").inner_text()


def test_a_key_that_may_read_is_offered_no_change(visit: Visit, locked: Served) -> None:
    memory = keep(locked, "uma", "Uma umpires")
    page = visit.open(locked, "#/memories?user=uma", key=key_of(locked.key("read")))
    page.get_by_text("Uma umpires").wait_for()
    assert page.get_by_role("button", name="Forget").count() == 0
    go(page, f"#/memories/{memory}")
    assert page.get_by_role("button", name="Edit").count() == 0
    assert page.get_by_role("button", name="Forget").count() == 0


def test_the_key_is_in_a_header_only(visit: Visit, locked: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = key_of(locked.key("admin"))
    page = visit.open(locked, key=key)
    for view in ("memories?q=rows", "timeline", "tasks", "usage", "users", "health"):
        go(page, f"#/{view}")
    asked = [request for request in visit.requests if "/v1/" in request.url]
    assert {request.headers["authorization"] for request in asked[1:]} == {f"Bearer {key}"}
    assert not any(key in request.url for request in visit.requests)
    assert not any(
        "authorization" in request.headers for request in visit.requests if "/dashboard" in request.url
    )
    assert key not in page.evaluate("location.href")
    assert page.evaluate("document.cookie + JSON.stringify(localStorage)") == "{}"
    assert key not in caplog.text


def test_who_stays_signed_in_does_so_in_this_tab_only(visit: Visit, locked: Served) -> None:
    page = visit.open(locked, key=key_of(locked.admin))
    shown(page)
    page.reload()
    shown(page)
    other = page.context.new_page()
    other.goto(f"{locked.url}/dashboard")
    other.get_by_role("heading", name="Sign in").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.reload()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.get_by_label("Key").fill(key_of(locked.admin))
    page.get_by_label("Keep me signed in").uncheck()
    page.get_by_role("button", name="Sign in").click()
    shown(page)
    page.reload()
    page.get_by_role("heading", name="Sign in").wait_for()
