"""Every sentence that a command can say, made of facts: for those that no sample gives."""

from collections.abc import Iterator
from dataclasses import replace

from pcaphash.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.report.recover_key.words import put_into_words as put_recovery_into_words
from pcaphash.report.sweep.words import footnotes, listing, sweep_title
from pcaphash.report.tune.words import caution_text, headline, reasons, tuning_title
from pcaphash.report.words.measures import brief_measure
from pcaphash.studies.recover_key import Recovery
from pcaphash.studies.recover_key.result import Assumption, Fit, ValueOrder
from pcaphash.studies.recover_key.solution import KEY_BITS, Solution
from pcaphash.studies.shared.chance.enough import CutShort
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.sweep import MEASURE_COLUMNS, sweep
from pcaphash.studies.sweep.verdict import SweepConclusion
from pcaphash.studies.sweep.verdict import SweepVerdict as SweepVerdict
from pcaphash.studies.tune.cautions import BlamedTable, RepeatingKey, SmallTable, UnequalEntries, UnusedQueues, ZeroKey
from pcaphash.studies.tune.verdict import (
    FewInputs,
    FewPackets,
    Halves,
    JudgedKeys,
    JudgedTable,
    Little,
    NoHash,
    OneQueue,
    TuningConclusion,
    TuningVerdict,
)
from support.compare_sentences import compare_sentences
from support.key_sentences import key_sentences, steer_sentences
from support.replay_sentences import replay_sentences
from support.shared import ROOT
from support.validate_sentences import validate_sentences


def _judged(measure: str, why: Little | None) -> JudgedKeys:
    return JudgedKeys(measure, Halves(0.231, 0.9), Halves(0.117, 0.131), 0.45, Interval(0.1, 0.38), 99.25, 0.95, why)


def tune_sentences() -> Iterator[str]:
    """Say each verdict of ``tune`` and each caution."""
    told = [
        (TuningConclusion.NOTHING, FewInputs(0)),
        (TuningConclusion.NOTHING, FewInputs(1)),
        (TuningConclusion.NOTHING, FewPackets(1234, 4096, 1024)),
        (TuningConclusion.NOTHING, FewPackets(1234, 8192, 1024, 2)),
        (TuningConclusion.NOTHING, CutShort(1000, 803)),
        (TuningConclusion.NOTHING, OneQueue()),
        (TuningConclusion.NOTHING, NoHash()),
        (TuningConclusion.NO_FLOWS, JudgedTable("jain_bytes", 0.5, 0.987654, is_gain=True)),
        (TuningConclusion.NO_FLOWS, JudgedTable("max_ideal_packets", 0.089, 0.089, is_gain=False)),
        *((TuningConclusion.LITTLE, _judged("min_ideal_packets", why)) for why in Little),
        *(
            (TuningConclusion.KEY, _judged(f"{name}_{unit}", None))
            for name in ("max_ideal", "min_ideal", "jain", "cov", "entropy")
            for unit in ("packets", "bytes")
        ),
    ]
    yield from (headline(TuningVerdict(cause, facts)) for cause, facts in told)
    yield from reasons(TuningVerdict(TuningConclusion.NO_FLOWS, JudgedTable("cov_packets", 1.0, 0.5, is_gain=True)))
    yield from reasons(TuningVerdict(TuningConclusion.KEY, _judged("max_ideal_bytes", None)))
    yield from (
        tuning_title(TuningVerdict(TuningConclusion.KEY, _judged(measure, None)))
        for measure in ("max_ideal_packets", "cov_bytes")
    )
    little = _judged("max_ideal_packets", Little.AS_CHANCE)
    yield tuning_title(TuningVerdict(TuningConclusion.LITTLE, little))
    yield tuning_title(TuningVerdict(TuningConclusion.LITTLE, replace(little, current=Halves(0.2, 0.2))))
    within = replace(little, current=Halves(0.2, 0.2), worse_than=60.0)
    better = replace(little, current=Halves(0.05, 0.05), current_on_all=0.04, worse_than=0.5)
    for each in (within, better):
        yield headline(TuningVerdict(TuningConclusion.LITTLE, each))
    yield from reasons(TuningVerdict(TuningConclusion.LITTLE, within))
    yield from map(caution_text, (UnusedQueues(2, 8), UnusedQueues(1, 8)))
    cautions = (
        ZeroKey(),
        RepeatingKey(1, 256),
        RepeatingKey(2, 65536),
        SmallTable(16, 4, 8),
        BlamedTable(0, 19, 64, 16, 3.6, 0.145),
    )
    yield from map(caution_text, (*cautions, UnequalEntries(6, 21, 22)))


def recover_key_sentences() -> Iterator[str]:
    """Say how far a key is known, and all that may be odd about it."""
    whole = Solution(0x6D5A << 335, (), False, KEY_BITS, 100)
    partial = replace(whole, null=tuple(1 << 32 + bit for bit in range(192)), redundant=5)
    odd = replace(whole, has_initial=True, particular=whole.particular | 0xFFFFFFFF)
    fit = Fit(Assumption.AS_CONFIGURED, Device(), 5000, 97, 0, whole, ValueOrder.AS_REPORTED, (), 32 * (5000 - 97))
    fits = [
        fit,
        replace(fit, packets=97, holding=0, solution=partial),
        *(replace(fit, value_order=order) for order in ValueOrder if order != ValueOrder.AS_REPORTED),
        *(replace(fit, assumption=assumption) for assumption in Assumption if assumption != Assumption.AS_CONFIGURED),
        replace(fit, solution=odd, contradictions=2, contradicting=(7, 4711)),
        replace(fit, contradictions=1, contradicting=(7,)),
        replace(fit, contradictions=11, contradicting=tuple(range(1, 11))),
    ]
    reading = Reading.of(["some.pcap"])
    found = [Recovery(reading, [each], each) for each in fits]
    found.append(
        replace(found[0], known_key="mlx5", unreported=5000, looked_at=4096, predictable=4000, of_other_types=1)
    )
    found.append(replace(found[0], unreported=1, looked_at=1, predictable=0, of_other_types=1234))
    none = replace(fit, solution=None, value_order=None)
    found += [Recovery(reading, [none], None), Recovery(reading, [fit], None)]
    found.append(Recovery(reading, [none], None, is_order_known=False))
    for each in found:
        words = put_recovery_into_words(each)
        yield from (words.headline, *words.key, *words.findings, *words.commands, *words.notes)


def sweep_sentences() -> Iterator[str]:
    """Say each verdict of ``sweep``."""
    swept = sweep(ROOT / "sample_traces" / "geneve.pcap")
    verdicts = [SweepVerdict(conclusion, 9, 32, cut_share=0.803, n_alike=12, alike=["all"], worse=["linux", "none"])
                for conclusion in SweepConclusion]  # fmt: skip
    verdicts.append(SweepVerdict(SweepConclusion.SEVERAL_BEST, 99, 32, n_alike=2, worse=["none"]))
    for verdict in verdicts:
        each = replace(swept)
        each.__dict__["verdict"] = verdict  # which is calculated when first asked for
        yield sweep_title(each)
    yield listing(swept)
    for name in MEASURE_COLUMNS:
        yield brief_measure(name, 0.125)
    yield from footnotes(swept)
    yield from footnotes(sweep(ROOT / "sample_traces" / "cut.pcap", Device(features="CTRL_VQ+HASH_REPORT")))


SENTENCES = {
    "compare-sentences": compare_sentences,
    "key-sentences": key_sentences,
    "recover-key-sentences": recover_key_sentences,
    "replay-sentences": replay_sentences,
    "steer-sentences": steer_sentences,
    "sweep-sentences": sweep_sentences,
    "tune-sentences": tune_sentences,
    "validate-sentences": validate_sentences,
}
"""What makes each file of sentences in ``tests/report/golden``."""
