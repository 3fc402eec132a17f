"""Without a mouse, in the dark, on a telephone, and read aloud."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served import Served

from .example import USER, Told, add
from .pages import Visit, go, key_of, shown

PLACES = [
    "#/memories", f"#/memories?user={USER}&q=Where+does+Ana+live", f"#/timeline?user={USER}", "#/tasks",
    "#/usage", "#/users", "#/health",
]  # fmt: skip


def places_of(told: Told) -> list[str]:
    return [*PLACES, f"#/memories/{told.ids['Ana eats fish but no meat']}"]


def focused(page: Any) -> str:
    """Return the accessible text of what has the focus."""
    found: str = page.evaluate(
        "() => { const e = document.activeElement;"
        " return e.getAttribute('aria-label') ?? (e.labels?.[0]?.textContent || e.textContent).trim(); }"
    )
    return found


def press_until(page: Any, key: str, wanted: str) -> None:
    """Press a key until something of this name has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if focused(page) == wanted:
            return
    raise AssertionError(f"{wanted!r} is not reached with {key}")


def test_everything_is_done_with_the_keyboard(visit: Visit, locked: Served) -> None:
    (kept,) = add(locked, {"messages": "Val vaults", "user_id": "val", "infer": False})
    page = visit.open(locked)
    page.get_by_role("heading", name="Sign in").wait_for()
    # The field has the focus.
    page.keyboard.type(key_of(locked.admin))
    page.keyboard.press("Enter")
    shown(page)
    press_until(page, "Tab", "Search")
    page.keyboard.type("vaults")
    page.keyboard.press("Enter")
    page.locator(".score").first.wait_for()
    press_until(page, "Tab", "Val vaults")
    press_until(page, "Tab", "Why was this recalled?")
    page.keyboard.press("Enter")
    page.locator(".parts").first.wait_for()
    press_until(page, "Shift+Tab", "Val vaults")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Edit").wait_for()
    press_until(page, "Tab", "Edit")
    page.keyboard.press("Enter")
    page.get_by_label("Text").wait_for()
    assert focused(page) == "Text"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Val vaults higher")
    press_until(page, "Tab", "Save")
    page.keyboard.press("Enter")
    page.locator(".whole-text", has_text="Val vaults higher").wait_for()
    press_until(page, "Tab", "Undo")
    page.keyboard.press("Enter")
    page.locator(".whole-text").get_by_text("Val vaults", exact=True).wait_for()
    press_until(page, "Tab", "Forget")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Forget now")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.keyboard.press("Enter")
    assert locked.client.get(f"/v1/memories/{kept['id']}", headers=locked.admin).status_code == 404


def test_the_first_tab_leads_past_the_navigation(visit: Visit, told: Told) -> None:
    page = visit.open(told.served)
    shown(page)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    place = page.evaluate("location.hash")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "Search"
    assert page.evaluate("location.hash") == place


NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, textarea, summary, [role=img]")]
    .filter((e) => !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()))
    .map((e) => e.outerHTML)"""

# The contrast of each text with what is behind it, by the formula of WCAG 2.
FAINT = """() => {
    const light = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number).slice(0, 3)
            .map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (e) => {
        for (let at = e; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(color) && color !== "transparent") return color;
        }
        return "rgb(255, 255, 255)";
    };
    return [...document.querySelectorAll("body *")]
        .filter((e) => e.checkVisibility()
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((e) => !e.closest(".skip, noscript"))
        .map((e) => {
            const [one, other] = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
            return [(one + 0.05) / (other + 0.05), e.outerHTML.slice(0, 120)];
        })
        .filter(([contrast]) => contrast < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_has_a_name_and_is_read_in_the_light_and_in_the_dark(
    visit: Visit, told: Told, scheme: str
) -> None:
    page = visit.open(told.served, color_scheme=scheme)
    shown(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark.strip("rgb()").split(","))) < 200) == (scheme == "dark")
    for place in places_of(told):
        go(page, place)
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(FAINT) == [], place
        assert page.locator("h1").count() == 1
        assert page.title() != "powermem"


@pytest.mark.parametrize("width", [320, 390, 768])
def test_it_fits_a_telephone(visit: Visit, told: Told, width: int) -> None:
    page = visit.open(told.served, viewport={"width": width, "height": 700})
    shown(page)
    for place in places_of(told):
        go(page, place)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    page.get_by_role("button", name="Edit").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_long_words_do_not_break_the_page(visit: Visit, open_server: Served) -> None:
    word = "Donaudampfschifffahrt" * 40
    body = {"messages": word, "user_id": f"long-{'x' * 80}", "infer": False, "metadata": {"k" * 90: word}}
    (kept,) = add(open_server, body)
    page = visit.open(open_server, viewport={"width": 390, "height": 700})
    for place in ("#/memories", f"#/memories/{kept['id']}", f"#/timeline?user={body['user_id']}", "#/users"):
        go(page, place)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
