"""What a device reported of packets, wherever it was written down."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note

NOT_REPORTED = -1


@dataclass(frozen=True, eq=False)
class Reported:
    """What a device reported of the packets of a block.

    Parameters
    ----------
    hash_values : uint32 array of shape (n,)
        Reported hashes; anything where none is reported.
    has_hash : bool array of shape (n,)
        Whether a hash value is reported.
    hash_reports, hash_report_tunnels : int16 arrays of shape (n,)
        Reported types as the virtio specs number them (``standards.virtio``); NOT_REPORTED where the source does not
        say. A type of 0 (none) says that the device calculated no hash.
    queues : int64 array of shape (n,)
        Receive queues, or NOT_REPORTED.
    """

    hash_values: npt.NDArray[np.uint32]
    has_hash: npt.NDArray[np.bool_]
    hash_reports: npt.NDArray[np.int16]
    hash_report_tunnels: npt.NDArray[np.int16]
    queues: npt.NDArray[np.int64]

    @classmethod
    def nothing(cls, n: int) -> "Reported":
        """Say of so many packets that nothing was reported."""
        return cls(
            np.zeros(n, np.uint32),
            np.zeros(n, bool),
            np.full(n, NOT_REPORTED, np.int16),
            np.full(n, NOT_REPORTED, np.int16),
            np.full(n, NOT_REPORTED, np.int64),
        )

    def take(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_] | slice) -> "Reported":
        """Return what was reported of some of the packets."""
        return Reported(
            self.hash_values[chosen],
            self.has_hash[chosen],
            self.hash_reports[chosen],
            self.hash_report_tunnels[chosen],
            self.queues[chosen],
        )

    def swapped(self) -> "Reported":
        """Return the same with the bytes of each hash value in the opposite order."""
        return replace(self, hash_values=self.hash_values.byteswap())

    @classmethod
    def join(cls, parts: "Sequence[Reported]") -> "Reported":
        """Join what was reported of several blocks, in their order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class ReportedSource(Protocol):
    """Where reported values come from."""

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Read what was reported of the packets of a block.

        Parameters
        ----------
        block : Block
            As the reader gives it.
        first : int
            Number of its first packet in the trace, counted from 1.

        Returns
        -------
        block : Block
            The packets as the device saw them: the same block, or one whose records begin after a header that
            carries reported values.
        reported : Reported
            What was reported of them.
        """
        ...

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return what is to be known of the values read, such as what was ignored and how often.

        Parameters
        ----------
        n_packets : int
            How many packets the trace had.

        Raises
        ------
        ConfigurationError
            What was reported does not go with the trace.
        """
        ...
