"""How the device is programmed."""

from dataclasses import dataclass

# The key that "Verifying the RSS Hash Calculation" of Microsoft publishes.
MICROSOFT_KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")

HASH_TYPES = ("IPv4", "TCPv4", "UDPv4", "IPv6", "TCPv6", "UDPv6", "IPv6_EX", "TCPv6_EX", "UDPv6_EX")
# Draft v7 puts them behind the nine hash types; virtio 1.4 has a field of its own for them.
V7_TUNNEL_TYPES = ("GRE", "VXLAN", "GENEVE")
TUNNEL_TYPES = ("GRE_2784", "GRE_2890", "GRE_7676", "GRE_UDP", "VXLAN", "VXLAN_GPE", "GENEVE", "IPIP", "NVGRE")


@dataclass(frozen=True)
class Configuration:
    """One device: masks are integers with the bits of the two virtio texts, the key is bytes."""

    spec: str
    hash_types: int
    tunnel_types: int = 0
    key: bytes = MICROSOFT_KEY
    indirection_table: tuple[int, ...] = tuple(i % 8 for i in range(128))
    unclassified_queue: int = 0
    vxlan_ports: tuple[int, ...] = (4789, 8472)
    geneve_ports: tuple[int, ...] = (6081,)
    vxlan_gpe_ports: tuple[int, ...] = (4790,)
    gre_udp_ports: tuple[int, ...] = (4754,)
    inner_miss: str = "none"
    flavor: str = "spec"
    table_index: str = "mask"
    input_transform: str = "none"

    def enables_hash_type(self, name: str) -> bool:
        """Say whether a hash type, named as in hash reports, is enabled."""
        return bool(self.hash_types >> HASH_TYPES.index(name) & 1)

    def enables_tunnel_type(self, name: str) -> bool:
        """Say whether an encapsulation of this profile is enabled."""
        if self.spec == "v7":
            return bool(self.hash_types >> 9 + V7_TUNNEL_TYPES.index(name) & 1)
        return bool(self.tunnel_types >> TUNNEL_TYPES.index(name) & 1)
