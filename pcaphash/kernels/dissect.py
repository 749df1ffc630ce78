"""Dissect one packet: outer header, encapsulation, inner header, and the signature that sums all of it up.

The signature decides which candidate hash a configuration picks, and what is reported when it picks none; nothing else
about a packet matters for that. One level of encapsulation is looked through: the inner packet is an ordinary packet.
"""

from typing import Any

from pcaphash.kernels.base import step
from pcaphash.kernels.corundum import network_behind_ethernet_as_corundum
from pcaphash.kernels.departures import AS_CORUNDUM, AS_EBPF, AS_QEMU, AS_VPP, SECOND_LEVEL, TAGS_AS_QEMU, has
from pcaphash.kernels.ebpf import network_behind_ethernet_as_ebpf
from pcaphash.kernels.header import N_KINDS, read_header
from pcaphash.kernels.link import NETWORK_ETHERNET, network_behind_ethernet, network_behind_link
from pcaphash.kernels.qemu import network_behind_ethernet_as_qemu
from pcaphash.kernels.toeplitz import no_product
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
) -> tuple[int, int, int, int, int, int, Any, Any, int, int, int, int, int, Any, Any]:
    """Dissect one packet, and note the steps in ``trace`` where that is not None.

    Returns
    -------
    encapsulation : int
        What the packet is (kernels.tunnel).
    outer, outer_ip, outer_source, outer_destination, outer_ports : int
        Kind of the outer header, where its IP header starts, where the addresses stand that its extended types hash,
        and where its ports stand.
    outer_addresses_sum, outer_ports_sum : integers of ``toeplitz.product``
        Contributions of its plain addresses and of its ports.
    inner, inner_ip, inner_source, inner_destination, inner_ports, inner_addresses_sum, inner_ports_sum
        The same of the inner header; all 0 where the packet is not a tunnel.
    """
    network, outer_ip = _network_behind_link(d, offset, frame_end, captured_end, link_type, departures, trace)
    outer, ip_kind, protocol, payload, source, destination, addresses, ports = read_header(
        d, network, outer_ip, frame_end, captured_end, key, departures, trace
    )
    encapsulation, network, inner_ip = read_encapsulation(
        d, ip_kind, protocol, payload, frame_end, captured_end, port_types, departures, trace
    )
    if not is_tunnel(encapsulation):
        nothing = no_product()
        return (
            encapsulation, outer, outer_ip, source, destination, payload, addresses, ports,
            0, 0, 0, 0, 0, nothing, nothing,
        )  # fmt: skip
    go_inside(trace)
    if network == NETWORK_ETHERNET:
        network, inner_ip = network_behind_ethernet(d, inner_ip, frame_end, captured_end, departures, trace)
    inner, ip_kind, protocol, inner_payload, inner_source, inner_destination, inner_addresses, inner_ports = (
        read_header(d, network, inner_ip, frame_end, captured_end, key, departures, trace)
    )
    if has(departures, SECOND_LEVEL):
        second, network, second_ip = read_encapsulation(
            d, ip_kind, protocol, inner_payload, frame_end, captured_end, port_types, departures, trace
        )
        if is_tunnel(second):
            go_inside(trace)
            inner_ip = second_ip
            if network == NETWORK_ETHERNET:
                network, inner_ip = network_behind_ethernet(d, inner_ip, frame_end, captured_end, departures, trace)
            inner, _, _, inner_payload, inner_source, inner_destination, inner_addresses, inner_ports = read_header(
                d, network, inner_ip, frame_end, captured_end, key, departures, trace
            )
    return (
        encapsulation, outer, outer_ip, source, destination, payload, addresses, ports,
        inner, inner_ip, inner_source, inner_destination, inner_payload, inner_addresses, inner_ports,
    )  # fmt: skip
