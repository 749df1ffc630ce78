"""What can be hashed of one header: its kind, where the inputs stand, and the candidate hashes.

A header gives up to four candidates: over the addresses; over addresses and ports; and for IPv6 with extension headers
the same two over the home address and the routing header's address, each where present (virtio 1.4, "Hash calculation
for incoming packets"). The kind says which of them there are, and which the capture lets us calculate.
"""

from typing import Any, NamedTuple

import numpy as np

from pcaphash.kernels.base import be16, be32, step
from pcaphash.kernels.corundum import read_ip_as_corundum
from pcaphash.kernels.departures import (
    AS_CORUNDUM,
    AS_EBPF,
    AS_QEMU,
    AS_VPP,
    ESP_AS_TCP,
    ESP_AS_UDP,
    EXTENDED_ALWAYS,
    SCTP_AS_TCP,
    SCTP_AS_UDP,
    SHORT_NOT_HASHED,
    SYN_ONLY,
    TUNNEL_ID_OF_GTP,
    has,
    initial_product,
    is_swapped,
    transform_addresses,
    transform_ports,
)
from pcaphash.kernels.ebpf import read_ip_as_ebpf
from pcaphash.kernels.ip import IPV4, IPV6, IPV6_EXTENDED, NO_PROTOCOL, OF_FRAGMENT, read_ip
from pcaphash.kernels.link import NOT_IP
from pcaphash.kernels.qemu import read_ip_as_qemu
from pcaphash.kernels.toeplitz import WORDS, no_product, product
from pcaphash.kernels.trace import (
    CAPTURED_END,
    HOME_ADDRESS,
    OTHER_TRANSPORT,
    PACKET_END,
    ROUTING_ADDRESS,
    TRANSPORT,
    VALUE,
    amend,
    note,
    stop,
)
from pcaphash.kernels.vpp import read_ip_as_vpp
from pcaphash.standards import ip
from pcaphash.standards import other_tunnels as other

# Kinds of header. NOT_IP, CUT and OTHER_LINK_TYPE (kernels.link) are 0, 1 and 2; then each base plus a transport.
KIND_IPV4 = 3
KIND_IPV6 = 8
KIND_IPV6_EX = 13
KIND_IPV6_EX_CUT = 18  # the home address or the routing header's address was not captured
N_KINDS = 23

# Transports, as added to a base.
TRANSPORT_NONE = 0  # neither TCP nor UDP, a fragment, or a header longer than the frame
TRANSPORT_TCP = 1
TRANSPORT_UDP = 2
TRANSPORT_TCP_CUT = 3  # its ports were not captured
TRANSPORT_UDP_CUT = 4
N_TRANSPORTS = 5

PORTS_LEN = 4
PORTS_WORD_IPV4, PORTS_WORD_IPV6 = 2, 8  # position of the ports among the words of a hash input

# Candidates, as offsets from a header's first: over the addresses, then over addresses and ports; only extended IPv6
# has the third and fourth, the same over the home address and the routing header's address.
CANDIDATE_ADDRESSES = 0
CANDIDATE_PORTS = 1
CANDIDATE_EXTENDED = 2


class Header(NamedTuple):
    """An IP header, as far as any hash type may need it.

    Parameters
    ----------
    kind : int
        Kind of header, N_KINDS of them.
    ip : int
        Where the IP header starts.
    source, destination : int
        Where the addresses stand that the extended types hash; for other kinds the plain ones.
    payload : int
        Where the payload starts: the ports, where there are some.
    addresses_sum, ports_sum : integers of ``toeplitz.product``
        The contributions of the plain addresses and of the ports; 0 where there are none.
    """

    kind: int
    ip: int
    source: int
    destination: int
    payload: int
    addresses_sum: Any
    ports_sum: Any


@step
def no_header() -> Header:
    """Return what stands for a header that is not there: the inner one of a packet that is not a tunnel."""
    nothing, nowhere = no_product(), np.int64(0)
    return Header(nowhere, nowhere, nowhere, nowhere, nowhere, nothing, nothing)


@step
def transport_of(
    d: Any,
    protocol: int,
    offset: int,
    frame_end: int,
    captured_end: int,
    position: int,
    key: Any,
    departures: Any,
    trace: Any,
) -> tuple[int, Any]:
    """Name the transport whose ports can be hashed: TCP with 20, UDP with 8 bytes within the frame.

    Returns
    -------
    transport : int
        TRANSPORT_NONE, _TCP, _UDP, _TCP_CUT or _UDP_CUT.
    ports : integer of ``toeplitz.product``
        The contribution of the ports; 0 where there are none, or where they were not captured.
    """
    if departures is not None:
        protocol = protocol & 0xFF if protocol >= OF_FRAGMENT else protocol
    # Without branches: which of them a packet takes is what a processor cannot foresee in mixed traffic.
    tcp = np.int64(protocol == ip.TCP) & np.int64(offset + ip.TCP_LEN <= frame_end)
    udp = np.int64(protocol == ip.UDP) & np.int64(offset + ip.UDP_LEN <= frame_end)
    if departures is not None:
        if departures & (AS_CORUNDUM | AS_VPP):  # the ports suffice
            tcp = np.int64(protocol == ip.TCP) & np.int64(offset + PORTS_LEN <= frame_end)
            udp = np.int64(protocol == ip.UDP) & np.int64(offset + PORTS_LEN <= frame_end)
        sctp = np.int64(protocol == ip.SCTP) & np.int64(offset + ip.SCTP_LEN <= frame_end)
        tcp |= sctp & np.int64(has(departures, SCTP_AS_TCP))
        udp |= sctp & np.int64(has(departures, SCTP_AS_UDP))
        esp = np.int64(protocol == ip.ESP) & np.int64(offset + ip.ESP_LEN <= frame_end)
        tcp |= esp & np.int64(has(departures, ESP_AS_TCP))
        udp |= esp & np.int64(has(departures, ESP_AS_UDP))
    transport = tcp * TRANSPORT_TCP + udp * TRANSPORT_UDP
    _note_transport(trace, protocol, tcp | udp, offset, frame_end, captured_end)
    if offset + PORTS_LEN > captured_end:
        return transport + (tcp | udp) * (TRANSPORT_TCP_CUT - TRANSPORT_TCP), no_product()
    return transport, product(transform_ports(be32(d, offset), departures) & -(tcp | udp), position, key)


@step
def _note_transport(trace: Any, protocol: int, has_ports: int, offset: int, frame_end: int, captured_end: int) -> None:
    """Note where the ports are, or why none are looked for; nothing for a fragment, at which the trace has stopped."""
    if trace is None or protocol == NO_PROTOCOL:
        return
    length = ip.TCP_LEN if protocol == ip.TCP else ip.UDP_LEN if protocol == ip.UDP else 0
    note(trace, TRANSPORT, offset, length, PORTS_LEN if length or has_ports else 0)
    amend(trace, VALUE, protocol)
    if has_ports:
        if offset + PORTS_LEN > captured_end:
            stop(trace, CAPTURED_END, captured_end)
    elif length:
        stop(trace, PACKET_END, frame_end)
    else:
        stop(trace, OTHER_TRANSPORT, 0)


@step
def _note_address(trace: Any, layer: int, address: int, captured_end: int) -> None:
    """Note an address in an extension header that is hashed; nothing where it stands in the IPv6 header (0)."""
    if address:
        note(trace, layer, address, ip.IPV6_ADDRESS_LEN, ip.IPV6_ADDRESS_LEN)
        if address + ip.IPV6_ADDRESS_LEN > captured_end:
            stop(trace, CAPTURED_END, captured_end)


@step
def _read_ip(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int, int, int, int]:
    if departures is not None:
        if departures & AS_QEMU:
            return read_ip_as_qemu(d, network, offset, frame_end, captured_end, trace)
        if departures & AS_EBPF:
            return read_ip_as_ebpf(d, network, offset, frame_end, captured_end, trace)
        if departures & AS_CORUNDUM:
            return read_ip_as_corundum(d, network, offset, frame_end, captured_end, trace)
        if departures & AS_VPP:
            return read_ip_as_vpp(d, network, offset, frame_end, captured_end, trace)
    kind, protocol, payload, home_address, routing_address = read_ip(
        d, network, offset, frame_end, captured_end, departures, trace
    )
    if departures is not None:
        if _is_refused(d, protocol, payload, frame_end, captured_end, departures):
            return NOT_IP, NO_PROTOCOL, offset, 0, 0
        if departures & TUNNEL_ID_OF_GTP and protocol == ip.UDP:
            place = _place_of_tunnel_id(d, payload, frame_end, captured_end)
            protocol = protocol if place == payload else np.int64(OF_FRAGMENT + ip.UDP)  # no tunnel is looked for there
            payload = place
    return kind, protocol, payload, home_address, routing_address


@step
def _is_refused(d: Any, protocol: int, payload: int, frame_end: int, captured_end: int, departures: Any) -> bool:
    """Tell whether a device hashes nothing of a packet with this transport."""
    length = ip.TCP_LEN if protocol == ip.TCP else ip.UDP_LEN if protocol == ip.UDP else 0
    if payload + length > frame_end:
        return has(departures, SHORT_NOT_HASHED)
    if protocol != ip.TCP or payload + ip.TCP_LEN > captured_end:
        return False
    return has(departures, SYN_ONLY) and d[payload + ip.TCP_FLAGS_OFFSET] & ip.TCP_SYN == 0


@step
def _place_of_tunnel_id(d: Any, payload: int, frame_end: int, captured_end: int) -> int:
    """Return where the tunnel endpoint identifier of GTP-U stands; of other UDP packets, where the ports are."""
    place = payload + ip.UDP_LEN + other.GTP_U_TEID_OFFSET
    if place + ip.UDP_LEN > frame_end or place + PORTS_LEN > captured_end:
        return payload
    return place if be16(d, payload + 2) == other.GTP_U_PORT else payload


@step
def read_header(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, key: Any, departures: Any, trace: Any
) -> tuple[Header, int, int]:
    """Read an IP header as far as any hash type may need it.

    Returns
    -------
    header : Header
        The header.
    ip_kind, protocol : int
        As ``read_ip`` returns them, for what looks into the payload.
    """
    ip_kind, protocol, payload, home_address, routing_address = _read_ip(
        d, network, offset, frame_end, captured_end, departures, trace
    )
    if ip_kind == IPV4:
        transport, ports = transport_of(
            d, protocol, payload, frame_end, captured_end, PORTS_WORD_IPV4, key, departures, trace
        )
        addresses = sum_ipv4(d, offset + 12, 0, key, departures)
        found = Header(KIND_IPV4 + transport, offset, offset + 12, offset + 16, payload, addresses, ports)
        return found, ip_kind, protocol
    if ip_kind != IPV6 and ip_kind != IPV6_EXTENDED:
        return Header(ip_kind, offset, offset, offset, payload, no_product(), no_product()), ip_kind, protocol
    transport, ports = transport_of(
        d, protocol, payload, frame_end, captured_end, PORTS_WORD_IPV6, key, departures, trace
    )
    source, destination = offset + 8, offset + 24
    addresses = sum_ipv6(d, source, destination, 0, key, departures)
    base = KIND_IPV6
    if ip_kind == IPV6_EXTENDED or has(departures, EXTENDED_ALWAYS):
        _note_address(trace, HOME_ADDRESS, home_address, captured_end)
        _note_address(trace, ROUTING_ADDRESS, routing_address, captured_end)
        source = home_address if home_address else source
        destination = routing_address if routing_address else destination
        captured = source + 16 <= captured_end and destination + 16 <= captured_end
        base = KIND_IPV6_EX if captured else KIND_IPV6_EX_CUT
    found = Header(base + transport, offset, source, destination, payload, addresses, ports)
    return found, ip_kind, protocol


@step
def is_extended(kind: int) -> bool:
    """Tell whether the kind has candidates over the home address and the routing header's address."""
    return KIND_IPV6_EX <= kind < KIND_IPV6_EX_CUT


@step
def _product_of_addresses(
    d: Any, source: int, destination: int, words: int, word: int, number: int, key: Any, departures: Any
) -> Any:
    """Return the contribution of one word of the source address and the same of the destination address."""
    first, second = transform_addresses(be32(d, source + 4 * word), be32(d, destination + 4 * word), departures)
    position = WORDS * number + word
    return product(first, position, key) ^ product(second, position + words, key)


@step
def sum_ipv4(d: Any, source: int, number: int, key: Any, departures: Any) -> Any:
    """Return the contribution of two IPv4 addresses, the destination's behind the source's.

    Of several keys in one array ``number`` says which to take; it is 0 for one alone.
    """
    destination = source + 4
    if is_swapped(d, source, destination, 1, departures):
        source, destination = destination, source
    total = _product_of_addresses(d, source, destination, 1, 0, number, key, departures)
    return total ^ initial_product(departures)


@step
def sum_ipv6(d: Any, source: int, destination: int, number: int, key: Any, departures: Any) -> Any:
    """Return the contribution of two IPv6 addresses, ``number`` as in ``sum_ipv4``."""
    if is_swapped(d, source, destination, 4, departures):
        source, destination = destination, source
    total = _product_of_addresses(d, source, destination, 4, 0, number, key, departures)
    total ^= _product_of_addresses(d, source, destination, 4, 1, number, key, departures)
    total ^= _product_of_addresses(d, source, destination, 4, 2, number, key, departures)
    total ^= _product_of_addresses(d, source, destination, 4, 3, number, key, departures)
    return total ^ initial_product(departures)


@step
def sum_addresses(d: Any, kind: int, ip_header: int, number: int, keys: Any, departures: Any) -> Any:
    """Return the contribution of a header's plain addresses; 0 where there are none."""
    if kind < KIND_IPV4:
        return no_product()
    if kind < KIND_IPV6:
        return sum_ipv4(d, ip_header + 12, number, keys, departures)
    return sum_ipv6(d, ip_header + 8, ip_header + 24, number, keys, departures)


@step
def sum_ports(d: Any, kind: int, payload: int, number: int, keys: Any, departures: Any) -> Any:
    """Return the contribution of a header's ports; 0 where there are none, or where they were not captured."""
    transport = (kind - KIND_IPV4) % N_TRANSPORTS
    if kind < KIND_IPV4 or (transport != TRANSPORT_TCP and transport != TRANSPORT_UDP):
        return no_product()
    position = PORTS_WORD_IPV4 if kind < KIND_IPV6 else PORTS_WORD_IPV6
    return product(transform_ports(be32(d, payload), departures), WORDS * number + position, keys)
