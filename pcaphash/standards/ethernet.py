"""Numbers of the link layer: link types of captures and EtherTypes.

Sources: the registry of link-layer header types for pcap and pcapng (draft-ietf-opsawg-pcaplinktype),
IEEE 802.1Q and 802.1ad for the tags, the IEEE registry of EtherTypes for the rest.
"""

# Link types whose packets can be dissected.
NULL = 0
ETHERNET = 1
RAW_BSD = 12
RAW_OPENBSD = 14
RAW = 101
LOOP = 108
LINUX_SLL = 113
IPV4 = 228
IPV6 = 229
LINUX_SLL2 = 276

LINK_TYPE_NAMES = {
    NULL: "NULL",
    ETHERNET: "ETHERNET",
    RAW_BSD: "RAW",
    RAW_OPENBSD: "RAW",
    RAW: "RAW",
    LOOP: "LOOP",
    LINUX_SLL: "LINUX_SLL",
    IPV4: "IPV4",
    IPV6: "IPV6",
    LINUX_SLL2: "LINUX_SLL2",
}

MAC_LEN = 6

# Lengths in bytes of the headers, and where the EtherType stands in them.
ETHERNET_LEN, ETHERNET_TYPE_OFFSET = 14, 12
SLL_LEN, SLL_TYPE_OFFSET = 16, 14  # the packet type comes first
SLL2_LEN, SLL2_TYPE_OFFSET, SLL2_INTERFACE_OFFSET, SLL2_PACKET_TYPE_OFFSET = 20, 0, 4, 10
NULL_LEN = 4
VLAN_TAG_LEN = 4

# Linux's packet type of a packet that the capturing host sent (PACKET_OUTGOING); 0 to 3 were received.
SLL_OUTGOING = 4

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_IPV6 = 0x86DD
ETHERTYPE_ARP = 0x0806
ETHERTYPE_VLAN = 0x8100
ETHERTYPE_SERVICE_VLAN = 0x88A8
ETHERTYPE_OLD_SERVICE_VLAN = 0x9100
ETHERTYPE_OLD_TRIPLE_VLAN = 0x9200

# Tags that stand before the EtherType of what a frame carries.
VLAN_TAGS = (ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN, ETHERTYPE_OLD_SERVICE_VLAN)

# Address family numbers in NULL and LOOP headers: IPv4 everywhere 2; IPv6 differs between systems
# (Linux 10, NetBSD and OpenBSD 24, FreeBSD 28, Darwin 30).
FAMILY_IPV4 = 2
FAMILY_IPV6_LINUX, FAMILY_IPV6_BSD, FAMILY_IPV6_FREEBSD, FAMILY_IPV6_DARWIN = 10, 24, 28, 30
