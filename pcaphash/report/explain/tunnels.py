"""What makes a packet a tunnel or none, in words."""

from pcaphash.device.device import Device
from pcaphash.report.explain.internet import internet_words, payload_words
from pcaphash.report.explain.links import NETWORKS, cut_words
from pcaphash.standards import tunnel as tun
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Dissection, Encapsulation
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.steps import Layer, StopReason, TraceStep

UDP_SOURCE = "RFC 768"
GRE_SOURCE = "RFC 2784 section 2.1"
GRE_UDP_SOURCE = "RFC 8086 section 3.1"
IPIP_SOURCE = "RFC 2003"
SOURCES = {
    Layer.VXLAN: "RFC 7348 section 5",
    Layer.VXLAN_GPE: "draft-ietf-nvo3-vxlan-gpe-12 section 3",
    Layer.GENEVE: "RFC 8926 section 3.4",
    Layer.GRE: GRE_SOURCE,
    Layer.IPIP: IPIP_SOURCE,
}
NAMES = {
    Encapsulation.GRE_2784: "GRE (RFC 2784)",
    Encapsulation.GRE_2890: "GRE with key or sequence number (RFC 2890)",
    Encapsulation.GRE_7676: "GRE over or with IPv6 (RFC 7676)",
    Encapsulation.GRE_UDP: "GRE in UDP",
    Encapsulation.VXLAN: "VXLAN",
    Encapsulation.VXLAN_GPE: "VXLAN-GPE",
    Encapsulation.GENEVE: "GENEVE",
    Encapsulation.IPIP: "IPv4 in IPv4",
    Encapsulation.NVGRE: "NVGRE",
}
"""Encapsulations as readers call them."""

_LAYER_NAMES = {Layer.VXLAN: "VXLAN", Layer.VXLAN_GPE: "VXLAN-GPE", Layer.GENEVE: "GENEVE", Layer.GRE: "GRE-in-UDP"}
_IPIP_WORDS = "protocol 4 in an IPv4 header is IPv4 in IPv4"


def tunnel_words(dissection: Dissection, device: Device) -> tuple[str, str]:
    """Say what makes a packet the encapsulation that it is, or none; and where the rule stands."""
    packet, outer = dissection.packet, dissection.outer
    if outer.transport is None:
        return f"the packet carries {payload_words(packet, outer)}", internet_words(packet, outer, device.flavor)[1]
    if outer.udp_ports and not outer.tunnel:
        return _unread_udp_words(packet, outer.udp_ports, device), UDP_SOURCE
    if not outer.tunnel:
        why = f"protocol {names.protocol(outer.transport.value)} is not a tunnel named in a virtio spec"
        return why, "virtio 1.4, Inner Header Hash"
    if outer.tunnel.layer == Layer.IPIP:
        return _IPIP_WORDS, IPIP_SOURCE
    shown = _port_words(outer.udp_ports, outer.tunnel, device) if outer.udp_ports else "protocol 47 is GRE"
    if outer.tunnel.layer == Layer.GRE:
        return _gre_words(dissection, outer.tunnel, shown)
    return _fixed_words(packet, outer.tunnel, shown), SOURCES[outer.tunnel.layer]


def carried_words(dissection: Dissection) -> tuple[str, str]:
    """Say how a tunnel announces an IP header without a link layer, or why none follows."""
    step = dissection.outer.tunnel
    assert step is not None
    if step.layer == Layer.VXLAN_GPE:
        network = dissection.inner.ip if dissection.inner else None
        shown = NETWORKS[network.layer] if network else "neither IP nor Ethernet"
        why = f"the next protocol of VXLAN-GPE is {step.value} ({shown})"
    elif step.layer == Layer.IPIP:
        why = _IPIP_WORDS
    else:
        why = f"the protocol type of {step.layer.name} is {names.ethertype(step.value)}"
    source = tunnel_source(dissection)
    return (f"{why}: neither IP nor Ethernet" if step.reason == StopReason.NOT_IP_TYPE else why), source


def tunnel_source(dissection: Dissection) -> str:
    """Say where the rule stands that makes a packet its tunnel."""
    step = dissection.outer.tunnel
    assert step is not None
    return _GRE_SOURCES.get(dissection.encapsulation, SOURCES[step.layer])


_GRE_SOURCES = {
    Encapsulation.GRE_2890: "RFC 2890 section 2",
    Encapsulation.GRE_7676: "RFC 7676 section 3",
    Encapsulation.NVGRE: "RFC 7637 section 3.2",
    Encapsulation.GRE_UDP: GRE_UDP_SOURCE,
}


def _unread_udp_words(packet: Packet, step: TraceStep, device: Device) -> str:
    """Say why a UDP header leads to no tunnel."""
    if step.reason == StopReason.PACKET_END:
        return f"a UDP header has 8 bytes, and the packet has {step.available} left"
    if step.reason == StopReason.CAPTURED_END:
        place = f"bytes {step.offset} to {step.offset + step.needed - 1}"
        return f"{cut_words(packet)}; the UDP ports, which would tell a tunnel, are at {place}"
    lists = _port_lists(device)
    known = list(lists.items()) if device.profile.tunnel_types else list(lists.items())[:2]
    shown = "; ".join(f"{_LAYER_NAMES[layer]} {', '.join(map(str, ports)) or 'none'}" for layer, ports in known)
    return f"UDP destination port {step.value} is in no list of tunnel ports ({shown})"


def _port_lists(device: Device) -> dict[Layer, tuple[int, ...]]:
    """List a device's tunnel ports; those that only virtio 1.4 knows come last."""
    return {
        Layer.VXLAN: device.vxlan_ports,
        Layer.GENEVE: device.geneve_ports,
        Layer.VXLAN_GPE: device.vxlan_gpe_ports,
        Layer.GRE: device.gre_udp_ports,
    }


def _port_words(ports: TraceStep, tunnel: TraceStep, device: Device) -> str:
    listed = ", ".join(map(str, _port_lists(device)[tunnel.layer]))
    return f"UDP destination port {ports.value} is in the {_LAYER_NAMES[tunnel.layer]} list ({listed})"


def _fixed_words(packet: Packet, step: TraceStep, shown: str) -> str:
    """Say what a VXLAN, VXLAN-GPE or GENEVE header is."""
    name = _LAYER_NAMES[step.layer]
    if step.reason == StopReason.CAPTURED_END:
        place = f"bytes {step.offset} to {step.offset + step.needed - 1}"
        return f"{shown}, but {cut_words(packet)}; the {name} header is at {place}"
    if step.reason == StopReason.PACKET_END and step.length == step.needed:
        return f"{shown}, but a {name} header has {step.length} bytes, and the packet has {step.available} left"
    if step.layer == Layer.GENEVE:
        return _geneve_words(packet, step, shown)
    flags = f"(flags 0x{packet.data[step.offset]:02x} at byte {step.offset})"
    if step.reason == StopReason.NO_INSTANCE_FLAG:
        return f"{shown}, but the I flag is clear {flags}: no tunnel"
    return f"{shown}, and the I flag is set {flags}"


def _geneve_words(packet: Packet, step: TraceStep, shown: str) -> str:
    if step.reason == StopReason.WRONG_VERSION:
        version = packet.data[step.offset] >> 6
        return f"{shown}, but byte {step.offset} has GENEVE version {version}, not 0: no tunnel"
    if step.reason == StopReason.PACKET_END:
        options, left = step.length - tun.GENEVE_LEN, step.available - tun.GENEVE_LEN
        announced = f"the header announces {options} bytes of options"
        return f"{shown}, but {announced}, and the packet has {left} left: no tunnel"
    return f"{shown}, and the GENEVE header at byte {step.offset} has version 0"


def _gre_words(dissection: Dissection, step: TraceStep, shown: str) -> tuple[str, str]:
    packet = dissection.packet
    if step.reason == StopReason.PACKET_END and step.length == step.needed:
        return f"{shown}, but its header has 4 bytes, and the packet has {step.available} left", GRE_SOURCE
    if step.reason == StopReason.CAPTURED_END:
        place = f"bytes {step.offset} to {step.offset + step.needed - 1}"
        return f"{shown}, but {cut_words(packet)}; its header is at {place}", GRE_SOURCE
    flaw = _gre_flaw(packet, step)
    if flaw:
        return f"{shown}, but its header at byte {step.offset} has {flaw}: no tunnel", GRE_SOURCE
    what = _gre_fields(packet, step, dissection.encapsulation)
    return f"{shown}, version 0; its header at byte {step.offset} has {what}", tunnel_source(dissection)


def _gre_flaw(packet: Packet, step: TraceStep) -> str:
    """Say what keeps a GRE header from being a tunnel; empty if nothing does."""
    if step.reason == StopReason.WRONG_VERSION:
        return f"version {packet.number(step.offset, 2) & tun.GRE_VERSION_MASK}, not 0"
    if step.reason == StopReason.ROUTING_FLAG:
        return "the routing bit of RFC 1701 set"
    if step.reason == StopReason.PACKET_END:
        return f"{step.length} bytes with its optional fields, and the packet has {step.available} left"
    return ""


def _gre_fields(packet: Packet, step: TraceStep, encapsulation: Encapsulation) -> str:
    """Say which optional fields a GRE header has, as far as they tell the tunnel type."""
    if encapsulation == Encapsulation.NVGRE:
        return "only a key and carries Ethernet: NVGRE"
    flags = packet.number(step.offset, 2)
    fields = ["key"] * bool(flags & tun.GRE_KEY) + ["sequence number"] * bool(flags & tun.GRE_SEQUENCE)
    if fields:
        return f"a {names.listed(fields)}"
    is_ipv6 = encapsulation == Encapsulation.GRE_7676
    return "neither key nor sequence number" + (", and IPv6 outside or inside" if is_ipv6 else "")
