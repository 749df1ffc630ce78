"""Find one packet in a trace, run the kernels on it, and put together what they say."""

from collections.abc import Sequence
from dataclasses import replace
from typing import SupportsIndex

import numpy as np

from pcaphash.capture.damage import Damage
from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.input import Input, Trace, input_of
from pcaphash.capture.reader import Block
from pcaphash.device.configs import default_configs
from pcaphash.device.device import Device
from pcaphash.device.words import NO_LIMIT, parse_number
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.census.decision import decide
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.selecting.left_out import NOT_MIRRORED
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.stripping import strip_block
from pcaphash.errors import ConfigurationError, Field, PacketLostError, PcaphashError, trace_name
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.records import DIRECTION_IN, DIRECTION_OUT, RECORD
from pcaphash.kernels.rows import INPUT_LEN, UNDECIDED, describe_packets
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.studies.explain.choice import choose_header, choose_type
from pcaphash.studies.explain.dissection import dissect_packet
from pcaphash.studies.explain.explanation import Explanation
from pcaphash.studies.explain.hash_input import divide_input
from pcaphash.studies.explain.headers import list_headers
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import Answer, Stripped

OPTION = Field("packet")

_DIRECTIONS = {DIRECTION_IN: "in", DIRECTION_OUT: "out"}


def explain(
    trace: Trace,
    packet: SupportsIndex,
    device: Device | None = None,
    others: Sequence[Device] | None = None,
    watch: Watch | None = None,
    *,
    strip: str | None = None,
) -> Explanation:
    """Explain why a device gives one packet of a trace its hash, or none.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input. It is read only up to the packet.
    packet : int
        Its number in the trace, counted from 1.
    device : Device, optional
        The configured device. Default: ``Device()``.
    others : sequence of Device, optional
        Other configurations, for comparison. Default: the usual ones of the same spec.
    watch : callable, optional
        Called now and then with the progress.
    strip : str, optional
        The headers that a mirror session added, which are taken off first (as ``Selection`` has it).

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    PacketLostError
        It is damaged before the packet.
    ConfigurationError
        It has no such packet, or the packet has no such headers.
    """
    strip = Selection(strip=strip).strip
    chosen = Device() if device is None else device
    number = parse_number(OPTION, packet, 1, NO_LIMIT, "packets are counted from 1")
    compared = default_configs(chosen) if others is None else others
    source = input_of(trace)
    block, place = _find_packet(source, number, watch)
    if not strip:
        return explain_record(source.name, number, block, place, chosen, compared)
    stripped, has_it = strip_block(block, strip, ReadingRules.of(chosen).port_types)
    if not has_it[place]:
        problem = f"packet {number:,} is {NOT_MIRRORED[strip]}"
        raise ConfigurationError(Field("strip", strip), problem, "leave it out, or choose a mirrored packet")
    explained = explain_record(source.name, number, stripped, place, chosen, compared)
    n_bytes = int(stripped.records["offset"][place]) - int(block.records["offset"][place])
    is_cut = n_bytes == int(block.records["captured_length"][place]) and not explained.captured_length
    return replace(explained, stripped=Stripped(strip, n_bytes, is_cut))


def _find_packet(source: Input, number: int, watch: Watch | None) -> tuple[Block, int]:
    """Read a trace up to a packet; return the block that holds it, and which of its records it is."""
    watched = Watched([source], watch)
    trace = source.open()
    before = 0
    for block in trace.blocks():
        if number <= before + len(block.records):
            trace.close()
            return block, number - before - 1
        before += len(block.records)
        watched.add(trace, len(block.records))
    raise _no_packet(source.name, trace.damage, number, before)


def _no_packet(trace: str, damage: Damage | None, number: int, n_packets: int) -> PcaphashError:
    if damage:
        return PacketLostError(f"{damage_text(damage)}, {n_packets:,} packets; packet {number:,} would come after that")
    if not n_packets:
        return ConfigurationError(OPTION, f"{trace_name(trace)} has no packets", "give another capture")
    problem = f"{trace_name(trace)} has no packet {number:,}: there are {n_packets:,}"
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
    start = int(record["offset"])
    data = block.data[start : start + int(record["captured_length"])].tobytes()
    packet = Packet(data, int(record["original_length"]), int(record["link_type"]))
    timestamp = int(block.timestamps()[place])
    answer, form = _answer(packet, device)
    dissection = dissect_packet(packet, device)
    header_choice = choose_header(dissection, answer)
    hashed = {"outer": dissection.outer, "inner": dissection.inner}.get(answer.header)
    others = [other for other in compared if replace(other, name=device.name) != device]
    return Explanation(
        trace=trace,
        packet=number,
        timestamp_ns=None if timestamp == NO_TIMESTAMP else timestamp,
        direction=_DIRECTIONS.get(int(record["direction"]), ""),
        answer=answer,
        dissection=dissection,
        header_choice=header_choice,
        type_choice=choose_type(dissection, header_choice, device),
        headers=list_headers(dissection),
        input_fields=divide_input(packet, hashed, form, answer) if hashed else (),
        others=tuple(_answer(packet, other)[0] for other in others),
    )


def _answer(packet: Packet, device: Device) -> tuple[Answer, int]:
    """Have the kernels that ``hashes`` runs say what a device makes of a packet; return which form of hash, too."""
    identity = CensusIdentity.of(device)
    records = np.zeros(1, RECORD)
    records["captured_length"], records["original_length"] = len(packet.data), packet.original_length
    records["link_type"] = packet.link_type
    data = np.frombuffer(bytearray(packet.data), np.uint8)
    picks = np.full(N_SIGNATURES, UNDECIDED, np.int32)
    signatures, hash_values = np.empty(1, np.int32), np.empty(1, np.uint32)
    inputs, lengths = np.empty(INPUT_LEN, np.uint8), np.empty(1, np.int64)
    arguments = (data, records, 1, identity.prepared_key, identity.rules.port_types, identity.departures)
    results = (picks, signatures, hash_values, inputs, lengths)
    describe_packets(*arguments, *results)
    decision = decide(int(signatures[0]), device)
    picks[signatures[0]] = decision.pick
    describe_packets(*arguments, *results)
    hash_value = int(hash_values[0]) if decision.is_hashed else None
    table_index = None if hash_value is None or not device.has_queue else device.entry_of(hash_value)
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
