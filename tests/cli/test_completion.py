"""The completion of shells: the scripts, and what a real bash completes by one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from powermem.cli.completion import bash_script, fish_script, nodes, zsh_script

from .conftest import Run

BASH = shutil.which("bash")

# What is typed, up to the cursor, and what may stand there.
TYPED: tuple[tuple[str, list[str]], ...] = (
    ("powermem ad", ["add"]),
    ("pmem mem", ["memory"]),
    ("pmem memory ", ["add", "search", "get", "update", "delete", "list", "delete-all"]),
    ("pmem memory del", ["delete", "delete-all"]),
    ("pmem -j memory se", ["search"]),
    ("pmem --env-file x memory se", ["search"]),
    ("pmem -f memory memory se", ["search"]),
    ("pmem memory list --so", ["--sort", "--sort-by"]),
    ("pmem memory list --order ", ["asc", "desc"]),
    ("pmem memory list --order=d", ["desc"]),
    ("pmem memory list -u add --ord", ["--order"]),
    ("pmem memory add list --me", ["--metadata", "--memory-type"]),
    ("pmem stats -t ", ["7d", "30d", "90d", "all"]),
    ("pmem stats -t 30d --det", ["--detailed"]),
    ("powermem keys r", ["revoke"]),
    ("powermem completion ", ["bash", "zsh", "fish"]),
    ("powermem config test -c d", ["database"]),
    ("powermem --install-completion z", ["zsh"]),
    ("powermem search -l ", []),
    ("powermem add ", []),
)


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes(tmp_path: Path) -> None:
    lines = [bash_script(nodes())]
    for typed, _ in TYPED:
        # As bash cuts a line into words, where = is a word of its own.
        words = typed.replace("=", " = ").split(" ")
        lines += [
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}",
            'COMPREPLY=(); _powermem_completion; echo "${COMPREPLY[*]}"',
        ]
    lines.append("complete -p powermem pmem")
    script = tmp_path / "try.bash"
    script.write_text("\n".join(lines), "utf-8")
    assert BASH is not None
    ran = subprocess.run([BASH, "--norc", str(script)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    *replies, first, second = ran.stdout.split("\n")[:-1]
    assert {typed: reply.split() for (typed, _), reply in zip(TYPED, replies, strict=True)} == dict(TYPED)
    assert first.endswith("-F _powermem_completion powermem")
    assert second.endswith("-F _powermem_completion pmem")


@pytest.mark.parametrize("script", [bash_script, zsh_script, fish_script])
def test_a_script_has_every_command_and_option(script: object) -> None:
    assert callable(script)
    text = script(nodes())
    for node in nodes():
        assert all(word in text for word in node.words)
        for name in (name for names in node.options for name in names):
            assert (name.lstrip("-") if script is fish_script else name) in text


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_another_shell_reads_its_script(cli: Run, tmp_path: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    path = tmp_path / "script"
    path.write_text(cli("completion", shell).out, "utf-8")
    ran = subprocess.run([program, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("words", [("completion", "bash", "--install"), ("--install-completion", "bash")])
@pytest.mark.parametrize("given", ["y\n", "n\n", ""])
def test_installing_asks_before_it_changes_a_file(
    bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], given: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", StringIO(given))
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'", "utf-8")
    ran = bare(*words)
    script = tmp_path / ".config/powermem/bash_completion"
    assert script.read_text("utf-8") == bash_script(nodes())
    line = f'[ -f "{script}" ] && . "{script}"'
    start = (tmp_path / ".bashrc").read_text("utf-8")
    if given == "y\n":
        assert (ran.code, start) == (0, f"alias ll='ls -l'\n{line}\n")
        assert bare(*words).code == 0
        assert (tmp_path / ".bashrc").read_text("utf-8") == start
    else:
        assert (ran.code, start) == (1, "alias ll='ls -l'")
        assert line in ran.err


def test_fish_reads_its_files_by_name(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert bare("completion", "fish", "--install").code == 0
    for program in ("powermem", "pmem"):
        text = (tmp_path / f".config/fish/completions/{program}.fish").read_text("utf-8")
        assert text == fish_script(nodes())
