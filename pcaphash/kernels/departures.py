"""Where devices depart from the virtio texts, as one argument of the kernels.

The argument is None for a device that follows the texts, and a sum of the flags below for one that departs from them.
numba compiles a kernel once for None, leaving out all that belongs to departures, and once more for a sum of flags: so
devices that follow the texts pay nothing.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be32, step
from pcaphash.kernels.toeplitz import all_ones, finish, no_product, reversed_slot

AS_QEMU = 1  # headers are read as QEMU 7.2 reads them (kernels.qemu)
SYMMETRIC_XOR = 2  # Linux's input transformation: each field becomes source ^ destination
SYMMETRIC_OR_XOR = 4  # likewise: source fields become source | destination, destination fields source ^ destination
MODULO = 8  # the indirection table is indexed by hash % length

# Faults that devices have been seen with, or that are easily made; a diagnosis tries them one after the other.
TAGS_NOT_SKIPPED = 1 << 4  # what has a VLAN tag is not IP
TAGS_AS_QEMU = 1 << 5  # up to two VLAN tags are skipped, as QEMU 7.2 does
VERSION_UNCHECKED = 1 << 6  # the EtherType decides, whatever version the IP header gives
FIRST_FRAGMENT_PORTS = 1 << 7  # the ports in a first fragment are hashed
EVERY_FRAGMENT_PORTS = 1 << 8  # likewise what stands in their place in later fragments
EXTENSIONS_NOT_SKIPPED = 1 << 9  # an IPv6 extension header is a transport that is neither TCP nor UDP
AUTHENTICATION_IN_EIGHTS = 1 << 10  # the length of an authentication header counts in units of 8 bytes
HOME_ADDRESS_IGNORED = 1 << 11
HOME_ADDRESS_FORGOTTEN = 1 << 12  # a later destination options header makes a device forget an earlier home address
ROUTING_ADDRESS_IGNORED = 1 << 13
EXTENDED_ALWAYS = 1 << 14  # the extended hash types are for IPv6 without extension headers, too
SECOND_LEVEL = 1 << 15  # a tunnel in a tunnel is looked through
CHAIN_PAST_FRAME = 1 << 16  # where extension headers run past the frame, there are addresses all the same
HOME_ADDRESS_OF_ANY_LENGTH = 1 << 17  # the length of a home address option is not looked at
FRAGMENTS_NOT_HASHED = 1 << 18  # a fragment is not IP
SCTP_AS_TCP = 1 << 19  # the ports of SCTP are hashed as those of TCP
SCTP_AS_UDP = 1 << 20  # likewise as those of UDP
AS_EBPF = 1 << 21  # headers are read as QEMU's steering program reads them (kernels.ebpf)
DF_AS_FRAGMENT = 1 << 22  # an IPv4 packet that must not be fragmented counts as a fragment
OPTIONS_NOT_HASHED = 1 << 23  # IPv4 with options is not IP
EXTENSIONS_NOT_HASHED = 1 << 24  # IPv6 with extension headers is not IP
ONE_TAG_ONLY = 1 << 25  # what has more than one VLAN tag is not IP
SHORT_NOT_HASHED = 1 << 26  # a frame that ends within the TCP or UDP header has no hash
ESP_AS_TCP = 1 << 27  # the SPI of ESP is hashed in place of ports, under the types of TCP
ESP_AS_UDP = 1 << 28  # likewise under those of UDP
AUTHENTICATION_NOT_SKIPPED = 1 << 29  # an authentication header is a transport that is neither TCP nor UDP
IPV6_IN_IP = 1 << 30  # IPv6 directly in IP is a tunnel, of the type that IPv4 in IPv4 has
NO_IPV4_IN_IP = 1 << 31  # IPv4 in IPv4 is none
TUNNEL_ID_OF_GTP = 1 << 32  # the tunnel endpoint identifier of GTP-U is hashed in place of ports
SYN_ONLY = 1 << 33  # of TCP only packets with the SYN flag are hashed

# What other devices do, of which those that read headers in their own way have a module each.
SORTED = 1 << 34  # the smaller address comes first in the hash input, and so does the smaller port
INITIAL_ONES = 1 << 35  # the hash starts at 0xffffffff
MIRRORED = 1 << 36  # the lower half of the hash stands in its upper half, too
AS_CORUNDUM = 1 << 37  # headers are read as Corundum reads them (kernels.corundum)
AS_VPP = 1 << 38  # headers are read as VPP's soft-rss plugin reads them (kernels.vpp)
INNER_AS_EBPF = 1 << 39  # inner headers are read as QEMU's steering program reads them, after Linux's tunnel devices


@step
def has(departures: Any, flag: int) -> bool:
    """Tell whether a device departs from the texts in this; for None nothing is left of it in a compiled kernel."""
    if departures is not None:
        return departures & flag != 0
    return False


@step
def slot_of(total: Any, slots: int, slot_bits: int, departures: Any) -> int:
    """Return the slot that a hash is counted in: bit-reversed, or under MODULO the remainder."""
    if departures is not None:
        if departures & MODULO:
            return np.int64(finish_as(total, departures)) % slots
    return reversed_slot(total, slot_bits)


@step
def finish_as(total: Any, departures: Any) -> Any:
    """Return the hash that a device reports."""
    value = finish(total)
    if departures is not None:
        if departures & MIRRORED:
            return np.uint32((np.int64(value) & 0xFFFF) * 0x10001)
    return value


@step
def initial_product(departures: Any) -> Any:
    """Return what a hash starts with, as a contribution to it."""
    if departures is not None:
        if departures & INITIAL_ONES:
            return all_ones()
    return no_product()


@step
def is_swapped(d: Any, source: int, destination: int, words: int, departures: Any) -> bool:
    """Tell whether the addresses, so many words each, change places because the smaller one comes first."""
    if departures is not None:
        if departures & SORTED:
            for word in range(words):
                first, second = be32(d, source + 4 * word), be32(d, destination + 4 * word)
                if first != second:
                    return first > second
    return False


@step
def transform_addresses(source: int, destination: int, departures: Any) -> tuple[int, int]:
    """Apply the input transformation to corresponding words of the source and the destination address."""
    if departures is not None:
        if departures & SYMMETRIC_XOR:
            return source ^ destination, source ^ destination
        if departures & SYMMETRIC_OR_XOR:
            return source | destination, source ^ destination
    return source, destination


@step
def transform_ports(ports: int, departures: Any) -> int:
    """Apply the input transformation to the word of source and destination port."""
    if departures is not None:
        source, destination = ports >> 16, ports & 0xFFFF
        if departures & SORTED and source > destination:
            source, destination = destination, source
        source, destination = transform_addresses(source, destination, departures)
        return (source << 16) | destination
    return ports
