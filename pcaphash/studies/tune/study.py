"""Try many hash keys and table sizes on the flows of traces, and make an indirection table for them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.device.flavor import FLAVOR_FIELD, TITLES, has_fixed_key
from pcaphash.device.indirection_table import default_table
from pcaphash.device.words import parse_choice
from pcaphash.engine.census import identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.inputs import HashInputs, find_inputs
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.run import answer
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio
from pcaphash.studies.analyze import Analysis, analyze_counts
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.chance.baseline import Baseline, Judged, take_baseline
from pcaphash.studies.shared.chance.spread import GROWING, UNITS, spread_each
from pcaphash.studies.shared.defaults import DEFAULT_KEYS, DEFAULT_MEASURE
from pcaphash.studies.shared.linear.reach import find_reach
from pcaphash.studies.tune.cautions import list_cautions
from pcaphash.studies.tune.measures import CHOICES, is_better
from pcaphash.studies.tune.result import CURRENT, SizeTrial, TableTrial, Tuning
from pcaphash.studies.tune.search import Search, conclude, moves_of, search_key
from pcaphash.studies.tune.tables import partition, rebalance
from pcaphash.studies.tune.trial import (
    CHOOSING,
    HALVES,
    JUDGING,
    PARTS,
    Columns,
    Packed,
    choosing_badness,
    fold,
    join_columns,
    measure_keys,
    measure_queues,
    order_keys,
    pack_halves,
    place,
    random_keys,
    split_choosing,
    split_inputs,
    spread_halves,
)
from pcaphash.studies.tune.verdict import Cause, Halves, judge_inputs, judge_key, judge_packets, judge_table

if TYPE_CHECKING:
    from collections.abc import Iterable


_LARGEST_SIZE = 512  # that sizes are tried up to, unless the device's table is larger
_ENTRIES_PER_QUEUE = 4
_STARTS = 8  # random keys, the best ones, that a search starts from
_SEARCHED = 4  # one key in a search for so many random keys

MakeTable = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], tuple[int, ...]]


def tune(
    traces: Trace | Sequence[Trace],
    device: Device | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    measure: str = DEFAULT_MEASURE,
    n_keys: int = DEFAULT_KEYS,
    seed: int = 1,
    most_flows: int = DEFAULT_MOST_FLOWS,
    jobs: int | None = None,
) -> Tuning:
    """Choose a hash key on one half of the flows, judge it on the other, and make an indirection table for all.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures; ``-`` is standard input. Or saved censuses: these have no flows, so no keys are tried.
    device : Device, optional
        The device to tune. Default: ``Device()``.
    selection : Selection
        Which packets to study.
    watch : callable, optional
        Called now and then with the progress.
    measure : str
        The measure that keys are chosen by: ``max_ideal``, ``min_ideal``, ``jain``, ``cov`` or ``entropy``, with
        ``_packets`` or ``_bytes`` appended.
    n_keys : int
        How many random keys to try; a search from the best of them on tries a quarter as many.
    seed : int
        The same seed gives the same keys, the same halves and the same search.
    most_flows : int
        How many flows to keep at most.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to study, a saved census was taken for another device, or the device has nothing to tune.
    """
    chosen_by = parse_choice(Field("measure"), measure, CHOICES)
    _check_number(Field("n_keys"), n_keys, 1)
    _check_number(Field("seed"), seed, 0)
    _check_number(Field("most_flows"), most_flows, 1)
    inputs, (chosen,) = check_request(traces, Device() if device is None else device)
    _check_device(chosen)
    return answer(TuningRequest((chosen,), selection, chosen_by, n_keys, seed, most_flows), inputs, watch, jobs)


@dataclass(frozen=True)
class TuningRequest(Asked):
    """Which hash key and indirection table suit one device.

    Parameters
    ----------
    measure : str
        What keys are chosen by.
    n_keys, seed : int
        How many random keys to try, and what they, the halves and the search are drawn from.
    most_flows : int
        How many flows to keep at most.
    """

    measure: str = DEFAULT_MEASURE
    n_keys: int = DEFAULT_KEYS
    seed: int = 1
    most_flows: int = DEFAULT_MOST_FLOWS

    def begin(self) -> Counts:
        """Return counters for the device."""
        return Counts(identities_of(self.devices), [self.rules], self.most_flows)

    def finish(self, partial: Partial[Counts]) -> Tuning:
        """Try keys and tables."""
        (device,) = self.devices
        counts = partial.counter
        analysis = analyze_counts(partial, self.devices)
        if not counts.has_flows:
            return _tune_tables(analysis, self.measure, self.seed)
        (table,) = counts.tables.values()
        inputs = find_inputs(table.flows(), device).in_order()
        keys = [device.hash_key, *random_keys(self.n_keys, len(device.hash_key), self.seed)]
        return _tune_inputs(inputs, analysis, keys, self.measure, self.seed, table.kept_share)


def _check_number(setting: Field, value: int, least: int) -> None:
    if value < least:
        raise ConfigurationError(setting, f"{value} is too small", f"give {least} or more")


def _check_device(device: Device) -> None:
    if not device.has_queue:
        problem = "without the RSS feature, no hash chooses a receive queue, so there is nothing to tune"
        raise ConfigurationError(Field("features"), problem, "add RSS")
    if device.queues == 1:
        raise ConfigurationError(
            Field("queues"), "with a single receive queue there is nothing to tune", "give at least 2"
        )
    if device.table_index != "mask":
        problem = f"keys can be tried only by the low bits of their hashes, not with {device.table_index}"
        raise ConfigurationError(Field("table_index"), problem, f"use {Field('table_index', 'mask')}")
    if has_fixed_key(device.flavor):
        problem = f"the hash key of {TITLES[device.flavor]} cannot be changed, so that there are no others to try"
        raise ConfigurationError(FLAVOR_FIELD, problem, f"use another {FLAVOR_FIELD}")


def _tune_inputs(
    inputs: HashInputs, analysis: Analysis, keys: list[bytes], measure: str, seed: int, kept_share: float
) -> Tuning:
    device, n_inputs = inputs.device, len(inputs)
    halves = split_inputs(n_inputs, seed)
    fixed = _unclassified(inputs)
    packed = pack_halves(inputs, halves)
    trial = try_keys(packed, device, fixed, keys, measure)
    n_random, columns = len(keys) - 1, trial.columns
    order = order_keys(columns, measure)
    best = int(order[order != CURRENT][0])
    baseline: Baseline | None = None
    search: Search | None = None
    verdict = judge_inputs(n_inputs) or judge_packets(_placed(analysis), device.queues)
    if verdict is None:
        current, random = (_halves(columns, measure, key) for key in (CURRENT, best))
        is_judging = halves == JUDGING
        baseline = take_baseline(
            inputs.loads[is_judging], inputs.identities[is_judging], fixed[JUDGING, device.unclassified_queue], device,
            Judged(measure, current.judging),
        )  # fmt: skip
        starts = [keys[number] for number in order[order != CURRENT][:_STARTS].tolist()]
        key, tried = _search(inputs, halves, fixed, measure, starts, max(n_random // _SEARCHED, 1), seed)
        found: Halves | None = None
        if key is not None:
            keys = [*keys, key]
            columns = join_columns([columns, measure_keys(packed, device, fixed, [key])])
            order = order_keys(columns, measure)
            best = int(order[order != CURRENT][0])
            found = _halves(columns, measure, len(keys) - 1)
        interval = baseline.interval(measure)
        ideal = interval.high if measure.startswith(GROWING) else interval.low
        search = conclude(tried, measure, random, found, ideal)
        chosen = choosing_badness(trial.columns, measure)
        outdone = float((chosen[CURRENT + 1 :] < chosen[CURRENT]).mean())
        verdict = judge_key(baseline, measure, current, _halves(columns, measure, best), outdone)
    recommended = keys[best if verdict.cause == Cause.KEY else CURRENT]
    entries = _entries(packed, device, recommended)
    table = device.indirection_table
    return Tuning(
        analysis=analysis,
        measure=measure,
        seed=seed,
        n_inputs=n_inputs,
        kept_share=kept_share,
        keys=keys,
        n_random=n_random,
        columns=columns,
        order=order,
        baseline=baseline,
        search=search,
        reaches=tuple(
            zip(find_reach(inputs), find_reach(find_inputs(inputs.groups, replace(device, hash_key=keys[best]))),
                strict=True)
        ),
        sizes=trial.sizes,
        rebalanced=_try_table(lambda loads, rest: rebalance(loads, table, rest), entries, fixed, measure),
        weighted=_try_table(partition, entries, fixed, measure),
        verdict=replace(verdict, cautions=list_cautions(device)),
    )  # fmt: skip


def _halves(columns: Columns, measure: str, key: int) -> Halves:
    """Return a measure under a key over the choosing half and over the judging half."""
    return Halves(*(float(columns[f"{part}_{measure}"][key]) for part in PARTS[:HALVES]))


def _search(
    inputs: HashInputs,
    halves: npt.NDArray[np.int64],
    fixed: npt.NDArray[np.int64],
    measure: str,
    starts: Sequence[bytes],
    most: int,
    seed: int,
) -> tuple[bytes | None, int]:
    """Search for a key over one part of the choosing half; return it if it is the best one over the other part too."""
    device = inputs.device
    parts = split_choosing(halves, seed)
    packed = pack_halves(inputs, parts)
    form, packs = packed
    to_choose = form, [each for each in packs if each[0] == CHOOSING]

    def judge(keys: Sequence[bytes]) -> npt.NDArray[np.float64]:
        return choosing_badness(measure_keys(to_choose, device, fixed, list(map(form.used_key, keys))), measure)

    # Moves are flips of bits of the key as it is used; of 40 bytes, what is used of what is used is the key itself.
    moves = moves_of(inputs.words, len(device.indirection_table).bit_length() - 1)
    key, tried = search_key(list(map(form.used_key, starts)), moves, judge, most, seed)
    if key is not None:
        key = form.used_key(key)
        columns = measure_keys(packed, device, fixed, [key, starts[0]])
        mine, other = (_halves(columns, measure, number).judging for number in (0, 1))
        key = key if is_better(measure, mine, other) else None
    return key, tried


def _tune_tables(analysis: Analysis, measure: str, seed: int) -> Tuning:
    """Make tables of what a census counted; without flows there is nothing to try keys on or to judge tables by."""
    (distribution,) = analysis.distributions
    device = distribution.device
    table = device.indirection_table
    entries = distribution.entries[np.newaxis]
    fixed = (distribution.queues - place(distribution.entries, table, device.queues))[np.newaxis]
    no_half = np.zeros_like(distribution.queues)
    columns = measure_queues(np.stack([distribution.queues, no_half])[np.newaxis])
    columns |= {name: np.full(1, np.nan) for name in columns if name.startswith(PARTS[CHOOSING])}
    rebalanced = _try_table(lambda loads, rest: rebalance(loads, table, rest), entries, fixed, measure)
    few = judge_packets(_placed(analysis), device.queues) if distribution.hashed else None
    verdict = few or judge_table(measure, float(columns[f"all_{measure}"][0]), rebalanced.whole, distribution.hashed)
    return Tuning(
        analysis=analysis,
        measure=measure,
        seed=seed,
        n_inputs=None,
        kept_share=None,
        keys=[device.hash_key],
        n_random=0,
        columns=columns,
        order=np.zeros(1, np.int64),
        baseline=None,
        search=None,
        reaches=(),
        sizes=[],
        rebalanced=rebalanced,
        weighted=_try_table(partition, entries, fixed, measure),
        verdict=replace(verdict, cautions=list_cautions(device)),
    )


def _placed(analysis: Analysis) -> int:
    """Count the packets whose receive queue is known."""
    return int(analysis.distributions[0].queues[:, 0].sum())


def _unclassified(inputs: HashInputs) -> npt.NDArray[np.int64]:
    """Return what packets without a hash bring to each receive queue, shape (HALVES, queues, 2), half to each half."""
    fixed = np.zeros((HALVES, inputs.device.queues, 2), np.int64)
    fixed[CHOOSING, inputs.device.unclassified_queue] = inputs.unhashed // 2
    fixed[JUDGING, inputs.device.unclassified_queue] = inputs.unhashed - inputs.unhashed // 2
    return fixed


@dataclass(frozen=True, eq=False)
class _Trial:
    """Measures of all keys.

    Parameters
    ----------
    columns : dict of str to float64 array of shape (keys,)
        By part and measure, with the device's own table.
    sizes : list of SizeTrial
        The measure chosen by, with tables of other sizes.
    """

    columns: Columns
    sizes: list[SizeTrial]


def try_keys(
    packed: Packed, device: Device, fixed: npt.NDArray[np.int64], keys: Sequence[bytes], measure: str
) -> _Trial:
    """Measure how each key spreads each half, with the device's own table and with default tables of other sizes."""
    sizes = _sizes(device)
    parts: list[Columns] = []
    of_sizes: dict[int, list[npt.NDArray[np.float64]]] = {size: [] for size in sizes}
    column = UNITS.index(measure.rpartition("_")[2])
    own = len(device.indirection_table)
    for entries in spread_halves(packed, keys, max(*sizes, 2)):
        queues = place(fold(entries, own), device.indirection_table, device.queues) + fixed
        parts.append(measure_queues(queues))
        for size in sizes:
            table = device.indirection_table if size == own else default_table(size, device.queues)
            loads = place(fold(entries[:, JUDGING], size), table, device.queues) + fixed[JUDGING]
            of_sizes[size].append(spread_each(loads[:, :, column])[measure.rpartition("_")[0]])
    return _Trial(join_columns(parts), list(_summarize(of_sizes)))


def _sizes(device: Device) -> list[int]:
    """Return the sizes of tables to try: that of the device, and powers of two that leave no receive queue out."""
    own = len(device.indirection_table)
    enough = 1 << (_ENTRIES_PER_QUEUE * device.queues - 1).bit_length()
    largest = min(max(_LARGEST_SIZE, own, enough), virtio.MOST_INDIRECTION_TABLE_LENGTH)
    powers = [1 << bits for bits in range(largest.bit_length())]
    return sorted({own, *(size for size in powers if size >= device.queues)})


def _summarize(of_sizes: dict[int, list[npt.NDArray[np.float64]]]) -> "Iterable[SizeTrial]":
    for size, values in of_sizes.items():
        random = np.concatenate(values)[CURRENT + 1 :]
        low, median, high = np.quantile(random, [0.025, 0.5, 0.975]).tolist()
        yield SizeTrial(size, median, low, high)


def _entries(packed: Packed, device: Device, key: bytes) -> npt.NDArray[np.int64]:
    """Return what each half brings to each entry of the device's table under one key."""
    size = len(device.indirection_table)
    (entries,) = spread_halves(packed, [key], max(size, 2))
    return fold(entries[0], size)


def _try_table(
    make: MakeTable, entries: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64], measure: str
) -> TableTrial:
    """Make a table from everything, and judge one that is made from the choosing half alone, if there are halves."""
    name, _, unit = measure.rpartition("_")
    column = UNITS.index(unit)
    loads, rest = entries[:, :, column], fixed[:, :, column]

    def value(table: tuple[int, ...], of_entries: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> float:
        queues = place(of_entries[:, np.newaxis], table, len(others))[:, 0] + others
        return float(spread_each(queues[np.newaxis])[name][0])

    whole = make(loads.sum(axis=0), rest.sum(axis=0))
    judged = math.nan
    if len(entries) == HALVES:
        judged = value(make(loads[CHOOSING], rest[CHOOSING]), loads[JUDGING], rest[JUDGING])
    return TableTrial(whole, value(whole, loads.sum(axis=0), rest.sum(axis=0)), judged)
