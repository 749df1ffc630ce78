"""What devices do wrong, one hypothesis each: in reading packets, arranging the hash input, the key, and the result.

Hypotheses about reading run the kernels, with flags of ``kernels.departures`` or as another device; the others change
hash inputs, keys and hash values that the kernels gave.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS, TITLES
from pcaphash.errors import ConfigurationError
from pcaphash.kernels import departures
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.standards import virtio
from pcaphash.studies.validate import arrangements
from pcaphash.studies.validate.verdicts import plain_types

Words = npt.NDArray[np.uint32]
Reports = npt.NDArray[np.int16]

READING, REPORT, REPORT_TUNNEL = "reading", "report", "report-tunnel"
ADDRESSES, PORTS, WORD_ORDER, KEY, KEY_FORM = "addresses", "ports", "word-order", "key", "key-form"
INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES = "initial-value", "byte-order", "bit-order", "halves"
"""Where in a device a fault is: of all but the first a device has one at most."""

OF_VALUES = (INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES)
"""Places of what is done to a hash when it is there."""

_ENDS = (ADDRESSES, PORTS)

_IPV4_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_UDPV4
_IPV6_TYPES = virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_UDPV6
_EX_TYPES = virtio.HASH_TYPE_TCP_EX | virtio.HASH_TYPE_UDP_EX
_TCP_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_TCP_EX
_UDP_TYPES = virtio.HASH_TYPE_UDPV4 | virtio.HASH_TYPE_UDPV6 | virtio.HASH_TYPE_UDP_EX
_ALL_EX_TYPES = _EX_TYPES | virtio.HASH_TYPE_IP_EX
_TYPES_PER_FAMILY = 3  # numbers of hash_report: addresses, then TCP, then UDP, for each of three families
_FAMILIES = (
    (virtio.HASH_TYPE_IPV4, _IPV4_TYPES),
    (virtio.HASH_TYPE_IPV6, _IPV6_TYPES),
    (virtio.HASH_TYPE_IP_EX, _EX_TYPES),
)

_SAME = "the same with this key"
_TUNNELS = "tunnel packets whose inner header is hashed"
_TCP_UDP = "TCP or UDP packets with different ports"
_ENDPOINTS = "packets between different addresses"
_ANY = "any hashed packets"
_LONG_INPUTS = "IPv6 TCP or UDP packets"


@dataclass(frozen=True)
class Fault:
    """One way in which a device may not do what the text says.

    Parameters
    ----------
    name : str
        Short, for programs.
    words : str
        What the device does, to follow "the device".
    traffic : str
        Packets that show it.
    places : tuple of str
        Where it is, of those above.
    flags : int
        Of ``kernels.departures``.
    device : callable, optional
        Makes the device that behaves so, of the one that was configured.
    arrange : callable, optional
        Makes hash inputs, shape (n, WORDS), of those that are due and their lengths in bytes, shape (n,).
    hash_key : callable, optional
        Makes the key used, of the one that was configured.
    value : callable, optional
        Makes the value reported, of the hash.
    report : callable, optional
        Makes the numbers of hash_report, of those that are due, shape (n,).
    hides_tunnel : bool
        Whether hash_report_tunnel is 0 always.
    is_rare : bool
        Whether it is only tried alone or with one other.
    """

    name: str
    words: str
    traffic: str
    places: tuple[str, ...]
    flags: int = 0
    device: Callable[[Device], Device] | None = None
    arrange: Callable[[Words, npt.NDArray[np.int64]], Words] | None = None
    hash_key: Callable[[bytes], bytes] | None = None
    value: Callable[[Words], Words] | None = None
    report: Callable[[Reports], Reports] | None = None
    hides_tunnel: bool = False
    is_rare: bool = False


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
        words = f"hashes the outer header of {name} packets, where the inner one is due"
        traffic = f"{name} packets beside tunnel packets of another type"
        yield Fault(
            f"outer-of-{name.lower().replace('_', '-')}", words, traffic, (READING,), device=_without_tunnel(name)
        )


def _type_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that has one hash type, or those of one IP version with ports, more or less."""
    for version, types in (("IPv4", _IPV4_TYPES), ("IPv6", _IPV6_TYPES | _EX_TYPES)):
        words, change = f"hashes no ports of {version}", _without(types)
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
                traffic = f"{name.removesuffix('_INNER')} packets beside tunnel packets of another type"
                yield Fault(f"with-{name}", words, traffic, (READING,), device=change)


def _without(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types & ~types)


def _with(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types | types)


_READING = (
    Fault("outer-instead-of-inner", "hashes the outer header of tunnel packets, where the inner one is due",
          _TUNNELS, (READING,), device=_outer),
    Fault("inner-instead-of-outer", "hashes the inner header of tunnel packets, where the outer one is due",
          "tunnel packets whose outer header is hashed", (READING,), device=_inner),
    Fault("second-level-inner", "looks through two tunnels, the text through one",
          "tunnel packets within tunnel packets", (READING,), departures.SECOND_LEVEL),
    Fault("outer-where-inner-not-ip", "hashes the outer header where the inner packet is not IP",
          "tunnel packets that carry ARP or the like", (READING,), device=_outer_on_miss),
    Fault("addresses-only", "hashes addresses alone where addresses and ports are due",
          _TCP_UDP, (READING,), device=_retyped(_addresses_only)),
    Fault("ports-too", "hashes addresses and ports where addresses alone are due",
          _TCP_UDP, (READING,), device=_retyped(_with_ports)),
    Fault("udp-addresses-only", "hashes no ports of UDP",
          "UDP packets", (READING,), device=_retyped(lambda types: types & ~_UDP_TYPES)),
    Fault("tcp-addresses-only", "hashes no ports of TCP",
          "TCP packets", (READING,), device=_retyped(lambda types: types & ~_TCP_TYPES)),
    Fault("first-fragment-ports", "hashes the ports of first fragments",
          "first and later fragments of TCP or UDP", (READING,), departures.FIRST_FRAGMENT_PORTS),
    Fault("fragment-ports", "hashes the ports of fragments, in later ones what stands in their place",
          "first and later fragments of TCP or UDP", (READING,), departures.EVERY_FRAGMENT_PORTS),
    Fault("extension-headers-not-skipped", "does not skip IPv6 extension headers",
          "IPv6 packets with extension headers before TCP or UDP", (READING,), departures.EXTENSIONS_NOT_SKIPPED),
    Fault("authentication-header-in-eights", "counts the length of an authentication header in units of 8 bytes",
          "IPv6 packets with an authentication header", (READING,), departures.AUTHENTICATION_IN_EIGHTS),
    Fault("home-address-ignored", "ignores the home address option",
          "IPv6 packets with a home address option", (READING,), departures.HOME_ADDRESS_IGNORED),
    Fault("home-address-forgotten", "forgets the home address at a second destination options header",
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
    Fault("vlan-two-tags", "skips an 802.1Q tag and an 802.1ad tag before it, and no more",
          "packets with two tags of 0x8100, and with three", (READING,), departures.TAGS_AS_QEMU),
    Fault("version-unchecked", "goes by the EtherType, whatever version the IP header gives",
          "packets of EtherType 0x0800 with another version than 4", (READING,), departures.VERSION_UNCHECKED),
    Fault("extension-headers-past-frame", "hashes addresses where extension headers run past the frame",
          "IPv6 packets with extension headers longer than they can be", (READING,), departures.CHAIN_PAST_FRAME),
    Fault("home-address-of-any-length", "does not look at the length of a home address option",
          "IPv6 packets with a home address option of another length than 16", (READING,),
          departures.HOME_ADDRESS_OF_ANY_LENGTH),
)  # fmt: skip

_REPORTS = (
    Fault("types-by-addresses", "reports the hash types of addresses alone where ports are hashed too",
          _TCP_UDP, (REPORT,), report=_address_types),
    Fault("tunnel-unreported", "reports no tunnel where the inner header is hashed",
          _TUNNELS, (REPORT_TUNNEL,), hides_tunnel=True),
    Fault("extended-types-reported-plain", "reports the plain hash types where extended ones are due",
          "IPv6 packets with a home address option or a type 2 routing header", (REPORT,), report=plain_types),
)  # fmt: skip

_INPUTS = (
    Fault("endpoints-swapped", "puts the destination in front of the source",
          _ENDPOINTS, _ENDS, arrange=arrangements.swap_endpoints),
    Fault("addresses-swapped", "puts the destination address in front of the source address, but not the ports",
          _TCP_UDP, (ADDRESSES,), arrange=arrangements.swap_addresses),
    Fault("ports-swapped", "puts the destination port in front of the source port",
          _TCP_UDP, (PORTS,), arrange=arrangements.swap_ports),
    Fault("endpoints-sorted", "sorts the two endpoints, address and port together",
          "TCP or UDP packets in both directions", _ENDS, arrange=arrangements.sort_endpoints),
    Fault("addresses-and-ports-sorted", "sorts addresses, and apart from them ports",
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
          _ANY, (WORD_ORDER,), arrange=lambda words, lengths: words.byteswap()),
)  # fmt: skip

_VALUES = (
    Fault("value-byte-swapped", "reports the hash in the opposite byte order",
          _ANY, (BYTE_ORDER,), value=lambda values: values.byteswap()),
    Fault("value-bit-reversed", "reports the bits of the hash in reversed order",
          _ANY, (BIT_ORDER,), value=arrangements.reverse_bits),
    Fault("value-halves-swapped", "reports the 16-bit halves of the hash swapped",
          _ANY, (HALVES,), value=lambda values: values << np.uint32(16) | values >> np.uint32(16)),
    Fault("initial-value-ones", "starts the hash at 0xffffffff",
          _ANY, (INITIAL_VALUE,), value=lambda values: ~values),
)  # fmt: skip


def _padded(hash_key: bytes) -> bytes:
    return hash_key.ljust(KEY_LEN, b"\0")


def _words_of_key(hash_key: bytes) -> npt.NDArray[np.uint32]:
    key = _padded(hash_key)
    return np.frombuffer(key[: len(key) & ~3], ">u4")


def _shifted(bits: int, is_rotated: bool) -> Callable[[bytes], bytes]:
    """Return what shifts a key by bits: to the left, or where negative to the right."""

    def shift(hash_key: bytes) -> bytes:
        key = _padded(hash_key)
        n = 8 * len(key)
        number = int.from_bytes(key, "big")
        moved = number << bits if bits > 0 else number >> -bits
        if is_rotated:
            moved |= number >> (n - bits) if bits > 0 else number << (n + bits)
        return (moved & ((1 << n) - 1)).to_bytes(len(key), "big")

    return shift


def _constant(known: bytes) -> Callable[[bytes], bytes]:
    return lambda hash_key: known


def _key_faults(device: Device) -> Iterator[Fault]:
    """Yield what a key may be instead, and forms it may have: of a longer one, also of its first 40 bytes alone."""
    for fault in _every_key_fault():
        yield fault
        if len(device.hash_key) > KEY_LEN and KEY_FORM in fault.places:
            words = f"{fault.words}, of its first {KEY_LEN} bytes"
            yield replace(fault, name=f"{fault.name}-of-{KEY_LEN}", words=words, hash_key=_of_first(fault))


def _of_first(fault: Fault) -> Callable[[bytes], bytes]:
    return lambda hash_key: fault.hash_key(hash_key[:KEY_LEN]) if fault.hash_key else hash_key


def _every_key_fault() -> Iterator[Fault]:
    keys: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("key-bytes-reversed", "takes the bytes of the key in reversed order", lambda key: _padded(key)[::-1]),
        ("key-words-reversed", "takes the 32-bit words of the key in reversed order",
         lambda key: _words_of_key(key)[::-1].tobytes()),
        ("key-words-swapped", "takes the 32-bit words of the key in the opposite byte order",
         lambda key: _words_of_key(key).byteswap().tobytes()),
        ("key-bits-reversed", "takes the bits of each byte of the key in reversed order",
         lambda key: np.packbits(np.unpackbits(np.frombuffer(key, np.uint8)), bitorder="little").tobytes()),
    )  # fmt: skip
    for name, words, change in keys:
        yield Fault(name, words, _ANY, (KEY_FORM,), hash_key=change)
    yield Fault("key-zero", "hashes with a key of zeros", _ANY, (KEY,), hash_key=_constant(bytes(KEY_LEN)))
    for name, known in NAMED_KEYS.items():
        yield Fault(f"key-{name}", f"hashes with {TITLES[name]}", _ANY, (KEY,), hash_key=_constant(known))
    for bits in range(1, 33):
        for sign, side in ((1, "left"), (-1, "right")):
            many = f"{bits} bit{'s' if bits > 1 else ''}" if bits % 8 else f"{bits // 8} byte{'s' if bits > 8 else ''}"
            for is_rotated, fill in ((False, "zeros following"), (True, "round the end")):
                words = f"shifts the key to the {side} by {many}, {fill}"
                name = f"key-{'rotated' if is_rotated else 'shifted'}-{side}-{bits}"
                change = _shifted(sign * bits, is_rotated)
                yield Fault(name, words, _LONG_INPUTS, (KEY_FORM,), hash_key=change, is_rare=True)


def faults_of(device: Device) -> list[Fault]:
    """List the faults that a device may have, the likelier first; those that change nothing for it are left out."""
    every = (*_READING, *_tunnel_faults(device), *_type_faults(device), *_REPORTS, *_INPUTS)
    devices = {device}
    reading = []
    for fault in every:
        changed = _changed(fault, device)
        if fault.device is None or (changed is not None and changed not in devices):
            reading.append(fault)
        if fault.device is not None and changed is not None:
            devices.add(changed)
    keys: dict[int, Fault] = {}
    for fault in _key_faults(device):
        assert fault.hash_key is not None
        bits = _usable_bits(fault.hash_key(device.hash_key))
        first = keys.setdefault(bits, fault)
        if first is not fault and _SAME not in first.words:
            keys[bits] = replace(first, words=f"{first.words} ({_SAME}: it {fault.words})")
    keys.pop(_usable_bits(device.hash_key), None)
    return [*reading, *_VALUES, *keys.values()]


def _changed(fault: Fault, device: Device) -> Device | None:
    """Return the device that behaves so; None where none can be, such as one that hashes without a feature."""
    try:
        return fault.device(device) if fault.device else device
    except ConfigurationError:
        return None


def _usable_bits(hash_key: bytes) -> int:
    """Return the 319 bits of a key that a hash can depend on; the last of its first 40 bytes lends seven."""
    return int.from_bytes(_padded(hash_key)[:KEY_LEN], "big") >> 1
