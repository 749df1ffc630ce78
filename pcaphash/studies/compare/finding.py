"""How one configuration spreads the packets, and why, as facts."""

from dataclasses import dataclass

from pcaphash.studies.compare.causes import UNJUDGED, Cause, Facts, Ideal
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.shared.linear.reach import Reach


@dataclass(frozen=True)
class Crowding:
    """So many of the receive queues carry this share of the packets; given where they are few."""

    queues: int
    share: float


@dataclass(frozen=True)
class Finding:
    """How a configuration spreads the packets, and why.

    Parameters
    ----------
    config : str
        Its name.
    cause : Cause
        Why.
    excess : float
        How far the busiest receive queue is above its ideal share, which is 1 / queues; NaN where nothing is judged.
    queues : int
        Receive queues.
    crowding : Crowding or None
        The few receive queues that carry most packets, where they are few.
    facts : Facts, MissedTunnel or None
        The numbers that show the cause; None where ``excess`` and ``ideal`` say all.
    ideal : Ideal or None
        What ideal hashes give for the same hash inputs, where that is known.
    limits : tuple of Reach
        Where packets spread unevenly: hash inputs that cannot reach all table entries, each with the reason.
    """

    config: str
    cause: Cause
    excess: float
    queues: int
    crowding: Crowding | None
    facts: Facts | MissedTunnel | None
    ideal: Ideal | None
    limits: tuple[Reach, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether there is something to spread, enough of it, and enough of it captured."""
        return self.cause not in UNJUDGED
