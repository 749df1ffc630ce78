"""Ranges of a file, wherever they start and in whatever order they are read, give what reading it at once gives."""

import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import RangeInput, split_file
from pcaphash.capture.reader import Reader
from pcaphash.engine.cluster.joining import Joining
from pcaphash.engine.cluster.work import CountedTwiceError, count_range, merge, partials_of
from pcaphash.engine.part import Part
from pcaphash.engine.running.run import gather
from support.asked import REQUESTS, SAMPLES, told
from support.disguised import disguised_pcap, disguised_pcapng, parallel_pcap

REQUEST, WRITE = REQUESTS["info"]


@dataclass
class Reading:
    """What was read of a file in ranges."""

    told: str
    again: list[RangeInput]
    joining: Joining


def read_in_ranges(path: Path, ranges: list[RangeInput], seed: int = 0, request=REQUEST, write=WRITE) -> Reading:
    """Read ranges in any order, and what is asked for beside them, as the conductor of a cluster does."""
    chance = random.Random(seed)
    joining = Joining(Part(FileInput(str(path))), ranges)
    waiting, counted, again = list(ranges), [], []
    while waiting and not joining.is_proven:
        source = waiting.pop(chance.randrange(len(waiting)))
        counted.append(count_range(request, Part(source), len(counted)))
        more = joining.take(len(counted) - 1, source, counted[-1].facts.of_range)
        if more:
            again.append(more)
            waiting.append(more)
    assert joining.is_proven
    if joining.is_given_up:
        return Reading(at_once(path, request, write) if path.exists() else "", again, joining)
    portion = merge(request, [counted[task] for task in joining.accepted])
    assert portion.tasks == set(joining.accepted)
    (partial,) = partials_of(portion)
    return Reading(told(request, write, partial), again, joining)


def at_once(path: Path, request=REQUEST, write=WRITE) -> str:
    return told(request, write, gather(request, [FileInput(str(path))], jobs=1))


def ranges_at(path: Path, starts) -> list[RangeInput]:
    return [RangeInput(str(path), *each) for each in pairwise([None, *sorted(starts), None])]


def starts_of(path: Path) -> set[int]:
    return {block.offset + at for block in Reader(str(path)).blocks() for at in block.records["start"].tolist()}


PLAIN = [path for path in SAMPLES if path.suffix in (".pcap", ".pcapng")]


@pytest.mark.jit_only
@settings(max_examples=60)
@given(path=st.sampled_from(PLAIN), data=st.data(), seed=st.integers(0, 1000))
def test_ranges_that_start_anywhere(path, data, seed):
    """Even a start that nobody would find is found out, and what is missing is read again."""
    size = path.stat().st_size
    starts = data.draw(st.sets(st.integers(24, size + 3), max_size=6))
    if data.draw(st.booleans()):
        starts |= data.draw(st.sets(st.sampled_from(sorted(starts_of(path))), max_size=4)) - {24}
    assert read_in_ranges(path, ranges_at(path, starts), seed).told == at_once(path)


@pytest.mark.jit_only
@pytest.mark.parametrize("name", [name for name in REQUESTS if name not in ("info", "analyze an interface")])
def test_every_study_in_ranges(name):
    request, write = REQUESTS[name]
    path = Path("sample_traces/overlay.pcap")  # which has no interface
    ranges = split_file(str(path), 100_000)
    assert len(ranges) > 5
    assert read_in_ranges(path, ranges, 3, request, write).told == at_once(path, request, write)


@pytest.mark.jit_only
@pytest.mark.parametrize("make", [disguised_pcap, disguised_pcapng])
@pytest.mark.parametrize("seed", range(3))
def test_payloads_full_of_records_mislead_nobody(tmp_path, make, seed):
    path = tmp_path / "disguised"
    path.write_bytes(make(4000, seed))
    ranges = split_file(str(path), path.stat().st_size // 64, 60_000)
    assert len(ranges) > 55
    assert {each.start for each in ranges[1:]} <= starts_of(path)
    found = read_in_ranges(path, ranges, seed)
    assert found.again == []
    assert found.told == at_once(path)


@pytest.mark.jit_only
def test_a_wrong_chain_is_found_out(tmp_path):
    """Where only a wrong chain looks right, starts are wrong; each of them is read again from where it is proven."""
    path = tmp_path / "parallel.pcap"
    path.write_bytes(parallel_pcap(3000))
    ranges = split_file(str(path), path.stat().st_size // 20, 100_000)
    assert len(ranges) > 10
    assert not {each.start for each in ranges[1:]} & starts_of(path)
    found = read_in_ranges(path, ranges, 1)
    assert len(found.again) >= len(ranges) - 1
    assert found.told == at_once(path)


@pytest.mark.jit_only
@pytest.mark.parametrize("make", [disguised_pcap, disguised_pcapng])
@settings(max_examples=15)
@given(place=st.integers(1000, 700_000), seed=st.integers(0, 9))
def test_damage_in_the_middle_ends_the_trace(scratch, make, place, seed):
    path = scratch / "damaged"
    data = make(2000, 1)
    place &= ~3
    path.write_bytes(data[:place] + b"\xff" * 12 + data[place + 12 :])
    ranges = split_file(str(path), len(data) // 30, 30_000)
    assert ranges
    assert read_in_ranges(path, ranges, seed).told == at_once(path)


@pytest.mark.jit_only
@pytest.mark.parametrize("cut", [1, 17, 100])
def test_a_file_that_ends_early(tmp_path, cut):
    path = tmp_path / "cut.pcap"
    path.write_bytes(disguised_pcap(2000)[:-cut])
    found = read_in_ranges(path, ranges_at(path, sorted(starts_of(path))[500::500]))
    assert "the file ends within a record" in found.told
    assert found.told == at_once(path)


@pytest.mark.jit_only
def test_joined_files_are_read_at_once(tmp_path):
    path = tmp_path / "joined"
    first, second = disguised_pcap(1000, 1), Path("sample_traces/nanoseconds.pcap").read_bytes()
    for others in (second + disguised_pcapng(500), disguised_pcapng(500) + second):
        path.write_bytes(first + others)
        starts = sorted(start for start in starts_of(path) if start != 24)[100::200]
        found = read_in_ranges(path, ranges_at(path, starts), 2)
        assert found.joining.is_given_up
        assert found.told == at_once(path)


@pytest.mark.jit_only
def test_a_file_that_changes_is_not_pieced_together(tmp_path):
    path = tmp_path / "growing.pcap"
    path.write_bytes(disguised_pcap(1000))
    ranges = split_file(str(path), 100_000, 20_000)
    facts = [count_range(REQUEST, Part(each), 0).facts.of_range for each in ranges[:2]]
    with path.open("ab") as stream:
        stream.write(bytes(100))
    joining = Joining(Part(FileInput(str(path))), ranges)
    assert joining.take(0, ranges[0], facts[0]) is None
    later = count_range(REQUEST, Part(ranges[1]), 1).facts.of_range
    assert joining.take(1, ranges[1], later) is None
    assert (joining.is_proven, joining.is_given_up) == (True, True)


def test_a_file_that_is_gone_meanwhile(tmp_path):
    path = tmp_path / "gone.pcap"
    path.write_bytes(disguised_pcap(1000))
    ranges = split_file(str(path), 100_000, 20_000)
    path.unlink()
    assert read_in_ranges(path, ranges).joining.is_given_up  # and whoever reads it at once says so


def test_what_cannot_be_split(tmp_path):
    import gzip

    data = disguised_pcap(500)
    (tmp_path / "zipped.pcap.gz").write_bytes(gzip.compress(data, 0))
    (tmp_path / "foreign").write_bytes(bytes(200_000))
    (tmp_path / "short.pcap").write_bytes(data[:10_000])
    zeros = b"".join(data[24:40][:8] + bytes(8) for _ in range(20_000))  # records of no bytes at all
    (tmp_path / "zeros.pcap").write_bytes(data[:24] + zeros)
    for path in [*tmp_path.iterdir(), tmp_path / "nothing"]:
        assert split_file(str(path), 20_000, 5000) == [], path


def test_nothing_is_added_twice():
    counted = count_range(REQUEST, Part(RangeInput("sample_traces/vxlan.pcap")), 5)
    once = merge(REQUEST, [counted])
    assert merge(REQUEST, [counted]).kept[0].packed == once.kept[0].packed  # what was added is as it was
    with pytest.raises(CountedTwiceError, match=r"tasks \[5\]"):
        merge(REQUEST, [once, counted])
