"""Numbers of the encapsulations that neither virtio text looks into, and of mirror sessions."""

# GTP-U: 3GPP TS 29.281 section 5.1; version 1, protocol type 1, the spare bit clear.
GTP_U_LEN = 8
GTP_U_TEID_OFFSET = 4  # the tunnel endpoint identifier, 4 bytes
GTP_U_FIXED_MASK = 0xF8
GTP_U_FIXED = 0x30
GTP_U_OPTIONAL = 0x07  # any of these three flags brings 4 more bytes, the last of which is the next extension header
GTP_U_PORT = 2152  # section 4.4.2.3
# Message types: section 6.1.
GTP_U_ECHO_REQUEST, GTP_U_ECHO_RESPONSE, GTP_U_ERROR, GTP_U_END, GTP_U_PACKET = 1, 2, 26, 254, 255

# A group policy in VXLAN: draft-smith-vxlan-group-policy-05 section 2.1; flags D and A, and the policy, may be set.
VXLAN_POLICY, VXLAN_POLICY_MASK = 0x80, 0xFFB70000
ARP_OF_IPV4 = 0x00010800  # RFC 826: hardware type 1, Ethernet, and protocol type IPv4

# WireGuard: its white paper, section 5.4; every message starts with its type and three zero bytes.
WIREGUARD_PORT = 51820
WIREGUARD_INITIATION, WIREGUARD_INITIATION_LEN = 1, 148
WIREGUARD_RESPONSE, WIREGUARD_RESPONSE_LEN = 2, 92
WIREGUARD_COOKIE, WIREGUARD_COOKIE_LEN = 3, 64
WIREGUARD_DATA, WIREGUARD_DATA_LEN = 4, 32

ESP_PORT = 4500  # RFC 3948 section 2.1
ESP_LEAST_INDEX = 256  # RFC 4303 section 2.1: smaller security parameters indexes are reserved; 0 marks IKE here
ESP_LEAST_LEN = 20
LEAST_CLIENT_PORT = 1024  # RFC 6335 section 6: smaller ones are those of services
TEREDO_PORT = 3544  # RFC 4380 section 2.7
TEREDO_PREFIX = 0x20010000  # RFC 4380 section 2.6
TEREDO_AUTHENTICATION, TEREDO_ORIGIN, TEREDO_ORIGIN_LEN = 0x0001, 0x0000, 8  # RFC 4380 section 5.1.1
MPLS_PORT = 6635  # RFC 7510 section 5
MPLS_LABEL_LEN = 4  # RFC 3032 section 2.1
MPLS_BOTTOM = 0x01
L2TP_PORT = 1701  # RFC 2661 section 3.1, RFC 3931 section 4.1.2
L2TP_CONTROL, L2TP_LENGTH, L2TP_SEQUENCE, L2TP_VERSION_MASK = 0x8000, 0x4000, 0x0800, 0x000F
L2TP_RESERVED = 0x34F0

# IP protocol numbers.
IPV6 = 41  # RFC 4213 section 3
ESP = 50  # RFC 4303
AUTHENTICATION = 51  # RFC 4302
L2TP = 115  # RFC 3931 section 4.1.1

GRE_PPTP_VERSION = 1  # RFC 2637 section 4.1

# ERSPAN: draft-foschiano-erspan-03 sections 4.1 to 4.3; its GRE protocol types.
PROTOCOL_ERSPAN = 0x88BE
PROTOCOL_ERSPAN_III = 0x22EB
ERSPAN_II_LEN = 8
ERSPAN_III_LEN = 12
ERSPAN_II_VERSION, ERSPAN_III_VERSION = 1, 2
ERSPAN_III_SUBHEADER = 0x01  # flag O in the last byte: 8 more bytes
ERSPAN_III_SUBHEADER_LEN = 8
ERSPAN_III_FRAME_TYPE_OFFSET = 10  # flag P, then the 5 bits of the frame type
ERSPAN_III_IP = 2  # the frame type of a packet without an Ethernet header
