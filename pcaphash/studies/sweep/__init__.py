"""The study of ``sweep``: every mask of hash types and tunnel types on the same packets, from one census."""

from pcaphash.studies.sweep.result import MEASURE_COLUMNS, Sweep
from pcaphash.studies.sweep.study import sweep

__all__ = ["MEASURE_COLUMNS", "Sweep", "sweep"]
