"""Several traces as one pcapng trace of one section: what they are made of, in order of arrival.

Interfaces get new numbers. Blocks without packets come before the packets of their stretch of the trace.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control, FileHeader, InterfaceDescription, SectionHeader, Skipped
from pcaphash.capture.delivered.pcapng import empty_section, interface_of
from pcaphash.capture.reader import Block, Piece, Reader
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.span import ArrivalSpan
from pcaphash.engine.replay.stamped import Settler
from pcaphash.engine.request import Batch
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.found import add_looked_at
from pcaphash.engine.running.loop import close_part, open_part
from pcaphash.engine.sampled.kept import PacketKeeper
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.selector import Selector
from pcaphash.errors import CaptureError, ConfigurationError, Field, trace_name
from pcaphash.kernels.records import INTERFACE_UNKNOWN, RECORD
from pcaphash.standards import pcap

_INTERFACE_PLACE = 8  # in the blocks that name one
_WIDTHS = ((pcap.ENHANCED_PACKET, 4), (pcap.OBSOLETE_PACKET, 2))  # of the number of the interface, in bytes


class _Taken(NamedTuple):
    """Packets of one trace: their bytes, where they are in these, when they arrive, and whether they do."""

    data: npt.NDArray[np.uint8]
    records: npt.NDArray[np.void]
    times: npt.NDArray[np.int64]
    selected: npt.NDArray[np.bool_]


class _Source:
    """One of the traces: what it is made of up to the next packets, and these.

    Parameters
    ----------
    part : Part
        The trace.
    opened : Reader
        It, opened.
    selector : Selector
        Says which packets arrive: they alone set the clock.
    keeper : PacketKeeper or None
        Keeps packets that arrive for a closer look.
    has_times : bool
        Whether times are asked for; then every packet that arrives must have one.
    """

    def __init__(
        self, part: Part, opened: Reader, selector: Selector, keeper: PacketKeeper | None, has_times: bool
    ) -> None:
        self.part, self.opened = part, opened
        self.block: Block | None = None
        """The next packets; None if there are none left."""
        self.times: npt.NDArray[np.int64] = np.empty(0, np.int64)
        """When they arrive, in nanoseconds since 1970."""
        self.selected: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        """Whether they do."""
        self.numbers: list[int] = []
        """The new numbers of the interfaces of its section."""
        self.settler = Settler(part.input.name)
        self._selector, self._keeper, self._has_times = selector, keeper, has_times
        pieces = opened.pieces()
        self.first = next(pieces, None)
        """What it begins with."""
        self._pieces = pieces if self.first is None else chain([self.first], pieces)
        self._last: int | None = None
        self._n_before = 0

    def advance(self) -> Iterator[Piece]:
        """Yield what stands before the next packets."""
        self.block = None
        for piece in self._pieces:
            if not isinstance(piece, Block):
                yield piece
                continue
            yield from self._between(piece)
            if len(piece.records):
                self.block = piece
                self._look_at(piece)
                return

    def _between(self, block: Block) -> Iterator[Block]:
        """Yield the bytes between packets, as blocks without packets."""
        records = block.records
        edges = [(block.start, block.start), *zip(records["start"].tolist(), records["end"].tolist(), strict=True)]
        for (_, start), (end, _) in pairwise([*edges, (block.end, block.end)]):
            if start < end:
                data = block.data[start:end].copy()
                yield replace(block, data=data, records=np.empty(0, RECORD), start=0, end=len(data))

    def _look_at(self, block: Block) -> None:
        """Find out which packets arrive, and when; those that do not stay with the one before."""
        n = len(block.records)
        chosen, _ = self._selector.select(block)
        places = np.arange(n) if chosen is None else chosen
        self.selected = np.zeros(n, np.bool_)
        self.selected[places] = True
        if self._keeper is not None and len(places):
            self._keeper.append(replace(block, records=block.records[places]), self.part.number)
        self.times = np.full(n, self._last or 0)
        if not self._has_times or not len(places):
            return
        base, settled = self.settler.settle(block.timestamps()[places], self._n_before + places + 1)
        before = np.searchsorted(places, np.arange(n), side="right") - 1
        times = base + settled[np.maximum(before, 0)]
        if self._last is not None:
            times[before < 0] = self._last
        self.times, self._last = times, int(times[-1])

    def take(self, n: int) -> "_Taken":
        """Take the next packets; interfaces have their new numbers."""
        assert self.block is not None
        block = self.block
        records = block.records[:n].copy()
        start, end = int(records["start"][0]), int(records["end"][-1])
        data = block.data[start:end].copy()
        for name in ("start", "offset", "end"):
            records[name] -= np.uint32(start)
        old = np.where(records["interface"] == INTERFACE_UNKNOWN, 0, records["interface"])
        records["interface"] = np.array(self.numbers, np.uint32)[old]
        for kind, width in _WIDTHS:
            chosen = records[records["block_type"] == kind]
            order = ">" if block.big_endian else "<"
            places = chosen["start"].astype(np.int64)[:, np.newaxis] + _INTERFACE_PLACE + np.arange(width)
            data[places] = chosen["interface"].astype(f"{order}u{width}")[:, np.newaxis].view(np.uint8)
        taken = _Taken(data, records, self.times[:n], self.selected[:n])
        self.block = replace(block, records=block.records[n:]) if n < len(block.records) else None
        self.times, self.selected = self.times[n:], self.selected[n:]
        self._n_before += n
        return taken


class MergedTraces:
    """Gives the pieces of several traces as those of one, and when its packets arrive.

    Parameters
    ----------
    parts : sequence of Part
        The traces.
    reading : Reading
        Keeps account of what was read.
    watched : Watched
        Is told how far this is.
    selection : Selection
        Which packets arrive.
    rules, spec
        How headers are read when packets are selected, as ``Selector`` takes them.
    in_turn : bool
        Whether traces are laid one after the other, and not merged by time.
    has_times : bool
        Whether times are asked for; else packets are in order of the traces.

    Raises
    ------
    ConfigurationError
        Sections have different byte orders, so that their blocks do not go into one.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        reading: Reading,
        watched: Watched,
        selection: Selection,
        rules: ReadingRules,
        spec: str,
        *,
        in_turn: bool = False,
        has_times: bool = True,
    ) -> None:
        self.reading = reading
        """What was read."""
        self._watched, self._left = watched, selection.count
        self._in_turn = in_turn or not has_times
        self._sources: list[_Source] = []
        self._names: list[str] = []
        self._first, self._times, self._selected = 1, np.empty(0, np.int64), np.empty(0, np.bool_)
        self._first_ns: int | None = None
        for part in parts:
            selector = Selector(selection.without_count(), rules, spec, reading.left_out)
            try:
                opened = open_part(part, reading, watched)
            except CaptureError as error:
                reading.add_problem((part.number,), error)
                continue
            if not isinstance(opened, Reader):
                raise ConfigurationError(part.input.name, "is not a capture file", "give a pcap or pcapng file")
            # The first N packets of all traces are found only when these are merged: none of them is kept.
            keeper = reading.keeper if selection.count is None else None
            self._sources.append(_Source(part, opened, selector, keeper, has_times))
        firsts = [source.first.says for source in self._sources if isinstance(source.first, Control)]
        headers = [says for says in firsts if isinstance(says, SectionHeader)] or firsts
        self._big_endian = bool(headers and headers[0].big_endian)

    def of(self, batch: Batch) -> tuple[int, npt.NDArray[np.int64]]:
        """Return when packets of the block that was yielded last arrive: a base, and nanoseconds after it."""
        times = self._times[batch.numbers - self._first]
        if self._first_ns is None:
            self._first_ns = int(times[0])
        return int(times[0]) - self._first_ns, times - times[0]

    @property
    def settlers(self) -> list[Settler]:
        """What says when packets of each trace arrive, and what was unusual."""
        return [source.settler for source in self._sources]

    @property
    def is_full(self) -> bool:
        """Whether as many packets were selected as were asked for."""
        return self._left == 0

    def select(self, block: Block) -> tuple[npt.NDArray[np.int64] | None, int]:
        """Select packets of the block that was yielded last, as ``Selector.select`` does, and keep account of them."""
        chosen, looked_at = np.flatnonzero(self._selected), len(block.records)
        if self._left is not None:
            chosen = chosen[: self._left]
            self._left -= len(chosen)
            looked_at = looked_at if self._left else int(chosen[-1]) + 1
        add_looked_at(block.records["link_type"][:looked_at], self.reading)
        return chosen, looked_at

    def pieces(self) -> Iterator[Piece]:
        """Yield what the traces are made of, in order of arrival.

        Raises
        ------
        ConfigurationError
            A packet has no time, and times are asked for; or a section has another byte order.
        """
        firsts = [source.first for source in self._sources]
        sections = [each for each in firsts if isinstance(each, Control) and isinstance(each.says, SectionHeader)]
        yield sections[0] if sections else _section(self._big_endian)
        for source in self._sources:
            yield from self._advance(source)
        yield from self._one_by_one() if self._in_turn else self._merged()

    def close(self) -> None:
        """Stop reading."""
        for source in self._sources:
            source.opened.close()
            close_part(source.part, source.opened, self.reading)

    def _advance(self, source: _Source) -> Iterator[Piece]:
        """Yield what stands before the next packets of a trace, with new numbers for interfaces."""
        for piece in source.advance():
            if isinstance(piece, Control):
                yield from self._control(piece, source)
            elif isinstance(piece, Skipped):
                yield piece
            else:
                yield self._renumbered(piece, source)

    def _control(self, control: Control, source: _Source) -> Iterator[Control]:
        says = control.says
        if isinstance(says, SectionHeader):
            if says.big_endian != self._big_endian:
                problem = f"{trace_name(source.part.input.name)} has another byte order than the trace before it"
                raise ConfigurationError(
                    Field("write"), problem, "write the packets of one trace; mergecap merges traces"
                )
            source.numbers = []
            return
        source.numbers = [*([] if isinstance(says, FileHeader) else source.numbers), len(self._names)]
        order = ">" if self._big_endian else "<"
        data = control.data
        if isinstance(says, FileHeader):
            described = InterfaceDescription(
                self._big_endian, len(self._names), says.link_type, says.snap_length, "", "", 10, 9, 0
            )
            data = interface_of(says, control.data, order, 1)
        else:
            described = replace(says, number=len(self._names))
        self._names.append(described.name)
        yield Control(data, control.offset, described)

    def _renumbered(self, block: Block, source: _Source) -> Block:
        """Return blocks without packets, statistics among them being of the new number of their interface."""
        order: Literal["big", "little"] = "big" if block.big_endian else "little"
        at = 0
        while at + pcap.BLOCK_OVERHEAD <= len(block.data):
            kind, length = (int.from_bytes(block.data[place : place + 4].tobytes(), order) for place in (at, at + 4))
            place = at + _INTERFACE_PLACE
            if kind == pcap.INTERFACE_STATISTICS and length > pcap.BLOCK_OVERHEAD:
                number = int.from_bytes(block.data[place : place + 4].tobytes(), order)
                if number < len(source.numbers):
                    new = source.numbers[number].to_bytes(4, order)
                    block.data[place : place + 4] = np.frombuffer(new, np.uint8)
            at += max(length, pcap.BLOCK_OVERHEAD)
        return block

    def _one_by_one(self) -> Iterator[Piece]:
        """Yield the packets of one trace after the other; each begins one mean gap after the last of the one before."""
        start = 0
        for source in self._sources:
            span, shift = ArrivalSpan(), None
            while source.block is not None:
                if shift is None:
                    shift = start - int(source.times[0])
                source.times = source.times + shift
                span.add(int(source.times[0]), int(source.times[-1]), len(source.times))
                yield self._joined([(source, len(source.times))])
                yield from self._advance(source)
            start = span.next if span.n else start

    def _merged(self) -> Iterator[Piece]:
        """Yield the packets of all traces by time; of equal times, in order of the traces."""
        while waiting := [source for source in self._sources if source.block is not None]:
            first = min(waiting, key=lambda source: int(source.times[-1]))  # the first of those that end first
            end, due = int(first.times[-1]), []
            is_before = True
            for source in waiting:
                cut = int(np.searchsorted(source.times, end, side="right" if is_before else "left"))
                if source is first:
                    is_before = False
                if cut:
                    due.append((source, cut))
            yield self._joined(due)
            yield from self._advance(first)

    def _joined(self, due: Sequence[tuple[_Source, int]]) -> Block:
        """Return the next packets of some traces in one block, by time."""
        self._first += len(self._times)
        taken = [source.take(n) for source, n in due]
        start = 0
        for data, records, _, _ in taken:
            for name in ("start", "offset", "end"):
                records[name] += np.uint32(start)
            start += len(data)
        for source, n in due:
            self._watched.add(source.opened, n)
        data, records, times, selected = (np.concatenate(column) for column in zip(*taken, strict=True))
        order = np.argsort(times, kind="stable")
        self._times, self._selected = times[order], selected[order]
        return Block(data, records[order], big_endian=self._big_endian, interface_names=tuple(self._names))


def _section(big_endian: bool) -> Control:
    """Return the header of a section that says nothing but its byte order."""
    return Control(empty_section(">" if big_endian else "<"), 0, SectionHeader(big_endian))
