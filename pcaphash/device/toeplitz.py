"""The Toeplitz hash of any bytes, in plain Python: for single hashes, which need no compiled kernels."""

from pcaphash.device.hash_key import parse_hash_key


def toeplitz(data: bytes, key: bytes | str) -> int:
    """Hash bytes with the Toeplitz hash ("RSS Hashing Functions" of Microsoft; the virtio specs refer to the same one).

    Parameters
    ----------
    data : bytes
        The hash input as it is on the wire: addresses, then ports. Any length.
    key : bytes or str
        The hash key, as bytes or as text that ``parse_hash_key`` reads. Bytes that the data needs beyond its end (the
        length of the data and 4 more) are taken as zeros.

    Returns
    -------
    int
        The hash, 32 bits.

    Raises
    ------
    ConfigurationError
        The text is not a hash key.
    """
    if isinstance(key, str):
        key = parse_hash_key(key)
    needed = len(data) + 4
    number = int.from_bytes(key[:needed].ljust(needed, b"\0"), "big")
    bits, total = int.from_bytes(data, "big"), 0
    while bits:
        lowest = bits & -bits
        # A set bit of the data adds the 32 bits of the key that begin at its own place; what else is shifted with them
        # stands above, and is cut off at the end.
        total ^= number >> lowest.bit_length()
        bits ^= lowest
    return total & 0xFFFFFFFF
