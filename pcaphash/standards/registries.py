"""Names of numbers that headers carry, as readers know them.

Sources: the IEEE registry of EtherTypes, IANA's registries of protocol numbers, of IPv6 options and of routing types,
the registry of link-layer header types for the packet types of Linux.
"""

ETHERTYPES = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x6558: "Ethernet",
    0x8100: "802.1Q tag",
    0x8035: "RARP",
    0x86DD: "IPv6",
    0x8808: "flow control",
    0x8809: "slow protocols, such as LACP",
    0x880B: "PPP",
    0x8847: "MPLS",
    0x8848: "MPLS multicast",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE session",
    0x888E: "802.1X",
    0x88A8: "802.1ad tag",
    0x88BE: "ERSPAN type I or II",
    0x88CC: "LLDP",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x22EB: "ERSPAN type III",
    0x894F: "NSH",
    0x9100: "old QinQ tag",
    0x9200: "old triple QinQ tag",
}
LEAST_ETHERTYPE = 0x0600  # smaller values are the length of an IEEE 802.3 frame

PROTOCOLS = {
    0: "hop-by-hop options",
    1: "ICMP",
    2: "IGMP",
    4: "IPv4 in IP",
    6: "TCP",
    17: "UDP",
    33: "DCCP",
    41: "IPv6 in IP",
    43: "routing header",
    44: "fragment header",
    46: "RSVP",
    47: "GRE",
    50: "ESP",
    51: "authentication header",
    58: "ICMPv6",
    59: "no next header",
    60: "destination options",
    88: "EIGRP",
    89: "OSPF",
    97: "Ethernet in IP",
    103: "PIM",
    108: "IPComp",
    112: "VRRP",
    115: "L2TP",
    132: "SCTP",
    135: "mobility header",
    136: "UDP-Lite",
    137: "MPLS in IP",
}

IPV6_OPTIONS = {
    0: "Pad1",
    1: "PadN",
    4: "tunnel encapsulation limit",
    5: "router alert",
    0xC2: "jumbo payload",
    0xC9: "home address",
}

ROUTING_TYPES = {0: "source route", 2: "home address routing", 3: "RPL", 4: "segment routing"}

PACKET_TYPES = {0: "to this host", 1: "broadcast", 2: "multicast", 3: "to another host", 4: "sent"}

TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
