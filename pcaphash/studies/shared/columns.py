"""The columns of the tables of ``analyze`` and ``hashes``, which other studies use too."""

from pcaphash.studies.shared.schema import Column, Schema

CONFIG = Column("config", "text", "the configuration's name")

_NO_LOAD = "without load or RSS"
_EMPTY = {"min_max": f"{_NO_LOAD}, and if a queue is empty"}
_SPREAD = {
    # measure: what it says of the receive queues
    "max_ideal": "busiest queue above the ideal share",
    "min_ideal": "idlest queue below the ideal share",
    "min_max": "busiest queue above the idlest",
    "jain": "Jain's index",
    "cov": "coefficient of variation",
    "entropy": "normalized entropy",
}

DISTRIBUTION = Schema(
    "distribution",
    (
        CONFIG,
        Column("queue", "integer", "the receive queue, counted from 0"),
        Column(
            "packets",
            "integer",
            "packets that the device would put on this queue; those without a hash go to the unclassified queue",
            "packets",
        ),
        Column("bytes", "integer", "original lengths of these packets", "bytes"),
        Column("packet_share", "number", "share of the packets whose queue is known; 0 if there are none", "ratio"),
        Column("byte_share", "number", "share of the bytes of these packets", "ratio"),
    ),
)

SUMMARY = Schema(
    "summary",
    (
        CONFIG,
        Column("spec", "text", "`v7` (virtio-net inner header hash, draft v7) or `1.4` (virtio 1.4)"),
        Column("hash_types", "text", "names of the hash types joined by `+`, or `none`"),
        Column(
            "tunnel_types",
            "text",
            "names of the tunnel types joined by `+`, or `none`",
            empty="under draft v7, which has no such field",
        ),
        Column(
            "packets",
            "integer",
            "packets of the traces, without those left out: sent by the capturing host, or not selected",
            "packets",
        ),
        Column("hashed", "integer", "packets with a hash", "packets"),
        Column("unhashed", "integer", "packets without a hash", "packets"),
        Column("unknown", "integer", "packets of which the capture shows too little to tell", "packets"),
        Column("queues_used", "integer", "receive queues with at least one packet", "queues"),
        *(
            Column(f"{measure}_{unit}", "number", meaning, "ratio", _EMPTY.get(measure, _NO_LOAD))
            for unit in ("packets", "bytes")
            for measure, meaning in _SPREAD.items()
        ),
    ),
)

TRACE = Column("trace", "text", "the path of the file")
PACKET = Column("packet", "integer", "the packet's number in the file, counted from 1")
HASH_REPORT = Column(
    "hash_report",
    "text",
    "the hash type that applies: `IPv4`, `TCPv4`, `UDPv4`, `IPv6`, `TCPv6`, `UDPv6`, `IPv6_EX`, `TCPv6_EX`, "
    "`UDPv6_EX`; `NONE` without a hash; `UNKNOWN` if the capture shows too little",
)

FILES = Schema("files", (Column("trace", "text", "path of the file"), *SUMMARY.columns))

HASHES = Schema(
    "hashes",
    (
        PACKET,
        Column(
            "timestamp_ns",
            "integer",
            "when the packet was captured",
            "nanoseconds since 1970",
            "if the file has no time for it",
        ),
        Column("captured_length", "integer", "bytes of the packet in the file", "bytes"),
        Column("original_length", "integer", "bytes of the packet on the wire", "bytes"),
        Column(
            "direction",
            "text",
            "`in` or `out`: received or sent by the capturing host",
            empty="if the file does not say",
        ),
        Column(
            "encapsulation",
            "text",
            "what the packet is under the chosen spec, enabled or not: `NONE`, under draft v7 `GRE`, `VXLAN`, "
            "`GENEVE`, under virtio 1.4 a name of a tunnel type; `UNKNOWN` if the capture does not show it",
        ),
        Column(
            "header",
            "text",
            "the header that is hashed: `outer`, `inner`, or `none` if no hash is calculated or known",
        ),
        HASH_REPORT,
        Column(
            "hash_report_tunnel",
            "text",
            "`GRE`, `VXLAN` or `GENEVE` if the inner header is hashed under draft v7; `UNKNOWN` if `hash_report` is; "
            "else `NONE`",
        ),
        Column("hash_input", "text", "the bytes that are hashed, as hexadecimal digits", empty="without a known hash"),
        Column("hash_value", "text", "the hash, as `0x` and 8 hexadecimal digits", empty="without a known hash"),
        Column(
            "queue",
            "integer",
            "the receive queue; the unclassified queue for `NONE`",
            empty="for `UNKNOWN`, and without the RSS feature",
        ),
        Column(
            "reason",
            "text",
            "why no hash is calculated or known, [as below](#reasons)",
            empty="if there is a hash",
        ),
    ),
)


def columns_of_hashes(*, names_traces: bool) -> Schema:
    """Return the columns of ``hashes``: with several traces, the first column says which one each row is of."""
    return Schema(HASHES.name, (TRACE, *HASHES.columns)) if names_traces else HASHES
