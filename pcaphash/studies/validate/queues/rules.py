"""Find the rule by which a device chose receive queues, where it is not the one that was configured."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.describer import entries_of
from pcaphash.studies.validate.queues.rule import QueueRule, QueueRuleKind
from pcaphash.studies.validate.queues.steered import SteeredKinds
from pcaphash.studies.validate.search.evidence import LEVEL
from pcaphash.studies.validate.search.traits import Span

Values = npt.NDArray[np.uint32]
Queues = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float64]

_MOST_BITS = 16
_HASH_BITS, _BYTE_BITS = 32, 8
_N_RULES = 110  # that are tried, from the beginning or from the first wrong packet on
_LEAST_INDEPENDENT = 20  # hashes, for queues to be independent of them
_MOST_OF_A_QUEUE = 0.5  # of the hashes
_SIGMAS = 4.0
_MOST_EXCEPTIONS = 0.1  # of the packets, which filters may have steered elsewhere, for a rule to be believed
_CONSTANT_BITS = 1.0  # that a hash tells whose packets came to the one queue: a filter may match half of them


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
    matching : tuple of int, optional
        How many hashes lead to the queue that is expected, and how many hashes there are, if that is as many as chance
        gives though packets of one hash go to one queue.
    steered : list of SteeredKinds
        Where no rule is found: kinds of packets that came to one queue each.
    """

    rules: list[QueueRule]
    packets: int
    hash_values: int
    hashed: int
    unhashed: int
    beyond: int
    matching: tuple[int, int] | None = None
    steered: list[SteeredKinds] = field(default_factory=list)

    @property
    def is_independent(self) -> bool:
        """Whether queues have nothing to do with the hashes that are expected."""
        return self.matching is not None

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
        Whether that is not the one that is expected.
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


def diagnose_change(
    device: Device,
    hash_values: Values,
    hashed: Mask,
    queues: Queues,
    wrong: Mask,
    weights: Weights,
    span_from: Callable[[int], Span],
) -> QueueDiagnosis:
    """Find rules as ``diagnose_queues`` does, also such as hold only from the first wrong packet with a hash on.

    Parameters
    ----------
    device, hash_values, hashed, queues, wrong, weights
        As ``diagnose_queues`` takes them, in order of the trace.
    span_from : callable
        Makes the stretch of the trace from one of the packets on, of its position among them.
    """
    found = diagnose_queues(device, hash_values, hashed, queues, wrong, weights)
    changed = wrong & hashed
    if not changed.any() or any(not rule.of_unhashed for rule in found.rules):
        return found
    first = int(np.argmax(changed))
    later = hashed.copy()
    later[:first] = False
    rules = _rules_of_hashes(device, hash_values[later], queues[later], wrong[later], weights[later])
    before = hashed & ~later
    rules = [
        replace(rule, part=span_from(first))
        for rule in rules
        if rule.kind != QueueRuleKind.ONE_QUEUE
        or _tells_time(hash_values[before & (queues != rule.number)], hash_values[later])
    ]
    return replace(found, rules=[*rules, *found.rules])


def _rules_of_hashes(device: Device, values: Values, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Return the rules that all packets with a hash follow, else the one that most do."""
    found = []
    usual = _usual(queues, weights)
    one_queue = QueueRule(QueueRuleKind.ONE_QUEUE, usual)
    tried = [(one_queue, np.full(len(queues), usual)), *((rule, predict(values)) for rule, predict in _candidates(
        device, int(queues.max()) + 1))]  # fmt: skip
    for rule, predicted in tried:
        is_constant = rule.kind == QueueRuleKind.ONE_QUEUE
        exceptions = _exceptions(predicted != queues, wrong, weights, is_constant=is_constant)
        bits = _CONSTANT_BITS if is_constant else None
        if exceptions is not None and _tells(values, queues, predicted, bits):
            found.append(replace(rule, exceptions=exceptions))
    if not any(rule.exceptions == 0 for rule in found):
        found += _other_table(device, values, queues, wrong, weights)
    least = min((rule.exceptions for rule in found), default=0)
    return [rule for rule in found if rule.exceptions == least]


def _rules_without(device: Device, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Return the rule that packets without a hash follow."""
    usual = _usual(queues, weights)
    exceptions = _exceptions(queues != usual, wrong, weights, is_constant=True)
    each = np.arange(len(queues), dtype=np.uint32)  # nothing says which of them are alike
    bits = math.log2(max(device.queues, 2))  # filters are about flows: other packets have none
    if exceptions is None or not _tells(each, queues, np.full(len(queues), usual), bits):
        return []
    kinds = [QueueRuleKind.UNCLASSIFIED_QUEUE]
    if usual == device.indirection_table[0]:
        kinds.append(QueueRuleKind.FIRST_ENTRY)
    return [QueueRule(kind, usual, exceptions=exceptions) for kind in kinds]


def matching_by_chance(values: Values, queues: Queues, wrong: Mask) -> tuple[int, int] | None:
    """Return how many hashes lead to the queue that is expected, and how many there are, if chance gives as many.

    None where that is more than chance gives, where the hashes are too few to tell, and where packets of one hash went
    to several queues, so that no other hash is behind them.

    Parameters
    ----------
    values : uint32 array of shape (n,)
        Hashes that are expected.
    queues : int64 array of shape (n,)
        Receive queues reported.
    wrong : bool array of shape (n,)
        Whether that is not the one that is expected.
    """
    _, at, of_packets = np.unique(values, return_index=True, return_inverse=True)
    n = len(at)
    if n < _LEAST_INDEPENDENT or (queues[at][of_packets] != queues).any():
        return None
    matching = int(np.count_nonzero(~wrong[at]))
    most = (np.bincount(queues[at]) / n).max()  # of the hashes that chance brings to the expected queue
    is_by_chance = matching <= n * most + _SIGMAS * math.sqrt(n * most * (1 - most))
    return (matching, n) if is_by_chance and most <= _MOST_OF_A_QUEUE else None


def _usual(queues: Queues, weights: Weights) -> int:
    """Return the receive queue that most packets came to."""
    met, of_packets = np.unique(queues, return_inverse=True)
    return int(met[np.bincount(of_packets, weights).argmax()])


def _exceptions(differs: Mask, wrong: Mask, weights: Weights, *, is_constant: bool = False) -> int | None:
    """Return how many packets came elsewhere than a rule says; None where these are too many to believe it.

    That all go to one queue is contradicted by each that came to its own, elsewhere: a filter leaves it there.
    """
    if is_constant and (differs & ~wrong).any():
        return None
    exceptions = float(weights[differs].sum())
    is_believed = exceptions <= _MOST_EXCEPTIONS * min(weights.sum(), weights[wrong].sum())
    return round(exceptions) if is_believed else None


def _tells(values: Values, queues: Queues, predicted: Queues, each_tells: float | None, n_free: int = 0) -> bool:
    """Tell whether chance hardly makes so many hashes lead to the receive queues that a rule says.

    Packets of one hash count once, and tell so many bits; None: a queue is as likely as it is frequent. ``n_free`` of
    the hashes tell nothing because the rule is made of them.
    """
    _, at = np.unique(values, return_index=True)
    of_packets = np.unique(queues[at], return_inverse=True)[1]
    shares = np.bincount(of_packets.reshape(-1)) / len(at)
    bits = -np.log2(shares)[of_packets.reshape(-1)] if each_tells is None else each_tells
    fits = predicted[at] == queues[at]
    n, n_wrong = len(at), int(np.count_nonzero(~fits))
    choices = (math.lgamma(n + 1) - math.lgamma(n_wrong + 1) - math.lgamma(n - n_wrong + 1)) / math.log(2)
    told = float(np.where(fits, bits, 0.0).sum()) * max(1 - n_free / max(n - n_wrong, 1), 0.0)
    return told - choices >= math.log2(_N_RULES / LEVEL)


def _tells_time(before: Values, later: Values) -> bool:
    """Tell whether chance hardly brings packets that a filter does not meet before all that it meets."""
    n_before, n_later = len(np.unique(before)), len(np.unique(later))
    orders = math.lgamma(n_before + n_later + 1) - math.lgamma(n_before + 1) - math.lgamma(n_later + 1)
    return orders / math.log(2) >= math.log2(_N_RULES / LEVEL)


def _masked(size: int, table: Queues) -> Callable[[Values], Queues]:
    """Return what indexes a table with the low bits of hashes."""
    return lambda values: table[values & np.uint32(size - 1)]


def _modulo(n: int) -> Callable[[Values], Queues]:
    return lambda values: values.astype(np.int64) % n


def _shifted(shift: int, table: Queues) -> Callable[[Values], Queues]:
    """Return what indexes a table with the bits of hashes from one on."""
    return lambda values: table[values >> np.uint32(shift) & np.uint32(len(table) - 1)]


def _candidates(device: Device, n_met: int) -> Iterator[tuple[QueueRule, Callable[[Values], Queues]]]:
    """Yield rules that are seen in devices, each with what it makes of hashes; n_met receive queues are met."""
    table = np.asarray(device.indirection_table, np.int64)
    n_entries, n_queues = len(table), device.queues
    bits = int(n_entries).bit_length() - 1

    for n in dict.fromkeys((n_queues, n_met)):
        yield QueueRule(QueueRuleKind.MODULO_QUEUES, n), _modulo(n)
    if n_entries == 1 << bits and bits:
        yield (
            QueueRule(QueueRuleKind.HIGH_BITS, bits),
            lambda values: table[values >> np.uint32(32 - bits)],
        )
        for shift in range(1, _HASH_BITS - bits):
            if shift != _HASH_BITS - _BYTE_BITS or bits > _BYTE_BITS:  # else these are the bits of BYTE_SWAPPED
                yield QueueRule(QueueRuleKind.INDEX_BITS, shift), _shifted(shift, table)
        yield (
            QueueRule(QueueRuleKind.FOLDED),
            lambda values: table[(values ^ values >> np.uint32(16)) & np.uint32(n_entries - 1)],
        )
    yield (
        QueueRule(QueueRuleKind.BYTE_SWAPPED),
        lambda values: table[entries_of(values.byteswap(), device)],
    )
    yield (
        QueueRule(QueueRuleKind.SCALED, n_queues),
        lambda values: (values.astype(np.uint64) * np.uint64(n_queues) >> np.uint64(32)).astype(np.int64),
    )
    sizes = [1 << size_bits for size_bits in range(_MOST_BITS + 1)]
    for size in sizes:
        if size < n_entries:
            yield QueueRule(QueueRuleKind.FIRST, size), _masked(size, table)
    if n_met != n_queues and n_met <= n_entries:
        yield QueueRule(QueueRuleKind.OTHER_QUEUES, n_met), _masked(n_entries, np.arange(n_entries) % n_met)
    for size in sizes:
        if size > n_entries or not np.array_equal(table[:size], np.arange(size) % n_queues):
            yield QueueRule(QueueRuleKind.TABLE_OF, size), _masked(size, np.arange(size) % n_queues)


def _other_table(device: Device, values: Values, queues: Queues, wrong: Mask, weights: Weights) -> list[QueueRule]:
    """Read another table of the same length off the packets: the receive queue that most of each entry came to."""
    entries = entries_of(values, device)
    met, of_packets = np.unique(queues, return_inverse=True)
    loads = np.zeros((len(device.indirection_table), len(met)), np.int64)
    np.add.at(loads, (entries, of_packets), 1)
    table = met[loads.argmax(axis=1)]
    exceptions = _exceptions(table[entries] != queues, wrong, weights)
    n_entries_met = len(np.unique(entries))
    if exceptions is None or not _tells(values, queues, table[entries], None, n_entries_met):
        return []
    told = {entry: int(table[entry]) for entry in np.unique(entries).tolist()}
    others = [entry for entry, queue in told.items() if device.indirection_table[entry] != queue]
    rule = QueueRule(
        QueueRuleKind.OTHER_TABLE,
        table=told,
        entries_elsewhere=len(others),
        is_one_hash_each=len(np.unique(values[np.isin(entries, others)])) == len(others),
        exceptions=exceptions,
    )
    return [rule]
