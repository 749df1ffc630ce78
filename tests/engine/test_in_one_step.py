"""Finding and counting packets in one step gives what finding them first and counting them then gives."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pcaphash
from pcaphash.engine.census.census import Census
from pcaphash.engine.counts import Counts
from pcaphash.errors import PcaphashError
from pcaphash.report.analyze.write import write_analysis
from support import builders, captures

pytestmark = pytest.mark.usefixtures("eager_helpers")

FRAMES = [
    builders.framed(builders.ipv4(builders.udp(b"payload"), builders.UDP)),
    builders.framed(builders.ipv6(builders.tcp(), builders.TCP)),
    builders.ethernet(bytes(30), 0x88B5),
    builders.framed(builders.ipv4(b"", builders.ICMP)),
]
RAW = 101

# What a file may consist of: each takes the byte order of the section.
PIECES = [
    ("section", "<"),
    ("section", ">"),
    ("interface", 1),
    ("interface", RAW),
    *(("enhanced", number, frame) for number in (0, 1, 2) for frame in range(len(FRAMES))),
    *(("flags", flags, frame) for flags in (0, 1, 2) for frame in (0, 1)),
    ("simple", 0),
    ("obsolete", 1),
    ("statistics",),
    ("broken",),
    ("pcap", 1),
    ("pcap", RAW),
]


def build(pieces) -> bytes:
    """Put pieces together, after a section header and an interface with Ethernet."""
    data, order = [captures.section(), captures.interface()], "<"
    for kind, *of_it in pieces:
        if kind == "section":
            (order,) = of_it
            data.append(captures.section(order))
        elif kind == "interface":
            data.append(captures.interface(of_it[0], order=order))
        elif kind == "enhanced":
            number, frame = of_it
            data.append(captures.enhanced(FRAMES[frame], 60 + number, number, order=order))
        elif kind == "flags":
            flags, frame = of_it
            comment = captures.option(1, b"why", order)
            options = comment + captures.number_option(2, "I", flags, order) + captures.option(0, b"", order)
            data.append(captures.enhanced(FRAMES[frame], options=options, order=order))
        elif kind == "simple":
            data.append(captures.simple(FRAMES[of_it[0]], order=order))
        elif kind == "obsolete":
            data.append(captures.obsolete(FRAMES[of_it[0]], order=order))
        elif kind == "statistics":
            data.append(captures.block(5, bytes(12), order))
        elif kind == "broken":
            data.append(captures.enhanced(FRAMES[0], order=order)[:-2] + b"??")
        else:
            data.append(captures.pcap(captures.pcap_record(FRAMES[1]), of_it[0]))
    return b"".join(data)


def analyzed(path, jobs) -> str:
    """Return the whole analysis as JSON, or the error."""
    written = io.StringIO()
    try:
        write_analysis(pcaphash.analyze(path, jobs=jobs), "json", written)
    except PcaphashError as error:
        return str(error)
    return written.getvalue()


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12), cut=st.integers(0, 40), jobs=st.sampled_from((1, 2)))
@example(pieces=[("enhanced", 0, 0), ("interface", RAW), ("enhanced", 1, 1), ("enhanced", 0, 1)], cut=0, jobs=2)
@example(pieces=[("enhanced", 0, 0), ("flags", 1, 0), ("flags", 2, 1), ("enhanced", 0, 1)], cut=0, jobs=1)
@example(pieces=[("enhanced", 0, 0), ("simple", 0), ("enhanced", 0, 1), ("broken",)], cut=0, jobs=1)
@example(pieces=[("enhanced", 0, 0), ("section", ">"), ("interface", 1), ("enhanced", 0, 1)], cut=3, jobs=2)
def test_one_step_gives_what_two_give(pieces, cut, jobs, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "pieces.pcapng"
    data = build(pieces)
    path.write_bytes(data[: len(data) - cut])
    in_one = analyzed(path, jobs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Counts, "take_of", lambda *_: None)
        in_two = analyzed(path, jobs)
    assert in_one == in_two


def test_common_sections_are_counted_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "common.pcapng"
    path.write_bytes(build([("enhanced", 0, 0), ("interface", 1), ("enhanced", 1, 1)]))
    expected = analyzed(path, 1)
    monkeypatch.delattr(Census, "append")
    assert analyzed(path, 1) == expected


def test_packets_after_those_of_one_step_have_their_numbers(tmp_path, monkeypatch):
    path = tmp_path / "joined.pcapng"
    path.write_bytes(build([("enhanced", 0, 0), ("enhanced", 0, 1), ("pcap", RAW), ("section", "<"), ("pcap", RAW)]))
    numbers = []
    append = Counts.append

    def note(counts, batch):
        numbers.extend(batch.numbers.tolist())
        append(counts, batch)

    monkeypatch.setattr(Counts, "append", note)
    assert pcaphash.analyze(path, jobs=1).reading.packets == 4
    assert numbers == [3, 4]
