"""How Corundum (fpga/common/rtl/rx_hash.v) and VPP (src/plugins/soft-rss) read packets, in plain Python.

Frames that end before their ports have no hash here: no Ethernet frame is so short when a NIC receives it.
"""

from naive.configuration import Configuration
from naive.frame import Frame, NotIpError, big_endian
from naive.ip import TCP, UDP, Packet
from naive.link import ETHERNET, network_layer, version_of

TAGS_BY_TYPE = {0x8100: 1, 0x88A8: 2, 0x9100: 2, 0x9200: 3}


def reads_plainly(configuration: Configuration) -> bool:
    """Say whether the device is one of these, for which ports are there if they are within the frame."""
    return configuration.flavor in ("corundum", "vpp")


def corundum_read_packet(frame: Frame, link_type: int) -> Packet:
    """Read IPv4 right behind the MAC addresses; a header of any length but 20 bytes has no ports."""
    if link_type == ETHERNET:
        ethertype, offset = big_endian(frame.read_or_not_ip(0, 14)[12:]), 14
        version = version_of(ethertype)
    else:
        version, offset = network_layer(frame, link_type)
    if version != 4:
        raise NotIpError
    header = frame.read_or_not_ip(offset, 20)
    protocol = header[9] if header[0] & 0x0F == 5 else None
    require_ports(frame, protocol, offset + 20)
    is_fragment = protocol is not None and big_endian(header[6:8]) & 0x3FFF != 0
    return Packet(4, header[12:16], header[16:20], protocol, offset + 20, is_fragment=is_fragment)


def vpp_read_packet(frame: Frame, link_type: int) -> Packet:
    """Step over as many tags as the first type asks for; compare the first bytes of the header with templates."""
    if link_type == ETHERNET:
        ethertype = big_endian(frame.read_or_not_ip(0, 14)[12:])
        offset = 14
        for _ in range(TAGS_BY_TYPE.get(ethertype, 0)):
            frame.read_or_not_ip(offset, 4)
            offset += 4
        version = version_of(big_endian(frame.read(offset - 2, 2)))
    else:
        version, offset = network_layer(frame, link_type)
    if version == 4:
        header = frame.read_or_not_ip(offset, 20)
        if header[0] != 0x45 or big_endian(header[6:8]) & 0x3FFF:
            raise NotIpError
        require_ports(frame, header[9], offset + 20)
        return Packet(4, header[12:16], header[16:20], header[9], offset + 20)
    header = frame.read_or_not_ip(offset, 40)
    if header[0] >> 4 != 6:
        raise NotIpError
    require_ports(frame, header[6], offset + 40)
    return Packet(6, header[8:24], header[24:40], header[6], offset + 40)


def require_ports(frame: Frame, protocol: int | None, offset: int) -> None:
    """Refuse a frame that ends before its ports."""
    if protocol in (TCP, UDP) and not frame.holds(offset, 4):
        raise NotIpError


def plain_transport(packet: Packet) -> int | None:
    """Name the transport, whose ports are within the frame; Corundum takes those of every fragment."""
    return packet.protocol if packet.protocol in (TCP, UDP) else None
