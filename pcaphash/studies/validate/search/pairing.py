"""Find pairs and triples of faults that may explain a few packets: hash inputs, keys and values in all combinations.

A set of faults is a way to read packets, one to arrange hash inputs, a key and a form of the value. Hashes of all of
them are calculated as one array each, which costs a thousandth of trying the sets one by one.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.describer import queues_of
from pcaphash.kernels.toeplitz import WORDS
from pcaphash.studies.validate.catalogue.fault import KEY, READING, Fault, FaultKind
from pcaphash.studies.validate.search.trial import Faults, Mask, Trial, Words, hash_with
from pcaphash.studies.validate.verdicts import says_only_queue

_MOST_SETS = 300
_MOST_FAULTS = 3
_OPENING = (
    FaultKind.INNER_OF,
    FaultKind.INNER_INSTEAD_OF_OUTER,
    FaultKind.SECOND_LEVEL_INNER,
    FaultKind.IPV6_IN_IP,
    FaultKind.VXLAN_PORT,
    FaultKind.WITH,
)
"""Only faults that read other headers let others show that do not show alone."""
_SIGMAS = 4.0  # above what chance gives, for receive queues


class _Inputs(NamedTuple):
    """Hash inputs, shape (n_sets, n_packets, ...), of sets of faults; only one reading's key may be another."""

    sets: list[Faults]
    words: Words
    hashed: Mask
    lengths: npt.NDArray[np.int64]


def go_together(faults: Sequence[Fault]) -> bool:
    """Tell whether a device can have all of these: one key, one order of addresses and of ports, and so on."""
    places = [place for fault in faults for place in fault.places if place != READING]
    return len(places) == len(set(places))


def likely_sets(trial: Trial, faults: Sequence[Fault], *, by_queue: bool) -> list[Faults]:
    """List sets of two and three faults that explain some of the packets of a trial, those that explain most first.

    Parameters
    ----------
    trial : Trial
        A few packets that no fault alone explains.
    faults : sequence of Fault
        All that are tried.
    by_queue : bool
        Whether receive queues stand for hashes.
    """
    return _Pairing(trial, faults, by_queue=by_queue).run()


class _Pairing:
    """Hashes the inputs of all readings and arrangements with all keys."""

    def __init__(self, trial: Trial, faults: Sequence[Fault], *, by_queue: bool) -> None:
        self._trial = trial
        self._order = {fault: at for at, fault in enumerate(faults)}
        reading = [fault for fault in faults if fault.device or fault.flags]
        telling = [fault for fault in reading if self._tells(fault)]
        opening = [fault for fault in telling if fault.kind in _OPENING]
        self._keys = [fault for fault in faults if fault.hash_key or fault.function]
        self._values = [fault for fault in faults if fault.value]
        arranging = [fault for fault in usual(faults) if fault.arrange]
        self._rare_arrangements: list[Faults] = [(fault,) for fault in faults if fault.arrange and fault.is_rare]
        self._arrangements: list[Faults] = [(fault,) for fault in arranging]
        self._arrangements += [pair for pair in combinations(arranging, 2) if go_together(pair)]
        self._readings: list[Faults] = [(), *((fault,) for fault in telling)]
        # Of two other configurations each shows by itself somewhere: such sets grow from one fault.
        pairs = (pair for pair in combinations(usual(reading), 2) if pair[0].flags or pair[1].flags)
        self._reading_pairs = [
            pair
            for pair in pairs
            if go_together(pair) and (set(pair) <= set(telling) or any(fault in opening for fault in pair))
        ]
        written = [fault for fault in self._values if not fault.is_rare]
        self._forms: list[list[Fault]] = [[], *([fault] for fault in written)]
        self._forms += [list(pair) for pair in combinations(written, 2) if go_together(pair)]
        self._by_queue = by_queue
        self._says_only_queue = says_only_queue(trial.sample.reported)
        self._least = _least(trial.sample.reported.queues) if by_queue and self._says_only_queue.any() else 1.0
        self._found: dict[Faults, int] = {}

    def run(self) -> list[Faults]:
        single, double = self._inputs(self._readings), self._inputs(self._reading_pairs)
        own = _Inputs([()], single.words[:1], single.hashed[:1], single.lengths[:1])
        arranged = _joined([single, *(self._arranged(single, each) for each in self._arrangements)])
        own_arrangements = (*self._arrangements, *self._rare_arrangements)
        arranged_own = _joined([single, *(self._arranged(own, each) for each in own_arrangements)])
        arranged_rarely = _joined([self._arranged(single, each) for each in self._rare_arrangements])
        own_rarely = _joined([self._arranged(own, each) for each in self._rare_arrangements])
        changes: list[list[Fault]] = [[], *([fault] for fault in (*self._values, *self._keys))]
        for more in changes:
            is_rare = any(fault.is_rare for fault in more)
            self._try(arranged_own if is_rare else arranged, more)
            if not is_rare:
                self._try(own_rarely, more)
            if not is_rare and not any(fault.hash_key or fault.function for fault in more):
                self._try(double, more)
        self._try(arranged_rarely, [])
        for pair in (*combinations(self._keys, 2), *combinations(self._values, 2)):
            if go_together(pair) and (pair[0].value or KEY in pair[0].places + pair[1].places):
                self._try(own, list(pair))
        return sorted(self._found, key=lambda each: (-self._found[each], len(each)))[:_MOST_SETS]

    def _tells(self, fault: Fault) -> bool:
        """Tell whether packets are read otherwise with this fault alone."""
        reading, spec = self._trial.reading_of((fault,)), self._trial.spec
        return reading is not None and not (
            np.array_equal(reading.words, spec.words) and np.array_equal(reading.found.hashed, spec.found.hashed)
        )

    def _inputs(self, sets: Sequence[Faults]) -> _Inputs:
        found = [(each, reading) for each in sets if (reading := self._trial.reading_of(each)) is not None]
        n = len(self._trial.sample)
        return _Inputs(
            [each for each, _ in found],
            np.array([reading.words for _, reading in found], np.uint32).reshape(len(found), n, WORDS),
            np.array([reading.found.hashed for _, reading in found], bool).reshape(len(found), n),
            np.array([reading.found.lengths for _, reading in found], np.int64).reshape(len(found), n),
        )

    @staticmethod
    def _arranged(inputs: _Inputs, arrangement: Faults) -> _Inputs:
        words, lengths = inputs.words.reshape(-1, WORDS), inputs.lengths.reshape(-1)
        for fault in arrangement:
            words = fault.arrange(words, lengths) if fault.arrange else words
        sets = [(*each, *arrangement) for each in inputs.sets]
        return _Inputs(sets, words.reshape(inputs.words.shape), inputs.hashed, inputs.lengths)

    def _try(self, inputs: _Inputs, more: list[Fault]) -> None:
        """Hash inputs with the key that more faults make; write the values as these do, and with a key in all ways."""
        words, lengths = inputs.words.reshape(-1, WORDS), inputs.lengths.reshape(-1)
        values = hash_with(more, words, lengths, self._trial.device)
        given = [fault for fault in more if fault.value]
        forms = [given] if given or not more else self._forms
        for form in forms:
            written = values
            for fault in form:
                written = fault.value(written) if fault.value else written
            self._take(inputs, [*more, *(fault for fault in form if not given)], written.reshape(inputs.hashed.shape))

    def _take(self, inputs: _Inputs, more: list[Fault], values: Words) -> None:
        """Take note of the sets that explain packets."""
        said = self._trial.sample.reported
        fits = (values == said.hash_values) & inputs.hashed & said.has_hash
        if self._by_queue:
            known = np.ones(values.size, bool)
            queues = queues_of(values.reshape(-1), inputs.hashed.reshape(-1), known, self._trial.device)
            fits |= (queues.reshape(values.shape) == said.queues) & self._says_only_queue
        counts = np.count_nonzero(fits, axis=1)
        for at in np.flatnonzero(counts >= self._least).tolist():
            faults = tuple(sorted((*inputs.sets[at], *more), key=self._order.__getitem__))
            if 1 < len(faults) <= _MOST_FAULTS and go_together(faults):
                self._found[faults] = max(self._found.get(faults, 0), int(counts[at]))


def _least(queues: npt.NDArray[np.int64]) -> float:
    """Return how many of these receive queues a set must explain to be worth a closer look."""
    met, of_packets = np.unique(queues, return_inverse=True)
    shares = (np.bincount(of_packets.reshape(-1), minlength=len(met)) / len(queues))[of_packets.reshape(-1)]
    return float(min(shares.sum() + _SIGMAS * np.sqrt((shares * (1 - shares)).sum()), len(shares)))


def _joined(parts: Sequence[_Inputs]) -> _Inputs:
    sets = [each for part in parts for each in part.sets]
    words, hashed, lengths = (np.concatenate([part[at] for part in parts]) for at in (1, 2, 3))
    return _Inputs(sets, words, hashed, lengths)


def usual(faults: Sequence[Fault]) -> Iterator[Fault]:
    """Yield those that are tried together with several others."""
    return (fault for fault in faults if not fault.is_rare)
