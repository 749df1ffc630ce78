"""Names of numbers that headers carry, and values as readers write them.

Sources: the IEEE registry of EtherTypes, IANA's registries of protocol numbers, of IPv6 options and of routing types.
"""

from ipaddress import IPv4Address, IPv6Address

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

ETHERTYPES = {
    eth.ETHERTYPE_IPV4: "IPv4",
    0x0806: "ARP",
    0x6558: "Ethernet",
    eth.ETHERTYPE_VLAN: "802.1Q tag",
    0x8035: "RARP",
    eth.ETHERTYPE_IPV6: "IPv6",
    0x8808: "flow control",
    0x8809: "slow protocols, such as LACP",
    0x880B: "PPP",
    0x8847: "MPLS",
    0x8848: "MPLS multicast",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE session",
    0x888E: "802.1X",
    eth.ETHERTYPE_SERVICE_VLAN: "802.1ad tag",
    0x88BE: "ERSPAN type I or II",
    0x88CC: "LLDP",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x22EB: "ERSPAN type III",
    0x894F: "NSH",
    eth.ETHERTYPE_OLD_SERVICE_VLAN: "old QinQ tag",
}
_LEAST_ETHERTYPE = 0x0600  # smaller values are the length of an IEEE 802.3 frame

PROTOCOLS = {
    ip.HOP_BY_HOP: "hop-by-hop options",
    1: "ICMP",
    2: "IGMP",
    ip.IPIP: "IPv4 in IP",
    ip.TCP: "TCP",
    ip.UDP: "UDP",
    33: "DCCP",
    41: "IPv6 in IP",
    ip.ROUTING: "routing header",
    ip.FRAGMENT: "fragment header",
    46: "RSVP",
    ip.GRE: "GRE",
    50: "ESP",
    ip.AUTHENTICATION: "authentication header",
    58: "ICMPv6",
    59: "no next header",
    ip.DESTINATION_OPTIONS: "destination options",
    88: "EIGRP",
    89: "OSPF",
    97: "Ethernet in IP",
    103: "PIM",
    108: "IPComp",
    112: "VRRP",
    115: "L2TP",
    132: "SCTP",
    ip.MOBILITY: "mobility header",
    136: "UDP-Lite",
    137: "MPLS in IP",
}

IPV6_OPTIONS = {
    ip.OPTION_PAD1: "Pad1",
    1: "PadN",
    4: "tunnel encapsulation limit",
    5: "router alert",
    0xC2: "jumbo payload",
    ip.OPTION_HOME_ADDRESS: "home address",
}

ROUTING_TYPES = {0: "source route", 2: "home address routing", 3: "RPL", 4: "segment routing"}

PACKET_TYPES = {0: "to this host", 1: "broadcast", 2: "multicast", 3: "to another host", eth.SLL_OUTGOING: "sent"}

TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


def ethertype(number: int) -> str:
    """Write an EtherType, or what stands in its place, with its meaning."""
    if number < _LEAST_ETHERTYPE:
        return f"{number} (a length: IEEE 802.3, no EtherType)"
    return _named(f"0x{number:04x}", ETHERTYPES.get(number))


def protocol(number: int) -> str:
    """Write a protocol or next header number with its name."""
    return _named(str(number), PROTOCOLS.get(number))


def protocol_name(number: int) -> str:
    """Return the name of a protocol, or its number where it is a rare one."""
    return PROTOCOLS.get(number, f"protocol {number}")


def routing_type(number: int) -> str:
    """Write a routing type with its name."""
    return _named(str(number), ROUTING_TYPES.get(number))


def packet_type(number: int) -> str:
    """Write the packet type of a Linux cooked header with its meaning."""
    return _named(str(number), PACKET_TYPES.get(number))


def tcp_flags(flags: int) -> str:
    """Write TCP's flags with their names."""
    return _named(f"0x{flags:02x}", " ".join(name for bit, name in enumerate(TCP_FLAGS) if flags >> bit & 1))


def address(data: bytes) -> str:
    """Write an IPv4 or IPv6 address."""
    return str(IPv4Address(data) if len(data) == 4 else IPv6Address(data))


def listed(words: list[str]) -> str:
    """Join words as a sentence does."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _named(number: str, name: str | None) -> str:
    return f"{number} ({name})" if name else number
