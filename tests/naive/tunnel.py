"""Encapsulations: which one a packet is, and where the inner packet begins.

GRE: RFC 2784, 2890, 7676; NVGRE: RFC 7637; GRE-in-UDP: RFC 8086; VXLAN: RFC 7348; VXLAN-GPE: its Internet draft;
GENEVE: RFC 8926; IPIP: RFC 2003.
"""

from dataclasses import dataclass, replace

from naive.configuration import Configuration
from naive.frame import Frame, NotIpError, big_endian
from naive.ip import UDP, Packet
from naive.link import IPV4_ETHERTYPE, IPV6_ETHERTYPE, ethernet

IPIP, GRE = 4, 47
ETHERNET_ETHERTYPE = 0x6558  # transparent Ethernet bridging

GRE_CHECKSUM, GRE_ROUTING, GRE_KEY, GRE_SEQUENCE, GRE_VERSION = 0x8000, 0x4000, 0x2000, 0x1000, 0x0007
VXLAN_HAS_IDENTIFIER, VXLAN_HAS_NEXT_PROTOCOL = 0x08, 0x04


@dataclass(frozen=True)
class Encapsulation:
    """One encapsulation: its name under the profile, where its header is, and what that announces, and where.

    ``inner_ethertype`` is 0x6558 for Ethernet; whatever is neither that nor IP is not IP.
    """

    name: str
    header_offset: int
    inner_ethertype: int | None
    inner_offset: int

    def inner_network_layer(self, frame: Frame) -> tuple[int, int]:
        """Find the inner IP version and the offset of the inner IP header."""
        if self.inner_ethertype == ETHERNET_ETHERTYPE:
            return ethernet(frame, self.inner_offset)
        if self.inner_ethertype == IPV4_ETHERTYPE:
            return 4, self.inner_offset
        if self.inner_ethertype == IPV6_ETHERTYPE:
            return 6, self.inner_offset
        raise NotIpError


def possible_types(packet: Packet, spec: str) -> tuple[str, ...]:
    """List the encapsulations that a packet of this protocol could be."""
    if packet.is_fragment:
        return ()
    if spec == "v7":
        return {GRE: ("GRE",), UDP: ("VXLAN", "GENEVE")}.get(packet.protocol, ())
    if packet.protocol == GRE:
        return ("GRE_2784", "GRE_2890", "GRE_7676", "NVGRE")
    if packet.protocol == UDP:
        return ("GRE_UDP", "VXLAN", "VXLAN_GPE", "GENEVE")
    if packet.protocol == IPIP and packet.version == 4:
        return ("IPIP",)
    return ()


def find_encapsulation(frame: Frame, packet: Packet, configuration: Configuration) -> Encapsulation | None:
    """Tell which encapsulation a packet is, enabled or not; None where it is none."""
    if not possible_types(packet, configuration.spec):
        return None
    if packet.protocol == IPIP:
        return Encapsulation("IPIP", packet.payload_offset, IPV4_ETHERTYPE, packet.payload_offset)
    if packet.protocol == GRE:
        return read_gre(frame, packet.payload_offset, packet.version, configuration.spec)
    return read_udp(frame, packet.payload_offset, configuration)


def read_gre(frame: Frame, offset: int, outer_version: int, spec: str) -> Encapsulation | None:
    """Read a GRE header: two bytes of flags, two of protocol, and four more for each of three optional fields."""
    if not frame.holds(offset, 4):
        return None
    header = frame.read(offset, 4)
    flags, protocol = big_endian(header[:2]), big_endian(header[2:])
    if flags & (GRE_VERSION | GRE_ROUTING):
        return None
    length = 4 + 4 * sum(1 for optional in (GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE) if flags & optional)
    if not frame.holds(offset, length):
        return None
    name = "GRE" if spec == "v7" else gre_name(flags, protocol, outer_version)
    return Encapsulation(name, offset, protocol, offset + length)


def gre_name(flags: int, protocol: int, outer_version: int) -> str:
    """Choose the one GRE type of virtio 1.4 that a header is."""
    optional = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)
    if optional == GRE_KEY and protocol == ETHERNET_ETHERTYPE:
        return "NVGRE"
    if optional & (GRE_KEY | GRE_SEQUENCE):
        return "GRE_2890"
    if outer_version == 6 or protocol == IPV6_ETHERTYPE:
        return "GRE_7676"
    return "GRE_2784"


def read_udp(frame: Frame, offset: int, configuration: Configuration) -> Encapsulation | None:
    """Recognise a UDP tunnel by its destination port; the source port is only entropy."""
    if not frame.holds(offset, 8):
        return None
    port = big_endian(frame.read(offset + 2, 2))
    if port in configuration.vxlan_ports:
        return read_vxlan(frame, offset + 8)
    if port in configuration.geneve_ports:
        return read_geneve(frame, offset + 8)
    if configuration.spec == "v7":
        return None
    if port in configuration.vxlan_gpe_ports:
        return read_vxlan_gpe(frame, offset + 8)
    if port in configuration.gre_udp_ports:
        return read_gre_in_udp(frame, offset + 8)
    return None


def read_vxlan(frame: Frame, offset: int) -> Encapsulation | None:
    """Read a VXLAN header: the I flag must be set (RFC 7348 section 5), Ethernet follows."""
    if not frame.holds(offset, 8):
        return None
    if not frame.read(offset, 8)[0] & VXLAN_HAS_IDENTIFIER:
        return None
    return Encapsulation("VXLAN", offset, ETHERNET_ETHERTYPE, offset + 8)


def read_geneve(frame: Frame, offset: int) -> Encapsulation | None:
    """Read a GENEVE header of version 0 and skip its options (RFC 8926 section 3.4)."""
    if not frame.holds(offset, 8):
        return None
    header = frame.read(offset, 8)
    version, option_words = header[0] >> 6, header[0] & 0x3F
    length = 8 + 4 * option_words
    if version != 0 or not frame.holds(offset, length):
        return None
    return Encapsulation("GENEVE", offset, big_endian(header[2:4]), offset + length)


def read_vxlan_gpe(frame: Frame, offset: int) -> Encapsulation | None:
    """Read a VXLAN-GPE header: without the P flag it is plain VXLAN, with it the last flag byte names what follows."""
    if not frame.holds(offset, 8):
        return None
    header = frame.read(offset, 8)
    if not header[0] & VXLAN_HAS_IDENTIFIER:
        return None
    inner = ETHERNET_ETHERTYPE
    if header[0] & VXLAN_HAS_NEXT_PROTOCOL:
        inner = {1: IPV4_ETHERTYPE, 2: IPV6_ETHERTYPE, 3: ETHERNET_ETHERTYPE}.get(header[3])
    return Encapsulation("VXLAN_GPE", offset, inner, offset + 8)


def read_gre_in_udp(frame: Frame, offset: int) -> Encapsulation | None:
    """Read a GRE header behind UDP: one type, whatever its flags."""
    found = read_gre(frame, offset, 4, "1.4")
    return found and replace(found, name="GRE_UDP")
