"""What ideal hashes give beside analyze and sweep: the same as compare says of the same hash inputs."""

import pytest

from pcaphash.device import Device, default_configs
from pcaphash.engine.saved import save_census
from pcaphash.studies.analyze import analyze
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from pcaphash.studies.sweep import sweep
from support.shared import ROOT

OVERLAY = str(ROOT / "sample_traces" / "overlay.pcap")
MEASURE = "max_ideal_packets"


@pytest.mark.parametrize("spec", ["v7", "1.4"])
@pytest.mark.jit_only
def test_analyze_says_what_compare_does(spec):
    devices = [*default_configs(Device(spec)), Device(spec, hash_key=b"\x6d\x5a" * 20, name="symmetric")]
    analysis = analyze(OVERLAY, devices, with_chance=True)
    compared = [outcome.baseline for outcome in compare(OVERLAY, devices).outcomes]
    for own, other in zip(analysis.baselines, compared, strict=True):
        assert own.interval(MEASURE) == other.interval(MEASURE)


def test_without_being_asked_nobody_keeps_flows():
    assert analyze(OVERLAY, Device()).baselines == []
    assert sweep(OVERLAY, Device()).baseline is None


@pytest.mark.parametrize("spec", ["v7", "1.4"])
@pytest.mark.jit_only
def test_a_sweep_says_it_of_the_best_mask(spec):
    swept = sweep(OVERLAY, Device(spec), with_chance=True)
    hash_types, tunnel_types = swept.types(int(swept.smallest[0]))
    types = {"hash_types": hash_types} | ({"tunnel_types": tunnel_types} if spec == "1.4" else {})
    (outcome,) = compare(OVERLAY, Device(spec, **types)).outcomes
    assert swept.baseline.interval(MEASURE) == outcome.baseline.interval(MEASURE)


def test_who_has_no_flows_or_no_hash_has_no_chance(tmp_path):
    devices = [Device(hash_types="none"), Device(features="CTRL_VQ+HASH_REPORT")]
    assert analyze(OVERLAY, devices, with_chance=True).baselines == [None, None]
    saved = tmp_path / "saved.census"
    with saved.open("wb") as stream:
        save_census(census(OVERLAY, [Device()]), stream)
    assert analyze([str(saved), OVERLAY], Device(), with_chance=True).baselines == [None]
    assert sweep(str(saved), Device(), with_chance=True).baseline is None
