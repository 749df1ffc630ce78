"""Where packets stand among all packets of all traces, as one number that tells them apart and puts them in order."""

from pcaphash.capture.reader import Block

PLACE_BITS = 44
"""Bits of a byte offset: 16 TiB of a trace; half a million traces have numbers above them."""


def place_of_block(block: Block, trace: int) -> int:
    """Return where a block of a trace stands, given the trace's number; a packet stands ``start`` bytes after it."""
    return (trace << PLACE_BITS) + block.offset
