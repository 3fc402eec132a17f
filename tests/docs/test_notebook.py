"""Memories in notebooks: with the formatters and the display of IPython, and with matplotlib."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import InvalidInputError, Memory, notebook

pytest.importorskip("IPython")
matplotlib = pytest.importorskip("matplotlib")

CONFIG = {
    "vector_store": {"config": {"database_path": ":memory:"}},
    "embedder": {"provider": "mock"},
    "llm": {"provider": "none"},
}


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    with Memory(CONFIG) as memory:
        memory.add("I live in Rome.", user_id="ana", timestamp="2026-01-10")
        memory.add("<script>alert(1)</script>", user_id="ana", infer=False, timestamp="2026-02-01")
        memory.add("I moved to Oslo.", user_id="ana", timestamp="2026-05-10")
        yield memory


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """IPython's shell, with its display formatter."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    shell = InteractiveShell.instance()
    yield shell
    shell.run_line_magic("unload_ext", "powermem.notebook")
    InteractiveShell.clear_instance()
    shell.history_manager.end_session()


def shown(shell: Any, value: object) -> Any:
    return shell.display_formatter.format(value)[0].get("text/html")


def test_results_become_tables_once_the_extension_is_loaded(shell: Any, memory: Memory) -> None:
    found = memory.search("Oslo", user_id="ana")
    assert shown(shell, found) is None
    shell.run_line_magic("load_ext", "powermem.notebook")
    assert "I moved to Oslo." in shown(shell, found)
    assert "<script>" not in shown(shell, memory.get_all(user_id="ana"))
    assert "&lt;script&gt;" in shown(shell, memory.get_all(user_id="ana"))
    assert "ADD" in shown(shell, memory.history(found["results"][0]["id"]))
    others: list[object] = [{"a": 1}, [1, 2], {"results": []}, {}, []]
    for other in others:
        assert shown(shell, other) is None
    shell.run_line_magic("unload_ext", "powermem.notebook")
    assert shown(shell, found) is None


def test_a_memory_is_shown_without_the_extension(shell: Any, memory: Memory) -> None:
    assert "sqlite at :memory:" in shown(shell, memory)


def test_results_stay_plain_dicts(memory: Memory) -> None:
    found = memory.search("Oslo", user_id="ana")
    assert type(found) is dict
    assert json.loads(json.dumps(found)) == found
    assert pickle.loads(pickle.dumps(found)) == found


def test_show_prints_lines_where_there_is_no_notebook(
    memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.show(memory.get_all(user_id="ana"))
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "2 of 2 memories"
    assert "I moved to Oslo." in lines[0]
    with pytest.raises(InvalidInputError, match="result: expected what a method of a memory returned, got 3"):
        notebook.show(3)


class Kernel:
    """A display that keeps what a notebook's page would show."""

    def __init__(self, shell: Any) -> None:
        self.sent: list[tuple[str, dict[str, str]]] = []
        shell.kernel = self
        shell.display_pub.publish = self._publish

    def _publish(self, data: dict[str, str], metadata: object = None, **options: Any) -> None:
        self.sent.append(("update" if options.get("update") else "display", data))


@pytest.fixture
def kernel(shell: Any) -> Iterator[Kernel]:
    kernel = Kernel(shell)
    yield kernel
    del shell.kernel


def test_show_displays_html_in_a_notebook(kernel: Kernel, memory: Memory) -> None:
    notebook.show(memory.get_all(user_id="ana"))
    ((kind, data),) = kernel.sent
    assert kind == "display"
    assert data["text/html"].startswith("<div><div>2 of 2 memories</div><table>")
    assert data["text/plain"].startswith("2 of 2 memories\n")


def test_a_progress_bar_is_drawn_once_and_updated(kernel: Kernel) -> None:
    with Memory(CONFIG) as memory:
        items = [f"Ticket {number}" for number in range(30)]
        memory.add_many(items, user_id="desk", infer=False, on_progress=notebook.progress("<i>tickets</i>"))
    assert [kind for kind, _ in kernel.sent] == ["display", *["update"] * (len(kernel.sent) - 1)]
    last = kernel.sent[-1][1]["text/html"]
    assert last.startswith("<progress value='30' max='30'></progress> &lt;i&gt;tickets&lt;/i&gt; 30 of 30, ")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_progress_bar_is_a_line_elsewhere(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr", out)
    bar = notebook.progress("loading")
    for done in (0, 5, 10, 10):
        bar({"done": done, "total": 10, "seconds": 2.0, "rate": done / 2, "failed": done // 5})
    last = "loading 10 of 10, 5/s, 2.0 s, 2 failed"
    assert out.getvalue().rstrip("\r").count(f"{last}\n") == 1
    assert out.getvalue().count("loading") == (4 if terminal else 1)


def test_a_progress_bar_without_a_total_counts(kernel: Kernel) -> None:
    notebook.progress("reading")({"done": 1200, "total": None, "seconds": 2.0, "rate": 600.0})
    assert kernel.sent[0][1]["text/html"] == "<progress></progress> reading 1,200, 600/s, 2.0 s"


@pytest.fixture
def drawing() -> Iterator[None]:
    import matplotlib.pyplot as plt

    before = plt.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


def test_the_parts_of_a_score_are_drawn_to_their_sum(memory: Memory, drawing: None) -> None:
    found = memory.search("Where does Ana live?", user_id="ana", explain=True)
    axes = notebook.plot_scores(found)
    drawn = sum(bar.get_width() for bars in axes.containers for bar in bars)
    names = {"dense", "lexical", "dense_rank", "lexical_rank"}
    parts = [
        value for hit in found["results"] for name, value in hit["score_details"].items() if name not in names
    ]
    assert drawn == pytest.approx(sum(parts))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [label[:4] for label in labels] == [f"{hit['score']:.2f}" for hit in found["results"]]


def test_a_timeline_shows_what_was_superseded(memory: Memory, drawing: None) -> None:
    now = memory.search("Where does Ana live?", user_id="ana")["results"]
    then = memory.search("Where did Ana live?", user_id="ana", as_of="2026-03-01")["results"]
    old = [hit for hit in then if hit["memory"] == "I live in Rome."]
    axes = notebook.plot_timeline([*now, *old])
    assert axes.get_yticklabels()[0].get_text() == "I live in Rome."
    colours = [bars[0].get_facecolor()[:3] for bars in axes.containers]
    assert colours.count(matplotlib.colors.to_rgb("grey")) == 1
    axes.figure.savefig(io.BytesIO())


def test_a_plot_goes_where_it_is_told(memory: Memory, drawing: None) -> None:
    axes = matplotlib.figure.Figure().subplots()
    assert notebook.plot_timeline(memory.get_all(user_id="ana"), ax=axes) is axes


@pytest.mark.parametrize("wrong", [{}, {"results": []}, [], [{"a": 1}], "text", None])
def test_a_plot_of_something_else_is_refused(wrong: object) -> None:
    for plot in (notebook.plot_scores, notebook.plot_timeline):
        with pytest.raises(InvalidInputError, match="result: expected memories"):
            plot(wrong)


def test_scores_need_an_explanation(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="explain=True"):
        notebook.plot_scores(memory.search("Oslo", user_id="ana"))
