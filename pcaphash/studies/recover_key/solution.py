"""Solve for the bits of a key: each hash bit is the sum of the key bits that the input's ones select.

What is reported need not be the hash itself: each bit of a value may be a sum of bits of the hash.

Bit j of the hash of an input is the sum of the key bits i + j over all its bits i that are set (Microsoft, "RSS hashing
functions"), and of bit j of the initial value. A trace of any length says no more than its basis does: at most 289
inputs, 32 equations each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.inputs import hash_inputs
from pcaphash.kernels.toeplitz import WORDS, prepare_key
from pcaphash.studies.shared.linear.basis import INPUT_BITS, Words

KEY_BITS = INPUT_BITS + 31
"""Bits of a key that a hash can depend on."""

_HASH_BITS = 32

Sums = tuple[tuple[int, int], ...]
"""What a reported value says of a hash: bits of the hash, as a mask, and which bit of the value is their sum."""

Equation = tuple[int, int, int]
"""An input as a number of 288 bits, the one after it, and the reported value, as ``Basis.equations`` gives them."""

WHOLE_HASH: Sums = tuple((1 << bit, bit) for bit in range(_HASH_BITS))
"""The value is the hash."""
_KEY_LEN = (KEY_BITS + 7) // 8


@dataclass(frozen=True)
class Solution:
    """What equations say of a key and an initial value.

    Parameters
    ----------
    particular : int
        One solution: the key bits, the first one highest, then the initial value's.
    null : tuple of int
        Which bits can be changed together without a contradiction; every sum of these too.
    has_initial : bool
        Whether the initial value is an unknown; otherwise it is 0.
    rank : int
        Equations that are no sums of others.
    redundant : int
        Equations that are, and hold.
    """

    particular: int
    null: tuple[int, ...]
    has_initial: bool
    rank: int
    redundant: int

    @property
    def known_mask(self) -> int:
        """The bits that are determined, as in ``particular``."""
        open_bits = 0
        for change in self.null:
            open_bits |= change
        return ~open_bits & ((1 << KEY_BITS + _HASH_BITS) - 1)

    @property
    def known_bits(self) -> int:
        """How many bits of the key are determined, of KEY_BITS."""
        return (self.known_mask >> _HASH_BITS).bit_count()

    @property
    def hash_key(self) -> bytes:
        """A key that gives all the hashes, 40 bytes; bits that are not determined are 0 as far as may be."""
        return _key_bytes(self.particular)

    @property
    def key_mask(self) -> bytes:
        """The bits of the key that are determined, 40 bytes."""
        return _key_bytes(self.known_mask)

    @property
    def initial_value(self) -> int:
        """The initial value that goes with the key."""
        return self.particular & 0xFFFFFFFF

    def initial_value_of(self, hash_key: bytes) -> int:
        """Return the initial value that goes with a key; that of ``hash_key`` if it does not solve the equations."""
        rows: dict[int, int] = {}
        for change in self.null:
            rest = _reduced(change, rows)
            if rest >> _HASH_BITS:
                rows[rest.bit_length()] = rest
        wanted = int.from_bytes(hash_key[:_KEY_LEN].ljust(_KEY_LEN, b"\0"), "big") >> (8 * _KEY_LEN - KEY_BITS)
        rest = _reduced(self.particular ^ wanted << _HASH_BITS, rows)
        return self.initial_value if rest >> _HASH_BITS else rest

    @cached_property
    def _changes(self) -> list[tuple[object, np.uint32]]:
        return [(prepare_key(_key_bytes(change)), np.uint32(change & 0xFFFFFFFF)) for change in self.null]

    def effects(self, words: Words) -> Iterator[npt.NDArray[np.uint32]]:
        """Yield what each of ``null`` changes in the hashes of inputs."""
        for key, initial in self._changes:
            yield _hash(words, key) ^ initial

    def predict(self, words: Words, of_hash: int = 0xFFFFFFFF) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
        """Return the hashes of inputs, and which of them are determined: no change of open bits changes them.

        Parameters
        ----------
        words : uint32 array of shape (n, WORDS)
            The inputs in words, zeros behind their end.
        of_hash : int
            Which bits of the hash have to be determined.
        """
        values = _hash(words, prepare_key(self.hash_key)) ^ np.uint32(self.initial_value)
        determined = np.ones(len(words), bool)
        for changed in self.effects(words):
            determined &= changed & np.uint32(of_hash) == 0
        return values, determined


def _reduced(bits: int, rows: dict[int, int]) -> int:
    """Add rows, by their highest bit, until none has the highest bit of what is left, or only the initial value is."""
    while bits >> _HASH_BITS and bits.bit_length() in rows:
        bits ^= rows[bits.bit_length()]
    return bits


def _key_bytes(bits: int) -> bytes:
    return (bits >> _HASH_BITS << (8 * _KEY_LEN - KEY_BITS)).to_bytes(_KEY_LEN, "big")


def _hash(words: Words, key: object) -> npt.NDArray[np.uint32]:
    values = np.empty(len(words), np.uint32)
    hash_inputs(np.ascontiguousarray(words).reshape(-1), len(words), WORDS, key, values)
    return values


def solve_most(
    equations: Sequence[tuple[Equation, Sums]], has_initial: bool, most_wrong: int
) -> tuple[Solution | None, list[int]]:
    """Solve for a key, and leave out inputs whose values contradict those before.

    Parameters
    ----------
    equations : sequence of (Equation, Sums)
        Inputs with reported values, and what each value says of the hash.
    has_initial : bool
        Whether the hash may start at another value than 0.
    most_wrong : int
        How many may be left out.

    Returns
    -------
    solution : Solution or None
        None where more contradict.
    wrong : list of int
        Places of those left out.
    """
    pivots: dict[int, tuple[int, int]] = {}  # by highest bit: an equation, and what it sums up to
    redundant = 0
    wrong = []
    for place, (equation, sums) in enumerate(equations):
        added, holding = [], 0
        for row, result in _rows(*equation, sums, has_initial):
            while row and (found := pivots.get(row.bit_length())):
                row ^= found[0]
                result ^= found[1]
            if row:
                pivots[row.bit_length()] = row, result
                added.append(row.bit_length())
            elif result:
                wrong.append(place)
                break
            else:
                holding += 1
        else:
            redundant += holding
            continue
        if len(wrong) > most_wrong:
            return None, wrong
        for pivot in added:
            del pivots[pivot]
    return _solution(pivots, has_initial, redundant), wrong


def _rows(data: int, one: int, value: int, sums: Sums, has_initial: bool) -> Iterator[tuple[int, int]]:
    """Yield the equation of each bit of a value, and what it sums up to."""
    for mask, place in sums:
        row = 0
        for bit in range(mask.bit_length()):
            if mask >> bit & 1:
                row ^= data << bit << _HASH_BITS
        if has_initial and one:
            row ^= mask
        yield row, value >> place & 1


def _solution(pivots: dict[int, tuple[int, int]], has_initial: bool, redundant: int) -> Solution:
    """Make the equations such that each pivot stands in one of them alone, and read off what they say."""
    for low in sorted(pivots):
        row, result = pivots[low]
        for high in pivots:
            if high > low and pivots[high][0] >> (low - 1) & 1:
                pivots[high] = pivots[high][0] ^ row, pivots[high][1] ^ result
    particular = sum(1 << (pivot - 1) for pivot, (_, result) in pivots.items() if result)
    first = 0 if has_initial else _HASH_BITS
    null = []
    for bit in range(first, KEY_BITS + _HASH_BITS):
        if bit + 1 not in pivots:
            others = sum(1 << (pivot - 1) for pivot, (row, _) in pivots.items() if row >> bit & 1)
            null.append(1 << bit | others)
    return Solution(particular, tuple(null), has_initial, len(pivots), redundant)
