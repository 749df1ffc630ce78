"""The columns of the table of ``hash``."""

from pcaphash.studies.shared.schema import Column, Schema

_NO_PORT = "if none is given"

TUPLES = Schema(
    "tuples",
    (
        Column("source", "text", "the source address"),
        Column("source_port", "integer", "its port", empty=_NO_PORT),
        Column("destination", "text", "the destination address"),
        Column("destination_port", "integer", "its port", empty=_NO_PORT),
        Column(
            "protocol",
            "text",
            "the protocol's name, or its number if it has no common one",
            empty="if none is given, and there are no ports",
        ),
        Column("hash_report", "text", "the hash type that applies, as in `hashes`; `NONE` if no enabled type fits"),
        Column("hash_input", "text", "the bytes that are hashed, as hexadecimal digits", empty="without a hash"),
        Column("hash_value", "text", "the hash, as `0x` and 8 hexadecimal digits", empty="without a hash"),
        Column(
            "table_entry",
            "integer",
            "the entry of the indirection table, counted from 0",
            empty="without a hash, and without the RSS feature",
        ),
        Column(
            "queue",
            "integer",
            "the receive queue; the unclassified queue for `NONE`",
            empty="without the RSS feature",
        ),
    ),
)
