"""Files of what a device delivers are there whole or not at all, wherever they go; other programs read them."""
# ruff: noqa: PT012, SIM117 - what is tested is how a block ends

import gzip
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from naive.capture import load
from naive.delivered import Report, written
from pcaphash.capture.delivered import split
from pcaphash.capture.delivered.opening import open_capture, open_split, open_table
from pcaphash.capture.delivered.pcap import VirtioLayout
from pcaphash.errors import ConfigurationError, OutputError
from support import captures
from support.delivering import write_pieces
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
OVERLAY, INTERFACES = SAMPLES / "overlay.pcap", SAMPLES / "interfaces.pcapng"
COMMENT = "TCPv4 over the inner header (VXLAN)"
KINDS = (".pcapng", ".pcap", ".pcapng.gz", ".pcap.zst", ".csv", ".jsonl.gz", ".parquet", "")


def report(number: int) -> Report:
    return Report("delivered", number * 0x9E3779B1 & 0xFFFFFFFF, number % 3, COMMENT.encode())


def opening(path: Path):
    """Open what the end of a name says; a folder where it says nothing."""
    if not path.suffix:
        return open_split(path, 3)
    return (
        open_table(str(path))
        if any(end in path.name for end in (".csv", ".json", ".parq"))
        else open_capture(str(path))
    )


def write(opened, trace: Path = OVERLAY) -> None:
    with opened as encoder:
        write_pieces(trace, report, encoder)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def at_most(kind: int, number: int) -> Iterator[None]:
    """Keep this process below a limit."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_gets_too_long_is_not_there(tmp_path, kind):
    folder, path = tmp_path / "results", tmp_path / "results" / f"out{kind}"
    folder.mkdir()
    with at_most(resource.RLIMIT_FSIZE, 3000), pytest.raises(OutputError, match="cannot be written: File too large"):
        write(opening(path))
    assert entries(folder) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind])
def test_what_stood_there_stays(tmp_path, kind):
    path = tmp_path / f"out{kind}"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), opening(path) as encoder:
        write_pieces(OVERLAY, report, encoder)
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert entries(tmp_path) == [path.name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind])
def test_a_full_disk(tmp_path, kind):
    path, other = tmp_path / f"full{kind}", tmp_path / "other.pcapng"
    path.symlink_to("/dev/full")
    with pytest.raises(OutputError) as caught, open_capture(str(other)) as first, opening(path) as second:
        write_pieces(OVERLAY, report, first)
        write_pieces(OVERLAY, report, second)
    field = "write" if ".pcap" in kind else "reported"
    problem = "cannot be written: No space left on device"
    assert str(caught.value) == f"{path} {problem}; choose another place with {field}"
    assert entries(tmp_path) == [path.name]


@contextmanager
def standard_output(monkeypatch, stream) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        yield


def test_standard_output(tmp_path, monkeypatch):
    with (tmp_path / "out").open("w") as stream, standard_output(monkeypatch, stream):
        write(open_capture("-"))
    assert len(load(tmp_path / "out").records) == len(load(OVERLAY).records)
    with (tmp_path / "out").open("w") as stream, standard_output(monkeypatch, stream):
        write(open_capture("-", VirtioLayout(20)))
    assert {record.link_type for record in load(tmp_path / "out").records} == {147}


def test_a_terminal_gets_no_packets(monkeypatch):
    controller, terminal = os.openpty()
    with open(terminal, "w") as stream, standard_output(monkeypatch, stream):  # noqa: PTH123
        with pytest.raises(ConfigurationError, match="packets are binary, and standard output is a terminal"):
            write(open_capture("-"))
    os.close(controller)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_standard_output_on_a_full_disk(tmp_path, monkeypatch):
    path = tmp_path / "other.pcap"
    stream = open("/dev/full", "w")  # noqa: PTH123, SIM115 - closing it fails
    with (
        standard_output(monkeypatch, stream),
        pytest.raises(OutputError, match=r"^standard output cannot .*No space left"),
    ):
        with open_capture("-") as first, open_capture(str(path)) as second:
            write_pieces(OVERLAY, report, first)
            write_pieces(OVERLAY, report, second)
    with suppress(OSError):
        stream.close()
    assert entries(tmp_path) == []


def test_a_closed_pipe(tmp_path, monkeypatch):
    path = tmp_path / "other.parquet"
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w")  # noqa: PTH123, SIM115 - closing it fails
    with standard_output(monkeypatch, stream), pytest.raises(BrokenPipeError):
        with open_table(str(path)) as first, open_capture("-") as second:
            write_pieces(INTERFACES, report, first)
            write_pieces(OVERLAY, report, second)
    with suppress(OSError):
        stream.close()
    assert entries(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "layout", "problem"),
    [
        ("out", None, "write: the file extension names no format; name it .pcapng or .pcap"),
        ("out.gz", None, "write: the file extension names no format; name it .pcapng or .pcap"),
        ("out.pcapng", VirtioLayout(20), "header_len=20: virtio headers go into pcap files only; name the file .pcap"),
    ],
)
def test_names_that_say_no_format(path, layout, problem):
    with pytest.raises(ConfigurationError) as caught:
        open_capture(path, layout)
    assert str(caught.value) == problem


@pytest.mark.parametrize("path", ["out", "out.parquet.gz", "-", "out.pcap"])
def test_names_of_tables_that_say_no_format(path):
    with pytest.raises(ConfigurationError, match=r"names no format; name it .csv, .jsonl or .parquet"):
        open_table(path)


def test_compressed_files_hold_the_same(tmp_path):
    for name in ("out.pcapng", "out.pcapng.gz", "OUT.PCAPNG.zst"):
        write(open_capture(str(tmp_path / name)))
    plain = (tmp_path / "out.pcapng").read_bytes()
    assert gzip.decompress((tmp_path / "out.pcapng.gz").read_bytes()) == plain
    assert len(load(tmp_path / "OUT.PCAPNG.zst").records) == len(load(OVERLAY).records)


# Files split by queue


def split_files(folder: Path, suffix: str = ".pcapng", trace: Path = OVERLAY) -> dict[str, bytes]:
    write(open_split(folder, 3, suffix), trace)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_held_back_changes_nothing(tmp_path, monkeypatch):
    whole = split_files(tmp_path / "whole")
    monkeypatch.setattr(split, "_MOST_HELD_OF_ONE", 100)
    assert split_files(tmp_path / "part") == whole
    zipped = split_files(tmp_path / "zipped", ".pcapng.gz")
    assert {name.removesuffix(".gz"): gzip.decompress(data) for name, data in zipped.items()} == whole
    monkeypatch.setattr(split, "_MOST_HELD_OF_ONE", 10**6)
    monkeypatch.setattr(split, "_MOST_HELD", 1000)
    assert split_files(tmp_path / "all") == whole


def test_blocks_between_packets_go_into_each_file(tmp_path):
    path = tmp_path / "any.pcapng"
    packets = [captures.enhanced(bytes([n]) * 9, ticks=n) for n in range(7)]
    head = captures.section() + captures.interface()
    between = [captures.block(kind, bytes(kind)) for kind in (4, 5, 0x0BAD)]
    data = head + b"".join(packets[:3]) + between[0] + packets[3] + between[1] + b"".join(packets[4:]) + between[2]
    path.write_bytes(data)
    found = split_files(tmp_path / "split", trace=path)
    for queue in range(3):
        reports = [report(number) if number % 3 == queue else Report("left out") for number in range(1, 8)]
        assert found[f"queue-{queue}.pcapng"] == written(data, reports)


def test_more_queues_than_files_may_be_open(tmp_path):
    with at_most(resource.RLIMIT_NOFILE, 64):
        write(open_split(tmp_path / "split", 300, ".pcap"))
    assert len(entries(tmp_path / "split")) == 300
    assert [len(load(tmp_path / "split" / f"queue-{n}.pcap").records) > 0 for n in range(5)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("n_queues", "suffix", "problem"),
    [(0, ".pcapng", "choose no receive queues"), (3, ".csv", "names no format"), (3, ".gz", "names no format")],
)
def test_folders_that_cannot_be(tmp_path, n_queues, suffix, problem):
    with pytest.raises(ConfigurationError, match=problem), open_split(tmp_path / "split", n_queues, suffix):
        pass
    assert entries(tmp_path) == []


# Other programs

needs_wireshark = pytest.mark.skipif(
    not all(map(shutil.which, ("tshark", "capinfos", "editcap", "mergecap"))),
    reason="tshark, capinfos, editcap and mergecap are not installed (Debian: tshark)",
)
FIELDS = ("frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_id", "frame.interface_name")
TRACES = [SAMPLES / f"{name}.pcap" for name in ("overlay", "nanoseconds", "modified", "cooked")] + [INTERFACES]


def run(*command: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def seen(path: Path, *fields: str) -> list[list[str]]:
    """Return what tshark shows of each packet."""
    names = [word for field in fields for word in ("-e", field)]
    return [line.split("\t") for line in run("tshark", "-n", "-r", path, "-T", "fields", *names).splitlines()]


@needs_wireshark
@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_wireshark_reads_pcapng(tmp_path, trace):
    path = tmp_path / "out.pcapng"
    write(open_capture(str(path)), trace)
    fields = FIELDS if trace.suffix == ".pcapng" else FIELDS[:3]  # pcap files have no interfaces
    before, after = seen(trace, *fields), seen(path, *fields)
    assert [row[1:] for row in after] == [row[1:] for row in before]
    times = [(row[0], other[0]) for row, other in zip(before, after, strict=True)]
    assert all(other == time if time else other in ("", "0.000000000") for time, other in times)
    n_packets = len(load(trace).records)  # tshark also shows custom blocks
    reports = [row for row in seen(path, "frame.comment", "frame.interface_queue") if any(row)]
    assert [row[1] for row in reports] == [str(number % 3) for number in range(1, n_packets + 1)]
    assert all(row[0].endswith(COMMENT) for row in reports)  # after its own comment, if it has one
    if trace != INTERFACES:  # of which editcap does not take the sections
        assert_tools_take(path, n_packets)


@needs_wireshark
@pytest.mark.parametrize("trace", [trace for trace in TRACES if trace != INTERFACES], ids=lambda path: path.stem)
def test_wireshark_reads_pcap(tmp_path, trace):
    path = tmp_path / "out.pcap"
    write(open_capture(str(path)), trace)
    assert seen(path, *FIELDS[:3]) == seen(trace, *FIELDS[:3])
    assert_tools_take(path, len(load(trace).records))


@needs_wireshark
@pytest.mark.parametrize("length", [12, 20, 24, 32])
def test_wireshark_reads_virtio_headers(tmp_path, length):
    path = tmp_path / "out.pcap"
    write(open_capture(str(path), VirtioLayout(length, "1.4")), OVERLAY)
    expected = [[time, *(str(int(each) + length) for each in lengths)] for time, *lengths in seen(OVERLAY, *FIELDS[:3])]
    assert seen(path, *FIELDS[:3]) == expected
    assert_tools_take(path, len(expected))


def assert_tools_take(path: Path, n_packets: int) -> None:
    """Hold that the tools around Wireshark take a file, and find as many packets in it."""
    again, merged = path.with_name("again.pcapng"), path.with_name("merged.pcapng")
    run("editcap", "-F", "pcapng", path, again)
    run("mergecap", "-w", merged, path, again)
    counts = run("capinfos", "-T", "-r", "-c", "-M", path, again, merged).splitlines()
    assert [int(line.split("\t")[1]) for line in counts] == [n_packets, n_packets, 2 * n_packets]
