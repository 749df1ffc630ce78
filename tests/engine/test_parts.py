"""Any parts of traces, combined in any order, give what one run over all of them gives."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from pcaphash.capture.control import Control
from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import RangeInput
from pcaphash.capture.reader import Block, Reader
from pcaphash.engine.part import Part, split_part, whole_parts
from pcaphash.engine.request import Asked
from pcaphash.engine.running.run import answer, combine, run
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import PcaphashError
from pcaphash.studies.analyze import AnalysisRequest
from pcaphash.studies.hashes import HashesRequest
from pcaphash.studies.recover_key.study import RecoveryRequest
from pcaphash.studies.validate.study import ValidationRequest
from support.asked import REQUESTS, SAMPLES, told


def count(path: Path) -> int:
    return sum(len(block.records) for block in Reader(str(path)).blocks())


def record_starts(path: Path) -> list[int]:
    blocks = Reader(str(path)).blocks()
    return [block.offset + start for block in blocks for start in block.records["start"].tolist()][1:]


def is_declared_first(path: Path) -> bool:
    """Whether ranges can be read by themselves: nothing after the first packet says how to read the others."""
    pieces = [piece for piece in Reader(str(path)).pieces() if isinstance(piece, Block | Control)]
    first = next(at for at, piece in enumerate(pieces) if isinstance(piece, Block))
    return not any(isinstance(piece, Control) for piece in pieces[first:])


STARTS = {path: record_starts(path) for path in SAMPLES if is_declared_first(path)}
N_PACKETS = {path: count(path) for path in SAMPLES}


@st.composite
def splits(draw):
    """Draw traces, and parts of them in some order."""
    paths = draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=3))
    whole = whole_parts(FileInput(str(path)) for path in paths)
    parts = []
    for part, path in zip(whole, paths, strict=True):
        if path in STARTS and draw(st.booleans()):
            starts = draw(st.sets(st.sampled_from(STARTS[path]), max_size=4)) if STARTS[path] else set()
            ends = sorted(starts)
            ranges = zip([None, *ends], [*ends, None], strict=True)
            kind = FileInput if path.suffix == ".pcap" else RangeInput
            parts += [Part(kind(str(path), start, end), part.number) for start, end in ranges]
            continue
        cuts = draw(st.sets(st.integers(2, N_PACKETS[path] + 3), max_size=4))
        parts += split_part(part, sorted(cuts))
    return whole, draw(st.permutations(parts))


def test_every_study_that_runs_in_parts_is_asked():
    names = {each.name for each in pkgutil.walk_packages(pcaphash.studies.__path__, "pcaphash.studies.")}
    for name in names:
        importlib.import_module(name)
    studies = [each for each in Asked.__subclasses__() if each.__module__ in names]
    assert len(studies) > 8
    in_parts = {each for each in studies if "needs_order" not in vars(each)}
    assert in_parts == {type(request) for request, _ in REQUESTS.values()}


@pytest.mark.jit_only
@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=12)
@given(split=splits())
def test_parts_make_the_whole(name, split):
    request, write = REQUESTS[name]
    whole, parts = split
    together = combine(run(request, part) for part in parts)
    one_by_one = combine(run(request, part) for part in whole)
    try:
        expected = told(request, write, one_by_one)
    except PcaphashError as error:
        with pytest.raises(type(error)):
            told(request, write, together)
        return
    assert told(request, write, together) == expected


def test_parts_of_a_part():
    part = Part(FileInput("-"))
    assert [(each.first, each.last) for each in split_part(part, [1, 4, 9])] == [(1, 3), (4, 8), (9, None)]
    (_, middle, _) = split_part(part, [4, 9])
    assert [(each.first, each.last) for each in split_part(middle, [2, 5, 8, 9])] == [(4, 4), (5, 7), (8, 8)]


@pytest.mark.parametrize(
    "request_",
    [AnalysisRequest(selection=Selection(count=3)), HashesRequest(), RecoveryRequest(), ValidationRequest()],
    ids=lambda request: type(request).__name__,
)
def test_what_needs_order_does_not_run_in_parts(request_):
    with pytest.raises(PcaphashError, match="needs the packets in order, so it cannot run in parts"):
        run(request_, Part(FileInput("sample_traces/vxlan.pcap")))


def test_the_first_packets_of_all_traces():
    request = AnalysisRequest(selection=Selection(count=3))
    inputs = [FileInput("sample_traces/vxlan.pcap"), FileInput("sample_traces/gre.pcap")]
    assert answer(request, inputs).reading.selected == 3


def test_an_input_of_ones_own():
    """Whatever gives its packets in blocks can be read."""

    class Twice:
        """A trace, read twice."""

        name, size = "twice", 0

        def open(self):
            reader = Reader("sample_traces/vxlan.pcap")

            class Opened:
                damage, joints, position = None, [], 0

                def blocks(self):
                    yield from reader.blocks()
                    yield from Reader("sample_traces/vxlan.pcap").blocks()

                def close(self):
                    reader.close()

            return Opened()

    once = pcaphash.analyze("sample_traces/vxlan.pcap")
    twice = pcaphash.analyze(Twice())
    assert twice.reading.traces == ["twice"]
    assert twice.reading.packets == 2 * once.reading.packets
    assert [row["packets"] for row in twice.distribution_rows()] == [
        2 * row["packets"] for row in once.distribution_rows()
    ]
