"""Packets that arrive at receive queues, in order of their arrival."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False, slots=True)
class Received:
    """Packets that arrive.

    Parameters
    ----------
    arrivals : int64 array of shape (n,)
        When each of them does, in picoseconds after an epoch.
    lengths : int64 array of shape (n,)
        Their original lengths.
    flows : int64 array of shape (n,)
        What tells their flows apart.
    queues : int32 array of shape (n,)
        Their receive queues; negative where they go to none.
    epoch : int
        Which configuration in time steers them.
    """

    arrivals: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    flows: npt.NDArray[np.int64]
    queues: npt.NDArray[np.int32]
    epoch: int = 0

    def __len__(self) -> int:
        return len(self.arrivals)
