"""``census``, and ``analyze`` on what it saves: the same bytes on standard output, one clear line for what is wrong."""

import gzip
from importlib import import_module
from pathlib import Path

import pytest

from pcaphash.cli.commands import SUMMARIES
from support.captures import pcapng_of
from support.command import complaints, run
from support.shared import ROOT
from support.variety import variety

FRAMES = variety()
OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


@pytest.fixture(scope="module")
def traces(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("census")
    half = len(FRAMES) // 2
    for name, frames in {"whole": FRAMES, "one": FRAMES[:half], "two": FRAMES[half:]}.items():
        (folder / f"{name}.pcapng").write_bytes(pcapng_of(frames))
        assert run("census", folder / f"{name}.pcapng", "-o", folder / f"{name}.census").returncode == 0
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize("format_", ["table", "csv", "json", "markdown"])
def test_halves_and_standard_input_give_what_the_whole_gives(traces, format_):
    whole = run("analyze", traces["whole.pcapng"], "--format", format_)
    assert whole.returncode == 0
    assert whole.stdout
    halves = run("analyze", traces["one.census"], traces["two.census"], "--format", format_)
    piped = run("analyze", "-", "--format", format_, stdin=gzip.compress(traces["whole.pcapng"].read_bytes()))
    assert (halves.stdout, halves.returncode) == (whole.stdout, 0)
    assert (piped.stdout, piped.returncode) == (whole.stdout, 0)


def test_a_census_of_censuses(traces, tmp_path):
    both = tmp_path / "both.census"
    assert run("census", traces["two.census"], traces["one.census"], "-o", both).returncode == 0
    assert run("analyze", both).stdout == run("analyze", traces["whole.pcapng"]).stdout


def test_how_a_census_was_taken_is_taken_over(traces, tmp_path):
    own = tmp_path / "own.census"
    options = ("--key", "01" * 40, "--vxlan-port", "53")
    assert run("census", traces["whole.pcapng"], *options, "-o", own).returncode == 0
    assert run("analyze", own).stdout == run("analyze", traces["whole.pcapng"], *options).stdout
    refused = run("analyze", own, "--key", "02" * 40)
    assert refused.returncode == 2
    (complaint,) = complaints(refused)
    assert complaint.startswith("pcaphash: error: --key: ")


def test_what_is_wrong_takes_one_line(traces, tmp_path):
    data = traces["whole.census"].read_bytes()
    cut = tmp_path / "cut.census"
    cut.write_bytes(data[: len(data) // 2])
    for words, status, said in [
        (("analyze", cut), 4, "cut.census"),
        (("census", traces["whole.pcapng"], "-o", traces["whole.pcapng"]), 2, "--output"),
        (("census", traces["whole.pcapng"], "-o", tmp_path / "none" / "x.census"), 2, "cannot be written"),
        (("analyze", traces["whole.census"], "-c", 3), 2, "-c 3: "),
        (("analyze", traces["whole.census"], "--indirection-table-size", 512), 2, "--indirection-table-size"),
        (("analyze", traces["whole.pcapng"], "--vni", 4242424), 2, "--vni 4242424: none of the"),
    ]:
        result = run(*words)
        assert (result.returncode, result.stdout) == (status, b""), words
        (complaint,) = complaints(result)
        assert said in complaint, words
    assert not (tmp_path / "none").exists()


TAKING_CENSUSES = {"analyze": [], "compare": [], "info": [], "report": ["-o", "page.html"], "sweep": [], "tune": []}


def test_these_commands_take_saved_censuses():
    modules = {name: import_module(f"pcaphash.cli.{name.replace('-', '_')}") for name in SUMMARIES}
    assert {name for name, module in modules.items() if hasattr(module, "TracesOrCensuses")} == {*TAKING_CENSUSES}


@pytest.mark.parametrize("command", TAKING_CENSUSES)
def test_every_command_adopts_how_a_census_was_taken(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    how = ["--key", "symmetric", "--vxlan-port", "4789,8472"]
    assert run("census", OVERLAY, "-o", "saved.census", *how).returncode == 0
    result = run(command, "saved.census", *TAKING_CENSUSES[command])
    assert result.returncode == 0, result.stderr
    if command not in ("info", "report"):  # which knows no key, and says with which words it was made
        assert result.stdout == run(command, "saved.census", *TAKING_CENSUSES[command], *how).stdout
