"""Try hash keys on flows: chosen on one half of their hash inputs, judged on the other, and searched for further."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.flows.inputs import HashInputs, find_inputs
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.shared.chance.baseline import Baseline, Judged, take_baseline
from pcaphash.studies.shared.chance.spread import GROWING
from pcaphash.studies.shared.linear.reach import Reach, find_reach
from pcaphash.studies.tune.cautions import list_cautions
from pcaphash.studies.tune.measures import is_better
from pcaphash.studies.tune.result import Tuning
from pcaphash.studies.tune.search import KeySearch, conclude, moves_of, search_key
from pcaphash.studies.tune.tables import try_tables
from pcaphash.studies.tune.trial import (
    CHOOSING,
    CURRENT,
    HALVES,
    JUDGING,
    PARTS,
    Columns,
    Packed,
    choosing_badness,
    entries_under,
    join_columns,
    measure_keys,
    order_keys,
    pack_halves,
    split_choosing,
    split_inputs,
    try_keys,
)
from pcaphash.studies.tune.verdict import Halves, TuningConclusion, TuningVerdict, judge_key

_STARTS = 8  # random keys, the best ones, that a search starts from
_SEARCHED = 4  # one key in a search for so many random keys


@dataclass(frozen=True, eq=False)
class _Split:
    """Hash inputs in two halves.

    Parameters
    ----------
    inputs : HashInputs
        The hash inputs.
    halves : int64 array of shape (n,)
        The half of each.
    fixed : int64 array of shape (HALVES, queues, 2)
        What packets without a hash bring to each receive queue.
    """

    inputs: HashInputs
    halves: npt.NDArray[np.int64]
    fixed: npt.NDArray[np.int64]

    @property
    def device(self) -> Device:
        """The device, which gives everything but the key."""
        return self.inputs.device

    @cached_property
    def packed(self) -> Packed:
        """The hash inputs, arranged for trying many keys."""
        return pack_halves(self.inputs, self.halves)

    def measure(self, keys: list[bytes]) -> Columns:
        """Measure how each key spreads each half."""
        return measure_keys(self.packed, self.device, self.fixed, keys)

    def ideal(self, measure: str, current: float) -> Baseline:
        """Return what ideal hashes make of the judging half, known well enough to judge a value of a measure by it."""
        is_judging, unhashed = self.halves == JUDGING, self.fixed[JUDGING, self.device.unclassified_queue]
        loads, identities = self.inputs.loads[is_judging], self.inputs.identities[is_judging]
        return take_baseline(loads, identities, unhashed, self.device, Judged(measure, current))


@dataclass(frozen=True, eq=False)
class _Tried:
    """Keys that were tried, the device's own as the first of them.

    Parameters
    ----------
    keys : list of bytes
        The keys.
    columns : dict of str to float64 array of shape (keys,)
        Their measures, by part and measure.
    measure : str
        The measure that they are chosen by.
    """

    keys: list[bytes]
    columns: Columns
    measure: str

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Their numbers, the best over the choosing half first."""
        return order_keys(self.columns, self.measure)

    @property
    def others(self) -> list[int]:
        """The numbers of all but the device's own, in the same order."""
        return [number for number in self.order.tolist() if number != CURRENT]

    def halves(self, key: int) -> Halves:
        """Return the measure under a key over the choosing half and over the judging half."""
        return _halves(self.columns, self.measure, key)

    def on_all(self, key: int) -> float:
        """Return the measure under a key over all hash inputs."""
        return float(self.columns[f"{PARTS[HALVES]}_{self.measure}"][key])

    @property
    def outdone(self) -> float:
        """The share of the others that are better than the device's own over the choosing half."""
        chosen = choosing_badness(self.columns, self.measure)
        return float((chosen[CURRENT + 1 :] < chosen[CURRENT]).mean())


def tune_inputs(
    inputs: HashInputs,
    analysis: Analysis,
    keys: list[bytes],
    measure: str,
    seed: int,
    kept_share: float,
    nothing: TuningVerdict | None,
) -> Tuning:
    """Try keys on hash inputs, search for better ones, and make tables under the key that is recommended.

    Parameters
    ----------
    inputs : HashInputs
        The hash inputs under the device's own key.
    analysis : Analysis
        The same packets under the device as given.
    keys : list of bytes
        The device's own key, then random ones.
    measure, seed
        As ``TuningRequest`` has them.
    kept_share : float
        Share of the packets whose flows were kept.
    nothing : TuningVerdict or None
        The verdict if there is nothing to judge keys by.
    """
    device = inputs.device
    split = _Split(inputs, split_inputs(len(inputs), seed), _unclassified(inputs))
    trial = try_keys(split.packed, device, split.fixed, keys, measure)
    random = tried = _Tried(keys, trial.columns, measure)
    baseline: Baseline | None = None
    search: KeySearch | None = None
    verdict = nothing
    if verdict is None:
        current = random.halves(CURRENT)
        baseline = split.ideal(measure, current.judging)
        tried, search = _search_on(split, random, baseline, seed)
        verdict = judge_key(
            baseline, measure, current, tried.halves(tried.others[0]), random.on_all(CURRENT), random.outdone
        )
    best = tried.others[0]
    under_current = entries_under(split.packed, device, device.hash_key)
    entries = (
        under_current
        if verdict.cause != TuningConclusion.KEY
        else entries_under(split.packed, device, tried.keys[best])
    )
    rebalanced, weighted = try_tables(device.indirection_table, entries, split.fixed, measure)
    return Tuning(
        analysis=analysis,
        measure=measure,
        seed=seed,
        n_inputs=len(inputs),
        kept_share=kept_share,
        keys=tried.keys,
        n_random=len(random.keys) - 1,
        columns=tried.columns,
        order=tried.order,
        baseline=baseline,
        search=search,
        reaches=_reaches(inputs, tried.keys[best]),
        sizes=trial.sizes,
        rebalanced=rebalanced,
        weighted=weighted,
        verdict=replace(verdict, cautions=list_cautions(device, under_current.sum(axis=0), split.fixed.sum(axis=0))),
    )


def _search_on(split: _Split, random: _Tried, baseline: Baseline, seed: int) -> tuple[_Tried, KeySearch]:
    """Search for a key from the best random ones on; return all keys, with the one found, and what came of it."""
    measure = random.measure
    starts = [random.keys[number] for number in random.others[:_STARTS]]
    key, n_tried = _search(split, measure, starts, max((len(random.keys) - 1) // _SEARCHED, 1), seed)
    tried, found = random, None
    if key is not None:
        tried = _Tried([*random.keys, key], join_columns([random.columns, split.measure([key])]), measure)
        found = tried.halves(len(random.keys))
    interval = baseline.interval(measure)
    ideal = interval.high if measure.startswith(GROWING) else interval.low
    return tried, conclude(n_tried, measure, random.halves(random.others[0]), found, ideal)


def _search(split: _Split, measure: str, starts: Sequence[bytes], most: int, seed: int) -> tuple[bytes | None, int]:
    """Search for a key over one part of the choosing half; return it if it is the best one over the other part too."""
    device = split.device
    parts = replace(split, halves=split_choosing(split.halves, seed))
    form, packs = parts.packed
    to_choose = form, [each for each in packs if each[0] == CHOOSING]

    def judge(keys: Sequence[bytes]) -> npt.NDArray[np.float64]:
        used = list(map(form.used_key, keys))
        return choosing_badness(measure_keys(to_choose, device, split.fixed, used), measure)

    # Moves are flips of bits of the key as it is used; of 40 bytes, what is used of what is used is the key itself.
    moves = moves_of(split.inputs.words, len(device.indirection_table).bit_length() - 1)
    key, tried = search_key(list(map(form.used_key, starts)), moves, judge, most, seed)
    if key is not None:
        key = form.used_key(key)
        columns = parts.measure([key, starts[0]])
        mine, other = (_halves(columns, measure, number).judging for number in (0, 1))
        key = key if is_better(measure, mine, other) else None
    return key, tried


def _halves(columns: Columns, measure: str, key: int) -> Halves:
    """Return a measure under a key over the choosing half and over the judging half."""
    return Halves(*(float(columns[f"{part}_{measure}"][key]) for part in PARTS[:HALVES]))


def _reaches(inputs: HashInputs, key: bytes) -> tuple[tuple[Reach, Reach], ...]:
    """Return which entries each kind of hash input reaches, under the device's own key and under another."""
    others = find_inputs(inputs.groups, replace(inputs.device, hash_key=key))
    return tuple(zip(find_reach(inputs), find_reach(others), strict=True))


def _unclassified(inputs: HashInputs) -> npt.NDArray[np.int64]:
    """Return what packets without a hash bring to each receive queue, shape (HALVES, queues, 2), half to each half."""
    fixed = np.zeros((HALVES, inputs.device.queues, 2), np.int64)
    fixed[CHOOSING, inputs.device.unclassified_queue] = inputs.unhashed // 2
    fixed[JUDGING, inputs.device.unclassified_queue] = inputs.unhashed - inputs.unhashed // 2
    return fixed
