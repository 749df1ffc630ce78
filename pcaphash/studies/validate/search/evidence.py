"""How much speaks for a fault, in bits: so much less likely is it that chance explains the same packets.

What a wrong packet tells depends only on what was reported of it, not on the fault that is tried: a hash value is one
of 2^32; a missing hash, a type or a receive queue is as likely as it is frequent. Where what was reported may only be
in another order than the packets, a value is as likely as it is frequent among those expected. Packets with equal hash
inputs of which the same was reported count as one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.studies.validate.catalogue.fault import Fault
from pcaphash.studies.validate.search.trial import Mask, Trial
from pcaphash.studies.validate.verdicts import MISSING, UNEXPECTED, WRONG_QUEUE, WRONG_TUNNEL, WRONG_TYPE, WRONG_VALUE

Bits = npt.NDArray[np.float64]

LEVEL = 2e-5
"""A cause is named if chance does as well in fewer than this share of devices, however many faults are tried."""

_HASH_BITS = 32.0
_TUNNEL_BITS = 2.0  # that a wrong tunnel tells at least: there are four numbers
_SAME = 0.75  # of wrong packets, that others should have what is reported of them, for rows to be in another order
_SAME_VALUES = 0.5  # likewise of values alone, where rows are lost


@dataclass(frozen=True, eq=False)
class Evidence:
    """What each packet tells.

    Parameters
    ----------
    bits : float64 array of shape (n,)
        What a wrong packet tells for a fault that explains it; 0 for right ones.
    shares : float64 array of shape (n,)
        Its share of all packets that tell the same, which count once.
    costs : tuple of float
        Bits that a usual fault has to explain for chance to be excluded, and a rare one, of which more are tried.
    inputs : int64 array of shape (n,)
        A number for each hash input, so that equal ones have the same; -1 where there is none.
    """

    bits: Bits
    shares: Bits
    costs: tuple[float, float]
    inputs: npt.NDArray[np.int64]

    def cost(self, faults: Iterable[Fault]) -> float:
        """Return the bits that faults have to explain."""
        return sum(self.costs[fault.is_rare] + fault.learned_bits for fault in faults)

    def of(self, explained: Mask, faults: tuple[Fault, ...] = ()) -> float:
        """Return the bits of packets that faults explain."""
        most = min((fault.n_bits for fault in faults), default=32)
        return float(np.dot(np.minimum(self.bits, most), self.shares * explained))

    def count(self, chosen: Mask) -> float:
        """Count packets, those that tell the same once."""
        return float(self.shares[chosen].sum())

    def count_in_time(self, chosen: Mask) -> float:
        """Count packets where a stretch of time is asked about.

        Where equal hash inputs are among those chosen and among others, it is not the input that makes them differ:
        each of these packets counts.
        """
        has_input = self.inputs >= 0
        is_of_both = chosen & has_input & np.isin(self.inputs, self.inputs[~chosen & has_input])
        return max(self.count(chosen), float(np.count_nonzero(is_of_both)))


def evidence_of(trial: Trial, wrong: Mask, faults: Sequence[Fault], *, by_queue: bool) -> Evidence:
    """Weigh the wrong packets of a trial.

    Parameters
    ----------
    trial : Trial
        The packets.
    wrong : bool array of shape (n,)
        Those that are to be explained.
    faults : sequence of Fault
        All that are tried.
    by_queue : bool
        Whether receive queues tell too.
    """
    sample, said, found = trial.sample, trial.sample.reported, trial.spec.found
    flags = np.where(wrong, sample.faults, 0)
    by_value = (flags & (WRONG_VALUE | UNEXPECTED)) > 0
    groups = _groups(trial, flags)
    bits = np.zeros(len(sample))
    value_bits = _value_bits(trial, groups) if _may_be_disordered(trial, wrong) else _HASH_BITS
    bits += np.where(by_value & said.has_hash, value_bits, 0.0)
    weights = sample.weights
    is_missing = (flags & MISSING) > 0
    bits += np.where(is_missing, _rarity(is_missing, weights, found.hashed), 0.0)
    without_value = ((flags & UNEXPECTED) > 0) & ~said.has_hash
    of_type = ((flags & WRONG_TYPE) > 0) & ~by_value | without_value
    bits += np.where(of_type, _frequency_bits(said.hash_reports, weights), 0.0)
    of_tunnel = ((flags & WRONG_TUNNEL) > 0) & ~by_value & ~is_missing
    bits += np.where(of_tunnel, np.maximum(_frequency_bits(said.hash_report_tunnels, weights), _TUNNEL_BITS), 0.0)
    if by_queue:
        bits += np.where((flags & WRONG_QUEUE) > 0, _queue_bits(trial, wrong), 0.0)
    sizes = np.bincount(groups)[groups]
    rows = np.column_stack([trial.spec.words, found.lengths])
    inputs = np.where(found.hashed, _numbers_of(rows), -1)
    return Evidence(np.minimum(bits, _HASH_BITS), 1 / sizes, costs_of(faults), inputs)


def costs_of(faults: Sequence[Fault]) -> tuple[float, float]:
    """Return the bits that a usual and a rare fault have to explain, if these are tried: each has half of the level."""
    n_rare = sum(fault.is_rare for fault in faults)
    usual, rare = (math.log2(2 * max(n, 1) / LEVEL) for n in (len(faults) - n_rare, n_rare))
    return usual, rare


def _groups(trial: Trial, faults: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Give packets numbers by their hash input and what was reported of them."""
    said = trial.sample.reported
    rows = np.column_stack(
        [
            trial.spec.words.astype(np.int64),
            trial.spec.found.lengths,
            faults.astype(np.int64),
            np.where(said.has_hash, said.hash_values, -1).astype(np.int64),
            said.queues,
        ]
    )
    return _numbers_of(rows)


def _numbers_of(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give equal rows the same number."""
    rows = np.ascontiguousarray(rows)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(-1)
    return np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _may_be_disordered(trial: Trial, wrong: Mask) -> bool:
    """Tell whether the wrong packets may have what belongs to each other: most of it is expected, each as often.

    Where most packets are wrong, rows may also be lost, so that only the values count that are there.
    """
    found, said = trial.spec.found, trial.sample.reported
    says_value = said.has_hash & (said.hash_reports != 0) & (said.hash_values != 0)
    due, had = found.hash_values[wrong & found.hashed], said.hash_values[wrong & says_value]
    values, counts = np.unique(due, return_counts=True)
    said_values, said_counts = np.unique(had, return_counts=True)
    _, at, said_at = np.intersect1d(values, said_values, return_indices=True)
    same = float(np.minimum(counts[at], said_counts[said_at]).sum())
    n_wrong = int(np.count_nonzero(wrong))
    same_none = min(n_wrong - len(due), n_wrong - len(had))
    is_mostly_wrong = trial.sample.weights[wrong].sum() > trial.sample.weights.sum() / 2
    is_alike = same + same_none >= _SAME * n_wrong
    return bool(len(had)) and (is_alike or (is_mostly_wrong and same >= _SAME_VALUES * len(had)))


def _value_bits(trial: Trial, groups: npt.NDArray[np.int64]) -> Bits:
    """Return what a value tells: less where it is the one that another packet of the trace should have."""
    found, values = trial.spec.found, trial.sample.reported.hash_values
    firsts = np.unique(groups, return_index=True)[1]
    due = found.hash_values[firsts][found.hashed[firsts]]
    if not len(due):
        return np.full(len(values), _HASH_BITS)
    pool, counts = np.unique(due, return_counts=True)
    at = np.minimum(np.searchsorted(pool, values), len(pool) - 1)
    frequent = np.where(pool[at] == values, counts[at] / len(due), 0.0)
    bits: Bits = -np.log2(np.maximum(frequent, 2.0**-_HASH_BITS))
    return bits


def _queue_bits(trial: Trial, wrong: Mask) -> Bits:
    """Return what a receive queue tells: the more entries of the table lead there, the less.

    Where packets without a hash go, or with a hash of 0, faults may say of many packets at once; there it tells no more
    than by how frequent it is. Elsewhere no more than by how frequent it is among wrong packets: a flow filter sends
    all of them to one queue.
    """
    device, queues = trial.device, trial.sample.reported.queues
    entries = np.bincount(np.asarray(device.indirection_table, np.int64), minlength=1)
    counts = np.where((queues >= 0) & (queues < len(entries)), entries[np.clip(queues, 0, len(entries) - 1)], 0)
    bits: Bits = -np.log2(np.maximum(counts / entries.sum(), 2.0**-_HASH_BITS))
    is_common = (queues == device.unclassified_queue) | (queues == device.indirection_table[0])
    weights = trial.sample.weights
    among_wrong = _frequency_bits(queues, weights * wrong)
    return np.minimum(bits, np.where(is_common, _frequency_bits(queues, weights), among_wrong))


def _rarity(chosen: Mask, weights: Bits, among: Mask) -> float:
    """Return the bits that a packet tells by being among those chosen."""
    total = weights[among].sum()
    return float(-np.log2(min(1.0, weights[chosen].sum() / total))) if total and chosen.any() else 0.0


def _frequency_bits(numbers: npt.NDArray[np.integer], weights: Bits) -> Bits:
    """Return what a number tells, by how frequent it is."""
    met, of_packets = np.unique(numbers, return_inverse=True)
    shares = np.bincount(of_packets.reshape(-1), weights * (numbers != NOT_REPORTED), minlength=len(met))
    total = max(shares.sum(), 1e-9)
    return np.asarray(-np.log2(np.clip(shares / total, 2.0**-_HASH_BITS, 1.0))[of_packets.reshape(-1)])
