"""What devices do wrong between headers and hash: in arranging the hash input, hashing it, and writing the value."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pcaphash.studies.validate.catalogue import arrangements, layouts
from pcaphash.studies.validate.catalogue.arrangements import TuplePart
from pcaphash.studies.validate.catalogue.fault import (
    ADDRESSES,
    BIT_ORDER,
    BYTE_ORDER,
    ENDS,
    HALVES,
    INITIAL_VALUE,
    KEY,
    KEY_FORM,
    PORTS,
    WIDTH,
    WORD_ORDER,
    Fault,
    FaultKind,
    Words,
)
from pcaphash.studies.validate.catalogue.functions import FUNCTIONS

INPUTS = (
    Fault(FaultKind.ENDPOINTS_SWAPPED, ENDS, arrange=arrangements.swap_endpoints),
    Fault(FaultKind.ADDRESSES_SWAPPED, (ADDRESSES,), arrange=arrangements.swap_addresses),
    Fault(FaultKind.PORTS_SWAPPED, (PORTS,), arrange=arrangements.swap_ports),
    Fault(FaultKind.ENDPOINTS_SORTED, ENDS, arrange=arrangements.sort_endpoints),
    Fault(FaultKind.ADDRESSES_AND_PORTS_SORTED, ENDS, arrange=arrangements.sort_addresses_and_ports),
    Fault(FaultKind.ADDRESSES_SORTED, (ADDRESSES,), arrange=arrangements.sort_addresses),
    Fault(FaultKind.PORTS_SORTED, (PORTS,), arrange=arrangements.sort_ports),
    Fault(FaultKind.SYMMETRIC_XOR, ENDS, device=lambda device: replace(device, input_transform="symmetric-xor")),
    Fault(FaultKind.SYMMETRIC_OR_XOR, ENDS, device=lambda device: replace(device, input_transform="symmetric-or-xor")),
    Fault(FaultKind.INPUT_WORDS_SWAPPED, (WORD_ORDER,), arrange=lambda words, lengths: words.byteswap()),
    Fault(FaultKind.INPUT_BITS_REVERSED, (WORD_ORDER,),
          arrange=lambda words, lengths: arrangements.reverse_bits(words).byteswap()),
    Fault(FaultKind.PORT_BYTES_SWAPPED, (PORTS,), arrange=layouts.swap_port_bytes, is_rare=True),
    Fault(FaultKind.PORTS_FIRST, ENDS, arrange=layouts.put_ports_first, is_rare=True),
    Fault(FaultKind.PORTS_BETWEEN, ENDS, arrange=layouts.put_ports_between, is_rare=True),
    Fault(FaultKind.ENDPOINTS_SORTED_DOWN, ENDS, arrange=layouts.sort_endpoints_down, is_rare=True),
    Fault(FaultKind.XOR_ONCE, ENDS, arrange=layouts.xor_once, is_rare=True),
    Fault(FaultKind.XOR_ONCE_PADDED, ENDS, arrange=layouts.xor_once_padded, is_rare=True),
    *(Fault(FaultKind.IPV6_PART, (ADDRESSES,), subject=name, arrange=layouts.ipv6_part(part, is_moved_up=True),
            is_rare=True) for name, part in layouts.PARTS_OF_IPV6.items()),
    *(Fault(FaultKind.IPV6_PART_PADDED, (ADDRESSES,), subject=name, arrange=layouts.ipv6_part(part, is_moved_up=False),
            is_rare=True) for name, part in layouts.PARTS_OF_IPV6.items() if name != "xor"),
    *(Fault(FaultKind.IPV4_WIDE, (ADDRESSES,), subject=name, arrange=arrange, is_rare=True)
      for name, arrange in layouts.WIDE_IPV4.items()),
)  # fmt: skip

_VALUES = (
    Fault(FaultKind.VALUE_BYTE_SWAPPED, (BYTE_ORDER,), value=lambda values: values.byteswap()),
    Fault(FaultKind.VALUE_BIT_REVERSED, (BIT_ORDER,), value=arrangements.reverse_bits),
    Fault(FaultKind.VALUE_HALVES_SWAPPED, (HALVES,),
          value=lambda values: values << np.uint32(16) | values >> np.uint32(16)),
    Fault(FaultKind.INITIAL_VALUE_ONES, (INITIAL_VALUE,), value=lambda values: ~values),
)  # fmt: skip

_ADDRESSES, _PORTS = {TuplePart.SOURCE, TuplePart.DESTINATION}, {TuplePart.SOURCE_PORT, TuplePart.DESTINATION_PORT}
ONLY = {
    "source": frozenset({TuplePart.SOURCE, TuplePart.SOURCE_PORT}),
    "destination": frozenset({TuplePart.DESTINATION, TuplePart.DESTINATION_PORT}),
    "source-address": frozenset({TuplePart.SOURCE}),
    "destination-address": frozenset({TuplePart.DESTINATION}),
    "ports": frozenset(_PORTS),
    "source-port": frozenset({TuplePart.SOURCE_PORT}),
    "destination-port": frozenset({TuplePart.DESTINATION_PORT}),
    "addresses-and-source-port": frozenset(_ADDRESSES | {TuplePart.SOURCE_PORT}),
    "addresses-and-destination-port": frozenset(_ADDRESSES | {TuplePart.DESTINATION_PORT}),
}
"""Fields that a device may hash without the others, by the name of the choice."""

_WITH_A_GAP = frozenset(ONLY) - {"source-address", "addresses-and-source-port"}
"""Those that stand elsewhere in the input if they are moved up."""

WIDTHS = (31, 24, 16, 12, 10, 9, 8, 7)  # bits of the hash that are reported
_MOST_SHIFTED = 24  # bits
_HASH_BITS = 32
_LOW = np.uint32(0xFFFF)


def _field_faults() -> Iterator[Fault]:
    """Yield what a device does that hashes only some of the fields."""
    for name, fields in ONLY.items():
        arrange = arrangements.keep_only(fields, is_moved_up=False)
        yield Fault(FaultKind.ONLY, ENDS, subject=name, arrange=arrange, is_rare=True)
        if name in _WITH_A_GAP:
            arrange = arrangements.keep_only(fields, is_moved_up=True)
            yield Fault(FaultKind.ONLY_MOVED_UP, ENDS, subject=name, arrange=arrange, is_rare=True)


def _function_faults() -> Iterator[Fault]:
    """Yield what a device does that calculates another hash function."""
    for name, function in FUNCTIONS.items():
        yield Fault(FaultKind.FUNCTION, (KEY, KEY_FORM), subject=name, function=function, is_rare=True)


def _width_faults() -> Iterator[Fault]:
    """Yield what a device does that reports only a part of the hash, or has it in another place."""
    for bits in WIDTHS:
        yield Fault(FaultKind.VALUE_LOW_BITS, (WIDTH,), subject=bits, value=_low_bits(bits), n_bits=bits, is_rare=True)
    yield Fault(FaultKind.VALUE_FOLDED, (WIDTH,), value=lambda values: values >> np.uint32(16) ^ values & _LOW,
                n_bits=16, is_rare=True)  # fmt: skip
    for bits in range(1, _HASH_BITS):
        if bits != _HASH_BITS // 2:
            yield Fault(FaultKind.VALUE_ROTATED_LEFT, (HALVES,), subject=bits, value=_rotated(bits), is_rare=True)
    for bits in range(1, _MOST_SHIFTED + 1):
        for kind, shift in ((FaultKind.VALUE_SHIFTED_RIGHT, _right(bits)), (FaultKind.VALUE_SHIFTED_LEFT, _left(bits))):
            yield Fault(kind, (WIDTH,), subject=bits, value=shift, n_bits=_HASH_BITS - bits, is_rare=True)


def _low_bits(bits: int) -> Callable[[Words], Words]:
    return lambda values: values & np.uint32((1 << bits) - 1)


def _rotated(bits: int) -> Callable[[Words], Words]:
    return lambda values: values << np.uint32(bits) | values >> np.uint32(_HASH_BITS - bits)


def _right(bits: int) -> Callable[[Words], Words]:
    return lambda values: values >> np.uint32(bits)


def _left(bits: int) -> Callable[[Words], Words]:
    return lambda values: values << np.uint32(bits)


def hash_faults() -> Iterator[Fault]:
    """Yield the faults between headers and hash, but for INPUTS, some of which are devices, and for keys."""
    yield from _field_faults()
    yield from _VALUES
    yield from _width_faults()
    yield from _function_faults()
