"""What packets say of a key under one assumption about what is hashed, whether they report hashes or receive queues."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.toeplitz import WORDS
from pcaphash.studies.recover_key.agreement import Agreement, Packets
from pcaphash.studies.recover_key.queues import UNKNOWN, QueueSums
from pcaphash.studies.recover_key.refine import Arrived, refine
from pcaphash.studies.recover_key.result import ValueOrder
from pcaphash.studies.recover_key.solution import WHOLE_HASH, Equation, Solution, Sums, solve_most
from pcaphash.studies.shared.linear.basis import Words

_MOST_WRONG = 20  # one in so many packets may contradict the others
_LOST = 4096  # contradictions, at least, before an assumption is given up
_MOST_SOLVED = 400  # packets among which wrong ones are looked for by solving for the key
_ATTEMPTS = 4
_SEED = 1
_SHOWN = 10
_MOST_TRIED = 512  # packets by which keys that equations leave open are tried
_MOST_KEPT = 4096  # packets that report nothing and are looked at


def _ordered(reported_bit_of: dict[int, int]) -> Sums:
    """Say which bit of a value each bit of the hash is; both are counted from the most significant."""
    return tuple((1 << 31 - bit, 31 - reported_bit_of[bit]) for bit in range(32))


_ORDERS = {
    ValueOrder.AS_REPORTED: WHOLE_HASH,
    ValueOrder.BYTES_REVERSED: _ordered({bit: 8 * (3 - bit // 8) + bit % 8 for bit in range(32)}),
    ValueOrder.BITS_REVERSED: _ordered({bit: 31 - bit for bit in range(32)}),
    ValueOrder.HALVES_SWAPPED: _ordered({bit: (bit + 16) % 32 for bit in range(32)}),
}


@dataclass(frozen=True, eq=False)
class EvidenceOutcome:
    """What the packets come to.

    Parameters
    ----------
    packets, rank, contradictions, holding, contradicting, solution, value_order, tried
        As ``Fit`` has them.
    """

    packets: int
    rank: int
    contradictions: int
    holding: int
    contradicting: tuple[int, ...]
    solution: Solution | None = None
    value_order: ValueOrder | None = None
    tried: int = 0


@dataclass(eq=False)
class KeyEvidence:
    """Takes packets in, and finds out whether a key gives what they reported.

    Parameters
    ----------
    readings : list of (ValueOrder, tuple of Sums)
        How reported values may be read: for each agreement, what its values say of the hash.
    agreements : list of Agreement
        What packets agree on; there is more than one if some receive queues tell more than others.
    queue_sums : QueueSums, optional
        What receive queues say, if these are what is taken in.
    impossible : int
        Packets that have no right to be where they are: no table entry leads to their receive queue.
    n_unreported : int
        Packets that are hashed, but report nothing.
    """

    readings: list[tuple[ValueOrder, tuple[Sums, ...]]]
    agreements: list[Agreement]
    queue_sums: QueueSums | None = None
    impossible: int = 0
    n_unreported: int = 0
    _first_impossible: list[int] = field(default_factory=list)
    _unreported: list[Words] = field(default_factory=list)
    _arrived: list[Arrived] = field(default_factory=list)

    @classmethod
    def of_hashes(cls) -> "KeyEvidence":
        """Return what takes hashes."""
        return cls([(order, (sums,)) for order, sums in _ORDERS.items()], [Agreement()])

    @classmethod
    def of_queues(cls, queue_sums: QueueSums) -> "KeyEvidence":
        """Return what takes receive queues."""
        sums = tuple(group.sums for group in queue_sums.groups)
        return cls([(ValueOrder.AS_REPORTED, sums)], [Agreement() for _ in sums], queue_sums)

    @property
    def is_lost(self) -> bool:
        """Whether so much contradicts that the assumption need not be followed any further."""
        return self.contradictions > max(_LOST, self.packets // _MOST_WRONG)

    @property
    def packets(self) -> int:
        """Packets taken in, by the agreement that has most."""
        return max((each.inputs for each in self.agreements), default=0) + self.impossible

    @property
    def contradictions(self) -> int:
        """How many of them contradict."""
        return sum(each.contradictions for each in self.agreements) + self.impossible

    @property
    def unreported(self) -> Words:
        """Hash inputs of packets that report nothing, those that were kept."""
        return np.concatenate([np.empty((0, WORDS), np.uint32), *self._unreported])

    def keep_unreported(self, words: Words) -> None:
        """Keep hash inputs of packets that report nothing, as far as there is room."""
        self.n_unreported += len(words)
        room = _MOST_KEPT - sum(map(len, self._unreported))
        if room > 0 and len(words):
            self._unreported.append(words[:room])

    def add_hashes(self, packets: Packets) -> None:
        """Take in packets with their hashes."""
        self.agreements[0].add(packets)

    def add_queues(self, numbers: npt.NDArray[np.int64], words: Words, queues: npt.NDArray[np.int64]) -> None:
        """Take in packets with their receive queues."""
        queue_sums = self.queue_sums
        assert queue_sums is not None, "queues are what is taken in"
        room = max(_MOST_TRIED - sum(len(each.queues) for each in self._arrived), 0)
        self._arrived.append(Arrived(words[:room], queues[:room]))
        inside = queues < len(queue_sums.in_table)
        impossible = numbers[~inside | ~queue_sums.in_table[np.where(inside, queues, 0)]]
        self.impossible += len(impossible)
        self._first_impossible += impossible[: _SHOWN - len(self._first_impossible)].tolist()
        for group, agreement in zip(queue_sums.groups, self.agreements, strict=True):
            values = group.values_of(queues)
            told = values != UNKNOWN
            agreement.add(Packets(numbers[told], words[told], values[told].astype(np.uint32)))

    def conclude(self) -> EvidenceOutcome:
        """Find out what the packets come to."""
        agreements = self.agreements
        for each in agreements:
            each.improve()
        solution: Solution | None = None
        order: ValueOrder | None = None
        if self.contradictions * _MOST_WRONG <= self.packets:
            solution, order = self._solve(agreements)
            if solution is None and (wrong := self._wrong()) is not None:
                agreements = [each.without(wrong) for each in agreements]
                solution, order = self._solve(agreements)
        tried = 0
        if solution is not None and self.queue_sums is not None and not self.queue_sums.is_all:
            solution, tried = refine(solution, self._first_arrived(), self.queue_sums.table, self.queue_sums.needed)
        found = replace(self, agreements=agreements)
        first = sorted({*self._first_impossible, *(n for each in agreements for n in each.first_contradicting(_SHOWN))})
        sums = self.readings[0][1]
        return EvidenceOutcome(
            packets=found.packets,
            rank=max((each.basis.rank for each in agreements), default=0),
            contradictions=found.contradictions,
            holding=sum(
                len(of_values) * (each.inputs - each.basis.rank - each.contradictions)
                for each, of_values in zip(agreements, sums, strict=True)
            ),
            contradicting=tuple(first[:_SHOWN]),
            solution=solution,
            value_order=order if solution is not None else None,
            tried=tried,
        )

    def _first_arrived(self) -> Arrived:
        words = np.concatenate([np.empty((0, WORDS), np.uint32), *(each.words for each in self._arrived)])
        queues = np.concatenate([np.empty(0, np.int64), *(each.queues for each in self._arrived)])
        return Arrived(words, queues)

    def _solve(self, agreements: Sequence[Agreement]) -> tuple[Solution | None, ValueOrder | None]:
        """Solve for a key in each reading, with an initial value of 0 first, then with an unknown one."""
        for has_initial in (False, True):
            for order, sums in self.readings:
                equations = [
                    (equation, of_values)
                    for each, of_values in zip(agreements, sums, strict=True)
                    for equation in each.basis.equations()
                ]
                solution, _ = solve_most(equations, has_initial, 0)
                if solution:
                    return solution, order
        return None, None

    def _wrong(self) -> npt.NDArray[np.int64] | None:
        """Return the numbers of packets without which a key gives all values; None where there are none.

        Of inputs none of which is a sum of others, any hashes could be right, but not with one key: an input of n bits
        asks for n + 31 bits of it, and says 32.
        """
        random = np.random.default_rng(_SEED)
        witnesses = [each.witnesses for each in self.agreements]
        places = [(group, place) for group, packets in enumerate(witnesses) for place in range(len(packets))]
        orders = [random.permutation(len(places))[:_MOST_SOLVED] for _ in range(_ATTEMPTS)]
        for has_initial in (False, True):
            for _, sums in self.readings:
                for order in orders:
                    chosen = [places[i] for i in order.tolist()]
                    equations = [(_equation(witnesses[group], place), sums[group]) for group, place in chosen]
                    solution, wrong = solve_most(equations, has_initial, len(order) // _MOST_WRONG)
                    if solution:
                        numbers = [witnesses[group].numbers[place] for group, place in (chosen[i] for i in wrong)]
                        return np.unique(np.array(numbers, np.int64))
        return None


def _equation(packets: Packets, place: int) -> Equation:
    data = int.from_bytes(packets.words[place].astype(">u4").tobytes(), "big")
    return data, 1, int(packets.values[place])
