"""The rows of the tables of ``replay``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.engine.replay.rings import bounds_of
from pcaphash.quantities import PS_OF_NS

if TYPE_CHECKING:
    from pcaphash.engine.replay.lanes import Lane
    from pcaphash.engine.replay.rings import Loads
    from pcaphash.engine.replay.windows import QueueLoad, Window

Row = dict[str, str | int | float | None]

_DELAYS = ("delay_median_ns", "delay_p99_ns", "delay_p999_ns", "delay_max_ns")


def rows_by_config(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each configuration, by its name."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["config"]), []).append(row)
    return found


@dataclass(frozen=True)
class WorstWindow:
    """The window in which a configuration drops most; if it drops nothing, that with the longest delay.

    Parameters
    ----------
    config : str
        The name of the configuration.
    windows, lossy : int
        In how many windows there are packets in its rings, and in how many of them it drops some.
    start_ns : int
        When the worst one starts.
    packets, dropped : int
        What arrives in it, and what of that is dropped, over all queues.
    delay_max_ns : float or None
        The longest delay of packets served in it; None if none is.
    """

    config: str
    windows: int
    lossy: int
    start_ns: int
    packets: int
    dropped: int
    delay_max_ns: float | None


def find_worst_windows(rows: Sequence[Row]) -> list[WorstWindow]:
    """Find the worst window of each configuration, from the rows of ``replay_windows``."""
    return [_worst_window(config, of_config) for config, of_config in rows_by_config(rows).items()]


def _worst_window(config: str, rows: list[Row]) -> WorstWindow:
    by_start: dict[int, list[Row]] = {}
    for row in rows:
        by_start.setdefault(int(row["window_start_ns"] or 0), []).append(row)

    def total(start: int, column: str) -> int:
        return sum(int(row[column] or 0) for row in by_start[start])

    def longest(start: int) -> float:
        return max(float(row["delay_max_ns"] or 0) for row in by_start[start])

    worst = max(by_start, key=lambda start: (total(start, "dropped"), longest(start), -start))
    lossy = sum(total(start, "dropped") > 0 for start in by_start)
    return WorstWindow(
        config,
        len(by_start),
        lossy,
        worst,
        total(worst, "packets"),
        total(worst, "dropped"),
        longest(worst) or None,
    )


def queue_rows(name: str, queues: "Sequence[QueueLoad]", **more: int) -> list[Row]:
    """Return one row for each queue of a configuration, with ``more`` after its name."""
    return [
        {
            "config": name,
            **more,
            "queue": number,
            "packets": load.packets,
            "bytes": load.n_bytes,
            "dropped": load.dropped,
            "busy_share": load.busy_share,
            "occupancy_mean": load.occupancy_mean,
            "occupancy_max": load.occupancy_max,
            **dict(zip(_DELAYS, load.delays_ns or (None,) * len(_DELAYS), strict=True)),
            "reordered": load.reordered,
        }
        for number, load in enumerate(queues)
    ]


def window_rows(lanes: "Sequence[Lane]", windows: "Sequence[Window]") -> list[Row]:
    """Return one row for each queue of each configuration in each window."""
    return [
        row
        for number, lane in enumerate(lanes)
        for window in windows
        for row in queue_rows(lane.name, window.queues[number], window_start_ns=window.start_ns)
    ]


def delay_rows(name: str, loads: "Loads") -> list[Row]:
    """Return one row for each bin with delays of packets."""
    bins = loads.bins.sum(axis=0)
    bounds = [(*bounds_of(number), int(bins[number])) for number in bins.nonzero()[0].tolist()]
    return [
        {
            "config": name,
            "delay_from_ns": low / PS_OF_NS,
            "delay_to_ns": (low + width) / PS_OF_NS,
            "packets": packets,
        }
        for low, width, packets in bounds
    ]
