"""IPv4 headers (RFC 791) and IPv6 headers with their extension headers (RFC 8200).

Length fields inside the IP headers bound nothing: frames with merged segments carry zeros there.
"""

from dataclasses import dataclass, replace

from naive.frame import Frame, NotIpError, big_endian

TCP, UDP = 6, 17

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY = 0, 43, 44, 51, 60, 135
EXTENSION_HEADERS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY)

PAD1, HOME_ADDRESS = 0x00, 0xC9  # RFC 8200 section 4.2, RFC 6275 section 6.3


@dataclass(frozen=True)
class Packet:
    """What later steps need of one IP header.

    ``protocol`` is None behind a later fragment, where nobody can tell. ``home_address`` and ``routing_address`` are
    offsets of 16 bytes each, or None.
    """

    version: int
    source: bytes
    destination: bytes
    protocol: int | None
    payload_offset: int
    is_fragment: bool = False
    has_extension: bool = False
    home_address: int | None = None
    routing_address: int | None = None

    def transport(self, frame: Frame) -> int | None:
        """Name the transport whose ports may be hashed: TCP or UDP, complete within the frame, in no fragment."""
        if self.is_fragment:
            return None
        if self.protocol == TCP and frame.holds(self.payload_offset, 20):
            return TCP
        if self.protocol == UDP and frame.holds(self.payload_offset, 8):
            return UDP
        return None


def read_packet(frame: Frame, version: int, offset: int) -> Packet:
    """Read the IP packet at ``offset``, which must be of the version that was announced."""
    return read_ipv4(frame, offset) if version == 4 else read_ipv6(frame, offset)


def read_ipv4(frame: Frame, offset: int) -> Packet:
    """Read an IPv4 header; its options are skipped and need not be captured."""
    header = frame.read_or_not_ip(offset, 20)
    header_length = (header[0] & 0x0F) * 4
    if header[0] >> 4 != 4 or header_length < 20 or not frame.holds(offset, header_length):
        raise NotIpError
    more_fragments_and_offset = big_endian(header[6:8]) & 0x3FFF
    return Packet(
        version=4,
        source=header[12:16],
        destination=header[16:20],
        protocol=header[9],
        payload_offset=offset + header_length,
        is_fragment=more_fragments_and_offset != 0,
    )


def read_ipv6(frame: Frame, offset: int) -> Packet:
    """Read an IPv6 header and walk the chain behind it."""
    header = frame.read_or_not_ip(offset, 40)
    if header[0] >> 4 != 6:
        raise NotIpError
    packet = Packet(
        version=6, source=header[8:24], destination=header[24:40], protocol=header[6], payload_offset=offset + 40
    )
    while packet.protocol in EXTENSION_HEADERS:
        packet = skip_extension_header(frame, packet)
    return packet


def skip_extension_header(frame: Frame, packet: Packet) -> Packet:
    """Step over the extension header that begins where the payload seemed to begin, and keep what it says."""
    kind, offset = packet.protocol, packet.payload_offset
    header = frame.read_or_not_ip(offset, 8)
    length = extension_length(kind, header[1])
    if not frame.holds(offset, length):
        raise NotIpError
    after = replace(packet, protocol=header[0], payload_offset=offset + length, has_extension=True)
    if kind == FRAGMENT:
        is_later = big_endian(header[2:4]) >> 3 != 0
        # What follows a later fragment's header is the middle of something: the chain ends.
        return replace(after, is_fragment=True, protocol=None if is_later else header[0])
    if kind == DESTINATION_OPTIONS and packet.home_address is None:
        return replace(after, home_address=find_home_address(frame, offset, length))
    if kind == ROUTING and packet.routing_address is None and is_type_2_routing(header):
        return replace(after, routing_address=offset + 8)
    return after


def extension_length(kind: int | None, length_field: int) -> int:
    """Tell an extension header's length in bytes: RFC 4302 section 2.2 counts otherwise than RFC 8200."""
    if kind == FRAGMENT:
        return 8
    if kind == AUTHENTICATION:
        return (length_field + 2) * 4
    return (length_field + 1) * 8


def is_type_2_routing(header: bytes) -> bool:
    """Recognise a routing header that carries a home address (RFC 6275 section 6.4)."""
    length, routing_type, segments_left = header[1:4]
    return length == 2 and routing_type == 2 and segments_left == 1


def find_home_address(frame: Frame, offset: int, length: int) -> int | None:
    """Find the address of the first complete home address option in one destination options header."""
    position, end = offset + 2, offset + length
    while position < end:
        if frame.read(position, 1)[0] == PAD1:
            position += 1
            continue
        if position + 2 > end:
            return None
        option_type, option_length = frame.read(position, 2)
        if option_type == HOME_ADDRESS and option_length == 16 and position + 18 <= end:
            return position + 2
        position += 2 + option_length
    return None
