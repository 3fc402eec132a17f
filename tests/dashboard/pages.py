"""Somebody who visits the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.support.served import Served

PATIENCE = 30_000
"""Milliseconds; an event that takes longer does not come."""


class Visit:
    """A tab of a browser that was never there before.

    Args:
        browser: the browser.

    Attributes:
        errors: what went wrong in the page, except refused requests, which tests cause.
        hosts: the hosts that were asked.
        requests: every request.
    """

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._contexts: list[Any] = []
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.requests: list[Any] = []

    def open(self, served: Served, place: str = "", key: str | None = None, **options: Any) -> Any:
        """Open the page at a place, such as ``#/tasks``, and sign in where a key is given."""
        context = self._browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "timezone_id": "UTC", **options}
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("request", self._note)
        page.goto(f"{served.url.rstrip('/')}/dashboard{place}")
        if key is not None:
            page.get_by_label("Key").fill(key)
            page.get_by_role("button", name="Sign in").click()
        return page

    def leave(self) -> None:
        """Close all tabs, in which nothing may have gone wrong."""
        for context in self._contexts:
            context.close()
        assert self.errors == []
        assert self.hosts <= {"127.0.0.1"}

    def _hear(self, message: Any) -> None:
        # A refused request is told by the browser, too.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _note(self, request: Any) -> None:
        self.requests.append(request)
        self.hosts.add(urlsplit(request.url).hostname or "")


def go(page: Any, place: str) -> None:
    """Go to another place of the page, and wait until it is shown."""
    page.evaluate("place => { location.hash = place; }", place)
    shown(page)


def shown(page: Any) -> None:
    """Wait until the view of the address is there as a whole."""
    page.wait_for_function(
        "() => { const view = document.querySelector('.view');"
        " return view && !view.hasAttribute('aria-busy') && view.dataset.place === location.hash; }"
    )


def key_of(headers: dict[str, str]) -> str:
    """Return the key in a header as `Served.key` makes it."""
    return headers["Authorization"].removeprefix("Bearer ")
