"""Linux's own tunnel devices, which take outer headers off on the way to a tap."""

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import ip, virtio
from pcaphash.targets.answer import NotSent, WhyLost
from pcaphash.targets.counters import read_counts, reason_between
from pcaphash.targets.namespace import configure, set_kernel_options
from pcaphash.targets.outer import is_ip_in_gre_over_ipv6, make_passable, multicast_group

_OUTSIDE, _INSIDE = "hashin", "hashout"  # the two ends of a pair
_ADDRESS = bytes.fromhex("020000000001")  # of the inside
_MAC = ":".join(f"{byte:02x}" for byte in _ADDRESS)
_TUNNEL, _BARE = "hashtunnel", "hashbare"  # devices of tunnels; of those that IP follows without an Ethernet header
_MOST_GROUPS = 1 << 20
_FULL = (errno.ENOBUFS, errno.ENOMEM)  # why a socket joins no more groups, of IPv4 and of IPv6
_GRE = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE
_ANEW, _READ_ANEW = "hashanew", "hashread"  # a pair through which Linux reads Ethernet headers of inner packets anew


class Inside(Enum):
    """What the inner packets of a tunnel device begin with."""

    ETHERNET = auto()
    IP = auto()
    BOTH = auto()


class TunnelDevices:
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
        self._groups: set[bytes] = set()
        self._adds_ethernet = True
        _make_pair(mtu)
        _make_reader(mtu, tap)
        for number, (types, link, inside) in enumerate(_links(device)):
            if types & device.tunnel_mask and self._make(number, link, inside, tap):
                self.decapsulates |= types
        if self.decapsulates & virtio.TUNNEL_GRE_UDP and not _receive_gre_in_udp(device.gre_udp_ports):
            self.decapsulates &= ~virtio.TUNNEL_GRE_UDP
        if not self.decapsulates:
            problem = "this kernel has no tunnel devices of VXLAN, GENEVE, GRE or IPIP"
            raise ConfigurationError(Field("decapsulate"), problem, "load the modules vxlan, geneve, ip_gre or ipip")
        self._members: dict[socket.AddressFamily, list[socket.socket]] = {socket.AF_INET: [], socket.AF_INET6: []}
        self._inside = socket.if_nametoindex(_INSIDE)
        sender.bind((_OUTSIDE, 0))

    def close(self) -> None:
        """Leave the groups that were joined."""
        for members in self._members.values():
            for member in members:
                member.close()

    def send(self, frame: bytes) -> None:
        """Send a frame into the tunnels, whatever its Ethernet destination is, and to whichever group."""
        group = multicast_group(frame)
        if group and group not in self._groups:
            self._join(group)
        self._sender.send(make_passable(frame, _ADDRESS))

    def _join(self, group: bytes) -> None:
        """Join a group: Linux takes packets to others for its own only then."""
        if len(group) == ip.IPV6_ADDRESS_LEN:
            request = group + struct.pack("@I", self._inside)
            self._ask(socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        else:
            request = group + struct.pack("@4xi", self._inside)
            self._ask(socket.AF_INET, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        self._groups.add(group)

    def _ask(self, family: socket.AddressFamily, level: int, option: int, request: bytes) -> None:
        """Join a group by the last socket, or by a new one: Linux bounds the groups of each (net.core.optmem_max)."""
        members = self._members[family]
        try:
            if members:
                members[-1].setsockopt(level, option, request)
                return
        except OSError as error:
            if error.errno not in _FULL:
                raise
        members.append(socket.socket(family, socket.SOCK_DGRAM))
        members[-1].setsockopt(level, option, request)

    def why_not(self, frame: bytes) -> NotSent | None:
        """Return why a frame must not be sent; None if it may be."""
        # Linux has one device for all GRE over IPv6, which takes whatever is inside for an Ethernet frame.
        return NotSent.IP_IN_GRE_OVER_IPV6 if is_ip_in_gre_over_ipv6(frame) else None

    def why_lost(self, frame: bytes) -> WhyLost | None:
        """Send a frame again that did not come out, and return why, as far as Linux counts it."""
        before = read_counts(_TUNNEL, _BARE)
        self.send(frame)
        reason = reason_between(before, read_counts(_TUNNEL, _BARE))
        is_kernels = reason == WhyLost.NEITHER_ETHERNET_NOR_IP and not self._adds_ethernet
        return WhyLost.NO_ETHERNET if is_kernels else reason

    def _make(self, number: int, link: str, inside: Inside, tap: str) -> bool:
        """Make a tunnel device whose inner packets go to a tap; tell whether the kernel has such devices."""
        name = f"{_TUNNEL if inside == Inside.ETHERNET else _BARE}{number}"
        try:
            configure(f"ip link add {name} type {link}", f"ip link set {name} up", f"tc qdisc add dev {name} clsact")
        except ConfigurationError:
            return False
        if inside == Inside.ETHERNET:
            _redirect(name, "all", tap)
            return True
        _redirect(name, "all", name)  # and so drop it: nothing but the following may come to this host
        if inside == Inside.BOTH:
            # Of Ethernet in a device that has none, Linux does not know where the IP header is.
            _redirect(name, "0x6558", _ANEW)
        try:
            for protocol in ("ip", "ipv6"):
                _redirect(name, protocol, tap, f"action vlan push_eth dst_mac {_MAC} src_mac {_MAC} pipe ")
        except ConfigurationError:
            self._adds_ethernet = False
        return inside == Inside.BOTH or self._adds_ethernet


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
    # Linux answers a packet that nothing takes, which is counted only if it need not hold back.
    set_kernel_options({"ipv4/igmp_max_memberships": _MOST_GROUPS, "ipv4/icmp_ratemask": 0})
    configure(
        f"ip address add 10.255.255.1/32 dev {_INSIDE}",
        "ip route add local 0.0.0.0/0 dev lo",
        f"ip route add default dev {_INSIDE}",
        "ip -6 route add local ::/0 dev lo",
        f"ip -6 address add fd00::1/128 dev {_INSIDE} nodad",
        f"ip -6 route add default dev {_INSIDE}",
    )


def _make_reader(mtu: int, tap: str) -> None:
    """Make a pair of interfaces: frames that go in by the one are read anew by the other, and go to a tap."""
    configure(
        f"ip link add {_ANEW} mtu {mtu} type veth peer name {_READ_ANEW} mtu {mtu}",
        f"ip link set {_ANEW} up",
        f"ip link set {_READ_ANEW} up",
        f"tc qdisc add dev {_READ_ANEW} clsact",
    )
    _redirect(_READ_ANEW, "all", tap)


def _redirect(name: str, protocol: str, to: str, first: str = "") -> None:
    """Have packets of a protocol that an interface receives go to another one, after a first action."""
    redirecting = f"u32 match u8 0 0 {first}action mirred egress redirect dev {to}"
    configure(f"tc filter add dev {name} ingress protocol {protocol} {redirecting}")


def _receive_gre_in_udp(ports: Iterable[int]) -> bool:
    """Have Linux hand what comes to UDP ports to its GRE devices; tell whether the kernel can."""
    try:
        configure(*(f"ip{version} fou add port {port} ipproto {ip.GRE}" for port in ports for version in ("", " -6")))
    except ConfigurationError:
        return False
    return True


def _links(device: Device) -> Iterator[tuple[int, str, Inside]]:
    """Yield the tunnel types that links take off, the links in the words of ``ip link add``, and what is inside."""
    for types, ports, kind, inside in (
        (virtio.TUNNEL_VXLAN, device.vxlan_ports, "vxlan external", Inside.ETHERNET),
        (virtio.TUNNEL_VXLAN_GPE, device.vxlan_gpe_ports, "vxlan external gpe", Inside.BOTH),
        (virtio.TUNNEL_GENEVE, device.geneve_ports, "geneve external", Inside.ETHERNET),
    ):
        for port in ports:
            yield types, f"{kind} dstport {port} udp6zerocsumrx", inside
    gre = _GRE | virtio.TUNNEL_GRE_UDP
    yield gre, "gretap external", Inside.ETHERNET
    yield gre, "ip6gretap external", Inside.ETHERNET
    yield gre, "gre external", Inside.IP
    yield virtio.TUNNEL_IPIP, "ipip external", Inside.IP
