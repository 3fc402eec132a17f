"""Tasks are followed live, cancelled and retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, openai_llm, refuse
from tests.support.served import Served

from .pages import Visit, shown


@contextmanager
def idle(served: Served) -> Iterator[None]:
    """Let nobody take up tasks, as where another process has all the work."""
    processing = served.service.memory.processing
    served.run(lambda: processing.stop(60))
    try:
        yield
    finally:
        served.run(processing.start)


def exchange(served: Served, user: str, message: str) -> str:
    body = {"user_id": user, "user_message": message, "assistant_message": "Nice"}
    assert served.client.post("/v1/exchanges", json=body).status_code == 202
    return str(served.client.post("/v1/tasks", json={"user_id": user}).json()["task_id"])


def test_a_task_is_cancelled_retried_and_followed_to_its_end(visit: Visit, open_server: Served) -> None:
    page = visit.open(open_server)
    with idle(open_server):
        task = exchange(open_server, "nic", "I live in Nice")
        page.goto(f"{open_server.url}/dashboard#/tasks?user=nic")
        item = page.locator(f"li.task[data-id='{task}']")
        item.get_by_text("waiting", exact=True).or_(item.get_by_text("running", exact=True)).wait_for()
        item.get_by_role("button", name=f"Cancel task {task}").click()
        item.get_by_text("cancelled", exact=True).wait_for()
        assert open_server.client.get(f"/v1/tasks/{task}").json()["status"] == "cancelled"
        item.get_by_role("button", name=f"Retry task {task}").click()
        item.get_by_role("button", name=f"Cancel task {task}").wait_for()
    item.get_by_text("done", exact=True).wait_for()
    assert following(visit, task)
    item.get_by_text("What it did").click()
    item.get_by_role("link", name="I live in Nice").wait_for()
    assert page.locator(".told").inner_text() == "1 task, 0 under way"


def following(visit: Visit, task: str) -> bool:
    return any(request.url.endswith(f"/v1/tasks/{task}/events") for request in visit.requests)


def test_a_failed_task_says_why_and_is_retried(visit: Visit, no_proxy: None) -> None:
    with ApiServer() as api:
        ScriptedModel(api).repeats()
        refuse(api, "bassoon", 400)
        with Served({"llm": openai_llm(api)}) as served:
            page = visit.open(served, "#/tasks?user=ole")
            page.get_by_text("There is no task.").wait_for()
            body = {"user_id": "ole", "user_message": "I play the bassoon", "assistant_message": "Oh"}
            served.client.post("/v1/exchanges", json=body)
            page.get_by_role("button", name="Process messages of ole now").click()
            page.locator(".badge", has_text="failed").wait_for()
            assert "400" in page.locator(".task-error").inner_text()
            api.rule = lambda request: None
            page.get_by_role("button", name="Retry").click()
            page.locator(".badge", has_text="done").wait_for()
            assert page.locator(".task-error").is_hidden()


def test_a_new_task_appears_by_itself(visit: Visit, open_server: Served) -> None:
    page = visit.open(open_server, "about:blank")
    page.clock.install()
    page.goto(f"{open_server.url}/dashboard#/tasks?user=pia")
    shown(page)
    exchange(open_server, "pia", "I live in Pisa")
    page.clock.run_for(6_000)
    page.get_by_text("Process messages", exact=True).wait_for()


def test_tasks_are_filtered_by_their_state(visit: Visit, open_server: Served) -> None:
    with idle(open_server):
        task = exchange(open_server, "quy", "I live in Quito")
        open_server.client.post(f"/v1/tasks/{task}/cancel")
        page = visit.open(open_server, "#/tasks?user=quy")
        page.locator("li.task").wait_for()
        page.get_by_label("State").select_option("failed")
        page.get_by_text("There is no task.").wait_for()
        page.get_by_label("State").select_option("cancelled")
        page.locator("li.task").wait_for()
