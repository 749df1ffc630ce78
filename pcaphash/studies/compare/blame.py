"""Whether a tunnel that no configuration looks into is why packets spread unevenly."""

from collections.abc import Sequence

from pcaphash.studies.compare.causes import Cause, HeavyFlow
from pcaphash.studies.compare.finding import Finding
from pcaphash.studies.compare.missed import CLEAR, MATERIAL, MissedTunnel

_MAIN = 0.5  # of the packets, or of a heavy flow's, in a tunnel that is said to be the cause
_OF_FLOWS = (Cause.FEW_INPUTS, Cause.HEAVY_FLOWS, Cause.FEW_FLOWS, Cause.UNEVEN)


def blamed_tunnel(finding: Finding, missed: Sequence[MissedTunnel]) -> MissedTunnel | None:
    """Return the missed tunnel that is why a configuration spreads packets as it does; None where none is."""
    return next((each for each in missed if _is_cause(finding, each) and _helps(finding, each)), None)


def _helps(finding: Finding, missed: MissedTunnel) -> bool:
    """Tell whether looking into a tunnel gains enough; what seems to be one flow is not, if that gains anything."""
    enough = CLEAR if isinstance(finding.facts, HeavyFlow) else MATERIAL
    return missed.excess is None or missed.excess <= enough * finding.excess


def _is_cause(finding: Finding, missed: MissedTunnel) -> bool:
    facts = finding.facts
    if missed.is_mirrored and finding.cause == Cause.UNHASHED:
        return missed.whole_share >= _MAIN
    if not isinstance(facts, HeavyFlow):
        return finding.cause in _OF_FLOWS and missed.whole_share >= _MAIN
    is_one_flow = finding.cause == Cause.SINGLE_FLOW
    same = [each for each in missed.every if (_is_end(facts, each) if is_one_flow else each.port is None)]
    return sum(each.share for each in same) >= _MAIN * facts.share


def _is_end(facts: HeavyFlow, missed: MissedTunnel) -> bool:
    """Tell whether a flow has the port of a tunnel."""
    return missed.port is not None and f":{missed.port} " in f"{facts.endpoints} "
