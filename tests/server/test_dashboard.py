"""The files of the page. What it does in a browser is in tests/dashboard."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import powermem.server.dashboard
from powermem.server import create_app
from powermem.server.dashboard.files import Files
from tests.support.served import CONFIG, Served

PAGE = Path(powermem.server.dashboard.__file__).parent / "page"
NAMES = sorted(Files())
OURS = [name for name in NAMES if not name.startswith("uplot/")]


def test_the_page_needs_no_key_and_runs_only_its_own_files(locked: Served) -> None:
    answer = locked.client.get("/dashboard")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_sent_again_only_when_it_has_changed(served: Served, name: str) -> None:
    answer = served.client.get(f"/dashboard/{name}")
    assert answer.content == (PAGE / name).read_bytes()
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = served.client.get(f"/dashboard/{name}", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert served.client.get(f"/dashboard/{name}", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name", ["", "views", "views/", "none.js", "..%2ffiles.py", "%2e%2e/__init__.py", "/etc/passwd"]
)
def test_nothing_else_is_served(served: Served, name: str) -> None:
    answer = served.client.get(f"/dashboard/{name}", follow_redirects=False)
    if name == "":
        assert (answer.status_code, answer.headers["location"]) == (308, "../dashboard")
    else:
        assert (answer.status_code, answer.json()["error"]) == (404, "NoSuchRouteError")


def test_it_is_switched_off() -> None:
    with Served({"server": {"disabled": ["dashboard"]}}) as served:
        assert served.client.get("/dashboard").status_code == 404
        assert served.client.get("/dashboard/app.js").status_code == 404


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_ours_names_no_other_host_and_makes_no_markup_of_texts(name: str) -> None:
    text = (PAGE / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(", text)
    if name.endswith(".html"):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r'(?:src|href)="dashboard/([^"]+)"', (PAGE / "index.html").read_text("utf-8")))
    for name in (name for name in OURS if name.endswith(".js")):
        for place in re.findall(r'(?:from|import\() ?"(\.[^"]+)"', (PAGE / name).read_text("utf-8")):
            named.add(str((PAGE / name).parent.joinpath(place).resolve().relative_to(PAGE)))
    assert named <= set(NAMES)
    assert {name for name in OURS if name.endswith(".js")} <= named
    # All modules are fetched at once rather than as each is found to import the next.
    preloaded = re.findall(
        r'"modulepreload" href="dashboard/([^"]+)"', (PAGE / "index.html").read_text("utf-8")
    )
    assert sorted([*preloaded, "app.js"]) == [name for name in OURS if name.endswith(".js")]


async def test_it_is_found_below_another_application() -> None:
    inner = create_app(CONFIG)
    outer = Starlette(routes=[Mount("/inner", inner)])
    transport = httpx.ASGITransport(outer)
    async with (
        inner.state.powermem.running(),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        page = await client.get("/inner/dashboard/", follow_redirects=True)
        assert (page.status_code, page.url.path) == (200, "/inner/dashboard")
        for name in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
            assert (await client.get(str(page.url.join(name)))).status_code == 200
        # From the module's own place, the API is found as api.js looks for it.
        script = page.url.join("dashboard/api.js")
        assert (await client.get(str(script.join("../").join("v1/key")))).status_code == 200
