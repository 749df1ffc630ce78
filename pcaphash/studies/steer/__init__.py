"""Which flows go to which receive queue: found by solving equations, and not by trial."""

from pcaphash.studies.steer.result import Steering
from pcaphash.studies.steer.study import ZERO_KEY, steer

__all__ = ["ZERO_KEY", "Steering", "steer"]
