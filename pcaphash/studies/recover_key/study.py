"""Recover a key: collect what hash inputs and reported hashes say, under several assumptions about what is hashed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.source import NOT_REPORTED, Reported, ReportedSource
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.device.hash_types import ADDRESS_HASH_TYPES
from pcaphash.engine.describer import Describer, Descriptions
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Batch, Counter, Partial
from pcaphash.engine.run import answer
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.kernels.toeplitz import WORDS
from pcaphash.standards import virtio
from pcaphash.studies.asking import inputs_of, only_trace
from pcaphash.studies.basis import Basis, Words
from pcaphash.studies.recover_key.agreement import Agreement, Packets
from pcaphash.studies.recover_key.result import Assumption, Fit, Recovery, ValueOrder
from pcaphash.studies.recover_key.solution import Solution, solve, solve_most
from pcaphash.studies.validate.log_order import arrange_by_contents, can_be_read_twice
from pcaphash.studies.validate.verdicts import Expectations

VALUE_ORDERS = {
    ValueOrder.AS_REPORTED: {bit: bit for bit in range(32)},
    ValueOrder.BYTES_REVERSED: {bit: 8 * (3 - bit // 8) + bit % 8 for bit in range(32)},
    ValueOrder.BITS_REVERSED: {bit: 31 - bit for bit in range(32)},
    ValueOrder.HALVES_SWAPPED: {bit: (bit + 16) % 32 for bit in range(32)},
}
"""Of each bit of a hash, counted from the most significant, which bit of the reported value it is."""

_MOST_KEPT = 4096  # packets without a reported hash that are looked at
_MOST_WRONG = 20  # one in so many packets may contradict the others
_LOST = 4096  # contradictions, at least, before an assumption is given up
_MOST_SOLVED = 400  # packets among which wrong ones are looked for by solving for the key
_ATTEMPTS = 4
_SEED = 1
_SHOWN = 10


class _Trial:
    """One assumption about what is hashed, and what the packets say under it."""

    def __init__(self, assumption: Assumption, device: Device, report_numbers: frozenset[int] | None) -> None:
        self.assumption = assumption
        self._report_numbers = report_numbers
        self.device = device
        self._agreement = Agreement()
        self._describer, self._expected = Describer(device), Expectations(device)
        self._unreported: list[Words] = []
        self.n_unreported = 0
        self.n_of_other_types = 0

    @property
    def is_lost(self) -> bool:
        """Whether so much contradicts that the assumption need not be followed any further."""
        return self._agreement.contradictions > max(_LOST, self._agreement.inputs // _MOST_WRONG)

    def add(self, block: Block, numbers: npt.NDArray[np.int64], reported: Reported) -> None:
        """Take in the packets of a block."""
        found = self._describer.describe(block)
        self._expected.learn(self._describer.decisions)
        says = reported.has_hash & found.hashed & (reported.hash_reports != 0)
        reports = self._expected.reports[found.signatures]
        of_type = (reported.hash_reports == NOT_REPORTED) | (reported.hash_reports == reports)
        self.n_of_other_types += int(np.count_nonzero(says & ~of_type))
        says &= of_type
        if self._report_numbers is not None:
            says &= np.isin(reports, list(self._report_numbers))
        words = input_words(found)
        self._keep_unreported(words[found.hashed & ~reported.has_hash])
        self._agreement.add(Packets(numbers[says], words[says], reported.hash_values[says]))

    def _keep_unreported(self, words: Words) -> None:
        self.n_unreported += len(words)
        room = _MOST_KEPT - sum(map(len, self._unreported))
        if room > 0 and len(words):
            self._unreported.append(words[:room])

    @property
    def unreported(self) -> Words:
        """Hash inputs of packets without a reported hash, those that were kept."""
        return np.concatenate([np.empty((0, WORDS), np.uint32), *self._unreported])

    def fit(self) -> Fit:
        """Find out how well the assumption goes with what was reported."""
        agreement = self._agreement
        agreement.improve()
        solution: Solution | None = None
        order: ValueOrder | None = None
        if agreement.contradictions * _MOST_WRONG <= agreement.inputs:
            solution, order = _solve(agreement.basis)
            if solution is None and (wrong := _wrong(agreement.witnesses)) is not None:
                agreement = agreement.without(wrong)
                solution, order = _solve(agreement.basis)
        return Fit(
            self.assumption, self.device, agreement.inputs, agreement.basis.rank, agreement.contradictions, solution,
            order, agreement.first_contradicting(_SHOWN),
        )  # fmt: skip


_READINGS = [(has_initial, order) for has_initial in (False, True) for order in VALUE_ORDERS]


def _solve(basis: Basis) -> tuple[Solution | None, ValueOrder | None]:
    """Solve for a key in each order of the hash's bits, with an initial value of 0 first, then with an unknown one."""
    for has_initial, order in _READINGS:
        if solution := solve(basis, VALUE_ORDERS[order], has_initial):
            return solution, order
    return None, None


def _wrong(packets: Packets) -> npt.NDArray[np.int64] | None:
    """Return the numbers of packets without which a key gives all hashes; None where there are none.

    Of inputs none of which is a sum of others, any hashes could be right, but not with one key: an input of n bits
    asks for n + 31 bits of it, and says 32.
    """
    random = np.random.default_rng(_SEED)
    orders = [random.permutation(len(packets))[:_MOST_SOLVED] for _ in range(_ATTEMPTS)]
    for has_initial, value_order in _READINGS:
        for order in orders:
            chosen = packets.take(order)
            equations = [
                (int.from_bytes(words.astype(">u4").tobytes(), "big"), 1, int(value))
                for words, value in zip(chosen.words, chosen.values, strict=True)
            ]
            solution, wrong = solve_most(equations, VALUE_ORDERS[value_order], has_initial, len(order) // _MOST_WRONG)
            if solution:
                return np.sort(chosen.numbers[wrong])
    return None


def input_words(found: Descriptions) -> Words:
    """Return the hash inputs of packets in words, zeros behind their end."""
    words = found.inputs.view(">u4").astype(np.uint32)
    words[np.arange(WORDS) * 4 >= found.lengths[:, None]] = 0
    return words


def _list_trials(device: Device, report_numbers: frozenset[int] | None) -> Iterator[_Trial]:
    """Yield what may be hashed, what the device is configured for first."""
    seen = []
    tunnels = device.profile.all_hash_types & ~virtio.BASE_HASH_TYPES_MASK
    inner = {"features": device.features | {"HASH_TUNNEL"}, "tunnel_types": device.profile.all_tunnel_types}
    for assumption, changes in (
        (Assumption.AS_CONFIGURED, {}),
        (Assumption.INNER_PORTS, {"hash_types": virtio.BASE_HASH_TYPES_MASK | tunnels, **inner}),
        (Assumption.OUTER_PORTS, {"hash_types": virtio.BASE_HASH_TYPES_MASK, "tunnel_types": 0}),
        (Assumption.INNER_ADDRESSES, {"hash_types": ADDRESS_HASH_TYPES | tunnels, **inner}),
        (Assumption.OUTER_ADDRESSES, {"hash_types": ADDRESS_HASH_TYPES, "tunnel_types": 0}),
    ):
        try:
            changed = replace(device, **changes)
        except ConfigurationError:
            continue  # no such device can be, such as QEMU's with HASH_TUNNEL
        if changed not in seen:
            seen.append(changed)
            yield _Trial(assumption, changed, report_numbers)


class Trials(Counter):
    """Follows every assumption about what is hashed; which packets contradict is a question of those before them.

    Parameters
    ----------
    device : Device
        As far as it is known.
    source : ReportedSource
        Where reported hashes come from.
    report_numbers : frozenset of int, optional
        As ``RecoveryRequest`` has them.
    """

    def __init__(self, device: Device, source: ReportedSource, report_numbers: frozenset[int] | None) -> None:
        self.trials = list(_list_trials(device, report_numbers))
        self.n_reported = 0
        """Packets with a reported hash."""
        self.notes: list[Note] = []
        """What is to be known of the reported hashes."""
        self._source = source

    def source_of(self, part: Part) -> ReportedSource:
        """Return what says which hashes were reported."""
        return self._source

    def append(self, batch: Batch) -> None:
        """Follow the assumptions that are not lost."""
        assert batch.reported is not None, "the source says what was reported"
        self.n_reported += int(batch.reported.has_hash.sum())
        for trial in self.trials:
            if not trial.is_lost:
                trial.add(batch.block, batch.numbers, batch.reported)

    def note(self, part: Part, notes: Sequence[Note]) -> None:
        """Take note of what is to be known of the reported hashes."""
        self.notes += notes


@dataclass(frozen=True)
class RecoveryRequest(Asked):
    """Which hash key a device has, from the hashes that it reported of the packets of one trace.

    Parameters
    ----------
    source : ReportedSource
        Where reported hashes come from; it can be read once. Default: the options of pcapng's packet blocks.
    report_numbers : frozenset of int, optional
        Look only at packets that get a hash of these types: the values of others are not the device's.
    """

    source: ReportedSource = field(default_factory=PacketOptions)
    report_numbers: frozenset[int] | None = None

    @property
    def needs_order(self) -> bool:
        """Whether it cannot run in parts: which packets contradict is a question of those before them."""
        return True

    def begin(self) -> Trials:
        """Return trials of all assumptions."""
        return Trials(self.devices[0], self.source, self.report_numbers)

    def finish(self, partial: Partial[Trials]) -> Recovery:
        """Choose the assumption that fits best, and say what it says of the key.

        Raises
        ------
        ConfigurationError
            No packet has a reported hash.
        """
        counter, reading = partial.counter, partial.reading
        if not counter.n_reported:
            problem, advice = (
                "no packet has a reported hash",
                f"say where they are: {Field('reported', 'FILE')}, {Field('header_len')}",
            )
            raise ConfigurationError(reading.traces[0], problem, advice)
        fits = [trial.fit() for trial in counter.trials]
        return _conclude(Recovery(reading, fits, None, notes=counter.notes), counter.trials)


def recover_key(
    trace: Trace,
    device: Device | None = None,
    source: ReportedSource | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    report_numbers: frozenset[int] | None = None,
    jobs: int | None = None,
) -> Recovery:
    """Recover the hash key of a device from the hashes that it reported.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input.
    device : Device, optional
        The configured device, as far as it is known; its key is not looked at. Other headers and types are tried too.
    source : ReportedSource, optional
        Where reported hashes come from. Default: the options of pcapng's packet blocks.
    selection : Selection
        Which packets to look at.
    watch : callable, optional
        Called now and then with the progress.
    report_numbers : frozenset of int, optional
        Look only at packets that get a hash of these types: the values of others are not the device's.
    jobs : int, optional
        If it is more than 1, another thread reads ahead; the result does not depend on that. Default: as many as there
        are cores.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet has a reported hash.
    """
    (read_from,) = inputs_of(trace)
    request = RecoveryRequest((device or Device(),), selection, source or PacketOptions(), report_numbers)
    with only_trace():
        found = answer(request, [read_from], watch, jobs)
        if found.best or not isinstance(source, TestpmdLog) or not source.lines.several_queues:
            return found
        name = read_from.name
        if not can_be_read_twice(name) or not arrange_by_contents(source, name, request.devices[0]):
            return replace(found, is_order_known=False)
        return answer(request, [read_from], watch, jobs)


def _conclude(found: Recovery, trials: list[_Trial]) -> Recovery:
    """Choose what fits best: of what chance is ruled out for, that for which most equations hold besides.

    Where there are too few packets for that, what is configured is taken if it fits, and nothing else.
    """
    fitting = [i for i, fit in enumerate(found.fits) if fit.packets and fit.is_confirmed]
    if not fitting and _is_as_expected(found.fits[0]):
        fitting = [0]
    if not fitting:
        return found
    chosen = max(fitting, key=lambda i: (found.fits[i].evidence, -i))
    best, trial = found.fits[chosen], trials[chosen]
    assert best.solution is not None
    _, determined = best.solution.predict(trial.unreported)
    return replace(
        found,
        best=best,
        known_key=_known_key(best.solution),
        unreported=trial.n_unreported,
        predictable=int(determined.sum()),
        looked_at=len(determined),
        of_other_types=trial.n_of_other_types,
    )


def _is_as_expected(fit: Fit) -> bool:
    """Tell whether some key fits without any other oddity."""
    if fit.solution is None or not fit.packets:
        return False
    return not fit.solution.has_initial and fit.value_order == ValueOrder.AS_REPORTED and not fit.contradictions


def _known_key(solution: Solution) -> str:
    """Name the key if it is a known one, as far as its bits are determined; else empty."""
    mask = int.from_bytes(solution.key_mask, "big")
    mine = int.from_bytes(solution.hash_key, "big") & mask
    for name, key in NAMED_KEYS.items():
        if mask.bit_count() >= 32 and int.from_bytes(key[:40].ljust(40, b"\0"), "big") & mask == mine:
            return name
    return ""
