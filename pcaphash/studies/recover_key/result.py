"""What a recovery of a key found."""

from dataclasses import dataclass, field

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.recover_key.solution import KEY_BITS, Solution

LEAST_EVIDENCE = 24
"""Equations that must hold besides, for chance to be ruled out among the dozens of readings that are tried."""


@dataclass(frozen=True)
class Fit:
    """How well one assumption about what is hashed goes with the hashes reported.

    Parameters
    ----------
    name : str
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
    value_order : str
        How the bits of the hash stand in the reported value.
    contradicting : tuple of int
        Numbers of the first packets whose hashes do not go with the others.
    """

    name: str
    device: Device
    packets: int
    rank: int
    contradictions: int
    solution: Solution | None
    value_order: str
    contradicting: tuple[int, ...]

    @property
    def is_consistent(self) -> bool:
        """Whether there is a key that gives these hashes, but for a few packets."""
        return self.solution is not None

    @property
    def evidence(self) -> int:
        """How many more equations hold than are needed to find the key: without any, everything fits."""
        holding = self.packets - self.rank - self.contradictions
        return 0 if self.solution is None else self.solution.redundant + 32 * holding

    @property
    def is_confirmed(self) -> bool:
        """Whether so many more equations hold that chance is ruled out."""
        return self.evidence >= LEAST_EVIDENCE


@dataclass(frozen=True, eq=False)
class Recovery:
    """What a recovery found.

    Parameters
    ----------
    reading : Reading
        What came of reading the trace.
    fits : list of Fit
        The assumptions, in the order in which they were tried.
    best : Fit, optional
        The one that fits best; None where none does, or only some that are not as configured, by chance maybe.
    known_name : str
        What the key is called, where it is a known one.
    unreported : int
        Packets with a hash under the best assumption, of which none is reported.
    predictable : int
        How many of those are determined by what is known of the key; of at most ``looked_at``.
    looked_at : int
        How many of those were looked at.
    notes : list of str
        What is to be known of the values read, a line each.
    is_order_known : bool
        Whether it is known which reported hash is of which packet.
    """

    reading: Reading
    fits: list[Fit]
    best: Fit | None
    known_name: str = ""
    unreported: int = 0
    predictable: int = 0
    looked_at: int = 0
    notes: list[str] = field(default_factory=list)
    is_order_known: bool = True

    @property
    def solution(self) -> Solution | None:
        """What is known of the key."""
        return self.best.solution if self.best else None

    @property
    def is_complete(self) -> bool:
        """Whether every bit of the key that a hash can depend on is known."""
        return self.solution is not None and self.solution.known_bits == KEY_BITS
