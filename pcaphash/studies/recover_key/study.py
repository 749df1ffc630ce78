"""Recover a key: collect what hash inputs and reported hashes say, under several assumptions about what is hashed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace, can_be_read_again
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.source import NOT_REPORTED, Reported, ReportedSource
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.device.hash_types import ADDRESS_HASH_TYPES
from pcaphash.engine.census.describer import Describer, Descriptions
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.request import Asked, Batch, Counter, Partial
from pcaphash.engine.running.run import answer, check_left
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import Command, ConfigurationError, Field
from pcaphash.kernels.toeplitz import WORDS
from pcaphash.standards import virtio
from pcaphash.studies.recover_key.agreement import Packets
from pcaphash.studies.recover_key.evidence import KeyEvidence
from pcaphash.studies.recover_key.queues import QueueSums, find_queue_sums
from pcaphash.studies.recover_key.result import Assumption, Fit, Recovery, ValueOrder
from pcaphash.studies.recover_key.solution import Solution
from pcaphash.studies.shared.asking import inputs_of, only_trace
from pcaphash.studies.shared.linear.basis import Words
from pcaphash.studies.validate.log.order import arrange_by_contents
from pcaphash.studies.validate.verdicts import Expectations

_MOST_KEPT = 4096  # packets without a reported hash that are looked at


class _Trial:
    """One assumption about what is hashed, and what the packets say under it."""

    def __init__(self, assumption: Assumption, device: Device, report_numbers: frozenset[int] | None) -> None:
        self.assumption = assumption
        self._report_numbers = report_numbers
        self.device = device
        self.queue_sums = find_queue_sums(device)
        self._hashes = KeyEvidence.of_hashes()
        self._queues = None if self.queue_sums is None else KeyEvidence.of_queues(self.queue_sums)
        self._describer, self._expected = Describer(device), Expectations(device)
        self.n_of_other_types = 0

    def evidence(self, *, by_queue: bool) -> KeyEvidence:
        """Return what hashes say, or receive queues; the former if queues say nothing."""
        return self._queues if by_queue and self._queues is not None else self._hashes

    def add(self, block: Block, numbers: npt.NDArray[np.int64], reported: Reported, *, by_queue: bool) -> None:
        """Take in the packets of a block, by their hashes, and by their receive queues if there is no hash so far."""
        found = self._describer.describe(block)
        self._expected.learn(self._describer.decisions)
        words = input_words(found)
        if by_queue and self._queues is not None:
            has_queue = reported.queues != NOT_REPORTED
            says = found.hashed & has_queue
            self._queues.keep_unreported(words[found.hashed & ~has_queue])
            self._queues.add_queues(numbers[says], words[says], reported.queues[says])
        says = reported.has_hash & found.hashed & (reported.hash_reports != 0)
        reports = self._expected.reports[found.signatures]
        of_type = (reported.hash_reports == NOT_REPORTED) | (reported.hash_reports == reports)
        self.n_of_other_types += int(np.count_nonzero(says & ~of_type))
        says &= of_type
        if self._report_numbers is not None:
            says &= np.isin(reports, list(self._report_numbers))
        self._hashes.keep_unreported(words[found.hashed & ~reported.has_hash])
        self._hashes.add_hashes(Packets(numbers[says], words[says], reported.hash_values[says]))

    def fit(self, *, by_queue: bool) -> Fit:
        """Find out how well the assumption goes with what was reported."""
        found = self.evidence(by_queue=by_queue).conclude()
        return Fit(
            self.assumption, self.device, found.packets, found.rank, found.contradictions, found.solution,
            found.value_order, found.contradicting, found.holding, found.tried,
        )  # fmt: skip


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
        self.queues: set[int] = set()
        """Receive queues that packets came to, as long as none has a reported hash."""
        self.notes: list[Note] = []
        """What is to be known of the reported hashes."""
        self._source = source

    def source_of(self, part: Part, watched: Watched) -> ReportedSource:
        """Return what says which hashes were reported."""
        return self._source

    def append(self, batch: Batch) -> None:
        """Follow the assumptions that are not lost."""
        assert batch.reported is not None, "the source says what was reported"
        self.n_reported += int(batch.reported.has_hash.sum())
        by_queue = not self.n_reported
        if by_queue:
            self.queues |= set(np.unique(batch.reported.queues).tolist()) - {NOT_REPORTED}
        for trial in self.trials:
            if not trial.evidence(by_queue=by_queue).is_lost:
                trial.add(batch.block, batch.numbers, batch.reported, by_queue=by_queue)

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
        PacketLostError
            Damage left no packet.
        ConfigurationError
            Nothing that is reported says anything of the key.
        """
        counter, reading = partial.counter, partial.reading
        check_left(reading)
        if not reading.packets and not reading.is_partial:
            raise ConfigurationError(reading.traces[0], "there are no packets", "give a trace with packets")
        by_queue = not counter.n_reported
        queue_sums = counter.trials[0].queue_sums
        if by_queue:
            _check_queues(reading.traces[0], counter.queues, queue_sums)
        fits = [trial.fit(by_queue=by_queue) for trial in counter.trials]
        found = Recovery(reading, fits, None, notes=counter.notes, queue_sums=queue_sums if by_queue else None)
        return _conclude(found, counter.trials)


def _check_queues(trace: str, queues: set[int], queue_sums: QueueSums | None) -> None:
    """Refuse what says nothing of a key: neither hashes nor receive queues, or queues that say nothing of the hash."""
    where = f"say where they are: {Field('reported', 'FILE')}, {Field('header_len')}"
    if not queues:
        raise ConfigurationError(trace, "no packet has a reported hash, or a receive queue", where)
    if len(queues) == 1:
        problem = f"no packet has a reported hash, and all came to receive queue {min(queues)}, which says nothing"
        raise ConfigurationError(trace, problem, where)
    if queue_sums is None or not queue_sums.masks:
        problem = (
            "no packet has a reported hash, and with this indirection table no receive queue tells a bit of the hash, "
            "or a sum of bits"
        )
        advice = (
            f"capture with queue i at entry i of the table, or use {Field('key_shifts')}; {Command('validate')} says "
            "whether a key gives these queues"
        )
        raise ConfigurationError(trace, problem, advice)


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
    """Recover the hash key of a device from the hashes that it reported, or from the receive queues.

    Receive queues count if no packet has a reported hash: with the device's indirection table they tell bits of it.

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
        Nothing that is reported says anything of the key.
    """
    (read_from,) = inputs_of(trace)
    request = RecoveryRequest((device or Device(),), selection, source or PacketOptions(), report_numbers)
    with only_trace():
        found = answer(request, [read_from], watch, jobs)
        if found.best or not isinstance(source, TestpmdLog) or not source.lines.several_queues:
            return found
        watched = Watched([read_from], watch)
        if not can_be_read_again(read_from) or not arrange_by_contents(source, read_from, request.devices[0], watched):
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
    evidence = trial.evidence(by_queue=found.queue_sums is not None)
    of_hash = 0xFFFFFFFF if found.queue_sums is None else found.queue_sums.needed
    _, determined = best.solution.predict(evidence.unreported, of_hash)
    return replace(
        found,
        best=best,
        known_key=_known_key(best.solution),
        unreported=evidence.n_unreported,
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
