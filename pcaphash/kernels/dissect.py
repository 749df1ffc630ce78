"""Dissect one packet: outer header, encapsulation, inner header, and the signature that sums all of it up.

The signature decides which candidate hash a configuration picks, and what is reported when it picks none; nothing else
about a packet matters for that. One level of encapsulation is looked through: the inner packet is an ordinary packet.
"""

from typing import Any

from pcaphash.kernels.base import step
from pcaphash.kernels.corundum import network_behind_ethernet_as_corundum
from pcaphash.kernels.departures import (
    AS_CORUNDUM,
    AS_EBPF,
    AS_QEMU,
    AS_VPP,
    INNER_AS_EBPF,
    SECOND_LEVEL,
    TAGS_AS_QEMU,
    has,
)
from pcaphash.kernels.ebpf import network_behind_ethernet_as_ebpf, network_inside_as_ebpf
from pcaphash.kernels.header import N_KINDS, Header, no_header, read_header
from pcaphash.kernels.link import NETWORK_ETHERNET, network_behind_ethernet, network_behind_link
from pcaphash.kernels.qemu import network_behind_ethernet_as_qemu
from pcaphash.kernels.trace import go_inside
from pcaphash.kernels.tunnel import N_ENCAPSULATIONS, is_tunnel, read_encapsulation
from pcaphash.kernels.vpp import network_behind_ethernet_as_vpp
from pcaphash.standards.ethernet import ETHERNET

N_SIGNATURES = N_KINDS * N_ENCAPSULATIONS * N_KINDS


@step
def signature_of(outer: int, encapsulation: int, inner: int) -> int:
    """Return the number of a combination of outer kind, encapsulation and inner kind."""
    return (outer * N_ENCAPSULATIONS + encapsulation) * N_KINDS + inner


def split_signature(signature: int) -> tuple[int, int, int]:
    """Return the outer kind, the encapsulation and the inner kind that a signature numbers."""
    rest, inner = divmod(signature, N_KINDS)
    outer, encapsulation = divmod(rest, N_ENCAPSULATIONS)
    return outer, encapsulation, inner


@step
def _network_behind_link(
    d: Any, offset: int, frame_end: int, captured_end: int, link_type: int, departures: Any, trace: Any
) -> tuple[int, int]:
    if departures is not None:
        if departures & (AS_QEMU | TAGS_AS_QEMU) and link_type == ETHERNET:
            return network_behind_ethernet_as_qemu(d, offset, frame_end, captured_end, trace)
        if departures & AS_EBPF and link_type == ETHERNET:
            return network_behind_ethernet_as_ebpf(d, offset, frame_end, captured_end, trace)
        if departures & AS_CORUNDUM and link_type == ETHERNET:
            return network_behind_ethernet_as_corundum(d, offset, frame_end, captured_end, trace)
        if departures & AS_VPP and link_type == ETHERNET:
            return network_behind_ethernet_as_vpp(d, offset, frame_end, captured_end, trace)
    return network_behind_link(d, offset, frame_end, captured_end, link_type, departures, trace)


@step
def _network_inside(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int]:
    """Name the network layer of what is in a tunnel, and where it starts, given what the tunnel says it carries."""
    if network != NETWORK_ETHERNET:
        return network, offset
    if has(departures, INNER_AS_EBPF):
        return network_inside_as_ebpf(d, offset, frame_end, captured_end, trace)
    return network_behind_ethernet(d, offset, frame_end, captured_end, departures, trace)


@step
def _departures_inside(departures: Any) -> Any:
    """Return where a device departs from the texts in what is in a tunnel."""
    if departures is not None:
        return departures | AS_EBPF if departures & INNER_AS_EBPF else departures
    return departures


@step
def dissect(
    d: Any,
    offset: int,
    frame_end: int,
    captured_end: int,
    link_type: int,
    port_types: Any,
    key: Any,
    departures: Any,
    trace: Any,
) -> tuple[int, Header, Header]:
    """Dissect one packet, and note the steps in ``trace`` where that is not None.

    Returns
    -------
    encapsulation : int
        What the packet is (kernels.tunnel).
    outer, inner : Header
        Its outer and its inner header; ``no_header()`` where the packet is not a tunnel.
    """
    network, ip_header = _network_behind_link(d, offset, frame_end, captured_end, link_type, departures, trace)
    outer, ip_kind, protocol = read_header(d, network, ip_header, frame_end, captured_end, key, departures, trace)
    encapsulation, network, ip_header = read_encapsulation(
        d, ip_kind, protocol, outer.payload, frame_end, captured_end, port_types, departures, trace
    )
    if not is_tunnel(encapsulation):
        return encapsulation, outer, no_header()
    go_inside(trace)
    network, ip_header = _network_inside(d, network, ip_header, frame_end, captured_end, departures, trace)
    inner, ip_kind, protocol = read_header(
        d, network, ip_header, frame_end, captured_end, key, _departures_inside(departures), trace
    )
    if has(departures, SECOND_LEVEL):
        second, network, ip_header = read_encapsulation(
            d, ip_kind, protocol, inner.payload, frame_end, captured_end, port_types, departures, trace
        )
        if is_tunnel(second):
            go_inside(trace)
            network, ip_header = _network_inside(d, network, ip_header, frame_end, captured_end, departures, trace)
            inner, _, _ = read_header(d, network, ip_header, frame_end, captured_end, key, departures, trace)
    return encapsulation, outer, inner
