"""The study of ``compare``: configurations side by side, held to what ideal hashes would do."""

from pcaphash.studies.compare.finding import Finding
from pcaphash.studies.compare.outcome import Outcome, PacketGroup
from pcaphash.studies.compare.result import Comparison
from pcaphash.studies.compare.study import compare
from pcaphash.studies.compare.verdict import ComparisonVerdict

__all__ = ["Comparison", "ComparisonVerdict", "Finding", "Outcome", "PacketGroup", "compare"]
