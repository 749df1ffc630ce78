"""Put a packet into a tunnel, by the name of the tunnel."""

from pcaphash.device.device import Device
from pcaphash.errors import Field
from pcaphash.standards import ip, tunnel, virtio
from pcaphash.studies.shared import frames

NAMES = ("VXLAN", "VXLAN_GPE", "GENEVE", "GRE", "GRE_2890", "NVGRE", "GRE_UDP", "IPIP")

_PORT_FIELDS = {
    "VXLAN": "vxlan_ports",
    "VXLAN_GPE": "vxlan_gpe_ports",
    "GENEVE": "geneve_ports",
    "GRE_UDP": "gre_udp_ports",
}
_DEFAULT_PORTS = {"VXLAN": 4789, "VXLAN_GPE": 4790, "GENEVE": 6081, "GRE_UDP": 4754}


def is_in_udp(name: str) -> bool:
    """Tell whether a tunnel has outer ports."""
    return name in _PORT_FIELDS


def ports_of(name: str, device: Device) -> tuple[int, ...]:
    """Return the UDP destination ports that a device knows for a tunnel; the usual one if it knows none."""
    return device.ports[_PORT_FIELDS[name]] or (_DEFAULT_PORTS[name],)


def port_field(name: str, port: int) -> Field:
    """Return what gives a device a port for a tunnel."""
    return Field(_PORT_FIELDS[name], port)


def protocol_of(name: str) -> int:
    """Return the IP protocol of a tunnel."""
    return ip.UDP if is_in_udp(name) else ip.IPIP if name == "IPIP" else ip.GRE


def type_of(name: str, versions: set[int]) -> int:
    """Return the type of virtio 1.4 that a tunnel between IP versions has."""
    if name == "GRE":
        return virtio.TUNNEL_GRE_7676 if 6 in versions else virtio.TUNNEL_GRE_2784
    return virtio.TUNNEL_TYPES[name]


def encapsulate(name: str, packet: bytes) -> bytes:
    """Put the header of a tunnel before an IP packet, as far as it stands behind outer IP and UDP headers."""
    ethertype = frames.ethertype_of(packet)
    frame = frames.of_ip(packet, frames.INNER_MACS)
    match name:
        case "VXLAN":
            return frames.vxlan(frame)
        case "VXLAN_GPE":
            flags = tunnel.VXLAN_INSTANCE | tunnel.VXLAN_GPE_NEXT_PROTOCOL
            return frames.vxlan(frame, flags=flags, next_protocol=tunnel.NEXT_PROTOCOL_ETHERNET)
        case "GENEVE":
            return frames.geneve(frame)
        case "NVGRE":
            return frames.gre(frame, tunnel.PROTOCOL_ETHERNET, tunnel.GRE_KEY)
        case "GRE_2890":
            return frames.gre(packet, ethertype, tunnel.GRE_KEY)
        case "IPIP":
            return packet
    return frames.gre(packet, ethertype)
