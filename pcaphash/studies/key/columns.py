"""The columns of the table of ``key``."""

from pcaphash.studies.shared.columns import CONFIG
from pcaphash.studies.shared.schema import Column, Schema

_ONLY_TRAFFIC = "without traces"

REACH = Schema(
    "reach",
    (
        CONFIG,
        Column(
            "hash_input", "text", "what is hashed: `ipv4-addresses`, `ipv4-ports`, `ipv6-addresses` or `ipv6-ports`"
        ),
        Column(
            "varying",
            "text",
            "what varies: `source-port`, `source-address`, `source` (both), `all` (every bit), or `traffic` (what "
            "varies in the traces)",
        ),
        Column("inputs", "integer", "distinct hash inputs of the traces", empty=_ONLY_TRAFFIC),
        Column("packets", "integer", "packets that have them", "packets", _ONLY_TRAFFIC),
        Column("dimension", "integer", "bits, or sums of bits, that vary independently", "bits"),
        Column("index_bits", "integer", "bits of the table index", "bits"),
        Column("rank", "integer", "how many of them, or sums of them, can be chosen independently", "bits"),
        Column("entries_reachable", "integer", "entries that can be reached: 2 to the power of the rank", "entries"),
        Column("entries_reached", "integer", "entries that the inputs of the traces lead to", "entries", _ONLY_TRAFFIC),
        Column("queues_reachable", "integer", "receive queues that the reachable entries lead to", "queues",
               _ONLY_TRAFFIC),
        Column(
            "dependencies",
            "text",
            "what holds of the index for all inputs: `b3=0` (bit 3, bit 0 being the lowest), `b3^b5=1` (the XOR of two "
            "bits); without a value where it depends on what does not vary; joined by blanks",
        ),
    ),
)  # fmt: skip
