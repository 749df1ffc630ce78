"""Read headers as VPP's soft-rss plugin does, where that differs from what the texts say.

Seen in its source (``src/plugins/soft-rss/main.c``, ``node.c``): the first EtherType alone says how many tags are
stepped over, one for 0x8100, two for 0x88a8 and 0x9100, three for 0x9200; IPv4 with options and fragments have no hash;
of IPv6 the next header of the IPv6 header itself has to be TCP or UDP for ports to be hashed.
"""

from typing import Any

import numpy as np

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, rare_step, step
from pcaphash.kernels.ip import IPV4, IPV6, NO_PROTOCOL
from pcaphash.kernels.link import (
    FOUND,
    NETWORK_IPV4,
    NETWORK_IPV6,
    NOT_IP,
    find_header,
    network_named,
    read_ethernet,
    read_tag,
)
from pcaphash.kernels.trace import LENGTH, PACKET_END, VALUE, amend, note, stop
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

_PORTS_LEN = 4


@step
def _tags_of(ethertype: int) -> int:
    """Return how many tags are stepped over, by the first EtherType."""
    if ethertype == eth.ETHERTYPE_VLAN:
        return 1
    if ethertype == eth.ETHERTYPE_SERVICE_VLAN or ethertype == eth.ETHERTYPE_OLD_SERVICE_VLAN:
        return 2
    return 3 if ethertype == eth.ETHERTYPE_OLD_TRIPLE_VLAN else 0


@rare_step
def network_behind_ethernet_as_vpp(
    d: Any, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int]:
    """Name the network layer by the EtherType behind as many tags as the first one asks for."""
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    payload = offset + eth.ETHERNET_LEN
    for _ in range(_tags_of(ethertype)):
        found, ethertype = read_tag(d, payload, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
        payload += eth.VLAN_TAG_LEN
    network = network_named(ethertype)
    if network == NOT_IP:
        stop(trace, traces.NOT_IP_TYPE, 0)
    return network, payload


@rare_step
def read_ip_as_vpp(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, int, int]:
    """Read an IP header; returns what ``ip.read_ip`` returns."""
    if network != NETWORK_IPV4 and network != NETWORK_IPV6:
        return network, NO_PROTOCOL, offset, 0, 0
    is_ipv4 = network == NETWORK_IPV4
    header_len = ip.IPV4_LEN if is_ipv4 else ip.IPV6_LEN
    layer = traces.IPV4 if is_ipv4 else traces.IPV6
    found = find_header(layer, offset, header_len, frame_end, captured_end, trace)
    if found != FOUND:
        return found, NO_PROTOCOL, offset, 0, 0
    protocol, payload = np.int64(d[offset + 9] if is_ipv4 else d[offset + 6]), offset + header_len
    amend(trace, VALUE, protocol)
    if np.int64(d[offset]) >> 4 != (4 if is_ipv4 else 6):
        stop(trace, traces.WRONG_VERSION, 0)
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    if is_ipv4 and not _is_plain(d, offset, trace):
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    if (protocol == ip.TCP or protocol == ip.UDP) and payload + _PORTS_LEN > frame_end:
        note(trace, traces.TRANSPORT, payload, _PORTS_LEN, _PORTS_LEN)
        amend(trace, VALUE, protocol)
        stop(trace, PACKET_END, frame_end)
        return NOT_IP, NO_PROTOCOL, payload, 0, 0
    return IPV4 if is_ipv4 else IPV6, protocol, payload, 0, 0


@step
def _is_plain(d: Any, offset: int, trace: Any) -> bool:
    """Tell whether an IPv4 header has no options and is not that of a fragment."""
    length = (np.int64(d[offset]) & 15) << 2
    if length != ip.IPV4_LEN:
        amend(trace, LENGTH, length)
        stop(trace, traces.SHORT_LENGTH if length < ip.IPV4_LEN else traces.OPTIONS, 0)
        return False
    if be16(d, offset + 6) & ip.IPV4_FRAGMENT_MASK:
        stop(trace, traces.FRAGMENT, 0)
        return False
    return True
