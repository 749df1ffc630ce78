"""Whether packets without ports between two addresses are fragments: a random part of the packets tells."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import numpy as np

from pcaphash.device.device import Device
from pcaphash.engine.census.decision import NONE
from pcaphash.engine.reading import Reading
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import trace
from pcaphash.kernels.trace_packet import trace_packet
from pcaphash.standards import ip
from pcaphash.studies.compare.advice import Advice, AvoidPortless

_MOST_TRACED = 512
_SOURCES = {trace.IPV4: ip.IPV4_SOURCE_OFFSET, trace.IPV6: ip.IPV6_SOURCE_OFFSET}


def tell_fragments(advice: Sequence[Advice], reading: Reading, device: Device) -> list[Advice]:
    """Take note, in advice about packets without ports, of whether some of them are fragments."""
    return [
        replace(each, has_fragments=_has_fragments(reading, device, each.endpoints))
        if isinstance(each, AvoidPortless) and each.encapsulation == NONE
        else each
        for each in advice
    ]


def _has_fragments(reading: Reading, device: Device, endpoints: str) -> bool:
    """Tell whether a device takes packets between two addresses for fragments, of those that were kept."""
    source, between, destination = endpoints.partition(" > ")
    if not between:
        return False  # not IP
    addresses = ip_address(source).packed + ip_address(destination).packed
    kept, arguments = reading.keeper.kept(), ReadingRules.of(device).arguments
    for record in kept.records[:: len(kept) // _MOST_TRACED + 1]:
        offset, length = int(record["offset"]), int(record["captured_length"])
        data, rows = kept.data[offset : offset + length].copy(), trace.new_trace(length)
        trace_packet(data, length, int(record["original_length"]), int(record["link_type"]), *arguments, rows)
        steps = rows[1 : int(rows[0, trace.N_STEPS]) + 1]
        (headers,) = np.nonzero(np.isin(steps[:, trace.LAYER], list(_SOURCES)))
        if not len(headers) or not (steps[:, trace.STOP] == trace.FRAGMENT).any():
            continue
        at = int(steps[headers[0], trace.OFFSET]) + _SOURCES[int(steps[headers[0], trace.LAYER])]
        if data[at : at + len(addresses)].tobytes() == addresses:
            return True
    return False
