"""The columns of the table of ``validate``."""

from dataclasses import replace

from pcaphash.studies.shared.columns import HASHES, PACKET, TRACE
from pcaphash.studies.shared.schema import Column, Schema

_EXPECTED = ("hash_report", "hash_report_tunnel", "hash_value", "queue")
_OF_HASHES = {column.name: column for column in HASHES.columns}

PACKETS = Schema(
    "packets",
    (
        TRACE,
        PACKET,
        Column("verdict", "text", "see [validating.md](validating.md#verdicts)"),
        Column("faults", "text", "everything that is wrong, joined by `+`", empty="if nothing is"),
        Column("not_compared", "text", "why it was not judged", empty="if it was"),
        *(replace(_OF_HASHES[name], meaning="what is expected, as in `hashes`") for name in _EXPECTED),
        *(
            Column(f"reported_{name}", _OF_HASHES[name].type, "what was reported", empty="if nothing was")
            for name in _EXPECTED
        ),
    ),
)
