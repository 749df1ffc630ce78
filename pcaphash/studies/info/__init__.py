"""The study of ``info``: what traces hold, before any question about hashes."""

from pcaphash.studies.info.files import CaptureInterface, TraceFile
from pcaphash.studies.info.result import EncapsulationCount, Info, ReportedFacts, SavedFacts, TunnelFacts, TunnelLoad
from pcaphash.studies.info.study import info
from pcaphash.studies.info.tally import Tally, Times

__all__ = [
    "CaptureInterface",
    "EncapsulationCount",
    "Info",
    "ReportedFacts",
    "SavedFacts",
    "Tally",
    "Times",
    "TraceFile",
    "TunnelFacts",
    "TunnelLoad",
    "info",
]
