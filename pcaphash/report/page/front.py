"""The first screen of a page: of all numbers the three that matter."""

import math
from typing import TYPE_CHECKING, NamedTuple

from pcaphash.report.figures.canvas import shorten
from pcaphash.report.figures.compare import load_of
from pcaphash.report.words.values import above_ideal, count

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.studies.compare import Comparison, Outcome

_LONGEST_NAME = 36


class Number(NamedTuple):
    """A number, and what it is of.

    Parameters
    ----------
    value : str
        The number, with its unit.
    label : str
        What it is.
    config : str
        The configuration that it is of, in whose colour it is marked; empty for none.
    """

    value: str
    label: str
    config: str = ""


def front_numbers(comparison: "Comparison") -> list[Number]:
    """Choose three numbers: how busy the busiest queue is at worst and at best, and what chance gives there.

    With a single configuration its receive queues in use stand in for a second one; where there is nothing to spread,
    packets and receive queues are counted.
    """
    pairs = zip(comparison.outcomes, comparison.verdict.findings, strict=True)
    measured = [(outcome, finding) for outcome, finding in pairs if not math.isnan(finding.excess)]
    if not measured:
        return _counts(comparison)
    of_best, best = min(measured, key=lambda pair: pair[1].excess)
    of_worst, worst = max(measured, key=lambda pair: pair[1].excess)
    if above_ideal(worst.excess) == above_ideal(best.excess):
        are_all = len(measured) == len(comparison.outcomes)
        whose = "under each configuration" if are_all else f"under {count(len(measured))} configurations"
        whose = f": {_name(of_best)}" if len(measured) == 1 else f", {whose}"
        numbers = [Number(above_ideal(best.excess), f"busiest queue above its ideal share{whose}")]
    else:
        numbers = [_excess(of_worst, worst.excess, ", at worst"), _excess(of_best, best.excess, ", at best")]
    ideal = load_of(of_best).ideal
    if ideal is not None:
        high = of_best.device.queues * ideal.high - 1
        label = f"by chance: 95 of 100 ideal hashes under {_name(of_best)}"
        numbers.append(Number(f"up to {above_ideal(high)}", label, of_best.device.name))
    return [*numbers, _used(of_best), *_counts(comparison)][:3]


def _excess(outcome: "Outcome", excess: float, which: str) -> Number:
    label = f"busiest queue above its ideal share{which}: {_name(outcome)}"
    return Number(above_ideal(excess), label, outcome.device.name)


def _used(outcome: "Outcome") -> Number:
    packets = outcome.distribution.queues[:, 0]
    used = f"{count(int((packets > 0).sum()))} of {count(len(packets))}"
    return Number(used, f"receive queues used under {_name(outcome)}", outcome.device.name)


def _counts(comparison: "Comparison") -> list[Number]:
    most = max(comparison.outcomes, key=lambda each: each.distribution.hashed)
    whole, device = most.distribution, most.device
    return [
        Number(count(whole.packets), "packet" if whole.packets == 1 else "packets"),
        Number(count(whole.hashed), f"with a hash under {_name(most)}", device.name),
        _queues(device),
    ]


def _queues(device: "Device") -> Number:
    if not device.has_queue:
        return Number("no", "receive queues")
    return Number(count(device.queues), "receive queue" if device.queues == 1 else "receive queues")


def _name(outcome: "Outcome") -> str:
    return shorten(outcome.device.name, _LONGEST_NAME)
