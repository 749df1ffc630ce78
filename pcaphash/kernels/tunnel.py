"""Recognize the encapsulation of a packet, and where its inner packet starts.

Both virtio texts are served by one answer: the nine tunnel types of virtio 1.4 are the finer division, and draft v7's
GRE is four of them together.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, be32, rare_step, step
from pcaphash.kernels.departures import IPV6_IN_IP, NO_IPV4_IN_IP, has
from pcaphash.kernels.ip import IPV4
from pcaphash.kernels.link import NETWORK_ETHERNET, NETWORK_IPV4, NETWORK_IPV6, NOT_IP
from pcaphash.kernels.trace import CAPTURED_END, LENGTH, NOT_IP_TYPE, PACKET_END, VALUE, amend, note, stop
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun

# Encapsulations. Tunnel types are 1 + their bit number in virtio 1.4's enabled_tunnel_types.
NO_ENCAPSULATION = 0
GRE_2784 = 1
GRE_2890 = 2
GRE_7676 = 3
GRE_UDP = 4
VXLAN = 5
VXLAN_GPE = 6
GENEVE = 7
IPIP = 8
NVGRE = 9
CUT_GRE = 10  # the capture does not show the GRE header
CUT_UDP = 11  # the capture does not show the UDP ports, or the VXLAN or GENEVE header behind them
CUT_UDP_1_4 = 12  # likewise the VXLAN-GPE or GRE-in-UDP header: known to be no tunnel under draft v7
N_ENCAPSULATIONS = 13

TUNNELS = range(GRE_2784, CUT_GRE)
"""Encapsulations with an inner packet, for those who are no kernel."""

NO_NETWORK_NUMBER = -1


@step
def is_tunnel(encapsulation: int) -> bool:
    """Tell whether there is an inner packet."""
    return NO_ENCAPSULATION < encapsulation < CUT_GRE


FILTER_LEN = 256


def tabulate_ports(
    vxlan: Iterable[int], geneve: Iterable[int], vxlan_gpe: Iterable[int], gre_udp: Iterable[int]
) -> npt.NDArray[np.uint8]:
    """Tabulate the UDP tunnel type of each destination port.

    Returns
    -------
    uint8 array of shape (256 + 65536,)
        The type of each port, and in front of them, by the ports' low byte, whether there is any to be found: the
        table in full would push packets out of the processor's first cache (25 against 16 ns per packet measured).
    """
    types = np.full(FILTER_LEN + 65536, NO_ENCAPSULATION, np.uint8)
    for encapsulation, ports in ((VXLAN, vxlan), (GENEVE, geneve), (VXLAN_GPE, vxlan_gpe), (GRE_UDP, gre_udp)):
        for port in ports:
            types[port & (FILTER_LEN - 1)] = types[FILTER_LEN + port] = encapsulation
    return types


@step
def read_encapsulation(
    d: Any,
    kind: int,
    protocol: int,
    offset: int,
    frame_end: int,
    captured_end: int,
    port_types: Any,
    departures: Any,
    trace: Any,
) -> tuple[int, int, int]:
    """Recognize the encapsulation that a payload is.

    Parameters
    ----------
    d : uint8 pointer
        The block.
    kind, protocol, offset : int
        What ``read_ip`` said of the header before: its kind, the payload's protocol, and where the payload starts.
    frame_end, captured_end : int
        Where the packet ended on the wire, and where its captured bytes end.
    port_types : uint8 pointer
        What ``tabulate_ports`` returned.
    departures : int or None
        As ``kernels.departures`` has them.
    trace : int64 array or None
        As ``trace.new_trace`` makes it.

    Returns
    -------
    encapsulation : int
        One of the constants above.
    network : int
        What the inner packet starts with: NETWORK_ETHERNET, NETWORK_IPV4, NETWORK_IPV6 or NOT_IP.
    inner : int
        Where the inner packet starts.
    """
    if protocol == ip.UDP:
        return _read_udp_tunnel(d, offset, frame_end, captured_end, port_types, trace)
    if protocol == ip.GRE:
        return _read_gre(d, kind, offset, frame_end, captured_end, trace)
    if has(departures, IPV6_IN_IP) and protocol == ip.IPV6_IN_IP:
        note(trace, traces.IPIP, offset, 0, 0)
        return IPIP, NETWORK_IPV6, offset
    if protocol == ip.IPIP and kind == IPV4 and not has(departures, NO_IPV4_IN_IP):
        note(trace, traces.IPIP, offset, 0, 0)
        return IPIP, NETWORK_IPV4, offset
    return NO_ENCAPSULATION, NOT_IP, offset


@step
def _network_of_protocol(protocol: int) -> int:
    """Name what a protocol type of GRE or GENEVE announces."""
    network = NETWORK_IPV6 if protocol == eth.ETHERTYPE_IPV6 else NOT_IP
    network = NETWORK_IPV4 if protocol == eth.ETHERTYPE_IPV4 else network
    return NETWORK_ETHERNET if protocol == tun.PROTOCOL_ETHERNET else network


@step
def _gre_type(kind: int, flags: int, protocol: int) -> int:
    """Name the one tunnel type of virtio 1.4 that a GRE header is: NVGRE, then RFC 2890, RFC 7676, RFC 2784."""
    options = flags & (tun.GRE_CHECKSUM | tun.GRE_KEY | tun.GRE_SEQUENCE)
    is_ipv6 = (kind != IPV4) | (protocol == eth.ETHERTYPE_IPV6)
    is_nvgre = (options == tun.GRE_KEY) & (protocol == tun.PROTOCOL_ETHERNET)
    unkeyed = GRE_7676 if is_ipv6 else GRE_2784
    gre = GRE_2890 if options & (tun.GRE_KEY | tun.GRE_SEQUENCE) else unkeyed
    return NVGRE if is_nvgre else gre


@step
def _read_gre(d: Any, kind: int, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int, int]:
    """Read a GRE header (RFC 2784, RFC 2890); other versions and RFC 1701's routing are no tunnel."""
    note(trace, traces.GRE, offset, tun.GRE_LEN, tun.GRE_LEN)
    if offset + tun.GRE_LEN > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    if offset + tun.GRE_LEN > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT_GRE, NOT_IP, offset
    flags = be16(d, offset)
    protocol = be16(d, offset + 2)
    options = ((flags >> 15) & 1) + ((flags >> 13) & 1) + ((flags >> 12) & 1)
    payload = offset + tun.GRE_LEN + 4 * options
    amend(trace, LENGTH, payload - offset)
    amend(trace, VALUE, protocol)
    if flags & (tun.GRE_ROUTING | tun.GRE_VERSION_MASK) or payload > frame_end:
        _stop_at_gre(trace, flags, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    network = _network_of_protocol(protocol)
    _stop_if_not_ip(trace, network)
    return _gre_type(kind, flags, protocol), network, payload


@step
def _stop_at_gre(trace: Any, flags: int, frame_end: int) -> None:
    """Say why a GRE header with these flags is no tunnel."""
    if flags & tun.GRE_VERSION_MASK:
        stop(trace, traces.WRONG_VERSION, 0)
    elif flags & tun.GRE_ROUTING:
        stop(trace, traces.ROUTING_FLAG, 0)
    else:
        stop(trace, PACKET_END, frame_end)


@step
def _stop_if_not_ip(trace: Any, network: int) -> None:
    """Say that a tunnel carries nothing that can be read on."""
    if network == NOT_IP:
        stop(trace, NOT_IP_TYPE, 0)


@step
def _read_udp_tunnel(
    d: Any, offset: int, frame_end: int, captured_end: int, port_types: Any, trace: Any
) -> tuple[int, int, int]:
    """Recognize a UDP tunnel by its destination port, then read its header."""
    note(trace, traces.UDP_PORTS, offset, ip.UDP_LEN, 4)
    if offset + ip.UDP_LEN > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    if offset + 4 > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT_UDP, NOT_IP, offset
    payload = offset + ip.UDP_LEN
    port = be16(d, offset + 2)
    amend(trace, VALUE, port)
    if port_types[port & (FILTER_LEN - 1)] == NO_ENCAPSULATION:
        stop(trace, traces.NO_TUNNEL_PORT, 0)
        return NO_ENCAPSULATION, NOT_IP, payload
    tunnel = port_types[FILTER_LEN + port]
    if tunnel == NO_ENCAPSULATION:
        stop(trace, traces.NO_TUNNEL_PORT, 0)
        return NO_ENCAPSULATION, NOT_IP, payload
    if tunnel == VXLAN:
        return _read_vxlan(d, payload, frame_end, captured_end, trace)
    if tunnel == GENEVE:
        return _read_geneve(d, payload, frame_end, captured_end, trace)
    if tunnel == VXLAN_GPE:
        return _read_vxlan_gpe(d, payload, frame_end, captured_end, trace)
    return _read_gre_in_udp(d, payload, frame_end, captured_end, trace)


@step
def _read_vxlan(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int, int]:
    """Read a VXLAN header (RFC 7348 section 5): the I flag must be set, all other bits are ignored."""
    payload = offset + tun.VXLAN_LEN
    note(trace, traces.VXLAN, offset, tun.VXLAN_LEN, tun.VXLAN_LEN)
    if payload > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    if payload > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT_UDP, NOT_IP, offset
    amend(trace, VALUE, d[offset])
    if not d[offset] & tun.VXLAN_INSTANCE:
        stop(trace, traces.NO_INSTANCE_FLAG, 0)
        return NO_ENCAPSULATION, NOT_IP, offset
    return VXLAN, NETWORK_ETHERNET, payload


@rare_step
def _read_vxlan_gpe(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int, int]:
    """Read a VXLAN-GPE header (draft-ietf-nvo3-vxlan-gpe-12 section 3)."""
    payload = offset + tun.VXLAN_LEN
    note(trace, traces.VXLAN_GPE, offset, tun.VXLAN_LEN, tun.VXLAN_LEN)
    if payload > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    if payload > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT_UDP_1_4, NOT_IP, offset
    amend(trace, VALUE, d[offset + tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET])
    if not d[offset] & tun.VXLAN_INSTANCE:
        stop(trace, traces.NO_INSTANCE_FLAG, 0)
        return NO_ENCAPSULATION, NOT_IP, offset
    network = NOT_IP
    next_protocol = d[offset + tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET]
    if not d[offset] & tun.VXLAN_GPE_NEXT_PROTOCOL or next_protocol == tun.NEXT_PROTOCOL_ETHERNET:
        network = NETWORK_ETHERNET
    elif next_protocol == tun.NEXT_PROTOCOL_IPV4:
        network = NETWORK_IPV4
    elif next_protocol == tun.NEXT_PROTOCOL_IPV6:
        network = NETWORK_IPV6
    _stop_if_not_ip(trace, network)
    return VXLAN_GPE, network, payload


@step
def _read_geneve(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int, int]:
    """Read a GENEVE header (RFC 8926 section 3.4): version 0, other bits are ignored, options are skipped."""
    note(trace, traces.GENEVE, offset, tun.GENEVE_LEN, tun.GENEVE_LEN)
    if offset + tun.GENEVE_LEN > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    if offset + tun.GENEVE_LEN > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT_UDP, NOT_IP, offset
    first = np.int64(d[offset])
    payload = offset + tun.GENEVE_LEN + ((first & tun.GENEVE_OPTION_LENGTH_MASK) << 2)
    protocol = be16(d, offset + tun.GENEVE_PROTOCOL_OFFSET)
    amend(trace, LENGTH, payload - offset)
    amend(trace, VALUE, protocol)
    if first >> 6 != 0 or payload > frame_end:
        stop(trace, traces.WRONG_VERSION if first >> 6 != 0 else PACKET_END, frame_end)
        return NO_ENCAPSULATION, NOT_IP, offset
    network = _network_of_protocol(protocol)
    _stop_if_not_ip(trace, network)
    return GENEVE, network, payload


@rare_step
def _read_gre_in_udp(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int, int]:
    """Read the GRE header behind a UDP header (RFC 8086)."""
    encapsulation, network, payload = _read_gre(d, IPV4, offset, frame_end, captured_end, trace)
    if encapsulation == NO_ENCAPSULATION:
        return NO_ENCAPSULATION, NOT_IP, offset
    if encapsulation == CUT_GRE:
        return CUT_UDP_1_4, NOT_IP, offset
    return GRE_UDP, network, payload


@step
def network_number(d: Any, encapsulation: int, payload: int, captured_end: int) -> int:
    """Return the VNI, the VSID or the key of a tunnel, given where its UDP or GRE header starts."""
    if not is_tunnel(encapsulation) or encapsulation == IPIP:
        return np.int64(NO_NETWORK_NUMBER)
    has_vni = encapsulation == VXLAN or encapsulation == VXLAN_GPE or encapsulation == GENEVE
    if has_vni:
        return be32(d, payload + ip.UDP_LEN + tun.NETWORK_NUMBER_OFFSET) >> 8
    gre = payload + ip.UDP_LEN if encapsulation == GRE_UDP else payload
    flags = be16(d, gre)
    if not flags & tun.GRE_KEY:
        return np.int64(NO_NETWORK_NUMBER)
    key = gre + (8 if flags & tun.GRE_CHECKSUM else 4)
    if key + 4 > captured_end:
        return np.int64(NO_NETWORK_NUMBER)
    number = be32(d, key)
    return number >> 8 if encapsulation == NVGRE else number
