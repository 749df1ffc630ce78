"""What packets agree on, in spite of a few whose reported hash is wrong."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.elimination import CONTRADICTION, NEW, SUM
from pcaphash.kernels.toeplitz import WORDS
from pcaphash.studies.shared.linear.basis import Basis, Words
from pcaphash.studies.shared.linear.span import BasisSpan

_FIRST = 4096  # packets kept from the beginning
_BEHIND_NEW = 512  # and behind each whose input is new: these show whether its hash is right
_MOST_CONTRADICTING = 65536  # kept, to be looked at again when the basis is exchanged
_WORTH_A_SPAN = 1024  # packets; for fewer the basis is asked itself
_LOOKED_AGAIN = 4  # times as many contradictions as before have the basis made again
_ATTEMPTS = 16
_SEED = 1


@dataclass(frozen=True, eq=False)
class Packets:
    """Packets that were kept: their numbers, hash inputs and reported hashes."""

    numbers: npt.NDArray[np.int64]
    words: Words
    values: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64] | slice) -> "Packets":
        """Return some of them."""
        return Packets(self.numbers[chosen], self.words[chosen], self.values[chosen])

    @classmethod
    def join(cls, parts: "list[Packets]") -> "Packets":
        """Put packets behind each other."""
        return cls(
            np.concatenate([np.empty(0, np.int64), *(part.numbers for part in parts)]),
            np.concatenate([np.empty((0, WORDS), np.uint32), *(part.words for part in parts)]),
            np.concatenate([np.empty(0, np.uint32), *(part.values for part in parts)]),
        )


class Agreement:
    """Takes packets in, and keeps a basis of hash inputs whose hashes go with those of most other packets.

    A wrong hash that gets into the basis has about half of the later packets contradict. The basis is then made again
    of packets in other orders, and the one that fewest contradict is kept.
    """

    def __init__(self) -> None:
        self.basis = Basis()
        self.inputs = 0
        """Packets taken in."""
        self._witnesses: list[Packets] = []
        self._since_new = 0
        self._contradicting: list[Packets] = []
        self._not_kept = 0
        self._checked = 0
        self._last_rank = 0
        self._span: BasisSpan | None = None

    @property
    def contradictions(self) -> int:
        """How many of all packets contradict the basis."""
        return self._not_kept + sum(map(len, self._contradicting))

    @property
    def witnesses(self) -> Packets:
        """Packets that span the inputs of all, those without which the basis would be smaller among them."""
        return Packets.join(self._witnesses)

    def first_contradicting(self, n: int) -> tuple[int, ...]:
        """Return the numbers of the first packets that contradict."""
        return tuple(np.sort(Packets.join(self._contradicting).numbers)[:n].tolist())

    def add(self, packets: Packets) -> None:
        """Take packets in."""
        statuses = self._statuses(packets)
        self._witnesses.append(packets.take(self._are_witnesses(statuses == NEW)))
        self.inputs += len(packets)
        wrong = packets.take(statuses == CONTRADICTION)
        room = max(0, _MOST_CONTRADICTING - sum(map(len, self._contradicting)))
        self._contradicting.append(wrong.take(slice(room)))
        self._not_kept += max(0, len(wrong) - room)
        if self.contradictions > _LOOKED_AGAIN * self._checked:
            self.improve()

    def _statuses(self, packets: Packets) -> npt.NDArray[np.uint8]:
        """Ask the basis, but first the span of one that did not grow with the packets before."""
        rank = self.basis.rank
        if len(packets) < _WORTH_A_SPAN or rank != self._last_rank:
            self._last_rank, self._span = rank, None
            return self.basis.add(packets.words, packets.values)
        if self._span is None:
            self._span = BasisSpan(self.basis)
        statuses = np.full(len(packets), SUM, np.uint8)
        asked = ~self._span.agrees(packets.words, packets.values)
        statuses[asked] = self.basis.add(packets.words[asked], packets.values[asked])
        return statuses

    def _are_witnesses(self, new: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        places = np.arange(len(new))
        last_new = np.maximum.accumulate(np.where(new, places, -1 - self._since_new)) if len(new) else places
        since_new = places - last_new
        if len(new):
            self._since_new = int(since_new[-1])
        return (since_new < _BEHIND_NEW) | (places < _FIRST - self.inputs)

    def improve(self) -> None:
        """Make the basis again of the packets kept, in several orders; take what is contradicted least."""
        if self.contradictions == self._checked:
            return
        witnesses, doubted = self.witnesses, Packets.join(self._contradicting)
        is_witness = np.isin(doubted.numbers, witnesses.numbers)
        others = doubted.take(~is_witness)
        random = np.random.default_rng(_SEED)
        # Witnesses first: the others were chosen for contradicting this basis, any other may seem better by them.
        fewest = int(is_witness.sum()), len(others)
        for _ in range(_ATTEMPTS):
            shuffled = witnesses.take(random.permutation(len(witnesses)))
            basis = Basis()
            basis.add(shuffled.words, shuffled.values)
            if basis.contradictions > fewest[0]:
                continue
            wrong = [basis.add(each.words, each.values) == CONTRADICTION for each in (witnesses, others)]
            counts = int(wrong[0].sum()), int(wrong[1].sum())
            if counts < fewest:
                fewest, self.basis, self._span = counts, basis, None
                self._contradicting = [witnesses.take(wrong[0]), others.take(wrong[1])]
        self._checked = self.contradictions

    def without(self, numbers: npt.NDArray[np.int64]) -> "Agreement":
        """Return what the packets kept say without some of them, which count as contradicting."""
        changed = Agreement()
        witnesses, doubted = self.witnesses, Packets.join(self._contradicting)
        is_left = ~np.isin(witnesses.numbers, numbers)
        left = witnesses.take(is_left)
        statuses = changed.basis.add(left.words, left.values)
        outside = doubted.take(~np.isin(doubted.numbers, witnesses.numbers))
        changed.inputs, changed._not_kept = self.inputs, self._not_kept
        changed._witnesses = [left]
        changed._contradicting = [outside, left.take(statuses == CONTRADICTION), witnesses.take(~is_left)]
        return changed
