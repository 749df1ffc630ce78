"""Find the rule by which a device chose receive queues, where it is not the one that was configured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.describer import entries_of

Values = npt.NDArray[np.uint32]
Queues = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_MOST_BITS = 16
_LEAST_EVIDENCE = 4  # packets whose queue was already told by others, for a table to be believed


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
    """

    name: str
    words: str
    table: dict[int, int] | None = None


@dataclass(frozen=True, eq=False)
class QueueDiagnosis:
    """Why packets came to other receive queues than their hashes lead to.

    Parameters
    ----------
    rules : list of QueueRule
        Rules that explain all queues, the likelier first; of packets with a hash, and without.
    packets : int
        Packets on a wrong receive queue.
    hash_values : int
        How many different hashes those with a hash have.
    hashed, unhashed : int
        How many have a hash, and how many have none.
    """

    rules: list[QueueRule]
    packets: int
    hash_values: int
    hashed: int
    unhashed: int

    @property
    def is_explained(self) -> bool:
        """Whether a rule explains them all."""
        return bool(self.rules)


def diagnose_queues(
    device: Device, hash_values: Values, hashed: Mask, queues: Queues, wrong: Mask, weights: npt.NDArray[np.float64]
) -> QueueDiagnosis:
    """Find rules that explain the receive queues of packets.

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
        rules += _rules_of_hashes(device, hash_values[hashed], queues[hashed])
    without = queues[~hashed]
    if (wrong & ~hashed).any() and (without == without[0]).all():
        words = f"gives packets without a hash to receive queue {without[0]}, not to {device.unclassified_queue}"
        rules.append(QueueRule("unclassified-queue", words))
    return QueueDiagnosis(
        rules,
        round(float(weights[wrong].sum())),
        len(np.unique(hash_values[wrong & hashed])),
        round(float(weights[wrong & hashed].sum())),
        round(float(weights[wrong & ~hashed].sum())),
    )


def _rules_of_hashes(device: Device, values: Values, queues: Queues) -> list[QueueRule]:
    rules = [rule for rule, predict in _candidates(device) if np.array_equal(predict(values), queues)]
    if (queues == queues[0]).all():
        rules.insert(0, QueueRule("one-queue", f"gives every packet with a hash to receive queue {queues[0]}"))
    elif not rules and (other := _other_table(device, values, queues)):
        rules.append(other)
    return rules


def _masked(size: int, table: Queues) -> Callable[[Values], Queues]:
    """Return what indexes a table with the low bits of hashes."""
    return lambda values: table[values & np.uint32(size - 1)]


def _candidates(device: Device) -> Iterator[tuple[QueueRule, Callable[[Values], Queues]]]:
    """Yield rules that are seen in devices, each with what it makes of hashes."""
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
                QueueRule(f"first-{1 << size_bits}", f"uses the first {1 << size_bits} entries of the table alone"),
                _masked(1 << size_bits, table),
            )
    for size_bits in range(_MOST_BITS + 1):
        size = 1 << size_bits
        if size > n_entries or not np.array_equal(table[:size], np.arange(size) % n_queues):
            words = f"has a table of {size:,} entries, entry i leading to queue i % {n_queues}"
            yield (
                QueueRule(f"table-of-{size}", words),
                _masked(size, np.arange(size, dtype=np.int64) % n_queues),
            )


def _other_table(device: Device, values: Values, queues: Queues) -> QueueRule | None:
    """Read another table of the same length off the packets, if each entry leads to one receive queue only."""
    entries = entries_of(values, device)
    present, first, count = np.unique(entries, return_index=True, return_counts=True)
    told = dict(zip(present.tolist(), queues[first].tolist(), strict=True))
    known = np.full(len(device.indirection_table), -1, np.int64)
    known[present] = queues[first]
    if not np.array_equal(known[entries], queues) or int((count - 1).sum()) < _LEAST_EVIDENCE:
        return None
    own = device.indirection_table
    others = sum(own[entry] != queue for entry, queue in told.items())
    words = f"has another indirection table: {others} of the {len(told)} entries met lead to other receive queues"
    return QueueRule("other-table", words, told)
