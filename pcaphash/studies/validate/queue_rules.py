"""Find the rule by which a device chose receive queues, where it is not the one that was configured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.describer import entries_of

Values = npt.NDArray[np.uint32]
Queues = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float64]

_MOST_BITS = 16
_LEAST_EVIDENCE = 4  # hashes whose queue was already told by others, for a table to be believed
_MOST_EXCEPTIONS = 0.1  # of the packets, which filters may have steered elsewhere, for a rule to be believed


@dataclass(frozen=True, eq=False)
class QueueRule:
    """A rule that explains the receive queues reported.

    Parameters
    ----------
    name : str
        Short, for programs.
    words : str
        What the device does, to follow "the device".
    table : dict of int to int
        Of another indirection table, what is known: receive queue by entry.
    exceptions : int
        Packets of its kind, with a hash or without, that came elsewhere.
    of_unhashed : bool
        Whether it is for packets without a hash.
    """

    name: str
    words: str
    table: dict[int, int] | None = None
    exceptions: int = 0
    of_unhashed: bool = False


@dataclass(frozen=True, eq=False)
class QueueDiagnosis:
    """Why packets came to other receive queues than their hashes lead to.

    Parameters
    ----------
    rules : list of QueueRule
        For packets with a hash, each of which explains their queues, the likelier first; and for those without.
    packets : int
        Packets on a wrong receive queue.
    hash_values : int
        How many different hashes those with a hash have.
    hashed, unhashed : int
        How many have a hash, and how many have none.
    beyond : int
        Packets on a receive queue that the configured device does not have.
    """

    rules: list[QueueRule]
    packets: int
    hash_values: int
    hashed: int
    unhashed: int
    beyond: int

    @property
    def unexplained(self) -> int:
        """Packets on a wrong receive queue that no rule explains, or that came elsewhere than the rule says."""
        left = {False: self.hashed, True: self.unhashed} | {rule.of_unhashed: rule.exceptions for rule in self.rules}
        return sum(left.values())


def diagnose_queues(
    device: Device, hash_values: Values, hashed: Mask, queues: Queues, wrong: Mask, weights: Weights
) -> QueueDiagnosis:
    """Find rules that explain the receive queues of packets, but for a few that filters may have steered elsewhere.

    Parameters
    ----------
    device : Device
        The configured device.
    hash_values : uint32 array of shape (n,)
        The device's own hashes.
    hashed : bool array of shape (n,)
        Whether there is one.
    queues : int64 array of shape (n,)
        Receive queues reported.
    wrong : bool array of shape (n,)
        Whether that is not the one that is due.
    weights : float64 array of shape (n,)
        How many packets of the trace each stands for.
    """
    rules: list[QueueRule] = []
    if (wrong & hashed).any():
        rules += _rules_of_hashes(device, hash_values[hashed], queues[hashed], wrong[hashed], weights[hashed])
    if (wrong & ~hashed).any():
        rules += _rules_without(device, queues[~hashed], wrong[~hashed], weights[~hashed])
    return QueueDiagnosis(
        rules,
        round(float(weights[wrong].sum())),
        len(np.unique(hash_values[wrong & hashed])),
        round(float(weights[wrong & hashed].sum())),
        round(float(weights[wrong & ~hashed].sum())),
        round(float(weights[queues >= device.queues].sum())),
    )


def _rules_of_hashes(device: Device, values: Values, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Return the rules that all packets with a hash follow, else the one that most do."""
    found = []
    usual = _usual(queues, weights)
    one_queue = QueueRule("one-queue", f"gives every packet with a hash to receive queue {usual}")
    tried = [(one_queue, np.full(len(queues), usual)), *((rule, predict(values)) for rule, predict in _candidates(
        device, int(queues.max()) + 1))]  # fmt: skip
    for rule, predicted in tried:
        exceptions = _exceptions(predicted != queues, wrong, weights)
        if exceptions is not None:
            found.append(replace(rule, exceptions=exceptions))
    if not any(rule.exceptions == 0 for rule in found):
        found += _other_table(device, values, queues, wrong, weights)
    least = min((rule.exceptions for rule in found), default=0)
    return [rule for rule in found if rule.exceptions == least]


def _rules_without(device: Device, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Return the rule that packets without a hash follow."""
    usual = _usual(queues, weights)
    exceptions = _exceptions(queues != usual, wrong, weights)
    if exceptions is None:
        return []
    words = f"gives packets without a hash to receive queue {usual}, not to {device.unclassified_queue}"
    return [QueueRule("unclassified-queue", words, exceptions=exceptions, of_unhashed=True)]


def _usual(queues: Queues, weights: Weights) -> int:
    """Return the receive queue that most packets came to."""
    met, of_packets = np.unique(queues, return_inverse=True)
    return int(met[np.bincount(of_packets, weights).argmax()])


def _exceptions(differs: Mask, wrong: Mask, weights: Weights) -> int | None:
    """Return how many packets came elsewhere than a rule says; None where these are too many to believe it."""
    exceptions = float(weights[differs].sum())
    is_believed = exceptions <= _MOST_EXCEPTIONS * min(weights.sum(), weights[wrong].sum())
    return round(exceptions) if is_believed else None


def _masked(size: int, table: Queues) -> Callable[[Values], Queues]:
    """Return what indexes a table with the low bits of hashes."""
    return lambda values: table[values & np.uint32(size - 1)]


def _candidates(device: Device, n_met: int) -> Iterator[tuple[QueueRule, Callable[[Values], Queues]]]:
    """Yield rules that are seen in devices, each with what it makes of hashes; n_met receive queues are met."""
    table = np.asarray(device.indirection_table, np.int64)
    n_entries, n_queues = len(table), device.queues
    bits = int(n_entries).bit_length() - 1

    yield (
        QueueRule("modulo-queues", f"takes the hash modulo the number of receive queues, {n_queues}"),
        lambda values: values.astype(np.int64) % n_queues,
    )
    if n_entries == 1 << bits and bits:
        yield (
            QueueRule("high-bits", f"indexes the table with the highest {bits} bits of the hash"),
            lambda values: table[values >> np.uint32(32 - bits)],
        )
    yield (
        QueueRule("byte-swapped", "indexes the table with the hash in the opposite byte order"),
        lambda values: table[entries_of(values.byteswap(), device)],
    )
    yield (
        QueueRule("scaled", f"scales the hash to the number of receive queues, (hash * {n_queues}) >> 32"),
        lambda values: (values.astype(np.uint64) * np.uint64(n_queues) >> np.uint64(32)).astype(np.int64),
    )
    for size_bits in range(_MOST_BITS + 1):
        if 1 << size_bits < n_entries:
            yield (
                QueueRule(f"first-{1 << size_bits}", f"uses only {size_bits} bits of the hash, not {bits}"),
                _masked(1 << size_bits, table),
            )
    if n_met != n_queues and n_met <= n_entries:
        words = (
            f"has receive queues 0 to {n_met - 1} (--queues {n_met}), with entry i of its table leading to i % {n_met}"
        )
        yield QueueRule("other-queues", words), _masked(n_entries, np.arange(n_entries, dtype=np.int64) % n_met)
    for size_bits in range(_MOST_BITS + 1):
        size = 1 << size_bits
        if size > n_entries or not np.array_equal(table[:size], np.arange(size) % n_queues):
            words = f"has a table of {size:,} entries, with entry i leading to queue i % {n_queues}"
            yield (
                QueueRule(f"table-of-{size}", words),
                _masked(size, np.arange(size, dtype=np.int64) % n_queues),
            )


def _other_table(device: Device, values: Values, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Read another table of the same length off the packets: the receive queue that most of each entry came to."""
    entries = entries_of(values, device)
    met, of_packets = np.unique(queues, return_inverse=True)
    loads = np.zeros((len(device.indirection_table), len(met)), np.int64)
    np.add.at(loads, (entries, of_packets), 1)
    table = met[loads.argmax(axis=1)]
    exceptions = _exceptions(table[entries] != queues, wrong, weights)
    n_entries_met, n_values = len(np.unique(entries)), len(np.unique(values))  # packets of one flow tell nothing new
    if exceptions is None or n_values - n_entries_met < _LEAST_EVIDENCE:
        return []
    told = {entry: int(table[entry]) for entry in np.unique(entries).tolist()}
    others = [entry for entry, queue in told.items() if device.indirection_table[entry] != queue]
    words = f"has another indirection table: {len(others)} of the {len(told)} entries seen lead to other receive queues"
    if len(np.unique(values[np.isin(entries, others)])) == len(others):
        words += "; or flow filters (ntuple rules) steer these packets, since each entry was seen with only one hash"
    return [QueueRule("other-table", words, told, exceptions)]
