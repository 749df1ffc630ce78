"""What a device does wrong, in words: each kind of fault once, and the packets that show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.device.hash_key import TITLES
from pcaphash.errors import Field
from pcaphash.report.words.values import count, counted
from pcaphash.studies.validate.catalogue.fault import AS_SPEC, AS_SPEC_OUTER, FaultKind

if TYPE_CHECKING:
    from pcaphash.studies.validate.catalogue.fault import Fault

_ANY = "any hashed packets"
_ENDPOINTS = "packets between different addresses"
_BOTH_DIRECTIONS = "TCP or UDP packets in both directions"
_TCP_UDP = "TCP or UDP packets with different ports"
_FRAGMENTS = "first and later fragments of TCP or UDP"
_TUNNELS = "tunnel packets whose inner header is hashed"
_ONE_TUNNEL_TYPE = "{} packets together with tunnel packets of another type"
_LONG_INPUTS = "IPv6 TCP or UDP packets"


@dataclass(frozen=True)
class FaultWords:
    """A kind of fault in words; ``{}`` stands for its subject.

    Parameters
    ----------
    does : str
        What the device does, to follow "the device".
    traffic : str
        Packets that show it.
    """

    does: str
    traffic: str


_FUNCTIONS = {"crc32": "CRC-32", "crc32c": "CRC-32C", "xor": "the XOR of all words", "jhash": "Linux's jhash"}
_ONLY = {
    "source": "the source address and port",
    "destination": "the destination address and port",
    "source-address": "the source address",
    "destination-address": "the destination address",
    "ports": "the two ports",
    "source-port": "the source port",
    "destination-port": "the destination port",
    "addresses-and-source-port": "the addresses and the source port",
    "addresses-and-destination-port": "the addresses and the destination port",
}
_BESIDES = {"flow-label": "the IPv6 flow label", "protocol": "the IP protocol", "vlan": "the VLAN tag"}
_PARTS = {
    "first-32": "the first 4 bytes",
    "last-32": "the last 4 bytes",
    "first-64": "the first 8 bytes",
    "last-64": "the last 8 bytes",
    "xor": "the XOR of their four words",
}
_WIDE = {
    "zeros-behind": "puts IPv4 addresses into the fields of IPv6 addresses, with 12 bytes of zeros behind them",
    "zeros-before": "puts IPv4 addresses into the fields of IPv6 addresses, with 12 bytes of zeros before them",
    "mapped": "hashes IPv4 addresses as IPv6 addresses of the form ::ffff:192.0.2.1",
    "ports-only": "puts the ports of IPv4 where those of IPv6 are, with zeros before them",
}
_NAMES = {
    FaultKind.IPV6_PART: _PARTS,
    FaultKind.IPV6_PART_PADDED: _PARTS,
    FaultKind.IPV4_WIDE: _WIDE,
    FaultKind.FUNCTION: _FUNCTIONS,
    FaultKind.ONLY: _ONLY,
    FaultKind.ONLY_MOVED_UP: _ONLY,
    FaultKind.ALSO_HASHES: _BESIDES,
}
"""Subjects in words, of kinds whose subject is a name."""
_FLAVORS = {
    "spec": "hashes as the spec requires",
    "spec-outer": "hashes outer headers as the spec requires",
    "qemu": "reads packets as QEMU 7.2's virtio-net device does",
    "qemu-ebpf": "reads packets as QEMU's steering program (eBPF) does",
    "qemu-ebpf-inner": "reads inner headers as QEMU's steering program (eBPF) does after Linux's tunnel devices",
    "ena-gen4": "hashes as Amazon's ENA of generation 4 does, with a key that cannot be changed",
    "ena-gen5": "hashes as Amazon's ENA of generation 5 and later does",
    "corundum": "reads packets as the NIC Corundum does",
    "vpp": "reads packets as VPP's soft-rss plugin does",
}

_WORDS = {
    FaultKind.FLAVOR: FaultWords("{}", "packets that this device hashes in another way"),
    FaultKind.OUTER_INSTEAD_OF_INNER: FaultWords(
        "hashes the outer header of tunnel packets where the inner header is expected", _TUNNELS
    ),
    FaultKind.INNER_INSTEAD_OF_OUTER: FaultWords(
        "hashes the inner header of tunnel packets where the outer header is expected",
        "tunnel packets whose outer header is hashed",
    ),
    FaultKind.SECOND_LEVEL_INNER: FaultWords(
        "looks through two tunnels, while the spec looks through only one", "tunnel packets within tunnel packets"
    ),
    FaultKind.OUTER_WHERE_INNER_NOT_IP: FaultWords(
        "hashes the outer header if the inner packet is not IP", "tunnel packets that carry ARP or other non-IP packets"
    ),
    FaultKind.OUTER_OF: FaultWords(
        "hashes the outer header of {} packets where the inner header is expected", _ONE_TUNNEL_TYPE
    ),
    FaultKind.INNER_OF: FaultWords(
        "hashes the inner header of {} packets where the outer header is expected", _ONE_TUNNEL_TYPE
    ),
    FaultKind.ADDRESSES_ONLY: FaultWords("hashes only addresses where addresses and ports are expected", _TCP_UDP),
    FaultKind.PORTS_TOO: FaultWords("hashes addresses and ports where only addresses are expected", _TCP_UDP),
    FaultKind.UDP_ADDRESSES_ONLY: FaultWords("ignores the ports of UDP", "UDP packets"),
    FaultKind.TCP_ADDRESSES_ONLY: FaultWords("ignores the ports of TCP", "TCP packets"),
    FaultKind.IPV4_ADDRESSES_ONLY: FaultWords("ignores the ports of IPv4", "IPv4 TCP and UDP packets"),
    FaultKind.IPV6_ADDRESSES_ONLY: FaultWords("ignores the ports of IPv6", "IPv6 TCP and UDP packets"),
    FaultKind.IPV6_NOT_HASHED: FaultWords("does not hash IPv6 packets", "IPv6 packets"),
    FaultKind.SCTP_PORTS: FaultWords(
        "hashes the ports of SCTP, as Intel's E810 does, where only addresses are expected",
        "SCTP packets with different ports",
    ),
    FaultKind.WITHOUT: FaultWords("hashes as if the hash type {} were not enabled", "packets of type {}"),
    FaultKind.WITH: FaultWords("hashes as if the hash type {} were enabled", "packets of type {}"),
    FaultKind.FIRST_FRAGMENT_PORTS: FaultWords("hashes the ports of first fragments", _FRAGMENTS),
    FaultKind.FRAGMENT_PORTS: FaultWords(
        "hashes the ports of fragments, and in later fragments whatever bytes are in their place", _FRAGMENTS
    ),
    FaultKind.FRAGMENTS_NOT_HASHED: FaultWords("does not hash fragments", "fragments"),
    FaultKind.DF_AS_FRAGMENT: FaultWords(
        "treats IPv4 packets with the DF bit as fragments", "TCP or UDP packets with the DF bit"
    ),
    FaultKind.IPV4_OPTIONS_NOT_HASHED: FaultWords(
        "does not hash IPv4 packets with options", "IPv4 packets with options"
    ),
    FaultKind.SHORT_TRANSPORT_NOT_HASHED: FaultWords(
        "does not hash frames that end within the TCP or UDP header", "frames that end within the TCP or UDP header"
    ),
    FaultKind.SYN_ONLY: FaultWords(
        "does not hash TCP packets without the SYN flag", "TCP packets without the SYN flag"
    ),
    FaultKind.NO_HASH: FaultWords("reports no hash", _ANY),
    FaultKind.UNCLASSIFIED: FaultWords("sends every packet to the unclassified queue", _ANY),
    FaultKind.ESP_SPI: FaultWords("hashes the SPI of ESP in place of ports", "ESP packets"),
    FaultKind.GTP_TUNNEL_ID: FaultWords(
        "hashes the tunnel endpoint identifier of GTP-U in place of ports", "GTP-U packets"
    ),
    FaultKind.ALSO_HASHES: FaultWords("also hashes {}", "packets in which this field differs"),
    FaultKind.VXLAN_PORT: FaultWords("treats UDP packets to port {} as VXLAN", "VXLAN packets to that port"),
    FaultKind.VXLAN_PORT_IGNORED: FaultWords(
        "does not treat UDP packets to port {} as VXLAN", "VXLAN packets to several ports"
    ),
    FaultKind.IPV6_IN_IP: FaultWords(
        "hashes the inner header of IPv6 packets directly in IP", "IPv6 packets in IPv4 or IPv6, without another header"
    ),
    FaultKind.EXTENSION_HEADERS_NOT_HASHED: FaultWords(
        "does not hash IPv6 packets with extension headers", "IPv6 packets with extension headers"
    ),
    FaultKind.AUTHENTICATION_HEADER_NOT_SKIPPED: FaultWords(
        "does not skip an authentication header", "IPv6 packets with an authentication header before TCP or UDP"
    ),
    FaultKind.EXTENSION_HEADERS_NOT_SKIPPED: FaultWords(
        "does not skip IPv6 extension headers", "IPv6 packets with extension headers before TCP or UDP"
    ),
    FaultKind.EXTENSION_HEADERS_PAST_FRAME: FaultWords(
        "hashes addresses if extension headers run past the frame",
        "IPv6 packets whose extension headers run past the frame",
    ),
    FaultKind.AUTHENTICATION_HEADER_IN_EIGHTS: FaultWords(
        "counts the length of an authentication header in units of 8 bytes",
        "IPv6 packets with an authentication header",
    ),
    FaultKind.HOME_ADDRESS_IGNORED: FaultWords(
        "ignores the home address option", "IPv6 packets with a home address option"
    ),
    FaultKind.HOME_ADDRESS_FORGOTTEN: FaultWords(
        "forgets the home address when a second destination options header follows",
        "IPv6 packets with a home address option and another destination options header",
    ),
    FaultKind.HOME_ADDRESS_OF_ANY_LENGTH: FaultWords(
        "does not check the length of a home address option",
        "IPv6 packets with a home address option of a length other than 16",
    ),
    FaultKind.ROUTING_HEADER_IGNORED: FaultWords(
        "ignores the type 2 routing header", "IPv6 packets with a type 2 routing header"
    ),
    FaultKind.EXTENDED_TYPES_IGNORED: FaultWords(
        "hashes IPv6 packets with extension headers as if no extended type were enabled",
        "IPv6 packets with extension headers",
    ),
    FaultKind.EXTENDED_TYPES_FOR_PLAIN_IPV6: FaultWords(
        "applies the extended hash types to IPv6 without extension headers", "IPv6 packets without extension headers"
    ),
    FaultKind.VLAN_NOT_SKIPPED: FaultWords("does not skip VLAN tags", "packets with one VLAN tag"),
    FaultKind.VLAN_ONE_TAG: FaultWords("skips only one VLAN tag", "packets with two VLAN tags"),
    FaultKind.VLAN_TWO_TAGS: FaultWords(
        "skips only an 802.1Q tag and an 802.1ad tag before it", "packets with two tags of 0x8100, and with three"
    ),
    FaultKind.VERSION_UNCHECKED: FaultWords(
        "trusts the EtherType and ignores the version of the IP header",
        "packets of EtherType 0x0800 with an IP version other than 4",
    ),
    FaultKind.TYPES_BY_ADDRESSES: FaultWords(
        "reports the address-only hash types where ports are hashed too", _TCP_UDP
    ),
    FaultKind.TYPES_OF_OTHER_TRANSPORT: FaultWords(
        "reports the hash types of TCP for UDP, and those of UDP for TCP", "TCP or UDP packets"
    ),
    FaultKind.TYPES_ONE_LESS: FaultWords("reports the number of each hash type one too low", _ANY),
    FaultKind.TUNNEL_UNREPORTED: FaultWords("reports no tunnel where the inner header is hashed", _TUNNELS),
    FaultKind.EXTENDED_TYPES_REPORTED_PLAIN: FaultWords(
        "reports the plain hash types where the extended ones are expected",
        "IPv6 packets with a home address option or a type 2 routing header",
    ),
    FaultKind.ENDPOINTS_SWAPPED: FaultWords("puts the destination before the source", _ENDPOINTS),
    FaultKind.ADDRESSES_SWAPPED: FaultWords(
        "puts the destination address before the source address, but keeps the port order", _TCP_UDP
    ),
    FaultKind.PORTS_SWAPPED: FaultWords("puts the destination port before the source port", _TCP_UDP),
    FaultKind.ENDPOINTS_SORTED: FaultWords("sorts the two endpoints, address and port together", _BOTH_DIRECTIONS),
    FaultKind.ADDRESSES_AND_PORTS_SORTED: FaultWords("sorts addresses, and separately the ports", _BOTH_DIRECTIONS),
    FaultKind.ADDRESSES_SORTED: FaultWords("sorts addresses, but not ports", _BOTH_DIRECTIONS),
    FaultKind.PORTS_SORTED: FaultWords("sorts ports, but not addresses", _BOTH_DIRECTIONS),
    FaultKind.SYMMETRIC_XOR: FaultWords("makes the input symmetric by XOR (Linux: symmetric-xor)", _ENDPOINTS),
    FaultKind.SYMMETRIC_OR_XOR: FaultWords(
        "makes the input symmetric by OR and XOR (Linux: symmetric-or-xor, always on with mlx5 before 6.15)",
        _ENDPOINTS,
    ),
    FaultKind.INPUT_WORDS_SWAPPED: FaultWords(
        "takes the 32-bit words of the hash input in the opposite byte order", _ANY
    ),
    FaultKind.INPUT_BITS_REVERSED: FaultWords("takes the least significant bit of each byte first", _ANY),
    FaultKind.PORT_BYTES_SWAPPED: FaultWords("takes each port in the opposite byte order", _TCP_UDP),
    FaultKind.PORTS_FIRST: FaultWords("puts the ports before the addresses", _TCP_UDP),
    FaultKind.PORTS_BETWEEN: FaultWords("puts each port directly behind its address", _TCP_UDP),
    FaultKind.ENDPOINTS_SORTED_DOWN: FaultWords(
        "sorts the two endpoints, address and port together, with the greater one first", _BOTH_DIRECTIONS
    ),
    FaultKind.XOR_ONCE: FaultWords("hashes the XOR of the addresses and the XOR of the ports, each once", _ENDPOINTS),
    FaultKind.XOR_ONCE_PADDED: FaultWords(
        "hashes the XOR of the addresses and the XOR of the ports, each once, with zeros in place of the destination",
        _ENDPOINTS,
    ),
    FaultKind.IPV6_PART: FaultWords("shortens IPv6 addresses to {}", "IPv6 packets"),
    FaultKind.IPV6_PART_PADDED: FaultWords("hashes zeros in place of all but {} of IPv6 addresses", "IPv6 packets"),
    FaultKind.IPV4_WIDE: FaultWords("{}", "IPv4 packets"),
    FaultKind.BEFORE_PORTS: FaultWords("puts {} before the ports", _TCP_UDP),
    FaultKind.BEFORE_ADDRESSES: FaultWords("puts {} before the addresses", _ANY),
    FaultKind.ONLY: FaultWords("hashes only {}, with zeros in place of the rest", _TCP_UDP),
    FaultKind.ONLY_MOVED_UP: FaultWords("hashes only {}, moved to the start of the hash input", _TCP_UDP),
    FaultKind.FUNCTION: FaultWords("calculates {} in place of Toeplitz", _ANY),
    FaultKind.VALUE_BYTE_SWAPPED: FaultWords("reports the hash in the opposite byte order", _ANY),
    FaultKind.VALUE_BIT_REVERSED: FaultWords("reports the bits of the hash in reversed order", _ANY),
    FaultKind.VALUE_HALVES_SWAPPED: FaultWords("reports the 16-bit halves of the hash swapped", _ANY),
    FaultKind.INITIAL_VALUE_ONES: FaultWords("starts the hash at 0xffffffff, or inverts all its bits", _ANY),
    FaultKind.VALUE_ROTATED_LEFT: FaultWords("reports the hash rotated to the left by {}", _ANY),
    FaultKind.VALUE_FOLDED: FaultWords("reports the XOR of the two 16-bit halves of the hash", _ANY),
    FaultKind.VALUE_LOW_BITS: FaultWords("reports only the lowest {} of the hash", _ANY),
    FaultKind.VALUE_SHIFTED_LEFT: FaultWords("reports the hash shifted to the left by {}", _ANY),
    FaultKind.VALUE_SHIFTED_RIGHT: FaultWords("reports the hash shifted to the right by {}", _ANY),
    FaultKind.VALUE_AND: FaultWords("reports only the bits {} of the hash, and 0 for the others", _ANY),
    FaultKind.VALUE_OR: FaultWords("reports the bits {} of the hash as 1 always", _ANY),
    FaultKind.VALUE_STUCK: FaultWords("reports the bits {} as 1 always", _ANY),
    FaultKind.VALUE_XOR: FaultWords("reports the hash XORed with {}, or starts it with another initial value", _ANY),
    FaultKind.ROWS_LATE: FaultWords("reports for each packet the hash of the packet {} it", _ANY),
    FaultKind.ROWS_EARLY: FaultWords("reports for each packet the hash of the packet {} it", _ANY),
    FaultKind.KEY_BYTES_REVERSED: FaultWords("takes the bytes of the key in reversed order", _ANY),
    FaultKind.KEY_WORDS_REVERSED: FaultWords("takes the 32-bit words of the key in reversed order", _ANY),
    FaultKind.KEY_WORDS_SWAPPED: FaultWords("takes the 32-bit words of the key in the opposite byte order", _ANY),
    FaultKind.KEY_BITS_REVERSED: FaultWords("takes the bits of each byte of the key in reversed order", _ANY),
    FaultKind.KEY_INVERTED: FaultWords("inverts each bit of the key", _ANY),
    FaultKind.KEY_BYTES_SWAPPED_IN: FaultWords("takes the {}-bit words of the key in the opposite byte order", _ANY),
    FaultKind.KEY_HALVES_SWAPPED_IN: FaultWords("swaps the two halves of each {}-bit word of the key", _ANY),
    FaultKind.KEY_LONG_WORDS_REVERSED: FaultWords("takes the 64-bit words of the key in reversed order", _ANY),
    FaultKind.KEY_EVERY_BIT_REVERSED: FaultWords("takes all bits of the key in reversed order", _ANY),
    FaultKind.KEY_ZERO: FaultWords("hashes with a key of zeros", _ANY),
    FaultKind.KEY: FaultWords("hashes with {}", _ANY),
    FaultKind.KEY_SHIFTED_LEFT: FaultWords("shifts the key to the left by {} and fills it with zeros", _LONG_INPUTS),
    FaultKind.KEY_SHIFTED_RIGHT: FaultWords("shifts the key to the right by {} and fills it with zeros", _LONG_INPUTS),
    FaultKind.KEY_ROTATED_LEFT: FaultWords("rotates the key to the left by {}", _LONG_INPUTS),
    FaultKind.KEY_ROTATED_RIGHT: FaultWords("rotates the key to the right by {}", _LONG_INPUTS),
    FaultKind.KEY_FIRST_BYTES: FaultWords("uses only the first {} bytes of the key", _LONG_INPUTS),
    FaultKind.KEY_REPEATED: FaultWords("repeats the first {} bytes of the key", _LONG_INPUTS),
}
_NUMBERS = (
    FaultKind.VXLAN_PORT,
    FaultKind.VXLAN_PORT_IGNORED,
    FaultKind.KEY_FIRST_BYTES,
    FaultKind.KEY_REPEATED,
    FaultKind.KEY_BYTES_SWAPPED_IN,
    FaultKind.KEY_HALVES_SWAPPED_IN,
)
"""Kinds whose subject is a number as it is."""


def fault_text(fault: "Fault") -> str:
    """Say what a device with a fault does, to follow "the device"."""
    text = _does(fault)
    if not fault.same_key:
        return text
    more = f"; and {count(len(fault.same_key) - 1)} more" if len(fault.same_key) > 1 else ""
    return f"{text} (the same with this key: it {_does(fault.same_key[0])}{more})"


def device_text(faults: "Iterable[Fault]") -> str:
    """Say what a device with some faults does, without the full stop."""
    return f"The device {', and '.join(map(fault_text, faults))}"


def possible_text(fault: "Fault") -> str:
    """Name a device with a fault, which nobody says that it has, to stand before "would explain"."""
    return f"a device that {fault_text(fault)}"


def traffic_texts(faults: "Iterable[Fault]") -> list[str]:
    """Name the packets that show faults, each kind of packets once."""
    return list(dict.fromkeys(map(_traffic, faults)))


def _does(fault: "Fault") -> str:
    text = _WORDS[fault.kind].does.format(_subject(fault))
    return text if fault.key_bytes is None else f"{text}, and only its first {fault.key_bytes} bytes"


def _traffic(fault: "Fault") -> str:
    subject = _subject(fault)
    if fault.kind == FaultKind.WITH and subject.endswith("_INNER"):
        return _ONE_TUNNEL_TYPE.format(subject.removesuffix("_INNER"))
    return _WORDS[fault.kind].traffic.format(subject)


def _subject(fault: "Fault") -> str:
    if isinstance(fault.subject, int) and fault.kind in (FaultKind.ROWS_LATE, FaultKind.ROWS_EARLY):
        side = "before" if fault.kind == FaultKind.ROWS_LATE else "after"
        return side if fault.subject == 1 else f"{count(fault.subject)} places {side}"
    if fault.kind in _NUMBERS:
        return str(fault.subject)
    if fault.kind in _NAMES:
        return _NAMES[fault.kind][str(fault.subject)]
    if isinstance(fault.subject, str) and fault.kind == FaultKind.VALUE_STUCK:
        return fault.subject.replace("-", " of the hash as 0 always, and the bits ")
    if isinstance(fault.subject, str) and fault.kind in (FaultKind.BEFORE_PORTS, FaultKind.BEFORE_ADDRESSES):
        name, _, size = fault.subject.rpartition("-")
        n = counted(int(size), "byte", "bytes")
        return f"{n} of zeros" if name == "zeros" else f"{_BESIDES[name]}, in {n},"
    if isinstance(fault.subject, int):
        bits = fault.subject
        return counted(bits, "bit", "bits") if bits % 8 else counted(bits // 8, "byte", "bytes")
    if fault.kind == FaultKind.FLAVOR and fault.subject:
        return f"{_FLAVORS[str(fault.subject)]} ({_remedy(str(fault.subject))})"
    return TITLES[fault.subject] if fault.kind == FaultKind.KEY and fault.subject else fault.subject or ""


def _remedy(flavor: str) -> str:
    """Say how to configure a device that does as this flavor does."""
    if flavor == AS_SPEC:
        return f"leave {Field('flavor')} out"
    if flavor == AS_SPEC_OUTER:
        return f"leave {Field('flavor')} and all tunnel types out"
    return str(Field("flavor", flavor))
