"""The order in which answers arrive changes nothing, and neither does leaving before they do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.support.served import Served

from .example import USER, Told, add
from .pages import PATIENCE, Visit, go, key_of, shown
from .test_tasks import exchange, idle

ELSEWHERE = "#/users?none"
VIEWS = [
    ("#/memories", 1),
    (f"#/memories?user={USER}&q=Where+does+Ana+live", 1),
    ("#/memories/{home}", 4),
    (f"#/timeline?user={USER}", 1),
    ("#/timeline", 1),
    ("#/tasks", 1),
    ("#/usage", 3),
    ("#/users", 1),
    ("#/health", 6),
]
"""Places, and how many answers each of them waits for."""


class Look(NamedTuple):
    """What a person sees: the text, in which numbers do not count, and how many charts."""

    text: str
    charts: int


class Traffic:
    """The requests of a page that are under way, one of which may be held back."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.urls: list[str] = []
        self._open: list[Any] = []
        self._held: list[Any] = []
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    @contextmanager
    def held_back(self, url: str, end: str) -> Iterator[None]:
        """Hold back the request of an address in a block, and longer than all others; then end it."""
        self._held = []
        self.page.route(lambda each: each == url, lambda route: self._held.append(route), times=1)
        yield
        self.settle_but_one()
        getattr(self._held.pop(), end)()

    def settle_but_one(self) -> None:
        """Wait until every request but one, which is held back, has ended."""
        while not self._held:
            frames(self.page)
        self.settle()

    def settle(self) -> None:
        """Wait until every request that is not held has ended, and the page has drawn what came of it."""
        while True:
            under_way = len(self._open)
            frames(self.page)
            if under_way == len(self._open) <= len(self._held):
                return

    def _begin(self, request: Any) -> None:
        # The icon of the page is no part of a view.
        if not request.url.endswith("icon.svg"):
            self.urls.append(request.url)
            self._open.append(request)

    def _end(self, request: Any) -> None:
        if request in self._open:
            self._open.remove(request)


class Late:
    """The next answer to an address, which the server gives at once and the page gets later."""

    def __init__(self, page: Any, pattern: str) -> None:
        self._page = page
        self._answers: list[tuple[Any, Any]] = []
        page.route(pattern, lambda route: self._answers.append((route, route.fetch())), times=1)

    def wait(self) -> None:
        """Wait until the server has answered."""
        while not self._answers:
            frames(self._page)

    def arrive(self) -> None:
        """Let the page have the answer, and draw what it makes of it."""
        route, answer = self._answers.pop()
        with self._page.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(response=answer)
        frames(self._page)


def frames(page: Any) -> None:
    """Let the page draw what it has."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def again(page: Any) -> None:
    """Show the view from its beginning."""
    page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")


def look(page: Any) -> Look:
    text = page.locator("main").inner_text()
    return Look(re.sub(r"\d[\d.,]*( times?\b)?", "#", text), page.locator(".view .uplot").count())


def comes(page: Any, expected: Look) -> None:
    """Wait until the page looks as expected."""
    deadline = time.monotonic() + PATIENCE / 1000
    while (seen := look(page)) != expected and time.monotonic() < deadline:
        frames(page)
    assert seen == expected


@pytest.mark.parametrize(("place", "answers"), VIEWS, ids=[place for place, _ in VIEWS])
def test_any_answer_may_be_the_last_or_fail_or_come_too_late(
    visit: Visit, told: Told, place: str, answers: int
) -> None:
    place = place.format(home=told.ids["Ana lives in her own house in Olhão"])
    page = visit.open(told.served, ELSEWHERE)
    shown(page)
    elsewhere = look(page)
    traffic = Traffic(page)
    go(page, place)
    traffic.settle()
    expected = look(page)
    asked = list(traffic.urls)
    assert len(asked) == len(set(asked)) == answers, asked
    for url in asked:
        # What draws charts is loaded once by a page.
        begin = partial(page.reload, wait_until="commit") if "/uplot/" in url else partial(again, page)
        with traffic.held_back(url, "continue_"):
            begin()
        comes(page, expected)
        with traffic.held_back(url, "abort"):
            begin()
        shown(page)
        again(page)
        comes(page, expected)
        with traffic.held_back(url, "continue_"):
            begin()
            traffic.settle_but_one()
            page.evaluate("place => { location.hash = place; }", ELSEWHERE)
        comes(page, elsewhere)
        go(page, place)
        comes(page, expected)


def test_the_key_that_was_given_last_counts(visit: Visit, locked: Served) -> None:
    page = visit.open(locked)
    page.get_by_role("heading", name="Sign in").wait_for()
    traffic = Traffic(page)
    with traffic.held_back(f"{locked.url}/v1/key", "continue_"):
        page.get_by_label("Key").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        traffic.settle_but_one()
        page.get_by_label("Key").fill(key_of(locked.admin))
        page.get_by_role("button", name="Sign in").click()
        shown(page)
    traffic.settle()
    assert "may do everything" in page.locator(".signed-in").inner_text()


def keep(served: Served, user: str, text: str) -> str:
    (kept,) = add(served, {"messages": text, "user_id": user, "infer": False})
    return str(kept["id"])


def test_signing_out_forgets_at_once(visit: Visit, locked: Served) -> None:
    memory = keep(locked, "abe", "Abe aims")
    page = visit.open(locked, "#/memories?user=abe", key=key_of(locked.admin))
    page.get_by_role("button", name="Forget: Abe aims").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        page.get_by_role("button", name="Sign out").click()
    assert ended.value.status == 200
    assert locked.client.get(f"/v1/memories/{memory}", headers=locked.admin).status_code == 404


def test_an_answer_from_before_the_end_shows_nothing_forgotten(visit: Visit, open_server: Served) -> None:
    keep(open_server, "bea", "Bea bakes")
    page = visit.open(open_server, "#/memories?user=bea")
    page.get_by_role("button", name="Forget: Bea bakes").click()
    late = Late(page, "**/v1/memories?*")
    again(page)
    late.wait()
    page.get_by_role("button", name="Forget now").click()
    page.get_by_text("It is forgotten.").wait_for()
    late.arrive()
    shown(page)
    assert page.locator("li.memory").is_hidden()


def test_undoing_shows_a_memory_in_whichever_view_it_is(visit: Visit, open_server: Served) -> None:
    keep(open_server, "cat", "Cat cooks")
    page = visit.open(open_server, "#/memories?user=cat")
    page.get_by_role("button", name="Forget: Cat cooks").click()
    go(page, "#/memories?user=cat&sort=created_at+asc")
    assert page.locator("li.memory").is_hidden()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    page.locator("li.memory", has_text="Cat cooks").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Cat cooks"


@pytest.mark.parametrize(
    ("end", "told"), [("continue_", "It is changed."), ("abort", "The server cannot be reached.")]
)
def test_an_edit_ends_after_its_view_was_left(visit: Visit, open_server: Served, end: str, told: str) -> None:
    memory = keep(open_server, f"dot {end}", "Dot dives")
    page = visit.open(open_server, f"#/memories/{memory}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("Dot dances")
    with Traffic(page).held_back(f"{open_server.url}/v1/memories/{memory}", end):
        # Only the first click counts.
        page.get_by_role("button", name="Save").dblclick()
        go(page, "#/memories")
        page.get_by_role("searchbox").fill("what is being typed")
    page.locator(".notice", has_text=told).wait_for()
    frames(page)
    assert page.get_by_role("searchbox").input_value() == "what is being typed"
    assert len([each for each in visit.requests if each.method == "PATCH"]) == 1


def test_an_older_list_of_tasks_changes_nothing(visit: Visit, open_server: Served) -> None:
    with idle(open_server):
        task = exchange(open_server, "eli", "I live in Ely")
        page = visit.open(open_server, "#/tasks?user=eli")
        state = page.locator(f"li.task[data-id='{task}'] .badge").first
        page.get_by_role("button", name=f"Cancel task {task}").wait_for()
        late = Late(page, "**/v1/tasks?*")
        page.get_by_role("button", name="Process messages of eli now").dblclick()
        late.wait()
        page.get_by_role("button", name=f"Cancel task {task}").click()
        page.get_by_role("button", name=f"Retry task {task}").wait_for()
        late.arrive()
        page.get_by_role("button", name="Process messages of eli now", disabled=False).wait_for()
        assert state.inner_text() == "cancelled"
        asked = [each for each in visit.requests if each.method == "POST" and each.url.endswith("/v1/tasks")]
        assert len(asked) == 1
