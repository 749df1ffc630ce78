"""The columns of the tables of ``replay``."""

from pcaphash.studies.shared.columns import CONFIG
from pcaphash.studies.shared.schema import Column, Schema

_NONE_ACCEPTED = "without an accepted packet"
_DELAY = "of the times from arrival to the end of service, of accepted packets; {}"
_BINNED = "known to 1/128 of itself, and never beyond the extremes"

_NAME = Column("config", "text", "the configuration's name, or `shared-ring`, `round-robin` or `ideal-hash`")
_QUEUE = Column("queue", "integer", "the receive queue, counted from 0; the shared ring is queue 0")
_LOADS = (
    Column("packets", "integer", "packets that arrived for this queue, dropped ones included", "packets"),
    Column("bytes", "integer", "original lengths of these packets", "bytes"),
    Column("dropped", "integer", "those of them that found no free descriptor", "packets"),
)
_DELAYS = (
    Column("delay_median_ns", "number", _DELAY.format("the median, " + _BINNED), "ns", _NONE_ACCEPTED),
    Column("delay_p99_ns", "number", _DELAY.format("the 99th percentile, " + _BINNED), "ns", _NONE_ACCEPTED),
    Column("delay_p999_ns", "number", _DELAY.format("the 99.9th percentile, " + _BINNED), "ns", _NONE_ACCEPTED),
    Column("delay_max_ns", "number", _DELAY.format("the longest, exact"), "ns", _NONE_ACCEPTED),
    Column(
        "reordered",
        "integer",
        "accepted packets whose service ends before that of an earlier packet of the same flow",
        "packets",
    ),
)

QUEUES = Schema(
    "replay",
    (
        _NAME,
        _QUEUE,
        *_LOADS,
        Column(
            "busy_share",
            "number",
            "share of the time in which the core serves packets, from the first arrival to the later of the last "
            "arrival and the last end of service under this configuration; of the shared ring the mean of its cores",
            "ratio",
        ),
        Column("occupancy_mean", "number", "descriptors occupied, the mean over that time", "packets"),
        Column("occupancy_max", "integer", "most descriptors occupied at once", "packets"),
        *_DELAYS,
        Column(
            "offered_load",
            "number",
            "how long it takes to serve all packets that arrive for this queue, dropped ones included, by the time in "
            "which they arrive and the number of cores: above 1, the core does not keep up, and loses packets when its "
            "ring is full",
            "ratio",
            "if all packets arrive at the same time",
        ),
    ),
)

WINDOWS = Schema(
    "replay_windows",
    (
        _NAME,
        Column(
            "window_start_ns",
            "integer",
            "start of the window, since 1970, to which windows are aligned: the time of the first arrival as captured "
            "plus the time replayed since; windows in which all rings are empty are left out",
            "ns",
        ),
        _QUEUE,
        *_LOADS,
        Column("busy_share", "number", "share of the window in which the core serves packets", "ratio"),
        Column("occupancy_mean", "number", "descriptors occupied, the mean over the window", "packets"),
        Column("occupancy_max", "integer", "most descriptors occupied at once in the window", "packets"),
        *_DELAYS,
    ),
)

CURVE = Schema(
    "curve",
    (
        _NAME,
        Column("service_rate_pps", "number", "packets that each core serves in a second", "packets/s"),
        Column("packets", "integer", "packets that arrived, dropped ones included", "packets"),
        Column("dropped", "integer", "those of them that found no free descriptor", "packets"),
        Column("drop_share", "number", "share of the packets that were dropped; 0 if there are none", "ratio"),
        Column(
            "needed_pps",
            "number",
            "the service rate that each core needs under this configuration: the lowest one without loss in this "
            "trace, and no less than what the busiest queue receives on average; the same in each row",
            "packets/s",
            "if there is loss at any rate",
        ),
    ),
)

FEWEST_QUEUES = Schema(
    "fewest_queues",
    (
        CONFIG,
        Column("service_rate_pps", "number", "packets that each core serves in a second", "packets/s"),
        Column(
            "queues",
            "integer",
            "the fewest of 1, 2, 4, ... 64 receive queues without loss at this rate, and with no more packets arriving "
            "for any on average than its core serves; queue `i % queues` is at entry `i` of a table as long as the "
            "configuration's. Configurations whose table changes in the middle have no rows",
            "queues",
            "if it is none of them",
        ),
    ),
)

DELAYS = Schema(
    "delays",
    (
        _NAME,
        Column("delay_from_ns", "number", "delays from here, of accepted packets on all queues", "ns"),
        Column("delay_to_ns", "number", "to less than here", "ns"),
        Column("packets", "integer", "packets with such a delay", "packets"),
    ),
)
