"""Numbers of the virtio network device: hash types, reports, tunnel types, features, limits.

Sources: virtio 1.4, section 5.1 (Network Device), and the patch "virtio-net: support inner header hash", draft v7,
from which the ratified text differs in what the comments say.
"""

# Hash types: virtio 1.4, "Supported/enabled hash types"; the same nine in both texts.
HASH_TYPE_IPV4 = 1 << 0
HASH_TYPE_TCPV4 = 1 << 1
HASH_TYPE_UDPV4 = 1 << 2
HASH_TYPE_IPV6 = 1 << 3
HASH_TYPE_TCPV6 = 1 << 4
HASH_TYPE_UDPV6 = 1 << 5
HASH_TYPE_IP_EX = 1 << 6
HASH_TYPE_TCP_EX = 1 << 7
HASH_TYPE_UDP_EX = 1 << 8
BASE_HASH_TYPES_MASK = 0x1FF

# Tunnel bits in the same field: draft v7 only.
HASH_TYPE_GRE_INNER = 1 << 9
HASH_TYPE_VXLAN_INNER = 1 << 10
HASH_TYPE_GENEVE_INNER = 1 << 11

BASE_HASH_TYPES = {
    "IPv4": HASH_TYPE_IPV4,
    "TCPv4": HASH_TYPE_TCPV4,
    "UDPv4": HASH_TYPE_UDPV4,
    "IPv6": HASH_TYPE_IPV6,
    "TCPv6": HASH_TYPE_TCPV6,
    "UDPv6": HASH_TYPE_UDPV6,
    "IP_EX": HASH_TYPE_IP_EX,
    "TCP_EX": HASH_TYPE_TCP_EX,
    "UDP_EX": HASH_TYPE_UDP_EX,
}
INNER_HASH_TYPES = {
    "GRE_INNER": HASH_TYPE_GRE_INNER,
    "VXLAN_INNER": HASH_TYPE_VXLAN_INNER,
    "GENEVE_INNER": HASH_TYPE_GENEVE_INNER,
}

# hash_report of the packet header: virtio 1.4, "Hash reporting for incoming packets". Type bit = 1 << (report - 1).
HASH_REPORTS = ("NONE", "IPv4", "TCPv4", "UDPv4", "IPv6", "TCPv6", "UDPv6", "IPv6_EX", "TCPv6_EX", "UDPv6_EX")
"""Names by value of hash_report."""

# hash_report_tunnel of the packet header: draft v7 only.
HASH_REPORT_TUNNELS = ("NONE", "GRE", "VXLAN", "GENEVE")
"""Names by value of hash_report_tunnel."""

# enabled_tunnel_types: virtio 1.4, "Inner Header Hash".
TUNNEL_GRE_2784 = 1 << 0
TUNNEL_GRE_2890 = 1 << 1
TUNNEL_GRE_7676 = 1 << 2
TUNNEL_GRE_UDP = 1 << 3
TUNNEL_VXLAN = 1 << 4
TUNNEL_VXLAN_GPE = 1 << 5
TUNNEL_GENEVE = 1 << 6
TUNNEL_IPIP = 1 << 7
TUNNEL_NVGRE = 1 << 8
TUNNEL_TYPES = {
    "GRE_2784": TUNNEL_GRE_2784,
    "GRE_2890": TUNNEL_GRE_2890,
    "GRE_7676": TUNNEL_GRE_7676,
    "GRE_UDP": TUNNEL_GRE_UDP,
    "VXLAN": TUNNEL_VXLAN,
    "VXLAN_GPE": TUNNEL_VXLAN_GPE,
    "GENEVE": TUNNEL_GENEVE,
    "IPIP": TUNNEL_IPIP,
    "NVGRE": TUNNEL_NVGRE,
}

# Feature bits: virtio 1.4 section 5.1.3. Draft v7 has bit 52 for the inner header hash, since given to VQ_NOTF_COAL.
FEATURE_CTRL_VQ = 17
FEATURE_MQ = 22
FEATURE_HASH_TUNNEL = 51
FEATURE_HASH_TUNNEL_V7 = 52
FEATURE_HASH_REPORT = 57
FEATURE_RSS = 60

# Limits: virtio 1.4 section 5.1.4 (device configuration) and "RSS parameters".
LEAST_RSS_MAX_KEY_SIZE = 40  # what every device takes; also the longest hash input (36 bytes) and 4
MOST_HASH_KEY_LENGTH = 255  # hash_key_length is one byte
LEAST_RSS_MAX_INDIRECTION_TABLE_LENGTH = 128
MOST_INDIRECTION_TABLE_LENGTH = 65536  # indirection_table_mask is two bytes, its value the length less one
MOST_QUEUES = 32768  # an rss_rq_id has 15 bits; VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX

# The key that Microsoft publishes in "Verifying the RSS Hash Calculation".
MICROSOFT_KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")

# Repeats every 16 bits, so that both directions of a flow hash alike: Woo and Park, "Scalable TCP Session Monitoring
# with Symmetric Receive-side Scaling", 2012.
SYMMETRIC_KEY = bytes.fromhex("6d5a" * 20)

# UDP destination ports of tunnels. No virtio text names any: these are the registered ones and, for VXLAN, Linux's old.
VXLAN_PORTS = (4789, 8472)  # RFC 7348 section 5
GENEVE_PORTS = (6081,)  # RFC 8926 section 3.3
VXLAN_GPE_PORTS = (4790,)  # draft-ietf-nvo3-vxlan-gpe-12 section 4.1
GRE_UDP_PORTS = (4754,)  # RFC 8086 section 3.1
