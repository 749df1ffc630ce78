"""The columns of the tables in the document of ``info``."""

from pcaphash.studies.shared.schema import Column, Schema

ENCAPSULATIONS = Schema(
    "encapsulations",
    (
        Column("v7", "text", "its name in draft v7; `NONE` for no tunnel, `UNKNOWN` if the capture does not show it"),
        Column("1.4", "text", "its name in virtio 1.4"),
        Column("packets", "integer", "packets with this encapsulation", "packets"),
        Column("bytes", "integer", "original lengths of these packets", "bytes"),
    ),
)

TUNNELS = Schema(
    "tunnels",
    (
        Column("source", "text", "the address of the endpoint that sends"),
        Column("destination", "text", "the address of the endpoint that receives"),
        Column("encapsulation", "text", "its name in virtio 1.4"),
        Column("network_number", "integer", "VNI, VSID or GRE key", empty="if there is none"),
        Column("packets", "integer", "packets in this direction", "packets"),
        Column("bytes", "integer", "original lengths of these packets", "bytes"),
    ),
)
