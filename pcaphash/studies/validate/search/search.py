"""Look for the fewest faults that explain what a device reported wrongly, and for those that explain a part of it.

Every set of faults is a complete device: it has to explain the packets that are wrong and those that are right. A set
is worth the bits of the packets that it explains less what each of its faults costs (``evidence``), so that a fault is
only added where chance would hardly explain as much.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pcaphash.studies.validate.catalogue.fault import AS_SPEC, WIDTH, Fault, FaultKind
from pcaphash.studies.validate.search.evidence import Evidence, costs_of
from pcaphash.studies.validate.search.pairing import go_together, likely_sets, usual
from pcaphash.studies.validate.search.trial import Faults, Mask, Trial

_PROBES = 64  # packets that pairs are tried on
_MORE_PROBES = 256  # likewise where only receive queues are known
_MOST_FAULTS = 7
_WIDTH = 6  # sets that larger ones grow from
_MOST_PARTIAL = 24  # sets that explain a part
_MORE_OF_A_DEVICE = 0.1  # of a fault: a simple one that explains as much is likelier, and so is the spec
_LEAST_SHARE = 0.8  # of the wrong packets that faults apply to, for them to be a cause whatever the packets are


@dataclass(frozen=True, eq=False)
class Scored:
    """A set of faults and what it explains on the packets of the search.

    Parameters
    ----------
    faults : tuple of Fault
        The set.
    explained : bool array of shape (n,)
        Packets, wrong and right, that such a device would have reported so.
    contradicts : bool array of shape (n,)
        Packets that it would have reported otherwise.
    bits : float
        What the wrong ones among them tell.
    is_whole : bool
        Whether it explains all right packets, and nearly all wrong ones that it applies to.
    is_odd : bool
        Whether it explains values, but not without the types of the spec.
    """

    faults: Faults
    explained: Mask
    contradicts: Mask
    bits: float
    is_whole: bool
    is_odd: bool

    def cost(self, evidence: Evidence) -> float:
        """Return the bits that it has to explain."""
        return evidence.cost(self.faults) + evidence.costs[0] * (self.size - len(self.faults))

    @property
    def size(self) -> float:
        """How many faults it has; to report other types than its own is one more, and a known device a little more."""
        of_devices = sum(fault.kind == FaultKind.FLAVOR and fault.subject != AS_SPEC for fault in self.faults)
        return len(self.faults) + self.is_odd + _MORE_OF_A_DEVICE * of_devices


def _adds_nothing(scored: Scored, smaller: Scored) -> bool:
    """Tell whether a part of the faults of a set explains as much as all of them."""
    if not set(smaller.faults) < set(scored.faults):
        return False
    return not (scored.explained & ~smaller.explained).any()


class Search:
    """Looks for the set of faults that explains most, being as small as it can be.

    Parameters
    ----------
    trial : Trial
        The packets, those that are most unlike each other first.
    wrong : bool array of shape (n,)
        Those that are to be explained.
    evidence : Evidence
        What each tells.
    faults : list of Fault
        All that are tried, the likelier first.
    by_queue : bool
        Whether receive queues stand for hashes.
    """

    def __init__(
        self, trial: Trial, wrong: Mask, evidence: Evidence, faults: list[Fault], *, by_queue: bool = False
    ) -> None:
        self._trial, self._wrong, self._evidence, self._faults = trial, wrong, evidence, faults
        self._by_queue = by_queue
        self._order = {fault: at for at, fault in enumerate(faults)}
        self._scores: dict[Faults, Scored] = {}
        self._telling: list[Fault] = []  # faults that change what is reported of some packet: only these are tries

    def run(self) -> tuple[Faults, list[Faults]]:
        """Return the set, and those that explain as much on this sample; empty if chance may explain as much as any."""
        self._score(())
        if self._evidence.of(self._wrong) < min(costs_of(())):
            return (), []
        for fault in self._faults:
            self._score((fault,))
        self._evidence = replace(self._evidence, costs=costs_of(self._telling))
        if not self._is_done():
            for faults in self._likely():
                self._score(faults)
        size = 2
        while not self._is_done() and size <= _MOST_FAULTS:
            before = self._net(self._best())
            for faults in list(self._grown(size)):
                self._score(faults)
            if size > 2 and self._net(self._best()) <= before:
                break
            size += 1
        best = self._best()
        if not best.faults:
            return (), []
        alike = [each for each in self._scores.values() if self._is_as_good(each, best)]
        first, *others = sorted(alike, key=lambda each: each.is_odd)
        return first.faults, [each.faults for each in others]

    def partial(self) -> list[Scored]:
        """Return sets that explain more than chance would, those that explain most first; each fault adds something.

        A key of zeros makes every hash equal: it is a cause of all packets, or of none.
        """
        enough = [each for each in self._scores.values() if each.faults and self._net(each) > 0]
        found: list[Scored] = []
        for each in sorted(enough, key=lambda each: -self._net(each)):
            if any(fault.kind == FaultKind.KEY_ZERO for fault in each.faults):
                continue
            if not any(_adds_nothing(each, smaller) for smaller in found):
                found.append(each)
                if len(found) == _MOST_PARTIAL:
                    break
        return found

    def _net(self, scored: Scored) -> float:
        return scored.bits - scored.cost(self._evidence)

    def _best(self) -> Scored:
        """Return the set that explains most for what it costs; before it, any single fault that explains everything.

        Such a fault also has to explain more than chance would. Some of what it explains may weigh less than it costs
        that it is a known device.
        """
        whole = [each for each in self._scores.values() if each.is_whole]
        return max(whole, key=lambda each: (self._is_all_alone(each), self._net(each)))

    def _is_all_alone(self, scored: Scored) -> bool:
        is_one = len(scored.faults) == 1 and not scored.is_odd and self._net(scored) > 0
        return is_one and not scored.contradicts[self._wrong].any()

    def _is_as_good(self, one: Scored, best: Scored) -> bool:
        same = one.is_whole and one.size == best.size
        return same and bool((one.explained[self._wrong] == best.explained[self._wrong]).all())

    def _is_done(self) -> bool:
        """Tell whether some set explains all that is wrong."""
        best = self._best()
        return not best.is_odd and not best.contradicts[self._wrong].any()

    def _score(self, faults: Faults) -> None:
        if faults in self._scores:
            return
        outcome = self._trial.outcome(faults)
        explained, contradicts = outcome.explained, outcome.contradicts
        if len(faults) == 1 and outcome.differs.any():
            self._telling += faults
        evidence, wrong = self._evidence, self._wrong
        bits = evidence.of(explained & wrong, faults)
        is_right = not faults or not contradicts[~wrong].any()
        # What is done to every value is done to all: that it changes only some of them is no reason for the others.
        due = wrong if any(WIDTH in fault.places for fault in faults) else wrong & outcome.differs
        applies, left_out = evidence.count(due), evidence.count(due & contradicts)
        is_whole = is_right and left_out <= (1 - _LEAST_SHARE) * applies
        is_odd = bool(bits) and not self._trial.agrees(faults)[explained].all()
        self._scores[faults] = Scored(faults, explained, contradicts, bits, is_whole, is_odd)

    def _likely(self) -> list[Faults]:
        """List pairs and triples that explain some of the packets that no single fault explains."""
        left = np.flatnonzero(self._wrong & ~self._best().explained)
        probes = left[: _MORE_PROBES if self._by_queue else _PROBES]
        return likely_sets(self._trial.take(probes), self._faults, by_queue=self._by_queue)

    def _grown(self, size: int) -> Iterator[Faults]:
        """Add one fault to each of the best sets that are smaller by one and explain something."""
        smaller = [each for each in self._scores.values() if len(each.faults) == size - 1 and each.bits > 0]
        smaller.sort(key=lambda each: -each.bits)
        for each in smaller[:_WIDTH]:
            for fault in usual(self._faults):
                if fault not in each.faults and go_together((*each.faults, fault)):
                    yield tuple(sorted((*each.faults, fault), key=self._order.__getitem__))
