"""Bring the lines of a testpmd log into the order of the trace, where the log is printed queue by queue.

Testpmd polls its receive queues one after the other, and prints what it gets from each: so with several queues a log
is not in order of the trace. What is matched by what is said in notes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block, Reader
from pcaphash.capture.reported import Reported
from pcaphash.capture.reported_testpmd import TestpmdLog
from pcaphash.capture.source import STANDARD_INPUT
from pcaphash.capture.testpmd_log import NOT_SAID, Kind, Lines
from pcaphash.device.device import Device
from pcaphash.engine.describer import Describer
from pcaphash.errors import ConfigurationError
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.studies.alignment import NO_HASH, UNKNOWN, Alignment, Numbers, Things, align, align_by_contents, count_due
from pcaphash.studies.validate.fault import Fault
from pcaphash.studies.validate.faults import faults_of
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.trial import Trial
from pcaphash.studies.validate.verdicts import Leniency

_TAGS = (0x8100, 0x88A8, 0x9100)
_LEAST_LENGTH = 60  # shorter frames are filled up on their way
_MOST_TRIED = 2048  # packets at the beginning by which faults are tried
_MOST_BYTES = 2048  # of each; headers that are hashed stand in front of them
_ETHERNET_LEN = 14
_WHOLE, _SIZES, _NOTHING = range(3)
_MATCHED_BY = ("MAC addresses, type and length", "type and length (MAC addresses differ)", "nothing that it prints")
"""How much of the contents a log and a trace have in common."""

_LEAST_SHARE = 0.5  # of the packets, whose hashes are explained in some order, for it to be believed
_IN_DOUBT = (
    "the log is assumed to be in the order of the trace, but testpmd prints queue by queue. Its hashes match in no "
    "other order either, so some packets may be compared with lines of other packets"
)

Variants = list[Kind]


@dataclass(frozen=True, eq=False)
class _Trace:
    """What is to be known of the packets of a trace."""

    variants: list[Variants]  # what a log may print of each: with its VLAN tags, with one less, and so on
    values: Numbers  # the hash that each is due
    first: Block  # some packets at the beginning


def arrange_log(log: TestpmdLog, trace: str, device: Device, leniency: Leniency) -> None:
    """Say of a log which line is about which packet, if that is not the order of the log.

    Parameters
    ----------
    log : TestpmdLog
        Arranged.
    trace : str
        The capture.
    device : Device
        The configured device: among packets that look the same, its hashes tell which a line is about.
    leniency : Leniency
        What differences are let pass.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        The log is not of this trace, or its order cannot be found as the trace can be read only once.
    """
    if not can_be_read_twice(trace):
        if log.lines.several_queues:
            problem = "the log is printed queue by queue, so the trace must be read twice to match its lines"
            raise ConfigurationError(log.option, problem, "save the trace as a file")
        return
    found = _read(trace, device)
    level, kinds_of_lines, kinds = _number_kinds(log, found.variants)
    order = _order(log.lines)
    lines = Things(kinds_of_lines[order], log.lines.hash_values[order])
    packets = Things(kinds, found.values)
    if level == _NOTHING and len(lines) != len(packets) and any(found.variants):
        problem = (
            f"its {len(lines):,} lines describe other packets than the {len(packets):,} of the trace, judging by "
            "MAC addresses, types and lengths"
        )
        raise ConfigurationError(log.option, problem, "give the log for this trace")
    is_in_order = len(lines) <= len(packets) and np.array_equal(lines.kinds, packets.kinds[: len(lines)])
    if is_in_order and len(lines) == len(packets) and not log.lines.several_queues:
        return
    if is_in_order and np.array_equal(lines.values, packets.values[: len(lines)]):
        _say(log, order, np.arange(len(packets)), [])
        return
    queues = _number_queues(log.lines.take(order))
    best = align(lines, queues, packets)
    words = ""
    if best.differing or best.disordered or best.strange:
        fault, in_order, share = _best_fault(device, leniency, found.first, lines, packets, is_in_order)
        if in_order:
            _say(log, order, np.arange(len(packets)), [_IN_DOUBT] if share < _LEAST_SHARE else [])
            return
        if fault:
            values = _values_of(trace, device, leniency, fault)
            best = align(lines, queues, Things(kinds, values))
            words = f" of a device that {fault.words}"
    _say(log, order, best.line_of, _notes(log.lines, best, level, words))


def can_be_read_twice(trace: str) -> bool:
    """Tell whether a trace is a file, and no pipe or standard input."""
    return trace != STANDARD_INPUT and Path(trace).is_file()


def arrange_by_contents(log: TestpmdLog, trace: str, device: Device) -> int:
    """Keep of a log only the lines of which contents and order within a queue say which packet they are about.

    Returns how many these are.
    """
    found = _read(trace, device)
    _, kinds_of_lines, kinds = _number_kinds(log, found.variants)
    order = _order(log.lines)
    lines = Things(kinds_of_lines[order], log.lines.hash_values[order])
    line_of = align_by_contents(lines, _number_queues(log.lines.take(order)), Things(kinds, found.values))
    n = int(np.count_nonzero(line_of >= 0))
    note = (
        f"the log is printed queue by queue: {n:,} of its {len(lines):,} lines can be matched to packets without "
        "knowing the key, and only these are used"
    )
    _say(log, order, line_of, [note])
    return n


def _say(log: TestpmdLog, order: Numbers, line_of: Numbers, notes: list[str]) -> None:
    inside = (line_of >= 0) & (line_of < len(order))
    log.arrange(np.where(inside, order[np.where(inside, line_of, 0)], NO_HASH), notes)


def _notes(lines: Lines, found: Alignment, level: int, words: str) -> list[str]:
    matched = found.agreeing + found.differing
    several = "printed queue by queue, not in order of the trace" if lines.several_queues else "not whole"
    notes = [
        f"the log is {several}: {matched:,} of its {len(lines):,} lines were matched to packets by "
        f"{_MATCHED_BY[level]}, and where several packets look the same by the hash{words}"
    ]
    if found.differing:
        what = "1 line has" if found.differing == 1 else f"{found.differing:,} lines have"
        notes.append(
            f"{what} a hash that is expected for no remaining packet; such a line goes to a packet that looks alike, "
            "in the order of the log"
        )
    if found.strange:
        what, verb = ("1 line matches", "is") if found.strange == 1 else (f"{found.strange:,} lines match", "are")
        notes.append(f"{what} no packet of the trace and {verb} ignored")
    return notes


def _order(lines: Lines) -> Numbers:
    """Return the order in which packets were received, where timestamps tell it; else that of the log."""
    stamps = lines.timestamps
    if (stamps == NOT_SAID).any() or not lines.several_queues:
        return np.arange(len(lines))
    return np.argsort(stamps, kind="stable")


def _number_queues(lines: Lines) -> Numbers:
    return lines.ports << 32 | lines.queues & 0xFFFFFFFF


def _read(trace: str, device: Device) -> _Trace:
    """Read the trace once."""
    describer = Describer(device)
    variants: list[Variants] = []
    values = [np.zeros(0, np.int64)]
    kept: list[tuple[bytes, np.void]] = []
    reader = Reader(trace)
    for block in reader.blocks():
        found = describer.describe(block)
        values.append(np.where(found.known, np.where(found.hashed, found.hash_values, NO_HASH), UNKNOWN))
        for record in block.records:
            offset, captured = int(record["offset"]), int(record["captured_length"])
            data = block.data[offset : offset + min(captured, 64)].tobytes()
            length = max(int(record["original_length"]), captured)
            variants.append(_variants(data, length) if record["link_type"] == ETHERNET else [])
            if len(kept) < _MOST_TRIED:
                kept.append((block.data[offset : offset + min(captured, _MOST_BYTES)].tobytes(), record.copy()))
    return _Trace(variants, np.concatenate(values).astype(np.int64), _as_block(kept, reader))


def _as_block(kept: list[tuple[bytes, np.void]], reader: Reader) -> Block:
    records = np.zeros(len(kept), RECORD)
    offset = 0
    for row, (packet, record) in enumerate(kept):
        records[row] = record
        records[row]["offset"], records[row]["captured_length"] = offset, len(packet)
        records[row]["original_length"] = max(record["original_length"], record["captured_length"])
        offset += len(packet)
    data = np.frombuffer(b"".join(packet for packet, _ in kept), np.uint8)
    return Block(data.copy(), records, reader.format)


def _variants(data: bytes, length: int) -> Variants:
    """Return what a log may print of a frame: interfaces may take VLAN tags out, and frames are filled up."""
    found: Variants = []
    at = _ETHERNET_LEN - 2
    while at + 2 <= len(data) and len(found) < 3:
        ethertype = int.from_bytes(data[at : at + 2], "big")
        found.append((data[6:12], data[:6], ethertype, max(length - (at - _ETHERNET_LEN + 2), _LEAST_LENGTH)))
        if ethertype not in _TAGS:
            break
        at += 4
    return found


def _number_kinds(log: TestpmdLog, variants: list[Variants]) -> tuple[int, Numbers, Numbers]:
    """Give numbers to what is printed, of lines and of packets alike, by as much of it as they have in common.

    Returns which part of the contents that is, and the number of each line and packet.
    """
    least = min(len(log.lines), len(variants)) / 2
    for level in (_WHOLE, _SIZES):
        numbers: dict[tuple[object, ...], int] = {}
        of_kinds = np.array([numbers.setdefault(_part(kind, level), len(numbers)) for kind in log.kinds], np.int64)
        parts = ([_part(kind, level) for kind in some] for some in variants)
        known = (next((numbers[part] for part in some if part in numbers), NO_HASH) for some in parts)
        of_lines, of_packets = of_kinds[log.lines.kinds], np.fromiter(known, np.int64, len(variants))
        n_lines, n_packets = (np.bincount(each + 1, minlength=len(numbers) + 1)[1:] for each in (of_lines, of_packets))
        if np.minimum(n_lines, n_packets).sum() >= least:
            return level, of_lines, of_packets
    return _NOTHING, np.zeros(len(log.lines), np.int64), np.zeros(len(variants), np.int64)


def _part(kind: Kind, level: int) -> tuple[object, ...]:
    source, destination, ethertype, length = kind
    sizes = (ethertype, max(length, _LEAST_LENGTH))
    return (source, destination, *sizes) if level == _WHOLE else sizes


def _best_fault(
    device: Device, leniency: Leniency, block: Block, lines: Things, packets: Things, is_in_order: bool
) -> tuple[Fault | None, bool, float]:
    """Return the fault under which most packets have their hash in the log, whether in its order, and their share."""
    n = len(block.records)
    kinds = packets.kinds[:n]
    trial = _trial(device, leniency, block)
    best: tuple[int, bool] = (0, False)
    chosen: Fault | None = None
    for fault in (None, *faults_of(device)):
        values = packets.values[:n] if fault is None else _hashes(trial, fault)
        if values is None:
            continue
        tried = [(count_due(lines, Things(kinds, values)), False)]
        if is_in_order:
            m = min(n, len(lines))
            tried.append((int(np.count_nonzero(lines.values[:m] == values[:m])), True))
        if max(tried) > best:
            best, chosen = max(tried), fault
    return chosen, best[1], best[0] / n if n else 0.0


def _trial(device: Device, leniency: Leniency, block: Block) -> Trial:
    n = len(block.records)
    nothing = np.zeros(n, np.uint8)
    return Trial(device, Sample(block, Reported.nothing(n), np.arange(n), nothing, np.ones(n)), leniency)


def _hashes(trial: Trial, fault: Fault) -> npt.NDArray[np.int64] | None:
    predicted = trial.predict((fault,))
    if predicted is None:
        return None
    values, hashed, known = predicted
    return np.where(known, np.where(hashed, values.astype(np.int64), NO_HASH), UNKNOWN)


def _values_of(trace: str, device: Device, leniency: Leniency, fault: Fault) -> Numbers:
    """Return the hashes of all packets of a device with a fault."""
    values = [np.zeros(0, np.int64)]
    for block in Reader(trace).blocks():
        found = _hashes(_trial(device, leniency, block), fault)
        assert found is not None  # or it would not have been chosen
        values.append(found)
    return np.concatenate(values)
