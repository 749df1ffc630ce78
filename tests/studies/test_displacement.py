"""Values that are those of other packets are told by one number: how many packets before or after these are."""

import random

import pytest

from naive.configuration import Configuration
from pcaphash.studies.validate import validate
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
NOTHING = Said(0, "NONE", "NONE", 0)


def shifted(said: list[Said], shift: int, start: int = 0) -> list[Said]:
    """Give each packet from one on what belongs to the packet so many before it."""
    found = list(said)
    for i in range(start, len(said)):
        found[i] = said[i - shift] if 0 <= i - shift < len(said) else NOTHING
    return found


def named(frames, said, tmp_path):
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    return found, [fault.name for fault in found.diagnosis.faults]


@pytest.mark.parametrize("start", [0, 150])
@pytest.mark.parametrize("shift", [1, -1, 7, -64])
def test_rows_that_are_shifted(tmp_path, shift, start):
    frames = separating_frames()
    said = misbehave(frames, CONFIGURATION)
    found, names = named(frames, shifted(said, shift, start), tmp_path)
    assert names == [f"rows-{'late' if shift > 0 else 'early'}-{abs(shift)}"]
    assert found.diagnosis.unexplained <= abs(shift)
    (cause,) = found.diagnosis.causes
    assert cause.packets >= found.mismatches - abs(shift)
    if not start:
        assert cause.part is None
    else:
        first = next(i for i, (a, b) in enumerate(zip(said, shifted(said, shift, start), strict=True), 1) if a != b)
        assert (found.examples[cause.part.first].packet, cause.part.last) == (first, None)


@pytest.mark.parametrize("shift", [3, -3])
def test_all_rows_of_many_blocks_are_counted(tmp_path, shift):
    frames = [plain(flow, 700) for flow in flows(9000)]
    said = misbehave(frames, CONFIGURATION)
    found, names = named(frames, shifted(said, shift, 2000), tmp_path)
    assert names == [f"rows-{'late' if shift > 0 else 'early'}-3"]
    (cause,) = found.diagnosis.causes
    lost = 3 if shift < 0 else 0  # the last rows are of packets that are not there
    assert (cause.packets, found.diagnosis.unexplained) == (7000 - lost, lost)


def test_two_packets_in_turn_do_not_show_a_shift(tmp_path):
    one, other = (plain(flow) for flow in flows(2))
    frames = [one, other] * 200
    found, names = named(frames, shifted(misbehave(frames, CONFIGURATION), 1), tmp_path)
    assert names == []
    assert found.diagnosis.unexplained == found.mismatches


def test_the_last_packets_of_bursts_are_no_fault_of_reading(tmp_path):
    """Of rows that are shifted by one only the first packet of each burst is wrong, as by a rare fault."""
    some = flows(60)
    frames = [frame for i, flow in enumerate(some) for frame in [plain(flow)] * (1 + i % 9)]
    _, names = named(frames, shifted(misbehave(frames, CONFIGURATION), 1), tmp_path)
    assert names == ["rows-late-1"]
