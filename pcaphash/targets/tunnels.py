"""Linux's own tunnel devices, which take outer headers off on the way to a tap."""

import socket
from collections.abc import Iterable, Iterator

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import ip, virtio
from pcaphash.targets.counters import read_counts, reason_between
from pcaphash.targets.namespace import configure, set_kernel_options
from pcaphash.targets.outer import is_ip_in_gre_over_ipv6, make_passable

_OUTSIDE, _INSIDE = "hashin", "hashout"  # the two ends of a pair
_ADDRESS = bytes.fromhex("020000000001")  # of the inside
_MAC = ":".join(f"{byte:02x}" for byte in _ADDRESS)
_TUNNEL = "hashtunnel"
_GRE = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE
_WITHOUT_ETHERNET = ("gre external", "ipip external")


class Tunnels:
    """Tunnel devices of each kind that the device looks into and the kernel has; inner packets go to a tap.

    Parameters
    ----------
    sender : socket
        A packet socket, which gets bound to where frames go in.
    tap : str
        Name of the tap.
    mtu : int
        What the interfaces take.
    device : Device
        Has the tunnel types and their UDP ports.

    Raises
    ------
    ConfigurationError
        The device looks into no tunnels, or the kernel has no such devices.
    """

    def __init__(self, sender: socket.socket, tap: str, mtu: int, device: Device) -> None:
        if not device.tunnel_mask:
            problem = "the device hashes no inner headers"
            raise ConfigurationError(Field("decapsulate"), problem, "leave it out, or add types of tunnels")
        self.decapsulates = 0
        """Encapsulations that there are devices for, as bits of virtio 1.4's enabled_tunnel_types."""
        self._sender = sender
        _make_pair(mtu)
        for number, (types, link) in enumerate(_links(device)):
            if types & device.tunnel_mask and _make_tunnel(f"{_TUNNEL}{number}", link, tap):
                self.decapsulates |= types
        if self.decapsulates & virtio.TUNNEL_GRE_UDP and not _receive_gre_in_udp(device.gre_udp_ports):
            self.decapsulates &= ~virtio.TUNNEL_GRE_UDP
        if not self.decapsulates:
            problem = "this kernel has no tunnel devices of VXLAN, GENEVE, GRE or IPIP"
            raise ConfigurationError(Field("decapsulate"), problem, "load the modules vxlan, geneve, ip_gre or ipip")
        sender.bind((_OUTSIDE, 0))

    def send(self, frame: bytes) -> None:
        """Send a frame into the tunnels, whatever its Ethernet destination is."""
        self._sender.send(make_passable(frame, _ADDRESS))

    def why_not(self, frame: bytes) -> str:
        """Say why a frame must not be sent; else nothing."""
        # Linux has one device for all GRE over IPv6, which takes whatever is inside for an Ethernet frame.
        return "they are IP in GRE over IPv6, which Linux takes for Ethernet" if is_ip_in_gre_over_ipv6(frame) else ""

    def why_lost(self, frame: bytes) -> str:
        """Send a frame again that did not come out, and say why, as far as Linux counts it; else nothing."""
        before = read_counts(_TUNNEL)
        self.send(frame)
        return reason_between(before, read_counts(_TUNNEL))


def _make_pair(mtu: int) -> None:
    """Make the interfaces that frames go in by; all addresses are this host's, and packets may come from any."""
    configure(
        "ip link set lo up",
        f"ip link add {_OUTSIDE} mtu {mtu} type veth peer name {_INSIDE} mtu {mtu}",
        f"ip link set {_INSIDE} address {_MAC}",
        f"ip link set {_OUTSIDE} up",
        f"ip link set {_INSIDE} up",
    )
    set_kernel_options({f"ipv4/conf/{name}/rp_filter": 0 for name in ("all", "default", _INSIDE)})
    set_kernel_options({f"ipv4/conf/{name}/accept_local": 1 for name in ("all", _INSIDE)})
    configure(
        f"ip address add 10.255.255.1/32 dev {_INSIDE}",
        "ip route add local 0.0.0.0/0 dev lo",
        f"ip route add default dev {_INSIDE}",
        "ip -6 route add local ::/0 dev lo",
        f"ip -6 address add fd00::1/128 dev {_INSIDE} nodad",
        f"ip -6 route add default dev {_INSIDE}",
    )


def _make_tunnel(name: str, link: str, tap: str) -> bool:
    """Make a tunnel device whose inner packets go to a tap; tell whether the kernel has such devices."""
    try:
        configure(f"ip link add {name} type {link}")
    except ConfigurationError:
        return False
    # Inner packets of some kinds have no Ethernet header; a tap takes none without.
    with_header = f"action vlan push_eth dst_mac {_MAC} src_mac {_MAC} pipe " if link in _WITHOUT_ETHERNET else ""
    redirected = f"{with_header}action mirred egress redirect dev {tap}"
    configure(
        f"ip link set {name} up",
        f"tc qdisc add dev {name} clsact",
        f"tc filter add dev {name} ingress protocol all u32 match u8 0 0 {redirected}",
    )
    return True


def _receive_gre_in_udp(ports: Iterable[int]) -> bool:
    """Have Linux hand what comes to UDP ports to its GRE devices; tell whether the kernel can."""
    try:
        configure(*(f"ip{version} fou add port {port} ipproto {ip.GRE}" for port in ports for version in ("", " -6")))
    except ConfigurationError:
        return False
    return True


def _links(device: Device) -> Iterator[tuple[int, str]]:
    """Yield the tunnel types that links take off, and the links in the words of ``ip link add``."""
    for kind, types, ports in (
        ("vxlan", virtio.TUNNEL_VXLAN, device.vxlan_ports),
        ("geneve", virtio.TUNNEL_GENEVE, device.geneve_ports),
    ):
        for port in ports:
            yield types, f"{kind} external dstport {port} udp6zerocsumrx"
    for link in ("gretap external", "ip6gretap external", "gre external"):
        yield _GRE | virtio.TUNNEL_GRE_UDP, link
    yield virtio.TUNNEL_IPIP, "ipip external"
