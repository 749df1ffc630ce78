"""Bring the lines of a testpmd log into the order of the trace, where the log is printed queue by queue.

Testpmd polls its receive queues one after the other, and prints what it gets from each: so with several queues a log
is not in order of the trace. What is matched by what is said in notes.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Input, can_be_read_again
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.source import Reported
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.capture.reported.testpmd_log import NOT_SAID, Kind, Lines
from pcaphash.device.device import Device
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.progress import Watched
from pcaphash.errors import ConfigurationError
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import ETHERNET, ETHERNET_TYPE_OFFSET, VLAN_TAG_LEN, VLAN_TAGS
from pcaphash.studies.validate.catalogue.fault import Fault
from pcaphash.studies.validate.catalogue.faults import faults_of
from pcaphash.studies.validate.log.alignment import (
    NO_HASH,
    UNKNOWN,
    Alignment,
    Numbers,
    Things,
    align,
    align_by_contents,
    count_due,
)
from pcaphash.studies.validate.log.notes import (
    LinesMatched,
    MatchedBy,
    MatchedWithoutKey,
    OrderAssumed,
    StrangeLines,
    UnexpectedHashes,
)
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.trial import Trial
from pcaphash.studies.validate.verdicts import Leniency

_LEAST_LENGTH = 60  # shorter frames are filled up on their way
_MOST_TRIED = 2048  # packets at the beginning by which faults are tried
_MOST_BYTES = 2048  # of each; headers that are hashed stand in front of them
_LEAST_SHARE = 0.5  # of the packets, whose hashes are explained in some order, for it to be believed

Variants = list[Kind]


@dataclass(frozen=True, eq=False)
class _Trace:
    """What is to be known of the packets of a trace."""

    variants: list[Variants]  # what a log may print of each: with its VLAN tags, with one less, and so on
    values: Numbers  # the hash that is expected of each
    first: Block  # some packets at the beginning


def arrange_log(log: TestpmdLog, trace: Input, device: Device, leniency: Leniency, watched: Watched) -> None:
    """Say of a log which line is about which packet, if that is not the order of the log.

    Parameters
    ----------
    log : TestpmdLog
        Arranged.
    trace : Input
        The capture; it is read once or twice.
    device : Device
        The configured device: among packets that look the same, its hashes tell which a line is about.
    leniency : Leniency
        What differences are let pass.
    watched : Watched
        Is told how far reading is.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        The log is not of this trace, or its order cannot be found as the trace can be read only once.
    """
    if not can_be_read_again(trace):
        if log.lines.several_queues:
            problem = "the log is printed queue by queue, so the trace must be read twice to match its lines"
            raise ConfigurationError(log.place, problem, "save the trace as a file")
        return
    found = _read(trace, device, watched)
    matched_by, kinds_of_lines, kinds = _number_kinds(log, found.variants)
    order = _order(log.lines)
    lines = Things(kinds_of_lines[order], log.lines.hash_values[order])
    packets = Things(kinds, found.values)
    if matched_by == MatchedBy.NOTHING and len(lines) != len(packets) and any(found.variants):
        problem = (
            f"its {len(lines):,} lines describe other packets than the {len(packets):,} of the trace, judging by "
            "MAC addresses, types and lengths"
        )
        raise ConfigurationError(log.place, problem, "give the log for this trace")
    is_in_order = len(lines) <= len(packets) and np.array_equal(lines.kinds, packets.kinds[: len(lines)])
    if is_in_order and len(lines) == len(packets) and not log.lines.several_queues:
        return
    if is_in_order and np.array_equal(lines.values, packets.values[: len(lines)]):
        _say(log, order, np.arange(len(packets)), [])
        return
    queues = _number_queues(log.lines.take(order))
    best = align(lines, queues, packets)
    fault = None
    if best.differing or best.disordered or best.strange:
        fault, in_order, share = _best_fault(device, leniency, found.first, lines, packets, is_in_order)
        if in_order:
            _say(log, order, np.arange(len(packets)), [OrderAssumed(log.path)] if share < _LEAST_SHARE else [])
            return
        if fault:
            values = _values_of(trace, device, leniency, fault, watched)
            best = align(lines, queues, Things(kinds, values))
    _say(log, order, best.line_of, _notes(log, best, matched_by, fault))


def arrange_by_contents(log: TestpmdLog, trace: Input, device: Device, watched: Watched) -> int:
    """Keep of a log only the lines of which contents and order within a queue say which packet they are about.

    Returns how many these are.
    """
    found = _read(trace, device, watched)
    _, kinds_of_lines, kinds = _number_kinds(log, found.variants)
    order = _order(log.lines)
    lines = Things(kinds_of_lines[order], log.lines.hash_values[order])
    line_of = align_by_contents(lines, _number_queues(log.lines.take(order)), Things(kinds, found.values))
    n = int(np.count_nonzero(line_of >= 0))
    _say(log, order, line_of, [MatchedWithoutKey(log.path, len(lines), n)])
    return n


def _say(log: TestpmdLog, order: Numbers, line_of: Numbers, notes: Sequence[Note]) -> None:
    inside = (line_of >= 0) & (line_of < len(order))
    log.arrange(np.where(inside, order[np.where(inside, line_of, 0)], NO_HASH), notes)


def _notes(log: TestpmdLog, found: Alignment, matched_by: MatchedBy, fault: Fault | None) -> list[Note]:
    lines, matched = log.lines, found.agreeing + found.differing
    notes: list[Note] = [
        LinesMatched(log.path, len(lines), matched, matched_by, lines.several_queues, fault, len(found.line_of))
    ]
    if found.differing:
        notes.append(UnexpectedHashes(log.path, found.differing))
    if found.strange:
        notes.append(StrangeLines(log.path, found.strange))
    return notes


def _order(lines: Lines) -> Numbers:
    """Return the order in which packets were received, where timestamps tell it; else that of the log."""
    stamps = lines.timestamps
    if (stamps == NOT_SAID).any() or not lines.several_queues:
        return np.arange(len(lines))
    return np.argsort(stamps, kind="stable")


def _number_queues(lines: Lines) -> Numbers:
    return lines.ports << 32 | lines.queues & 0xFFFFFFFF


def _blocks(trace: Input, watched: Watched) -> Iterator[Block]:
    """Read the trace once more than it counts: whoever reads it again says what could not be read."""
    watched.read_before(trace)
    with closing(trace.open()) as opened:
        for block in opened.blocks():
            yield block
            watched.add(opened, 0)


def _read(trace: Input, device: Device, watched: Watched) -> _Trace:
    """Read the trace once."""
    describer = Describer(device)
    variants: list[Variants] = []
    values = [np.zeros(0, np.int64)]
    kept: list[tuple[bytes, np.void]] = []
    for block in _blocks(trace, watched):
        found = describer.describe(block)
        values.append(_as_numbers(found.hash_values, found.hashed, found.known))
        for record in block.records:
            offset, captured = int(record["offset"]), int(record["captured_length"])
            data = block.data[offset : offset + min(captured, 64)].tobytes()
            length = max(int(record["original_length"]), captured)
            variants.append(_variants(data, length) if record["link_type"] == ETHERNET else [])
            if len(kept) < _MOST_TRIED:
                kept.append((block.data[offset : offset + min(captured, _MOST_BYTES)].tobytes(), record.copy()))
    return _Trace(variants, np.concatenate(values), _as_block(kept))


def _as_block(kept: list[tuple[bytes, np.void]]) -> Block:
    records = np.zeros(len(kept), RECORD)
    offset = 0
    for row, (packet, record) in enumerate(kept):
        records[row] = record
        records[row]["offset"], records[row]["captured_length"] = offset, len(packet)
        records[row]["start"] = records[row]["end"] = 0
        records[row]["original_length"] = max(record["original_length"], record["captured_length"])
        offset += len(packet)
    data = np.frombuffer(b"".join(packet for packet, _ in kept), np.uint8)
    return Block(data.copy(), records)


def _variants(data: bytes, length: int) -> Variants:
    """Return what a log may print of a frame: interfaces may take VLAN tags out, and frames are filled up."""
    found: Variants = []
    at = ETHERNET_TYPE_OFFSET
    while at + 2 <= len(data) and len(found) < 3:
        ethertype = int.from_bytes(data[at : at + 2], "big")
        found.append((data[6:12], data[:6], ethertype, max(length - (at - ETHERNET_TYPE_OFFSET), _LEAST_LENGTH)))
        if ethertype not in VLAN_TAGS:
            break
        at += VLAN_TAG_LEN
    return found


def _number_kinds(log: TestpmdLog, variants: list[Variants]) -> tuple[MatchedBy, Numbers, Numbers]:
    """Give numbers to what is printed, of lines and of packets alike, by as much of it as they have in common.

    Returns which part of the contents that is, and the number of each line and packet.
    """
    least = min(len(log.lines), len(variants)) / 2
    for matched_by in (MatchedBy.CONTENTS, MatchedBy.SIZES):
        numbers: dict[tuple[object, ...], int] = {}
        of_kinds = np.array([numbers.setdefault(_part(kind, matched_by), len(numbers)) for kind in log.kinds], np.int64)
        parts = ([_part(kind, matched_by) for kind in some] for some in variants)
        known = (next((numbers[part] for part in some if part in numbers), NO_HASH) for some in parts)
        of_lines, of_packets = of_kinds[log.lines.kinds], np.fromiter(known, np.int64, len(variants))
        n_lines, n_packets = (np.bincount(each + 1, minlength=len(numbers) + 1)[1:] for each in (of_lines, of_packets))
        if np.minimum(n_lines, n_packets).sum() >= least:
            return matched_by, of_lines, of_packets
    return MatchedBy.NOTHING, np.zeros(len(log.lines), np.int64), np.zeros(len(variants), np.int64)


def _part(kind: Kind, matched_by: MatchedBy) -> tuple[object, ...]:
    source, destination, ethertype, length = kind
    sizes = (ethertype, max(length, _LEAST_LENGTH))
    return (source, destination, *sizes) if matched_by == MatchedBy.CONTENTS else sizes


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


def _hashes(trial: Trial, fault: Fault) -> Numbers | None:
    predicted = trial.predict((fault,))
    if predicted is None:
        return None
    return _as_numbers(*predicted)


def _as_numbers(values: npt.NDArray[np.uint32], hashed: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Numbers:
    """Return hashes as 64-bit numbers, which have room for what stands for none."""
    return np.where(known, np.where(hashed, values.astype(np.int64), NO_HASH), UNKNOWN)


def _values_of(trace: Input, device: Device, leniency: Leniency, fault: Fault, watched: Watched) -> Numbers:
    """Return the hashes of all packets of a device with a fault."""
    values = [np.zeros(0, np.int64)]
    for block in _blocks(trace, watched):
        found = _hashes(_trial(device, leniency, block), fault)
        assert found is not None  # or it would not have been chosen
        values.append(found)
    return np.concatenate(values)
