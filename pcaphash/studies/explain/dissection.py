"""One packet as the kernels dissected it: outer header, encapsulation, inner header."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from pcaphash.device.device import Device
from pcaphash.kernels import header as kinds
from pcaphash.kernels import tunnel as kernel
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6, KIND_IPV6_EX, N_TRANSPORTS
from pcaphash.kernels.link import CUT, NOT_IP
from pcaphash.standards import ip
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.steps import ADDRESSES, ENDS, LINKS, TUNNELS, Layer, StopReason, TraceStep, trace_steps

_TRANSPORT_NAMES = {
    kinds.TRANSPORT_NONE: "",
    kinds.TRANSPORT_TCP: "TCP",
    kinds.TRANSPORT_UDP: "UDP",
    kinds.TRANSPORT_TCP_CUT: "TCP",
    kinds.TRANSPORT_UDP_CUT: "UDP",
}


class Encapsulation(IntEnum):
    """What the payload of the outer IP header is, as ``kernels.tunnel`` numbers it."""

    NONE = kernel.NO_ENCAPSULATION
    GRE_2784 = kernel.GRE_2784
    GRE_2890 = kernel.GRE_2890
    GRE_7676 = kernel.GRE_7676
    GRE_UDP = kernel.GRE_UDP
    VXLAN = kernel.VXLAN
    VXLAN_GPE = kernel.VXLAN_GPE
    GENEVE = kernel.GENEVE
    IPIP = kernel.IPIP
    NVGRE = kernel.NVGRE
    CUT_GRE = kernel.CUT_GRE
    CUT_UDP = kernel.CUT_UDP
    CUT_UDP_1_4 = kernel.CUT_UDP_1_4

    @property
    def is_tunnel(self) -> bool:
        """Whether there is an inner packet."""
        return self in kernel.TUNNELS


@dataclass(frozen=True)
class Level:
    """The outer or the inner packet.

    Parameters
    ----------
    part : str
        ``outer`` or ``inner``.
    kind : int
        What can be hashed of its IP header (``kernels.header``).
    steps : tuple of TraceStep
        How the kernels got there.
    """

    part: str
    kind: int
    steps: tuple[TraceStep, ...]

    @property
    def links(self) -> tuple[TraceStep, ...]:
        """The link layer; empty where a tunnel announces the IP header."""
        return tuple(step for step in self.steps if step.layer in LINKS)

    @property
    def ip(self) -> TraceStep | None:
        """The IP header; None where none is announced."""
        return self._first((Layer.IPV4, Layer.IPV6))

    @property
    def extensions(self) -> tuple[TraceStep, ...]:
        """The extension headers of IPv6, in order."""
        return tuple(step for step in self.steps if step.layer == Layer.EXTENSION)

    @property
    def transport(self) -> TraceStep | None:
        """What the IP header carries; None where that is not known, and for every fragment."""
        return self._first((Layer.TRANSPORT,))

    @property
    def home_address(self) -> TraceStep | None:
        """The address that extended hash types take in place of the source address."""
        return self._first((Layer.HOME_ADDRESS,))

    @property
    def routing_address(self) -> TraceStep | None:
        """The address that extended hash types take in place of the destination address."""
        return self._first((Layer.ROUTING_ADDRESS,))

    @property
    def udp_ports(self) -> TraceStep | None:
        """Where a tunnel's UDP port was looked for."""
        return self._first((Layer.UDP_PORTS,))

    @property
    def tunnel(self) -> TraceStep | None:
        """The header of the tunnel that the packet is, or that it turned out not to be."""
        return self._first(TUNNELS)

    @property
    def is_ip(self) -> bool:
        """Whether there is an IP header that could be read."""
        return self.kind >= KIND_IPV4

    @property
    def is_not_ip(self) -> bool:
        """Whether it is known that there is none."""
        return self.kind == NOT_IP

    @property
    def is_cut(self) -> bool:
        """Whether too little is there to tell: of the capture, or for some devices of the packet."""
        return self.kind == CUT

    @property
    def is_too_short(self) -> bool:
        """Whether that is because the packet itself ends too early, so that no capture could show more."""
        return self.is_cut and self.steps[-1].reason == StopReason.PACKET_END

    @property
    def is_ipv4(self) -> bool:
        """Whether the IP header is IPv4."""
        return KIND_IPV4 <= self.kind < KIND_IPV6

    @property
    def is_extended(self) -> bool:
        """Whether it is IPv6 with extension headers."""
        return self.kind >= KIND_IPV6_EX

    @property
    def transport_name(self) -> str:
        """``TCP`` or ``UDP`` where its ports can be hashed; else empty."""
        return _TRANSPORT_NAMES[(self.kind - KIND_IPV4) % N_TRANSPORTS] if self.is_ip else ""

    @property
    def last(self) -> TraceStep:
        """The last of its IP and extension headers; there must be one."""
        return next(step for step in reversed(self.steps) if step.layer in _INTERNET)

    @property
    def payload(self) -> int:
        """Where what the IP header carries starts, or the extension header that could not be read."""
        return self.last.offset if self.last.reason in ENDS else self.last.end

    @property
    def address_len(self) -> int:
        """Bytes of an address."""
        return 4 if self.is_ipv4 else ip.IPV6_ADDRESS_LEN

    @property
    def plain_addresses(self) -> tuple[int, int]:
        """Where the source and the destination address of the IP header start."""
        assert self.ip is not None
        source = self.ip.offset + (ip.IPV4_SOURCE_OFFSET if self.is_ipv4 else ip.IPV6_SOURCE_OFFSET)
        return source, source + self.address_len

    @property
    def extended_addresses(self) -> tuple[int, int]:
        """Where the addresses start that extended hash types take."""
        source, destination = self.plain_addresses
        home, routing = self.home_address, self.routing_address
        return home.offset if home else source, routing.offset if routing else destination

    def _first(self, layers: Iterable[Layer]) -> TraceStep | None:
        return next((step for step in self.steps if step.layer in layers), None)


_INTERNET = (Layer.IPV4, Layer.IPV6, Layer.EXTENSION)


@dataclass(frozen=True)
class Dissection:
    """One packet, dissected.

    Parameters
    ----------
    packet : Packet
        The packet.
    signature : int
        As ``kernels.dissect`` numbers it.
    steps : tuple of TraceStep
        The headers that the kernels came to, in order.
    """

    packet: Packet
    signature: int
    steps: tuple[TraceStep, ...]

    @property
    def encapsulation(self) -> Encapsulation:
        """What the outer IP header carries."""
        return Encapsulation(split_signature(self.signature)[1])

    @property
    def outer(self) -> Level:
        """The outer packet."""
        return self._level("outer", split_signature(self.signature)[0])

    @property
    def inner(self) -> Level | None:
        """The inner packet; None where the packet is not a tunnel."""
        return self._level("inner", split_signature(self.signature)[2]) if self.encapsulation.is_tunnel else None

    @property
    def stop(self) -> TraceStep | None:
        """Where and why the dissection went no further; None where it read the ports of the innermost header."""
        ways = [step for step in self.steps if step.layer not in ADDRESSES]
        if ways[-1].reason != StopReason.NONE:
            return ways[-1]
        return next((step for step in reversed(self.steps) if step.reason in ENDS), None)

    def _level(self, part: str, kind: int) -> Level:
        return Level(part, kind, tuple(step for step in self.steps if step.part == part))


def dissect_packet(packet: Packet, device: Device) -> Dissection:
    """Have the kernels dissect a packet as a device would."""
    return Dissection(packet, *trace_steps(packet, device))
