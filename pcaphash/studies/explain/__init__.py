"""The study of ``explain``: one packet, header by header, and why it gets this hash or none.

The hash, its input and what decides on it come from the very kernels that ``hashes`` runs, and so does the dissection:
compiled a second time, they note each header that they come to, and why they go no further.
"""

from pcaphash.studies.explain.choice import HeaderChoice, HeaderReason, MissingBytes, TypeChoice
from pcaphash.studies.explain.dissection import Dissection, Encapsulation, Level
from pcaphash.studies.explain.explanation import Explanation
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import Answer, HeaderState, InputField, PacketField, PacketHeader, Stripped
from pcaphash.studies.explain.steps import Layer, StopReason, TraceStep
from pcaphash.studies.explain.study import explain

__all__ = [
    "Answer",
    "Dissection",
    "Encapsulation",
    "Explanation",
    "HeaderChoice",
    "HeaderReason",
    "HeaderState",
    "InputField",
    "Layer",
    "Level",
    "MissingBytes",
    "Packet",
    "PacketField",
    "PacketHeader",
    "StopReason",
    "Stripped",
    "TraceStep",
    "TypeChoice",
    "explain",
]
