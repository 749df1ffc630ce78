"""The bits of a table index, and what holds of them for all hash inputs there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from pcaphash.device.device import Device
from pcaphash.studies.shared.linear.equations import Equations


@dataclass(frozen=True)
class Dependency:
    """Bits of the table index whose sum is the same for every input.

    Parameters
    ----------
    bits : tuple of int
        The bits, ascending; bit 0 is the lowest.
    value : int or None
        Their sum, 0 or 1; None if it depends on what does not vary, and is not known.
    """

    bits: tuple[int, ...]
    value: int | None


def index_bits_of(device: Device) -> int | None:
    """Return how many low bits of the hash are the table index; None if the index is not made of bits of the hash."""
    n_entries = len(device.indirection_table)
    return None if not device.has_queue or n_entries & n_entries - 1 else n_entries.bit_length() - 1


def find_dependencies(differences: Sequence[int], index_bits: int, first: int | None) -> tuple[Dependency, ...]:
    """Find what holds of every index.

    Parameters
    ----------
    differences : sequence of int
        What indexes differ by; a basis will do.
    index_bits : int
        How many bits they have.
    first : int or None
        One of the indexes; None if it is not known.
    """
    checks = Equations(differences, index_bits).checks
    return tuple(
        Dependency(
            tuple(bit for bit in range(index_bits) if check >> bit & 1),
            None if first is None else (check & first).bit_count() % 2,
        )
        for check in checks
    )
