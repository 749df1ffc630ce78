"""Find where a record starts in the middle of a capture, by the chains of records that follow.

Any bytes may look like the header of a record, and payloads may hold whole captures. So it does not count that a header
looks right, nor that some others follow it: all places from which plausible headers lead on to the end of the bytes are
looked at together, and a place is given only where all chains from before it meet. The real chain is one of them, if
the real records are plausible. It is up to the caller to prove that nothing else was the case.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, load32, pointer, step
from pcaphash.standards import pcap

NOWHERE = -1


@step
def _pcap_record_end(d: Any, o: int, header_len: int, big_endian: bool, most_captured: int, most_fraction: int) -> int:
    """Return where a record ends whose header may be here; NOWHERE where it cannot be one."""
    captured_length = load32(d, o + 8, big_endian)
    if captured_length == 0 or captured_length > most_captured:
        return NOWHERE
    original_length = load32(d, o + 12, big_endian)
    if original_length < captured_length or original_length > pcap.MOST_CAPTURED:
        return NOWHERE
    if load32(d, o + 4, big_endian) >= most_fraction:
        return NOWHERE
    return o + header_len + captured_length


@step
def _pcapng_block_end(d: Any, o: int, n: int, big_endian: bool, most_captured: int) -> int:
    """Return where a block that says nothing of the file ends, if it may start here; NOWHERE where none can."""
    block_type = load32(d, o, big_endian)
    is_packet = block_type == pcap.ENHANCED_PACKET or block_type == pcap.OBSOLETE_PACKET
    is_known = is_packet or block_type == pcap.SIMPLE_PACKET
    is_known = is_known or block_type == pcap.NAME_RESOLUTION or block_type == pcap.INTERFACE_STATISTICS
    length = load32(d, o + 4, big_endian)
    if not is_known or length < pcap.BLOCK_OVERHEAD or length & 3 or length > most_captured:
        return NOWHERE
    if o + length <= n and load32(d, o + length - 4, big_endian) != length:
        return NOWHERE
    if is_packet and (o + 24 > n or load32(d, o + 20, big_endian) + pcap.PACKET_BLOCK_OFFSET + 4 > length):
        return NOWHERE
    return o + length


@kernel
def find_start(
    block: Any, n: int, at_end: bool, least: int, most: int, is_pcapng: bool, big_endian: bool, header_len: int,
    most_captured: int, most_fraction: int, ends: Any,
) -> int:  # fmt: skip
    """Find the first place where all chains of plausible records meet.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file; of a pcapng file from a multiple of 4 on.
    n : int
        How many there are.
    at_end : bool
        Whether the file ends with them: then chains have to end there, too.
    least, most : int
        Where the place has to be: behind the first record that starts in these bytes, and far enough from their end.
    is_pcapng, big_endian, header_len
        Of the file: format, byte order, length of a record header.
    most_captured, most_fraction : int
        The longest packet of a pcap file or block of a pcapng file, and what a timestamp's fraction is less than.
    ends : int64 array of shape (n,)
        Overwritten.

    Returns
    -------
    int
        The place; NOWHERE where they do not meet.
    """
    d = pointer(block)
    least_len = pcap.BLOCK_OVERHEAD if is_pcapng else header_len
    for back in range(n):
        o = n - 1 - back
        end = np.int64(NOWHERE)
        if o + least_len > n:
            if not at_end:
                end = np.int64(n)  # who knows
        elif is_pcapng:
            if o & 3 == 0:
                end = _pcapng_block_end(d, o, n, big_endian, most_captured)
        else:
            end = _pcap_record_end(d, o, header_len, big_endian, most_captured, most_fraction)
        if end > n and at_end:
            end = np.int64(NOWHERE)
        if 0 <= end < n and ends[end] == NOWHERE:
            end = np.int64(NOWHERE)
        ends[o] = end
    farthest = np.int64(0)
    for o in range(min(most, n)):
        if ends[o] != NOWHERE:
            if o >= least and farthest == o:
                return o
            farthest = max(farthest, ends[o])
    return NOWHERE
