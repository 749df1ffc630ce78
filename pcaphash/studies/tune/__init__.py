"""The study of ``tune``: many hash keys and table sizes over the flows of a trace, and a table made for it."""

from pcaphash.studies.tune.result import Tuning
from pcaphash.studies.tune.study import tune

__all__ = ["Tuning", "tune"]
