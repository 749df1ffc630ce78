"""What a hash is calculated over: addresses, or addresses and ports, of either version of IP."""

from enum import StrEnum


class HashInput(StrEnum):
    """What a hash is calculated over."""

    IPV4_ADDRESSES = "ipv4-addresses"
    IPV4_PORTS = "ipv4-ports"
    """Addresses and ports."""
    IPV6_ADDRESSES = "ipv6-addresses"
    IPV6_PORTS = "ipv6-ports"


INPUT_BYTES_OF = {
    HashInput.IPV4_ADDRESSES: 8,
    HashInput.IPV4_PORTS: 12,
    HashInput.IPV6_ADDRESSES: 32,
    HashInput.IPV6_PORTS: 36,
}
"""How many bytes each input has; no two have as many."""

KEY_BITS_OF = {each: 8 * n_bytes + 31 for each, n_bytes in INPUT_BYTES_OF.items()}
"""How many bits of the key, from its first one on, the hashes over each input depend on."""
