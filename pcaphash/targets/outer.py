"""Outer headers of captured packets, changed as little as Linux needs to take them for its own."""

import struct

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

_TAGS = (eth.ETHERTYPE_VLAN, eth.ETHERTYPE_SERVICE_VLAN)  # those that Linux knows
_PRIORITY_MASK = 0xF000  # of a tag: all but the number of the VLAN
_CHECKSUM_OFFSET = 6  # in a UDP header


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
    place = eth.ETHERNET_TYPE_OFFSET
    while place + 4 <= len(frame) and _word(frame, place) in _TAGS:
        struct.pack_into(">H", passable, place + 2, _word(frame, place + 2) & _PRIORITY_MASK)
        place += eth.VLAN_TAG_LEN
    checksum = _checksum_left_out(frame, place)
    if checksum is not None:
        struct.pack_into(">H", passable, checksum, 0)
    return bytes(passable)


def _checksum_left_out(frame: bytes, place: int) -> int | None:
    """Return where a UDP checksum stands that is the sum of the pseudo header only, by where the EtherType is."""
    header = place + 2
    if frame[place:header] == struct.pack(">H", eth.ETHERTYPE_IPV4) and len(frame) >= header + ip.IPV4_LEN:
        protocol, addresses = frame[header + 9], frame[header + 12 : header + 20]
        udp = header + ((frame[header] & 15) << 2)
        if _word(frame, header + 6) & ip.IPV4_FRAGMENT_MASK:
            return None
    elif frame[place:header] == struct.pack(">H", eth.ETHERTYPE_IPV6) and len(frame) >= header + ip.IPV6_LEN:
        protocol, addresses = frame[header + 6], frame[header + 8 : header + 40]
        udp = header + ip.IPV6_LEN
    else:
        return None
    if protocol != ip.UDP or udp + ip.UDP_LEN > len(frame):
        return None
    total = sum(struct.unpack(f">{len(addresses) // 2}H", addresses)) + protocol + _word(frame, udp + 4)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return udp + _CHECKSUM_OFFSET if _word(frame, udp + _CHECKSUM_OFFSET) == total else None


def _word(frame: bytes, offset: int) -> int:
    return int.from_bytes(frame[offset : offset + 2], "big")
