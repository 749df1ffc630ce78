"""What devices do wrong, one hypothesis each: in reading packets, arranging the hash input, the key, and the result.

Hypotheses about reading run the kernels, with flags of ``kernels.departures`` or as another device; the others change
hash inputs, keys and hash values that the kernels gave.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError
from pcaphash.kernels import departures
from pcaphash.standards import virtio
from pcaphash.studies.validate import arrangements
from pcaphash.studies.validate.fault import (
    ADDRESSES,
    ANY_TRAFFIC,
    BIT_ORDER,
    BYTE_ORDER,
    HALVES,
    INITIAL_VALUE,
    PORTS,
    READING,
    REPORT,
    REPORT_TUNNEL,
    WORD_ORDER,
    Fault,
    Reports,
)
from pcaphash.studies.validate.key_faults import key_faults_of
from pcaphash.studies.validate.verdicts import plain_types

_ENDS = (ADDRESSES, PORTS)

_IPV4_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_UDPV4
_IPV6_TYPES = virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_UDPV6
_EX_TYPES = virtio.HASH_TYPE_TCP_EX | virtio.HASH_TYPE_UDP_EX
_TCP_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_TCP_EX
_UDP_TYPES = virtio.HASH_TYPE_UDPV4 | virtio.HASH_TYPE_UDPV6 | virtio.HASH_TYPE_UDP_EX
_ALL_EX_TYPES = _EX_TYPES | virtio.HASH_TYPE_IP_EX
_ONLY_IN_1_4 = ("GRE_UDP", "VXLAN_GPE", "IPIP")  # the other tunnel types of virtio 1.4 are parts of those of draft v7
_TYPES_PER_FAMILY = 3  # numbers of hash_report: addresses, then TCP, then UDP, for each of three families
_FAMILIES = (
    (virtio.HASH_TYPE_IPV4, _IPV4_TYPES),
    (virtio.HASH_TYPE_IPV6, _IPV6_TYPES),
    (virtio.HASH_TYPE_IP_EX, _EX_TYPES),
)

_TUNNELS = "tunnel packets whose inner header is hashed"
_TCP_UDP = "TCP or UDP packets with different ports"
_ENDPOINTS = "packets between different addresses"


def _address_types(reports: Reports) -> Reports:
    """Return numbers of hash_report with those of addresses in place of the ones with ports."""
    return np.where(reports > 0, reports - (reports - 1) % _TYPES_PER_FAMILY, reports).astype(np.int16)


def _retyped(types: Callable[[int], int]) -> Callable[[Device], Device]:
    """Return what changes the nine types that both texts share."""

    def change(device: Device) -> Device:
        tunnels = device.hash_types & ~virtio.BASE_HASH_TYPES_MASK
        return replace(device, hash_types=types(device.base_types) | tunnels)

    return change


def _addresses_only(types: int) -> int:
    found = 0
    for addresses, transports in _FAMILIES:
        if types & (addresses | transports):
            found |= addresses
    return found


def _with_ports(types: int) -> int:
    for addresses, transports in _FAMILIES:
        if types & addresses:
            types |= transports
    return types


def _outer(device: Device) -> Device:
    return replace(device, hash_types=device.base_types, tunnel_types=0)


def _outer_on_miss(device: Device) -> Device:
    return replace(device, inner_miss="outer")


def _inner(device: Device) -> Device:
    features = device.features | {"HASH_TUNNEL"}
    tunnels = device.profile.all_hash_types & ~virtio.BASE_HASH_TYPES_MASK
    tunnel_types = device.profile.all_tunnel_types
    return replace(device, features=features, hash_types=device.hash_types | tunnels, tunnel_types=tunnel_types)


def _without_tunnel(name: str) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        if device.spec == "v7":
            return replace(device, hash_types=device.hash_types & ~virtio.INNER_HASH_TYPES[f"{name}_INNER"])
        return replace(device, tunnel_types=device.tunnel_types & ~virtio.TUNNEL_TYPES[name])

    return change


def _tunnel_faults(device: Device) -> Iterator[Fault]:
    names = ("GRE", "VXLAN", "GENEVE") if device.spec == "v7" else tuple(virtio.TUNNEL_TYPES)
    for name in names:
        words = f"hashes the outer header of {name} packets where the inner header is expected"
        traffic = f"{name} packets together with tunnel packets of another type"
        yield Fault(
            f"outer-of-{name.lower().replace('_', '-')}", words, traffic, (READING,), device=_without_tunnel(name)
        )


def _other_tunnel_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that hashes the inner header of tunnels of virtio 1.4 that it should not look into."""
    for name, bit in virtio.TUNNEL_TYPES.items():
        if device.tunnel_mask & bit or (device.spec == "v7" and name not in _ONLY_IN_1_4):
            continue
        words = f"hashes the inner header of {name} packets where the outer header is expected"
        traffic = f"{name} packets together with tunnel packets of another type"
        change = _with_tunnel(bit)
        yield Fault(f"inner-of-{name.lower().replace('_', '-')}", words, traffic, (READING,), device=change)


def _with_tunnel(bit: int) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        features, tunnel_types = device.features | {"HASH_TUNNEL"}, device.tunnel_mask | bit
        return replace(device, spec="1.4", features=features, hash_types=device.base_types, tunnel_types=tunnel_types)

    return change


def _transport_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that hashes the ports of SCTP, which the spec has no hash type for."""
    if device.hash_types & (_UDP_TYPES | _TCP_TYPES):
        flags = departures.SCTP_AS_UDP if device.hash_types & _UDP_TYPES else departures.SCTP_AS_TCP
        words, traffic = (
            ("hashes the ports of SCTP where only addresses are expected"),
            "SCTP packets with different ports",
        )
        yield Fault("sctp-ports", words, traffic, (READING,), flags)


def _type_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that has one hash type, or those of one IP version with ports, more or less."""
    for version, types in (("IPv4", _IPV4_TYPES), ("IPv6", _IPV6_TYPES | _EX_TYPES)):
        words, change = f"ignores the ports of {version}", _without(types)
        yield Fault(
            f"{version.lower()}-addresses-only", words, f"{version} TCP and UDP packets", (READING,), device=change
        )
    for name, bit in virtio.BASE_HASH_TYPES.items():
        has_it = bool(device.hash_types & bit)
        words = f"hashes as if the hash type {name} were {'not ' if has_it else ''}enabled"
        change = _without(bit) if has_it else _with(bit)
        yield Fault(
            f"{'without' if has_it else 'with'}-{name}", words, f"packets of type {name}", (READING,), device=change
        )
    if device.spec == "v7":
        for name, bit in virtio.INNER_HASH_TYPES.items():
            if not device.hash_types & bit:
                words = f"hashes as if the hash type {name} were enabled"
                change = _with(bit)
                traffic = f"{name.removesuffix('_INNER')} packets together with tunnel packets of another type"
                yield Fault(f"with-{name}", words, traffic, (READING,), device=change)


def _without(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types & ~types)


def _with(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types | types)


_READING = (
    Fault("outer-instead-of-inner", "hashes the outer header of tunnel packets where the inner header is expected",
          _TUNNELS, (READING,), device=_outer),
    Fault("inner-instead-of-outer", "hashes the inner header of tunnel packets where the outer header is expected",
          "tunnel packets whose outer header is hashed", (READING,), device=_inner),
    Fault("second-level-inner", "looks through two tunnels, while the spec looks through only one",
          "tunnel packets within tunnel packets", (READING,), departures.SECOND_LEVEL),
    Fault("outer-where-inner-not-ip", "hashes the outer header where the inner packet is not IP",
          "tunnel packets that carry ARP or other non-IP packets", (READING,), device=_outer_on_miss),
    Fault("addresses-only", "hashes only addresses where addresses and ports are expected",
          _TCP_UDP, (READING,), device=_retyped(_addresses_only)),
    Fault("ports-too", "hashes addresses and ports where only addresses are expected",
          _TCP_UDP, (READING,), device=_retyped(_with_ports)),
    Fault("udp-addresses-only", "ignores the ports of UDP",
          "UDP packets", (READING,), device=_retyped(lambda types: types & ~_UDP_TYPES)),
    Fault("tcp-addresses-only", "ignores the ports of TCP",
          "TCP packets", (READING,), device=_retyped(lambda types: types & ~_TCP_TYPES)),
    Fault("first-fragment-ports", "hashes the ports of first fragments",
          "first and later fragments of TCP or UDP", (READING,), departures.FIRST_FRAGMENT_PORTS),
    Fault("fragment-ports", "hashes the ports of fragments, and whatever bytes stand in their place in later fragments",
          "first and later fragments of TCP or UDP", (READING,), departures.EVERY_FRAGMENT_PORTS),
    Fault("fragments-not-hashed", "does not hash fragments",
          "fragments", (READING,), departures.FRAGMENTS_NOT_HASHED),
    Fault("extension-headers-not-skipped", "does not skip IPv6 extension headers",
          "IPv6 packets with extension headers before TCP or UDP", (READING,), departures.EXTENSIONS_NOT_SKIPPED),
    Fault("authentication-header-in-eights", "counts the length of an authentication header in units of 8 bytes",
          "IPv6 packets with an authentication header", (READING,), departures.AUTHENTICATION_IN_EIGHTS),
    Fault("home-address-ignored", "ignores the home address option",
          "IPv6 packets with a home address option", (READING,), departures.HOME_ADDRESS_IGNORED),
    Fault("home-address-forgotten", "forgets the home address when a second destination options header follows",
          "IPv6 packets with a home address option and another destination options header", (READING,),
          departures.HOME_ADDRESS_FORGOTTEN),
    Fault("routing-header-ignored", "ignores the type 2 routing header",
          "IPv6 packets with a type 2 routing header", (READING,), departures.ROUTING_ADDRESS_IGNORED),
    Fault("extended-types-ignored", "hashes IPv6 packets with extension headers as if no extended type were enabled",
          "IPv6 packets with extension headers", (READING,), device=_retyped(lambda types: types & ~_ALL_EX_TYPES)),
    Fault("extended-types-for-plain-ipv6", "applies the extended hash types to IPv6 without extension headers",
          "IPv6 packets without extension headers", (READING,), departures.EXTENDED_ALWAYS),
    Fault("vlan-not-skipped", "does not skip VLAN tags",
          "packets with one VLAN tag", (READING,), departures.TAGS_NOT_SKIPPED),
    Fault("vlan-two-tags", "skips only an 802.1Q tag and an 802.1ad tag before it",
          "packets with two tags of 0x8100, and with three", (READING,), departures.TAGS_AS_QEMU),
    Fault("version-unchecked", "trusts the EtherType and ignores the version of the IP header",
          "packets of EtherType 0x0800 with an IP version other than 4", (READING,), departures.VERSION_UNCHECKED),
    Fault("extension-headers-past-frame", "hashes addresses where extension headers run past the frame",
          "IPv6 packets whose extension headers run past the frame", (READING,), departures.CHAIN_PAST_FRAME),
    Fault("home-address-of-any-length", "does not check the length of a home address option",
          "IPv6 packets with a home address option of a length other than 16", (READING,),
          departures.HOME_ADDRESS_OF_ANY_LENGTH),
)  # fmt: skip

_REPORTS = (
    Fault("types-by-addresses", "reports the address-only hash types where ports are hashed too",
          _TCP_UDP, (REPORT,), report=_address_types),
    Fault("tunnel-unreported", "reports no tunnel where the inner header is hashed",
          _TUNNELS, (REPORT_TUNNEL,), hides_tunnel=True),
    Fault("extended-types-reported-plain", "reports the plain hash types where the extended ones are expected",
          "IPv6 packets with a home address option or a type 2 routing header", (REPORT,), report=plain_types),
)  # fmt: skip

_INPUTS = (
    Fault("endpoints-swapped", "puts the destination before the source",
          _ENDPOINTS, _ENDS, arrange=arrangements.swap_endpoints),
    Fault("addresses-swapped", "puts the destination address before the source address, but keeps the port order",
          _TCP_UDP, (ADDRESSES,), arrange=arrangements.swap_addresses),
    Fault("ports-swapped", "puts the destination port before the source port",
          _TCP_UDP, (PORTS,), arrange=arrangements.swap_ports),
    Fault("endpoints-sorted", "sorts the two endpoints, address and port together",
          "TCP or UDP packets in both directions", _ENDS, arrange=arrangements.sort_endpoints),
    Fault("addresses-and-ports-sorted", "sorts addresses, and separately the ports",
          "TCP or UDP packets in both directions", _ENDS, arrange=arrangements.sort_addresses_and_ports),
    Fault("addresses-sorted", "sorts addresses, but not ports",
          "TCP or UDP packets in both directions", (ADDRESSES,), arrange=arrangements.sort_addresses),
    Fault("ports-sorted", "sorts ports, but not addresses",
          "TCP or UDP packets in both directions", (PORTS,), arrange=arrangements.sort_ports),
    Fault("symmetric-xor", "makes the input symmetric by XOR (Linux: symmetric-xor)",
          _ENDPOINTS, _ENDS, device=lambda device: replace(device, input_transform="symmetric-xor")),
    Fault("symmetric-or-xor", "makes the input symmetric by OR and XOR (Linux: symmetric-or-xor)",
          _ENDPOINTS, _ENDS, device=lambda device: replace(device, input_transform="symmetric-or-xor")),
    Fault("input-words-swapped", "takes the 32-bit words of the hash input in the opposite byte order",
          ANY_TRAFFIC, (WORD_ORDER,), arrange=lambda words, lengths: words.byteswap()),
)  # fmt: skip

_VALUES = (
    Fault("value-byte-swapped", "reports the hash in the opposite byte order",
          ANY_TRAFFIC, (BYTE_ORDER,), value=lambda values: values.byteswap()),
    Fault("value-bit-reversed", "reports the bits of the hash in reversed order",
          ANY_TRAFFIC, (BIT_ORDER,), value=arrangements.reverse_bits),
    Fault("value-halves-swapped", "reports the 16-bit halves of the hash swapped",
          ANY_TRAFFIC, (HALVES,), value=lambda values: values << np.uint32(16) | values >> np.uint32(16)),
    Fault("initial-value-ones", "starts the hash at 0xffffffff",
          ANY_TRAFFIC, (INITIAL_VALUE,), value=lambda values: ~values),
)  # fmt: skip


def faults_of(device: Device) -> list[Fault]:
    """List the faults that a device may have, the likelier first; those that change nothing for it are left out."""
    every = (*_READING, *_tunnel_faults(device), *_other_tunnel_faults(device), *_transport_faults(device),
             *_type_faults(device), *_REPORTS, *_INPUTS)  # fmt: skip
    devices = {device}
    reading = []
    for fault in every:
        changed = _changed(fault, device)
        if fault.device is None or (changed is not None and changed not in devices):
            reading.append(fault)
        if fault.device is not None and changed is not None:
            devices.add(changed)
    return [*reading, *_VALUES, *key_faults_of(device)]


def _changed(fault: Fault, device: Device) -> Device | None:
    """Return the device that behaves so; None where none can be, such as one that hashes without a feature."""
    try:
        return fault.device(device) if fault.device else device
    except ConfigurationError:
        return None
