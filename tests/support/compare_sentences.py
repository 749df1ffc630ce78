"""Every sentence of ``compare``, made of facts: each cause in each place, each piece of advice, each conclusion."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from pcaphash.engine.census.decision import NONE, REASON_NO_TYPE
from pcaphash.engine.reading import Reading
from pcaphash.report.compare.advice import put_advice_into_words
from pcaphash.report.compare.words import put_into_words
from pcaphash.studies.compare.advice import (
    AddQueues,
    Advice,
    AvoidPortless,
    CompareInner,
    EvenTable,
    FindUnhashed,
    HashInner,
    HashPorts,
    LookInto,
    OtherKey,
    RebalanceTable,
    SplitFlow,
    SteerInSoftware,
    VarySourcePort,
)
from pcaphash.studies.compare.causes import (
    Cause,
    CrowdedInputs,
    Facts,
    FewFlows,
    HeavyFlow,
    Ideal,
    Nothing,
    NothingToSpread,
    TooFew,
    UnevenTable,
    Unexplained,
    Unhashed,
)
from pcaphash.studies.compare.finding import Crowding, Finding
from pcaphash.studies.compare.gain import Gain, Step
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.verdict import ComparisonConclusion, ComparisonVerdict
from pcaphash.studies.shared.chance.enough import CutShort
from pcaphash.studies.shared.linear.hash_input import HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency
from pcaphash.studies.shared.linear.reach import Reach

FLOW = HeavyFlow("10.0.0.1:80 > 10.0.0.2:4711 TCP", NONE, 0.62, 0.125, 3)
MISSED = MissedTunnel("VXLAN", 4799, 0.8, False, False, "", "vxlan_ports", (4789, 4799), 0.04)
SEVERAL = replace(
    MISSED,
    is_estimate=True,
    beside=(MissedTunnel("VXLAN-GPE", 4791, 0.1, False, False, "1.4", "vxlan_gpe_ports", (4791,), 0.7),),
)
HELPLESS = replace(MISSED, kind="ESP", port=None, is_encrypted=True, ports_argument="", ports=(), excess=None)
TABLE = UnevenTable(2, 22, 128, 6, 0)
CAUSES: list[tuple[Cause, Facts | MissedTunnel | None]] = [
    *((Cause.NOTHING, NothingToSpread(why, 20, {"not-ip": 19, "truncated": 1})) for why in Nothing),
    (Cause.NOTHING, NothingToSpread(Nothing.NO_HASH, 1, {"not-ip": 1})),
    (Cause.NOTHING, NothingToSpread(Nothing.NO_HASH, 500, {"not-ip": 500}, 2)),
    (Cause.CUT, CutShort(1000, 886)),
    (Cause.TOO_FEW, TooFew(0, 256, 8, 0)),
    (Cause.TOO_FEW, TooFew(60, 256, 8, 5)),
    (Cause.EVEN, None),
    (Cause.UNHASHED, Unhashed(0.7, 0, "not-ip")),
    (Cause.HASH, None),
    (Cause.TABLE, TABLE),
    (Cause.TABLE, replace(TABLE, entries=128, queues_without=5)),
    (Cause.SINGLE_FLOW, FLOW),
    (Cause.NO_PORTS, replace(FLOW, endpoints="10.0.0.1 > 10.0.0.2")),
    (Cause.NO_PORTS, replace(FLOW, endpoints="10.0.0.1 > 10.0.0.2", encapsulation="VXLAN")),
    (Cause.FEW_INPUTS, CrowdedInputs(179, 6, 0.8, 0.15, 296)),
    (Cause.FEW_INPUTS, CrowdedInputs(2, 1, 0.9, 0.9, 1)),
    (Cause.FEW_INPUTS, CrowdedInputs(1, 1, 1.0, 1.0, 500)),
    (Cause.HEAVY_FLOWS, FewFlows(5000, 12, 8)),
    (Cause.FEW_FLOWS, FewFlows(16, 6, 8)),
    (Cause.FEW_FLOWS, FewFlows(2, 1, 8)),
    (Cause.MISSED_TUNNEL, MISSED),
    (Cause.MISSED_TUNNEL, replace(MISSED, spec="1.4", ports_argument="", ports=())),
    (Cause.MISSED_TUNNEL, SEVERAL),
    (Cause.MISSED_TUNNEL, HELPLESS),
    (Cause.MISSED_TUNNEL, replace(HELPLESS, kind="Teredo", port=3544, is_encrypted=False)),
    (Cause.MISSED_TUNNEL, replace(HELPLESS, kind="ERSPAN", is_encrypted=False, is_mirrored=True)),
    (Cause.UNEVEN, Unexplained(0.0, 0.0, 0.0)),
    (Cause.UNEVEN, Unexplained(0.4, 0.0, 0.0)),
    (Cause.UNEVEN, Unexplained(1.0, 0.0, 0.0, 0.35)),
    (Cause.UNEVEN, Unexplained(1.0, 0.001, 0.001)),
    (Cause.UNEVEN, Unexplained(1.0, 0.12, 0.001)),
    (Cause.UNEVEN, Unexplained(1.0, 0.12, 0.05)),
]
IDEALS = [
    Ideal(0.1, 0.4, 0.2, 50.0),
    Ideal(0.1, 0.4, 0.2, 99.25),
    Ideal(0.1, 0.4, 0.2, 100.0),
    Ideal(0.1, 0.4, 0.2, 1.0),
    Ideal(0.9, 0.9, 0.9, 50.0),
]
GAIN = Gain(Step.INNER, "inner", "outer", 0.04, 0.9, is_certain=True)
ADVICE: list[Advice] = [
    HashInner(GAIN),
    HashInner(replace(GAIN, is_certain=False)),
    CompareInner(0.9),
    AddQueues(),
    LookInto(MISSED, "outer", 0.9),
    LookInto(SEVERAL, "outer", 0.9),
    LookInto(HELPLESS, "outer", 0.9),
    LookInto(replace(HELPLESS, kind="Teredo", port=3544), "outer", 0.9),
    LookInto(replace(HELPLESS, kind="ERSPAN", is_mirrored=True), "outer", 0.9),
    HashPorts(replace(GAIN, step=Step.PORTS), ["tcp4", "udp4"], False),
    HashPorts(replace(GAIN, step=Step.PORTS), ["udp4"], True, True),
    VarySourcePort(["192.0.2.1 > 192.0.2.2 VXLAN 7"], 0, 0.3, []),
    VarySourcePort(["192.0.2.1 > 192.0.2.2 VXLAN 7"], 0, 0.6, ["udp4"], replace(GAIN, step=Step.PORTS, excess=0.6)),
    VarySourcePort(["192.0.2.1 > 192.0.2.2 VXLAN 7", "192.0.2.1 > 192.0.2.3 VXLAN 7"], 4, 0.6, ["udp4"]),
    SteerInSoftware(0.9),
    OtherKey(["outer", "inner"]),
    OtherKey(["outer"], is_symmetric=True),
    EvenTable(TABLE, 0.03, 6, {"given": 2.5, "inner": 0.09}),
    EvenTable(replace(TABLE, table_size=4), 0.5, 4, {}),
    FindUnhashed("inner", REASON_NO_TYPE, 1234, 0),
    FindUnhashed("inner", "not-ip", 1, 2),
    SplitFlow("inner", 3, False),
    SplitFlow("inner", 3, True),
    AvoidPortless("inner", "10.0.0.1 > 10.0.0.2", NONE),
    AvoidPortless("inner", "10.0.0.1 > 10.0.0.2", NONE, has_fragments=True),
    AvoidPortless("inner", "10.0.0.1 > 10.0.0.2", "VXLAN"),
    RebalanceTable("inner", 16, 8),
]
REACH = Reach(HashInput.IPV4_PORTS, 500, 900, 40, 7, 4, 16, 8, tuple(Dependency((bit,), 0) for bit in (4, 5, 6)))


def _found(
    cause: Cause, facts: Facts | MissedTunnel | None = None, excess: float = 0.9, name: str = "outer"
) -> Finding:
    return Finding(name, cause, excess, 8, None, facts, None)


def _headline(conclusion: ComparisonConclusion, findings: list[Finding], gain: Gain | None = None) -> str:
    """Say what follows from findings, of which the first is the best and the last the worst."""
    return put_into_words(
        ComparisonVerdict(conclusion, findings, [], findings[0], findings[-1], gain), Reading()
    ).headline


def _findings() -> Iterator[str]:
    """Say what is found of single configurations."""
    findings = [_found(cause, facts) for cause, facts in CAUSES]
    uneven = _found(Cause.HASH)
    findings += [replace(uneven, crowding=Crowding(n, 0.82)) for n in (1, 2)]
    findings += [replace(uneven, cause=Cause.UNEVEN, ideal=ideal) for ideal in IDEALS]
    findings.append(replace(uneven, limits=(REACH,)))
    assert {finding.cause for finding in findings} == set(Cause)
    for words in put_into_words(
        ComparisonVerdict(ComparisonConclusion.UNEVEN, findings, [], uneven, uneven), Reading()
    ).findings:
        yield words.text


def _beside_cut_ones(even: Finding) -> Iterator[str]:
    """Say what follows where a capture is cut too short for some of the configurations."""
    cut, shorter = (_found(Cause.CUT, CutShort(1000, n), name=name) for n, name in ((300, "inner"), (900, "other")))
    judged = replace(even, config="outer")
    uneven = replace(_found(Cause.UNEVEN, Unexplained(1.0, 0.0, 0.0, 0.3)), config="outer")
    for conclusion, findings, found in (
        (ComparisonConclusion.EVEN, [judged, cut], judged),
        (ComparisonConclusion.EVEN, [judged, replace(judged, config="addresses"), cut, shorter], judged),
        (ComparisonConclusion.UNEVEN, [uneven, cut], uneven),
    ):
        yield put_into_words(ComparisonVerdict(conclusion, findings, [], found, found), Reading()).headline


def _with_even_tables(even: Finding, uneven: Finding) -> Iterator[str]:
    """Say what follows once the indirection table is even."""
    table = _found(Cause.TABLE, UnevenTable(0, 19, 64, 16, 0))
    few, hashed = replace(_found(Cause.FEW_FLOWS, FewFlows(16, 6, 8)), excess=0.2, config="inner"), _found(Cause.HASH)
    for with_even_table in (
        ComparisonVerdict(ComparisonConclusion.EVEN, [even, even], [], even, even),
        ComparisonVerdict(ComparisonConclusion.GAIN, [even, uneven], [], even, uneven, GAIN),
        ComparisonVerdict(
            ComparisonConclusion.GAIN, [few, uneven], [], few, uneven, replace(GAIN, step=Step.PORTS, excess=0.2)
        ),
        ComparisonVerdict(ComparisonConclusion.UNEVEN, [few], [], few, few),
        ComparisonVerdict(ComparisonConclusion.UNEVEN, [hashed], [], hashed, hashed),
    ):
        verdict = ComparisonVerdict(
            ComparisonConclusion.UNEVEN, [table], [], table, table, with_even_table=with_even_table
        )
        yield put_into_words(verdict, Reading()).headline


def compare_sentences() -> Iterator[str]:
    """Say each cause, as what is found, what is to blame and what remains; then each conclusion, and all advice."""
    yield from _findings()
    even = replace(_found(Cause.EVEN, excess=0.04), config="inner")
    for cause, facts in CAUSES:
        found = _found(cause, facts)
        if not found.is_judged:
            yield put_into_words(ComparisonVerdict(ComparisonConclusion(cause.value), [found], []), Reading()).headline
            continue
        yield _headline(ComparisonConclusion.UNEVEN, [found])
        yield _headline(ComparisonConclusion.GAIN, [replace(found, excess=0.2, config="inner"), found], GAIN)
    yield _headline(ComparisonConclusion.EVEN, [even])
    yield _headline(ComparisonConclusion.EVEN, [even, even])
    yield from _beside_cut_ones(even)
    unexplained, hashed = _found(Cause.UNEVEN, Unexplained(0.0, 0.0, 0.0)), _found(Cause.HASH)
    yield _headline(ComparisonConclusion.UNEVEN, [hashed, hashed])
    yield _headline(ComparisonConclusion.UNEVEN, [even, unexplained])
    yield _headline(ComparisonConclusion.UNEVEN, [replace(unexplained, excess=0.3, config="inner"), unexplained])
    yield _headline(ComparisonConclusion.UNEVEN, [replace(hashed, excess=0.3, config="inner"), unexplained])
    for step in Step:
        for is_certain in (True, False):
            yield _headline(
                ComparisonConclusion.GAIN, [even, unexplained], replace(GAIN, step=step, is_certain=is_certain)
            )
    yield from _with_even_tables(even, unexplained)
    assert {type(each) for each in ADVICE} == set(get_args(Advice))
    for each in ADVICE:
        words = put_advice_into_words(each)
        yield from (words.text, *words.commands)
