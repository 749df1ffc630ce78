"""Which entries of an indirection table hash inputs can lead to at all: a question of rank, since the hash is linear.

Hash inputs of one length are in an affine space: one of them, plus sums of the differences between them. Its dimension
says how much varies in them. The low bits of a Toeplitz hash, which are the index of the table, map it onto an affine
space of indexes, whose dimension is the rank: 2 to the power of that many entries can be reached, and no others.

For any differences of dimension d and an index of b bits, some key has rank min(d, b): a sum of index bits is 0 over
all differences for one in 2 ** d keys, and a difference adds nothing to the index for one in 2 ** b keys, so that the
keys with less than full rank are too few to be all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.flows.inputs import HashInputs
from pcaphash.studies.shared.linear.basis import Basis, Words
from pcaphash.studies.shared.linear.equations import find_basis
from pcaphash.studies.shared.linear.hash_input import INPUT_BYTES_OF, HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency, find_dependencies, index_bits_of
from pcaphash.studies.shared.linear.span import BasisSpan

_FIRST = 4096  # inputs, of which the others are mostly sums


@dataclass(frozen=True)
class Reach:
    """Which entries of the indirection table hash inputs of one length can lead to.

    Parameters
    ----------
    kind : HashInput
        What is hashed.
    inputs, packets : int
        Distinct inputs, and packets that have them.
    dimension : int
        Of the affine space of the inputs: how many of their bits, or sums of bits, vary independently.
    index_bits : int
        Bits of the table index.
    rank : int
        Of the map from the differences of the inputs to the index.
    entries : int
        Entries that the inputs lead to, of those that can be reached.
    queues : int
        Receive queues that the entries that can be reached lead to.
    dependencies : tuple of Dependency
        What holds of the index for every input, as many as the rank is below ``index_bits``; all others are sums of
        these.
    """

    kind: HashInput
    inputs: int
    packets: int
    dimension: int
    index_bits: int
    rank: int
    entries: int
    queues: int
    dependencies: tuple[Dependency, ...]

    @property
    def reachable(self) -> int:
        """How many entries can be reached by any input of the affine space."""
        return 1 << self.rank

    @property
    def best_rank(self) -> int:
        """The rank that another key would have."""
        return min(self.dimension, self.index_bits)

    @property
    def is_limited_by_key(self) -> bool:
        """Whether another key would reach more entries."""
        return self.rank < self.best_rank

    @property
    def is_limited_by_inputs(self) -> bool:
        """Whether no key reaches all entries, although there are more inputs than their dimension asks for."""
        return self.dimension < self.index_bits and self.inputs > self.dimension + 1

    @property
    def matters(self) -> bool:
        """Whether it keeps the inputs from entries: there are as many as the entries that they can reach, or more."""
        return self.inputs >= self.reachable and (self.is_limited_by_key or self.is_limited_by_inputs)


def find_reach(inputs: HashInputs) -> tuple[Reach, ...]:
    """Find which entries hash inputs can lead to, one result for each length of input.

    Parameters
    ----------
    inputs : HashInputs
        The distinct hash inputs of flows under one device.

    Returns
    -------
    tuple of Reach
        In the order of ``HashInput``; empty if no bits of the hash are the table index.
    """
    words = inputs.words
    return tuple(_reach_of(kind, chosen, inputs, words) for kind, chosen in _by_kind(inputs))


def find_limits(inputs: HashInputs) -> tuple[Reach, ...]:
    """Find what keeps hash inputs from entries: what ``find_reach`` finds, as far as it matters.

    That is quicker, since most inputs lead to so many entries that nothing keeps them from any.
    """
    found = []
    for kind, chosen in _by_kind(inputs):
        index_bits, entries = _entries_of(inputs.hash_values[chosen], inputs.device)
        if len(find_basis((entries ^ entries[0]).tolist(), index_bits)) < index_bits:
            found.append(_reach_of(kind, chosen, inputs, inputs.words))
    return tuple(reach for reach in found if reach.matters)


def _by_kind(inputs: HashInputs) -> Iterator[tuple[HashInput, npt.NDArray[np.bool_]]]:
    """Yield each kind of input that there is, and which inputs are of it; none if no bits are the table index."""
    if index_bits_of(inputs.device) is None:
        return
    lengths = inputs.lengths
    for kind, n_bytes in INPUT_BYTES_OF.items():
        chosen = lengths == n_bytes
        if chosen.any():
            yield kind, chosen


def _reach_of(kind: HashInput, chosen: npt.NDArray[np.bool_], inputs: HashInputs, words: Words) -> Reach:
    packets = int(inputs.loads[chosen, 0].sum())
    return reach_of(kind, words[chosen], inputs.hash_values[chosen], packets, inputs.device)


def _entries_of(hash_values: npt.NDArray[np.uint32], device: Device) -> tuple[int, npt.NDArray[np.int64]]:
    """Return how many low bits of the hash are the table index, and the entries that hashes lead to."""
    index_bits = index_bits_of(device)
    assert index_bits is not None, "low bits of the hash are the index"
    return index_bits, np.flatnonzero(np.bincount(hash_values & np.uint32((1 << index_bits) - 1)))


def reach_of(kind: HashInput, words: Words, hash_values: npt.NDArray[np.uint32], packets: int, device: Device) -> Reach:
    """Find which entries hash inputs of one length can lead to.

    Parameters
    ----------
    kind : HashInput
        What is hashed.
    words : uint32 array of shape (n, WORDS)
        The distinct inputs in words, zeros after their end; at least one.
    hash_values : uint32 array of shape (n,)
        Their hashes.
    packets : int
        Packets that have them.
    device : Device
        The configured device, of whose table low bits of the hash are the index.
    """
    index_bits, entries = _entries_of(hash_values, device)
    first = int(entries[0])
    differences = find_basis((entries ^ first).tolist(), index_bits)
    return Reach(
        kind=kind,
        inputs=len(words),
        packets=packets,
        dimension=_dimension(words, hash_values),
        index_bits=index_bits,
        rank=len(differences),
        entries=len(entries),
        queues=len({device.indirection_table[entry] for entry in span(first, differences).tolist()}),
        dependencies=find_dependencies(differences, index_bits, first),
    )


def _dimension(words: Words, hash_values: npt.NDArray[np.uint32]) -> int:
    """Return the dimension of the affine space of inputs, without looking at all of them if a few say it."""
    varying = sum(int(bits).bit_count() for bits in np.bitwise_or.reduce(words ^ words[0], axis=0))
    basis = Basis()
    basis.add(words[:_FIRST], hash_values[:_FIRST])
    if basis.rank - 1 < varying and len(words) > _FIRST:  # a one after each input in the basis makes one more
        outside = ~BasisSpan(basis).agrees(words, hash_values)
        basis.add(words[outside], hash_values[outside])
    return basis.rank - 1


def span(first: int, basis: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return a number plus every sum of some others, in no particular order."""
    sums = np.array([first], np.int64)
    for vector in basis:
        sums = np.concatenate([sums, sums ^ vector])
    return sums
