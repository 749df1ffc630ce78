"""The columns of the tables of ``compare``."""

from pcaphash.studies.shared.columns import CONFIG
from pcaphash.studies.shared.schema import Column, Schema

_NO_LOAD = "without load, and for `min_max` if a queue is empty"
_OF_IDEAL = "95 of 100 ideal hashes of the same hash inputs lie between the outer two"
_OF_RESAMPLES = "95 of 100 resamples of the flows lie between these: what other flows of the same kind might have given"
_OF_GROUP = "as in `summary.csv`, for only these packets"
_IN_WINDOW = "in this window on this queue"

BASELINE = Schema(
    "baseline",
    (
        CONFIG,
        Column("measure", "text", "as in `summary.csv`"),
        Column("unit", "text", "`packets` or `bytes`"),
        Column("value", "number", "the measure, over the flows that were kept", "ratio", _NO_LOAD),
        Column("ideal_low", "number", _OF_IDEAL, "ratio", _NO_LOAD),
        Column("ideal_median", "number", _OF_IDEAL, "ratio", _NO_LOAD),
        Column("ideal_high", "number", _OF_IDEAL, "ratio", _NO_LOAD),
        Column(
            "percentile",
            "number",
            "share of ideal hashes that give less, plus half of those that give the same",
            "per cent",
            "without load",
        ),
        Column("sampling_low", "number", _OF_RESAMPLES, "ratio", _NO_LOAD),
        Column("sampling_high", "number", _OF_RESAMPLES, "ratio", _NO_LOAD),
    ),
)

GROUPS = Schema(
    "groups",
    (
        CONFIG,
        Column("group", "text", "`encapsulation` or `tunnel`"),
        Column("name", "text", "its name; of a tunnel: endpoints, encapsulation and VNI"),
        Column("packets", "integer", "of packets with a known queue", "packets"),
        Column("bytes", "integer", "of packets with a known queue", "bytes"),
        Column("queues_used", "integer", "receive queues with at least one of these packets", "queues"),
        Column("busiest_queue", "integer", "the queue with most of these packets", empty="without any"),
        Column("max_ideal_packets", "number", _OF_GROUP, "ratio", _NO_LOAD),
        Column("max_ideal_bytes", "number", _OF_GROUP, "ratio", _NO_LOAD),
        Column("jain_packets", "number", _OF_GROUP, "ratio", _NO_LOAD),
        Column("jain_bytes", "number", _OF_GROUP, "ratio", _NO_LOAD),
    ),
)

FLOWS = Schema(
    "flows",
    (
        CONFIG,
        Column("rank", "integer", "1 for the flow with most packets"),
        Column("encapsulation", "text", "under the chosen spec"),
        Column("network_number", "integer", "VNI, VSID or GRE key", empty="if there is none"),
        Column("outer", "text", "endpoints and protocol of the outer header"),
        Column("inner", "text", "endpoints and protocol of the inner header", empty="outside tunnels"),
        Column("packets", "integer", "of the flow", "packets"),
        Column("bytes", "integer", "of the flow", "bytes"),
        Column("packet_share", "number", "share of the packets of all flows", "ratio"),
        Column("queue", "integer", "its receive queue", empty="if it is not known"),
        Column("queue_share", "number", "share of the packets on that queue", "ratio", "if it is not known"),
    ),
)

AFFINITY = Schema(
    "affinity",
    (
        CONFIG,
        Column(
            "question",
            "text",
            "`inner-flows`, `directions`, `tunnels` or `without-ports`: what belongs together (flows inside tunnels, "
            "both directions of a connection, equal inner flows in several tunnels, fragments and packets of the same "
            "endpoints with ports)",
        ),
        Column(
            "cases",
            "integer",
            "how many there are: inner flows, pairs of directions, inner flows in more than one tunnel, pairs of "
            "endpoints with both",
        ),
        Column("apart", "integer", "how many of these are on different receive queues"),
        Column("packets", "integer", "packets of those that are apart", "packets"),
    ),
)

WINDOWS = Schema(
    "windows",
    (
        CONFIG,
        Column(
            "window_start_ns",
            "integer",
            "start of the window, since 1970, to which windows are aligned; windows without packets are left out",
            "ns",
        ),
        Column("queue", "integer", "the receive queue"),
        Column("packets", "integer", _IN_WINDOW, "packets"),
        Column("bytes", "integer", _IN_WINDOW, "bytes"),
    ),
)
