"""Outer headers of captured packets, changed as little as Linux needs to take them for its own."""

import struct

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun

_TAGS = (eth.ETHERTYPE_VLAN, eth.ETHERTYPE_SERVICE_VLAN)  # those that Linux knows
_PRIORITY_MASK = 0xF000  # of a tag: all but the number of the VLAN
_CHECKSUM_OFFSET = 6  # in a UDP header
_SKIPPED = (ip.HOP_BY_HOP, ip.ROUTING, ip.DESTINATION_OPTIONS)
_IPV4_GROUPS, _IPV6_GROUPS = 0xE, 0xFF  # RFC 5771 section 3; RFC 4291 section 2.7
_NO_PAYLOAD = (-1, 0, b"")


def make_passable(frame: bytes, address: bytes) -> bytes:
    """Return a frame that Linux takes for its own, its inner packet untouched.

    The Ethernet destination becomes that of the interface. Numbers of VLANs become 0: Linux takes off such tags without
    a VLAN device. A UDP checksum that was left to the NIC, as captures on the sending host show it, becomes 0, which
    stands for none: Linux drops packets whose checksum is wrong.

    Parameters
    ----------
    frame : bytes
        As it was captured, whole, with an Ethernet header at least.
    address : bytes
        The Ethernet address of the interface.
    """
    passable = bytearray(address + frame[len(address) :])
    for tag in _tags(frame):
        struct.pack_into(">H", passable, tag, _word(frame, tag) & _PRIORITY_MASK)
    protocol, udp, addresses = _payload(frame)
    if protocol == ip.UDP and udp + ip.UDP_LEN <= len(frame):
        total = sum(struct.unpack(f">{len(addresses) // 2}H", addresses)) + ip.UDP + _word(frame, udp + 4)
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        if _word(frame, udp + _CHECKSUM_OFFSET) == total:  # the sum of the pseudo header only
            struct.pack_into(">H", passable, udp + _CHECKSUM_OFFSET, 0)
    return bytes(passable)


def multicast_group(frame: bytes) -> bytes:
    """Return the outer destination address if it is one of a group; else nothing."""
    _, _, addresses = _payload(frame)
    destination = addresses[len(addresses) // 2 :]
    if len(destination) == ip.IPV6_ADDRESS_LEN:
        return destination if destination[0] == _IPV6_GROUPS else b""
    return destination if destination and destination[0] >> 4 == _IPV4_GROUPS else b""


def is_ip_in_gre_over_ipv6(frame: bytes) -> bool:
    """Tell whether a frame is GRE over IPv6 that carries no Ethernet."""
    protocol, gre, addresses = _payload(frame)
    is_over_ipv6 = len(addresses) == 2 * ip.IPV6_ADDRESS_LEN
    return is_over_ipv6 and protocol == ip.GRE and _word(frame, gre + 2) != tun.PROTOCOL_ETHERNET


def _tags(frame: bytes) -> list[int]:
    """Return where VLAN tags stand before the outer IP header."""
    found, place = [], eth.ETHERNET_LEN
    while place + eth.VLAN_TAG_LEN <= len(frame) and _word(frame, place - 2) in _TAGS:
        found.append(place)
        place += eth.VLAN_TAG_LEN
    return found


def _payload(frame: bytes) -> tuple[int, int, bytes]:
    """Return the protocol of the payload of the outer IP header, where it starts, and the addresses."""
    header = eth.ETHERNET_LEN + len(_tags(frame)) * eth.VLAN_TAG_LEN
    ethertype = _word(frame, header - 2)
    if ethertype == eth.ETHERTYPE_IPV4 and len(frame) >= header + ip.IPV4_LEN:
        if _word(frame, header + 6) & ip.IPV4_FRAGMENT_MASK:
            return _NO_PAYLOAD
        return frame[header + 9], header + ((frame[header] & 15) << 2), frame[header + 12 : header + 20]
    if ethertype == eth.ETHERTYPE_IPV6 and len(frame) >= header + ip.IPV6_LEN:
        protocol, place = frame[header + 6], header + ip.IPV6_LEN
        while protocol in _SKIPPED and place + 2 <= len(frame):
            protocol, place = frame[place], place + ((frame[place + 1] + 1) << 3)
        return protocol, place, frame[header + 8 : header + 40]
    return _NO_PAYLOAD


def _word(frame: bytes, offset: int) -> int:
    return int.from_bytes(frame[offset : offset + 2], "big")
