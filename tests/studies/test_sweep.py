"""A sweep is what analyze says of every mask, one by one: rows, classes of equal distributions, and their order."""

import random
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pcaphash.device import Device
from pcaphash.engine.census.census import identities_of
from pcaphash.engine.census.distribution import distribute
from pcaphash.engine.saved import save_census
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio
from pcaphash.studies.analyze import analyze
from pcaphash.studies.census import census
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.shared.columns import SUMMARY
from pcaphash.studies.sweep import MEASURE_COLUMNS, study, sweep
from pcaphash.studies.sweep.verdict import judge
from support.captures import pcapng_of
from support.counting import take_census
from support.shared import ROOT
from support.variety import variety

SAMPLES = ROOT / "sample_traces"
TUNNELS = str(SAMPLES / "cut.pcap")
VALUES = list(SUMMARY.names[1:])
DEVICES = {
    "v7": Device(),
    "1.4": Device("1.4"),
    "another key, modulo, 5 queues": Device(
        hash_key="symmetric", queues=5, indirection_table_size=30, table_index="modulo", unclassified_queue=2
    ),
    "outer instead of inner": Device("1.4", inner_miss="outer", queues=3),
    "QEMU": Device(flavor="qemu"),
    "symmetric input": Device(input_transform="symmetric-xor", queues=1),
    "no HASH_TUNNEL": Device("1.4", features="CTRL_VQ+RSS"),
    "no RSS": Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL"),
}


@pytest.fixture(scope="module")
def varied(tmp_path_factory) -> str:
    """Packets of all kinds, cut and whole."""
    path = tmp_path_factory.mktemp("sweep") / "varied.pcapng"
    path.write_bytes(pcapng_of(variety()))
    return str(path)


def with_types(device: Device, hash_types: int, tunnel_types: int) -> Device:
    return replace(device, hash_types=hash_types, tunnel_types=tunnel_types, name="one")


def assert_rows_equal(rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        rows[VALUES].reset_index(drop=True), expected[VALUES], check_exact=True, check_dtype=False
    )


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_a_row_is_what_analyze_says_of_that_mask(varied, device):
    traces = [varied, TUNNELS]
    swept = sweep(traces, device)
    positions = random.Random(7).sample(range(swept.n_masks), 60)
    alone = analyze(traces, [with_types(device, *swept.types(position)) for position in positions])
    assert_rows_equal(swept.masks.iloc[positions], alone.summary)
    assert swept.reading.packets == alone.reading.packets


@pytest.mark.parametrize("name", ["vxlan", "gre", "fragments", "ipv6-extensions", "microsoft"])
@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_real_samples_too(name, spec):
    trace, device = str(SAMPLES / f"{name}.pcap"), Device(spec, queues=16)
    swept = sweep(trace, device)
    positions = random.Random(name).sample(range(swept.n_masks), 25)
    alone = analyze(trace, [with_types(device, *swept.types(position)) for position in positions])
    assert_rows_equal(swept.masks.iloc[positions], alone.summary)


@pytest.mark.parametrize("name", ["vxlan", "cut"])
def test_classes_are_those_of_equal_distributions(name):
    device, trace = Device(), str(SAMPLES / f"{name}.pcap")
    swept = sweep(trace, device)
    (identity,) = identities_of([device])
    counts = take_census([trace], identity)[identity]
    by_hand = defaultdict(set)
    for mask in range(4096):
        found = distribute(counts, replace(device, hash_types=mask))
        by_hand[found.queues.tobytes(), found.hashed, found.unhashed, found.unknown].add(mask)
    classes = defaultdict(set)
    for position, number in enumerate(swept.class_of.tolist()):
        classes[number].add(swept.types(position)[0])
    assert len(classes) > 10
    assert {frozenset(masks) for masks in by_hand.values()} == {frozenset(masks) for masks in classes.values()}


def test_every_mask_is_in_one_class_and_the_smallest_is_first(varied):
    swept = sweep(varied)
    masks = [swept.types(position)[0] for position in range(swept.n_masks)]
    assert sorted(masks) == list(range(4096))
    assert swept.sizes.sum() == 4096
    assert list(dict.fromkeys(swept.class_of.tolist())) == list(range(swept.n_classes))
    for number, (start, size) in enumerate(zip(swept.smallest, swept.sizes, strict=True)):
        assert set(swept.class_of[start : start + size]) == {number}
        of_class = masks[start : start + size]
        assert of_class == sorted(of_class, key=lambda mask: (mask.bit_count(), mask))


def badness(value: float, by: str) -> float:
    if np.isnan(value):
        return 1e9
    if by.startswith("min_max"):
        return min(value, 1e6)
    return -value if by.startswith(("jain", "entropy")) else value


@pytest.mark.parametrize("by", MEASURE_COLUMNS)
@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_classes_are_ranked_by_the_measure_then_by_their_smallest_mask(by, spec):
    swept = sweep(TUNNELS, Device(spec, queues=2), by=by)
    values = [round(badness(value, by), 12) for value in swept.columns[by].tolist()]
    smallest = [swept.types(position) for position in swept.smallest.tolist()]
    numbers = [base | tunnels << 9 for base, tunnels in smallest]
    keys = [(value, mask.bit_count(), mask) for value, mask in zip(values, numbers, strict=True)]
    assert keys == sorted(keys)
    assert swept.ranks.tolist() == [1 + sum(other < value for other in values) for value in values]
    assert len(set(values)) > 5


@pytest.mark.parametrize("by", ["jain_packets", "cov_packets", "entropy_packets"])
def test_the_order_of_the_queues_does_not_bear_on_the_rank(by):
    swept = sweep(TUNNELS, by=by)
    (identity,) = identities_of([Device()])
    counts = take_census([TUNNELS], identity)[identity]
    ranks = defaultdict(set)
    for rank, position in zip(swept.ranks.tolist(), swept.smallest.tolist(), strict=True):
        found = distribute(counts, with_types(Device(), *swept.types(position)))
        ranks[tuple(sorted(found.queues[:, 0].tolist()))].add(rank)
    assert len(ranks) > 50
    assert all(len(of_loads) == 1 for of_loads in ranks.values())


def test_masks_that_leave_a_queue_empty_are_the_worst_by_min_max():
    values = sweep(str(SAMPLES / "microsoft.pcap"), Device(queues=2), by="min_max_packets").columns["min_max_packets"]
    n_fed = int(np.isfinite(values).sum())
    assert 0 < n_fed < len(values)
    assert (values[n_fed:] == np.inf).all()


def test_tunnel_types_that_differ_in_no_packet_are_swept_once(varied):
    trace, device = str(SAMPLES / "geneve.pcap"), Device("1.4")
    swept = sweep(trace, device)
    assert set(swept.swept_tunnels.values()) == {0, virtio.TUNNEL_GENEVE}
    assert swept.n_masks == 2 * 512
    everything = sweep([trace, varied], device)
    for tunnels in random.Random(3).sample(range(512), 40):
        for base, each, traces in ((0x3F, swept, [trace]), (0x1FF, everything, [trace, varied])):
            position = each.find(base, tunnels)
            assert tunnels.bit_count() >= each.types(position)[1].bit_count()
            alone = analyze(traces, with_types(device, base, tunnels)).summary
            row = each.masks.iloc[[position]]
            assert_rows_equal(row.assign(tunnel_types=alone["tunnel_types"].iloc[0]), alone)


def test_many_queues_are_counted_part_by_part(varied, monkeypatch):
    whole = sweep(varied, Device(queues=64))
    monkeypatch.setattr(study, "_MOST_LOADS", 20_000)
    pd.testing.assert_frame_equal(sweep(varied, Device(queues=64)).masks, whole.masks, check_exact=True)


def test_memory_does_not_grow_with_masks_times_queues(monkeypatch):
    sweep(TUNNELS)  # imports and kernels are no part of what is measured
    monkeypatch.setattr(study, "_MOST_LOADS", 50_000)
    tracemalloc.start()
    try:
        swept = sweep(TUNNELS, Device(queues=1024, indirection_table_size=1024))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < swept.n_classes * 1024 * 2 * 8


def test_a_saved_census_gives_what_the_trace_gives(varied, tmp_path):
    path = tmp_path / "saved.census"
    taken = census([varied, TUNNELS], Device())
    with path.open("wb") as stream:
        save_census(taken, stream)
    pd.testing.assert_frame_equal(sweep(Path(path)).masks, sweep([varied, TUNNELS]).masks, check_exact=True)


def test_presets_and_given_types_are_marked():
    device = Device(hash_types="TCPv4+GENEVE_INNER")
    swept = sweep(TUNNELS, device)
    assert set(swept.marks) == {"linux", "addresses", "base", "all", "none", "given"}
    presets = {"linux": 0x3F, "addresses": 0x49, "base": 0x1FF, "all": 0xFFF, "none": 0, "given": device.hash_types}
    for name, mask in presets.items():
        row = swept.classes.iloc[swept.marks[name]]
        alone = analyze(TUNNELS, replace(device, hash_types=mask)).summary.iloc[0]
        assert row["max_ideal_bytes"] == alone["max_ideal_bytes"]
        assert row["unknown"] == alone["unknown"]
    assert "given" not in sweep(TUNNELS, Device(hash_types="linux")).marks
    assert "all" not in sweep(TUNNELS, Device(features="CTRL_VQ+RSS")).marks


def test_classes_have_a_row_each_with_their_smallest_mask():
    swept = sweep(TUNNELS)
    assert list(swept.classes)[:4] == ["class", "rank", "masks", "mask"]
    firsts = swept.masks.drop_duplicates("class").reset_index(drop=True)
    pd.testing.assert_frame_equal(swept.classes.drop(columns="masks"), firsts)
    assert swept.classes["masks"].tolist() == swept.masks["class"].value_counts(sort=False).tolist()


def test_an_empty_trace_has_one_class_that_loads_nothing(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((SAMPLES / "vxlan.pcap").read_bytes()[:24])
    swept = sweep(empty)
    assert (swept.n_masks, swept.n_classes) == (4096, 1)
    assert swept.types(0) == (0, 0)
    assert swept.masks[["hashed", "unhashed", "unknown", "queues_used"]].to_numpy().sum() == 0
    assert swept.masks["max_ideal_packets"].isna().all()
    assert (swept.verdict.conclusion, swept.verdict.is_ranked) == ("no-hash", False)


def test_what_cannot_be_ranked_is_told_apart():
    device, hashed, used = Device(queues=4), np.array([9, 9]), np.array([4, 1])
    columns = {"hashed": hashed, "queues_used": used, "max_ideal_packets": np.array([0.1, 3.0])}
    columns["unknown"] = np.array([0, 0])
    columns |= {"jain_packets": np.array([0.9, 0.25])}

    def concluded(device=device, packets=32, ideal=None, by="max_ideal_packets", **changed):
        return judge(device, packets, 50, columns | changed, by, ideal, {"all": 0, "none": 1}).conclusion

    assert concluded() == "ranked"
    assert concluded(hashed=hashed * 0) == "no-hash"
    assert concluded(Device(features="CTRL_VQ+HASH_REPORT")) == "no-rss"
    assert concluded(Device(queues=1)) == "one-queue"
    assert concluded(packets=31) == "too-few"
    assert concluded(packets=31, unknown=np.array([0, 10])) == "cut"
    assert concluded(unknown=np.array([9, 9])) == "ranked"
    assert concluded(queues_used=used[:1]) == "alike"
    assert concluded(queues_used=used * 0 + 1) == "one-used"
    assert concluded(ideal=Interval(0, 0.05)) == "worse-than-chance"
    assert concluded(ideal=Interval(0, 2)) == "one-best"
    assert concluded(ideal=Interval(0, 3)) == "several-best"
    assert concluded(ideal=Interval(0.2, 1), by="jain_packets") == "several-best"
    assert concluded(ideal=Interval(0.5, 1), by="jain_packets") == "one-best"
    found = judge(device, 32, 50, columns, "max_ideal_packets", Interval(0, 2), {"all": 0, "none": 1})
    assert (found.n_alike, found.alike, found.worse) == (1, ["all"], ["none"])


def test_an_unknown_measure_is_refused_before_anything_is_read():
    with pytest.raises(ConfigurationError, match=r"^by: 'max_ideal_packet' is not known; did you mean max_ideal_p"):
        sweep("no such file", by="max_ideal_packet")


def test_ranks_are_shared_by_equal_classes():
    ranks = sweep(TUNNELS).ranks.tolist()
    assert ranks[0] == 1
    assert any(first == second for first, second in pairwise(ranks))
