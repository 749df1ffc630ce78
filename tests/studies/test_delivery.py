"""What is written of a device is found right by ``validate``, whatever carries it; and a wrong bit is found."""

import csv
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import pcaphash
from naive.capture import load
from pcaphash.capture.delivered.opening import open_capture, open_split, open_table
from pcaphash.capture.delivered.pcap import VirtioLayout
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.source import ReportedSource
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.capture.reported.virtio_headers import VirtioHeaders
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.selecting.selection import EVERYTHING, RECEIVED, Selection
from pcaphash.errors import ConfigurationError
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.studies.replay import ReplayOptions
from pcaphash.studies.replay.course import Course
from pcaphash.studies.replay.delivery import deliver
from pcaphash.studies.replay.options import Change
from pcaphash.studies.validate.study import validate
from pcaphash.studies.validate.verdicts import NotJudged, PacketVerdict
from support.comparing import capture_paths
from support.shared import ROOT, needs_shared

SAMPLES = sorted((ROOT / "sample_traces").glob("*.pcap*"))
OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
VXLAN = ROOT / "sample_traces" / "vxlan.pcap"
TABLES = (".csv", ".csv.gz", ".jsonl", ".parquet")
CAPTURES = (".pcapng", ".pcapng.gz", ".pcapng.zst")
HEADERS = {"v7": (20,), "1.4": (20, 24, 32)}
DEVICES = {
    "v7": pcaphash.Device(queues=5, unclassified_queue=3),
    "1.4": pcaphash.Device("1.4", queues=5, unclassified_queue=3),
}


@dataclass
class Expected:
    """What a validation is to find of a trace."""

    known: int
    unknown: int
    selected: int


def expected_of(trace: Path, device: pcaphash.Device) -> Expected:
    """Count the packets that arrive, and those of which it is known what the device does."""
    describer, found = Describer(device), Expected(0, 0, 0)
    for block in Reader(str(trace)).blocks():
        known = describer.describe(block).known[block.records["direction"] != 2]
        found.selected += len(known)
        found.known += int(known.sum())
    found.unknown = found.selected - found.known
    return found


def write_all(trace: Path, device: pcaphash.Device, folder: Path) -> dict[str, Path]:
    """Write a trace in every way that its packets can be written in, in one go."""
    link_types = {record.link_type for record in load(trace).records}
    written = {end: folder / f"out{end}" for end in (*CAPTURES, *TABLES)}
    with ExitStack() as stack:
        encoders = [stack.enter_context(open_capture(str(written[end]))) for end in CAPTURES]
        encoders += [stack.enter_context(open_table(str(written[end]))) for end in TABLES]
        encoders.append(stack.enter_context(open_split(folder / "split", device.queues)))
        for length in HEADERS[device.spec] if link_types == {ETHERNET} else ():
            written[f"{length}"] = folder / f"virtio-{length}.pcap"
            layout = VirtioLayout(length, device.spec)
            encoders.append(stack.enter_context(open_capture(str(written[f"{length}"]), layout)))
        deliver(trace, device, encoders)
    return written


def source_of(carrier: str, path: Path, device: pcaphash.Device) -> ReportedSource | None:
    if carrier in TABLES:
        return ReportedTable(path)
    return VirtioHeaders(int(carrier), device.spec) if carrier.isdigit() else None


def assert_circle_closes(trace: Path, device: pcaphash.Device, folder: Path):
    expected = expected_of(trace, device)
    for carrier, path in write_all(trace, device, folder).items():
        if not expected.known:
            continue  # nothing is reported, which `validate` refuses
        of = trace if carrier in TABLES else path
        found = validate(of, device, source_of(carrier, path, device))
        assert found.mismatches == 0, (carrier, found.faults)
        assert found.verdicts[PacketVerdict.MATCH] == expected.known, carrier
        assert sum(found.not_compared.values()) == expected.unknown, carrier
        assert found.not_compared.get(NotJudged.NOTHING_REPORTED, 0) in (0, expected.unknown), carrier
        if carrier not in TABLES:
            assert found.reading.problems == []
    assert_split_is_whole(folder, device, expected)


def assert_split_is_whole(folder: Path, device: pcaphash.Device, expected: Expected):
    """Hold that each queue has its packets, in their order, and no other has them."""
    whole = [record.captured for record in load(folder / "out.pcapng").records]
    paths = sorted((folder / "split").iterdir())
    names = {f"queue-{queue}.pcapng" for queue in range(device.queues)}
    assert {path.name for path in paths} - {"queue-unknown.pcapng"} == names
    assert ("queue-unknown.pcapng" in {path.name for path in paths}) == bool(expected.unknown)
    parts = {path.name: [record.captured for record in load(path).records] for path in paths}
    assert sorted(chain.from_iterable(parts.values())) == sorted(whole)
    describer, at = Describer(device), dict.fromkeys(parts, 0)
    for block in Reader(str(folder / "out.pcapng")).blocks():
        for queue, packet in zip(describer.describe(block).queues.tolist(), packets_of(block), strict=True):
            name = f"queue-{'unknown' if queue < 0 else queue}.pcapng"
            assert parts[name][at[name]] == packet
            at[name] += 1


def packets_of(block) -> list[bytes]:
    records = block.records
    return [block.data[r["offset"] : r["offset"] + r["captured_length"]].tobytes() for r in records]


@pytest.mark.parametrize("spec", DEVICES)
@pytest.mark.parametrize("trace", SAMPLES, ids=lambda path: path.stem)
def test_the_circle_closes_for_samples(tmp_path, trace, spec):
    assert_circle_closes(trace, DEVICES[spec], tmp_path)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("spec", DEVICES)
@pytest.mark.parametrize("trace", capture_paths(), ids=lambda path: path.name)
def test_the_circle_closes_for_public_captures(tmp_path, trace, spec):
    assert_circle_closes(trace, DEVICES[spec], tmp_path)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("carrier", [".pcapng", "20", ".csv", ".jsonl", ".parquet"])
def test_one_wrong_bit_is_found(tmp_path, carrier):
    device = DEVICES["v7"]
    path = write_all(VXLAN, device, tmp_path)[carrier]
    if carrier == ".pcapng":
        data = path.read_bytes()
        path.write_bytes(flipped(data, data.index(b"\3\0\5\0\5") + 5))
    elif carrier == "20":
        path.write_bytes(flipped(path.read_bytes(), 24 + 16 + 12))
    elif carrier == ".parquet":
        rows = parquet.read_table(path).to_pylist()
        rows[0]["hash_value"] = f"0x{int(rows[0]['hash_value'], 16) ^ 1:08x}"
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        text = path.read_text()
        value = re.search("0x[0-9a-f]{8}", text)[0]
        path.write_text(text.replace(value, f"0x{int(value, 16) ^ 1:08x}", 1))
    trace, source = VXLAN if carrier in TABLES else path, source_of(carrier, path, device)
    found = validate(trace, device, source)
    verdicts = {verdict: n for verdict, n in found.verdicts.items() if n}
    assert verdicts == {PacketVerdict.WRONG_VALUE: 1, PacketVerdict.MATCH: found.reading.selected - 1}


@pytest.mark.parametrize("spec", DEVICES)
def test_without_a_hash_in_the_header_frames_are_all_there_is(tmp_path, spec):
    path = tmp_path / "out.pcap"
    with open_capture(str(path), VirtioLayout(12, spec)) as encoder:
        deliver(VXLAN, DEVICES[spec], [encoder])
    records = load(path).records
    assert [record.captured[12:] for record in records] == [record.captured for record in load(VXLAN).records]
    assert {record.captured[:12] for record in records} == {bytes(10) + b"\1\0"}
    with pytest.raises(ConfigurationError, match="no packet has a reported hash or queue"):
        validate(path, DEVICES[spec], VirtioHeaders(12, spec))


def test_rows_of_tables(tmp_path):
    """All tables have the same rows, and those are what ``hashes`` says."""
    device = DEVICES["v7"]
    trace = ROOT / "sample_traces" / "cut.pcap"
    written = write_all(trace, device, tmp_path)
    with written[".csv"].open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    answers = pcaphash.hashes(trace, device)
    for row, answer in zip(rows, answers.itertuples(), strict=True):
        is_known = answer.hash_report != "UNKNOWN"
        assert row == {
            "packet": str(answer.packet),
            "hash_value": answer.hash_value,
            "hash_report": answer.hash_report if is_known else "",
            "hash_report_tunnel": answer.hash_report_tunnel if is_known else "",
            "queue": str(answer.queue) if is_known else "",
        }
    assert any(row["queue"] == "" for row in rows)
    objects = [json.loads(line) for line in written[".jsonl"].read_text().splitlines()]
    assert objects == parquet.read_table(written[".parquet"]).to_pylist()
    assert [{name: "" if each is None else str(each) for name, each in row.items()} for row in objects] == rows


class EachThirdDropped:
    """Has the one device steer all packets, and drop each third of a trace."""

    def steps(self, batch):
        return [(0, 0, len(batch.numbers))]

    def accept(self, batch, found):
        return np.asarray(batch.numbers) % 3 != 0


def test_what_is_dropped_is_not_there_and_counted(tmp_path):
    device = DEVICES["v7"]
    capture, table = tmp_path / "out.pcapng", tmp_path / "out.csv"
    with open_capture(str(capture)) as first, open_table(str(table)) as second:
        reading = deliver(VXLAN, device, [first, second], EachThirdDropped())
    n = reading.packets
    assert len(load(capture).records) == n - n // 3
    drops = [
        int.from_bytes(value, "little") for value in re.findall(rb"\x04\0\x08\0(.{8})", capture.read_bytes(), re.S)
    ]
    assert drops == [1] * ((n - 1) // 3) + [n]  # the last one: packets received, of the interface statistics
    (dropped,) = re.findall(rb"\x05\0\x08\0(.{8})", capture.read_bytes()[-44:], re.S)
    assert int.from_bytes(dropped, "little") == n // 3
    assert validate(capture, device).mismatches == 0
    found = validate(VXLAN, device, ReportedTable(table))
    assert (found.mismatches, found.verdicts[PacketVerdict.MATCH]) == (0, n - n // 3)
    assert [int(line.split(",")[0]) for line in table.read_text().splitlines()[1:]] == [
        number for number in range(1, n + 1) if number % 3
    ]


def test_what_is_not_selected_never_arrives(tmp_path):
    path = tmp_path / "out.pcapng"
    some = Selection(encapsulation=["VXLAN"], count=10)
    with open_capture(str(path)) as encoder:
        reading = deliver(OVERLAY, DEVICES["v7"], [encoder], selection=some)
    assert reading.is_stopped
    assert len(load(path).records) == 10
    assert b"\4\0\x08\0" not in path.read_bytes()[:200]
    found = validate(path, DEVICES["v7"])
    assert (found.mismatches, found.reading.packets) == (0, 10)


def test_packets_that_the_host_sent_are_not_delivered(tmp_path):
    trace, path = ROOT / "sample_traces" / "cooked.pcap", tmp_path / "out.pcapng"
    counts = []
    for selection in (RECEIVED, EVERYTHING):
        with open_capture(str(path)) as encoder:
            deliver(trace, DEVICES["v7"], [encoder], selection=selection)
        counts.append(len(load(path).records))
    directions = [record.direction for record in load(trace).records]
    assert counts == [len(directions) - directions.count("out"), len(directions)]
    assert counts[0] < counts[1]


def test_mirrored_packets_are_not_taken_out(tmp_path):
    with (
        open_capture(str(tmp_path / "out.pcapng")) as encoder,
        pytest.raises(ConfigurationError, match="leave it out"),
    ):
        deliver(VXLAN, DEVICES["v7"], [encoder], selection=Selection(strip="vxlan"))


def test_comments_say_what_the_device_did(tmp_path):
    path = tmp_path / "out.pcapng"
    with open_capture(str(path)) as encoder:
        deliver(
            VXLAN, DEVICES["v7"], [encoder],
            comment_of=lambda each: f"{each.hash_report} over {each.header} é" if each.is_hashed else "",
        )  # fmt: skip
    answers = pcaphash.hashes(VXLAN, DEVICES["v7"])
    expected = [f"{a.hash_report} over {a.header} é" for a in answers.itertuples() if a.hash_value]
    found = re.findall(rb"\x01\0[\x01-\x60]\0([A-Z][A-Za-z0-9_]+ over [a-z]+ \xc3\xa9)", path.read_bytes())
    assert [each.decode() for each in found] == expected


def test_a_trace_that_is_cut_is_written_as_far_as_it_goes(tmp_path):
    cut, path = tmp_path / "cut.pcap", tmp_path / "out.pcapng"
    cut.write_bytes(VXLAN.read_bytes()[:-7])
    with open_capture(str(path)) as encoder:
        reading = deliver(cut, DEVICES["v7"], [encoder])
    assert len(reading.damages) == 1
    assert len(load(path).records) == reading.packets == len(load(VXLAN).records) - 1
    assert load(path).damage is None


def test_a_change_in_the_middle_is_written_as_it_is_in_time(tmp_path):
    device = replace(DEVICES["v7"], name="own")
    changed = replace(device, hash_key=bytes(range(40)), indirection_table=(3, 1), unclassified_queue=2)
    times = [record.timestamp_ns for record in load(VXLAN).records]
    at_ns = times[len(times) // 2] - times[0]
    changes = [Change("own", at_ns * 1000, changed)]
    course, table = Course("trace", device, ReplayOptions(changes=changes)), tmp_path / "out.csv"
    with open_table(str(table)) as encoder:
        deliver(VXLAN, course.plan.devices, [encoder], course)
    first = next(number for number, time in enumerate(times) if time - times[0] >= at_ns)
    assert 0 < first < len(times)
    tables = []
    for each in (device, changed):
        whole = tmp_path / f"{each.queues}.csv"
        with open_table(str(whole)) as encoder:
            deliver(VXLAN, each, [encoder])
        tables.append(whole.read_text().splitlines())
    before, after = tables
    assert before[1 + first :] != after[1 + first :]
    assert table.read_text().splitlines() == [*before[: 1 + first], *after[1 + first :]]
    assert course.last_arrival_ps == (max(times) - times[0]) * 1000
