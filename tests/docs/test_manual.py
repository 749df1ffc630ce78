"""The manual pages say what --help says, in a form that man shows without complaint, and are in the wheel."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from docs.manual import EXIT_CODES, write_pages
from support.command import run
from support.shared import ROOT


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return {path.name: path for path in write_pages(tmp_path_factory.mktemp("man"))}


def options_of(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


def test_there_is_a_page_for_every_command(pages):
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", run("--help").stdout.decode(), re.MULTILINE)
    assert set(pages) == {"pcaphash.1", *(f"pcaphash-{name}.1" for name in commands)}
    assert len(pages) > 10


def test_pages_name_the_options_that_help_names(pages):
    for name, path in pages.items():
        command = name.removesuffix(".1").removeprefix("pcaphash").strip("-").split("\0")
        shown = run(*filter(None, command), "--help").stdout.decode()
        written = re.sub(r"\\f[BIR]", "", path.read_text()).replace("\\-", "-")
        assert options_of(shown) <= options_of(written), name


def test_exit_codes_are_those_of_the_documentation():
    section = (ROOT / "docs" / "formats.md").read_text().partition("## Exit codes")[2]
    assert re.findall(r"^\| (\d+) \|", section, re.MULTILINE) == list(EXIT_CODES)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff shows whether a page is sound")
def test_pages_are_shown_without_warnings(pages):
    for path in pages.values():
        result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", path], capture_output=True, text=True, timeout=60)
        assert (result.returncode, result.stderr) == (0, ""), path.name
        assert "NAME" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", result.stdout)


def test_pages_and_types_are_in_the_wheel(pages, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        packed = {name.rpartition("/")[2]: archive.read(name).decode() for name in names if "/share/man/man1/" in name}
    assert packed == {name: path.read_text() for name, path in pages.items()}
    assert "pcaphash/py.typed" in names


def test_the_pages_are_written_where_nothing_is_installed_but_the_command_line():
    blocked = ("numpy", "numba", "pandas", "matplotlib", "pyarrow", "dpkt")
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({blocked!r}))\n"  # None makes their import fail
        "import docs.manual"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
