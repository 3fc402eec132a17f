"""A person edits and forgets, and can undo both."""

from __future__ import annotations

from typing import Any

from tests._async.patience import async_comes
from tests.support.served import Served

from .example import add
from .pages import Visit, go, shown


def keep(served: Served, user: str, text: str, **more: Any) -> str:
    (kept,) = add(served, {"messages": text, "user_id": user, "infer": False, **more})
    return str(kept["id"])


def stored(served: Served, memory: str) -> dict[str, Any] | None:
    answer = served.client.get(f"/v1/memories/{memory}")
    return answer.json() if answer.status_code == 200 else None


def test_an_edit_is_stored_and_undone(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "eve", "Eve has a dog", metadata={"a": 1, "b": [2]})
    page = visit.open(open_server, f"#/memories/{memory}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("Eve has two dogs")
    page.get_by_label("Metadata").fill('{"a": 2}')
    page.get_by_label("Expires").fill("2099-05-01")
    page.get_by_role("button", name="Save").click()
    page.locator(".whole-text", has_text="Eve has two dogs").wait_for()
    found = stored(open_server, memory)
    assert (found["memory"], found["metadata"]) == ("Eve has two dogs", {"a": 2})
    assert found["expires_at"].startswith("2099-05-01")
    assert "Eve has a dog" in page.locator(".changes del").inner_text()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    page.locator(".whole-text", has_text="Eve has a dog").wait_for()
    found = stored(open_server, memory)
    assert (found["memory"], found["metadata"], found["expires_at"]) == (
        "Eve has a dog",
        {"a": 1, "b": [2]},
        None,
    )


def test_a_former_text_is_brought_back_from_the_history(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "fil", "Fil is at home")
    for text in ("Fil is away", "Fil is abroad"):
        open_server.client.patch(f"/v1/memories/{memory}", json={"content": text})
    page = visit.open(open_server, f"#/memories/{memory}")
    page.get_by_role("button", name="Bring back: Fil is at home").click()
    page.locator(".whole-text", has_text="Fil is at home").wait_for()
    assert stored(open_server, memory)["memory"] == "Fil is at home"


def test_a_refused_edit_loses_nothing(visit: Visit, open_server: Served) -> None:
    keep(open_server, "guy", "Guy paints")
    memory = keep(open_server, "guy", "Guy draws")
    page = visit.open(open_server, f"#/memories/{memory}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Metadata").fill("{broken")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("The metadata is no JSON object.").wait_for()
    page.get_by_label("Metadata").fill("{}")
    # The same text twice is refused by the server.
    page.get_by_label("Text").fill("Guy paints")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("already").wait_for()
    assert page.get_by_label("Text").input_value() == "Guy paints"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit").wait_for()
    assert stored(open_server, memory)["memory"] == "Guy draws"


def test_forgetting_waits_for_undo(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "hal", "Hal hums")
    page = visit.open(open_server, "#/memories?user=hal")
    page.get_by_role("button", name="Forget: Hal hums").click()
    page.locator("li.memory").wait_for(state="hidden")
    assert stored(open_server, memory) is not None
    page.locator(".notice").get_by_role("button", name="Undo").click()
    page.locator("li.memory", has_text="Hal hums").wait_for()
    assert page.locator(".notice").count() == 0
    assert not [request for request in visit.requests if request.method == "DELETE"]
    assert stored(open_server, memory)["memory"] == "Hal hums"


def test_forgetting_is_done_at_once_when_asked(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "ian", "Ian irons")
    page = visit.open(open_server, f"#/memories/{memory}")
    page.get_by_role("button", name="Forget").click()
    page.get_by_text("It is being forgotten.").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Forget now").click()
    assert stored(open_server, memory) is None
    # Its history stays, and says so.
    go(page, "#/users")
    go(page, f"#/memories/{memory}")
    assert "This memory was forgotten" in page.locator(".view").inner_text()
    assert "Forgotten" in page.locator(".changes").inner_text()


def test_forgetting_is_done_when_its_time_is_over(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "jan", "Jan jogs")
    page = visit.open(open_server, "about:blank")
    page.clock.install()
    page.goto(f"{open_server.url}/dashboard#/memories?user=jan")
    page.get_by_role("button", name="Forget: Jan jogs").click()
    page.mouse.move(0, 0)
    page.locator("li.memory").wait_for(state="hidden")
    # Not while the notice has the focus.
    page.locator(".notice").get_by_role("button", name="Undo").focus()
    page.clock.run_for(60_000)
    assert stored(open_server, memory) is not None
    page.locator("h1").focus()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.clock.run_for(11_000)
    assert stored(open_server, memory) is None


def test_closing_the_page_forgets_at_once(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "kit", "Kit knits")
    page = visit.open(open_server, "#/memories?user=kit")
    page.get_by_role("button", name="Forget: Kit knits").click()
    page.locator("li.memory").wait_for(state="hidden")
    page.goto(f"{open_server.url}/version")
    # Nobody in the browser hears of the end of such a request.
    core = open_server.service.memory
    open_server.run(lambda: async_comes(lambda: core.count("kit"), 0))
    assert stored(open_server, memory) is None


def test_what_is_being_forgotten_stays_hidden_in_other_views(visit: Visit, open_server: Served) -> None:
    keep(open_server, "lex", "Lex laughs")
    page = visit.open(open_server, "#/memories?user=lex")
    page.get_by_role("button", name="Forget: Lex laughs").click()
    page.locator("li.memory").wait_for(state="hidden")
    go(page, "#/users")
    go(page, "#/memories?user=lex")
    assert page.locator("li.memory").is_hidden()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    go(page, "#/users")
    go(page, "#/memories?user=lex")
    assert page.locator("li.memory").is_visible()


def test_a_failed_forgetting_says_so(visit: Visit, open_server: Served) -> None:
    memory = keep(open_server, "mo", "Mo mows")
    page = visit.open(open_server, "#/memories?user=mo")
    shown(page)
    open_server.client.delete(f"/v1/memories/{memory}")
    page.get_by_role("button", name="Forget: Mo mows").click()
    page.get_by_role("button", name="Forget now").click()
    page.locator(".notice.bad", has_text="There is no memory").wait_for()
