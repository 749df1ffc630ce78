"""Validate what a device reported: read it, judge it packet by packet, and find the causes of what is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported import NOT_REPORTED, Reported, ReportedSource
from pcaphash.capture.reported_options import PacketOptions
from pcaphash.capture.reported_testpmd import TestpmdLog
from pcaphash.device.device import Device
from pcaphash.engine.census import Identity
from pcaphash.engine.describer import Describer, Descriptions
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.stream import Account, Progress, check_selected, read_reported
from pcaphash.errors import CaptureError, ConfigurationError, NothingReadableError
from pcaphash.kernels.records import RECORD
from pcaphash.studies.validate.conclusion import conclude
from pcaphash.studies.validate.examples import example_of
from pcaphash.studies.validate.log_order import arrange_log
from pcaphash.studies.validate.result import Example, Validation
from pcaphash.studies.validate.rows import rows_of
from pcaphash.studies.validate.sample import Sample, Sampler
from pcaphash.studies.validate.verdicts import (
    FAULTS,
    MATCH,
    OF_THE_HASH,
    OF_THE_PACKET,
    READINGS,
    REASONS,
    WRONG_QUEUE,
    Expectations,
    Judgement,
    Leniency,
    gravest,
    judge,
)

if TYPE_CHECKING:
    import pandas as pd

_TURNED = (
    "what the device does instead is searched with hash options in the opposite byte order: that needs fewer faults"
)
_LOOKED_AT = 1000  # packets that decide on the byte order of hashes, and on the reading of hash_report_tunnel
_MOST_BUFFERED = 8  # blocks

Source = ReportedSource
Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


@dataclass(frozen=True, eq=False)
class _Part:
    """The packets of a block, what is due, and what was reported."""

    block: Block
    numbers: npt.NDArray[np.int64]
    found: Descriptions
    reported: Reported


class Validator:
    """Judges the packets of traces while they pass by; then says what was found.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures; ``-`` is standard input. Several are those of one device, one for each receive queue, say.
    device : Device
        The configured device.
    sources : ReportedSource or sequence of ReportedSource, optional
        Where reported values come from, one for each trace. Default: the options of pcapng's packet blocks.
    selection : Selection
        Which packets to judge.
    watch : callable, optional
        Called now and then with the progress.
    lenient : bool
        Whether to take an extended type and its plain one as the same, and either reading of hash_report_tunnel for
        each packet; otherwise one reading must hold for the whole trace.
    report_numbers : frozenset of int, optional
        Judge only packets that get a hash of these types: the values of others are not the device's.
    """

    def __init__(
        self,
        traces: Paths,
        device: Device,
        sources: Source | Sequence[Source] | None = None,
        selection: Selection = RECEIVED,
        watch: Callable[[Progress], None] | None = None,
        *,
        lenient: bool = False,
        report_numbers: frozenset[int] | None = None,
    ) -> None:
        self.traces = [fspath(traces)] if isinstance(traces, str | PathLike) else [fspath(trace) for trace in traces]
        if sources is None:
            self._sources: list[Source] = [PacketOptions() for _ in self.traces]
        else:
            self._sources = list(sources) if isinstance(sources, Sequence) else [sources]
        self.device = device
        self.account = Account(self.traces, watch)
        self._selection = selection
        self._lenient = lenient
        readings = frozenset(READINGS if lenient else {OF_THE_HASH})
        self._leniency = Leniency(lenient, readings, report_numbers)
        self._is_swapped = self._is_order_open = False
        self._describer, self._expected = Describer(device), Expectations(device)
        self._sampler = Sampler()
        self._faults = np.zeros(256, np.int64)
        self._reasons = np.zeros(256, np.int64)
        self._compared_hashes = self._right_hashes = 0
        self._reported = dict.fromkeys(("hash_value", "hash_report", "hash_report_tunnel", "queue"), 0)
        self._first_numbers: list[tuple[int, str]] = []
        self._decisions: list[str] = []
        self._notes: list[str] = []

    def rows(self) -> "Iterator[pd.DataFrame]":
        """Judge all packets; yield a row for each, block by block (``rows.COLUMNS``)."""
        for part, judgement in self._run():
            trace, first = self._place(int(part.numbers[0]))
            yield rows_of(part.numbers - first + 1, part.found, part.reported, judgement, self._describer, trace)

    def judge(self) -> None:
        """Judge all packets."""
        for _ in self._run():
            pass

    def _run(self) -> Iterator[tuple[_Part, Judgement]]:
        waiting: list[_Part] | None = []
        for part in self._parts():
            if waiting is None:
                yield part, self._judge(part)
                continue
            waiting.append(_kept(part))
            if len(waiting) >= _MOST_BUFFERED and not any(_n_telling(each) for each in waiting):
                yield from ((each, self._judge(each)) for each in waiting)  # there is nothing to decide by yet
                waiting = []
            elif sum(_n_telling(each) for each in waiting) >= _LOOKED_AT or len(waiting) >= _MOST_BUFFERED:
                yield from self._decide(waiting)
                waiting = None
        if waiting:
            yield from self._decide(waiting)

    def _decide(self, parts: list[_Part]) -> Iterator[tuple[_Part, Judgement]]:
        """Decide on byte order and reading by the first packets, and judge these."""
        if any(isinstance(source, PacketOptions) for source in self._sources):
            self._decide_byte_order(parts)
        if not self._lenient and self.device.spec == "v7":
            self._decide_reading(parts)
        for part in parts:
            part = replace(part, reported=part.reported.swapped()) if self._is_swapped else part
            yield part, self._judge(part)

    def _decide_byte_order(self, parts: list[_Part]) -> None:
        as_written = swapped = total = 0
        for part in parts:
            chosen = part.found.hashed & part.reported.has_hash
            due, said = part.found.hash_values[chosen], part.reported.hash_values[chosen]
            total += len(due)
            as_written += int((due == said).sum())
            swapped += int((due == said.byteswap()).sum())
        self._is_swapped = swapped > as_written
        self._is_order_open = bool(total and not as_written and not swapped)
        if self._is_order_open:
            self._decisions.append(
                f"hash options are read in the byte order of their section: none of the first {total:,} match in "
                "this byte order, and none in the opposite one"
            )
        elif total:
            order = "the opposite byte order" if self._is_swapped else "the byte order"
            most = max(as_written, swapped)
            self._decisions.append(
                f"hash options are read in {order} of their section: {most:,} of the first {total:,} match in this "
                f"byte order, {min(as_written, swapped):,} in the opposite one"
            )

    def _decide_reading(self, parts: list[_Part]) -> None:
        agree = dict.fromkeys(READINGS, 0)
        for part in parts:
            said = part.reported.hash_report_tunnels
            tunnels = {reading: each[part.found.signatures] for reading, each in self._expected.tunnels.items()}
            tells = (tunnels[OF_THE_HASH] != tunnels[OF_THE_PACKET]) & (said != NOT_REPORTED) & part.found.known
            for reading in READINGS:
                agree[reading] += int((tells & (said == tunnels[reading])).sum())
        most = max(agree.values())
        if most > agree[OF_THE_HASH]:
            best = frozenset(reading for reading in READINGS if agree[reading] == most)
            self._leniency = replace(self._leniency, tunnel_readings=best)
            every = "every tunnel packet" if OF_THE_PACKET in best else "every tunnel packet that gets a hash"
            self._decisions.append(
                f"hash_report_tunnel is read as naming the encapsulation of {every}, whichever header is hashed: "
                f"{most:,} of the first packets agree, {agree[OF_THE_HASH]:,} do not"
            )

    def _parts(self) -> Iterator[_Part]:
        """Read the traces, with what is due and what was reported."""
        before = 0
        for trace, source in zip(self.traces, self._sources, strict=True):
            left_out = self.account.reading.left_out
            selector = Selector(self._selection, Identity.of(self.device), self.device.spec, left_out)
            try:
                if isinstance(source, TestpmdLog):
                    arrange_log(source, trace, self.device, self._leniency)
                reader = self.account.open(trace)
            except CaptureError as error:
                self.account.reading.unreadable.append(error)
                continue
            self._first_numbers.append((before + 1, trace))
            for block, numbers, reported in read_reported(reader, self.account, selector, source):
                found = self._describer.describe(block)
                self._expected.learn(self._describer.decisions)
                reported = reported.swapped() if self._is_swapped else reported
                yield _Part(block, numbers + before, found, reported)
            n_packets = self.account.reading.packets - before
            before += n_packets
            if reader.damage is None and not self.account.reading.is_stopped:  # a source may end after the trace
                self._notes += [self._named(trace, note) for note in source.finish(n_packets)]
        if not self.account.reading.traces:
            raise NothingReadableError(self.account.reading.unreadable)
        check_selected(self.account.reading, self._selection)

    def _named(self, trace: str, note: str) -> str:
        return f"{trace}: {note}" if len(self.traces) > 1 and not note.startswith(trace) else note

    def _judge(self, part: _Part) -> Judgement:
        judgement = judge(part.found, part.reported, self._expected, self._leniency)
        judged = judgement.reasons == 0
        self._faults += np.bincount(judgement.faults[judged], minlength=256)
        self._reasons += np.bincount(judgement.reasons, minlength=256)
        said = part.reported
        both = judged & part.found.hashed & said.has_hash
        self._compared_hashes += int(np.count_nonzero(both))
        self._right_hashes += int(np.count_nonzero(both & (said.hash_values == part.found.hash_values)))
        for name, is_said in (
            ("hash_value", said.has_hash),
            ("hash_report", said.hash_reports != NOT_REPORTED),
            ("hash_report_tunnel", said.hash_report_tunnels != NOT_REPORTED),
            ("queue", said.queues != NOT_REPORTED),
        ):
            self._reported[name] += int(np.count_nonzero(is_said))
        self._sampler.add(part.block, part.numbers, part.found, said, judgement.faults, judged)
        return judgement

    def result(self) -> Validation:
        """Say what was found; find the causes of what is wrong.

        Raises
        ------
        ConfigurationError
            Nothing was reported of any packet.
        """
        reading = self.account.reading
        if reading.selected and not any(self._reported.values()):
            raise ConfigurationError(
                self.traces[0],
                "no packet has a reported hash or queue",
                "say where they are: --reported FILE, --virtio-header, --per-queue or --testpmd",
            )
        verdicts = {MATCH: int(self._faults[0]), **dict.fromkeys(FAULTS.values(), 0)}
        faults = dict.fromkeys(FAULTS.values(), 0)
        for flags in np.flatnonzero(self._faults[1:]) + 1:
            verdicts[gravest(int(flags))] += int(self._faults[flags])
            for flag, name in FAULTS.items():
                faults[name] += int(self._faults[flags]) if int(flags) & flag else 0
        not_compared = {name: int(self._reasons[1 + i]) for i, name in enumerate(REASONS) if self._reasons[1 + i]}
        notes = self._decisions + self._notes
        found = Validation(
            self.device, reading, verdicts, faults, not_compared, self._reported, notes,
            compared_hashes=self._compared_hashes, right_hashes=self._right_hashes,
        )  # fmt: skip
        sample = self._sampler.sample()
        return found if sample is None or not found.mismatches else self._diagnosed(found, sample)

    def _diagnosed(self, found: Validation, sample: Sample) -> Validation:
        causes = conclude(self.device, sample, self._leniency, is_order_open=self._is_order_open)
        diagnosis, sample = causes.diagnosis, causes.sample
        positions = [] if diagnosis is None else [cause.example for cause in diagnosis.causes]
        positions += [] if diagnosis is None else diagnosis.unexplained_examples
        positions += np.flatnonzero(sample.faults & WRONG_QUEUE)[:1].tolist()
        examples = {position: self._example(sample, position) for position in positions}
        notes = [*found.notes, _TURNED] if causes.is_turned else found.notes
        return replace(
            found,
            notes=notes,
            diagnosis=diagnosis,
            queue_diagnosis=causes.queue_diagnosis,
            examples=examples,
            is_whole=sample.is_whole,
        )

    def _example(self, sample: Sample, position: int) -> Example:
        one = sample.take(np.array([position]))
        trace, first = self._place(int(one.numbers[0]))
        number = int(one.numbers[0]) - first + 1
        return example_of(one, Describer(self.device), trace if len(self.traces) > 1 else "", number)

    def _place(self, number: int) -> tuple[str, int]:
        """Return the trace that a packet is in, and the number of the first packet there."""
        first, trace = max(each for each in self._first_numbers if each[0] <= number)
        return trace, first


def _n_telling(part: _Part) -> int:
    return int(np.count_nonzero(part.found.hashed & part.reported.has_hash))


def _kept(part: _Part) -> _Part:
    """Copy what the reader writes over when it goes on."""
    records = np.array(part.block.records, RECORD)
    return replace(part, block=replace(part.block, data=part.block.data.copy(), records=records))


def validate(
    traces: Paths,
    device: Device | None = None,
    sources: Source | Sequence[Source] | None = None,
    selection: Selection = RECEIVED,
    watch: Callable[[Progress], None] | None = None,
    *,
    lenient: bool = False,
    report_numbers: frozenset[int] | None = None,
) -> Validation:
    """Compare the hashes, types and receive queues that a device reported with what the text demands.

    Parameters
    ----------
    traces, device, sources, selection, watch, lenient, report_numbers
        As ``Validator`` takes them.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        Nothing was reported of any packet, or what was does not go with the trace.
    """
    validator = Validator(
        traces, device or Device(), sources, selection, watch, lenient=lenient, report_numbers=report_numbers
    )
    validator.judge()
    return validator.result()
