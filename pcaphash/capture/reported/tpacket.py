"""What Linux's packet sockets give as hash of received packets (tp_rxhash of TPACKET_V3), and when it is the device's.

The kernel keeps a device's hash only where the driver marks it as one over ports; Linux's virtio driver does so by
hash_report. Every other packet gets a hash of the kernel's own, and 0 stands for none.
"""

from collections.abc import Sequence
from dataclasses import replace

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Lack, Lacking, Note
from pcaphash.capture.reported.source import Reported, ReportedSource
from pcaphash.standards.virtio import HASH_REPORTS

DEVICE_HASH_REPORTS = frozenset(
    number for number, name in enumerate(HASH_REPORTS) if name.startswith(("TCP", "UDP"))
)  # fmt: skip
"""The values of hash_report whose hash tp_rxhash hands on: the types for TCP and UDP. Others are the kernel's own."""


class TpacketHashes:
    """Takes the hashes of another source as tp_rxhash: a value of 0 is none.

    Parameters
    ----------
    source : ReportedSource
        Where they are written down.
    """

    def __init__(self, source: ReportedSource) -> None:
        self._source = source
        self.n_zero = 0
        """Packets whose hash is 0."""

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Read what was reported of a block's packets."""
        block, reported = self._source.read(block, first)
        is_zero = reported.has_hash & (reported.hash_values == 0)
        self.n_zero += int(is_zero.sum())
        return block, replace(reported, has_hash=reported.has_hash & ~is_zero)

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return what is to be known of the values."""
        zero = [Lacking(Lack.TP_RXHASH, self.n_zero, n_packets)] if self.n_zero else []
        return [*self._source.finish(n_packets), *zero]
