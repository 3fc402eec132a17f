"""``docs/cli.md``: its table is that of the parser."""

from __future__ import annotations

import runpy

from .markdown import ROOT


def test_the_table_has_every_command_and_option() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert page == runpy.run_path(str(ROOT / "scripts" / "write_cli_page.py"))["page"](page), (
        "run python scripts/write_cli_page.py"
    )
    for command in ("memory delete-all", "manage cleanup", "config init"):
        assert f"| `{command}" in page
