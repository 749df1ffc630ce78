"""What is left of a packet of a mirror session: ERSPAN (its draft), VXLAN (RFC 7348), GRE (RFC 2784)."""

from dataclasses import dataclass

from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError, big_endian
from naive.ip import read_packet
from naive.link import network_layer

ETHERNET, RAW = 1, 101


class NotMirroredError(Exception):
    """The packet has no such encapsulation."""


@dataclass(frozen=True)
class Mirrored:
    """A mirrored packet: captured bytes, length on the wire, link type; or None where the capture cuts it before."""

    captured: bytes
    original_length: int
    link_type: int


def strip(captured: bytes, original_length: int, link_type: int, what: str, vxlan_ports: tuple[int, ...]) -> Mirrored:
    """Take a packet out of its encapsulation.

    Raises NotMirroredError, or TruncatedError where the capture does not show enough.
    """
    frame = Frame(captured, max(original_length, len(captured)))
    try:
        packet = read_packet(frame, *network_layer(frame, link_type))
    except (NotIpError, LinkTypeError) as error:
        raise NotMirroredError from error
    # Of several fragments only the first has the headers.
    if packet.is_fragment and not is_first_fragment(captured, packet):
        raise NotMirroredError
    if what == "vxlan" and packet.protocol == 17:
        start, inner = behind_vxlan(frame, packet.payload_offset, vxlan_ports), ETHERNET
    elif what != "vxlan" and packet.protocol == 47:
        start, inner = behind_gre(frame, packet.payload_offset, what)
    else:
        raise NotMirroredError
    if start > frame.length:
        raise NotMirroredError
    if start > len(captured):
        raise TruncatedError
    return Mirrored(captured[start:], frame.length - start, inner)


def is_first_fragment(captured: bytes, packet) -> bool:
    """Look for the fragment's offset, in the IPv4 header or in the first fragment header of IPv6."""
    if packet.version == 4:
        at = captured.index(packet.source + packet.destination) - 12
        return big_endian(captured[at + 6 : at + 8]) & 0x1FFF == 0
    return packet.protocol is not None


def need(frame: Frame, offset: int, size: int) -> bytes:
    """Read a field without which there is no such encapsulation."""
    if not frame.holds(offset, size):
        raise NotMirroredError
    return frame.read(offset, size)


def behind_vxlan(frame: Frame, offset: int, ports: tuple[int, ...]) -> int:
    """Step over UDP and VXLAN."""
    header = need(frame, offset, 16)
    if big_endian(header[2:4]) not in ports or not header[8] & 0x08:
        raise NotMirroredError
    return offset + 16


def behind_gre(frame: Frame, offset: int, what: str) -> tuple[int, int]:
    """Step over GRE, and over ERSPAN where that is what is stripped."""
    header = need(frame, offset, 4)
    flags, protocol = big_endian(header[:2]), big_endian(header[2:])
    if flags & 0x4007:
        raise NotMirroredError
    payload = offset + 4 + 4 * (flags & 0xB000).bit_count()
    if what == "gre":
        inner = {0x6558: ETHERNET, 0x0800: RAW, 0x86DD: RAW}.get(protocol)
        if inner is None:
            raise NotMirroredError
        return payload, inner
    if protocol == 0x88BE and not flags & 0x1000:
        return payload, ETHERNET
    size, version = {0x88BE: (8, 1), 0x22EB: (12, 2)}.get(protocol, (0, 0))
    if not size:
        raise NotMirroredError
    fields = need(frame, payload, size)
    if fields[0] >> 4 != version:
        raise NotMirroredError
    if version == 1:
        return payload + 8, ETHERNET
    return payload + (20 if fields[11] & 1 else 12), RAW if fields[10] >> 2 & 0x1F == 2 else ETHERNET
