"""The load of receive queues over time, in windows aligned to absolute time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census.describer import NO_QUEUE, Describer
from pcaphash.errors import ConfigurationError, Field
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.quantities import PS_OF_NS, parse_duration

MOST_WINDOWS = 1_000_000


_WINDOW_FIELD = Field("window_ns")


def parse_window(text: str, place: Field = _WINDOW_FIELD) -> int:
    """Read a length of time, such as ``100ms``, that ``place`` gives; return it in nanoseconds.

    Raises
    ------
    ConfigurationError
        It is not one, or not one in whole nanoseconds.
    """
    length, rest = divmod(parse_duration(place, text), PS_OF_NS)
    if rest:
        raise ConfigurationError(place, f"{text!r} is not a whole number of nanoseconds", "give a longer window")
    return length


@dataclass(frozen=True)
class BusiestShare:
    """How much of the packets the busiest receive queue has, in single windows.

    Parameters
    ----------
    median, in_95_of_100, worst : float
        Its share in half of the windows, in 95 of 100 windows, and in every window at most.
    worst_start_ns : int
        When the window with the largest share begins, since 1970.
    """

    median: float
    in_95_of_100: float
    worst: float
    worst_start_ns: int


class Timeline:
    """Counts packets and bytes by window and receive queue.

    Parameters
    ----------
    device : Device
        The configured device.
    window_ns : int
        Length of a window in nanoseconds; window i begins ``i * window_ns`` after the beginning of 1970.
    """

    def __init__(self, device: Device, window_ns: int) -> None:
        self.device = device
        self.window_ns = window_ns
        self.without_time = 0
        """Packets that have no time."""
        self._describer = Describer(device)
        self._loads: dict[int, npt.NDArray[np.int64]] = {}

    @property
    def windows(self) -> list[int]:
        """Numbers of the windows with packets, in order."""
        return sorted(self._loads)

    @property
    def loads(self) -> npt.NDArray[np.int64]:
        """Packets and bytes on each receive queue, in each window with packets, shape (windows, queues, 2)."""
        empty = np.zeros((0, self.device.queues, 2), np.int64)
        return np.stack([self._loads[window] for window in self.windows]) if self._loads else empty

    @property
    def busiest(self) -> BusiestShare | None:
        """How busy the busiest receive queue is in single windows; None if no window has packets."""
        if not self._loads:
            return None
        packets = self.loads[:, :, 0]
        shares = packets.max(axis=1) / packets.sum(axis=1)
        median, in_95_of_100, worst = np.quantile(shares, (0.5, 0.95, 1)).tolist()
        return BusiestShare(median, in_95_of_100, worst, self.windows[int(shares.argmax())] * self.window_ns)

    def combine(self, other: "Timeline") -> None:
        """Add what was counted of other packets.

        Raises
        ------
        ConfigurationError
            There are more windows than MOST_WINDOWS.
        """
        self.without_time += other.without_time
        for window, load in other._loads.items():
            self._add(window, load)
        self._check_windows()

    def append(self, block: Block) -> None:
        """Count the packets of a block.

        Raises
        ------
        ConfigurationError
            There are more windows than MOST_WINDOWS.
        """
        queues, times = self._describer.describe(block).queues, block.timestamps()
        self.without_time += int((times == NO_TIMESTAMP).sum())
        chosen = (times != NO_TIMESTAMP) & (queues != NO_QUEUE)
        lengths = block.records["original_length"][chosen].astype(np.int64)
        windows, of_packet = np.unique(times[chosen] // self.window_ns, return_inverse=True)
        sums = np.zeros((len(windows), self.device.queues, 2), np.int64)
        np.add.at(sums[:, :, 0], (of_packet, queues[chosen]), 1)
        np.add.at(sums[:, :, 1], (of_packet, queues[chosen]), lengths)
        for window, load in zip(windows.tolist(), sums, strict=True):
            self._add(window, load)
        self._check_windows()

    def _add(self, window: int, load: npt.NDArray[np.int64]) -> None:
        if window in self._loads:
            self._loads[window] += load
        else:
            self._loads[window] = load.copy()

    def _check_windows(self) -> None:
        if len(self._loads) > MOST_WINDOWS:
            problem = f"there are more than {MOST_WINDOWS:,} windows with packets"
            raise ConfigurationError(Field("window_ns"), problem, "give a longer window, or select fewer packets")
