"""The Toeplitz hash as a sum of products, one per 32-bit word of the hash input.

The hash is linear over GF(2) (Microsoft, "RSS hashing functions"): it is the XOR of what each input word contributes.
:func:`product` gives the contribution of one word at one position, in a form that can be XORed with others, and
:func:`finish` turns the XOR of all of them into the 32-bit hash. So the hash over addresses and ports costs one more
product than the hash over addresses.

Both forms below hold the hash with its bits reversed, and :func:`finish` has to turn them round, which takes a dozen
instructions where the processor has none for it. A census need not: :func:`reversed_slot` takes the slot from the
reversed hash, so that it counts into slots (at least two) in bit-reversed order, and :func:`natural_order` puts them in
order once.

Two implementations with the same values, chosen once for the processor that numba compiles for:

- carry-less multiply. With the word's bits as a polynomial, and 63 key bits in reversed order and shifted by one as
  another, coefficient 32 + p of their product is bit p (counted from the most significant) of the word's contribution;
- a table of 36 x 256 contributions (bits reversed), one row per input byte.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.base import carry_less_multiply, pointer, reverse_bits, step
from pcaphash.kernels.parts import COMPILED

WORDS = 9  # the longest hash input: two IPv6 addresses and two ports, 36 bytes
KEY_LEN = 4 * WORDS + 4  # key bytes that such an input can meet; later ones never matter

if COMPILED:
    from pcaphash.kernels import processor

    INSTRUCTION = processor.instruction()
else:
    INSTRUCTION = "python"


def key_windows(key: bytes) -> tuple[np.uint64, ...]:
    """Cut a hash key into what each word of the hash input is multiplied with.

    Parameters
    ----------
    key : bytes
        Any length; zero padded to 40 bytes, bytes beyond them ignored.

    Returns
    -------
    tuple of nine uint64
        Bit m + 1 of item w is key bit 32 w + m, counted from the most significant bit of byte 0; the lowest bit is 0.
    """
    bits = np.unpackbits(np.frombuffer(key[:KEY_LEN].ljust(KEY_LEN, b"\0"), np.uint8))
    weights = np.uint64(2) << np.arange(63, dtype=np.uint64)
    return tuple((bits[32 * w : 32 * w + 63] * weights).sum(dtype=np.uint64) for w in range(WORDS))


def key_table(key: bytes) -> npt.NDArray[np.uint32]:
    """Tabulate what each byte value contributes at each position of the hash input.

    Returns
    -------
    uint32 array of shape (36 * 256,)
        Item 256 i + b is the contribution of byte value b at position i, its bits reversed.
    """
    number = int.from_bytes(key[:KEY_LEN].ljust(KEY_LEN, b"\0"), "big")
    table = np.zeros((4 * WORDS, 256), np.uint32)
    for position in range(4 * WORDS):
        for bit in range(8):
            window = number >> (8 * KEY_LEN - 32 - 8 * position - bit) & 0xFFFFFFFF
            reversed_window = int(f"{window:032b}"[::-1], 2)
            table[position, np.arange(256) & (0x80 >> bit) != 0] ^= np.uint32(reversed_window)
    return table.ravel()


def natural_order(slots: int) -> npt.NDArray[np.int64]:
    """Return where each slot stands in bit-reversed order; ``slots`` is a power of two."""
    order = np.zeros(1, np.int64)
    while len(order) < slots:
        order = np.concatenate([2 * order, 2 * order + 1])
    return order


def prepare_keys(keys: Sequence[bytes]) -> npt.NDArray[np.generic]:
    """Prepare several hash keys, one behind the other: position p of key k is position ``WORDS * k + p`` of them."""
    return np.concatenate([np.asarray(prepare_key(key)) for key in keys])


@step
def _multiplied_product(word: int, position: int, key: Any) -> Any:
    return carry_less_multiply(np.uint64(word), key[position])


@step
def _multiplied_nothing() -> Any:
    return np.uint64(0)


@step
def _multiplied_ones() -> Any:
    return np.uint64(0xFFFFFFFF00000000)


@step
def _multiplied_finish(total: Any) -> Any:
    return reverse_bits(np.uint32(total >> np.uint64(32)))


@step
def _multiplied_slot(total: Any, slot_bits: int) -> int:
    return np.int64(total >> np.uint64(64 - slot_bits))


@step
def _tabulated_product(word: int, position: int, key: Any) -> Any:
    row = position << 10
    return (
        key[row + ((word >> 24) & 255)]
        ^ key[row + 256 + ((word >> 16) & 255)]
        ^ key[row + 512 + ((word >> 8) & 255)]
        ^ key[row + 768 + (word & 255)]
    )


@step
def _tabulated_nothing() -> Any:
    return np.uint64(0)  # the type that numba gives to the XOR of two uint32


@step
def _tabulated_ones() -> Any:
    return np.uint32(0xFFFFFFFF)


@step
def _tabulated_finish(total: Any) -> Any:
    return reverse_bits(np.uint32(total))


@step
def _tabulated_slot(total: Any, slot_bits: int) -> int:
    return np.int64(np.uint64(total) >> np.uint64(32 - slot_bits))


@step
def _windows_of(key: Any) -> Any:
    return key


if INSTRUCTION:
    prepare_key = key_windows
    product, finish, reversed_slot = _multiplied_product, _multiplied_finish, _multiplied_slot
    no_product, all_ones, view_key = _multiplied_nothing, _multiplied_ones, _windows_of
else:
    prepare_key = key_table
    product, finish, reversed_slot = _tabulated_product, _tabulated_finish, _tabulated_slot
    no_product, all_ones, view_key = _tabulated_nothing, _tabulated_ones, pointer
