"""What a recovery of a key found."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pcaphash.capture.reported.notes import Note
from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result, packets_of
from pcaphash.studies.recover_key.queues import QueueSums
from pcaphash.studies.recover_key.solution import KEY_BITS, Solution
from pcaphash.studies.shared.linear.hash_input import KEY_BITS_OF, HashInput

if TYPE_CHECKING:
    import pandas as pd

LEAST_EVIDENCE = 24
"""Equations that must hold besides, for chance to be ruled out among the dozens of readings that are tried."""


class Assumption(StrEnum):
    """What may be hashed, by the names that programs get."""

    AS_CONFIGURED = "as-configured"
    INNER_PORTS = "inner-ports"
    """Addresses and ports of the inner header."""
    OUTER_PORTS = "outer-ports"
    INNER_ADDRESSES = "inner-addresses"
    OUTER_ADDRESSES = "outer-addresses"


class ValueOrder(StrEnum):
    """How the bits of a hash are arranged in the reported value."""

    AS_REPORTED = "as-reported"
    BYTES_REVERSED = "bytes-reversed"
    BITS_REVERSED = "bits-reversed"
    HALVES_SWAPPED = "halves-swapped"
    """The two halves of 16 bits."""


class RecoveryConclusion(StrEnum):
    """What a recovery comes to."""

    COMPLETE = "complete"
    """Every bit of the key that a hash can depend on is known."""
    COMPLETE_FOR_QUEUES = "complete-for-queues"
    """Every bit of the key that a receive queue can depend on is known; only receive queues are reported."""
    PARTIAL = "partial"
    """Some of these bits are known."""
    UNCERTAIN = "uncertain"
    """No key fits the device as configured, and what fits otherwise may do so by chance."""
    NO_KEY = "no-key"
    """No key gives these hashes."""
    NO_ORDER = "no-order"
    """It is not known which reported hash is of which packet."""


@dataclass(frozen=True)
class Fit:
    """How well one assumption about what is hashed goes with the hashes reported.

    Parameters
    ----------
    assumption : Assumption
        What is assumed.
    device : Device
        The device that hashes so, with any key.
    packets : int
        Packets with a hash under it, and a reported one.
    rank : int
        Hash inputs among them that are no sums of others.
    contradictions : int
        Packets whose hashes do not go with those of the others.
    solution : Solution, optional
        What their hashes say of the key; None where no key gives them.
    value_order : ValueOrder or None
        How the bits of the hash are arranged in the reported value; None if no key gives them.
    contradicting : tuple of int
        Numbers of the first packets whose hashes do not go with the others.
    holding : int
        Equations that hold because inputs are sums of others and have the sums of their hashes.
    tried : int
        Keys that the equations of receive queues left open, all of which were tried, 1 being the one that they give; 0
        if they were not.
    """

    assumption: Assumption
    device: Device
    packets: int
    rank: int
    contradictions: int
    solution: Solution | None
    value_order: ValueOrder | None
    contradicting: tuple[int, ...]
    holding: int
    tried: int = 0

    @property
    def is_consistent(self) -> bool:
        """Whether there is a key that gives these hashes, but for a few packets."""
        return self.solution is not None

    @property
    def evidence(self) -> int:
        """How many more equations hold than are needed to find the key: without any, everything fits."""
        return 0 if self.solution is None else self.solution.redundant + self.holding

    @property
    def is_confirmed(self) -> bool:
        """Whether so many more equations hold that chance is ruled out."""
        return self.evidence >= LEAST_EVIDENCE


@dataclass(frozen=True, eq=False, repr=False)
class Recovery(Result):
    """What a recovery found.

    Parameters
    ----------
    reading : Reading
        The result of reading the trace.
    fits : list of Fit
        The assumptions, in the order in which they were tried.
    best : Fit, optional
        The one that fits best; None where none does, or only some that are not as configured, by chance maybe.
    known_key : str
        Which of ``hash_key.NAMED_KEYS`` it is, as far as its bits are known; else empty.
    unreported : int
        Packets with a hash under the best assumption, of which none is reported.
    predictable : int
        How many of those are determined by what is known of the key; of at most ``looked_at``.
    looked_at : int
        How many of those were looked at.
    of_other_types : int
        Packets that were left out because they report another hash type than expected under the best assumption.
    notes : list of Note
        What the source says of the values read, a line each.
    is_order_known : bool
        Whether it is known which reported hash is of which packet.
    queue_sums : QueueSums, optional
        What receive queues say of the hash, if only these are reported; None if hashes are.
    """

    reading: Reading
    fits: list[Fit]
    best: Fit | None
    known_key: str = ""
    unreported: int = 0
    predictable: int = 0
    looked_at: int = 0
    of_other_types: int = 0
    notes: list[Note] = field(default_factory=list)
    is_order_known: bool = True
    queue_sums: QueueSums | None = None

    def facts(self) -> list[str]:
        """Return what was read, and how much of the key is known."""
        read = packets_of(self.reading, self.reading.selected)
        if self.best is None or self.solution is None:
            return [read, "no key fits"]
        known = f"{self.solution.known_bits} of {KEY_BITS} key bits known"
        return [read, f"{known} ({self.best.assumption.value})", f"conclusion: {self.conclusion.value}"]

    def main_table(self) -> "pd.DataFrame":
        """Return the assumptions, in the order in which they were tried."""
        import pandas as pd

        rows = [
            {
                "assumption": fit.assumption.value,
                "packets": fit.packets,
                "contradictions": fit.contradictions,
                "equations_that_hold_besides": fit.evidence,
                "known_bits": fit.solution.known_bits if fit.solution else 0,
            }
            for fit in self.fits
        ]
        return pd.DataFrame(rows)

    @property
    def solution(self) -> Solution | None:
        """What is known of the key."""
        return self.best.solution if self.best else None

    @property
    def initial_value(self) -> int:
        """What the hash starts with, under the known key if it is one, else under that with 0 for each unknown bit."""
        if self.solution is None:
            return 0
        known = NAMED_KEYS.get(self.known_key)
        return self.solution.initial_value if known is None else self.solution.initial_value_of(known)

    @property
    def is_complete(self) -> bool:
        """Whether every bit of the key that a hash can depend on is known."""
        return self.solution is not None and self.solution.known_bits == KEY_BITS

    @property
    def conclusion(self) -> RecoveryConclusion:
        """What the recovery comes to."""
        if self.solution is not None:
            if self.queue_sums is not None and HashInput.IPV6_PORTS in self.calculable:
                return RecoveryConclusion.COMPLETE_FOR_QUEUES
            return RecoveryConclusion.COMPLETE if self.is_complete else RecoveryConclusion.PARTIAL
        if not self.is_order_known:
            return RecoveryConclusion.NO_ORDER
        may_fit = any(fit.is_consistent and fit.packets for fit in self.fits)
        return RecoveryConclusion.UNCERTAIN if may_fit else RecoveryConclusion.NO_KEY

    @property
    def calculable(self) -> list[HashInput]:
        """The inputs for which the known bits of the key give every hash, or every queue if only these are reported."""
        return [each for each in HashInput if self.solution is not None and not self._unknown(each)]

    @property
    def beside_queues(self) -> int:
        """How many key bits no receive queue depends on; 0 if hashes are reported."""
        return 0 if self.queue_sums is None else KEY_BITS - self._needed(HashInput.IPV6_PORTS).bit_count()

    def _unknown(self, kind: HashInput) -> int:
        assert self.solution is not None, "there is one"
        known = int.from_bytes(self.solution.key_mask, "big") >> (8 * len(self.solution.key_mask) - KEY_BITS)
        return self._needed(kind) & ~known

    def _needed(self, kind: HashInput) -> int:
        """Return which key bits the hashes over an input depend on, or its queues, the last of KEY_BITS being 1."""
        every = (1 << KEY_BITS_OF[kind]) - 1 << (KEY_BITS - KEY_BITS_OF[kind])
        if self.queue_sums is None:
            return every
        n_bits = KEY_BITS_OF[kind] - 31
        found = 0
        for bit in range(32):  # of the hash, the lowest being 0
            if self.queue_sums.needed >> bit & 1:
                found |= (1 << n_bits) - 1 << (KEY_BITS - n_bits - 31 + bit)
        return found
