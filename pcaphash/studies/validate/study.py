"""Validate what a device reported: read it, judge it packet by packet, and find the causes of what is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pcaphash.capture.input import Input, Readable, Trace
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.source import ReportedSource
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.device.device import Device
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.request import Asked, Batch, Counter, Partial
from pcaphash.engine.running.run import answer, batches
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.shared.asking import inputs_of
from pcaphash.studies.validate.conclusion import conclude
from pcaphash.studies.validate.counting import JudgedCounts
from pcaphash.studies.validate.deciding import Decider, Described, FewerFaults
from pcaphash.studies.validate.examples import example_of
from pcaphash.studies.validate.log.order import arrange_log
from pcaphash.studies.validate.result import Example, TraceNote, Validation
from pcaphash.studies.validate.rows import rows_of
from pcaphash.studies.validate.sample import Sample, Sampler
from pcaphash.studies.validate.search.blank import find_blank
from pcaphash.studies.validate.search.displacement import Displacement
from pcaphash.studies.validate.verdicts import WRONG_QUEUE, Expectations, Judgement, Leniency, TunnelNaming, judge

if TYPE_CHECKING:
    import pandas as pd


class JudgedPackets(Counter):
    """Judges packets while they pass by, and keeps what says why some are wrong; it needs them in order.

    Parameters
    ----------
    device : Device
        The configured device.
    sources : sequence of ReportedSource
        As ``ValidationRequest`` has them.
    leniency : Leniency
        Which differences count as right.
    """

    def __init__(self, device: Device, sources: Sequence[ReportedSource], leniency: Leniency) -> None:
        self.counts, self.sampler, self.displacement = JudgedCounts(), Sampler(), Displacement()
        self.notes: list[tuple[int, Note]] = []
        """What is to be known of the reported values, and of which trace."""
        self.ready: list[tuple[Described, Judgement]] = []
        """The packets that were judged last."""
        self.describer = Describer(device)
        self._sources = sources
        self._expected = Expectations(device)
        self.decider = Decider(
            self._expected,
            leniency,
            decides_order=not sources or any(isinstance(source, PacketOptions) for source in sources),
            decides_naming=not leniency.extended_types and device.spec == "v7",
        )
        self._before = 0
        self._first_numbers: list[tuple[int, int, str]] = []

    def source_of(self, part: Part, watched: Watched) -> ReportedSource:
        """Return what says what was reported of a trace; bring a log into its order."""
        source = self._sources[part.number] if self._sources else PacketOptions()
        if isinstance(source, TestpmdLog):
            arrange_log(source, part.input, self.describer.device, self.decider.leniency, watched)
        return source

    def open(self, part: Part, trace: Readable) -> None:
        """Take note of the first packet of a trace; those of all traces are numbered on."""
        self._first_numbers.append((self._before + 1, part.number, part.input.name))

    def prepare(self, batch: Batch) -> Batch:
        """Describe packets."""
        return replace(batch, found=self.describer.describe(batch.block))

    def append(self, batch: Batch) -> None:
        """Judge the packets of which it is known by now how to read what was reported."""
        self._expected.learn(self.describer.decisions)
        assert batch.found is not None, "it was prepared"
        assert batch.reported is not None, "the source says what was reported"
        described = Described(batch.block, batch.numbers + self._before, batch.found, batch.reported)
        self._judge(self.decider.take(described))

    def close(self, part: Part, trace: Readable, packets: int) -> None:
        """Count the packets of a trace."""
        self._before += packets

    def note(self, part: Part, notes: Sequence[Note]) -> None:
        """Take note of what is to be known of the reported values."""
        self.notes += [(part.number, note) for note in notes]

    def judge_rest(self) -> None:
        """Judge the packets that waited for others to decide."""
        self._judge(self.decider.finish())

    def rows(self) -> "Iterator[pd.DataFrame]":
        """Yield a row for each packet that was judged last (``columns.PACKETS``)."""
        for part, judgement in self.ready:
            trace, first = self.place(int(part.numbers[0]))
            yield rows_of(part.numbers - first + 1, part.found, part.reported, judgement, self.describer, trace)

    def place(self, number: int) -> tuple[str, int]:
        """Return the trace that a packet is in, and the number of the first packet there."""
        first, _, trace = max(each for each in self._first_numbers if each[0] <= number)
        return trace, first

    def _judge(self, parts: Sequence[Described]) -> None:
        self.ready = []
        for part in parts:
            judgement = judge(part.found, part.reported, self._expected, self.decider.leniency)
            self.counts.append(part.found, part.reported, judgement)
            self.sampler.append(part.block, part.numbers, part.found, part.reported, judgement)
            self.displacement.append(part.numbers, part.found, part.reported, judgement)
            self.ready.append((part, judgement))


@dataclass(frozen=True)
class ValidationRequest(Asked):
    """What a device reported, compared with what the spec requires.

    Parameters
    ----------
    sources : tuple of ReportedSource
        Where reported values come from, one for each trace; they can be read once. Default: the options of pcapng's
        packet blocks.
    lenient : bool
        Whether to take an extended type and its plain one as the same, and whatever hash_report_tunnel may name for
        each packet; otherwise it must name the same for the whole trace.
    report_numbers : frozenset of int, optional
        Judge only packets that get a hash of these types: the values of others are not the device's.
    """

    sources: tuple[ReportedSource, ...] = ()
    lenient: bool = False
    report_numbers: frozenset[int] | None = None

    @property
    def needs_order(self) -> bool:
        """Whether it cannot run in parts: the first packets decide how the others are read (``deciding.Decider``)."""
        return True

    def begin(self) -> JudgedPackets:
        """Return a judge of no packets."""
        namings = frozenset(TunnelNaming if self.lenient else {TunnelNaming.INNER_HASHED})
        return JudgedPackets(self.devices[0], self.sources, Leniency(self.lenient, namings, self.report_numbers))

    def finish(self, partial: Partial[JudgedPackets]) -> Validation:
        """Say what was found; find the causes of what is wrong.

        Raises
        ------
        ConfigurationError
            Nothing was reported of any packet.
        """
        reading, judged = partial.reading, partial.counter
        judged.judge_rest()
        judged.displacement.finish()
        counts = judged.counts
        if reading.selected and not any(counts.reported.values()):
            raise ConfigurationError(
                reading.traces[0],
                "no packet has a reported hash or queue",
                f"say where they are: {Field('reported', 'FILE')}, {Field('header_len')}, {Field('per_queue')} or "
                f"{Field('testpmd')}",
            )
        is_of_several = len(reading.names.keys() | reading.problems_of.keys()) > 1
        notes = [TraceNote(reading.names[number,] if is_of_several else "", note) for number, note in judged.notes]
        found = Validation(
            self.devices[0], reading, counts.verdicts, counts.faults, counts.not_compared, counts.reported,
            judged.decider.decisions, notes, compared_hashes=counts.compared, right_hashes=counts.right,
            by_queue_alone=counts.by_queue_alone,
        )  # fmt: skip
        if (counts.by_queue_alone or judged.sampler.has_silent) and counts.reported["hash_value"]:
            every = judged.sampler.sample(with_silent=True)
            blank = None if every is None else find_blank(found.device, every, judged.decider.leniency)
            found = replace(found, blank=blank)
        sample = judged.sampler.sample()
        if sample is None or not found.mismatches:
            return found
        return _diagnosed(found, sample, judged, is_of_several=is_of_several)


def _diagnosed(found: Validation, sample: Sample, judged: JudgedPackets, *, is_of_several: bool) -> Validation:
    """Find the causes of what is wrong."""
    decider = judged.decider
    causes = conclude(found.device, sample, decider.leniency, judged.displacement, is_order_open=decider.is_order_open)
    diagnosis, sample = causes.diagnosis, causes.sample
    positions = [] if diagnosis is None else diagnosis.positions
    positions += np.flatnonzero(sample.faults & WRONG_QUEUE)[:1].tolist()
    rules = [] if causes.queue_diagnosis is None else causes.queue_diagnosis.rules
    positions += [rule.part.first for rule in rules if rule.part is not None and rule.part.first is not None]

    def example(position: int) -> Example:
        one = sample.take(np.array([position]))
        number = int(one.numbers[0])
        trace, first = judged.place(number)
        return example_of(one, Describer(found.device), trace if is_of_several else "", number - first + 1)

    return replace(
        found,
        decisions=[*found.decisions, FewerFaults()] if causes.is_turned else found.decisions,
        diagnosis=diagnosis,
        queue_diagnosis=causes.queue_diagnosis,
        steering=causes.steering,
        examples={position: example(position) for position in positions},
        is_whole=sample.is_whole,
    )


def stream_verdicts(
    request: ValidationRequest,
    partial: Partial[JudgedPackets],
    inputs: Sequence[Input],
    watch: Watch | None = None,
    jobs: int | None = None,
) -> "Iterator[pd.DataFrame]":
    """Judge all packets; yield a row for each, batch by batch, so that memory stays flat.

    Parameters
    ----------
    request, partial, inputs, watch, jobs
        As ``engine.running.run.batches`` takes them; ``engine.running.run.finish`` then has the validation.
    """
    for _ in batches(request, partial, inputs, watch, jobs):
        yield from partial.counter.rows()
    partial.counter.judge_rest()
    yield from partial.counter.rows()


def validate(
    traces: Trace | Sequence[Trace],
    device: Device | None = None,
    sources: ReportedSource | Sequence[ReportedSource] | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    lenient: bool = False,
    report_numbers: frozenset[int] | None = None,
    jobs: int | None = None,
) -> Validation:
    """Compare the hashes, types and receive queues that a device reported with what the spec requires.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures; ``-`` is standard input. Several are those of one device, one for each receive queue, say.
    device : Device, optional
        The configured device. Default: ``Device()``.
    sources : ReportedSource or sequence of ReportedSource, optional
        Where reported values come from, one for each trace. Default: the options of pcapng's packet blocks.
    selection : Selection
        Which packets to judge.
    watch : callable, optional
        Called now and then with the progress.
    lenient : bool
        Whether to take an extended type and its plain one as the same, and whatever hash_report_tunnel may name for
        each packet; otherwise it must name the same for the whole trace.
    report_numbers : frozenset of int, optional
        Judge only packets that get a hash of these types, by their hash_report numbers: the values of others are not
        the device's.
    jobs : int, optional
        If it is more than 1, another thread reads ahead; the result does not depend on that. Default: as many as there
        are cores.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        Nothing was reported of any packet, or what was does not go with the trace.
    """
    inputs = inputs_of(traces)
    chosen = () if sources is None else tuple(sources) if isinstance(sources, Sequence) else (sources,)
    if chosen and len(chosen) != len(inputs):
        raise ValueError(f"{len(chosen)} sources of reported values are given for {len(inputs)} traces")
    request = ValidationRequest((device or Device(),), selection, chosen, lenient, report_numbers)
    return answer(request, inputs, watch, jobs)
