"""A real Chromium, driven by Playwright, and servers with something to show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.apiserver import ApiServer
from tests.support.served import Served

from .example import Storyteller, Told, configuration
from .pages import Visit

_ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def _missing(what: str) -> None:
    """Skip on a machine that lacks something; fail where all must run."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium with a new, empty profile."""
    chromium = shutil.which("chromium")
    if chromium is None:
        _missing("there is no Chromium; run: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("there is no Playwright; run: pip install playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """A visitor, who meets no error and asks no other host."""
    visit = Visit(browser)
    yield visit
    visit.leave()


@pytest.fixture(scope="session")
def no_proxy() -> Iterator[None]:
    """Whatever proxy this machine is behind, it cannot reach our loopback."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "*")
        yield


@pytest.fixture(scope="session")
def told(no_proxy: None) -> Iterator[Told]:
    """A server without keys, to which the story was told; tests only look at it."""
    budget = {"llm_tokens_per_day": 20_000, "prompt_price": 0.15, "completion_price": 0.6}
    with ApiServer() as api, Served(configuration(api, budget=budget)) as served:
        yield Told(served, Storyteller(api).tell(served))


@pytest.fixture(scope="session")
def open_server() -> Iterator[Served]:
    """A server without keys, models and memories; each test has its own user."""
    with Served() as served:
        yield served


@pytest.fixture(scope="session")
def locked() -> Iterator[Served]:
    """A server that needs keys."""
    with Served() as served:
        served.admin = served.key("admin")
        yield served
