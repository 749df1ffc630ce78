"""Count what was reported and what is wrong: numbers only, which parts of a trace add up to."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.engine.census.describer import Descriptions
from pcaphash.studies.validate.verdicts import (
    FAULTS,
    REASONS,
    Judgement,
    NotJudged,
    PacketVerdict,
    gravest,
    says_only_queue,
)

_N = 256  # values of a byte


def _nothing() -> npt.NDArray[np.int64]:
    return np.zeros(_N, np.int64)


@dataclass(eq=False)
class JudgedCounts:
    """How many packets were judged, and how.

    Parameters
    ----------
    flags : int64 array of shape (256,)
        Packets judged, by the sum of their faults.
    reasons : int64 array of shape (256,)
        Packets by why they are not judged, as REASONS numbers it from 1; 0 is for those judged.
    compared, right : int
        Packets judged for which a hash is expected and one is reported; and those of them for which it is the same.
    by_queue_alone : int
        Packets judged for which a hash is expected and only a receive queue is reported.
    reported : dict of str to int
        Packets with a reported hash value, type, tunnel and receive queue.
    """

    flags: npt.NDArray[np.int64] = field(default_factory=_nothing)
    reasons: npt.NDArray[np.int64] = field(default_factory=_nothing)
    compared: int = 0
    right: int = 0
    by_queue_alone: int = 0
    reported: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("hash_value", "hash_report", "hash_report_tunnel", "queue"), 0)
    )

    def append(self, found: Descriptions, reported: Reported, judgement: Judgement) -> None:
        """Add the packets of a block."""
        judged = judgement.reasons == 0
        self.flags += np.bincount(judgement.faults[judged], minlength=_N)
        self.reasons += np.bincount(judgement.reasons, minlength=_N)
        both = judged & found.hashed & reported.has_hash
        self.compared += int(np.count_nonzero(both))
        self.right += int(np.count_nonzero(both & (reported.hash_values == found.hash_values)))
        self.by_queue_alone += int(np.count_nonzero(judged & found.hashed & says_only_queue(reported)))
        self.reported["hash_value"] += int(np.count_nonzero(reported.has_hash))
        for name, numbers in (
            ("hash_report", reported.hash_reports),
            ("hash_report_tunnel", reported.hash_report_tunnels),
            ("queue", reported.queues),
        ):
            self.reported[name] += int(np.count_nonzero(numbers != NOT_REPORTED))

    def combine(self, other: "JudgedCounts") -> None:
        """Add those of another part."""
        self.flags += other.flags
        self.reasons += other.reasons
        self.compared += other.compared
        self.right += other.right
        self.by_queue_alone += other.by_queue_alone
        for name, n in other.reported.items():
            self.reported[name] += n

    @property
    def verdicts(self) -> dict[PacketVerdict, int]:
        """Packets judged by verdict, each counted once; ``match`` first."""
        counts = dict.fromkeys((PacketVerdict.MATCH, *FAULTS.values()), 0)
        for flags in np.flatnonzero(self.flags).tolist():
            counts[gravest(flags)] += int(self.flags[flags])
        return counts

    @property
    def faults(self) -> dict[PacketVerdict, int]:
        """Packets by fault; one may have several."""
        every = np.arange(_N)
        return {verdict: int(self.flags[(every & flag) > 0].sum()) for flag, verdict in FAULTS.items()}

    @property
    def not_compared(self) -> dict[NotJudged, int]:
        """Packets that were not judged, by why."""
        return {reason: int(self.reasons[1 + i]) for i, reason in enumerate(REASONS) if self.reasons[1 + i]}
