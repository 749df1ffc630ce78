"""What a device makes of the packets of a block: which it delivers, and what it reports of them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import Reported
from pcaphash.kernels.delivered import DELIVERED, LEFT_OUT

NO_COMMENT = -1
_MOST_OF_COMMENT = 0xFFFF - 3  # bytes that an option of pcapng can hold


class Comments:
    """Texts that packets may get as comments, by number."""

    def __init__(self) -> None:
        self.texts = np.empty(0, np.uint8)
        """Their bytes, one after the other."""
        self.starts = np.zeros(1, np.int64)
        """Where each starts, and the end of the last one."""

    def add(self, text: str) -> int:
        """Add a text, and return its number; a text that no option can hold is cut."""
        data = text.encode()[:_MOST_OF_COMMENT].decode(errors="ignore").encode()
        self.texts = np.concatenate([self.texts, np.frombuffer(data, np.uint8)])
        self.starts = np.append(self.starts, len(self.texts))
        return len(self.starts) - 2


@dataclass(frozen=True, eq=False)
class Delivery:
    """What a device makes of the packets of a block.

    Parameters
    ----------
    first : int
        Number of the first packet in the trace, counted from 1.
    fates : uint8 array of shape (n,)
        What became of each: LEFT_OUT, DELIVERED or DROPPED (``kernels.delivered``).
    reported : Reported
        What is reported of each.
    comments : int32 array of shape (n,)
        Which text each gets as a comment; NO_COMMENT for none.
    texts : Comments
        The texts.
    """

    first: int
    fates: npt.NDArray[np.uint8]
    reported: Reported
    comments: npt.NDArray[np.int32]
    texts: Comments

    @classmethod
    def of_all(cls, first: int, reported: Reported) -> "Delivery":
        """Say that all packets are delivered, without comments."""
        n = len(reported.has_hash)
        return cls(first, np.full(n, DELIVERED, np.uint8), reported, np.full(n, NO_COMMENT, np.int32), Comments())

    def take(self, chosen: npt.NDArray[np.int64]) -> "Delivery":
        """Return what is made of some of the packets; their numbers are lost."""
        return replace(
            self, fates=self.fates[chosen], reported=self.reported.take(chosen), comments=self.comments[chosen]
        )

    def spread(self, places: npt.NDArray[np.int64], n: int) -> "Delivery":
        """Return the same, said of these of so many packets; the others are left out."""
        fates, comments = np.full(n, LEFT_OUT, np.uint8), np.full(n, NO_COMMENT, np.int32)
        fates[places], comments[places] = self.fates, self.comments
        reported = Reported.nothing(n)
        for name, values in vars(self.reported).items():
            getattr(reported, name)[places] = values
        return replace(self, fates=fates, reported=reported, comments=comments)

    @property
    def delivered(self) -> npt.NDArray[np.int64]:
        """Which packets are delivered, counted from 0."""
        return np.flatnonzero(self.fates == DELIVERED)
