"""The study of ``hash``: the hash of a packet that is given by its addresses and ports, without a capture."""

from pcaphash.studies.hash_tuple.columns import TUPLES
from pcaphash.studies.hash_tuple.packet_tuple import PacketTuple, check_versions, parse_end, parse_protocol, parse_tuple
from pcaphash.studies.hash_tuple.study import Directions, TupleHash, compare_directions, hash_packet_tuple, hash_tuple
from pcaphash.studies.hash_tuple.table import hash_tuples

__all__ = [
    "TUPLES",
    "Directions",
    "PacketTuple",
    "TupleHash",
    "check_versions",
    "compare_directions",
    "hash_packet_tuple",
    "hash_tuple",
    "hash_tuples",
    "parse_end",
    "parse_protocol",
    "parse_tuple",
]
