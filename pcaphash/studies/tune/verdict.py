"""What follows from tuning, in plain words: whether another key helps, and what to heed."""

import numpy as np

from pcaphash.device.device import Device
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.baseline import Baseline
from pcaphash.studies.enough import packets_needed
from pcaphash.studies.shares import percent
from pcaphash.studies.tune.result import GROWING, Verdict, is_better

NOTHING, KEY, LITTLE, NO_FLOWS = "nothing", "key", "little", "no-flows"

LEAST_INPUTS = 4
"""Distinct hash inputs below which halves of them say nothing."""

_BLAME = 99.0  # a key is bad where so many per cent of ideal hashes do better over the judging half
_OUTDONE = 0.9  # and where such a share of random keys does better over the choosing half, too
_LEAST_ENTRIES = 4  # of a table for each receive queue: with fewer, not even equal entries can be shared out evenly
_WORD = 2  # bytes that a symmetric key repeats
_MEANINGS = {"max_ideal": " above ideal", "min_ideal": " below ideal"}

_NO_WORSE = "the current key does as well as chance, and a key that suits some flows may not suit others"
_BAD_ONCE = "the current key is worse than chance on one half of the flows but not on the other, so it is not the cause"


def judge_key(
    baseline: Baseline, measure: str, current: tuple[float, float], best: tuple[float, float], outdone: float
) -> Verdict:
    """Judge the device's own key, and the best of those tried.

    Parameters
    ----------
    baseline : Baseline
        Ideal hashes over the judging half.
    measure : str
        Choose keys by this measure.
    current, best : tuple of two float
        That measure over the choosing half and over the judging half, under each of the two keys.
    outdone : float
        Share of the random keys that do better than the current one over the choosing half.
    """
    worse_than = _worse_than(baseline, measure, current[1])
    ideal = baseline.interval(measure)
    lines = [
        f"best key: {write(measure, best[0])} on the flows it was chosen by, {write(measure, best[1])} on the others",
        f"current key: {write(measure, current[0])} on the same flows, {write(measure, current[1])} on the others",
        f"95 of 100 ideal hashes: {_number(measure, ideal.low)} to {write(measure, ideal.high)} on those others; "
        f"{worse_than:.4g}% of them do better than the current key",
    ]
    is_worse_twice = worse_than > _BLAME and outdone > _OUTDONE
    if is_worse_twice and is_better(measure, best[1], current[1]):
        text = (
            "Another hash key helps: the current key is worse than chance. On flows that it was not chosen by, the "
            f"best random key gives {write(measure, best[1])} instead of {write(measure, current[1])}."
        )
        return Verdict(KEY, text, lines)
    if is_worse_twice:
        why = "the current key is worse than chance, but so is the best one on flows that it was not chosen by"
    else:
        why = _BAD_ONCE if worse_than > _BLAME else _NO_WORSE
    return Verdict(LITTLE, f"Another hash key gains little: {why}.", lines)


def judge_nothing(n_inputs: int) -> Verdict:
    """Say that there is too little to choose keys by and to judge them."""
    noun = "hash input" if n_inputs == 1 else "hash inputs"
    return Verdict(NOTHING, f"There is nothing to tune: {n_inputs} distinct {noun} cannot tell keys apart.", [])


def judge_few(n_packets: int, queues: int) -> Verdict | None:
    """Say that there are too few packets to judge by; None where there are enough."""
    needed = packets_needed(queues)
    if n_packets >= needed:
        return None
    text = f"Too few packets to tune by: {n_packets:,}; at least {needed:,} are needed for {queues:,} receive queues."
    return Verdict(NOTHING, text, [])


def judge_tables(measure: str, current: float, rebalanced: float, hashed: int) -> Verdict:
    """Say what the tables alone give where a saved census has no flows to try keys on.

    Parameters
    ----------
    measure : str
        What tables are judged by.
    current, rebalanced : float
        That measure over all packets with the device's own table, and with one made for them.
    hashed : int
        How many packets have a hash.
    """
    if not hashed:
        return Verdict(NOTHING, "There is nothing to tune: no packet of this census has a hash.", [])
    gain = "none of the tables made for it is better than the device's own"
    if is_better(measure, rebalanced, current):
        gain = f"the rebalanced table gives {write(measure, rebalanced)} instead of {write(measure, current)}"
    text = f"Hash keys cannot be tried on a saved census, which has no flows, but tables can: {gain}."
    return Verdict(NO_FLOWS, text, ["without flows, nothing shows how long this lasts"])


def cautions(device: Device) -> list[str]:
    """Return what about a device's key and table bears on tuning, a line each, besides ``Device.warnings``."""
    lines = []
    key = device.hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0")
    if not any(key):
        lines.append("hash key: all zero, so that every hash is 0 and leads to entry 0")
    elif key == key[:1] * KEY_LEN:
        lines.append("hash key: one byte repeated, so that hashes have 256 values only")
    elif key == key[:_WORD] * (KEY_LEN // _WORD):
        lines.append("hash key: symmetric (16 bits repeated), so that hashes have only 65,536 values; random keys lose "
                     "the symmetry")  # fmt: skip
    n_entries, queues = len(device.indirection_table), device.queues
    if n_entries < _LEAST_ENTRIES * queues:
        lines.append(
            f"indirection table: {n_entries} entries are fewer than {_LEAST_ENTRIES} for each of {queues} receive "
            "queues"
        )
    entries = np.bincount(device.indirection_table, minlength=queues)
    if queues & queues - 1 and entries.min() < entries.max():
        lines.append(
            f"receive queues: {queues} is not a power of two: each has between {entries.min()} and "
            f"{entries.max()} table entries"
        )
    return lines


def write(measure: str, value: float) -> str:
    """Write the value of a measure for a sentence, with its meaning if that is short."""
    return f"{_number(measure, value)}{_MEANINGS.get(measure.rpartition('_')[0], '')}"


def write_brief(measure: str, value: float) -> str:
    """Write the value of a measure for a table, where a sign stands for its meaning."""
    sign = "+" if measure.startswith("max_ideal") else ""
    return f"{sign}{_number(measure, value)}"


def _number(measure: str, value: float) -> str:
    return percent(value) if measure.rpartition("_")[0] in _MEANINGS else f"{value:.4f}"


def _worse_than(baseline: Baseline, measure: str, value: float) -> float:
    """Return how many per cent of ideal hashes do better."""
    percentile = baseline.percentile(measure, value)
    return 100 - percentile if measure.startswith(GROWING) else percentile
