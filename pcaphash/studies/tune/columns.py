"""The columns of the tables of ``tune``."""

from pcaphash.studies.shared.chance.spread import MEASURES, UNITS
from pcaphash.studies.shared.schema import Column, Schema

_PARTS = {
    "choosing": "the half of the hash inputs used to choose keys",
    "judging": "the other half",
    "all": "all hash inputs",
}
_BAND = (
    "the measure on the half that keys are judged by: its median over all random keys, and the range of 95 of 100 of "
    "them"
)

KEYS = Schema(
    "keys",
    (
        Column("rank", "integer", "1 for the best key"),
        Column("key", "text", "the hash key, as hexadecimal digits"),
        Column("origin", "text", "`current` for the device's own key, `random`, or `searched` for one made of these"),
        *(
            Column(
                f"{part}_{measure}_{unit}",
                "number",
                f"the measures of `summary.csv` over {of}",
                "ratio",
                "without load, and for `min_max` if a queue is empty",
            )
            for part, of in _PARTS.items()
            for unit in UNITS
            for measure in MEASURES
        ),
    ),
)

ENTRIES = Schema(
    "table",
    (
        Column("entry", "integer", "the entry of the indirection table, counted from 0"),
        Column("current", "integer", "its receive queue as configured"),
        Column("rebalanced", "integer", "its receive queue in the table made for the trace"),
        Column("weighted", "integer", "its receive queue in the best table that `ethtool -X IF weight` can make"),
    ),
)

SIZES = Schema(
    "sizes",
    (
        Column("size", "integer", "entries of the indirection table", "entries"),
        Column("table", "text", "`equal` if the receive queues take turns, `given` for the device's own if it differs"),
        Column("median", "number", _BAND, "ratio", "without load"),
        Column("low", "number", _BAND, "ratio", "without load"),
        Column("high", "number", _BAND, "ratio", "without load"),
    ),
)
