"""What README and the pages of docs/ show is what comes out when it is run."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from docs.refresh import PAGES, ROOT, SCRIPTS, output_of, read_blocks, run
from support.command import program

TEXTS = {page.name if page.parent == ROOT else f"docs/{page.name}": page.read_text(encoding="utf-8") for page in PAGES}
SHOWING = [name for name, text in TEXTS.items() if list(read_blocks(text))]
PYTHON = [
    pytest.param(code, id=f"{name}-{number}")
    for name, text in TEXTS.items()
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Return a folder whose ``pcaphash`` is forked from a process that has imported it (see support/command.py)."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "pcaphash").write_text(f'#!/bin/sh\nexec {shlex.join(program())} "$@"\n')
    (folder / "pcaphash").chmod(0o755)
    return f"{folder}{os.pathsep}{SCRIPTS}"


def test_every_command_is_shown_somewhere():
    shown = {each.command.split()[1] for text in TEXTS.values() for block in read_blocks(text) for each in block}
    listed = subprocess.run(
        [sys.executable, "-m", "pcaphash", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    commands = set(re.findall(r"^  ([a-z][a-z-]+)  ", listed.partition("Commands:")[2], re.MULTILINE))
    assert len(commands) >= 10
    assert commands - shown == set()


@pytest.mark.parametrize("name", SHOWING)
def test_commands_print_what_is_shown(name, tmp_path, scripts):
    for block in read_blocks(TEXTS[name]):
        for each in block:
            assert each.cut(output_of(each.command, tmp_path, scripts)) == each.lines, each.command


def test_a_command_that_fails_is_not_passed_over(tmp_path):
    with pytest.raises(RuntimeError, match=r"nothing\.pcap: No such file"):
        output_of("pcaphash info nothing.pcap", tmp_path)


def test_lines_below_a_command_belong_to_it(tmp_path):
    text = "```console\n$ cat <<end\n> one\n> two\n> end\none\ntwo\n```\n"
    ((shown,),) = read_blocks(text)
    assert shown.command == "cat <<end\none\ntwo\nend"
    assert output_of(shown.command, tmp_path) == shown.lines == ["one", "two"]


@pytest.mark.parametrize("code", PYTHON)
def test_python_runs(code, tmp_path):
    (tmp_path / "code.py").write_text(code, encoding="utf-8")
    result = run(f"{sys.executable} -W error code.py", tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXTS[name]):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("name", TEXTS)
def test_headings_that_links_name_are_there(name):
    page = ROOT / name
    for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", TEXTS[name]):
        text = (page.parent / target).read_text(encoding="utf-8") if target else TEXTS[name]
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, (target, anchor)


def test_the_demo_is_the_command_that_the_readme_shows():
    shown = next(each for block in read_blocks(TEXTS["README.md"]) for each in block)
    recipe = re.search(r"^demo:.*\n\t(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    assert recipe[1].replace("$(RUN)/", "") == shown.command
