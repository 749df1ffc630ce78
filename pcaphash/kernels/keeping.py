"""Keep a random part of the packets that pass by, each cut after its headers."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, multiply_wrapping, pointer, step

KEPT_LEN = 256
"""Bytes of a packet that are kept: more than the headers of any usual tunnel, and those in it, have."""


@step
def _is_chosen(number: int, mask: int) -> bool:
    """Decide by the packet's place alone, so that no pattern in the traffic meets a pattern in the choice."""
    mixed = multiply_wrapping(np.uint64(number) ^ (np.uint64(number) >> np.uint64(7)), np.uint64(0x9E3779B97F4A7C15))
    return np.int64(mixed >> np.uint64(40)) & mask == 0


@kernel
def choose_again(numbers: Any, n_kept: int, mask: int, chosen: Any) -> None:
    """Decide which of the packets kept are still kept under a mask with more bits.

    Parameters
    ----------
    numbers : int64 array of shape (n_kept,)
        Their places, as ``keep_packets`` writes them.
    n_kept, mask : int
        How many they are, and the mask.
    chosen : bool array of shape (n_kept,)
        Written.
    """
    for i in range(n_kept):
        chosen[i] = _is_chosen(numbers[i], mask)


@kernel
def keep_packets(
    block: Any, records: Any, start: int, n_records: int, place_of_block: int, mask: int,
    kept: Any, kept_records: Any, numbers: Any, used: int,
) -> tuple[int, int]:  # fmt: skip
    """Keep packets of a block.

    Parameters
    ----------
    block, records, n_records
        As ``census.count_packets`` takes them.
    start : int
        The first of the records to look at.
    place_of_block : int
        Where the block stands among all packets; the place of a packet counts from there.
    mask : int
        One less than the power of two that says of how many packets one is kept.
    kept : uint8 array of shape (capacity * KEPT_LEN,), kept_records : RECORD array, numbers : int64 array
        Written: bytes, records and places of what is kept, ``used`` of them so far.

    Returns
    -------
    done, used : int
        Up to which record packets were looked at, fewer than ``n_records`` where there is no more room; and how many
        packets are kept now.
    """
    d, written = pointer(block), pointer(kept)
    for i in range(start, n_records):
        place = place_of_block + np.int64(records[i]["start"])
        if not _is_chosen(place, mask):
            continue
        if used == len(kept_records):
            return i, used
        offset = np.int64(records[i]["offset"])
        captured_length = np.int64(records[i]["captured_length"])
        n_bytes = min(captured_length, KEPT_LEN)
        at = used * KEPT_LEN
        for position in range(n_bytes):
            written[at + position] = d[offset + position]
        kept_records[used] = records[i]
        kept_records[used]["start"] = 0
        kept_records[used]["offset"] = at
        kept_records[used]["end"] = 0
        kept_records[used]["captured_length"] = n_bytes
        # A captured length above the original one raises it.
        kept_records[used]["original_length"] = max(np.int64(records[i]["original_length"]), captured_length)
        numbers[used] = place
        used += 1
    return n_records, used
