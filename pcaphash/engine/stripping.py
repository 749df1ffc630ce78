"""Blocks of mirrored packets, taken out of what was put around them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block


@dataclass(frozen=True)
class StrippedBlock(Block):
    """A block whose records are mirrored packets.

    Parameters
    ----------
    whole : Block
        The block as it was: what stands in front of its packets says when, and on which interface, they were captured.
    """

    whole: Block

    def timestamps(self) -> npt.NDArray[np.int64]:
        """Return nanoseconds since 1970 of each record."""
        return self.whole.timestamps()[self.places()]

    def interface_numbers(self) -> npt.NDArray[np.int64]:
        """Return on which interface of the file each record was captured."""
        return self.whole.interface_numbers()[self.places()]

    def places(self) -> npt.NDArray[np.int64]:
        """Return in which of the whole packets each record lies."""
        return np.searchsorted(self.whole.records["offset"], self.records["offset"], "right") - 1


def strip_block(
    block: Block, what: str, port_types: npt.NDArray[np.uint8]
) -> tuple[StrippedBlock, npt.NDArray[np.bool_]]:
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
    stripped : StrippedBlock
        As many records, those without the encapsulation as they were.
    has_it : bool array
        Which of them had it, or may have had it: where the capture cuts them, nothing is left to be known of them.
    """
    from pcaphash.kernels import strip as kernel  # which few runs need

    numbers = {"erspan": kernel.ERSPAN, "vxlan": kernel.VXLAN, "gre": kernel.GRE}
    records = block.records.copy()
    statuses = np.empty(len(records), np.uint8)
    kernel.strip_packets(block.data, records, len(records), port_types, numbers[what], statuses)
    return StrippedBlock(block.data, records, block.format, block), statuses != kernel.IS_OTHER
