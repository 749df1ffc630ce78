"""Ways to arrange a hash input, and to write a hash value, other than those of the spec.

Hash inputs are uint32 arrays of shape (n, WORDS) in network order with zeros after their end, ``lengths`` their
lengths in bytes: addresses of the source, of the destination, then source and destination port in one word.
"""

from collections.abc import Callable
from enum import Enum

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.header import PORTS_WORD_IPV4, PORTS_WORD_IPV6

Words = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class TuplePart(Enum):
    """A field of a hash input."""

    SOURCE = 0
    DESTINATION = 1
    SOURCE_PORT = 2
    DESTINATION_PORT = 3


_HALF = np.uint32(16)
_LOW = np.uint32(0xFFFF)
_HALVES_OF_WORDS = tuple(
    (np.uint32(width), np.uint32(mask)) for width, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F))
)
"""Within bytes: bits that change places with those so many above them."""


def _families(lengths: Lengths) -> tuple[tuple[int, Mask], ...]:
    """Tell which word holds the ports, and for which inputs."""
    is_ipv6 = lengths >= 4 * PORTS_WORD_IPV6
    return (PORTS_WORD_IPV4, ~is_ipv6), (PORTS_WORD_IPV6, is_ipv6)


def _swapped(ports: Words) -> Words:
    return ports << _HALF | ports >> _HALF


def _arrange(words: Words, lengths: Lengths, turn: Callable[[Words, Words, Words], tuple[Mask, Mask]]) -> Words:
    """Swap addresses, and ports, of the inputs for which it is said: given sources, destinations and ports."""
    result = words.copy()
    for at, chosen in _families(lengths):
        half = at // 2
        rows = words[chosen]
        source, destination, ports = rows[:, :half], rows[:, half:at], rows[:, at]
        turns_addresses, turns_ports = turn(source, destination, ports)
        arranged = rows.copy()
        arranged[:, :half] = np.where(turns_addresses[:, None], destination, source)
        arranged[:, half:at] = np.where(turns_addresses[:, None], source, destination)
        arranged[:, at] = np.where(turns_ports, _swapped(ports), ports)
        result[chosen] = arranged
    return result


def _compare(source: Words, destination: Words) -> npt.NDArray[np.int8]:
    """Return -1, 0 or 1 as the source address is less than, equal to or greater than that of the destination."""
    differs = source != destination
    first = np.argmax(differs, axis=1)
    rows = np.arange(len(source))
    greater = source[rows, first] > destination[rows, first]
    return np.where(differs.any(axis=1), np.where(greater, 1, -1), 0).astype(np.int8)


def _always(words: Words) -> Mask:
    return np.ones(len(words), bool)


def _port_is_greater(ports: Words) -> Mask:
    return ports >> _HALF > ports & _LOW


def swap_endpoints(words: Words, lengths: Lengths) -> Words:
    """Put destinations in front of sources."""
    return _arrange(words, lengths, lambda source, _, ports: (_always(source), _always(ports)))


def swap_addresses(words: Words, lengths: Lengths) -> Words:
    """Put destination addresses in front of source addresses."""
    return _arrange(words, lengths, lambda source, _, ports: (_always(source), ~_always(ports)))


def swap_ports(words: Words, lengths: Lengths) -> Words:
    """Put destination ports in front of source ports."""
    return _arrange(words, lengths, lambda source, _, ports: (~_always(source), _always(ports)))


def sort_endpoints(words: Words, lengths: Lengths) -> Words:
    """Put the lesser endpoint in front: that of the lesser address, of equal ones that of the lesser port."""

    def turn(source: Words, destination: Words, ports: Words) -> tuple[Mask, Mask]:
        order = _compare(source, destination)
        both = (order > 0) | ((order == 0) & _port_is_greater(ports))
        return both, both

    return _arrange(words, lengths, turn)


def sort_addresses_and_ports(words: Words, lengths: Lengths) -> Words:
    """Put the lesser address in front, and of the ports the lesser one."""
    return _arrange(words, lengths, lambda *of: (_compare(of[0], of[1]) > 0, _port_is_greater(of[2])))


def sort_addresses(words: Words, lengths: Lengths) -> Words:
    """Put the lesser address in front."""
    return _arrange(words, lengths, lambda *of: (_compare(of[0], of[1]) > 0, ~_always(of[2])))


def sort_ports(words: Words, lengths: Lengths) -> Words:
    """Put the lesser port in front."""
    return _arrange(words, lengths, lambda *of: (~_always(of[0]), _port_is_greater(of[2])))


def reverse_bits(values: Words) -> Words:
    """Return 32-bit values with their bits in reversed order."""
    for width, mask in _HALVES_OF_WORDS:
        values = (values >> width & mask) | ((values & mask) << width)
    return values.byteswap()


def keep_only(fields: frozenset[TuplePart], *, is_moved_up: bool) -> Callable[[Words, Lengths], Words]:
    """Return what keeps only some fields, with zeros in place of the others, or one behind the other.

    Where there are no ports, addresses stay as they are if nothing but ports is kept.
    """

    def arrange(words: Words, lengths: Lengths) -> Words:
        result = words.copy()
        of_addresses = fields & {TuplePart.SOURCE, TuplePart.DESTINATION}
        for at, of_family in _families(lengths):
            has_ports = lengths > 4 * at
            result[of_family & has_ports] = _kept(words[of_family & has_ports], fields, at, is_moved_up=is_moved_up)
            if of_addresses:
                without = of_family & ~has_ports
                result[without] = _kept(words[without], of_addresses, at, is_moved_up=is_moved_up)
        return result

    return arrange


def _kept(words: Words, fields: frozenset[TuplePart], at: int, *, is_moved_up: bool) -> Words:
    """Keep fields of inputs whose ports are in word ``at``, in halves of words."""
    places = {
        TuplePart.SOURCE: range(at),
        TuplePart.DESTINATION: range(at, 2 * at),
        TuplePart.SOURCE_PORT: range(2 * at, 2 * at + 1),
        TuplePart.DESTINATION_PORT: range(2 * at + 1, 2 * at + 2),
    }
    columns = [column for field, place in places.items() if field in fields for column in place]
    halves = np.stack([words >> _HALF, words & _LOW], axis=2).reshape(len(words), 2 * words.shape[1])
    kept = np.zeros_like(halves)
    kept[:, range(len(columns)) if is_moved_up else columns] = halves[:, columns]
    return kept[:, 0::2] << _HALF | kept[:, 1::2]
