"""Why a configuration spreads packets as it does: the cause, and the numbers that show it."""

from dataclasses import dataclass
from enum import StrEnum

from pcaphash.studies.shared.chance.enough import CutShort


class Cause(StrEnum):
    """Why packets spread as they do, by the names that programs get."""

    NOTHING = "nothing"
    """There is nothing to spread: no receive queues, only one, no packets, or none with a hash."""
    CUT = "cut"
    """The capture does not show enough of the packets."""
    TOO_FEW = "too-few"
    """There are too few packets to judge by."""
    EVEN = "even"
    """They spread evenly."""
    UNHASHED = "unhashed"
    """Packets without a hash crowd the unclassified queue."""
    HASH = "hash"
    """The hash does worse than chance."""
    TABLE = "table"
    """The indirection table is uneven by itself."""
    SINGLE_FLOW = "single-flow"
    """One flow has more than a receive queue's share."""
    NO_PORTS = "no-ports"
    """Packets without ports between two addresses have more than a receive queue's share."""
    FEW_INPUTS = "few-inputs"
    """Many flows share few hash inputs."""
    HEAVY_FLOWS = "heavy-flows"
    """A few flows have most packets."""
    FEW_FLOWS = "few-flows"
    """There are too few flows to even out."""
    MISSED_TUNNEL = "missed-tunnel"
    """Flows in a tunnel are one to the device, which does not look into it."""
    UNEVEN = "uneven"
    """No single cause, or one that only flows would tell, which are not kept."""


UNJUDGED = (Cause.CUT, Cause.TOO_FEW, Cause.NOTHING)
"""Causes of configurations that are not judged."""


class Nothing(StrEnum):
    """Why there is nothing to spread."""

    NO_RSS = "no-rss"
    ONE_QUEUE = "one-queue"
    NO_PACKETS = "no-packets"
    NO_HASH = "no-hash"


@dataclass(frozen=True)
class NothingToSpread:
    """For ``Cause.NOTHING``: why, of how many packets, and the reasons why they have no hash, each with a count.

    ``queue`` is the unclassified one, if all packets are known to go there.
    """

    why: Nothing
    packets: int
    reasons: dict[str, int]
    queue: int | None = None


@dataclass(frozen=True)
class TooFew:
    """For ``Cause.TOO_FEW``: how many packets there are, and how many are needed for so many receive queues.

    Packets whose receive queue is unknown are beside them.
    """

    packets: int
    needed: int
    queues: int
    unknown: int


@dataclass(frozen=True)
class Unhashed:
    """For ``Cause.UNHASHED``: share of packets without a hash, the unclassified queue, and the commonest reason."""

    share: float
    queue: int
    reason: str


@dataclass(frozen=True)
class UnevenTable:
    """For ``Cause.TABLE``: the receive queue with the most entries of the indirection table, and those with none."""

    queue: int
    entries: int
    table_size: int
    queues: int
    queues_without: int

    @property
    def excess(self) -> float:
        """How far the table alone puts that receive queue above ideal."""
        return self.entries * self.queues / self.table_size - 1


@dataclass(frozen=True)
class HeavyFlow:
    """For ``Cause.SINGLE_FLOW`` and ``Cause.NO_PORTS``: what is heavy, its share of packets, and the ideal share."""

    endpoints: str
    encapsulation: str
    share: float
    ideal_share: float
    queue: int


@dataclass(frozen=True)
class CrowdedInputs:
    """For ``Cause.FEW_INPUTS``: how many hash inputs carry most packets, and how many flows share the heaviest."""

    inputs: int
    crowded: int
    crowded_share: float
    heaviest_share: float
    heaviest_flows: int


@dataclass(frozen=True)
class FewFlows:
    """For ``Cause.HEAVY_FLOWS`` and ``Cause.FEW_FLOWS``: how many of the hash inputs carry half of the packets."""

    inputs: int
    half: int
    queues: int


@dataclass(frozen=True)
class Unexplained:
    """For ``Cause.UNEVEN``: the share of the flows that is kept, 0 where none is, and what is heaviest of them.

    ``cut_share`` is that of packets in tunnels whose flows the capture does not tell apart, if it is why nothing more
    is known.
    """

    kept_share: float
    heaviest_share: float
    unhashed_share: float
    cut_share: float = 0.0


Facts = (
    NothingToSpread | CutShort | TooFew | Unhashed | UnevenTable | HeavyFlow | CrowdedInputs | FewFlows | Unexplained
)


@dataclass(frozen=True)
class Ideal:
    """What ideal hashes give for the same hash inputs: how far the busiest receive queue is above its ideal share.

    Parameters
    ----------
    low, high : float
        95 of 100 ideal hashes are within.
    median : float
        Half of them are below.
    percentile : float
        Per cent of them that do better than this one.
    """

    low: float
    high: float
    median: float
    percentile: float
