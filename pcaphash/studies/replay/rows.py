"""The rows of the tables of ``replay``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pcaphash.engine.replay.rates import PS_PER_NS
from pcaphash.engine.replay.rings import bounds_of

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
            "delay_from_ns": low / PS_PER_NS,
            "delay_to_ns": (low + width) / PS_PER_NS,
            "packets": packets,
        }
        for low, width, packets in bounds
    ]
