"""Say where the headers of one packet stand, for whoever explains what became of it."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer
from pcaphash.kernels.dissect import dissect
from pcaphash.kernels.toeplitz import view_key


@kernel
def locate_headers(
    packet: Any, captured_length: int, original_length: int, link_type: int, key: Any, port_types: Any, departures: Any
) -> tuple[int, int, int, int, int, int, int, int, int, int, int]:
    """Locate the headers of one packet.

    Parameters
    ----------
    packet : uint8 array of shape (captured_length,)
        The captured bytes.
    captured_length, original_length, link_type : int
        As a RECORD has them.
    key, port_types, departures
        As ``census.count_packets`` takes them; the key does not matter.

    Returns
    -------
    encapsulation : int
        What the packet is (kernels.tunnel).
    outer, outer_ip, outer_source, outer_destination, outer_payload : int
        Kind of the outer header (kernels.header), where its IP header starts, where the addresses stand that its
        extended types hash, and where its payload starts, or the extension header that it could not be read beyond.
    inner, inner_ip, inner_source, inner_destination, inner_payload : int
        The same of the inner header; all 0 where the packet is not a tunnel.
    """
    frame_end = max(np.int64(original_length), np.int64(captured_length))
    (
        encapsulation, outer, outer_ip, outer_source, outer_destination, outer_payload, _, _,
        inner, inner_ip, inner_source, inner_destination, inner_payload, _, _,
    ) = dissect(
        pointer(packet), np.int64(0), frame_end, np.int64(captured_length), np.int64(link_type), pointer(port_types),
        view_key(key), departures,
    )  # fmt: skip
    return (
        encapsulation, outer, outer_ip, outer_source, outer_destination, outer_payload,
        inner, inner_ip, inner_source, inner_destination, inner_payload,
    )  # fmt: skip
