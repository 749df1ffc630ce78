"""What follows from a sweep, as facts: whether masks can be ranked, and which of them differ only by chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.studies.shared.chance.enough import is_cut_short, packets_needed
from pcaphash.studies.shared.chance.spread import GROWING
from pcaphash.studies.shared.chance.trials import Interval


class SweepConclusion(StrEnum):
    """What a sweep comes to, by the names that programs get."""

    NO_HASH = "no-hash"
    """No mask gives any packet a hash."""
    NO_RSS = "no-rss"
    """No hash chooses a receive queue."""
    ONE_QUEUE = "one-queue"
    """There is only one receive queue."""
    CUT = "cut"
    """The capture does not show enough of the packets to judge every mask, so the best one is not known."""
    TOO_FEW = "too-few"
    """There are too few packets to rank masks by."""
    ALIKE = "alike"
    """Every mask spreads the packets alike."""
    ONE_USED = "one-used"
    """No mask puts the packets on more than one receive queue."""
    RANKED = "ranked"
    """Masks are ranked, but without flows it is not known what chance does."""
    WORSE_THAN_CHANCE = "worse-than-chance"
    """Even the best class does worse than ideal hashes."""
    ONE_BEST = "one-best"
    """The best class is ahead of all others by more than chance."""
    SEVERAL_BEST = "several-best"
    """Several classes differ only by chance."""


@dataclass(frozen=True)
class SweepVerdict:
    """What follows from a sweep.

    Parameters
    ----------
    conclusion : SweepConclusion
        What it comes to.
    packets : int
        Packets whose receive queue is known.
    needed : int
        How many it takes to rank masks by.
    cut_share : float
        The most of all packets of which, under one mask, the capture does not show enough.
    ideal : Interval or None
        The range of 95 of 100 ideal hashes under the best mask, by the measure that masks are ranked by; None if it is
        not known, or nothing is ranked.
    n_alike : int
        How many classes, the best ones, are no worse than that; 0 if that is not known.
    alike, worse : list of str
        Names of the masks in those classes, and of the others that have names.
    """

    conclusion: SweepConclusion
    packets: int
    needed: int
    cut_share: float = 0.0
    ideal: Interval | None = None
    n_alike: int = 0
    alike: list[str] = field(default_factory=list)
    worse: list[str] = field(default_factory=list)

    @property
    def is_ranked(self) -> bool:
        """Whether there is enough to rank masks by."""
        return self.conclusion not in (
            SweepConclusion.NO_HASH, SweepConclusion.NO_RSS, SweepConclusion.ONE_QUEUE, SweepConclusion.CUT,
            SweepConclusion.TOO_FEW,
        )  # fmt: skip


def judge(
    device: Device,
    packets: int,
    total: int,
    columns: Mapping[str, npt.NDArray[Any]],
    by: str,
    ideal: Interval | None,
    marks: Mapping[str, int],
) -> SweepVerdict:
    """Judge how masks spread packets.

    Parameters
    ----------
    device : Device
        Gives everything but the types.
    packets : int
        Packets whose receive queue is known.
    total : int
        All packets.
    columns : dict of str to array of shape (n_classes,)
        Counts and measures of each class, best first.
    by : str
        The measure that classes are ranked by.
    ideal : Interval or None
        The range of 95 of 100 ideal hashes under the best mask; None if that is not known.
    marks : dict of str to int
        The classes of masks that have names.
    """
    needed = packets_needed(device.queues)
    n_cut = int(columns["unknown"].max())
    cut_share = n_cut / total if total else 0.0
    conclusion = _unranked(device, is_cut_short(n_cut, total), packets < needed, columns)
    if conclusion is not None:
        return SweepVerdict(conclusion, packets, needed, cut_share)
    if ideal is None:
        return SweepVerdict(SweepConclusion.RANKED, packets, needed, cut_share)
    values = columns[by]
    is_alike = values >= ideal.low if by.startswith(GROWING) else values <= ideal.high
    n_alike = int(is_alike.sum())
    few = {0: SweepConclusion.WORSE_THAN_CHANCE, 1: SweepConclusion.ONE_BEST}
    return SweepVerdict(
        few.get(n_alike, SweepConclusion.SEVERAL_BEST), packets, needed, cut_share, ideal, n_alike,
        [name for name, number in marks.items() if is_alike[number]],
        [name for name, number in marks.items() if not is_alike[number]],
    )  # fmt: skip


def _unranked(
    device: Device, is_cut: bool, is_few: bool, columns: Mapping[str, npt.NDArray[Any]]
) -> SweepConclusion | None:
    """Say why masks cannot be ranked, or that it does not matter which is taken; None if it does."""
    used = columns["queues_used"]
    reasons = {
        SweepConclusion.NO_HASH: not columns["hashed"].any(),
        SweepConclusion.NO_RSS: not device.has_queue,
        SweepConclusion.ONE_QUEUE: device.queues == 1,
        SweepConclusion.CUT: is_cut,
        SweepConclusion.TOO_FEW: is_few,
        SweepConclusion.ALIKE: len(used) == 1,
        SweepConclusion.ONE_USED: used.max() <= 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
