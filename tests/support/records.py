"""Packets as kernels get them: their bytes one after the other, and a record for each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pcaphash.kernels.records import RECORD


def laid_out(packets: Sequence[tuple[bytes, int, int]]) -> tuple[NDArray[np.uint8], NDArray[np.void]]:
    """Lay out packets (captured bytes, original length, link type) in an array that is just as long as they are."""
    records = np.zeros(len(packets), RECORD)
    offset = 0
    for record, (captured, length, link_type) in zip(records, packets, strict=True):
        record["offset"], record["captured_length"] = offset, len(captured)
        record["original_length"], record["link_type"] = length, link_type
        offset += len(captured)
    return np.array(list(b"".join(captured for captured, _, _ in packets)), np.uint8), records
