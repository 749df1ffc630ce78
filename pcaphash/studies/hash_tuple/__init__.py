"""The study behind ``hash``: the hash of a packet that is told by its addresses and ports, without a capture."""

from pcaphash.studies.hash_tuple.packet_tuple import PacketTuple, parse_protocol, parse_tuple
from pcaphash.studies.hash_tuple.study import COLUMNS, TupleHash, hash_packet_tuple, hash_tuple
from pcaphash.studies.hash_tuple.table import hash_tuples

__all__ = [
    "COLUMNS",
    "PacketTuple",
    "TupleHash",
    "hash_packet_tuple",
    "hash_tuple",
    "hash_tuples",
    "parse_protocol",
    "parse_tuple",
]
