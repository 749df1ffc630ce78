"""What the kernels note while they dissect a packet: each header they came to, and why they went no further."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from pcaphash.device.device import Device
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import trace
from pcaphash.kernels.trace_packet import trace_packet
from pcaphash.studies.explain.packet import Packet


class Layer(IntEnum):
    """What a step came to, as ``kernels.trace`` numbers it; there is also said which value is read of each."""

    ETHERNET = trace.ETHERNET
    VLAN_TAG = trace.VLAN_TAG
    LINUX_COOKED = trace.LINUX_COOKED
    LOOPBACK = trace.LOOPBACK
    RAW_IP = trace.RAW_IP
    OTHER_LINK = trace.OTHER_LINK
    IPV4 = trace.IPV4
    IPV6 = trace.IPV6
    EXTENSION = trace.EXTENSION
    TRANSPORT = trace.TRANSPORT
    HOME_ADDRESS = trace.HOME_ADDRESS
    ROUTING_ADDRESS = trace.ROUTING_ADDRESS
    UDP_PORTS = trace.UDP_PORTS
    GRE = trace.GRE
    VXLAN = trace.VXLAN
    VXLAN_GPE = trace.VXLAN_GPE
    GENEVE = trace.GENEVE
    IPIP = trace.IPIP


class StopReason(IntEnum):
    """Why a step is as far as the dissection went, as ``kernels.trace`` numbers it."""

    NONE = trace.NO_STOP
    PACKET_END = trace.PACKET_END
    CAPTURED_END = trace.CAPTURED_END
    UNKNOWN_LINK_TYPE = trace.UNKNOWN_LINK_TYPE
    NOT_IP_TYPE = trace.NOT_IP_TYPE
    TAG_NOT_SKIPPED = trace.TAG_NOT_SKIPPED
    WRONG_VERSION = trace.WRONG_VERSION
    SHORT_LENGTH = trace.SHORT_LENGTH
    FRAGMENT = trace.FRAGMENT
    OTHER_TRANSPORT = trace.OTHER_TRANSPORT
    EXTENSION_NOT_SKIPPED = trace.EXTENSION_NOT_SKIPPED
    NO_TUNNEL_PORT = trace.NO_TUNNEL_PORT
    NO_INSTANCE_FLAG = trace.NO_INSTANCE_FLAG
    ROUTING_FLAG = trace.ROUTING_FLAG
    OPTIONS = trace.OPTIONS
    NOT_READ = trace.NOT_READ
    TYPE_READ_ELSEWHERE = trace.TYPE_READ_ELSEWHERE
    TAKEN_FOR_FRAGMENT = trace.TAKEN_FOR_FRAGMENT


LINKS = frozenset({
    Layer.ETHERNET, Layer.VLAN_TAG, Layer.LINUX_COOKED, Layer.LOOPBACK, Layer.RAW_IP, Layer.OTHER_LINK,
})  # fmt: skip
TUNNELS = frozenset({Layer.GRE, Layer.VXLAN, Layer.VXLAN_GPE, Layer.GENEVE, Layer.IPIP})
ADDRESSES = frozenset({Layer.HOME_ADDRESS, Layer.ROUTING_ADDRESS})
ENDS = frozenset({StopReason.PACKET_END, StopReason.CAPTURED_END})


@dataclass(frozen=True)
class TraceStep:
    """One header that the kernels came to.

    Parameters
    ----------
    part : str
        ``outer`` or ``inner``: which packet it is in.
    layer : Layer
        What it is.
    offset, length : int
        Where it starts in the packet, and its bytes, as far as the kernels know: these must lie within the packet.
    needed : int
        How many of these bytes the kernels read, which must be captured for that.
    value : int
        What they read there, as ``kernels.trace`` says by layer; 0 where they read nothing.
    reason : StopReason
        Why they went no further; NONE where they did.
    limit : int
        For PACKET_END and CAPTURED_END, where that end is in the packet; else 0.
    """

    part: str
    layer: Layer
    offset: int
    length: int
    needed: int
    value: int
    reason: StopReason
    limit: int

    @property
    def end(self) -> int:
        """Where the header ends."""
        return self.offset + self.length

    @property
    def required(self) -> int:
        """How many bytes from ``offset`` on the limit had to leave room for."""
        return self.needed if self.reason == StopReason.CAPTURED_END else self.length

    @property
    def available(self) -> int:
        """How many bytes from ``offset`` on there are before the limit."""
        return max(self.limit - self.offset, 0)


def trace_steps(packet: Packet, device: Device) -> tuple[int, tuple[TraceStep, ...]]:
    """Have the kernels dissect a packet; return its signature and the steps that led to it."""
    rows = trace.new_trace(len(packet.data))
    signature = trace_packet(
        np.frombuffer(bytearray(packet.data), np.uint8),
        len(packet.data),
        packet.original_length,
        packet.link_type,
        *ReadingRules.of(device).arguments,
        rows,
    )
    n_steps = int(rows[0, trace.N_STEPS])
    return int(signature), tuple(_step(row) for row in rows[1 : n_steps + 1].tolist())


def _step(row: list[int]) -> TraceStep:
    return TraceStep(
        "inner" if row[trace.LEVEL] else "outer",
        Layer(row[trace.LAYER]),
        row[trace.OFFSET],
        row[trace.LENGTH],
        row[trace.NEEDED],
        row[trace.VALUE],
        StopReason(row[trace.STOP]),
        row[trace.LIMIT],
    )
