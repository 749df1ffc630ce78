"""Blocks of mirrored packets, taken out of what was put around them."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block


def strip_block(block: Block, what: str, port_types: npt.NDArray[np.uint8]) -> tuple[Block, npt.NDArray[np.bool_]]:
    """Strip what was put around the packets of a block.

    Parameters
    ----------
    block : Block
        The packets as they were captured.
    what : str
        One of ``selection.STRIPS``.
    port_types : uint8 array
        What ``kernels.tunnel.tabulate_ports`` returned.

    Returns
    -------
    stripped : Block
        As many records, those without the encapsulation as they were.
    has_it : bool array
        Which of them had it, or may have had it: where the capture cuts them, nothing is left to be known of them.
    """
    from pcaphash.kernels import strip as kernel  # which few runs need

    numbers = {"erspan": kernel.ERSPAN, "vxlan": kernel.VXLAN, "gre": kernel.GRE}
    records = block.records.copy()
    statuses = np.empty(len(records), np.uint8)
    kernel.strip_packets(block.data, records, len(records), port_types, numbers[what], statuses)
    return replace(block, records=records), statuses != kernel.IS_OTHER
