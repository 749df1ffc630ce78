"""Read the receive hash and the receive queue from the options behind a packet in pcapng's packet blocks.

Source: draft-ietf-opsawg-pcapng sections 3.5 (options) and 4.3 (Enhanced Packet Block). The options end with the block
where no end-of-options stands; DPDK writes none.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be32, kernel, load16, load32, pointer, step
from pcaphash.standards import packet_options as options
from pcaphash.standards import pcap

MALFORMED = 256
"""Where options of a length that theirs cannot be are counted."""

N_COUNTS = 257


@step
def _is_toeplitz(d: Any, offset: int, length: int, counts: Any) -> bool:
    """Tell whether an epb_hash option with its value here holds a Toeplitz hash; count it by its algorithm."""
    algorithm = np.int64(d[offset]) if length > 0 else MALFORMED
    if algorithm == options.HASH_TOEPLITZ and length != options.TOEPLITZ_OPTION_LEN:
        algorithm = MALFORMED
    counts[algorithm] += 1
    return algorithm == options.HASH_TOEPLITZ


@kernel
def read_packet_options(block: Any, records: Any, hash_values: Any, has_hash: Any, queues: Any, counts: Any) -> None:
    """Read epb_hash and epb_queue of each packet; of options that are repeated the first one counts.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    records : RECORD array of shape (n_records,)
        As ``sections.index_pcapng`` filled them. Those of pcap files and of simple packet blocks have no options.
    hash_values : uint32 array of shape (n_records,)
        Written where there is a Toeplitz hash, its bytes taken in the byte order of the section.
    has_hash : bool array of shape (n_records,)
        Written: whether there is one.
    queues : int64 array of shape (n_records,)
        Written where there is an epb_queue.
    counts : int64 array of shape (N_COUNTS,)
        Added to: how many epb_hash options there are of each algorithm, and how many options are MALFORMED.
    """
    d = pointer(block)
    for i in range(len(records)):
        start = np.int64(records[i]["start"])
        block_type = np.int64(records[i]["block_type"])
        has_hash[i] = False
        if block_type == pcap.ENHANCED_PACKET or block_type == pcap.OBSOLETE_PACKET:
            has_queue = False
            # The block's type was recognized in the section's byte order, so it shows which one that is.
            big_endian = be32(d, start) == block_type
            # Options end before the pcapng block's second length, and nothing is read past the bytes that are there.
            end = min(np.int64(records[i]["end"]) - 4, len(block))
            offset = start + pcap.PACKET_BLOCK_OFFSET + ((load32(d, start + 20, big_endian) + 3) & ~3)
            while offset + 4 <= end:
                code = load16(d, offset, big_endian)
                length = load16(d, offset + 2, big_endian)
                value = offset + 4
                if code == pcap.OPTION_END or value + length > end:
                    break
                if code == options.OPTION_EPB_HASH:
                    if _is_toeplitz(d, value, length, counts) and not has_hash[i]:
                        hash_values[i] = load32(d, value + 1, big_endian)
                        has_hash[i] = True
                elif code == options.OPTION_EPB_QUEUE:
                    if length != options.QUEUE_OPTION_LEN:
                        counts[MALFORMED] += 1
                    elif not has_queue:
                        queues[i] = load32(d, value, big_endian)
                        has_queue = True
                offset = value + ((length + 3) & ~3)
