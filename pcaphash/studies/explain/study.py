"""Find one packet in a trace, run the kernels on it, and put together why they say what they say."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import SupportsIndex

import numpy as np

from pcaphash.capture.reader import Block, Reader
from pcaphash.device.configs import default_configs
from pcaphash.device.device import Device
from pcaphash.device.words import parse_number
from pcaphash.engine.census import Identity
from pcaphash.engine.decision import decide
from pcaphash.engine.selecting import NOT_MIRRORED
from pcaphash.engine.selection import Selection
from pcaphash.engine.stream import Account, Progress
from pcaphash.engine.stripping import strip_block
from pcaphash.errors import ConfigurationError, PcaphashError
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.layout import locate_headers
from pcaphash.kernels.records import DIRECTION_IN, DIRECTION_OUT, RECORD
from pcaphash.kernels.rows import INPUT_LEN, UNDECIDED, describe_packets
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.studies.explain.dissection import Layout, dissect_packet
from pcaphash.studies.explain.outcome import divide_input, list_outcome
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import Answer, Explanation, Step
from pcaphash.studies.explain.rules import list_steps, strip_step

OPTION = "--packet"

_DIRECTIONS = {DIRECTION_IN: "in", DIRECTION_OUT: "out"}


class PacketLostError(PcaphashError):
    """The packet asked for lies behind damage; the text is one line."""

    exit_code = 3


def explain(
    trace: str | PathLike[str],
    packet: SupportsIndex,
    device: Device | None = None,
    others: Sequence[Device] | None = None,
    watch: Callable[[Progress], None] | None = None,
    *,
    strip: str | None = None,
) -> Explanation:
    """Explain why a device gives one packet of a trace its hash, or none.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input. It is read no further than to the packet.
    packet : int
        Its number in the trace, counted from 1.
    device : Device, optional
        The configured device. Default: ``Device()``.
    others : sequence of Device, optional
        Other configurations, for comparison. Default: the usual ones of the same text.
    watch : callable, optional
        Called now and then with the progress.
    strip : str, optional
        What a mirror session put around the packet, that is taken off first (``engine.selection.Selection``).

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    PacketLostError
        It is damaged before the packet.
    ConfigurationError
        It has no such packet, or the packet has nothing of that kind around it.
    """
    strip = Selection(strip=strip).strip
    chosen = Device() if device is None else device
    number = parse_number(OPTION, packet, 1, 2**63 - 1, "packets are counted from 1")
    compared = default_configs(chosen) if others is None else others
    block, place = _find_packet(fspath(trace), number, watch)
    if not strip:
        return explain_record(fspath(trace), number, block, place, chosen, compared)
    stripped, has_it = strip_block(block, strip, Identity.of(chosen).port_types)
    if not has_it[place]:
        problem = f"packet {number:,} is {NOT_MIRRORED[strip]}"
        raise ConfigurationError(f"--strip {strip}", problem, "leave it out, or choose a mirrored packet")
    explained = explain_record(fspath(trace), number, stripped, place, chosen, compared)
    n_bytes = int(stripped.records["offset"][place]) - int(block.records["offset"][place])
    is_cut = n_bytes == int(block.records["captured_length"][place]) and not explained.captured_length
    return replace(explained, steps=(strip_step(strip, n_bytes, is_cut), *explained.steps))


def _find_packet(trace: str, number: int, watch: Callable[[Progress], None] | None) -> tuple[Block, int]:
    """Read a trace up to a packet; return the block that holds it, and which of its records it is."""
    account = Account([trace], watch)
    reader = account.open(trace)
    before = 0
    for block in reader.blocks():
        if number <= before + len(block.records):
            reader.close()
            return block, number - before - 1
        before += len(block.records)
        account.add(reader, len(block.records))
    raise _no_packet(reader, number, before)


def _no_packet(reader: Reader, number: int, n_packets: int) -> PcaphashError:
    if reader.damage:
        return PacketLostError(f"{reader.damage}, {n_packets:,} packets; packet {number:,} would come after that")
    if not n_packets:
        return ConfigurationError(OPTION, f"{reader.trace} has no packets", "give another capture")
    problem = f"{reader.trace} has no packet {number:,}: there are {n_packets:,}"
    return ConfigurationError(OPTION, problem, f"give a number from 1 to {n_packets}")


def explain_record(
    trace: str, number: int, block: Block, place: int, device: Device, compared: Sequence[Device]
) -> Explanation:
    """Explain one record of a block.

    Parameters
    ----------
    trace, number
        Where the packet is from, and its number there.
    block, place
        The block, and which of its records it is.
    device, compared
        The configured device, and other configurations; those that are the same device are left out.
    """
    record = block.records[place]
    start, captured_length = int(record["offset"]), int(record["captured_length"])
    data = block.data[start : start + captured_length].tobytes()
    packet = Packet(data, int(record["original_length"]), int(record["link_type"]))
    direction = _DIRECTIONS.get(int(record["direction"]), "")
    timestamp = int(block.timestamps()[place])
    answer, form = _answer(packet, device)
    dissection = dissect_packet(packet, _locate(packet, device), device)
    steps = list_steps(dissection, answer)
    level = {"outer": dissection.outer, "inner": dissection.inner}.get(answer.header)
    others = [other for other in compared if replace(other, name=device.name) != device]
    return Explanation(
        trace=trace,
        packet=number,
        timestamp_ns=None if timestamp == NO_TIMESTAMP else timestamp,
        captured_length=captured_length,
        original_length=packet.original_length,
        link_type=packet.link_type,
        direction=direction,
        answer=answer,
        because="" if level else steps[-1].why,
        headers=dissection.headers,
        steps=(*_direction_steps(direction), *steps, *list_outcome(answer)),
        input_fields=divide_input(data, level.place, form, answer) if level else (),
        others=tuple(_answer(packet, other)[0] for other in others),
    )


def _locate(packet: Packet, device: Device) -> Layout:
    """Have the kernels say where the headers of a packet stand."""
    identity = Identity.of(device)
    found = locate_headers(
        np.frombuffer(bytearray(packet.data), np.uint8),
        len(packet.data),
        packet.original_length,
        packet.link_type,
        identity.prepared_key,
        identity.port_types,
        identity.departures,
    )
    return Layout(*map(int, found))


def _answer(packet: Packet, device: Device) -> tuple[Answer, int]:
    """Have the kernels that ``hashes`` runs say what a device makes of a packet; return which form of hash, too."""
    identity = Identity.of(device)
    records = np.zeros(1, RECORD)
    records["captured_length"], records["original_length"] = len(packet.data), packet.original_length
    records["link_type"] = packet.link_type
    data = np.frombuffer(bytearray(packet.data), np.uint8)
    picks = np.full(N_SIGNATURES, UNDECIDED, np.int32)
    signatures, hash_values = np.empty(1, np.int32), np.empty(1, np.uint32)
    inputs, lengths = np.empty(INPUT_LEN, np.uint8), np.empty(1, np.int64)
    arguments = (data, records, 1, identity.prepared_key, identity.port_types, identity.departures)
    results = (picks, signatures, hash_values, inputs, lengths)
    describe_packets(*arguments, *results)
    decision = decide(int(signatures[0]), device)
    picks[signatures[0]] = decision.pick
    describe_packets(*arguments, *results)
    hash_value = int(hash_values[0]) if decision.is_hashed else None
    table_index = _table_index(hash_value, device)
    queue = device.unclassified_queue if decision.is_known and device.has_queue else None
    answer = Answer(
        device,
        decision.encapsulation,
        decision.header,
        decision.hash_report,
        decision.hash_report_tunnel,
        decision.reason,
        inputs[: lengths[0]].tobytes(),
        hash_value,
        table_index,
        queue if table_index is None else device.indirection_table[table_index],
    )
    return answer, decision.form


def _table_index(hash_value: int | None, device: Device) -> int | None:
    """Return the entry of the indirection table that a hash leads to."""
    if hash_value is None or not device.has_queue:
        return None
    n_entries = len(device.indirection_table)
    return hash_value % n_entries if device.table_index == "modulo" else hash_value & (n_entries - 1)


def _direction_steps(direction: str) -> tuple[Step, ...]:
    """Say what must be known of a packet that the capturing host sent."""
    if direction != "out":
        return ()
    why = "the capture says that the host sent it: no device steered it, and analyze leaves it out"
    return (Step("direction", "sent, so the following is what its hash would be", why, "the capture"),)
