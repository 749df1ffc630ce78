"""Traffic made from a seed: which flows there are, what their packets look like, and when they come."""

from pcaphash.studies.synth.result import Synthesis
from pcaphash.studies.synth.study import synth
from pcaphash.studies.synth.traffic import Traffic

__all__ = ["Synthesis", "Traffic", "synth"]
