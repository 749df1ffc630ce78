"""Chi-square against hand-computed values and SciPy's; resampled flows against what chance theory says."""

import numpy as np
import pytest
from scipy import stats

from pcaphash import Device
from pcaphash.studies.shared.chance.independence import check_independence
from pcaphash.studies.shared.chance.sampling import resample


def resampled(loads: np.ndarray, queues: np.ndarray, n_queues: int, seed: int = 1) -> dict:
    """Resample flows that are told apart by their numbers."""
    return resample(loads, np.arange(len(loads), dtype=np.uint64), queues, n_queues, seed)


def test_chi_square_by_hand():
    # Two receive queues, half of the table each: 20 and 10 of 30 expected at 15 make 25/15 + 25/15.
    device = Device(queues=2)
    found = check_independence(np.repeat([0, 1], [20, 10]), device)
    assert found.statistic == pytest.approx(10 / 3)
    assert found.degrees == 1


@pytest.mark.parametrize("table", [[0, 1, 2, 3], [0, 1, 2, 0], [0, 0, 0, 0, 0, 1, 1, 2], [2, 5, 2, 5]])
def test_chi_square_is_scipys(table):
    device = Device(queues=6, indirection_table=table)
    queues = np.random.default_rng(1).choice(table, 500)
    found = check_independence(queues, device)
    present = sorted(set(table))
    expected = [500 * table.count(queue) / len(table) for queue in present]
    reference = stats.chisquare([int((queues == queue).sum()) for queue in present], expected)
    assert found.statistic == pytest.approx(reference.statistic)
    assert found.probability == pytest.approx(reference.pvalue)


def test_too_few_inputs_say_nothing():
    assert check_independence(np.zeros(39, np.int64), Device(queues=8)) is None
    assert check_independence(np.zeros(1000, np.int64), Device(queues=1)) is None


def test_resampling_equal_flows_varies_as_counts_do():
    # 400 flows of one packet on each of 4 queues: a queue's count varies by 20 around 400, and the largest of four
    # lies between 0 and 3 of these above the mean in 95 of 100 cases.
    queues = np.repeat(np.arange(4), 400)
    intervals = resampled(np.ones((1600, 2), np.int64), queues, 4)
    found = intervals["max_ideal_packets"]
    assert found.low == pytest.approx(0.008, abs=0.008)
    assert found.high == pytest.approx(0.115, abs=0.02)
    assert intervals["max_ideal_bytes"] == found


def test_resampling_one_flow_cannot_change_its_share():
    intervals = resampled(np.array([[5, 500]]), np.array([2]), 4)
    assert 3.0 in intervals["max_ideal_packets"]
    assert resampled(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), 4) == {}


def test_the_same_seed_gives_the_same():
    loads, queues = np.random.default_rng(2).integers(1, 9, (50, 2)), np.arange(50) % 8
    assert resampled(loads, queues, 8) == resampled(loads, queues, 8)
    assert resampled(loads, queues, 8) != resampled(loads, queues, 8, seed=2)


def test_resampling_flows_without_bytes_gives_no_range_of_bytes():
    intervals = resampled(np.array([[1, 0]] * 40), np.arange(40) % 4, 4)
    assert intervals["max_ideal_packets"].high > 0
    assert np.isnan(intervals["max_ideal_bytes"].high)
