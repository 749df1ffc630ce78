"""Tuning: a bad key is replaced, luck is not taken for gain, and what is promised is what ``analyze`` then says."""

from dataclasses import replace

import numpy as np
import pytest

import pcaphash
from pcaphash import Device
from pcaphash.engine.saved import save_census
from pcaphash.errors import ConfigurationError
from pcaphash.studies.census import census
from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.enough import CutShort
from pcaphash.studies.shared.chance.spread import spread
from pcaphash.studies.tune import tune
from pcaphash.studies.tune.cautions import (
    BlamedTable,
    RepeatingKey,
    SmallTable,
    UnequalEntries,
    UnusedQueues,
    ZeroKey,
    list_cautions,
)
from pcaphash.studies.tune.tables import Turns, Weights, ethtool_table, partition, rebalance
from pcaphash.studies.tune.trial import CHOOSING, JUDGING, fold, place, random_keys, split_inputs
from pcaphash.studies.tune.verdict import (
    FewInputs,
    FewPackets,
    Halves,
    JudgedKeys,
    JudgedTable,
    Little,
    NoHash,
    OneQueue,
    judge_inputs,
    judge_key,
    judge_packets,
    judge_queues,
    judge_table,
)
from support.captures import pcapng_of
from support.shared import ROOT
from support.traffic import flows, plain, write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
needs_speed = pytest.mark.jit_only  # baselines draw thousands of ideal hashes


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Give a trace of 600 flows with one packet each."""
    return write(tmp_path_factory.mktemp("tune") / "many.pcapng", [plain(flow) for flow in flows(600)])


@needs_speed
def test_a_key_of_zeros_is_found_bad_and_another_one_helps_on_other_flows(many):
    tuning = tune(many, Device(hash_key=bytes(40)), n_keys=50)
    assert tuning.verdict.cause == "key"
    assert tuning.value("judging", 0) == 7  # all on one of eight receive queues
    assert tuning.value("judging", tuning.best) < 0.5
    assert tuning.recommended == tuning.best
    assert tuning.tuned.hash_key == tuning.keys[tuning.best]
    assert f"hkey {tuning.keys[tuning.best].hex(':')}" in tuning.ethtool_line
    assert tuning.verdict.facts.why is None
    assert tuning.verdict.facts.current_on_all == tuning.value("all", 0)
    assert tuning.verdict.facts.current == Halves(tuning.value("choosing", 0), tuning.value("judging", 0))
    assert tuning.verdict.facts.best.judging == tuning.value("judging", tuning.best)
    assert tuning.verdict.facts.outdone == 1
    assert tuning.verdict.cautions == [ZeroKey()]


@needs_speed
def test_of_a_good_key_it_says_that_little_is_gained(many):
    tuning = tune(many, n_keys=200)
    assert tuning.verdict.cause == "little"
    assert tuning.verdict.facts.why == Little.AS_CHANCE
    assert tuning.verdict.facts.ideal == tuning.baseline.interval("max_ideal_packets")
    assert tuning.verdict.cautions == []
    assert tuning.recommended == 0
    # Chosen as the best of many over one half, and no better than others over the other half.
    assert tuning.value("choosing", tuning.best) < tuning.value("judging", tuning.best)
    assert tuning.value("choosing", tuning.best) < tuning.baseline.interval("max_ideal_packets").low
    assert tuning.value("judging", tuning.best) > tuning.baseline.interval("max_ideal_packets").low


@needs_speed
def test_a_heavy_flow_is_no_fault_of_the_key(tmp_path):
    heavy, *others = flows(300)
    trace = write(tmp_path / "heavy.pcapng", [plain(heavy)] * 900 + [plain(flow) for flow in others])
    tuning = tune(trace, n_keys=50)
    assert tuning.verdict.cause == "little"


@needs_speed
@pytest.mark.parametrize(
    ("measure", "flavor"), [("max_ideal_packets", "spec"), ("jain_bytes", "spec"), ("max_ideal_packets", "ena-gen5")]
)
def test_every_promise_is_what_analyze_says(measure, flavor):
    given = Device(queues=6, indirection_table_size=32, unclassified_queue=3, flavor=flavor)
    tuning = tune(OVERLAY, given, measure=measure, n_keys=20)
    for number in (0, tuning.best, 7):
        row = pcaphash.analyze(OVERLAY, replace(given, hash_key=tuning.keys[number])).summary.iloc[0]
        for name in ("max_ideal_packets", "jain_packets", "cov_bytes"):
            assert tuning.columns[f"all_{name}"][number] == pytest.approx(row[name], rel=1e-9)
    key = tuning.keys[tuning.recommended]
    for trial in (tuning.rebalanced, tuning.weighted):
        device = replace(given, hash_key=key, indirection_table=trial.table)
        assert pcaphash.analyze(OVERLAY, device).summary.iloc[0][measure] == pytest.approx(trial.whole, rel=1e-9)
    choosing = tuning.columns[f"choosing_{measure}"]
    assert choosing[tuning.best] == (max if measure.startswith("jain") else min)(choosing[1:])


@needs_speed
def test_tables_that_give_queues_unequal_entries_get_better_with_size(many):
    tuning = tune(many, Device(queues=3, indirection_table_size=4), n_keys=100)
    of_size = {each.size: each for each in tuning.sizes}
    assert set(of_size) == {4, 8, 16, 32, 64, 128, 256, 512}
    assert of_size[4].median > 0.4  # one of three receive queues has half of the entries
    assert of_size[512].median < 0.2
    assert tuning.verdict.cautions == [SmallTable(4, 4, 3), UnequalEntries(3, 1, 2)]


@needs_speed
def test_the_device_s_own_table_stands_beside_an_even_one_of_its_size(many):
    uneven = Device(queues=4, indirection_table=[0, 0, 0, 0, 0, 1, 2, 3])
    tuning = tune(many, uneven, n_keys=50)
    of_table = {(each.size, each.table): each.median for each in tuning.sizes}
    assert [size for size, table in of_table if table == "given"] == [8]
    even = tune(many, Device(queues=4, indirection_table_size=8), n_keys=50)
    assert of_table[8, "equal"] == {each.size: each.median for each in even.sizes}[8] < of_table[8, "given"]
    caution = next(each for each in tuning.verdict.cautions if isinstance(each, BlamedTable))
    assert (caution.excess, caution.excess_even) == tuple(
        each.analysis.summary["max_ideal_packets"][0] for each in (tuning, even)
    )


@needs_speed
def test_the_payload_is_the_tuned_device_byte_by_byte(many):
    tuning = tune(many, Device(queues=2, indirection_table_size=2, hash_types="linux"), n_keys=3)
    table = b"".join(queue.to_bytes(2, "little") for queue in tuning.rebalanced.table)
    head = bytes.fromhex("3f000000 0100 0000")  # hash_types, indirection_table_mask, unclassified_queue
    assert tuning.rss_config == head + table + bytes([2, 0, 40]) + tuning.keys[0]


@needs_speed
def test_too_few_hash_inputs_are_told_and_no_failure(tmp_path):
    tuning = tune(write(tmp_path / "one.pcapng", [plain(flows(1)[0])] * 5), n_keys=3)
    assert tuning.verdict.cause == "nothing"
    assert tuning.verdict.facts == FewInputs(1)
    few = tune(write(tmp_path / "few.pcapng", [plain(flow) for flow in flows(9)]), n_keys=3)
    assert (few.verdict.cause, few.verdict.facts) == ("nothing", FewPackets(9, 64, 8, 2))  # 32 in each half


@needs_speed
def test_a_capture_that_is_cut_too_short_is_not_judged(tmp_path):
    frames = [plain(flow) for flow in flows(101)]

    def verdict(number, n_cut):
        kept = [(frame[: 36 if place < n_cut else None], len(frame), 1) for place, frame in enumerate(frames[:number])]
        path = tmp_path / f"{number}-{n_cut}.pcapng"
        path.write_bytes(pcapng_of(kept))
        return tune(path, n_keys=3).verdict

    for number, n_cut in ((100, 20), (100, 100)):
        assert (verdict(number, n_cut).cause, verdict(number, n_cut).facts) == ("nothing", CutShort(number, n_cut))
    assert isinstance(verdict(101, 20).facts, JudgedKeys)


@needs_speed
def test_the_same_seed_gives_the_same_results_and_another_one_others(many):
    first, again, other = (tune(many, n_keys=10, seed=seed) for seed in (4, 4, 5))
    assert first.key_table.equals(again.key_table)
    assert not set(first.keys[1:]) & set(other.keys[1:])


@needs_speed
def test_of_a_saved_census_a_table_is_made_alone(tmp_path, many):
    saved = tmp_path / "saved.census"
    taken = census(many, Device())
    with saved.open("wb") as stream:
        save_census(taken, stream)
    tuning, whole = tune(saved), tune(many, n_keys=1)
    assert (tuning.verdict.cause, tuning.best, tuning.n_inputs, tuning.baseline) == ("no-flows", None, None, None)
    now = whole.value("all", 0)
    assert tuning.verdict.facts == JudgedTable("max_ideal_packets", now, whole.rebalanced.whole, is_gain=True)
    assert tuning.rebalanced.table == whole.rebalanced.table
    assert tuning.weighted.table == whole.weighted.table
    assert tuning.rss_config == whole.rss_config
    assert (tuning.ethtool_table, tuning.ethtool_line) == (None, "")
    assert tuning.value("all", 0) == whole.value("all", 0)
    assert np.isnan(tuning.value("choosing", 0))
    assert np.isnan(tuning.value("judging", 0))


def test_a_saved_census_without_a_hash(tmp_path):
    saved = tmp_path / "saved.census"
    taken = census(write(tmp_path / "none.pcapng", []), Device())
    with saved.open("wb") as stream:
        save_census(taken, stream)
    assert (tune(saved).verdict.cause, tune(saved).verdict.facts) == ("nothing", NoHash())


def test_what_cannot_be_tuned_is_refused(many):
    for traces, options, said in [
        (many, {"device": Device(features="CTRL_VQ+HASH_REPORT")}, "without the RSS feature"),
        (many, {"device": Device(table_index="modulo")}, "table_index: keys can be tried only"),
        (many, {"device": Device(flavor="ena-gen4")}, "flavor: the hash key of ENA of generation 4 cannot be changed"),
        (many, {"measure": "min_max_packets"}, "measure: "),
        (many, {"n_keys": 0}, "n_keys: 0 is too small"),
    ]:
        with pytest.raises(ConfigurationError) as error:
            tune(traces, **options)
        assert said in str(error.value)


def test_halves_are_equal_and_keys_long_enough():
    halves = split_inputs(101, 1)
    assert sorted(np.bincount(halves).tolist()) == [50, 51]
    assert {CHOOSING, JUDGING} == set(halves.tolist())
    assert [len(key) for key in random_keys(2, 16, 1)] == [40, 40]
    assert [len(key) for key in random_keys(1, 52, 1)] == [52]


def test_entries_fold_by_the_low_bits_and_queues_sum_them_up():
    entries = np.arange(16).reshape(8, 2)
    assert fold(entries, 2).tolist() == [[0 + 4 + 8 + 12, 1 + 5 + 9 + 13], [2 + 6 + 10 + 14, 3 + 7 + 11 + 15]]
    assert place(entries[:4], (2, 0, 2, 0), 4).tolist() == [[2 + 6, 3 + 7], [0, 0], [0 + 4, 1 + 5], [0, 0]]


def test_the_heaviest_entries_go_first_onto_the_idlest_queue():
    loads = np.array([5, 4, 3, 3, 0])
    assert rebalance(loads, (0, 0, 0, 0, 1), np.zeros(2, np.int64)) == (0, 1, 1, 0, 1)
    assert rebalance(loads, (0, 0, 0, 0, 1), np.array([15, 0])) == (1, 1, 1, 1, 1)
    best = (1, 0, 0, 1, 1)  # 8 and 7 as well, so it stays
    assert rebalance(np.array([5, 4, 3, 0, 3]), best, np.zeros(2, np.int64)) == best


def test_weights_cut_the_table_where_the_busiest_queue_has_least():
    loads = np.array([1, 1, 1, 9, 1, 1])
    table = partition(loads, np.zeros(3, np.int64))
    assert spread(np.bincount(table, loads, 3).astype(np.int64))["max_ideal"] == pytest.approx(9 / (14 / 3) - 1)
    assert np.bincount(partition(loads, np.array([9, 0])), loads, 2).tolist() == [3, 11]


def test_ethtool_can_say_turns_and_runs_and_nothing_else():
    assert ethtool_table((0, 1, 2, 0)) == Turns(3)
    assert ethtool_table((0, 1, 2, 0)).words == ["equal", "3"]
    assert ethtool_table((0, 0, 2, 2)) == Weights([2, 0, 2])
    assert ethtool_table((0, 0, 2, 2)).words == ["weight", "2", "0", "2"]
    assert ethtool_table((1, 0, 0, 1)) is None


def cautions_of(device, entries=None):
    """Return the cautions where each entry brings so many packets; one each if nothing else is said."""
    size = len(device.indirection_table)
    loads = np.stack([np.ones(size, np.int64) if entries is None else np.asarray(entries)] * 2, axis=1)
    return list_cautions(device, loads, np.zeros((device.queues, 2), np.int64))


def test_cautions_name_what_is_doubtful():
    assert cautions_of(Device()) == []
    assert cautions_of(Device(hash_key="symmetric")) == [RepeatingKey(2, 65536)]
    assert cautions_of(Device(hash_key=bytes([0x5A]) * 40)) == [RepeatingKey(1, 32)]
    assert cautions_of(Device(queues=8, indirection_table_size=16)) == [SmallTable(16, 4, 8)]
    assert cautions_of(Device(queues=8, indirection_table_size=32)) == []
    assert cautions_of(Device(queues=6)) == [UnequalEntries(6, 21, 22)]
    assert cautions_of(Device(queues=6, indirection_table=[0, 1] * 64)) == [UnusedQueues(2, 6)]
    assert cautions_of(Device(queues=64, indirection_table=[0, 1] * 16)) == [SmallTable(32, 4, 64)]


def test_a_table_is_the_cause_only_where_an_even_one_would_be_better():
    table = [0, 0, 0, 1, 0, 0, 0, 1]
    (caution,) = cautions_of(Device(queues=2, indirection_table=table))
    assert caution == BlamedTable(0, 6, 8, 2, 0.5, 0.0)
    made_for_them = [1, 1, 1, 3, 1, 1, 1, 3]
    assert cautions_of(Device(queues=2, indirection_table=table), made_for_them) == []
    on_one_entry = [96, 1, 1, 1, 1, 1, 1, 1]
    assert cautions_of(Device(queues=2, indirection_table=table), on_one_entry) == []


def test_a_table_is_the_cause_only_where_the_busiest_receive_queue_has_more_entries():
    equal = [0, 0, 0, 0, 1, 1, 1, 1]
    first_are_heavy = [9, 9, 1, 1, 1, 1, 1, 1]  # in turns, they are on two receive queues
    assert cautions_of(Device(queues=2, indirection_table=equal), first_are_heavy) == []
    one_has_more = [0, 0, 1, 1, 1, 1, 1, 0]
    assert cautions_of(Device(queues=2, indirection_table=one_has_more), first_are_heavy) == []


@pytest.mark.parametrize(
    ("current", "best", "outdone", "cause", "why"),
    [
        ((0.9, 0.9), (0.1, 0.2), 1.0, "key", None),
        ((3.5, 12.5), (0.1, 0.2), 1.0, "key", None),
        ((0.9, 0.9), (0.1, 0.9), 1.0, "little", Little.BEST_IS_BAD_TOO),
        ((0.2, 0.9), (0.1, 0.2), 0.5, "little", Little.BAD_ONCE),
        ((0.9, 0.2), (0.1, 0.2), 1.0, "little", Little.AS_CHANCE),
    ],
)
def test_only_a_key_that_is_bad_on_both_halves_is_blamed(current, best, outdone, cause, why):
    first = np.arange(50, 70)  # of 100 packets on two receive queues: up to 38 % above the ideal
    baseline = Baseline(np.stack([first, 100 - first], axis=1)[:, :, np.newaxis].repeat(2, axis=2), 10)
    verdict = judge_key(baseline, "max_ideal_packets", Halves(*current), Halves(*best), 0.4, outdone)
    facts = verdict.facts
    assert (verdict.cause, facts.why) == (cause, why)
    assert (facts.current, facts.best, facts.outdone) == (Halves(*current), Halves(*best), outdone)
    assert facts.ideal == baseline.interval("max_ideal_packets")
    assert facts.worse_than == (100 if current[1] > 0.38 else 52.5)  # 10 of 20 do better, and one does as well


def test_what_cannot_be_judged_is_told_by_numbers():
    assert judge_inputs(4) is None
    assert judge_queues(2) is None
    assert judge_queues(1).facts == OneQueue()
    assert judge_inputs(3).facts == FewInputs(3)
    assert judge_packets(64, 16) is None
    assert judge_packets(63, 16).facts == FewPackets(63, 64, 16)
    assert judge_packets(127, 16, 2).facts == FewPackets(127, 128, 16, 2)
    assert judge_table("jain_packets", 0.5, 0.9, 1).facts == JudgedTable("jain_packets", 0.5, 0.9, is_gain=True)
    assert not judge_table("cov_packets", 0.5, 0.9, 1).facts.is_gain
    assert judge_table("cov_packets", 0.5, 0.9, 0).cause == "nothing"
