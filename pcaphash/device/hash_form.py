"""What devices make of the hash key, the hash input and the hash beyond what the specs say, by flavor.

Sources: amzn/amzn-ec2-ena-utilities, ``ena-toeplitz/toeplitz_calc.py``, for both generations of ENA.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_KEY_LEN = 40
_WORD_LEN = 4
_ONES = 0xFFFFFFFF
_HALF = 0xFFFF
_HALF_BITS = 16


def _same(hash_key: bytes) -> bytes:
    return hash_key


def _bytes_reversed(hash_key: bytes) -> bytes:
    return hash_key[:_KEY_LEN].ljust(_KEY_LEN, b"\0")[::-1]


def _words_reversed(hash_key: bytes) -> bytes:
    key = hash_key[:_KEY_LEN].ljust(_KEY_LEN, b"\0")
    return b"".join(key[at : at + _WORD_LEN] for at in range(_KEY_LEN - _WORD_LEN, -1, -_WORD_LEN))


@dataclass(frozen=True)
class HashForm:
    """How a device calculates the Toeplitz hash.

    Parameters
    ----------
    used_key : callable
        Makes the key that the hash is calculated with, of the one that was configured.
    is_sorted : bool
        Whether the smaller address comes first in the hash input, and the smaller port, each apart from the other.
    starts_with_ones : bool
        Whether the hash starts at 0xffffffff, not at 0.
    is_mirrored : bool
        Whether the lower half of the hash stands in its upper half, too.
    """

    used_key: Callable[[bytes], bytes] = _same
    is_sorted: bool = False
    starts_with_ones: bool = False
    is_mirrored: bool = False

    def arrange(self, source: bytes, destination: bytes) -> tuple[bytes, bytes]:
        """Return two addresses, or two ports, in the order in which they are hashed."""
        if self.is_sorted and source > destination:
            return destination, source
        return source, destination

    def complete(self, value: int) -> int:
        """Return what a device reports, of the Toeplitz hash with the key that it uses."""
        value = value ^ _ONES if self.starts_with_ones else value
        return (value & _HALF) << _HALF_BITS | value & _HALF if self.is_mirrored else value

    def complete_all(self, values: "npt.NDArray[np.uint32]") -> "npt.NDArray[np.uint32]":
        """Return the same for an array of hashes."""
        number = values.dtype.type
        values = ~values if self.starts_with_ones else values
        return (values & number(_HALF)) << number(_HALF_BITS) | values & number(_HALF) if self.is_mirrored else values


_USUAL = HashForm()
_FORMS = {
    "ena-gen4": HashForm(_words_reversed, is_sorted=True, starts_with_ones=True, is_mirrored=True),
    "ena-gen5": HashForm(_bytes_reversed, starts_with_ones=True),
}


def hash_form(flavor: str) -> HashForm:
    """Return how devices of a flavor calculate the hash."""
    return _FORMS.get(flavor, _USUAL)
