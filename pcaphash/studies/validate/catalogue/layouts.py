"""Further ways to lay out a hash input, each with all of its fields elsewhere, or with only a part of them.

Hash inputs are as in ``arrangements``.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.header import PORTS_WORD_IPV4, PORTS_WORD_IPV6
from pcaphash.studies.validate.catalogue.arrangements import sort_endpoints, swap_endpoints

Words = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.int64]
Arrange = Callable[[Words, Lengths], Words]

_BYTE, _HALF = np.uint32(8), np.uint32(16)
_LOW, _LOW_BYTES = np.uint32(0xFFFF), np.uint32(0x00FF00FF)
_IPV4_WORDS, _IPV6_WORDS = PORTS_WORD_IPV4 // 2, PORTS_WORD_IPV6 // 2  # of one address
_MAPPED = 0x0000FFFF  # RFC 4291 section 2.5.5.2: what stands before an IPv4 address in one of IPv6

PARTS_OF_IPV6: dict[str, tuple[int, ...]] = {
    "first-32": (0,),
    "last-32": (3,),
    "first-64": (0, 1),
    "last-64": (2, 3),
    "xor": (),
}
"""Words of an address that stand for all of it, by name; for ``xor`` the XOR of its four words."""


def _of_family(words: Words, lengths: Lengths, arrange: Callable[[Words, Lengths, int], Words]) -> Words:
    """Arrange the inputs of each IP version, given how many words an address has."""
    result = words.copy()
    is_ipv6 = lengths >= 4 * PORTS_WORD_IPV6
    for n, chosen in ((_IPV4_WORDS, ~is_ipv6), (_IPV6_WORDS, is_ipv6)):
        result[chosen] = arrange(words[chosen], lengths[chosen], n)
    return result


def swap_port_bytes(words: Words, lengths: Lengths) -> Words:
    """Take each port in the opposite byte order."""

    def arrange(rows: Words, _: Lengths, n: int) -> Words:
        result, ports = rows.copy(), rows[:, 2 * n]
        result[:, 2 * n] = (ports & _LOW_BYTES) << _BYTE | ports >> _BYTE & _LOW_BYTES
        return result

    return _of_family(words, lengths, arrange)


def put_ports_first(words: Words, lengths: Lengths) -> Words:
    """Put the ports before the addresses."""

    def arrange(rows: Words, own: Lengths, n: int) -> Words:
        result = rows.copy()
        moved = np.concatenate([rows[:, 2 * n : 2 * n + 1], rows[:, : 2 * n]], axis=1)
        result[:, : 2 * n + 1] = np.where((own > 8 * n)[:, None], moved, rows[:, : 2 * n + 1])
        return result

    return _of_family(words, lengths, arrange)


def put_ports_between(words: Words, lengths: Lengths) -> Words:
    """Put each port behind its address."""

    def arrange(rows: Words, own: Lengths, n: int) -> Words:
        result, ports, destination = rows.copy(), rows[:, 2 * n], rows[:, n : 2 * n]
        before = np.concatenate([ports[:, None] >> _HALF, destination], axis=1)
        after = np.concatenate([destination, ports[:, None]], axis=1)
        moved = before << _HALF | after >> _HALF
        moved[:, -1] = before[:, -1] << _HALF | ports & _LOW
        result[:, n : 2 * n + 1] = np.where((own > 8 * n)[:, None], moved, rows[:, n : 2 * n + 1])
        return result

    return _of_family(words, lengths, arrange)


def sort_endpoints_down(words: Words, lengths: Lengths) -> Words:
    """Put the greater endpoint in front."""
    return swap_endpoints(sort_endpoints(words, lengths), lengths)


def xor_once(words: Words, lengths: Lengths) -> Words:
    """Keep the XOR of the addresses, then that of the ports."""

    def arrange(rows: Words, _: Lengths, n: int) -> Words:
        result, ports = np.zeros_like(rows), rows[:, 2 * n]
        result[:, :n] = rows[:, :n] ^ rows[:, n : 2 * n]
        result[:, n] = (ports ^ ports << _HALF) & ~_LOW
        return result

    return _of_family(words, lengths, arrange)


def xor_once_padded(words: Words, lengths: Lengths) -> Words:
    """Put the XOR of the addresses and that of the ports in place of the source, and zeros elsewhere."""

    def arrange(rows: Words, _: Lengths, n: int) -> Words:
        result, ports = np.zeros_like(rows), rows[:, 2 * n]
        result[:, :n] = rows[:, :n] ^ rows[:, n : 2 * n]
        result[:, 2 * n] = (ports ^ ports << _HALF) & ~_LOW
        return result

    return _of_family(words, lengths, arrange)


def ipv6_part(part: tuple[int, ...], *, is_moved_up: bool) -> Arrange:
    """Return what keeps only some words of IPv6 addresses, with zeros in place of the others, or moved up."""

    def keep(rows: Words, _: Lengths, n: int) -> Words:
        if n != _IPV6_WORDS:
            return rows
        result = np.zeros_like(rows)
        if not is_moved_up:
            chosen = [n * side + word for side in (0, 1) for word in part] + [2 * n]
            result[:, chosen] = rows[:, chosen]
            return result
        sides = [rows[:, n * side : n * side + n] for side in (0, 1)]
        kept = [side[:, part] if part else np.bitwise_xor.reduce(side, axis=1)[:, None] for side in sides]
        moved = np.concatenate([*kept, rows[:, 2 * n : 2 * n + 1]], axis=1)
        result[:, : moved.shape[1]] = moved
        return result

    return lambda words, lengths: _of_family(words, lengths, keep)


def _of_ipv4(arrange: Callable[[Words], Words]) -> Arrange:
    """Return what arranges inputs of IPv4 only."""
    return lambda words, lengths: _of_family(
        words, lengths, lambda rows, _, n: arrange(rows) if n == _IPV4_WORDS else rows
    )


def _wide(place: int, before: int) -> Arrange:
    """Return what writes an IPv4 address as one word of an IPv6 address, and another word before it."""

    def widen(rows: Words) -> Words:
        result = np.zeros_like(rows)
        for side in (0, 1):
            if place:
                result[:, _IPV6_WORDS * side + place - 1] = before
            result[:, _IPV6_WORDS * side + place] = rows[:, side]
        result[:, PORTS_WORD_IPV6] = rows[:, PORTS_WORD_IPV4]
        return result

    return _of_ipv4(widen)


def _move_ports(rows: Words) -> Words:
    """Put the ports of IPv4 where those of IPv6 are."""
    result = rows.copy()
    result[:, PORTS_WORD_IPV6], result[:, PORTS_WORD_IPV4] = rows[:, PORTS_WORD_IPV4], 0
    return result


WIDE_IPV4: dict[str, Arrange] = {
    "zeros-behind": _wide(0, 0),
    "zeros-before": _wide(3, 0),
    "mapped": _wide(3, _MAPPED),
    "ports-only": _of_ipv4(_move_ports),
}
"""What stands in the fields of IPv6 for IPv4, by name; only the ports for the last."""
