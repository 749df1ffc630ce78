"""The Toeplitz hash, one bit at a time ("RSS Hashing Functions" of Microsoft; virtio names the same function)."""


def toeplitz(key: bytes, data: bytes) -> int:
    """Hash ``data`` (bytes in wire order) under ``key``, zero padded where it is short; 32 bits."""
    needed = len(data) + 4
    key_bits = int.from_bytes(key[:needed].ljust(needed, b"\0"), "big")
    result = 0
    for position in range(8 * len(data)):
        byte = data[position // 8]
        if byte >> (7 - position % 8) & 1:
            # The 32 key bits that start at this bit's own position, most significant first.
            result ^= key_bits >> (8 * needed - 32 - position) & 0xFFFFFFFF
    return result
