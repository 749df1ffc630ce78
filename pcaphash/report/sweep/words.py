"""A sweep in words: whether masks can be ranked, which are the best, and what the table's columns mean."""

from typing import TYPE_CHECKING

from pcaphash.errors import Command, Field
from pcaphash.report.words.cut import cut_short
from pcaphash.report.words.measures import MEASURES, brief_measure, write_measure
from pcaphash.report.words.values import count, counted, listed, percent, too_few
from pcaphash.studies.sweep.result import GIVEN
from pcaphash.studies.sweep.verdict import SweepConclusion

if TYPE_CHECKING:
    from pcaphash.studies.sweep import Sweep
    from pcaphash.studies.sweep.verdict import SweepVerdict

_USUAL = (GIVEN, "all", "linux")
_IDEAL = "busiest: how far the busiest receive queue is above the ideal share"
_UNKNOWN = "unknown: packets of which the capture shows too little; no measure counts them"
_NAMES = "in brackets: presets and given types that spread the packets this way"
_NO_QUEUES = "There are no receive queues to rank by: without the RSS feature, no hash chooses one."


def headline(sweep: "Sweep") -> str:
    """Say which mask is the best, or why none is."""
    return f"{sweep_title(sweep)}."


def listing(sweep: "Sweep") -> str:
    """Say how many classes the masks form, and which of these the table has."""
    n_sets = len(set(sweep.swept_tunnels.values()))
    differing = f" ({count(sweep.n_masks // n_sets)} of hash types x {count(n_sets)} of tunnel types that differ here)"
    masks = f"{count(sweep.n_masks)} masks{differing if sweep.device.profile.tunnel_types else ''}"
    by = f"the best classes by {sweep.by} ({MEASURES[sweep.measure]})"
    first = by if sweep.device.has_queue else "the classes with the fewest types"
    used, queues = len(set(sweep.device.indirection_table)), sweep.device.queues
    limit = f"The indirection table leads to only {count(used)} of {count(queues)} receive queues under every mask. "
    is_limited = sweep.device.has_queue and used < queues
    return (
        f"{limit if is_limited else ''}{masks} form {counted(sweep.n_classes, 'class', 'classes')}; the masks of a "
        f"class spread these packets alike. The table has {first}, and those of masks with names, each with its "
        "smallest mask."
    )


def doubt(sweep: "Sweep") -> str:
    """Say why masks cannot be ranked; empty if they can."""
    verdict = sweep.verdict
    if verdict.conclusion in (SweepConclusion.NO_HASH, SweepConclusion.NO_RSS):
        return "There is nothing to rank: no hash chooses a receive queue"
    if verdict.conclusion == SweepConclusion.ONE_QUEUE:
        return "There is nothing to rank: there is only one receive queue"
    if verdict.conclusion == SweepConclusion.CUT:
        return cut_short("rank masks", f"up to {percent(verdict.cut_share)}")
    if verdict.conclusion == SweepConclusion.TOO_FEW:
        return f"Masks cannot be ranked: {too_few(verdict.packets, verdict.needed, sweep.device.queues)}"
    return ""


def footnotes(sweep: "Sweep") -> list[str]:
    """Say what columns and brackets of the table mean."""
    shown = f"{Field('output')} and {Command('compare')} show what ideal hashes would give"
    chance = f"Small differences may be chance: {shown}."
    lines = [_IDEAL] if sweep.device.has_queue else [_NO_QUEUES]
    lines += [chance] if sweep.verdict.conclusion == SweepConclusion.RANKED else []
    return [*lines, _NAMES, *([_UNKNOWN] if sweep.columns["unknown"].any() else [])]


def _mask_of(sweep: "Sweep", number: int) -> str:
    """Write the smallest mask of a class; under virtio 1.4 its hash types alone do not say which it is."""
    position = int(sweep.smallest[number])
    tunnels = f" with tunnel types {sweep.types(position)[1]:#x}" if sweep.device.profile.tunnel_types else ""
    return f"{sweep.mask_text(position)}{tunnels}"


def sweep_title(sweep: "Sweep") -> str:
    """Say which mask to take, how many classes differ from it only by chance, and which named masks do."""
    verdict = sweep.verdict
    if not verdict.is_ranked:
        return doubt(sweep)
    if verdict.conclusion == SweepConclusion.ALIKE:
        return f"Every mask spreads these packets alike: {_value(sweep, 0)}"
    if verdict.conclusion == SweepConclusion.ONE_USED:
        return "No mask puts these packets on more than one receive queue"
    best = _best(sweep)
    if verdict.conclusion == SweepConclusion.RANKED:
        return f"{best}{_beside(sweep)}. Small differences may be chance"
    if verdict.conclusion == SweepConclusion.WORSE_THAN_CHANCE:
        return f"{best}, but still worse than ideal hashes"
    if verdict.conclusion == SweepConclusion.ONE_BEST:
        return f"{best}, by more than chance{_named(verdict)}"
    others, differ = count(verdict.n_alike - 1), "other differs" if verdict.n_alike == 2 else "others differ"
    of_classes = f"of {counted(sweep.n_classes, 'class', 'classes')}, {others} {differ} from it only by chance"
    return f"{best}; {of_classes}{_named(verdict)}"


def _value(sweep: "Sweep", number: int) -> str:
    return brief_measure(sweep.by, float(sweep.columns[sweep.by][number]))


def _best(sweep: "Sweep") -> str:
    """Say which mask to take, and what keeps a better one from being it."""
    number = sweep.recommended
    mask, value = _mask_of(sweep, number), _value(sweep, number)
    if not number:
        left_out = sweep.left_out(0)
        although = f", although {percent(left_out)} more of the packets have no hash under it" if left_out else ""
        return f"Mask {mask} spreads these packets best ({value}){although}"
    if number < sweep.verdict.n_alike:
        return f"Mask {mask} spreads these packets as well as the best one ({value})"
    return (
        f"Mask {mask} is the best of those that hash as many packets as all types ({value}): under "
        f"{_mask_of(sweep, 0)} ({_value(sweep, 0)}), {percent(sweep.left_out(0))} more of the packets have no hash"
    )


def _beside(sweep: "Sweep") -> str:
    """Say what the named masks that a device is most likely to have give."""
    told = [name for name in _USUAL if sweep.marks.get(name, sweep.recommended) != sweep.recommended]
    values = [
        f"{name} has {write_measure(sweep.by, float(sweep.columns[sweep.by][sweep.marks[name]]))}" for name in told
    ]
    return f"; {listed(values)}" if values else ""


def _named(verdict: "SweepVerdict") -> str:
    """Say which masks with names are as good as the best one, and which are worse."""
    lists = (("As good", verdict.alike), ("Worse", verdict.worse))
    return "".join(f". {what}: {', '.join(names)}" for what, names in lists if names)
