"""Trials are as many as it takes, the same on any number of processors, and give what ten thousand of them gave."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from pcaphash.engine.running.threads import using_threads
from pcaphash.kernels.base import COMPILED
from pcaphash.kernels.chance import count_bits
from pcaphash.studies.shared.chance.baseline import Judged, take_baseline
from pcaphash.studies.shared.chance.crowds import find_crowds, split_table
from pcaphash.studies.shared.chance.sampling import resample
from pcaphash.studies.shared.chance.spread import spread, spread_each
from pcaphash.studies.shared.chance.trials import MOST_TRIALS, ROUND, ends_are_known, run_trials

NOTHING = np.zeros(2, np.int64)
SLOWLY = 10_000
MOST_SIGMAS = 5


def flow_loads(n: int, seed: int = 1, shape: float = 1.3) -> np.ndarray:
    random = np.random.default_rng(seed)
    packets = (random.pareto(shape, n) * 3 + 1).astype(np.int64)
    return np.stack([packets, packets * random.integers(60, 1500, n)], axis=1)


def identities(n: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 2**63, n, dtype=np.uint64)


def slow_trials(loads: np.ndarray, device: pcaphash.Device) -> np.ndarray:
    """Assign loads with NumPy's random numbers, one trial after the other; shape (SLOWLY, queues, 2)."""
    random = np.random.default_rng(99)
    table = np.asarray(device.indirection_table)
    trials = np.empty((SLOWLY, device.queues, 2), np.int64)
    for trial in trials:
        queues = table[random.integers(0, len(table), len(loads))]
        for unit in range(2):
            trial[:, unit] = np.bincount(queues, loads[:, unit], device.queues)
    return trials


@pytest.mark.jit_only
@pytest.mark.parametrize(
    ("n", "shape", "device"),
    [
        (40, 1.1, pcaphash.Device()),
        (2000, 1.3, pcaphash.Device(queues=5)),
        (2000, 3.0, pcaphash.Device(queues=16, indirection_table=[0] * 16 + list(range(16)))),
        (3000, 1.2, pcaphash.Device(table_index="modulo", indirection_table_size=100, queues=7)),
    ],
)
def test_figures_are_those_of_many_slow_trials(n, shape, device):
    loads = flow_loads(n, n, shape)
    baseline = take_baseline(loads, identities(n), NOTHING, device)
    slow = slow_trials(loads, device)
    error = math.sqrt(1 / len(baseline.loads) + 1 / SLOWLY)
    for column, unit in enumerate(("packets", "bytes")):
        for name, values in spread_each(slow[:, :, column]).items():
            interval = baseline.interval(f"{name}_{unit}")
            allowed = MOST_SIGMAS * math.sqrt(0.025 * 0.975) * error
            assert (values < interval.low).mean() <= 0.025 + allowed
            assert (values <= interval.low).mean() >= 0.025 - allowed
            assert (values > interval.high).mean() <= 0.025 + allowed
            assert (values >= interval.high).mean() >= 0.025 - allowed
            some = float(np.quantile(values, 0.8))
            expected = 100 * ((values < some).mean() + (values == some).mean() / 2)
            assert baseline.percentile(f"{name}_{unit}", some) == pytest.approx(expected, abs=50 * MOST_SIGMAS * error)


@pytest.mark.parametrize("n_threads", [2, 5])
def test_any_number_of_threads_gives_the_same(n_threads):
    n = 500 if COMPILED else 8
    loads, numbers, queues = flow_loads(n), identities(n), np.arange(n) % 8

    def figures():
        return take_baseline(loads, numbers, NOTHING, pcaphash.Device()).loads, resample(loads, numbers, queues, 8)

    with using_threads(1):
        alone, sampled = figures()
    with using_threads(n_threads):
        together, sampled_together = figures()
    assert np.array_equal(alone, together)
    assert sampled == sampled_together


def test_the_order_of_loads_does_not_matter():
    n = 300 if COMPILED else 8
    loads, numbers, queues = flow_loads(n), identities(n), np.arange(n) % 8
    order = np.random.default_rng(3).permutation(n)
    device = pcaphash.Device()
    one = take_baseline(loads, numbers, NOTHING, device)
    assert np.array_equal(one.loads, take_baseline(loads[order], numbers[order], NOTHING, device).loads)
    assert resample(loads, numbers, queues, 8) == resample(loads[order], numbers[order], queues[order], 8)


def test_trials_differ_from_each_other_and_by_seed():
    n = 50 if COMPILED else 8
    loads, numbers = flow_loads(n), identities(n)
    one, other = (take_baseline(loads, numbers, NOTHING, pcaphash.Device(), seed=seed).loads for seed in (1, 2))
    assert len(np.unique(one.reshape(len(one), -1), axis=0)) > len(one) // 2
    assert not np.array_equal(one, other)


def known_after(n: int, values: list[int], most: int | None = None) -> int:
    """Return how many trials are run if it takes some; each has its number as packets on the first queue."""
    asked = []

    def draw(first_four, n_fours, loads):
        loads[:, 0, 0] = np.arange(4 * first_four, 4 * (first_four + n_fours))

    def is_known(trials):
        asked.append(len(trials))
        return len(trials) >= n

    trials = run_trials(draw, most or 1, 2, is_known)
    assert trials[:, 0, 0].tolist() == list(range(len(trials)))
    values += asked
    return len(trials)


def test_rounds():
    asked: list[int] = []
    assert known_after(1, asked) == ROUND
    assert known_after(ROUND + 1, asked) == 2 * ROUND
    assert asked == [ROUND, ROUND, 2 * ROUND]
    asked.clear()
    assert known_after(10**9, asked) == MOST_TRIALS
    assert asked == [256, 512, 768, 1024, 1536, 2304, 3328, 4864, 7168, 10240]


def test_many_loads_bound_the_trials():
    assert known_after(10**9, [], 300_000) == 512
    assert known_after(10**9, [], 10**9) == ROUND


@pytest.mark.jit_only
def test_more_trials_where_the_range_is_wide_or_the_judged_is_rare():
    loads, device = np.ones((2_000_000, 2), np.int64), pcaphash.Device()
    numbers = identities(len(loads))
    narrow = take_baseline(loads, numbers, NOTHING, device)
    assert len(narrow.loads) == ROUND
    assert ends_are_known(narrow.loads)
    wide = take_baseline(flow_loads(200), identities(200), NOTHING, device)
    assert ROUND < len(wide.loads) < MOST_TRIALS
    assert ends_are_known(wide.loads)
    assert not ends_are_known(wide.loads[:ROUND])
    middle = Judged("max_ideal_packets", float(np.median(wide.measures["max_ideal_packets"])))
    assert len(take_baseline(flow_loads(200), identities(200), NOTHING, device, middle).loads) == len(wide.loads)
    crowded = Judged("max_ideal_packets", spread(np.array([5, 0, 0, 0, 0, 0, 0, 0]))["max_ideal"])
    assert len(take_baseline(flow_loads(200), identities(200), NOTHING, device, crowded).loads) == MOST_TRIALS
    even = Judged("jain_packets", 1 / 8)
    assert len(take_baseline(flow_loads(200), identities(200), NOTHING, device, even).loads) == MOST_TRIALS


@pytest.mark.jit_only
@pytest.mark.parametrize("device", [pcaphash.Device(), pcaphash.Device(queues=5), pcaphash.Device(queues=2)])
def test_equal_loads_drawn_together_spread_as_if_drawn_one_by_one(device):
    loads = np.array([[1, 60]] * 5000 + [[2, 300]] * 3000 + [[900, 900_000]])
    loads = np.concatenate([loads, flow_loads(200)])
    splits = split_table(device.indirection_table)
    crowds = find_crowds(loads, len(splits))
    assert sorted(crowds.counts.tolist())[-2:] == [3000, 5000]
    assert crowds.is_single.sum() + crowds.counts.sum() == len(loads)
    assert crowds.is_single[8000]
    baseline = take_baseline(loads, identities(len(loads)), NOTHING, device)
    assert np.array_equal(baseline.loads.sum(axis=1), np.broadcast_to(loads.sum(axis=0), (len(baseline.loads), 2)))
    error = math.sqrt(1 / len(baseline.loads) + 1 / SLOWLY)
    slow = slow_trials(loads, device)
    for queue in range(device.queues):
        for column in range(2):
            mine, values = baseline.loads[:, queue, column], slow[:, queue, column]
            assert mine.mean() == pytest.approx(values.mean(), abs=MOST_SIGMAS * values.std() * error)
            assert mine.std() == pytest.approx(values.std(), rel=MOST_SIGMAS * error)
    pairs = np.corrcoef(baseline.loads[:, :2, 0].T)[0, 1], np.corrcoef(slow[:, :2, 0].T)[0, 1]
    assert pairs[0] == pytest.approx(pairs[1], abs=MOST_SIGMAS * error)


@pytest.mark.parametrize("table", [[0, 1], [2, 0, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7]])
def test_crowds_of_any_size_are_multinomial(table):
    device = pcaphash.Device(queues=8, indirection_table=table)
    loads = np.repeat([[1, 0], [1000, 1], [10**6, 10**3]], [7, 64, 130], axis=0)
    trials = take_baseline(loads, identities(len(loads)), NOTHING, device).loads
    assert np.array_equal(trials.sum(axis=1), np.broadcast_to(loads.sum(axis=0), (len(trials), 2)))
    assert len(find_crowds(loads, len(split_table(table))).counts) == 3
    for unit, number in ((1, 7), (1000, 64), (10**6, 130)):
        of_unit = trials[:, :, 0] // unit % 1000
        for queue in range(8):
            share = table.count(queue) / len(table)
            mean, error = number * share, math.sqrt(number * share * (1 - share) / len(trials))
            assert of_unit[:, queue].mean() == pytest.approx(mean, abs=MOST_SIGMAS * error)
        if COMPILED:
            chances = np.array([table.count(queue) / len(table) for queue in sorted(set(table))])
            expected = number * (np.diag(chances) - np.outer(chances, chances))
            found = np.cov(of_unit[:, sorted(set(table))].T)
            assert found == pytest.approx(expected, abs=MOST_SIGMAS * number / math.sqrt(len(trials) / 2))


@given(st.integers(0, 7), st.data())
def test_splits_share_the_entries_out_as_the_table_does(bits, data):
    table = data.draw(st.lists(st.integers(0, 5), min_size=1 << bits, max_size=1 << bits))
    splits = split_table(table).tolist()
    shares = dict.fromkeys(table, 0)

    def follow(following, share, depth):
        if following < 0:
            shares[-1 - following] += share
        else:
            *halves, its_depth = splits[following]
            assert its_depth == depth
            for half in halves:
                follow(half, share // 2, depth + 1)

    follow(0 if splits else -1 - table[0], 1 << bits, 0)
    assert shares == {queue: table.count(queue) for queue in table}
    assert all(following < 0 or following > number for number, halves in enumerate(splits) for following in halves[:2])


def test_a_table_that_cannot_be_halved_has_no_splits():
    assert len(split_table([0, 1, 2])) == len(split_table([3, 3])) == 0
    assert find_crowds(np.ones((100, 2), np.int64), 0).is_single.all()


@given(st.integers(0, 2**64 - 1))
def test_bits_are_counted(word):
    assert count_bits(np.uint64(word)) == word.bit_count()
