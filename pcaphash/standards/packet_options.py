"""Options of pcapng's packet blocks that say what a network interface did with a packet.

Source: draft-ietf-opsawg-pcapng section 4.3 (Enhanced Packet Block).
"""

OPTION_EPB_HASH = 3  # may be repeated: a byte for the algorithm, then the hash
OPTION_EPB_DROPCOUNT = 4  # packets lost since the one before on the same interface, 8 bytes
OPTION_EPB_QUEUE = 6  # the receive queue, 4 bytes in the byte order of the section

HASH_TOEPLITZ = 5
TOEPLITZ_OPTION_LEN = 5  # the algorithm and 4 bytes, of which the draft says no order
QUEUE_OPTION_LEN = 4
DROPCOUNT_OPTION_LEN = 8

HASH_ALGORITHMS = ("2s complement", "XOR", "CRC32", "MD5", "SHA-1", "Toeplitz")
"""Names by the byte in front of the hash."""
