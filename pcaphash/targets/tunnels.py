"""Linux's own tunnel devices, which take outer headers off on the way to a tap."""

import socket
from collections.abc import Callable

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.targets.namespace import configure, set_kernel_options

_OUTSIDE, _INSIDE = "hashin", "hashout"  # the two ends of a pair
_ADDRESS = bytes.fromhex("020000000001")  # of the inside
_MAC = ":".join(f"{byte:02x}" for byte in _ADDRESS)
_WITHOUT_ETHERNET = ("gre external", "ipip external")


def make_tunnels(sender: socket.socket, tap: str, mtu: int, device: Device) -> Callable[[bytes], object]:
    """Make tunnel devices of each kind that the kernel has, whose inner packets go to a tap.

    Parameters
    ----------
    sender : socket
        A packet socket, which gets bound to where frames go in.
    tap : str
        Name of the tap.
    mtu : int
        What the interfaces take.
    device : Device
        Has the UDP ports of the tunnels.

    Returns
    -------
    callable
        Sends a frame into the tunnels, whatever its Ethernet destination is.

    Raises
    ------
    ConfigurationError
        The kernel has no such devices.
    """
    configure(
        "ip link set lo up",
        f"ip link add {_OUTSIDE} mtu {mtu} type veth peer name {_INSIDE} mtu {mtu}",
        f"ip link set {_INSIDE} address {_MAC}",
        f"ip link set {_OUTSIDE} up",
        f"ip link set {_INSIDE} up",
    )
    # All addresses are this host's, and packets may come from any.
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
    made = []
    for number, link in enumerate(_links(device)):
        name = f"hashtunnel{number}"
        try:
            configure(f"ip link add {name} type {link}")
        except ConfigurationError:
            continue  # a kind that this kernel does not have
        made.append(link)
        # Inner packets of some kinds have no Ethernet header; a tap takes none without.
        with_header = f"action vlan push_eth dst_mac {_MAC} src_mac {_MAC} pipe " if link in _WITHOUT_ETHERNET else ""
        redirected = f"{with_header}action mirred egress redirect dev {tap}"
        configure(
            f"ip link set {name} up mtu {mtu}",
            f"tc qdisc add dev {name} clsact",
            f"tc filter add dev {name} ingress protocol all u32 match u8 0 0 {redirected}",
        )
    if not made:
        problem = "this kernel has no tunnel devices of VXLAN, GENEVE, GRE or IPIP"
        raise ConfigurationError(Field("decapsulate"), problem, "load the modules vxlan, geneve, ip_gre or ipip")
    sender.bind((_OUTSIDE, 0))
    return lambda frame: sender.send(_ADDRESS + frame[len(_ADDRESS) :])


def _links(device: Device) -> list[str]:
    """Return the kinds of links that take outer headers off, in the words of ``ip link add``."""
    return [
        *(f"vxlan external dstport {port}" for port in device.vxlan_ports),
        *(f"geneve external dstport {port}" for port in device.geneve_ports),
        "gretap external",
        "ip6gretap external",
        *_WITHOUT_ETHERNET,
    ]
