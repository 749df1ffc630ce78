"""Which hash type a device applies to an IP header: the first enabled one that fits.

Sources: virtio 1.4, "Hash calculation for incoming packets"; the same chapter of draft v7.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.device.flavor import hashes_ipv6, is_steering_program
from pcaphash.standards import ip, virtio

if TYPE_CHECKING:
    from pcaphash.device.device import Device


@dataclass(frozen=True, slots=True)
class HashChoice:
    """A hash type that a device applies.

    Parameters
    ----------
    report : str
        As it is reported, one of ``virtio.HASH_REPORTS``; ``NONE`` where no enabled type fits.
    with_ports : bool
        Whether the ports are hashed.
    extended : bool
        Whether the home address and the routing header's address stand for the plain addresses.
    """

    report: str
    with_ports: bool
    extended: bool


NOTHING_FITS = HashChoice("NONE", False, False)

_Order = tuple[tuple[int, int | None, str], ...]

# Bit, the protocol whose ports are hashed (none: the addresses alone), and the report, in the order they are tried.
_IPV4: _Order = (
    (virtio.HASH_TYPE_TCPV4, ip.TCP, "TCPv4"),
    (virtio.HASH_TYPE_UDPV4, ip.UDP, "UDPv4"),
    (virtio.HASH_TYPE_IPV4, None, "IPv4"),
)
_IPV6: _Order = (
    (virtio.HASH_TYPE_TCPV6, ip.TCP, "TCPv6"),
    (virtio.HASH_TYPE_UDPV6, ip.UDP, "UDPv6"),
    (virtio.HASH_TYPE_IPV6, None, "IPv6"),
)
_IPV6_EXTENDED: _Order = (
    (virtio.HASH_TYPE_TCP_EX, ip.TCP, "TCPv6_EX"),
    (virtio.HASH_TYPE_UDP_EX, ip.UDP, "UDPv6_EX"),
    (virtio.HASH_TYPE_IP_EX, None, "IPv6_EX"),
)
# QEMU asks for TCP, UDP, then addresses alone, each time for the extended type first, with or without any extension
# header.
_IPV6_OF_QEMU = tuple(each for pair in zip(_IPV6_EXTENDED, _IPV6, strict=True) for each in pair)


def choose_hash_type(device: "Device", version: int, transport: int | None, has_extensions: bool = False) -> HashChoice:
    """Walk the list of hash types: the first enabled one wins, transports before addresses alone.

    Parameters
    ----------
    device : Device
        The configured device.
    version : int
        4 or 6.
    transport : int, optional
        The protocol whose ports can be hashed, ``ip.TCP`` or ``ip.UDP``; anything else has none.
    has_extensions : bool
        Whether an IPv6 header has extension headers.
    """
    if version == 4:
        order = _IPV4
    elif not hashes_ipv6(device.flavor):
        return NOTHING_FITS
    elif device.flavor == "qemu":
        order = _IPV6_OF_QEMU
    elif is_steering_program(device.flavor):
        return _choose_as_ebpf(device, transport, has_extensions=has_extensions)
    else:
        order = (*_IPV6_EXTENDED, *_IPV6) if has_extensions else _IPV6
    for each in order:
        bit, protocol, report = each
        if protocol in (None, transport) and device.base_types & bit:
            return HashChoice(report, protocol is not None, has_extensions and each in _IPV6_EXTENDED)
    return NOTHING_FITS


def _choose_as_ebpf(device: "Device", transport: int | None, *, has_extensions: bool) -> HashChoice:
    """Choose among the plain IPv6 types; the extended one of each only says which addresses are hashed."""
    for (bit, protocol, report), (extended, _, _) in zip(_IPV6, _IPV6_EXTENDED, strict=True):
        if protocol in (None, transport) and device.base_types & bit:
            is_extended = has_extensions and bool(device.base_types & extended)
            return HashChoice(report, protocol is not None, is_extended)
    return NOTHING_FITS
