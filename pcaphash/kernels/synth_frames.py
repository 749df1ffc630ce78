"""Write the packets of a flow from a template of their headers: whatever differs between them, and the checksums."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, step, store16, store32
from pcaphash.kernels.mixing import mixed, numbered
from pcaphash.standards import ip, pcap

NOT_A_FRAGMENT, FIRST_FRAGMENT, LATER_FRAGMENT = 0, 1, 2

TEMPLATE = np.dtype(
    [
        ("start", np.int32),  # of its bytes among those of all templates
        ("length", np.int32),
        # Where in its bytes something stands; -1 if it has none.
        ("vlan", np.int32),  # tag control information
        ("outer", np.int32),  # outer IP header
        ("outer_udp", np.int32),
        ("number", np.int32),  # VNI, VSID or key: 4 bytes
        ("inner", np.int32),  # inner IP header
        ("transport", np.int32),
        ("number_shift", np.int32),  # bits below the number in its 4 bytes
        ("outer_version", np.int32),  # 0 without a tunnel
        ("inner_version", np.int32),
        ("protocol", np.int32),
        ("fragment", np.int32),
    ]
)
"""One kind of packet (``studies.synth.templates``)."""

OF_FLOW = 4
"""Random numbers of a flow: two choose its kind, two its fields."""

_FIRST_PORT, _PORT_MASK = 50000, 0xFFF  # source ports, none of which Wireshark knows a protocol for
_SERVICE_PORT, _SERVICE_MASK = 15000, 0x7  # destination ports, likewise
_ENTROPY_PORT, _ENTROPY_MASK = 49152, 0x3FFF  # RFC 7348 section 5: outer source ports
_MORE_FRAGMENTS_V6 = 1
_VLAN_MASK = 0xFF


@step
def low(number: Any) -> int:
    """Return the lower half of a random number as int64."""
    return np.int64(number & np.uint64(0xFFFFFFFF))


@step
def high(number: Any) -> int:
    """Return the upper half of a random number as int64."""
    return np.int64(number >> np.uint64(32))


@step
def below(half: int, n: int) -> int:
    """Return a number below n, at most 2 ** 30, from half a random number."""
    return (half * n) >> 32


@step
def _sum_words(o: Any, start: int, end: int) -> int:
    """Add up the 16-bit words of bytes, an even number of them."""
    total = np.int64(0)
    for i in range(start, end, 2):
        total += be16(o, i)
    return total


@step
def _checksum(total: int) -> int:
    """Return the Internet checksum (RFC 1071) of words that add up to this."""
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@step
def _write_ip(o: Any, at: int, version: int, length: int, identification: int, fragment_field: int) -> int:
    """Write lengths and numbers of an IP header whose addresses are there; return the sum of its addresses."""
    if version == 4:
        store16(o, at + 2, length, True)
        store16(o, at + 4, identification & 0xFFFF, True)
        if fragment_field >= 0:
            store16(o, at + 6, fragment_field, True)
        addresses = _sum_words(o, at + ip.IPV4_SOURCE_OFFSET, at + ip.IPV4_LEN)
        store16(o, at + 10, 0, True)
        store16(o, at + 10, _checksum(_sum_words(o, at, at + ip.IPV4_SOURCE_OFFSET) + addresses), True)
        return addresses
    store16(o, at + 4, length - ip.IPV6_LEN, True)
    return _sum_words(o, at + ip.IPV6_SOURCE_OFFSET, at + ip.IPV6_LEN)


@step
def write_inner(o: Any, at: int, template: Any, data_len: int, offset: int, whole: int, n: int, sent: int) -> None:
    """Write the inner headers, but for what is the same in all packets of a flow, which is there.

    Parameters
    ----------
    o, at
        Where the frame is.
    template : TEMPLATE
        Its kind.
    data_len : int
        Bytes of IP payload in this frame, transport header included.
    offset : int
        Where they stand in the datagram.
    whole : int
        Bytes of the datagram, transport header included.
    n, sent : int
        Number of the datagram, and bytes that its flow sent before.
    """
    inner, version = at + template["inner"], np.int64(template["inner_version"])
    fragment = np.int64(template["fragment"])
    more = fragment == FIRST_FRAGMENT
    header_len = ip.IPV4_LEN if version == 4 else ip.IPV6_LEN
    field = np.int64(-1)
    if fragment != NOT_A_FRAGMENT and version == 4:
        field = (offset >> 3) | (ip.IPV4_MORE_FRAGMENTS if more else 0)
    elif fragment != NOT_A_FRAGMENT:
        header_len += ip.EXTENSION_LEN
        store16(o, inner + ip.IPV6_LEN + 2, offset | (_MORE_FRAGMENTS_V6 if more else 0), True)
        store32(o, inner + ip.IPV6_LEN + 4, n & 0xFFFFFFFF, True)
    addresses = _write_ip(o, inner, version, header_len + data_len, n, field)
    transport = template["transport"]
    if transport < 0:
        return
    start, protocol = at + transport, np.int64(template["protocol"])
    pseudo = addresses + protocol + whole
    if protocol == ip.TCP:
        store32(o, start + 4, (sent + 1) & 0xFFFFFFFF, True)
        store16(o, start + 16, _checksum(pseudo + _sum_words(o, start, start + ip.TCP_LEN)), True)
        return
    store16(o, start + 4, whole, True)
    checksum = _checksum(pseudo + _sum_words(o, start, start + ip.UDP_LEN))
    store16(o, start + 6, checksum if checksum else 0xFFFF, True)


@step
def write_outer(o: Any, at: int, template: Any, length: int, n: int) -> None:
    """Write lengths and checksums of the outer headers of a frame of a length, whose inner ones are written."""
    if template["outer"] < 0:
        return
    outer, version = at + template["outer"], np.int64(template["outer_version"])
    ip_len = length - template["outer"]
    addresses = _write_ip(o, outer, version, ip_len, n, -1)
    if template["outer_udp"] < 0:
        return
    udp = at + template["outer_udp"]
    udp_len = length - template["outer_udp"]
    store16(o, udp + 4, udp_len, True)
    # Over IPv4 it may be zero, and mostly is (RFC 7348 section 5). What follows the headers is zero.
    if version == 6:
        checksum = _checksum(addresses + ip.UDP + udp_len + _sum_words(o, udp, at + template["length"]))
        store16(o, udp + 6, checksum if checksum else 0xFFFF, True)


@step
def write_flow(o: Any, at: int, template: Any, settings: Any, key: Any, flow: int) -> None:
    """Write what all packets of a flow share: addresses, ports, networks."""
    ports, hosts = numbered(key, OF_FLOW * flow + 2), numbered(key, OF_FLOW * flow + 3)
    client, place = high(hosts), low(hosts)
    if template["vlan"] >= 0:
        store16(o, at + template["vlan"], 1 + (low(ports) & _VLAN_MASK), True)
    endpoint = below(place, settings["n_endpoints"])
    if template["outer_version"] == 4:
        store16(o, at + template["outer"] + ip.IPV4_SOURCE_OFFSET + 2, endpoint & 0xFFFF, True)
    elif template["outer_version"] == 6:
        store16(o, at + template["outer"] + ip.IPV6_SOURCE_OFFSET + 14, endpoint, True)
    if template["outer_udp"] >= 0:
        chosen = settings["outer_port"]
        entropy = _ENTROPY_PORT + ((low(ports) >> 8) & _ENTROPY_MASK)
        store16(o, at + template["outer_udp"], chosen if chosen >= 0 else entropy, True)
    if template["number"] >= 0:
        network = 1 + below(low(mixed(hosts)), settings["n_networks"])
        store32(o, at + template["number"], network << template["number_shift"], True)
    inner, server = at + template["inner"], place & 0x3FF
    if template["inner_version"] == 4:
        store32(o, inner + ip.IPV4_SOURCE_OFFSET, 10 << 24 | client & 0xFFFFFF, True)
        store32(o, inner + ip.IPV4_SOURCE_OFFSET + 4, 172 << 24 | 16 << 16 | server, True)
    else:
        store32(o, inner + ip.IPV6_SOURCE_OFFSET + 12, client, True)
        store16(o, inner + ip.IPV6_LEN - 2, server, True)
    if template["transport"] >= 0:
        store16(o, at + template["transport"], _FIRST_PORT + (high(ports) & _PORT_MASK), True)
        store16(o, at + template["transport"] + 2, _SERVICE_PORT + ((high(ports) >> 12) & _SERVICE_MASK), True)


@step
def write_record(o: Any, at: int, time_ns: int, captured: int, length: int, is_pcapng: bool) -> int:
    """Write what a file says in front of a frame; return where the frame goes."""
    if is_pcapng:
        size = pcap.PACKET_BLOCK_OFFSET + ((captured + 3) & ~3) + 4
        store32(o, at, pcap.ENHANCED_PACKET, False)
        store32(o, at + 4, size, False)
        store32(o, at + 8, 0, False)
        store32(o, at + 12, time_ns >> 32, False)
        store32(o, at + 16, time_ns & 0xFFFFFFFF, False)
        store32(o, at + 20, captured, False)
        store32(o, at + 24, length, False)
        return at + pcap.PACKET_BLOCK_OFFSET
    seconds = time_ns // 1_000_000_000
    store32(o, at, seconds, False)
    store32(o, at + 4, time_ns - seconds * 1_000_000_000, False)
    store32(o, at + 8, captured, False)
    store32(o, at + 12, length, False)
    return at + pcap.RECORD_HEADER_LEN


@step
def finish_record(o: Any, at: int, captured: int, is_pcapng: bool) -> int:
    """Write what a file says behind a frame that starts at ``at``; return where the next record goes."""
    end = at + captured
    if is_pcapng:
        padded = at + ((captured + 3) & ~3)
        while end < padded:
            o[end] = 0
            end += 1
        store32(o, end, pcap.PACKET_BLOCK_OFFSET + padded - at + 4, False)
        end += 4
    return end
