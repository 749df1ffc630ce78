"""Logs of testpmd that are printed queue by queue: right devices stay right in any order, and wrong ones wrong."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.notes import NoLine
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.errors import ConfigurationError
from pcaphash.report.words.notes import note_text
from pcaphash.studies.recover_key import recover_key
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.log.notes import (
    LinesMatched,
    MatchedBy,
    MatchedWithoutKey,
    OrderAssumed,
    StrangeLines,
    UnexpectedHashes,
)
from support import builders
from support.command import run
from support.comparing import device_of
from support.diagnosing import misbehave, tagged
from support.testpmd import burst, by_queue, one_by_one, without_some
from support.traffic import flows, plain, write

CONFIGURATION = Configuration("v7", 0x3F, indirection_table=tuple(i % 4 for i in range(128)))
ALIKE = [plain(flow) for flow in flows(80)] * 2
UNLIKE = [plain(flow, size) for size, flow in enumerate(flows(80), 20)]
ARP = [builders.ethernet(bytes(46), 0x0806)] * 3

pytestmark = pytest.mark.jit_only  # all faults are tried where a log fits in no order


def turned(frame):
    """Return a frame of the way back: addresses and ports exchanged, not the MAC addresses."""
    return frame[:26] + frame[30:34] + frame[26:30] + frame[36:38] + frame[34:36] + frame[38:]


@pytest.fixture
def judge(tmp_path):
    """Return what validates a trace by a log."""

    def run(frames, text, configuration=CONFIGURATION):
        log, trace = tmp_path / "testpmd.log", write(tmp_path / "trace.pcapng", frames)
        log.write_text(text, "utf-8")
        found = validate(trace, device_of(configuration), TestpmdLog(log))
        assert {each.trace for each in found.notes} <= {""}
        return found, [replace(each.note, file="") for each in found.notes if each.note.file == str(log)]

    return run


def answers(frames, *faults, configuration=CONFIGURATION):
    return list(zip(frames, misbehave(frames, configuration, *faults), strict=True))


@pytest.mark.parametrize("frames", [ALIKE, UNLIKE, ALIKE + ARP + UNLIKE], ids=["alike", "unlike", "both"])
@pytest.mark.parametrize("size", [7, 64, 10**6])
def test_a_right_device_is_right_in_any_order_of_queues(judge, frames, size):
    found, notes = judge(frames, by_queue(answers(frames), size))
    assert (found.judged, found.mismatches) == (len(frames), 0)
    n = len(frames)
    assert notes == [LinesMatched("", n, n, MatchedBy.CONTENTS, of_several_queues=True, fault=None, of_packets=n)]


def test_reading_a_trace_to_order_a_log_is_progress_too(tmp_path):
    log, trace = tmp_path / "testpmd.log", write(tmp_path / "trace.pcapng", ALIKE)
    log.write_text(by_queue(answers(ALIKE, "key-mlx5"), 40), "utf-8")
    told = []
    validate(trace, device_of(CONFIGURATION), TestpmdLog(log), watch=lambda progress: told.append(replace(progress)))
    size = trace.stat().st_size
    assert [each.read_bytes for each in told] == [size, 2 * size, 3 * size]  # in order, with a fault, and judged
    assert told[-1].total_bytes == 3 * size
    assert [each.packets for each in told] == [0, 0, len(ALIKE)]


def test_a_trace_of_its_own_kind_is_no_file_of_its_name(tmp_path, monkeypatch):
    """A log is put in the order of what is opened, not of a file that happens to have the name."""
    monkeypatch.chdir(tmp_path)
    trace = write(tmp_path / "trace.pcapng", UNLIKE)
    (tmp_path / "named").write_bytes(b"another file")
    (tmp_path / "testpmd.log").write_text(by_queue(answers(UNLIKE), 7), "utf-8")

    class Named:
        name, size = "named", 0

        def open(self):
            return Reader(str(trace))

    found = validate(Named(), device_of(CONFIGURATION), TestpmdLog(tmp_path / "testpmd.log"))
    assert (found.judged, found.mismatches) == (len(UNLIKE), 0)


def test_a_log_in_order_is_taken_as_it_is(judge):
    found, notes = judge(ALIKE, one_by_one(answers(ALIKE)))
    assert (found.judged, found.mismatches, notes) == (len(ALIKE), 0, [])


@pytest.mark.parametrize("fault", ["key-mlx5", "ports-swapped", "value-byte-swapped", "addresses-only"])
def test_a_known_fault_is_found_in_any_order(judge, fault):
    found, notes = judge(ALIKE, by_queue(answers(ALIKE, fault), 40))
    assert found.mismatches == found.judged == len(ALIKE)
    assert {each.name for each in found.diagnosis.faults} == {fault}
    assert found.diagnosis.unexplained == 0
    assert [note.fault.name for note in notes if isinstance(note, LinesMatched)] == [fault]


@pytest.mark.slow
def test_hashes_that_nothing_explains_stay_wrong(judge):
    numbers = random.Random(1)
    said = [(frame, replace(each, value=numbers.getrandbits(32))) for frame, each in answers(ALIKE)]
    found, notes = judge(ALIKE, by_queue(said))
    assert found.mismatches == len(ALIKE)
    assert OrderAssumed("") in notes


@pytest.mark.slow
def test_a_few_wrong_hashes_are_found_among_right_ones(judge):
    said = [
        (frame, replace(each, value=each.value ^ 0x10000 if i % 16 == 3 else each.value))
        for i, (frame, each) in enumerate(answers(ALIKE))
    ]
    found, notes = judge(ALIKE, by_queue(said))
    assert found.faults["wrong-value"] == len(ALIKE) // 16
    assert UnexpectedHashes("", len(ALIKE) // 16) in notes


@pytest.mark.slow
def test_a_wrong_queue_is_wrong_in_any_order(judge):
    said = [(frame, replace(each, queue=each.value % 3)) for frame, each in answers(ALIKE)]
    wrong = sum(mine.queue != due.queue for (_, mine), (_, due) in zip(said, answers(ALIKE), strict=True))
    found, _ = judge(ALIKE, by_queue(said))
    assert (found.mismatches, found.faults["wrong-queue"]) == (wrong, wrong)


def test_turned_packets_do_not_hide_a_device_that_turns_them(judge):
    frames = [each for flow in flows(40) for each in (plain(flow), turned(plain(flow)))]
    found, notes = judge(frames, one_by_one(answers(frames, "endpoints-swapped")))
    assert found.mismatches == len(frames)
    assert {each.name for each in found.diagnosis.faults} == {"endpoints-swapped"}
    assert not any(isinstance(note, LinesMatched) for note in notes)


def test_packets_that_are_not_in_the_log(judge):
    frames = ALIKE + UNLIKE
    found, notes = judge(frames, by_queue(without_some(answers(frames), 9), 50))
    assert (found.judged, found.mismatches) == (len(frames) - 9, 0)
    assert NoLine("", 9, len(frames)) in notes


def test_lines_that_are_not_in_the_trace(judge):
    strangers = [plain(flow) for flow in flows(5, seed=9)] + [plain(flow, 900) for flow in flows(4, seed=8)]
    entries = answers(strangers[:4] + ALIKE + strangers[4:])
    found, notes = judge(ALIKE, by_queue(entries))
    assert (found.judged, found.mismatches) == (len(ALIKE), 0)
    assert StrangeLines("", 9) in notes
    (matched,) = (note for note in notes if isinstance(note, LinesMatched))
    assert (matched.lines, matched.of_packets, matched.is_longer) == (len(entries), len(ALIKE), True)
    assert f"and longer than the trace, which has {len(ALIKE)} packets:" in note_text(matched)


def test_a_log_in_order_that_is_longer_than_the_trace(judge):
    strangers = [plain(flow, 900) for flow in flows(4, seed=8)]
    of_one_queue = [(frame, replace(each, queue=0)) for frame, each in answers(ALIKE + strangers)]
    found, notes = judge(ALIKE, one_by_one(of_one_queue))
    assert (found.judged, found.right_hashes) == (len(ALIKE), len(ALIKE))
    (matched,) = (note for note in notes if isinstance(note, LinesMatched))
    assert f"the log is longer than the trace, which has {len(ALIKE)} packets:" in note_text(matched)
    assert StrangeLines("", 4) in notes


def test_both_at_once(judge):
    strangers = answers([plain(flow) for flow in flows(5, seed=9)])
    found, _ = judge(ALIKE, by_queue(without_some(answers(ALIKE), 7) + strangers, 30))
    assert (found.judged, found.mismatches) == (len(ALIKE) - 7, 0)


def test_packets_of_another_port(judge):
    back = [frame[6:12] + frame[:6] + frame[12:] for frame in UNLIKE]
    text = by_queue(answers(UNLIKE), 20) + by_queue(answers(back), 20, port=1)
    found, notes = judge(UNLIKE, text)
    assert (found.judged, found.mismatches) == (len(UNLIKE), 0)
    assert StrangeLines("", len(back)) in notes


def test_vlan_tags_that_the_interface_takes_out(judge):
    frames = [tagged(frame, [0x8100]) for frame in ALIKE]
    said = misbehave(frames, CONFIGURATION)
    text = by_queue(zip(ALIKE, said, strict=True))
    found, _ = judge(frames, text)
    assert (found.judged, found.mismatches) == (len(frames), 0)


def test_timestamps_tell_the_order(judge):
    entries = list(enumerate(answers(ALIKE, "key-mlx5")))
    entries.sort(key=lambda each: each[1][1].queue)
    text = "".join(burst([entry], extra=f" - timestamp {1000 + number} ") for number, entry in entries)
    found, _ = judge(ALIKE, text)
    assert {each.name for each in found.diagnosis.faults} == {"key-mlx5"}


def test_a_log_of_another_trace_is_refused(judge):
    frames = [plain(flow, 700) for flow in flows(4)]
    with pytest.raises(ConfigurationError, match="its 6 lines describe other packets than the 1 of the trace"):
        judge(frames[:1], by_queue(answers([plain(flow, 900) for flow in flows(3, seed=9)] + ARP)))


def test_standard_input_is_not_read_twice(tmp_path):
    log, trace = tmp_path / "testpmd.log", write(tmp_path / "trace.pcapng", ALIKE)
    log.write_text(by_queue(answers(ALIKE)), "utf-8")
    result = run("validate", "-", "--testpmd", log, stdin=trace.read_bytes())
    assert result.returncode == 2
    assert result.stderr.decode().rstrip().endswith("must be read twice to match its lines; save the trace as a file")


def test_a_key_is_recovered_from_what_contents_tell(tmp_path):
    log, trace = tmp_path / "testpmd.log", write(tmp_path / "trace.pcapng", UNLIKE)
    log.write_text(by_queue(answers(UNLIKE)), "utf-8")
    found = recover_key(trace, device_of(CONFIGURATION), TestpmdLog(log))
    assert found.best
    assert found.best.solution.known_bits >= 100
    assert MatchedWithoutKey(str(log), len(UNLIKE), len(UNLIKE)) in found.notes


def test_a_key_is_not_recovered_from_lines_in_doubt(tmp_path):
    log, trace = tmp_path / "testpmd.log", write(tmp_path / "trace.pcapng", ALIKE)
    log.write_text(by_queue(answers(ALIKE)), "utf-8")
    found = recover_key(trace, device_of(CONFIGURATION), TestpmdLog(log))
    assert found.best is None
    assert not found.is_order_known
    assert found.conclusion == "no-order"
    shown = run("recover-key", trace, "--testpmd", log, "--hash-types", "linux", "--queues", "4").stdout.decode()
    assert shown.startswith("The key cannot be recovered from this log.\n")
    assert "cannot be matched to packets without the key" in " ".join(shown.split())
    assert "does not use Toeplitz" not in " ".join(shown.split())
