"""Headers of packets, one template for each kind of flow: all bytes that its packets share, and where the others go."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import product

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.synth_frames import FIRST_FRAGMENT, LATER_FRAGMENT, NOT_A_FRAGMENT, TEMPLATE
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip, tunnel

ENCAPSULATIONS = ("NONE", "GRE", "GRE_2890", "GRE_UDP", "VXLAN", "VXLAN_GPE", "GENEVE", "IPIP", "NVGRE")
"""What can be around a packet: virtio 1.4's types. GRE is GRE_2784, or GRE_7676 where IPv6 is inside or outside."""

UDP_PORTS = {"GRE_UDP": 4754, "VXLAN": 4789, "VXLAN_GPE": 4790, "GENEVE": 6081}
"""Destination ports of the tunnels in UDP: RFC 8086, RFC 7348, draft-ietf-nvo3-vxlan-gpe-12, RFC 8926."""

WITH_NUMBERS = ("GRE_2890", "NVGRE", "VXLAN", "VXLAN_GPE", "GENEVE")
"""Encapsulations that have a VNI, a VSID or a key."""

_MACS = bytes.fromhex("020000000001 020000000002")
_INNER_MACS = bytes.fromhex("02000000000a 02000000000b")
# Addresses for documentation, benchmarks, private networks (RFC 5737, RFC 2544, RFC 1918, RFC 3849, RFC 4193). The
# kernel writes the numbers of endpoints, clients and servers over their ends.
_OUTER = {4: ("198.18.0.0", "198.51.100.10"), 6: ("2001:db8:e::", "2001:db8:100::10")}
_INNER = {4: ("10.0.0.0", "172.16.0.0"), 6: ("fd00::", "fd10::")}
_HOP_LIMIT = 64
_DO_NOT_FRAGMENT = 0x4000
_ACKNOWLEDGES, _WINDOW = 0x5010, 1024  # five words of header; ACK
_ETHERTYPES = {4: eth.ETHERTYPE_IPV4, 6: eth.ETHERTYPE_IPV6}
_NEXT_PROTOCOLS = {4: tunnel.NEXT_PROTOCOL_IPV4, 6: tunnel.NEXT_PROTOCOL_IPV6}


@dataclass(frozen=True)
class PacketKind:
    """What packets of a flow look like.

    Parameters
    ----------
    encapsulation : str
        One of ``ENCAPSULATIONS``.
    outer_version, inner_version : int
        4 or 6; without a tunnel, the inner one counts.
    protocol : int
        TCP or UDP.
    has_vlan : bool
        Whether the frame has a VLAN tag.
    fragment : int
        NOT_A_FRAGMENT, FIRST_FRAGMENT or LATER_FRAGMENT: of the innermost IP packet.
    """

    encapsulation: str
    outer_version: int
    inner_version: int
    protocol: int
    has_vlan: bool
    fragment: int

    @property
    def encapsulation_type(self) -> str:
        """What virtio 1.4 takes it for."""
        if self.encapsulation != "GRE":
            return self.encapsulation
        return "GRE_7676" if 6 in (self.outer_version, self.inner_version) else "GRE_2784"


def list_kinds() -> Iterator[PacketKind]:
    """Yield every kind, in the order in which the kernel numbers them."""
    fragments = (NOT_A_FRAGMENT, FIRST_FRAGMENT, LATER_FRAGMENT)
    every = product(ENCAPSULATIONS, (4, 6), (4, 6), (ip.TCP, ip.UDP), (False, True), fragments)
    for encapsulation, outer, inner, protocol, has_vlan, fragment in every:
        versions = (4, 4) if encapsulation == "IPIP" else (outer, inner)  # RFC 2003
        yield PacketKind(encapsulation, *versions, protocol, has_vlan, fragment)


class _Layout:
    """The bytes of a header as they are put one behind the other, and where some of them stand."""

    def __init__(self) -> None:
        self.data = b""
        self.places: dict[str, int] = {}

    def add(self, data: bytes, name: str = "") -> None:
        """Put bytes behind the others, and note where they begin."""
        if name:
            self.places[name] = len(self.data)
        self.data += data

    def place(self, name: str, offset: int = 0) -> int:
        """Return where something stands; -1 if it is not there."""
        return self.places[name] + offset if name in self.places else -1


def make_templates(kinds: list[PacketKind]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.void]]:
    """Return the bytes of the templates one behind the other, and what the kernel knows of each."""
    layouts = [_lay_out(kind) for kind in kinds]
    templates = np.zeros(len(kinds), TEMPLATE)
    start = 0
    for template, kind, layout in zip(templates, kinds, layouts, strict=True):
        template["start"], template["length"] = start, len(layout.data)
        template["outer_version"] = kind.outer_version if "outer" in layout.places else 0
        template["inner_version"], template["protocol"] = kind.inner_version, kind.protocol
        template["fragment"] = kind.fragment
        for name in ("vlan", "outer", "outer_udp", "number", "inner", "transport"):
            template[name] = layout.place(name)
        template["number_shift"] = 0 if kind.encapsulation == "GRE_2890" else 8
        start += len(layout.data)
    return np.frombuffer(b"".join(layout.data for layout in layouts), np.uint8), templates


def _lay_out(kind: PacketKind) -> _Layout:
    layout = _Layout()
    is_tunnel = kind.encapsulation != "NONE"
    first_version = kind.outer_version if is_tunnel else kind.inner_version
    layout.add(_MACS)
    if kind.has_vlan:
        layout.add(struct.pack("!H", eth.ETHERTYPE_VLAN))
        layout.add(bytes(2), "vlan")
    layout.add(struct.pack("!H", _ETHERTYPES[first_version]))
    if is_tunnel:
        _add_tunnel(layout, kind)
    _add_ip(layout, "inner", kind.inner_version, kind.protocol, _INNER, kind)
    if kind.fragment == LATER_FRAGMENT:
        return layout
    if kind.protocol == ip.TCP:
        layout.add(struct.pack("!HHIIHHHH", 0, 0, 0, 1, _ACKNOWLEDGES, _WINDOW, 0, 0), "transport")
    else:
        layout.add(bytes(ip.UDP_LEN), "transport")
    return layout


def _add_ip(
    layout: _Layout,
    name: str,
    version: int,
    protocol: int,
    addresses: dict[int, tuple[str, str]],
    kind: PacketKind | None,
) -> None:
    """Add an IP header, with the extension header of fragments if the packet is one."""
    source, destination = (ip_address(each).packed for each in addresses[version])
    fragment = NOT_A_FRAGMENT if kind is None else kind.fragment
    if version == 4:
        flags = _DO_NOT_FRAGMENT if protocol == ip.TCP else 0
        layout.add(struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, flags, _HOP_LIMIT, protocol, 0), name)
        layout.add(source + destination)
        return
    next_header = ip.FRAGMENT if fragment else protocol
    layout.add(struct.pack("!IHBB", 6 << 28, 0, next_header, _HOP_LIMIT) + source + destination, name)
    if fragment:
        layout.add(struct.pack("!BBHI", protocol, 0, 0, 0))


def _add_tunnel(layout: _Layout, kind: PacketKind) -> None:
    """Add the outer header and that of the tunnel, up to the inner IP header."""
    name, inner_type = kind.encapsulation, _ETHERTYPES[kind.inner_version]
    protocol = ip.UDP if name in UDP_PORTS else ip.IPIP if name == "IPIP" else ip.GRE
    _add_ip(layout, "outer", kind.outer_version, protocol, _OUTER, None)
    if name in UDP_PORTS:
        layout.add(struct.pack("!4H", 0, UDP_PORTS[name], 0, 0), "outer_udp")
    if name in ("GRE", "GRE_UDP"):
        layout.add(struct.pack("!HH", 0, inner_type))
    elif name in ("GRE_2890", "NVGRE"):
        carried = inner_type if name == "GRE_2890" else tunnel.PROTOCOL_ETHERNET
        layout.add(struct.pack("!HH", tunnel.GRE_KEY, carried))
        layout.add(bytes(4), "number")
    elif name in ("VXLAN", "VXLAN_GPE"):
        is_gpe = name == "VXLAN_GPE"
        flags = tunnel.VXLAN_INSTANCE | (tunnel.VXLAN_GPE_NEXT_PROTOCOL if is_gpe else 0)
        layout.add(struct.pack("!BHB", flags, 0, _NEXT_PROTOCOLS[kind.inner_version] if is_gpe else 0))
        layout.add(bytes(4), "number")
    elif name == "GENEVE":
        layout.add(struct.pack("!BBH", 0, 0, tunnel.PROTOCOL_ETHERNET))
        layout.add(bytes(4), "number")
    if name in ("NVGRE", "VXLAN", "GENEVE"):
        layout.add(_INNER_MACS + struct.pack("!H", inner_type))
