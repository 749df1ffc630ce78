"""Dissect one packet and say how, for whoever explains what became of it."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.toeplitz import view_key


@kernel
def trace_packet(
    packet: Any, captured_length: int, original_length: int, link_type: int, key: Any, port_types: Any,
    departures: Any, trace: Any,
) -> int:  # fmt: skip
    """Dissect one packet and note each step.

    Parameters
    ----------
    packet : uint8 array of shape (captured_length,)
        The captured bytes.
    captured_length, original_length, link_type : int
        As a RECORD has them.
    key, port_types, departures
        As ``census.count_packets`` takes them; the key does not matter.
    trace : int64 array
        As ``trace.new_trace`` makes it. Written: the steps.

    Returns
    -------
    int
        The packet's signature (kernels.dissect).
    """
    frame_end = max(np.int64(original_length), np.int64(captured_length))
    encapsulation, outer, inner = dissect(
        pointer(packet), np.int64(0), frame_end, np.int64(captured_length), np.int64(link_type), pointer(port_types),
        view_key(key), departures, trace,
    )  # fmt: skip
    return signature_of(outer.kind, encapsulation, inner.kind)
