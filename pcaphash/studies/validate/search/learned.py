"""Faults whose details are read off the packets: bits that are fixed or inverted, and fields that are hashed besides.

Of each the packets tell less by as much as was read off them (``Fault.learned_bits``). A device with another key also
changes hashes in a linear way, so that nothing is learned that a key may explain as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.header import PORTS_WORD_IPV4, PORTS_WORD_IPV6
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.shared.linear.equations import LinearMap
from pcaphash.studies.validate.catalogue.fault import BESIDES, INITIAL_VALUE, WIDTH, Fault, FaultKind, Words
from pcaphash.studies.validate.catalogue.hash_faults import WIDTHS
from pcaphash.studies.validate.search.fields import Besides, read_fields
from pcaphash.studies.validate.search.trial import Mask, Trial, hash_words
from pcaphash.studies.validate.verdicts import WRONG_VALUE

Positions = npt.NDArray[np.int64]

_HASH_BITS = 32
_EVERY_BIT = 0xFFFFFFFF
_STUCK_BITS = 51  # that tell of each bit of a hash whether it is 0 always, 1 always, or neither
_LEAST_ALIKE = 3  # packets with other hash inputs, for something to be read off them
_MOST_READ = 1200  # packets that it is read off
_MOST_EQUATIONS = 12_000  # for a key
_SIZES = (1, 2, 3, 4)  # bytes that are put before others
_FITTING = {
    size: {Besides.PROTOCOL} | ({Besides.VLAN} if size > 1 else set()) | ({Besides.FLOW_LABEL} if size > 2 else set())
    for size in _SIZES
}
"""Fields that so many bytes hold."""


def learned_faults(trial: Trial, wrong: Mask) -> list[Fault]:
    """List the faults that some wrong packets may have, read off them.

    Parameters
    ----------
    trial : Trial
        All packets.
    wrong : bool array of shape (n,)
        Those that are to be explained.
    """
    sample, found = trial.sample, trial.spec.found
    comparable = sample.reported.has_hash & found.hashed & found.known
    valued = np.flatnonzero(comparable & wrong & ((sample.faults & WRONG_VALUE) > 0))
    if not len(valued):
        return []
    rows = np.column_stack([trial.spec.words[valued], sample.reported.hash_values[valued]])
    alike = valued[np.sort(np.unique(rows, axis=0, return_index=True)[1])]
    if len(alike) < _LEAST_ALIKE:
        return []
    right = np.flatnonzero(comparable & ~wrong)
    return [*_fixed_bits(trial, alike), *_inverted_bits(trial, alike, right), *_also_hashed(trial, alike, right)]


def _fixed_bits(trial: Trial, wrong: Positions) -> Iterator[Fault]:
    """Yield what a device does that reports some bits as 0 always, or 1: those that differ, and are always so."""
    said, differs = trial.sample.reported.hash_values[wrong], _differences(trial, wrong)
    ever = int(np.bitwise_or.reduce(differs))
    zeros = ever & ~int(np.bitwise_or.reduce(said))
    ones = ever & int(np.bitwise_and.reduce(said))
    kept = _EVERY_BIT & ~zeros
    if zeros and kept and kept not in {(1 << bits) - 1 for bits in WIDTHS}:
        yield _of_mask(FaultKind.VALUE_AND, WIDTH, kept, lambda values: values & np.uint32(kept), kept)
    if ones and ones != _EVERY_BIT:
        yield _of_mask(FaultKind.VALUE_OR, WIDTH, ones, lambda values: values | np.uint32(ones), ~ones & _EVERY_BIT)
    if zeros and ones and zeros | ones != _EVERY_BIT:
        yield Fault(
            FaultKind.VALUE_STUCK, (WIDTH,), subject=f"0x{zeros:08x}-0x{ones:08x}",
            value=lambda values: values & np.uint32(kept) | np.uint32(ones),
            n_bits=(kept & ~ones).bit_count(), learned_bits=_STUCK_BITS, is_rare=True,
        )  # fmt: skip


def _inverted_bits(trial: Trial, wrong: Positions, right: Positions) -> Iterator[Fault]:
    """Yield what a device does whose hashes all differ from those expected in the same bits."""
    differences = _differences(trial, wrong)
    masks, counts = np.unique(differences, return_counts=True)
    mask = int(masks[counts.argmax()])
    if mask == _EVERY_BIT or counts.max() < _LEAST_ALIKE or _a_key_would_do(trial, wrong[differences == mask], right):
        return
    yield _of_mask(FaultKind.VALUE_XOR, INITIAL_VALUE, mask, lambda values: values ^ np.uint32(mask), _EVERY_BIT)


def _of_mask(kind: FaultKind, place: str, mask: int, value: Callable[[Words], Words], left: int) -> Fault:
    subject = f"0x{mask:08x}"
    return Fault(
        kind, (place,), subject=subject, value=value, n_bits=left.bit_count(), learned_bits=_HASH_BITS, is_rare=True
    )


def _also_hashed(trial: Trial, wrong: Positions, right: Positions) -> Iterator[Fault]:
    """Yield what a device does that hashes another field as well: what it adds to the hash is linear in its bits."""
    lengths = trial.spec.found.lengths
    some = wrong[np.linspace(0, len(wrong) - 1, min(len(wrong), _MOST_READ)).astype(np.int64)]
    differences = _differences(trial, some)
    if not len(right) and len(np.unique(differences)) == 1:
        return  # whatever the packets are, the same bits are inverted
    reader = _FieldReader(trial, some)
    for name, numbers in reader.of_some.items():
        maps = _learn(numbers, lengths[some], differences)
        told = np.isin(lengths[some], list(maps))
        if not _tells_enough(maps, told & (numbers > 0)) or _a_key_would_do(trial, some[told], right):
            continue
        yield _of_field(FaultKind.ALSO_HASHES, name.value, trial, maps, reader.of_all[name], None)
    yield from _inserted(trial, some, right, reader)


def _inserted(trial: Trial, some: Positions, right: Positions, reader: "_FieldReader") -> Iterator[Fault]:
    """Yield what a device does that puts a field, or zeros, before the ports or before the addresses.

    What stands behind is hashed with a later part of the key: zeros where the key ends.
    """
    lengths, words, key = trial.spec.found.lengths, trial.spec.words, trial.device.hash_key
    differences = _differences(trial, some)
    for kind, part in ((FaultKind.BEFORE_PORTS, _only_ports(words, lengths)), (FaultKind.BEFORE_ADDRESSES, words)):
        if not part.any():
            continue
        for size in _SIZES:
            moved = hash_words(part, key) ^ hash_words(part, (key + bytes(KEY_LEN))[size:])
            left = differences ^ moved[some]
            if kind == FaultKind.BEFORE_PORTS and not left.all():
                yield Fault(kind, (BESIDES,), subject=f"zeros-{size}",
                            besides=_by_number(trial.sample.numbers, moved), is_rare=True)  # fmt: skip
            for name, numbers in reader.of_some.items():
                if name not in _FITTING[size]:
                    continue
                maps = _learn(numbers, lengths[some], left)
                told = np.isin(lengths[some], list(maps))
                if _tells_enough(maps, told & (numbers > 0)) and not _a_key_would_do(trial, some[told], right):
                    yield _of_field(kind, f"{name.value}-{size}", trial, maps, reader.of_all[name], moved)


def _only_ports(words: Words, lengths: Positions) -> Words:
    """Return inputs with zeros in place of their addresses."""
    result = np.zeros_like(words)
    for at, chosen in (
        (PORTS_WORD_IPV4, lengths == 4 * PORTS_WORD_IPV4 + 4),
        (PORTS_WORD_IPV6, lengths > 4 * PORTS_WORD_IPV6),
    ):
        result[chosen, at] = words[chosen, at]
    return result


class _FieldReader:
    """Reads the fields of some packets, and of all of a sample if they are asked for."""

    def __init__(self, trial: Trial, some: Positions) -> None:
        self._trial = trial
        self.of_some = read_fields(trial.device, trial.sample, trial.signatures, some.tolist())

    @cached_property
    def of_all(self) -> dict[Besides, Words]:
        """The fields of all packets."""
        return read_fields(
            self._trial.device, self._trial.sample, self._trial.signatures, range(len(self._trial.sample))
        )


def _learn(numbers: Words, lengths: Positions, differences: Words) -> dict[int, "_Map"]:
    """Learn what a field adds to the hashes of inputs of each length; those without a linear map are left out."""
    maps: dict[int, _Map] = {}
    for number, length, difference in zip(numbers.tolist(), lengths.tolist(), differences.tolist(), strict=True):
        each = maps.setdefault(length, _Map())
        if each.is_consistent:
            each.learn(number, difference)
    return {length: each for length, each in maps.items() if each.is_consistent}


def _tells_enough(maps: dict[int, "_Map"], told: Mask) -> bool:
    """Tell whether more packets with the field than were read off agree, and not every value of it adds the same.

    Bits that are inverted in packets of a kind would do the same.
    """
    rank = sum(each.of_bits.rank for each in maps.values())
    n = int(np.count_nonzero(told))
    return any(each.tells_values for each in maps.values()) and n >= rank + _LEAST_ALIKE - 1


def _of_field(
    kind: FaultKind, subject: str, trial: Trial, maps: dict[int, "_Map"], numbers: Words, moved: Words | None
) -> Fault:
    """Return the fault of a device whose hashes a field changes as it was learned, beside what is moved."""
    lengths, added = trial.spec.found.lengths, np.zeros(len(trial.sample), np.uint32)
    for length, each in maps.items():
        own = lengths == length
        added[own] = each.of(numbers[own]) ^ (0 if moved is None else moved[own])
    rank = sum(each.of_bits.rank for each in maps.values())
    return Fault(
        kind, (BESIDES,), subject=subject, besides=_by_number(trial.sample.numbers, added),
        learned_bits=_HASH_BITS * rank, is_rare=True,
    )  # fmt: skip


def _by_number(numbers: Positions, added: Words) -> Callable[[Positions], Words]:
    return lambda some: added[np.searchsorted(numbers, some)]


def _differences(trial: Trial, positions: Positions) -> Words:
    """Return in which bits the hashes of packets differ from those expected."""
    return trial.sample.reported.hash_values[positions] ^ trial.spec.found.hash_values[positions]


@dataclass(eq=False)
class _Map:
    """What the bits of a field add to a hash, as far as packets show it."""

    of_bits: LinearMap = field(default_factory=LinearMap)
    is_consistent: bool = True
    _met: set[int] = field(default_factory=set)

    @property
    def tells_values(self) -> bool:
        """Whether not every value of the field adds the same."""
        return len(self._met) > 1

    def learn(self, number: int, added: int) -> None:
        """Take in what one value of the field adds."""
        self._met.add(added)
        self.is_consistent &= self.of_bits.learn(number, added)

    def of(self, numbers: Words) -> Words:
        """Return what values of the field add; bits that no packet showed add nothing."""
        left, added = numbers.copy(), np.zeros(len(numbers), np.uint32)
        for row, value in self.of_bits.rows:
            has_bit = (left >> np.uint32(row.bit_length() - 1) & 1) > 0
            left[has_bit] ^= np.uint32(row)
            added[has_bit] ^= np.uint32(value)
        return added


def _a_key_would_do(trial: Trial, wrong: Positions, right: Positions) -> bool:
    """Tell whether some key, other than that of the device, gives the hashes of wrong packets, and of right ones too.

    Bit j of a hash is the sum of the bits i + j of the key over the bits i of the input that are set.
    """
    words = trial.spec.words
    key = LinearMap()
    n_right = min(len(right), len(wrong))
    both = np.concatenate([np.stack([wrong[:n_right], right[:n_right]], axis=1).reshape(-1), wrong[n_right:]])
    for position in both[: _MOST_EQUATIONS // _HASH_BITS].tolist():
        data = int.from_bytes(words[position].astype(">u4").tobytes(), "big")
        difference = int(_differences(trial, np.array([position]))[0])
        for bit in range(_HASH_BITS):
            if not key.learn(data << bit, difference >> bit & 1):
                return False
    return True
