"""The study behind ``replay``, and what it returns."""

from pcaphash.studies.replay.options import Change, ReplayOptions
from pcaphash.studies.replay.result import Replay
from pcaphash.studies.replay.study import replay

__all__ = ["Change", "Replay", "ReplayOptions", "replay"]
