"""Run the commands that the pages show, and put what they print below them; write the tables of columns again.

    python docs/refresh.py [PAGE...]

In a block of ``console``, lines that begin with ``$ `` are commands and the lines below are what they print on standard
output, 80 columns wide. Lines that begin with ``> `` right below a command belong to it. A line ``...`` ends what is
shown; ``...N`` becomes the first N lines and ``...``.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs.columns import refresh_tables  # noqa: E402 (which is found in ROOT)

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCRIPTS = str(Path(sys.executable).parent)
"""Where commands are looked for first."""

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_CUT = re.compile(r"\.\.\.(\d*)")
_MINUTES = 5


@dataclass(frozen=True)
class Shown:
    """A command, and the lines that a page shows below it."""

    command: str
    lines: list[str]

    @property
    def most_lines(self) -> int | None:
        """How many lines of the output are shown; None for all."""
        for number, line in enumerate(self.lines):
            if found := _CUT.fullmatch(line):
                return int(found[1] or number)
        return None

    def cut(self, lines: list[str]) -> list[str]:
        """Cut output as the page does."""
        most = self.most_lines
        return lines if most is None or len(lines) <= most else [*lines[:most], "..."]


def read_blocks(text: str) -> Iterator[list[Shown]]:
    """Yield the blocks of a page, each a list of commands."""
    for block in _BLOCK.findall(text):
        found: list[Shown] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Shown(line[2:], []))
            elif line.startswith("> ") and not found[-1].lines:
                found[-1] = Shown(f"{found[-1].command}\n{line[2:]}", [])
            else:
                found[-1].lines.append(line)
        yield found


def run(command: str, folder: Path, scripts: str = SCRIPTS) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder that has the sample traces."""
    samples = folder / "sample_traces"
    if not samples.exists():
        samples.symlink_to(ROOT / "sample_traces")
    # No terminal, whatever this runs in: no colours, and a width of its own.
    variables = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
    }
    variables.pop("FORCE_COLOR", None)  # which asks for colours without a terminal
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=variables, capture_output=True, text=True, timeout=60 * _MINUTES
    )


def output_of(command: str, folder: Path, scripts: str = SCRIPTS) -> list[str]:
    """Return what a command prints, line by line; blanks at the end of lines, and empty lines at the end, left out.

    Raises
    ------
    RuntimeError
        The command failed; 1 is no failure of ``validate``, which says so that a device differs.
    """
    result = run(command, folder, scripts)
    if result.returncode not in ((0, 1) if " validate " in command else (0,)):
        raise RuntimeError(f"{command}: {result.stderr.strip()}")
    return [line.rstrip() for line in result.stdout.rstrip().splitlines()]


def refresh(page: Path) -> None:
    """Put what the commands of a page print below them, and the columns that tables have now."""
    text = refresh_tables(page.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for block, shown in zip(_BLOCK.findall(text), list(read_blocks(text)), strict=True):
            lines = []
            for each in shown:
                command = each.command.replace("\n", "\n> ")
                lines += [f"$ {command}", *each.cut(output_of(each.command, Path(folder)))]
            text = text.replace(f"```console\n{block}```", "```console\n" + "\n".join(lines) + "\n```")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for chosen in map(Path, sys.argv[1:]) if len(sys.argv) > 1 else PAGES:
        refresh(chosen)
