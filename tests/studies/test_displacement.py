"""Values that are those of other packets are told by one number: how many packets before or after these are."""

import json
import random
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest

from naive.configuration import Configuration
from pcaphash.report.validate.kind_words import span_text
from pcaphash.report.validate.write import write_validation
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.search.displacement import Displacement
from pcaphash.studies.validate.verdicts import WRONG_QUEUE, WRONG_VALUE
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


@pytest.mark.parametrize("shifts", [(-1, -2), (-2, -1), (1, 3, 2), (-3, 0)])
def test_a_log_that_lost_rows_more_than_once(tmp_path, shifts):
    frames = [plain(flow) for flow in flows(1200)]
    said = misbehave(frames, CONFIGURATION)
    starts = [200 + 300 * at for at in range(len(shifts))]
    wrong = said
    for start, shift in zip(starts, shifts, strict=True):
        wrong = wrong[:start] + shifted(said, shift, start)[start:]
    found, _ = named(frames, wrong, tmp_path)
    parts = [
        (cause.faults[0].name, *(each and found.examples[each].packet for each in (cause.part.first, cause.part.last)))
        for cause in found.diagnosis.causes
    ]
    ends = [*starts[1:], None]
    assert parts == [
        (f"rows-{'late' if shift > 0 else 'early'}-{abs(shift)}", start + 1, end)
        for shift, start, end in zip(shifts, starts, ends, strict=True)
        if shift
    ]
    assert found.diagnosis.unexplained <= 3


def test_stretches_of_which_no_packet_is_kept(tmp_path):
    frames = [plain(flow) for flow in flows(4000)]
    said = misbehave(frames, CONFIGURATION)
    wrong = said
    for start, shift in ((100, -1), (1900, -2), (3985, -3)):
        wrong = wrong[:start] + shifted(said, shift, start)[start:]
    found, names = named(frames, wrong, tmp_path)
    assert not found.is_whole
    assert set(names) == {"rows-early-1", "rows-early-2", "rows-early-3"}
    for cause in found.diagnosis.causes:
        assert f"from about packet {found.examples[cause.part.first].packet:,} (" in span_text(cause.part, found)


def test_ends_that_are_sorted_are_no_shifted_rows(tmp_path):
    """A packet of the way back has the hash of the packet before it."""
    frames = []
    for flow in flows(150):
        source, destination, source_port, destination_port = flow
        frames += [plain(flow)] * 12 + [plain((destination, source, destination_port, source_port))]
    found, names = named(frames, misbehave(frames, CONFIGURATION, "endpoints-sorted"), tmp_path)
    assert names == ["endpoints-sorted"]
    assert found.diagnosis.unexplained == 0


@pytest.mark.parametrize("shift", [3, -3])
def test_all_rows_of_many_blocks_are_counted(tmp_path, shift):
    frames = [plain(flow, 700) for flow in flows(9000)]
    said = misbehave(frames, CONFIGURATION)
    found, names = named(frames, shifted(said, shift, 2000), tmp_path)
    assert names == [f"rows-{'late' if shift > 0 else 'early'}-3"]
    (cause,) = found.diagnosis.causes
    lost = 3 if shift < 0 else 0  # the last rows are of packets that are not there
    assert (cause.packets, found.diagnosis.unexplained) == (7000 - lost, lost)


def lossy(said: list[Said], losses: dict[int, int]) -> list[Said]:
    """Leave rows out of a log, so many at each of some places, and number the rest on."""
    lost = {place + i for place, n in losses.items() for i in range(n)}
    kept = [each for i, each in enumerate(said) if i not in lost]
    return kept + [NOTHING] * (len(said) - len(kept))


@pytest.fixture(scope="module")
def many():
    frames = [plain(flow) for flow in flows(16_000)]
    return frames, misbehave(frames, CONFIGURATION)


def test_rows_that_are_lost_long_after_the_first_ones(tmp_path, many):
    frames, said = many
    found, _ = named(frames, lossy(said, {100: 1, 9_000: 3, 15_000: 60}), tmp_path)
    assert [(cause.faults[0].name, cause.packets) for cause in found.diagnosis.causes] == [
        ("rows-early-1", 8_899),
        ("rows-early-4", 5_997),
        ("rows-early-64", 940),
    ]
    assert found.diagnosis.unexplained == 64  # whose rows are not there
    assert not found.diagnosis.more_stretches.stretches


def test_rows_that_are_lost_often(tmp_path, many):
    frames, said = many
    wrong = lossy(said, {500 * at: 20 for at in range(1, 31)})
    found, names = named(frames, wrong, tmp_path)
    assert names == [f"rows-early-{20 * at}" for at in range(1, 9)]
    more, causes = found.diagnosis.more_stretches, found.diagnosis.causes
    assert more.stretches == 22
    assert more.explained + sum(cause.packets for cause in causes) + found.diagnosis.unexplained == found.mismatches
    assert found.diagnosis.unexplained == 600
    text, document = StringIO(), StringIO()
    write_validation(found, "table", text)
    write_validation(found, "json", document)
    told = "22 more stretches of the trace have the hashes of other packets, by other numbers of places: "
    assert f"{told}{more.explained:,}" in " ".join(text.getvalue().split())
    assert json.loads(document.getvalue())["more_stretches"] == {"stretches": 22, "explained": more.explained}


def test_rows_that_are_lost_more_often_among_the_first_than_is_tried_at_once(tmp_path, many):
    frames, said = many
    found, names = named(frames, lossy(said, {80 * at: 1 for at in range(1, 101)}), tmp_path)
    assert names == [f"rows-early-{at}" for at in range(1, 9)]
    assert (found.diagnosis.more_stretches.stretches, found.diagnosis.unexplained) == (92, 100)


def test_a_log_that_is_right_again_and_a_device_that_is_not(tmp_path, many):
    """Values that nobody knows, long after a stretch that is shifted, are no shift."""
    frames, said = many
    numbers = random.Random(1)
    wrong = shifted(said[:6_000], -2, 1_000) + said[6_000:]
    wrong[10_000:] = [replace(each, value=numbers.getrandbits(32)) for each in wrong[10_000:]]
    found, names = named(frames, wrong, tmp_path)
    assert names == ["rows-early-2"]
    (cause,) = found.diagnosis.causes
    assert (cause.packets, found.diagnosis.unexplained) == (4_998, 6_002)


def _as_a_log_without_types(said: list[Said]) -> list[Said]:
    """Say hashes and queues only, and no hash where there is none."""
    return [Said(None if each.report == "NONE" else each.value, queue=each.queue) for each in said]


ON_SEVEN = replace(CONFIGURATION, indirection_table=tuple(i % 7 for i in range(128)))


@pytest.mark.parametrize("losses", [{100: 1}, {100: 1, 250: 3}])
def test_receive_queues_are_shifted_too(tmp_path, losses):
    frames = separating_frames()
    said = lossy(_as_a_log_without_types(misbehave(frames, ON_SEVEN)), losses)
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(ON_SEVEN), SaidOf(said))
    assert {fault.name.rpartition("-")[0] for fault in found.diagnosis.faults} == {"rows-early"}
    assert found.faults["wrong-queue"] > 0
    assert found.queue_diagnosis is None


def test_receive_queues_of_a_shifted_log_that_are_wrong_all_the_same(tmp_path):
    frames = [plain(flow) for flow in flows(1_000)]
    other = replace(ON_SEVEN, indirection_table=tuple((3 * i + 1) % 7 for i in range(128)))
    said = lossy(_as_a_log_without_types(misbehave(frames, other)), {100: 1})
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(ON_SEVEN), SaidOf(said))
    assert [fault.name for fault in found.diagnosis.faults] == ["rows-early-1"]
    assert [rule.name for rule in found.queue_diagnosis.rules] == ["other-table"]


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


def _watched(due: np.ndarray, said: np.ndarray, cuts: list[int]) -> Displacement:
    """Let rows pass by, cut into blocks in some way; every packet has a hash."""
    displacement, n = Displacement(), len(due)
    for start, end in zip([0, *cuts], [*cuts, n], strict=True):
        part = slice(start, end)
        every, zeros = np.ones(end - start, bool), np.zeros(end - start, np.int64)
        found = SimpleNamespace(known=every, hashed=every, hash_values=due[part], queues=due[part].astype(np.int64) % 8)
        reported = SimpleNamespace(
            has_hash=every, hash_reports=zeros + 1, hash_values=said[part], queues=said[part].astype(np.int64) % 8
        )
        faults = np.where(due[part] != said[part], WRONG_VALUE, 0) | np.where(found.queues != 0, WRONG_QUEUE, 0)
        displacement.append(np.arange(start, end) + 1, found, reported, SimpleNamespace(faults=faults))
    displacement.finish()
    return displacement


@pytest.mark.parametrize("seed", range(4))
def test_how_rows_are_cut_into_blocks_does_not_matter(seed):
    numbers, n = np.random.default_rng(seed), 30_000
    due = numbers.integers(0, 1 << 32, n, np.uint32)
    kept = np.delete(due, numbers.integers(500, n, 30))
    said = np.concatenate([kept, due[: n - len(kept)]])
    found = []
    for n_cuts in (0, 3, 40, 900):
        cuts = sorted(numbers.choice(np.arange(1, n), n_cuts, replace=False).tolist())
        watched = _watched(due, said, cuts)
        stretches = [(each.shift, each.first, each.explained) for each in watched.stretches]
        found.append((stretches, vars(watched.more), watched.explains_queues(np.arange(1, n + 1)).tolist()))
    assert found[1:] == found[:1] * 3
    assert len(found[0][0]) == 8
    assert sum(each[2] for each in found[0][0]) + found[0][1]["explained"] >= n - found[0][0][0][1] - 200


def test_memory_does_not_depend_on_how_many_rows_pass_by():
    numbers, n = np.random.default_rng(1), 60_000
    due = numbers.integers(0, 1 << 32, n, np.uint32)
    said = np.roll(due, 1)
    displacement = _watched(due, said, list(range(1000, n, 1000)))
    assert displacement.stretches[0].explained >= n - 1_000 - 1
    assert len(displacement._rows) < 10_000
