"""Which flows go to which receive queue: found by solving equations, and not by trial."""

from pcaphash.studies.steer.result import Steering
from pcaphash.studies.steer.study import steer
from pcaphash.studies.steer.unreached import WhyNot

__all__ = ["Steering", "WhyNot", "steer"]
