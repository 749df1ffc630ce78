"""Values of header fields as readers write them."""

from ipaddress import IPv4Address, IPv6Address

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip, registries
from pcaphash.standards import tunnel as tun

PORT_LEN = 2
TAG_TYPES = (
    eth.ETHERTYPE_VLAN,
    eth.ETHERTYPE_SERVICE_VLAN,
    eth.ETHERTYPE_OLD_SERVICE_VLAN,
    eth.ETHERTYPE_OLD_TRIPLE_VLAN,
)
"""EtherTypes that announce a VLAN tag."""


def ethertype(number: int) -> str:
    """Write an EtherType, or what stands in its place, with its meaning."""
    if number < registries.LEAST_ETHERTYPE:
        return f"{number} (a length: IEEE 802.3, no EtherType)"
    return _named(f"0x{number:04x}", registries.ETHERTYPES.get(number))


def tag_name(number: int) -> str:
    """Name a VLAN tag by the EtherType that announces it; VPP also steps over tags that another one announces."""
    return registries.ETHERTYPES[number] if number in TAG_TYPES else "VLAN tag"


def protocol(number: int) -> str:
    """Write a protocol or next header number with its name."""
    return _named(str(number), registries.PROTOCOLS.get(number))


def protocol_name(number: int) -> str:
    """Return the name of a protocol, or its number where it is a rare one."""
    return registries.PROTOCOLS.get(number, f"protocol {number}")


def routing_type(number: int) -> str:
    """Write a routing type with its name."""
    return _named(str(number), registries.ROUTING_TYPES.get(number))


def packet_type(number: int) -> str:
    """Write the packet type of a Linux cooked header with its meaning."""
    return _named(str(number), registries.PACKET_TYPES.get(number))


def tcp_flags(flags: int) -> str:
    """Write TCP's flags with their names."""
    return _named(f"0x{flags:02x}", " ".join(name for bit, name in enumerate(registries.TCP_FLAGS) if flags >> bit & 1))


def address(data: bytes) -> str:
    """Write an IPv4 or IPv6 address."""
    return str(IPv4Address(data) if len(data) == 4 else IPv6Address(data))


def listed(words: list[str]) -> str:
    """Join words as a sentence does."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _named(number: str, name: str | None) -> str:
    return f"{number} ({name})" if name else number


def decimal(data: bytes) -> str:
    """Write bytes as a number in network order."""
    return str(int.from_bytes(data, "big"))


def hexadecimal(data: bytes) -> str:
    """Write bytes as one hexadecimal number."""
    return f"0x{data.hex()}"


def mac_address(data: bytes) -> str:
    """Write a hardware address."""
    return data.hex(":")


def ethertype_field(data: bytes) -> str:
    """Write an EtherType, or a protocol type that is one."""
    return ethertype(int.from_bytes(data, "big"))


def protocol_field(data: bytes) -> str:
    """Write a protocol or next header number."""
    return protocol(data[0])


def routing_type_field(data: bytes) -> str:
    """Write the type of a routing header."""
    return routing_type(data[0])


def packet_type_field(data: bytes) -> str:
    """Write the packet type of a Linux cooked header."""
    return packet_type(int.from_bytes(data, "big"))


def vlan_field(data: bytes) -> str:
    """Write the number and the priority in a VLAN tag (IEEE 802.1Q)."""
    tag = int.from_bytes(data, "big")
    return f"{tag & 0xFFF}, priority {tag >> 13}"


def ipv4_fragment(data: bytes) -> str:
    """Write flags and fragment offset of an IPv4 header (RFC 791 section 3.1)."""
    field = int.from_bytes(data, "big")
    if not field & ip.IPV4_FRAGMENT_MASK:
        return "no (DF)" if field & ip.IPV4_DO_NOT_FRAGMENT else "no"
    is_last = not field & ip.IPV4_MORE_FRAGMENTS
    return f"offset {8 * (field & ip.IPV4_FRAGMENT_OFFSET_MASK)}, {'the last' if is_last else 'more follow'}"


def ipv6_fragment(data: bytes) -> str:
    """Write offset and flag of a fragment header (RFC 8200 section 4.5)."""
    field = int.from_bytes(data, "big")
    return f"offset {field & ip.IPV6_FRAGMENT_OFFSET_MASK}, {'more follow' if field & 1 else 'the last'}"


def gre_flags(data: bytes) -> str:
    """Write the flags and the version of a GRE header."""
    flags = int.from_bytes(data, "big")
    bits = (
        (tun.GRE_CHECKSUM, "C"), (tun.GRE_ROUTING, "R"), (tun.GRE_KEY, "K"), (tun.GRE_SEQUENCE, "S"),
    )  # fmt: skip
    letters = " ".join(letter for bit, letter in bits if flags & bit)
    return f"0x{flags:04x} ({letters or 'none'}), version {flags & tun.GRE_VERSION_MASK}"


def geneve_option(data: bytes) -> str:
    """Write the length and the body of a GENEVE option."""
    return f"{len(data)} bytes: 0x{data[4:].hex()}" if len(data) > 4 else "4 bytes, empty"
