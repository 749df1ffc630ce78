"""The encapsulation: what makes a packet a tunnel or none, and where its inner packet starts."""

from collections.abc import Callable
from dataclasses import dataclass

from pcaphash.device.device import Device
from pcaphash.kernels import tunnel as kernel
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun
from pcaphash.studies.explain import names
from pcaphash.studies.explain.internet import Internet, Place
from pcaphash.studies.explain.links import IPV4, IPV6, NEITHER
from pcaphash.studies.explain.packet import FieldForm, Packet, agree, decimal, hexadecimal
from pcaphash.studies.explain.result import Header

IN_ETHERNET = "Ethernet"

UDP_SOURCE = "RFC 768"
GRE_SOURCE = "RFC 2784 section 2.1"
KEY_SOURCE = "RFC 2890 section 2"
VXLAN_SOURCE = "RFC 7348 section 5"
GPE_SOURCE = "draft-ietf-nvo3-vxlan-gpe-12 section 3"
GENEVE_SOURCE = "RFC 8926 section 3.4"
GRE_UDP_SOURCE = "RFC 8086 section 3.1"
IPIP_SOURCE = "RFC 2003"

NAMES = {
    kernel.GRE_2784: "GRE (RFC 2784)",
    kernel.GRE_2890: "GRE with key or sequence number (RFC 2890)",
    kernel.GRE_7676: "GRE over or with IPv6 (RFC 7676)",
    kernel.GRE_UDP: "GRE in UDP",
    kernel.VXLAN: "VXLAN",
    kernel.VXLAN_GPE: "VXLAN-GPE",
    kernel.GENEVE: "GENEVE",
    kernel.IPIP: "IPv4 in IPv4",
    kernel.NVGRE: "NVGRE",
}
"""Encapsulations (``kernels.tunnel``) as readers call them."""

_INNER_OF_PROTOCOL = {
    tun.PROTOCOL_ETHERNET: IN_ETHERNET,
    eth.ETHERTYPE_IPV4: IPV4,
    eth.ETHERTYPE_IPV6: IPV6,
}
_INNER_OF_NEXT_PROTOCOL = {
    tun.NEXT_PROTOCOL_IPV4: IPV4,
    tun.NEXT_PROTOCOL_IPV6: IPV6,
    tun.NEXT_PROTOCOL_ETHERNET: IN_ETHERNET,
}
_NO = kernel.NO_ENCAPSULATION


@dataclass(frozen=True)
class Tunnel:
    """What the payload of the outer IP header is.

    Parameters
    ----------
    encapsulation : int
        As ``kernels.tunnel`` numbers it.
    why, source : str
        What makes it that, and where the rule stands.
    headers : tuple of Header
        Its headers behind UDP's.
    inner : int
        Where the inner packet starts.
    inner_network : str
        What it starts with: ``Ethernet``, ``IPv4``, ``IPv6``, or nothing of these.
    inner_why : str
        What says so.
    """

    encapsulation: int
    why: str
    source: str
    headers: tuple[Header, ...] = ()
    inner: int = 0
    inner_network: str = NEITHER
    inner_why: str = ""

    @property
    def is_tunnel(self) -> bool:
        """Whether there is an inner packet."""
        return self.encapsulation in kernel.TUNNELS


def read_tunnel(packet: Packet, place: Place, internet: Internet, device: Device, encapsulation: int) -> Tunnel:
    """Read the encapsulation, and hold it to what the kernels found."""
    if internet.trouble:
        tunnel = Tunnel(_NO, "", "")
    elif internet.protocol is None:
        tunnel = Tunnel(_NO, f"the packet carries {internet.payload_text}", internet.source)
    elif internet.protocol == ip.UDP:
        tunnel = _read_udp(packet, place.payload, device)
    elif internet.protocol == ip.GRE:
        tunnel = _read_gre(packet, place.payload, place.is_ipv4, "protocol 47 is GRE")
    elif internet.protocol == ip.IPIP and place.is_ipv4:
        why = "protocol 4 in an IPv4 header is IPv4 in IPv4"
        tunnel = Tunnel(kernel.IPIP, why, IPIP_SOURCE, (), place.payload, IPV4, why)
    else:
        why = f"protocol {names.protocol(internet.protocol)} is not a tunnel named in a virtio spec"
        tunnel = Tunnel(_NO, why, "virtio 1.4, Inner Header Hash")
    agree("the encapsulation", tunnel.encapsulation, encapsulation)
    return tunnel


def _read_udp(packet: Packet, offset: int, device: Device) -> Tunnel:
    """Recognize a UDP tunnel by its destination port."""
    if not packet.fits(offset, ip.UDP_LEN):
        left = max(packet.length - offset, 0)
        return Tunnel(_NO, f"a UDP header has 8 bytes, and the packet has {left} left", UDP_SOURCE)
    if not packet.has(offset, 4):
        why = f"{packet.cut}; the UDP ports, which would tell a tunnel, are at bytes {offset} to {offset + 3}"
        return Tunnel(kernel.CUT_UDP, why, UDP_SOURCE)
    port = packet.number(offset + 2, 2)
    lists: list[tuple[str, tuple[int, ...], Callable[[Packet, int, str], Tunnel]]] = [
        ("VXLAN", device.vxlan_ports, _read_vxlan),
        ("GENEVE", device.geneve_ports, _read_geneve),
        ("VXLAN-GPE", device.vxlan_gpe_ports, _read_vxlan_gpe),
        ("GRE-in-UDP", device.gre_udp_ports, _read_gre_in_udp),
    ]
    for name, ports, read in lists:
        if port in ports:
            shown = f"UDP destination port {port} is in the {name} list ({', '.join(map(str, ports))})"
            return read(packet, offset + ip.UDP_LEN, shown)
    known = lists if device.profile.tunnel_types else lists[:2]
    shown = "; ".join(f"{name} {', '.join(map(str, ports)) or 'none'}" for name, ports, _ in known)
    return Tunnel(_NO, f"UDP destination port {port} is in no list of tunnel ports ({shown})", UDP_SOURCE)


def _read_fixed(
    packet: Packet, offset: int, name: str, shown: str, cut: int, source: str, forms: list[FieldForm]
) -> tuple[Header, Tunnel | None]:
    """Cut out a tunnel header of 8 bytes; where it cannot be read, say why there is no tunnel, or none known."""
    header = packet.header(name, "outer", offset, tun.VXLAN_LEN, forms)
    if not packet.fits(offset, tun.VXLAN_LEN):
        left = max(packet.length - offset, 0)
        why = f"{shown}, but a {name} header has 8 bytes, and the packet has {left} left"
        return header, Tunnel(_NO, why, source)
    if not packet.has(offset, tun.VXLAN_LEN):
        why = f"{shown}, but {packet.cut}; the {name} header is at bytes {offset} to {offset + 7}"
        return header, Tunnel(cut, why, source, (header,))
    return header, None


def _read_vxlan(packet: Packet, offset: int, shown: str) -> Tunnel:
    forms: list[FieldForm] = [("flags", 0, 1, hexadecimal), ("VNI", tun.NETWORK_NUMBER_OFFSET, 3, decimal)]
    header, unread = _read_fixed(packet, offset, "VXLAN", shown, kernel.CUT_UDP, VXLAN_SOURCE, forms)
    if unread:
        return unread
    flags = packet.data[offset]
    if not flags & tun.VXLAN_INSTANCE:
        why = f"{shown}, but the I flag is clear (flags 0x{flags:02x} at byte {offset}): no tunnel"
        return Tunnel(_NO, why, VXLAN_SOURCE, (header,))
    why = f"{shown}, and the I flag is set (flags 0x{flags:02x} at byte {offset})"
    inner = offset + tun.VXLAN_LEN
    return Tunnel(kernel.VXLAN, why, VXLAN_SOURCE, (header,), inner, IN_ETHERNET, "VXLAN carries Ethernet")


def _read_vxlan_gpe(packet: Packet, offset: int, shown: str) -> Tunnel:
    forms: list[FieldForm] = [
        ("flags", 0, 1, hexadecimal),
        ("next protocol", tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET, 1, decimal),
        ("VNI", tun.NETWORK_NUMBER_OFFSET, 3, decimal),
    ]
    header, unread = _read_fixed(packet, offset, "VXLAN-GPE", shown, kernel.CUT_UDP_1_4, GPE_SOURCE, forms)
    if unread:
        return unread
    flags, next_protocol = packet.data[offset], packet.data[offset + tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET]
    if not flags & tun.VXLAN_INSTANCE:
        why = f"{shown}, but the I flag is clear (flags 0x{flags:02x} at byte {offset}): no tunnel"
        return Tunnel(_NO, why, GPE_SOURCE, (header,))
    network, inner_why = IN_ETHERNET, "the P flag of VXLAN-GPE is clear: it carries Ethernet"
    if flags & tun.VXLAN_GPE_NEXT_PROTOCOL:
        network = _INNER_OF_NEXT_PROTOCOL.get(next_protocol, NEITHER)
        inner_why = f"the next protocol of VXLAN-GPE is {next_protocol} ({network or 'neither IP nor Ethernet'})"
    why = f"{shown}, and the I flag is set (flags 0x{flags:02x} at byte {offset})"
    inner = offset + tun.VXLAN_LEN
    return Tunnel(kernel.VXLAN_GPE, why, GPE_SOURCE, (header,), inner, network, inner_why)


def _read_geneve(packet: Packet, offset: int, shown: str) -> Tunnel:
    forms: list[FieldForm] = [
        ("version, options", 0, 1, lambda data: f"{data[0] >> 6}, {4 * (data[0] & 63)} bytes of options"),
        ("protocol", tun.GENEVE_PROTOCOL_OFFSET, 2, _show_protocol_type),
        ("VNI", tun.NETWORK_NUMBER_OFFSET, 3, decimal),
    ]
    header, unread = _read_fixed(packet, offset, "GENEVE", shown, kernel.CUT_UDP, GENEVE_SOURCE, forms)
    if unread:
        return unread
    version = packet.data[offset] >> 6
    options = 4 * (packet.data[offset] & tun.GENEVE_OPTION_LENGTH_MASK)
    length = tun.GENEVE_LEN + options
    headers: tuple[Header, ...] = (header,)
    if options:
        headers += (_geneve_options(packet, offset + tun.GENEVE_LEN, options),)
    if version:
        why = f"{shown}, but byte {offset} has GENEVE version {version}, not 0: no tunnel"
        return Tunnel(_NO, why, GENEVE_SOURCE, (header,))
    if not packet.fits(offset, length):
        left = packet.length - offset - tun.GENEVE_LEN
        why = f"{shown}, but the header announces {options} bytes of options, and the packet has {left} left: no tunnel"
        return Tunnel(_NO, why, GENEVE_SOURCE, headers)
    protocol = packet.number(offset + tun.GENEVE_PROTOCOL_OFFSET, 2)
    why = f"{shown}, and the GENEVE header at byte {offset} has version 0"
    inner_why = f"the protocol type of GENEVE is {names.ethertype(protocol)}"
    network = _INNER_OF_PROTOCOL.get(protocol, NEITHER)
    return Tunnel(kernel.GENEVE, why, GENEVE_SOURCE, headers, offset + length, network, inner_why)


def _geneve_options(packet: Packet, offset: int, length: int) -> Header:
    """List the options of a GENEVE header (RFC 8926 section 3.5)."""
    forms: list[FieldForm] = []
    at = 0
    while at + 4 <= length and packet.has(offset + at, 4):
        option_class, option_type = packet.number(offset + at, 2), packet.data[offset + at + 2]
        option_len = 4 + 4 * (packet.data[offset + at + 3] & 31)
        name = f"0x{option_class:04x} 0x{option_type:02x}"
        forms.append((name, at, min(option_len, length - at), _show_geneve_option))
        at += option_len
    return packet.header("GENEVE options", "outer", offset, length, forms)


def _read_gre_in_udp(packet: Packet, offset: int, shown: str) -> Tunnel:
    gre = _read_gre(packet, offset, True, shown)
    if gre.is_tunnel:
        return Tunnel(kernel.GRE_UDP, gre.why, GRE_UDP_SOURCE, gre.headers, gre.inner, gre.inner_network, gre.inner_why)
    encapsulation = kernel.CUT_UDP_1_4 if gre.encapsulation == kernel.CUT_GRE else _NO
    return Tunnel(encapsulation, gre.why, gre.source, gre.headers)


def _read_gre(packet: Packet, offset: int, is_ipv4: bool, shown: str) -> Tunnel:
    if not packet.fits(offset, tun.GRE_LEN):
        left = max(packet.length - offset, 0)
        return Tunnel(_NO, f"{shown}, but its header has 4 bytes, and the packet has {left} left", GRE_SOURCE)
    if not packet.has(offset, tun.GRE_LEN):
        header = packet.header("GRE", "outer", offset, tun.GRE_LEN)
        why = f"{shown}, but {packet.cut}; its header is at bytes {offset} to {offset + 3}"
        return Tunnel(kernel.CUT_GRE, why, GRE_SOURCE, (header,))
    flags, protocol = packet.number(offset, 2), packet.number(offset + 2, 2)
    header = _gre_header(packet, offset, flags)
    flaw = _gre_flaw(packet, offset, flags, header.length)
    if flaw:
        return Tunnel(_NO, f"{shown}, but its header at byte {offset} has {flaw}: no tunnel", GRE_SOURCE, (header,))
    has_key, has_sequence = bool(flags & tun.GRE_KEY), bool(flags & tun.GRE_SEQUENCE)
    is_ipv6 = not is_ipv4 or protocol == eth.ETHERTYPE_IPV6
    options = flags & (tun.GRE_CHECKSUM | tun.GRE_KEY | tun.GRE_SEQUENCE)
    if options == tun.GRE_KEY and protocol == tun.PROTOCOL_ETHERNET:
        found, what, source = kernel.NVGRE, "only a key and carries Ethernet: NVGRE", "RFC 7637 section 3.2"
    elif has_key or has_sequence:
        what = f"a {names.listed(['key'] * has_key + ['sequence number'] * has_sequence)}"
        found, source = kernel.GRE_2890, KEY_SOURCE
    elif is_ipv6:
        what = "neither key nor sequence number, and IPv6 outside or inside"
        found, source = kernel.GRE_7676, "RFC 7676 section 3"
    else:
        found, what, source = kernel.GRE_2784, "neither key nor sequence number", GRE_SOURCE
    why = f"{shown}, version 0; its header at byte {offset} has {what}"
    inner_why = f"the protocol type of GRE is {names.ethertype(protocol)}"
    network = _INNER_OF_PROTOCOL.get(protocol, NEITHER)
    return Tunnel(found, why, source, (header,), offset + header.length, network, inner_why)


def _gre_flaw(packet: Packet, offset: int, flags: int, length: int) -> str:
    """Say what keeps a GRE header from being a tunnel; empty where nothing does."""
    if flags & tun.GRE_VERSION_MASK:
        return f"version {flags & tun.GRE_VERSION_MASK}, not 0"
    if flags & tun.GRE_ROUTING:
        return "the routing bit of RFC 1701 set"
    if not packet.fits(offset, length):
        return f"{length} bytes with its optional fields, and the packet has {packet.length - offset} left"
    return ""


def _gre_header(packet: Packet, offset: int, flags: int) -> Header:
    forms: list[FieldForm] = [
        ("flags, version", 0, 2, _show_gre_flags),
        ("protocol type", 2, 2, _show_protocol_type),
    ]
    length = tun.GRE_LEN
    optional = (
        (tun.GRE_CHECKSUM, "checksum", hexadecimal),
        (tun.GRE_KEY, "key", hexadecimal),
        (tun.GRE_SEQUENCE, "sequence number", decimal),
    )
    for bit, name, show in optional:
        if flags & bit:
            forms.append((name, length, 2 if bit == tun.GRE_CHECKSUM else 4, show))
            length += 4
    return packet.header("GRE", "outer", offset, length, forms)


def _show_gre_flags(data: bytes) -> str:
    flags = int.from_bytes(data, "big")
    bits = (
        (tun.GRE_CHECKSUM, "C"), (tun.GRE_ROUTING, "R"), (tun.GRE_KEY, "K"), (tun.GRE_SEQUENCE, "S"),
    )  # fmt: skip
    letters = " ".join(letter for bit, letter in bits if flags & bit)
    return f"0x{flags:04x} ({letters or 'none'}), version {flags & tun.GRE_VERSION_MASK}"


def _show_protocol_type(data: bytes) -> str:
    return names.ethertype(int.from_bytes(data, "big"))


def _show_geneve_option(data: bytes) -> str:
    return f"{len(data)} bytes: 0x{data[4:].hex()}" if len(data) > 4 else "4 bytes, empty"
