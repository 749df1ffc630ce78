"""Hash functions that devices calculate in place of Toeplitz, over the bytes of the same input.

Inputs are uint32 arrays of shape (n, WORDS) in network order with zeros after their end, ``lengths`` their lengths in
bytes. CRC-32: IEEE 802.3 section 3.2.9. CRC-32C: RFC 3720 appendix B.4. jhash: Linux, ``include/linux/jhash.h``
(Jenkins' lookup3), with an initial value of 0.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.int64]
Function = Callable[[Words, Lengths], Words]

_CRC32, _CRC32C = 0xEDB88320, 0x82F63B78  # polynomials, least significant bit first
_JHASH_START = 0xDEADBEEF
_WORD = np.uint32(0xFFFFFFFF)


def _table(polynomial: int) -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(polynomial), table >> 1).astype(np.uint32)
    return table


def _crc(polynomial: int) -> Function:
    table = _table(polynomial)

    def calculate(words: Words, lengths: Lengths) -> Words:
        data = np.ascontiguousarray(words).astype(">u4").view(np.uint8).reshape(len(words), 4 * words.shape[1])
        values = np.full(len(words), _WORD, np.uint32)
        for at in range(data.shape[1]):
            after = table[(values ^ data[:, at]) & 0xFF] ^ values >> np.uint32(8)
            values = np.where(at < lengths, after, values)
        return ~values

    return calculate


def _fold(words: Words, lengths: Lengths) -> Words:
    """XOR the words of an input."""
    return np.asarray(np.bitwise_xor.reduce(words, axis=1), np.uint32)


def _rotated(values: Words, bits: int) -> Words:
    return values << np.uint32(bits) | values >> np.uint32(32 - bits)


def _jhash(words: Words, lengths: Lengths) -> Words:
    """Hash the words of an input as a processor with the low byte first has them."""
    result = np.zeros(len(words), np.uint32)
    for length in np.unique(lengths // 4).tolist():
        chosen = lengths // 4 == length
        result[chosen] = _jhash_of(words[chosen].byteswap()[:, :length])
    return result


def _jhash_of(words: Words) -> Words:
    n, length = words.shape
    start = np.full(n, _JHASH_START + 4 * length & 0xFFFFFFFF, np.uint32)
    a, b, c = start, start.copy(), start.copy()
    at = 0
    while length - at > 3:
        a, b, c = a + words[:, at], b + words[:, at + 1], c + words[:, at + 2]
        for bits in (4, 6, 8, 16, 19, 4):
            a = (a - c) ^ _rotated(c, bits)
            a, b, c = b, c + b, a
        at += 3
    return _jhash_end(a, b, c, words[:, at:])


def _jhash_end(a: Words, b: Words, c: Words, rest: Words) -> Words:
    if not rest.shape[1]:
        return c
    padded = np.zeros((len(rest), 3), np.uint32)
    padded[:, : rest.shape[1]] = rest
    a, b, c = a + padded[:, 0], b + padded[:, 1], c + padded[:, 2]
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = (c ^ b) - _rotated(b, bits)
        a, b, c = b, c, a
    return b


FUNCTIONS: dict[str, Function] = {"crc32": _crc(_CRC32), "crc32c": _crc(_CRC32C), "xor": _fold, "jhash": _jhash}
"""Functions by name."""
