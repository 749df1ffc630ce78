"""Write blocks and options of pcapng (draft-ietf-opsawg-pcapng sections 3.1 and 3.5) one by one."""

import struct

from pcaphash.standards import pcap


def block_of(block_type: int, body: bytes, order: str) -> bytes:
    """Put a block's type and lengths around its body, which has a multiple of four bytes.

    Parameters
    ----------
    block_type : int
        What it is.
    body : bytes
        What stands between its lengths.
    order : str
        Byte order of the section, as struct writes it.
    """
    length = struct.pack(f"{order}I", len(body) + pcap.BLOCK_OVERHEAD)
    return struct.pack(f"{order}I", block_type) + length + body + length


def option_of(code: int, value: bytes, order: str) -> bytes:
    """Return an option, padded."""
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)
