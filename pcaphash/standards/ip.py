"""Numbers of IPv4 (RFC 791), IPv6 (RFC 8200) and the transport protocols above them."""

IPV4_LEN = 20  # RFC 791 section 3.1, without options
IPV6_LEN = 40  # RFC 8200 section 3
IPV6_ADDRESS_LEN = 16
IPV4_SOURCE_OFFSET, IPV6_SOURCE_OFFSET = 12, 8  # the destination address follows
TCP_LEN = 20  # RFC 9293 section 3.1, without options
UDP_LEN = 8  # RFC 768
SCTP_LEN = 12  # RFC 9260 section 3.1, the common header; it begins with the ports
ESP_LEN = 8  # RFC 4303 section 2: SPI and sequence number
EXTENSION_LEN = 8  # RFC 8200 section 4: the shortest extension header, and the unit of most

# Protocol and next header numbers.
HOP_BY_HOP = 0  # RFC 8200 section 4.3
ICMP = 1  # RFC 792
IPIP = 4  # RFC 2003
IPV6_IN_IP = 41  # RFC 4213
TCP = 6
UDP = 17
ROUTING = 43  # RFC 8200 section 4.4
FRAGMENT = 44  # RFC 8200 section 4.5
GRE = 47  # RFC 2784
AUTHENTICATION = 51  # RFC 4302
ESP = 50  # RFC 4303 section 2; it begins with the SPI
ICMPV6 = 58  # RFC 4443
NO_NEXT_HEADER = 59  # RFC 8200 section 4.7
DESTINATION_OPTIONS = 60  # RFC 8200 section 4.6
SCTP = 132  # RFC 9260
MOBILITY = 135  # RFC 6275 section 6.1
HIP, SHIM6 = 139, 140  # RFC 7401 section 5.1, RFC 5533 section 5.1

# IPv4's more-fragments flag and fragment offset (RFC 791), and IPv6's fragment offset (RFC 8200 section 4.5).
IPV4_FRAGMENT_MASK = 0x3FFF
IPV4_FRAGMENT_OFFSET_MASK = 0x1FFF
IPV4_MORE_FRAGMENTS = 0x2000
IPV4_DO_NOT_FRAGMENT = 0x4000
IPV6_FRAGMENT_OFFSET_MASK = 0xFFF8

OPTION_PAD1 = 0  # RFC 8200 section 4.2: the only option without a length
OPTION_PADN = 1
OPTION_HOME_ADDRESS = 0xC9  # RFC 6275 section 6.3
HOME_ADDRESS_LEN = 16

# RFC 6275 section 6.4: the type 2 routing header has length 2 (24 bytes), one segment left, the address at byte 8.
ROUTING_TYPE_2 = 2
ROUTING_TYPE_2_LENGTH = 2
ROUTING_TYPE_2_SEGMENTS_LEFT = 1
ROUTING_ADDRESS_OFFSET = 8

ICMP_ECHO, ICMPV6_ECHO = 8, 128  # types of echo requests: RFC 792, RFC 4443 section 4.1

TCP_FLAGS_OFFSET = 13  # RFC 9293 section 3.1
TCP_SYN = 0x02

PROTOCOL_NAMES = {
    "icmp": ICMP,
    "tcp": TCP,
    "udp": UDP,
    "gre": GRE,
    "esp": ESP,
    "ah": AUTHENTICATION,
    "icmpv6": ICMPV6,
    "sctp": SCTP,
}
"""Protocol numbers by common names (IANA, "Protocol Numbers")."""

EXTENSION_HEADERS = frozenset({HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY})
"""Next header values of IPv6 that are no transport: another header follows (RFC 8200 section 4)."""
