"""Why no flow goes to a receive queue: as facts, and as what an error says."""

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


def reason_text(unreached: Unreached) -> str:
    """Say why, to follow "cannot be reached"."""
    ports = ["source port"] if unreached.varies_port else []
    free = " and the ".join(ports + (["free bits of the address"] if unreached.varies_address else []))
    match unreached.why:
        case WhyNot.NO_ENTRY:
            return "no entry of the indirection table leads there"
        case WhyNot.ZERO_KEY:
            return "all bytes of the hash key are 0, so all packets have the same hash, which leads to another queue"
        case WhyNot.FEW_PORTS:
            low, high = unreached.ports
            return (
                f"none of the {high - low + 1} source ports {low}-{high} leads there"
                if low < high
                else (f"the only source port, {low}, does not lead there")
            )
        case WhyNot.RANGE:
            return f"no value of the {free} in the given range leads there"
    index = "the two table indexes" if unreached.is_both else "the table index"
    return (
        f"the {free} can set only {unreached.rank} of the {unreached.needed} bits of {index} freely, and none of the "
        "entries reached that way leads there"
    )
