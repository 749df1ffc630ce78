"""Find UDP ports whose packets look like VXLAN, for devices that look into tunnels on other ports."""

from collections import Counter

from pcaphash.device.device import Device
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import trace
from pcaphash.kernels.trace_packet import trace_packet
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun
from pcaphash.studies.validate.sample import Sample

_MOST_LOOKED_AT = 600  # packets
_MOST_PORTS = 4
_LEAST_PACKETS = 2


def possible_vxlan_ports(device: Device, sample: Sample) -> list[int]:
    """Return the ports to which most packets of a sample look like VXLAN and go without being taken for it.

    Only the I flag is set in the header, and reserved bytes are 0 (RFC 7348 section 5).
    """
    arguments = ReadingRules.of(device).arguments
    found: Counter[int] = Counter()
    for record in sample.block.records[:: max(1, len(sample) // _MOST_LOOKED_AT)]:
        start, length = int(record["offset"]), int(record["captured_length"])
        data = sample.block.data[start : start + length]
        rows = trace.new_trace(length)
        trace_packet(data, length, int(record["original_length"]), int(record["link_type"]), *arguments, rows)
        for step in rows[1 : int(rows[0, trace.N_STEPS]) + 1].tolist():
            if step[trace.LAYER] == trace.UDP_PORTS and step[trace.STOP] == trace.NO_TUNNEL_PORT:
                header = data[step[trace.OFFSET] + ip.UDP_LEN :][: tun.VXLAN_LEN].tobytes()
                is_alike = header[:4] == bytes([tun.VXLAN_INSTANCE, 0, 0, 0]) and header[7:] == b"\0"
                found[step[trace.VALUE]] += is_alike and step[trace.LEVEL] == 0
    return [port for port, n in found.most_common(_MOST_PORTS) if n >= _LEAST_PACKETS]
