"""``report`` on the command line: one page, the verdict on standard output, one clear line for what is wrong."""

import os
import re
import shlex
import sys

import pytest

from pcaphash.report.page import page_path
from support.command import complaints, run
from support.shared import ROOT
from support.traffic import flows, plain, write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


def test_the_folder_gets_one_page_and_the_verdict_is_said(tmp_path):
    folder = tmp_path / "new" / "folder"
    result = run("report", OVERLAY, "--window", "500ms", "-o", folder)
    assert result.returncode == 0
    assert [path.name for path in folder.iterdir()] == ["report.html"]
    lines = result.stdout.decode().splitlines()
    assert lines[0].startswith("The hash is fine; its input has too little entropy")
    page = (folder / "report.html").read_text("utf-8")
    assert f'<h1 id="verdict">{lines[0]}</h1>' in page
    assert f"pcaphash report {shlex.quote(str(OVERLAY))} --window 500ms -o {folder}" in page
    assert "Load over time" in page
    assert f"wrote {folder / 'report.html'}" in result.stderr.decode()


def test_the_verdict_is_wrapped_as_wide_as_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("report", OVERLAY, "-o", tmp_path).stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.slow
def test_it_takes_what_compare_takes(tmp_path):
    trace = write(tmp_path / "flows.pcapng", [plain(flow) for flow in flows(100)])
    saved = tmp_path / "saved.census"
    assert run("census", trace, "-o", saved).returncode == 0
    options = ("--config", "one=all", "--config", f"two=base@{'01' * 40}", "--queues", "4", "-c", "50")
    for number, words in enumerate(
        [(trace, trace, *options), (saved,), ("-", "--heaviest", "0", "--max-flows", "10", "--spec", "1.4")]
    ):
        stdin = trace.read_bytes() if "-" in words else b""
        result = run("report", *words, "-o", tmp_path / str(number), stdin=stdin)
        assert result.returncode == 0, result.stderr
    first = (tmp_path / "0" / "report.html").read_text("utf-8")
    assert "two=base" not in first.split("<main>")[0]
    assert "stopped early" in first
    assert "a saved census has no flows" in (tmp_path / "1" / "report.html").read_text("utf-8")
    assert "standard input" in (tmp_path / "2" / "report.html").read_text("utf-8")


def test_a_cut_trace_is_partial(tmp_path):
    trace = tmp_path / "cut.pcap"
    trace.write_bytes(OVERLAY.read_bytes()[:-7])
    result = run("report", trace, "-o", tmp_path)
    assert result.returncode == 3
    assert "the results are partial" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a name")
def test_any_file_name_is_taken(tmp_path):
    trace = os.fsencode(tmp_path) + b"/<b>\xff\x1b.pcap"
    with open(trace, "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(OVERLAY.read_bytes())
    result = run("report", os.fsdecode(trace), "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "&lt;b&gt;\\udcff\\x1b.pcap" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((OVERLAY,), "--output"),
        ((OVERLAY, "-o", ""), "--output"),
        ((OVERLAY, "-o", OVERLAY), ".pcap is not a format that a page can be written in"),
        ((OVERLAY, "-o", ROOT / "Makefile"), "it is a file, not a folder"),
        ((OVERLAY, "-o", "out", "--window", "soon"), "--window: 'soon'"),
        ((OVERLAY, "-o", "out", "--max-flows", "0"), "--max-flows"),
        ((OVERLAY, "-o", "out", "--queues", "0"), "--queues"),
    ],
)
def test_what_is_wrong_takes_one_line(words, said):
    result = run("report", *words)
    assert (result.returncode, result.stdout) == (2, b"")
    (complaint,) = complaints(result)
    assert said in complaint


def test_a_trace_is_not_overwritten(tmp_path):
    trace = tmp_path / "report.html"
    trace.write_bytes(OVERLAY.read_bytes())
    result = run("report", trace, "-o", tmp_path)
    assert result.returncode == 2
    assert "--output" in complaints(result)[0]
    assert trace.read_bytes() == OVERLAY.read_bytes()


def test_help_has_examples():
    text = run("report", "--help").stdout.decode()
    assert "pcaphash report trace.pcap -o results" in text


@pytest.mark.parametrize("name", ["overlay.html", "Overlay.HTM"])
def test_a_name_like_a_page_is_the_page(tmp_path, name):
    result = run("report", ROOT / "sample_traces" / "vxlan.pcap", "--output", tmp_path / name)
    assert result.returncode == 0
    assert result.stderr.decode() == f"wrote {tmp_path / name}\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text("utf-8").lower().startswith("<!doctype html>")


def test_a_name_like_another_file_is_refused_before_anything_is_read(tmp_path):
    result = run("report", tmp_path / "missing.pcap", "-o", tmp_path / "page.pdf")
    assert result.returncode == 2
    said = f"--output: {tmp_path / 'page.pdf'}: .pdf is not a format that a page can be written in; name it .html, .htm"
    assert said in result.stderr.decode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["pages", "results.2024", "made.of"])
def test_any_other_name_is_a_folder(tmp_path, name):
    if name == "made.of":
        (tmp_path / name).mkdir()
    assert page_path(tmp_path / name) == tmp_path / name / "report.html"


def test_a_folder_named_like_a_page_stays_one(tmp_path):
    folder = tmp_path / "old.html"
    folder.mkdir()
    assert run("report", ROOT / "sample_traces" / "vxlan.pcap", "--output", folder).returncode == 0
    assert [path.name for path in folder.iterdir()] == ["report.html"]


def test_a_page_in_no_folder_is_one_line(tmp_path):
    result = run("report", ROOT / "sample_traces" / "vxlan.pcap", "--output", tmp_path / "missing" / "page.html")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert "page.html" in line


def test_a_page_of_packets_that_did_not_meet_the_device_says_so(tmp_path):
    there = flows(100)
    back = [(destination, source, to, port) for source, destination, port, to in there]
    host, router = bytes(6 * [2]), bytes(6 * [6])

    def frame(flow, destination, source):
        return destination + source + plain(flow)[12:]

    packets = [frame(flow, host, router) for flow in there] + [frame(flow, router, host) for flow in back]
    trace = write(tmp_path / "both.pcapng", packets)
    result = run("report", trace, "-o", tmp_path)
    (told,) = [line for line in result.stderr.decode().splitlines() if "--destination-mac" in line]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert told.removeprefix("pcaphash: warning: ") in page
    assert "the NIC did not receive all packets" in page.partition("</header>")[0]


def test_a_replay_in_time_is_one_more_section(tmp_path):
    result = run("report", OVERLAY, "--in-time", "-o", tmp_path / "page.html")
    assert result.returncode == 0, result.stderr
    said = result.stdout.decode().splitlines()[-1]
    assert said.startswith("To lose no packet, a core must serve ")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert '<h2 id="replay">In time: packets dropped</h2>' in page
    rows = re.findall("<tr>.*?</tr>", page[page.index("Fewest queues that keep up") :].partition("</table>")[0], re.S)
    assert [re.sub("<[^>]*>", " ", row).split()[-1] for row in rows].count("1") == 1  # not for each higher rate again
    assert said.partition(". ")[0] in page
    assert "Fewest queues that keep up" in page


def test_what_cannot_be_read_a_second_time_is_not_replayed(tmp_path):
    saved = tmp_path / "saved.census"
    assert run("census", OVERLAY, "-o", saved).returncode == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # which nobody writes: opening it would never end
    named = {saved: saved, "-": "standard input", pipe: pipe, "/dev/stdin": "/dev/stdin"}
    for trace, name in named.items():
        result = run("report", trace, "--in-time", "-o", tmp_path / "page.html", stdin=OVERLAY.read_bytes())
        (line,) = complaints(result)  # and nothing was compared before
        why = "is a saved census, which has no times" if trace == saved else "cannot be read a second time"
        assert line.startswith(f"pcaphash: error: --in-time: {name} {why}")
        assert (result.returncode, (tmp_path / "page.html").exists()) == (2, False)
