"""Every view shows what the server has."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.served import Served

from .example import STORY, USER, Told, add
from .pages import Visit, go, shown


def texts(page: Any, selector: str) -> list[str]:
    found: list[str] = page.locator(selector).all_text_contents()
    return [text.strip() for text in found]


def value_of(part: Any) -> float:
    return float(part.locator(".part-value").inner_text().replace("−", "-"))


def test_memories_are_listed_and_searched_and_a_score_is_explained(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, f"#/memories?user={USER}")
    shown(page)
    assert page.locator(".told").inner_text() == "9 memories"
    assert len(texts(page, "li.memory")) == 9
    page.get_by_role("searchbox", name="Search").fill("Where does Ana live?")
    page.keyboard.press("Enter")
    page.locator(".score").first.wait_for()
    first = page.locator("li.memory").first
    assert first.locator(".memory-text").inner_text() == "Ana lives in her own house in Olhão"
    score = int(re.findall(r"\d+", first.locator(".score").inner_text())[0])
    assert score > 50
    first.get_by_text("Why was this recalled?").click()
    parts = first.locator(".parts li").all()
    added = {part.locator(".part-name").inner_text().split("\n")[0]: value_of(part) for part in parts}
    assert added["Meaning"] > 0 > added["Starting point"]
    # The parts make the score: they are log-odds.
    total = sum(added.values())
    assert abs(100 / (1 + 2.718281828**-total) - score) < 2
    widths = [bar["width"] for bar in (bar.bounding_box() for bar in first.locator(".part-bar").all())]
    sizes = [abs(value) for value in added.values()]
    assert sorted(range(len(sizes)), key=sizes.__getitem__) == sorted(
        range(len(sizes)), key=widths.__getitem__
    )
    assert len(parts) == len(added)


def test_filters_narrow_the_list_and_the_search(visit: Visit, open_server: Served) -> None:
    for text, topic in (("Fay flies to Rome", "travel"), ("Fay eats figs", "food"), ("Fay sails", "travel")):
        body = {"messages": text, "user_id": "fay", "infer": False, "metadata": {"topic": topic}}
        add(open_server, {**body, "agent_id": "guide" if "Rome" in text else "cook"})
    page = visit.open(open_server, "#/memories?user=fay")
    shown(page)
    page.get_by_text("Filters and order").click()
    page.get_by_label("Filter", exact=True).fill('{"topic": "travel"}')
    page.get_by_role("button", name="Apply").click()
    page.locator(".told", has_text="2 memories").wait_for()
    page.get_by_label("Agent").fill("guide")
    page.get_by_role("button", name="Apply").click()
    page.locator(".told", has_text="1 memory").wait_for()
    assert texts(page, ".memory-text") == ["Fay flies to Rome"]
    page.get_by_role("searchbox").fill("Rome figs sails")
    page.get_by_role("button", name="Search").click()
    page.locator(".score").wait_for()
    assert texts(page, ".memory-text") == ["Fay flies to Rome"]
    page.get_by_role("link", name="Clear all").click()
    page.locator(".told", has_text="3 memories").wait_for()
    go(page, "#/memories?user=fay&filter=%7Bbroken")
    assert "The filter is no JSON" in page.get_by_role("alert").inner_text()
    go(page, "#/memories?user=fay&until=2001-01-01")
    assert texts(page, ".empty-title") == ["No memory is like that."]


def test_a_long_list_is_fetched_page_by_page(visit: Visit, open_server: Served) -> None:
    items = [{"messages": f"Note {n}", "user_id": "lot", "infer": False} for n in range(120)]
    open_server.client.post("/v1/memories/batch", json={"items": items})
    page = visit.open(open_server, "#/memories?user=lot&sort=created_at+asc")
    shown(page)
    assert page.locator("li.memory").count() == 50
    for expected in (100, 120):
        page.get_by_role("button", name="Show more").click()
        page.locator(f"li.memory:nth-child({expected})").wait_for()
        # The focus goes on with the first new one.
        assert page.evaluate("document.activeElement.className") == "memory-text"
    assert sorted(texts(page, ".memory-text")) == sorted(f"Note {n}" for n in range(120))
    assert page.get_by_role("button", name="Show more").count() == 0


def test_a_timeline_shows_what_took_the_place_of_what(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, f"#/timeline?user={USER}")
    shown(page)
    assert page.get_by_role("heading", level=1).inner_text() == "Timeline of ana"
    now = texts(page, ".moment .memory-text")
    replaced = {said.instead for said in STORY if said.instead}
    assert now == [
        said.fact for said in reversed(STORY) if not any(said.fact.startswith(each) for each in replaced)
    ]
    home = page.locator("li.moment", has_text="Olhão").filter(has_text="took the place of")
    assert texts(home, ".chain-text") == [
        "Ana lives in Faro, five minutes from the sea",
        "Ana lives in Porto, near the river",
    ]
    assert "Feb 3, 2024 – Mar 8, 2025" in home.inner_text()
    page.get_by_label("As it was on").fill("2024-12-01")
    page.get_by_role("button", name="Show").click()
    page.locator(".told", has_text="held then").wait_for()
    then = texts(page, ".moment .memory-text")
    assert "Ana lives in Porto, near the river" in then
    assert not any("Faro" in text or "Olhão" in text for text in then)


def test_a_memory_has_its_history_its_line_and_its_messages(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, f"#/memories/{told.ids['Ana lives in Faro, five minutes from the sea']}")
    shown(page)
    assert page.locator(".whole .badge").first.inner_text() == "superseded"
    assert texts(page, ".chain-text") == [
        "Ana lives in her own house in Olhão",
        "Ana lives in Faro, five minutes from the sea",
        "Ana lives in Porto, near the river",
    ]
    assert texts(page, ".turn-text") == ["We moved to Faro, five minutes from the sea."]
    assert "Stored" in page.locator(".changes").inner_text()
    assert '"device": "phone"' in page.locator("pre").inner_text()
    page.locator(".chain a").first.click()
    page.locator(".badge.good", has_text="current").wait_for()
    go(page, "#/memories/12")
    assert "There is no such memory" in page.locator(".view").inner_text()


def test_users_lead_to_their_memories(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, "#/users")
    shown(page)
    assert texts(page, ".user-name") == ["ana", "ben", "chen", "dara"]
    page.get_by_role("link", name="ben", exact=True).click()
    page.locator(".told", has_text="2 memories").wait_for()
    # All views follow the choice.
    page.get_by_role("link", name="Timeline", exact=True).click()
    page.get_by_role("heading", name="Timeline of ben").wait_for()
    page.get_by_label("User").fill("dara")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Timeline of dara").wait_for()
    page.get_by_label("User").fill("")
    page.get_by_role("button", name="Choose").click()
    page.get_by_text("Whose timeline?").wait_for()


def test_usage_is_shown_by_day_against_the_budget(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, "#/usage")
    page.locator(".uplot").nth(3).wait_for()
    usage = told.served.client.get("/v1/usage").json()
    today = usage["days"][-1]
    tokens = f"{today['prompt_tokens'] + today['completion_tokens']:,}"
    figures = texts(page, ".figure")
    assert tokens in figures[0]
    assert "of 20,000 a day" in figures[0]
    assert f"{today['cost']:.2f}" in figures[3] or "< 0.01" in figures[3]
    cells = page.locator(".scroll tbody tr").first.locator("td").all_inner_texts()
    assert cells[0] == f"{today['llm_calls']:,}"
    assert "Prompts and Answers by day" in (page.locator(".chart").first.get_attribute("aria-label") or "")
    # Over a day, the legend tells its numbers.
    page.locator(".u-over").first.hover(position={"x": 5, "y": 50})
    page.locator(".u-legend").first.get_by_text("Prompts").wait_for()


def test_nothing_is_configured_and_nothing_is_there(visit: Visit) -> None:
    with Served({"embedder": {"provider": "none"}}) as served:
        page = visit.open(served)
        shown(page)
        assert texts(page, ".empty-title") == ["Nothing is remembered yet."]
        for place, title in (
            ("#/timeline", "No user has memories yet."),
            ("#/tasks", "There is no task."),
            ("#/usage", "No model was asked yet."),
            ("#/users", "No user has memories yet."),
        ):
            go(page, place)
            assert texts(page, ".empty-title") == [title]
        go(page, "#/health")
        page.get_by_text("none (full text only)").wait_for()


def test_health_names_the_store_and_the_models(visit: Visit, told: Told) -> None:
    page = visit.open(told.served, "#/health")
    page.locator(".uplot").wait_for()
    text = page.locator(".view").inner_text()
    for expected in ("ready", "sqlite", "all-MiniLM-L6-v2", "llm (scripted)", "Messages that wait", "14"):
        assert expected in text
    assert page.locator(".problem").count() == 0


@pytest.mark.parametrize("place", ["#/nothing", "#/memories?user=%E0%A4%A", "#/memories/%E0%A4%A"])
def test_a_broken_address_shows_something(visit: Visit, open_server: Served, place: str) -> None:
    page = visit.open(open_server, place)
    shown(page)
    assert page.get_by_role("heading", level=1).inner_text() in ("Memories", "Memory")


def test_a_server_that_is_away_says_so(visit: Visit, open_server: Served) -> None:
    page = visit.open(open_server, "#/users")
    shown(page)
    page.route("**/v1/**", lambda route: route.abort())
    page.evaluate("location.hash = '#/tasks?user=zoe'")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "The server cannot be reached." in alert.inner_text()
    page.unroute("**/v1/**")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("There is no task.").wait_for()
