"""The verdict of a comparison in words: one thought per sentence, each number with its meaning."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.engine.census.decision import NONE
from pcaphash.errors import Field
from pcaphash.report.compare.advice import AdviceWords, put_advice_into_words
from pcaphash.report.words.cut import cut_configurations
from pcaphash.report.words.reach import brief_reach_texts
from pcaphash.report.words.suspicion import excess_then, looks_like, missed_options
from pcaphash.report.words.values import (
    above_ideal,
    count,
    counted,
    listed,
    no_packets,
    packets,
    percent,
    reason_text,
    too_few,
)
from pcaphash.studies.compare.causes import (
    UNJUDGED,
    Cause,
    CrowdedInputs,
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
from pcaphash.studies.compare.explaining import BLAME
from pcaphash.studies.compare.gain import Step
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.verdict import ComparisonConclusion
from pcaphash.studies.shared.chance.enough import CutShort
from pcaphash.studies.shared.chance.spread import EVEN

if TYPE_CHECKING:
    from pcaphash.engine.reading import Reading
    from pcaphash.studies.compare import ComparisonVerdict, Finding
    from pcaphash.studies.compare.gain import Gain

_NOTICEABLE = 0.01  # of the packets are named among the causes


@dataclass(frozen=True)
class FindingWords:
    """What is said of one configuration."""

    config: str
    text: str


@dataclass(frozen=True)
class VerdictWords:
    """A verdict in words: the headline, what is said of each configuration, and what would help."""

    headline: str
    findings: list[FindingWords]
    advice: list[AdviceWords]

    @property
    def told(self) -> list[FindingWords]:
        """What is said of each configuration beyond the headline."""
        return [finding for finding in self.findings if finding.text != self.headline]

    @property
    def lines(self) -> list[str]:
        """The verdict, line by line."""
        return [
            self.headline,
            *(f"{finding.config}: {finding.text}" for finding in self.told),
            *(line for advice in self.advice for line in (f"{advice.label}: {advice.text}", *advice.command_lines)),
        ]


def put_into_words(verdict: "ComparisonVerdict", reading: "Reading | None" = None) -> VerdictWords:
    """Write a verdict for readers; what was read says why there may be no packets."""
    limits = brief_reach_texts(finding.limits for finding in verdict.findings)
    return VerdictWords(
        _headline(verdict, reading),
        [
            FindingWords(finding.config, " ".join([finding_text(finding, reading), *of_key]))
            for finding, of_key in zip(verdict.findings, limits, strict=True)
        ],
        [put_advice_into_words(advice) for advice in verdict.advice],
    )


def _headline(verdict: "ComparisonVerdict", reading: "Reading | None") -> str:
    facts = [(finding.config, finding.facts) for finding in verdict.findings]
    cut = [(config, each.cut / each.packets) for config, each in facts if isinstance(each, CutShort)]
    of_others = _of_judged(verdict, reading, is_cut=bool(cut))
    return f"{cut_configurations(cut)} {of_others}".rstrip() if cut else of_others


def _of_judged(verdict: "ComparisonVerdict", reading: "Reading | None", *, is_cut: bool) -> str:
    """Say what follows of the configurations that are judged; if none is, why not, unless the capture is cut."""
    best, worst, gain = verdict.best, verdict.worst, verdict.gain
    if best is None or worst is None:
        cause = next(cause for cause in UNJUDGED if any(finding.cause == cause for finding in verdict.findings))
        text = finding_text(next(finding for finding in verdict.findings if finding.cause == cause), reading)
        return "" if cause == Cause.CUT else text
    n_judged = sum(finding.is_judged for finding in verdict.findings)
    if verdict.with_even_table is not None:
        return _with_even_table(best, verdict.with_even_table, reading, is_cut=is_cut)
    if verdict.conclusion == ComparisonConclusion.EVEN:
        every = "every other configuration" if is_cut else "every configuration"
        if worst.excess > EVEN and verdict.given is not None:
            under, most = f"under {verdict.given.config}", verdict.given.excess
        else:
            under, most = f"under {every if n_judged > 1 else best.config}", worst.excess
        return (
            f"This traffic spreads evenly {under}: the busiest receive queue is at most {percent(most)} above the "
            "ideal share."
        )
    if verdict.is_mostly_even:
        return _mostly_even([finding for finding in verdict.findings if finding.is_judged])
    if gain is not None:
        worse = next(finding for finding in verdict.findings if finding.config == gain.instead_of)
        better = next(finding for finding in verdict.findings if finding.config == gain.config)
        return f"{_blame(worse)} {_helps(gain)}{_remains(better)}"
    if n_judged == 1 or is_cut:
        return _blame(best)
    if all(finding.cause == Cause.HASH for finding in verdict.findings):
        return "The hash is at fault: it does worse than chance under every configuration here."
    if best.excess <= EVEN:
        return (
            f"No configuration here is clearly better: the busiest receive queue is {percent(best.excess)} "
            f"({best.config}) to {percent(worst.excess)} ({worst.config}) above the ideal share."
        )
    uneven = (
        f"No configuration here spreads this traffic evenly: at best, the busiest receive queue is "
        f"{percent(best.excess)} above the ideal share ({best.config}); up to {EVEN:.0%} counts as even."
    )
    return uneven if best.cause == Cause.UNEVEN else f"{uneven} {_blame(best)}"


def _with_even_table(best: "Finding", even: "ComparisonVerdict", reading: "Reading | None", *, is_cut: bool) -> str:
    """Say what follows once the indirection table is even."""
    assert even.best is not None
    is_hash_fine = all(finding.cause != Cause.HASH for finding in even.findings)
    blamed = (
        "The hash is fine; the indirection table is uneven." if is_hash_fine else "The indirection table is uneven."
    )
    if even.conclusion == ComparisonConclusion.EVEN:
        follows = _of_judged(even, reading, is_cut=is_cut)
        return f"{blamed} With an even one, {follows[0].lower()}{follows[1:]}"
    if even.gain is not None:
        better = next(finding for finding in even.findings if finding.config == even.gain.config)
        return f"{blamed} With an even one, {_helps(even.gain, is_first=False)}{_remains(better)}"
    return (
        f"{blamed} With an even one, the busiest receive queue would be {percent(even.best.excess)} above the ideal "
        f"share ({even.best.config}) instead of {percent(best.excess)} ({best.config}).{_remains(even.best)}"
    )


def _mostly_even(judged: "list[Finding]") -> str:
    even = [finding for finding in judged if finding.excess <= EVEN]
    uneven = [finding for finding in judged if finding.excess > EVEN]
    at_most, most = (percent(max(finding.excess for finding in each)) for each in (even, uneven))
    return (
        f"This traffic spreads evenly under {listed([finding.config for finding in even])}: the busiest receive queue "
        f"is at most {at_most} above the ideal share. Under {listed([finding.config for finding in uneven])}, it is "
        f"{'up to ' if len(uneven) > 1 else ''}{most} above."
    )


def _helps(gain: "Gain", *, is_first: bool = True) -> str:
    what = {Step.INNER: "inner hashing", Step.PORTS: "hashing ports"}.get(gain.step)
    what = gain.config if what is None else f"{what[0].upper()}{what[1:]}" if is_first else what
    certainly = "would help" if gain.is_certain else "does better here"
    return (
        f"{what} {certainly}: the busiest receive queue drops from {percent(gain.excess_instead)} "
        f"({gain.instead_of}) to {percent(gain.excess)} ({gain.config}) above the ideal share."
    )


def _blame(finding: "Finding") -> str:
    """Say in one sentence why a configuration is uneven."""
    facts = finding.facts
    if finding.cause == Cause.HASH:
        return f"The hash is at fault: it does worse than chance under {finding.config}."
    if finding.cause == Cause.FEW_INPUTS:
        return "The hash is fine; its input has too little entropy."
    if isinstance(facts, MissedTunnel):
        return f"The hash is fine; {_missed(facts)}"
    if isinstance(facts, UnevenTable):
        return "The hash is fine; the indirection table is uneven."
    if isinstance(facts, HeavyFlow) and finding.cause == Cause.SINGLE_FLOW:
        return f"The hash is fine; one flow carries {percent(facts.share)} of packets, and no hash can split a flow."
    if isinstance(facts, HeavyFlow):
        return (
            f"The hash is fine; {percent(facts.share)} of packets run between two addresses and have no ports to hash."
        )
    if isinstance(facts, Unhashed):
        return f"The hash is fine; {percent(facts.share)} of packets have no hash and go to the unclassified queue."
    if isinstance(facts, FewFlows) and finding.cause == Cause.HEAVY_FLOWS:
        return f"The hash is fine; {_half(facts)}, and no hash can split a flow."
    if finding.cause == Cause.FEW_FLOWS:
        return f"The hash is fine; {_chance(facts)}." if isinstance(facts, FewFlows) else ""
    if finding.excess <= EVEN:
        return f"Under {finding.config} this traffic spreads evenly."
    return (
        f"Under {finding.config} this traffic spreads unevenly: the busiest receive queue is "
        f"{percent(finding.excess)} above the ideal share."
    )


def _remains(finding: "Finding") -> str:
    """Say what keeps a better configuration from an even spread, after a blank; nothing where that is not known."""
    if finding.cause in (Cause.EVEN, Cause.UNEVEN) or finding.excess <= EVEN:
        return ""
    return f" {_left_over(finding)}"


def _left_over(finding: "Finding") -> str:
    facts = finding.facts
    if isinstance(facts, HeavyFlow) and finding.cause == Cause.SINGLE_FLOW:
        return f"One flow still carries {percent(facts.share)} of packets, and no hash can split a flow."
    if isinstance(facts, MissedTunnel):
        return f"It is still uneven: {_missed(facts)}"
    if isinstance(facts, FewFlows) and finding.cause == Cause.HEAVY_FLOWS:
        return f"It is still uneven: {_half(facts)}, and no hash can split a flow."
    if isinstance(facts, FewFlows):
        return f"The rest is what chance does with {counted(facts.inputs, 'hash input', 'hash inputs')}."
    return "It is still uneven: " + {
        Cause.HASH: "the hash does worse than chance there.",
        Cause.TABLE: "the indirection table is uneven by itself.",
        Cause.FEW_INPUTS: "the hash input still has too little entropy.",
        Cause.NO_PORTS: "packets between two addresses without ports to hash exceed the ideal share of a queue.",
        Cause.UNHASHED: "packets without a hash all go to the unclassified queue.",
    }.get(finding.cause, "no single cause stands out.")


def finding_text(finding: "Finding", reading: "Reading | None") -> str:
    """Say how one configuration spreads the packets, and why, up to what its key keeps from table entries."""
    facts = finding.facts
    if isinstance(facts, NothingToSpread):
        return _nothing(facts, reading)
    if isinstance(facts, CutShort):
        return f"For {percent(facts.cut / facts.packets)} of packets, the capture does not show the bytes to be hashed."
    if isinstance(facts, TooFew):
        one = percent(facts.queues / facts.packets) if facts.packets else "all"
        known = " with a known receive queue" if facts.unknown else ""
        few = too_few(facts.packets, facts.needed, facts.queues, known)
        return f"{few}. A single packet is {one} of a queue's ideal share here."
    return " ".join(part for part in (_crowding(finding), _why(finding), _beside(finding)) if part)


def _crowding(finding: "Finding") -> str:
    """Say how full the fullest receive queues are."""
    if finding.crowding is None:
        return f"The busiest receive queue is {percent(finding.excess)} above the ideal share."
    few, share = finding.crowding.queues, percent(finding.crowding.share)
    return f"{count(few)} of {count(finding.queues)} receive queues {_carry(few)} {share} of packets."


def _why(finding: "Finding") -> str:
    facts, cause = finding.facts, finding.cause
    if isinstance(facts, Unhashed):
        why = reason_text(facts.reason)
        return f"{percent(facts.share)} of packets have no hash ({why}); all go to unclassified queue {facts.queue}."
    if isinstance(facts, UnevenTable):
        return table_text(facts)
    if isinstance(facts, HeavyFlow):
        of_packets = f"{percent(facts.share)} of packets; the ideal share of a queue is {percent(facts.ideal_share)}."
        if cause == Cause.SINGLE_FLOW:
            return f"One flow, {facts.endpoints}, carries {of_packets}"
        kind = "" if facts.encapsulation == NONE else f" ({facts.encapsulation})"
        return f"Traffic without ports to hash, {facts.endpoints}{kind}, is {of_packets}"
    if isinstance(facts, MissedTunnel):
        return f"{looks_like(facts)}, which this configuration does not look into."
    if isinstance(facts, CrowdedInputs):
        return _few_inputs(facts)
    if isinstance(facts, FewFlows):
        if cause == Cause.HEAVY_FLOWS:
            return f"{_half(facts)}."
        return f"{_half(facts)}: {_chance(facts)}."
    return _unexplained(facts) if isinstance(facts, Unexplained) else ""


def _missed(facts: MissedTunnel) -> str:
    """Say what packets look like, and what would look into it."""
    looks = looks_like(facts)
    if facts.excess is not None:
        gained = f"the busiest receive queue would be {excess_then(facts)} above the ideal share"
        return f"{looks}, which no configuration here looks into. With {missed_options(facts)}, {gained}."
    if facts.is_mirrored:
        return f"{looks}: a mirror session, whose outer header the NIC never received."
    encrypted = ", which is encrypted" if facts.is_encrypted else ""
    return f"{looks}, and neither spec looks into {facts.kind}{encrypted}."


def _half(facts: FewFlows) -> str:
    return f"{count(facts.half)} of {count(facts.inputs)} hash inputs {_carry(facts.half)} half of the packets"


def _chance(facts: FewFlows) -> str:
    over = counted(facts.queues, "receive queue", "receive queues")
    return f"this is what chance does with {counted(facts.inputs, 'hash input', 'hash inputs')} over {over}"


def _carry(number: int) -> str:
    return "carries" if number == 1 else "carry"


def table_text(table: UnevenTable) -> str:
    """Say how uneven an indirection table is."""
    entries = f"{count(table.entries)} of {counted(table.table_size, 'entry', 'entries')}"
    most = f"The indirection table has {entries} for receive queue {table.queue}"
    if not table.queues_without:
        return f"{most}."
    return f"{most}, and none for {count(table.queues_without)} of {count(table.queues)} receive queues."


def _few_inputs(facts: CrowdedInputs) -> str:
    flows = f"{count(facts.heaviest_flows)} {'flow' if facts.heaviest_flows == 1 else 'flows'}"
    if facts.inputs == 1:
        return f"All {flows} with a hash have the same hash input."
    return (
        f"{count(facts.crowded)} of {count(facts.inputs)} hash inputs {_carry(facts.crowded)} "
        f"{percent(facts.crowded_share)} of packets; the largest ({flows}) carries {percent(facts.heaviest_share)}."
    )


def _unexplained(facts: Unexplained) -> str:
    if facts.cut_share:
        return (
            f"The capture does not show which flows cause this: {percent(facts.cut_share)} of packets are in tunnels "
            "and cut before their inner ports."
        )
    if not facts.kept_share:
        return "A saved census cannot show which flows cause this."
    if facts.kept_share < 1:
        return f"The {percent(facts.kept_share)} of flows that were kept do not show why: raise {Field('most_flows')}."
    shares = ((facts.heaviest_share, "the largest hash input"), (facts.unhashed_share, "packets without a hash"))
    named = " and ".join(f"{what} ({percent(share)})" for share, what in shares if share >= _NOTICEABLE)
    return f"No single cause stands out; the largest shares are {named}." if named else "No single cause stands out."


def _beside(finding: "Finding") -> str:
    """Say how that compares with ideal hashes."""
    ideal = finding.ideal
    if ideal is None:
        return ""
    low, high = above_ideal(ideal.low), above_ideal(ideal.high)
    if low == high and ideal.low <= finding.excess <= ideal.high:
        return f"Any hash of the same input gives {low}."
    if 2.5 <= ideal.percentile <= 97.5:
        return f"This is within the range of ideal hashes of the same input ({low} to {high})."
    chance = "; that may still be chance" if finding.cause != Cause.HASH and 97.5 < ideal.percentile <= BLAME else ""
    return (
        f"This is {_compared(ideal)} ideal hashes of the same input, of which 95 in 100 give {low} to {high}{chance}."
    )


def _compared(ideal: Ideal) -> str:
    if ideal.percentile < 2.5:
        return "better than most"
    return "worse than all" if ideal.percentile >= 100 else f"worse than {ideal.percentile:.4g}% of"


def _nothing(facts: NothingToSpread, reading: "Reading | None") -> str:
    if facts.why == Nothing.NO_RSS:
        return "There is nothing to spread: without the RSS feature, no hash chooses a receive queue."
    if facts.why == Nothing.ONE_QUEUE:
        return "There is nothing to spread: there is only one receive queue."
    if facts.why == Nothing.NO_PACKETS:
        return f"There is nothing to spread: {no_packets(reading)}."
    reasons = ", ".join(f"{reason_text(reason)}: {count(n)}" for reason, n in facts.reasons.items())
    if facts.queue is not None and facts.packets > 1:
        return (
            f"All {packets(facts.packets)} go to unclassified queue {facts.queue}, since none has a hash ({reasons})."
        )
    if facts.packets == 1:
        return f"There is nothing to spread: the only packet has no known hash ({reasons})."
    return f"There is nothing to spread: none of {packets(facts.packets)} has a known hash ({reasons})."
