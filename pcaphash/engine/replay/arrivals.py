"""When the packets of traces arrive: merged by time, or one trace after the other; in rounds; or at a given rate.

Each trace's stamps are settled first (``kernels.clock``): those that run backwards, and clocks that were set. Then
traces are merged by time, packets with equal times in the order of their traces. Memory does not grow with the number
of packets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Input
from pcaphash.engine.part import whole_parts
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.rates import Rate
from pcaphash.engine.replay.scale import Scale
from pcaphash.engine.replay.span import ArrivalSpan
from pcaphash.engine.replay.stamped import Stamped, StampedTrace
from pcaphash.engine.replay.steering import Steered, Steerer
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.engine.selecting.selector import Selector
from pcaphash.quantities import PS_OF_NS, PS_OF_SECOND

_BITS = 8


@dataclass(frozen=True)
class Timing:
    """What gives the times of arrival.

    Parameters
    ----------
    speed : Fraction
        How many times as fast as the traces were captured.
    rate : Rate or None
        Gives the times in place of the traces.
    loop : int
        How many rounds there are.
    rebase : bool
        Whether traces are laid one after the other, even if they have times.
    """

    speed: Fraction = Fraction(1)
    rate: Rate | None = None
    loop: int = 1
    rebase: bool = False

    @property
    def scale(self) -> Scale:
        """How long each nanosecond, packet or bit takes."""
        return Scale(PS_OF_NS / self.speed if self.rate is None else PS_OF_SECOND / self.rate.amount)


class Arrivals:
    """The packets of traces in order of arrival, steered.

    Parameters
    ----------
    inputs : sequence of Input
        The traces.
    steerer : Steerer
        Steers the packets, given nanoseconds, packets or bits after the first arrival.
    timing : Timing
        What gives the times.
    rules, spec
        How headers are read when packets are selected, as ``Selector`` takes them.
    selection : Selection
        Which packets arrive.
    watch : callable, optional
        Called now and then with the progress.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        steerer: Steerer,
        timing: Timing,
        rules: ReadingRules,
        spec: str,
        selection: Selection = RECEIVED,
        watch: Watch | None = None,
    ) -> None:
        self.reading = Reading()
        """What was read in the first round."""
        self.traces: list[StampedTrace] = []
        """The traces as they were read in the first round."""
        self._inputs, self._steerer, self._timing, self._watch = inputs, steerer, timing, watch
        self._selection = selection.without_count()
        self._count = selection.count
        self._rules, self._spec = rules, spec

    @property
    def first_stamp(self) -> int | None:
        """When the first packet was captured, in nanoseconds since 1970; None if nothing says so."""
        stamps = [trace.first_stamp for trace in self.traces if trace.first_stamp is not None]
        is_merged = self._timing.rate is None and not self._timing.rebase
        return (min(stamps) if is_merged else stamps[0]) if stamps else None

    def packets(self) -> Iterator[Steered]:
        """Yield the packets, in order of arrival.

        Raises
        ------
        ConfigurationError
            A packet has no time, and no rate is given.
        """
        start = 0
        for number in range(self._timing.loop):
            reading = self.reading if number == 0 else Reading()
            watched = Watched([] if number else self._inputs, self._watch if number == 0 else None)
            traces = self._open(reading, watched)
            if number == 0:
                self.traces = traces
            span, after = ArrivalSpan(), start
            try:
                for steered in self._limited(self._round(traces, start), reading):
                    span.add(steered.base + int(steered.values[0]), _last_of(steered), len(steered))
                    after = _after(steered, self._timing.rate)
                    yield steered
            finally:
                for trace in traces:
                    trace.close()
            if not span.n:
                return
            start = span.next if self._timing.rate is None else after

    def _open(self, reading: Reading, watched: Watched) -> list[StampedTrace]:
        """Prepare one round."""
        return [
            StampedTrace(
                part,
                Selector(self._selection, self._rules, self._spec, reading.left_out),
                reading,
                watched,
                self._timing.rate is None,
            )
            for part in whole_parts(self._inputs)
        ]

    def _limited(self, packets: Iterator[Steered], reading: Reading) -> Iterator[Steered]:
        """Yield no more packets than are selected."""
        if self._count is None:
            yield from packets
            return
        left = self._count
        for steered in packets:
            yield steered if len(steered) <= left else steered.take(slice(left))
            left -= min(left, len(steered))
            if not left:
                reading.is_stopped = True
                return

    def _round(self, traces: list[StampedTrace], start: int) -> Iterator[Steered]:
        """Yield the packets of one round, the first of which is at ``start``."""
        if self._timing.rate is not None:
            yield from self._at_rate(traces, self._timing.rate, start)
        elif self._timing.rebase or len(traces) == 1:
            yield from self._one_by_one(traces, start)
        else:
            yield from self._merged(traces, start)

    def _at_rate(self, traces: list[StampedTrace], rate: Rate, start: int) -> Iterator[Steered]:
        """Yield packets in the order of traces, with the packets or the bits before each."""
        for trace in traces:
            for stamped in trace.packets():
                n = len(stamped.block.records)
                if rate.unit == "packets":
                    before, total = np.arange(n), n
                else:
                    bits = stamped.block.records["original_length"].astype(np.int64) * _BITS
                    before, total = np.cumsum(bits) - bits, int(bits.sum())
                yield self._steerer.steer(stamped.block, start, before)
                start += total

    def _one_by_one(self, traces: list[StampedTrace], start: int) -> Iterator[Steered]:
        """Yield the packets of one trace after the other; each begins one mean gap after the last of the one before."""
        for trace in traces:
            shift = None
            span = ArrivalSpan()
            for stamped in trace.packets():
                if shift is None:
                    shift = start - stamped.base
                base = stamped.base + shift
                span.add(base, base + int(stamped.times[-1]), len(stamped.times))
                yield self._steerer.steer(stamped.block, base, stamped.times)
            start = span.next if span.n else start

    def _merged(self, traces: list[StampedTrace], start: int) -> Iterator[Steered]:
        """Yield the packets of several traces by time."""
        sources = [trace.packets() for trace in traces]
        heads = [(number, head) for number, source in enumerate(sources) if (head := next(source, None))]
        if not heads:
            return
        shift = start - min(head.base for _, head in heads)
        waiting = {number: self._steer(head, shift) for number, head in heads}
        while waiting:
            # Up to the end of the trace that ends first, and of these the first: behind it others may have equal times.
            ends = {number: _last_of(steered) for number, steered in waiting.items()}
            first = min(ends, key=lambda number: (ends[number], number))
            due = []
            for number in sorted(waiting):
                ready, later = _split(waiting[number], ends[first], number <= first)
                due.append(ready)
                if len(later):
                    waiting[number] = later
                    continue
                del waiting[number]
                following = next(sources[number], None) if number == first else None
                if following:
                    waiting[number] = self._steer(following, shift)
            yield _merge([each for each in due if len(each)])

    def _steer(self, stamped: Stamped, shift: int) -> Steered:
        return self._steerer.steer(stamped.block, stamped.base + shift, stamped.times)


def _after(steered: Steered, rate: Rate | None) -> int:
    """Return the packets or bits before the one that follows."""
    return _last_of(steered) + (1 if rate is None or rate.unit == "packets" else int(steered.lengths[-1]) * _BITS)


def _last_of(steered: Steered) -> int:
    return steered.base + int(steered.values[-1])


def _split(steered: Steered, end: int, with_equal: bool) -> tuple[Steered, Steered]:
    """Return the packets up to a time, and those after it."""
    if end < steered.base:
        return steered.take(slice(0)), steered
    cut = int(np.searchsorted(steered.values, end - steered.base, side="right" if with_equal else "left"))
    return steered.take(slice(cut)), steered.take(slice(cut, None))


def _merge(parts: list[Steered]) -> Steered:
    """Return packets by time, those with equal times in order of the parts."""
    if len(parts) == 1:
        return parts[0]
    base = min(part.base for part in parts)
    values = np.concatenate([part.values + (part.base - base) for part in parts])
    order = np.argsort(values, kind="stable")
    joined: npt.NDArray[np.int64] = np.concatenate([part.entries for part in parts], axis=1)
    return Steered(
        base,
        values[order],
        np.concatenate([part.lengths for part in parts])[order],
        np.concatenate([part.flows for part in parts])[order],
        joined[:, order],
    )
