"""To which flow a packet belongs: what the innermost IP header that the capture shows tells, in its virtual network."""

from naive.configuration import Configuration
from naive.device import read_outer
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError, big_endian
from naive.ip import FRAGMENT, TCP, UDP, Packet, extension_length, read_packet
from naive.link import network_layer
from naive.tunnel import GRE_CHECKSUM, GRE_KEY, Encapsulation, find_encapsulation

ETHERNET = 1
UNREADABLE = (NotIpError, TruncatedError, LinkTypeError)


class Flows:
    """Names the flows of packets, one after the other; a later fragment has that of its first fragment."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.of_fragment: dict[object, object] = {}

    def name(self, captured: bytes, original_length: int, link_type: int) -> object:
        """Return what is equal for packets of one flow only."""
        frame = Frame(captured, max(original_length, len(captured)))
        try:
            outer = read_outer(frame, link_type, self.configuration)
        except UNREADABLE:
            if link_type == ETHERNET and len(captured) >= 12:
                return captured[:12]
            return link_type
        try:
            version, offset, packet, network = self.innermost(frame, outer)
        except UNREADABLE:
            version, offset = network_layer(frame, link_type)
            packet, network = outer, None
        return network, self.of_packet(frame, version, offset, packet, network)

    def innermost(self, frame: Frame, outer: Packet) -> tuple[int, int, Packet, object]:
        """Read the inner IP header, if there is one."""
        found = find_encapsulation(frame, outer, self.configuration)
        if found is None:
            raise NotIpError
        version, offset = found.inner_network_layer(frame)
        return version, offset, read_packet(frame, version, offset), network_of(frame, found)

    def of_packet(self, frame: Frame, version: int, offset: int, packet: Packet, network: object) -> object:
        """Name the flow of an IP packet whose header starts at ``offset``."""
        addresses = packet.source, packet.destination
        ports = self.ports(frame, packet.payload_offset)
        if not packet.is_fragment:
            transport = packet.transport(frame)
            return *addresses, packet.protocol, ports if transport else 0
        identity, is_first, protocol = fragment_of(frame, version, offset, packet)
        if not is_first:
            return self.of_fragment.get((network, addresses, identity), (*addresses, protocol, 0))
        flow = *addresses, packet.protocol, ports if packet.protocol in (TCP, UDP) else 0
        self.of_fragment[network, addresses, identity] = flow
        return flow

    def ports(self, frame: Frame, offset: int) -> int:
        """Return both ports; 0 where they were not captured."""
        try:
            return big_endian(frame.read(offset, 4))
        except (TruncatedError, NotIpError):
            return 0


def fragment_of(frame: Frame, version: int, offset: int, packet: Packet) -> tuple[object, bool, int | None]:
    """Return what identifies the packet that this is a fragment of, whether it is its first, and the protocol."""
    if version == 4:
        header = frame.read(offset, 20)
        is_first = big_endian(header[6:8]) & 0x1FFF == 0
        return (header[4:6], packet.protocol), is_first, packet.protocol
    kind, position, found = frame.read(offset + 6, 1)[0], offset + 40, b""
    while position < packet.payload_offset:
        header = frame.read(position, 8)
        if kind == FRAGMENT:
            found = header
        position += extension_length(kind, header[1])
        kind = header[0]
    return found[4:8], big_endian(found[2:4]) >> 3 == 0, kind


def network_of(frame: Frame, found: Encapsulation) -> object:
    """Return what identifies the virtual network of a tunnel: VNI, VSID or GRE key; None if it has none or is cut."""
    offset = found.header_offset
    if found.name in ("VXLAN", "VXLAN_GPE", "GENEVE"):
        return found.name, big_endian(frame.read(offset + 4, 3))
    if found.name == "IPIP":
        return None
    flags = big_endian(frame.read(offset, 2))
    if not flags & GRE_KEY:
        return None
    try:
        key = big_endian(frame.read(offset + (8 if flags & GRE_CHECKSUM else 4), 4))
    except TruncatedError:
        return None
    return found.name, key >> 8 if found.name == "NVGRE" else key
