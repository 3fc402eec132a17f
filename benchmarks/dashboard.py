"""The page in a real Chromium, for somebody with 100,000 memories: ``python -m benchmarks.dashboard``.

It needs Debian's package ``chromium`` and ``pip install playwright``. Times are those of the browser: from
the address or the click to the moment at which the first memory is drawn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import corpus
from .endpoint import serving
from .server import _process

_ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_QUERIES = 20
# Resolves with the milliseconds since `begin`, once an element is there and the browser has drawn it.
_DRAWN = """([selector, begin]) => new Promise((resolve) => {
    const look = () => {
        const drawn = () => setTimeout(() => resolve(performance.now() - begin));
        requestAnimationFrame(document.querySelector(selector) ? drawn : look);
    };
    look();
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="memories of one user (100,000)")
    parser.add_argument("--rounds", type=int, default=5, help="times that the page is opened (5)")
    parser.add_argument("--databases", type=Path, help="keep the filled database in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as endpoint:
        path = corpus.database(options.databases or Path(folder), options.rows, 1)
        config = Path(folder) / "config.json"
        config.write_text(json.dumps(corpus.config(path, endpoint.url)), "utf-8")
        with _process("powermem", config=str(config)) as port:
            for name, seconds in _measured(f"http://127.0.0.1:{port}/dashboard", options.rounds).items():
                shown = ", ".join(
                    f"{each:.3f}" for each in (min(seconds), statistics.median(seconds), max(seconds))
                )
                print(f"{name:40} {shown} s (least, median, most of {len(seconds)})")


def _measured(url: str, rounds: int) -> dict[str, list[float]]:
    from playwright.sync_api import sync_playwright

    user = corpus.user(0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS.split())
        page = browser.new_context().new_page()
        page.set_default_timeout(120_000)

        def opened(place: str) -> float:
            # A new profile each time, so that nothing is in a cache.
            with browser.new_context() as context:
                fresh = context.new_page()
                fresh.goto(f"{url}{place}", wait_until="commit")
                return float(fresh.evaluate(_DRAWN, [".list > li", 0])) / 1000

        def moved(place: str, selector: str) -> float:
            page.evaluate("() => { document.querySelector('.view')?.replaceChildren(); }")
            begin = page.evaluate("place => { location.hash = place; return performance.now(); }", place)
            return float(page.evaluate(_DRAWN, [selector, begin])) / 1000

        page.goto(f"{url}#/users")
        page.locator(".user").wait_for()
        searches = iter(corpus.queries(_QUERIES + 1, seed=11))

        def searched() -> float:
            return moved(f"#/memories?user={user}&q={next(searches)}", ".score")

        found: dict[str, list[float]] = {}
        measures: list[tuple[str, int, Callable[[], float]]] = [
            ("first contents, all users", rounds, lambda: opened("")),
            ("first contents, the user", rounds, lambda: opened(f"#/memories?user={user}")),
            ("timeline of the user", rounds, lambda: opened(f"#/timeline?user={user}")),
            ("the first search, which loads the user", 1, searched),
            ("a search", _QUERIES, searched),
        ]
        for name, times, measure in measures:
            found[name] = [measure() for _ in range(times)]
        found["the next page of 50"] = [
            _next_page(page, moved, user, place) for place in range(1, rounds + 1)
        ]
        browser.close()
    return found


def _next_page(page: Any, moved: Callable[[str, str], float], user: str, number: int) -> float:
    if number == 1:
        moved(f"#/memories?user={user}", ".more button")
    begin = page.evaluate(
        "() => { document.querySelector('.more button').click(); return performance.now(); }"
    )
    return float(page.evaluate(_DRAWN, [f".list > li:nth-child({50 * number + 1})", begin])) / 1000


if __name__ == "__main__":
    main()
