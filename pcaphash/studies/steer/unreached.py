"""Why no flow goes to a receive queue."""

from dataclasses import dataclass
from enum import StrEnum


class WhyNot(StrEnum):
    """Why no flow goes to a receive queue, by the names that programs get."""

    NO_ENTRY = "no-entry"
    """No entry of the indirection table is this queue."""
    ZERO_KEY = "zero-key"
    """All packets have the same hash."""
    RANK = "rank"
    """What may vary changes too few bits of the table index."""
    FEW_PORTS = "few-ports"
    """There are fewer source ports to choose from than table entries, and none of them leads there."""
    RANGE = "range"
    """What may vary changes all bits of the table index, but its values in this range do not lead there."""


@dataclass(frozen=True)
class Unreached:
    """Why no flow goes to a receive queue.

    Parameters
    ----------
    why : WhyNot
        The reason.
    rank, needed : int
        Bits of the table index that can be set freely, of so many; of both indexes, if both directions are asked for.
    varies_port, varies_address : bool
        What may vary.
    is_both : bool
        Whether both directions were asked for.
    ports : tuple of int
        For ``FEW_PORTS``: the first and the last source port to choose from.
    """

    why: WhyNot
    rank: int = 0
    needed: int = 0
    varies_port: bool = False
    varies_address: bool = False
    is_both: bool = False
    ports: tuple[int, int] = (0, 0)
