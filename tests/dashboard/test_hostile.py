"""What is remembered may come from anybody: none of it runs, and none of it becomes markup."""

from __future__ import annotations

from urllib.parse import quote

from tests.support.served import Served

from .example import add
from .pages import Visit, go, shown

HOSTILE = [
    "<script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 1'>",
    '"><svg onload=window.owned=1>',
    "'-window.owned=1-'",
    "javascript:window.owned=1",
    "[x](javascript:window.owned=1)",
    "<style>body { display: none }</style>",
    "<a href='https://evil.example/'>click</a>",
    "${window.owned = 1}{{constructor.constructor('window.owned=1')()}}",
    "\u202egnirts <b>bold</b>",
]


def test_no_text_becomes_markup(visit: Visit) -> None:
    with Served() as served:
        ids = []
        for text in HOSTILE:
            body = {
                "messages": [{"role": "user", "content": text, "name": text}],
                "user_id": text,
                "agent_id": text,
                "infer": False,
                "metadata": {text: [text, {"deep": text}], "__proto__": text, "title": text},
            }
            ids += [each["id"] for each in add(served, body)]
        for user in (HOSTILE[0], HOSTILE[1]):
            body = {"user_id": user, "user_message": HOSTILE[1], "assistant_message": HOSTILE[0]}
            served.client.post("/v1/exchanges", json=body)
            served.client.post("/v1/tasks", json={"user_id": user})
        page = visit.open(served)
        page.on("dialog", lambda dialog: visit.errors.append("a dialog"))
        places = ["#/memories", "#/users", "#/tasks", "#/health", "#/timeline"]
        for user in HOSTILE:
            named = quote(user, safe="")
            places += [
                f"#/timeline?user={named}",
                f"#/memories?user={named}&q={named}",
                f"#/tasks?user={named}",
            ]
        places += [f"#/memories/{each}" for each in ids]
        places += [f"#/memories/{quote(text, safe='')}" for text in HOSTILE]
        places += [f"#/memories?filter={quote(text, safe='')}" for text in HOSTILE]
        for place in places:
            go(page, place)
            assert page.evaluate("window.owned") is None
            assert page.locator("main :is(script, style, img, svg, iframe, b)").count() == 0
            assert page.locator("a:not([href^='#'])").count() == 0
        go(page, "#/memories")
        assert page.locator(".memory-text", has_text=HOSTILE[0]).first.is_visible()
        # Changing one shows it in a notice and in a form.
        page.get_by_role("button", name=f"Forget: {HOSTILE[1]}").first.click()
        page.locator(".notice", has_text="onerror").get_by_role("button", name="Undo").click()
        go(page, f"#/memories/{ids[1]}")
        page.get_by_role("button", name="Edit").click()
        assert page.get_by_label("Text").input_value() == HOSTILE[1]
        assert page.evaluate("window.owned") is None


def test_the_policy_holds_even_against_a_mistake(visit: Visit, open_server: Served) -> None:
    page = visit.open(open_server)
    shown(page)
    refused = page.evaluate(
        """() => {
          const refused = [];
          for (const [name, attempt] of Object.entries({
            markup: () => { document.body.innerHTML = "<b>x</b>"; },
            script: () => { const s = document.createElement("script"); s.text = "window.owned = 1"; },
          })) {
            try { attempt(); } catch (error) { refused.push(name); }
          }
          const inline = document.createElement("img");
          inline.setAttribute("src", "https://evil.example/x.png");
          document.body.append(inline);
          return refused;
        }"""
    )
    assert refused == ["markup", "script"]
    # The browser tells of what it refused.
    assert any("violates" in error or "TrustedHTML" in error or "Refused" in error for error in visit.errors)
    visit.errors.clear()
    visit.hosts.discard("evil.example")
