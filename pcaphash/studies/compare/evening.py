"""What follows where an even indirection table changes more than any other setting."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pcaphash.device.device import Device
from pcaphash.engine.census.census import Census
from pcaphash.engine.census.distribution import distribute
from pcaphash.studies.compare.advice import Advice, EvenTable
from pcaphash.studies.compare.explaining import excess_of
from pcaphash.studies.compare.missed import MATERIAL, MissedTunnel
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.compare.table import can_be_even, with_even_table
from pcaphash.studies.compare.verdict import ComparisonConclusion, ComparisonVerdict, judge
from pcaphash.studies.shared.chance.ideal import chance_of_inputs


def consider_even_table(
    verdict: ComparisonVerdict,
    outcomes: Sequence[Outcome],
    censuses: Sequence[Census],
    find_missed: Callable[[Device], list[MissedTunnel]],
) -> ComparisonVerdict:
    """Say what an even indirection table leaves; where that is much less, judge the configurations as with one.

    Parameters
    ----------
    verdict : ComparisonVerdict
        Of the configurations as they are; the same is returned if it advises no even table.
    outcomes : sequence of Outcome
        Of these.
    censuses : sequence of Census
        What each is calculated from.
    find_missed : callable
        Finds the tunnels that a device does not look into.
    """
    place = next((n for n, each in enumerate(verdict.advice) if isinstance(each, EvenTable)), None)
    if place is None or verdict.best is None:
        return verdict
    advice = verdict.advice[place]
    assert isinstance(advice, EvenTable)
    if advice.fitting != advice.table.queues:
        return verdict
    evened = [_even_out(outcome, census) for outcome, census in zip(outcomes, censuses, strict=True)]
    names = [finding.config for finding in verdict.findings if finding.is_judged]
    remains = {each.device.name: excess_of(each) for each in evened if each.device.name in names}
    advice = replace(advice, remains=remains)
    every: list[Advice] = [*verdict.advice]
    every[place] = advice
    with_remains = replace(verdict, advice=every)
    if min(remains.values()) > MATERIAL * verdict.best.excess:
        return with_remains
    evened = [_beside_ideal(outcome) for outcome in evened]
    even = judge(evened, find_missed(evened[0].device))
    if even.best is None:  # an uneven table shows in fewer packets than it takes to judge the spread of an even one
        return with_remains
    further = [each for each in even.advice if not isinstance(each, EvenTable)]
    return replace(
        verdict, conclusion=ComparisonConclusion.UNEVEN, gain=None, advice=[advice, *further], with_even_table=even
    )


def _even_out(outcome: Outcome, census: Census) -> Outcome:
    """Return what becomes of the packets with an even table; nothing is drawn at random yet."""
    if not outcome.device.has_queue or not can_be_even(outcome.device):
        return outcome
    device = with_even_table(outcome.device)
    evened = replace(outcome, distribution=distribute(census, device))
    if outcome.inputs is None:
        return evened
    inputs = replace(outcome.inputs, device=device)
    return replace(evened, inputs=inputs, kept=inputs.queue_loads)


def _beside_ideal(outcome: Outcome) -> Outcome:
    """Put ideal hashes beside a configuration, where flows are known."""
    if outcome.inputs is None or outcome.baseline is None:
        return outcome
    return replace(outcome, baseline=chance_of_inputs(outcome.inputs))
