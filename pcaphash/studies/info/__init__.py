"""The study of ``info``: what traces hold, before any question about hashes."""

from pcaphash.studies.info.files import Interface, TraceFile
from pcaphash.studies.info.result import Encapsulation, Info, ReportedFacts, SavedFacts, TunnelFacts, TunnelLoad
from pcaphash.studies.info.study import info
from pcaphash.studies.info.tally import Tally, Times

__all__ = [
    "Encapsulation",
    "Info",
    "Interface",
    "ReportedFacts",
    "SavedFacts",
    "Tally",
    "Times",
    "TraceFile",
    "TunnelFacts",
    "TunnelLoad",
    "info",
]
