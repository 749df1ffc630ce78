"""Read fields of headers that the spec does not hash."""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.decision import decide
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import trace
from pcaphash.kernels.trace_packet import trace_packet
from pcaphash.studies.validate.sample import Sample

_FLOW_LABEL_MASK = 0xFFFFF


class Besides(StrEnum):
    """A field that a device may hash besides those of the spec, by its name in faults."""

    FLOW_LABEL = "flow-label"
    """That of IPv6, of the header that is hashed; 0 for IPv4."""
    PROTOCOL = "protocol"
    """The protocol of IPv4, or the last next header that is read of IPv6, of the header that is hashed."""
    VLAN = "vlan"
    """The tag control information of the first VLAN tag; 0 without one."""


def read_fields(
    device: Device, sample: Sample, signatures: npt.NDArray[np.int32], positions: Iterable[int]
) -> dict[Besides, npt.NDArray[np.uint32]]:
    """Read the fields of some packets of a sample.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        The packets.
    signatures : int32 array of shape (n,)
        How the device reads each packet of the sample.
    positions : iterable of int
        Those asked about.
    """
    rules, of_inner = ReadingRules.of(device).arguments, {}
    for signature in np.unique(signatures).tolist():
        of_inner[signature] = decide(signature, device).header == "inner"
    rows = []
    for position in positions:
        record = sample.block.records[position]
        start, length = int(record["offset"]), int(record["captured_length"])
        data = sample.block.data[start : start + length]
        steps = trace.new_trace(length)
        trace_packet(data, length, int(record["original_length"]), int(record["link_type"]), *rules, steps)
        found = steps[1 : int(steps[0, trace.N_STEPS]) + 1].tolist()
        rows.append(_fields_of(found, data.tobytes(), inside=of_inner[int(signatures[position])]))
    table = np.array(rows, np.uint32).reshape(-1, len(Besides))
    return {field: table[:, column] for column, field in enumerate(Besides)}


def _fields_of(steps: list[list[int]], data: bytes, *, inside: bool) -> tuple[int, int, int]:
    flow_label = protocol = vlan = 0
    for step in steps:
        layer, offset = step[trace.LAYER], step[trace.OFFSET]
        if layer == trace.VLAN_TAG and not step[trace.LEVEL] and not vlan:
            vlan = int.from_bytes(data[offset : offset + 2], "big")
        if bool(step[trace.LEVEL]) != inside:
            continue
        if layer == trace.IPV6:
            flow_label = int.from_bytes(data[offset : offset + 4], "big") & _FLOW_LABEL_MASK
        if layer in (trace.IPV4, trace.IPV6, trace.TRANSPORT):
            protocol = step[trace.VALUE]
    return flow_label, protocol, vlan
