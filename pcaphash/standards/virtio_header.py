"""The header that a virtio network device puts in front of each packet (struct virtio_net_hdr); little-endian.

Sources: virtio 1.4, "Packet Header"; draft v7 gives the byte behind hash_report to hash_report_tunnel.
"""

WITHOUT_HASH = 12
WITH_HASH = 20  # HASH_REPORT was negotiated
WITH_TUNNEL_OFFSETS = 24  # a UDP tunnel GSO feature was negotiated: virtio 1.4 only
WITH_OUTER_HEADER = 32  # OUT_NET_HEADER or IPSEC was negotiated: virtio 1.4 only
HEADER_LENGTHS = (WITHOUT_HASH, WITH_HASH, WITH_TUNNEL_OFFSETS, WITH_OUTER_HEADER)

# Where fields start.
FLAGS = 0
GSO_TYPE = 1
HASH_VALUE = 12  # le32
HASH_REPORT = 16  # le16
PADDING = 18  # le16
HASH_REPORT_TUNNEL = 18  # one byte, draft v7 only; one byte of padding is left behind it
PADDING_V7 = 19
OUTER_TRANSPORT_OFFSET = 20  # le16 outer_th_offset
INNER_NETWORK_OFFSET = 22  # le16 inner_nh_offset

BASE_FLAGS = 0x07  # NEEDS_CSUM, DATA_VALID, RSC_INFO
FLAG_UDP_TUNNEL_CSUM = 0x08
IPSEC_FLAGS = 0x70

GSO_TYPES = (0, 1, 3, 4, 5)  # none, TCPv4, UDP, TCPv6, UDP_L4
GSO_ECN = 0x80
GSO_UDP_TUNNEL = 0x60  # a bit for each IP version

USER_LINK_TYPES = range(147, 163)
"""USER0 to USER15: no link type is registered for packets behind this header, so captures use these."""
