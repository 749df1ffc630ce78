"""Read headers as Corundum does, an open source NIC, where that differs from what the texts say.

Seen in its source, ``fpga/common/rtl/rx_hash.v``, and confirmed by simulating it: only the EtherType behind the MAC
addresses counts, so that what has a VLAN tag is not IP, and IPv6 is not hashed; of an IPv4 header neither the version
nor the fragment field is looked at, so that whatever stands in the place of ports is hashed of every fragment; with
options, or a header length below 20, there are no ports.
"""

from typing import Any

import numpy as np

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, rare_step
from pcaphash.kernels.ip import IPV4, NO_PROTOCOL, OF_FRAGMENT
from pcaphash.kernels.link import (
    FOUND,
    NETWORK_IPV4,
    NETWORK_IPV6,
    NOT_IP,
    find_header,
    network_named,
    read_ethernet,
)
from pcaphash.kernels.trace import PACKET_END, VALUE, amend, note, stop
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

_PORTS_LEN = 4
_USUAL_LENGTH = 5  # of an IPv4 header, in units of 4 bytes


@rare_step
def network_behind_ethernet_as_corundum(
    d: Any, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int]:
    """Name the network layer by the only EtherType that is looked at."""
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    payload = offset + eth.ETHERNET_LEN
    network = network_named(ethertype)
    if network == NOT_IP:
        stop(trace, traces.NOT_IP_TYPE, 0)
    return network, payload


@rare_step
def read_ip_as_corundum(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, int, int]:
    """Read an IP header; returns what ``ip.read_ip`` returns."""
    if network == NETWORK_IPV6:
        note(trace, traces.IPV6, offset, ip.IPV6_LEN, 0)
        stop(trace, traces.NOT_READ, 0)
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    if network != NETWORK_IPV4:
        return network, NO_PROTOCOL, offset, 0, 0
    found = find_header(traces.IPV4, offset, ip.IPV4_LEN, frame_end, captured_end, trace)
    if found != FOUND:
        return found, NO_PROTOCOL, offset, 0, 0
    protocol, payload = np.int64(d[offset + 9]), offset + ip.IPV4_LEN
    amend(trace, VALUE, protocol)
    if d[offset] & 15 != _USUAL_LENGTH:
        stop(trace, traces.OPTIONS, 0)
        return IPV4, NO_PROTOCOL, payload, 0, 0
    if (protocol == ip.TCP or protocol == ip.UDP) and payload + _PORTS_LEN > frame_end:
        note(trace, traces.TRANSPORT, payload, _PORTS_LEN, _PORTS_LEN)
        amend(trace, VALUE, protocol)
        stop(trace, PACKET_END, frame_end)
        return NOT_IP, NO_PROTOCOL, payload, 0, 0
    if be16(d, offset + 6) & ip.IPV4_FRAGMENT_MASK:
        protocol += OF_FRAGMENT
    return IPV4, protocol, payload, 0, 0
