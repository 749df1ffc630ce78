"""Run a study over the packets of one or several traces, whatever of them can be read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block, Reader, Step
from pcaphash.capture.reported import Reported, ReportedSource
from pcaphash.capture.source import STANDARD_INPUT
from pcaphash.engine.census import Census, Identity
from pcaphash.engine.reading import Reading
from pcaphash.engine.saved import SavedCensus, is_saved_census, load_census
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.errors import CaptureError, ConfigurationError, NothingReadableError
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import ETHERNET

Take = Callable[[npt.NDArray[np.uint8], int, int], Step]

_MOST_INDEXED = 16 * 1024


@dataclass
class Progress:
    """How far a run is, for whoever watches it."""

    total_bytes: int = 0
    read_bytes: int = 0
    packets: int = 0


class Account:
    """Keeps a reading up to date while traces are read, and whoever watches informed.

    Parameters
    ----------
    traces : sequence of str
        What is going to be read.
    watch : callable, optional
        Called now and then with the progress.
    """

    def __init__(self, traces: Sequence[str], watch: Callable[[Progress], None] | None = None) -> None:
        self.reading = Reading()
        self._progress = Progress(sum(map(_size, traces)))
        self._watch = watch
        self._before = 0

    def open(self, trace: str) -> Reader:
        """Open a trace.

        Raises
        ------
        CaptureError
            The trace cannot be read at all.
        """
        reader = Reader(trace)
        self.reading.traces.append(trace)
        self._before = self._progress.read_bytes
        return reader

    def add(self, reader: Reader, n_packets: int) -> None:
        """Take note of packets that were read."""
        self.reading.packets += n_packets
        self._progress.packets += n_packets
        if self._watch:
            self._progress.read_bytes = self._before + reader.source.position
            self._watch(self._progress)

    def add_link_type(self, link_type: int, n_packets: int) -> None:
        """Take note of packets of a link type."""
        if n_packets:
            self.reading.link_types[link_type] = self.reading.link_types.get(link_type, 0) + n_packets

    def add_reading(self, other: Reading) -> None:
        """Take note of what came of an earlier reading."""
        self.reading.add(other)

    def keep(self, block: Block) -> None:
        """Keep a part of the packets selected, for questions that are asked later."""
        self.reading.keeper.append(block, len(self.reading.traces) - 1)

    def close(self, reader: Reader) -> None:
        """Take note of how a trace ended."""
        if reader.damage:
            self.reading.damages.append(reader.damage)
        if reader.joints:
            self.reading.joined[reader.trace] = reader.joints


def _size(trace: str) -> int:
    """Return the bytes of a trace as stored; 0 where that is not known."""
    try:
        return 0 if trace == STANDARD_INPUT else Path(trace).stat().st_size
    except (OSError, ValueError):
        return 0


def read_blocks(trace: str, account: Account) -> Iterator[Block]:
    """Yield the blocks of one trace.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    """
    reader = account.open(trace)
    for block in reader.blocks():
        _add_link_types(block.records["link_type"], account)
        yield block
        account.add(reader, len(block.records))
    account.close(reader)


def read_selected(
    reader: Reader, account: Account, selector: Selector
) -> Iterator[tuple[Block, npt.NDArray[np.int64] | range]]:
    """Yield the blocks of one trace with the selected records alone, and the numbers of these packets in the trace."""
    first = 1
    for whole in reader.blocks():
        block = selector.strip(whole)
        chosen, looked_at = selector.select(block)
        _add_link_types(whole.records["link_type"][:looked_at], account)
        if chosen is None:
            account.keep(block)
            yield block, range(first, first + looked_at)
        elif len(chosen):
            block = replace(block, records=block.records[chosen])
            account.keep(block)
            yield block, first + chosen
        first += looked_at
        account.add(reader, looked_at)
        if selector.is_full:
            account.reading.is_stopped = True
            break
    account.close(reader)


def read_reported(
    reader: Reader, account: Account, selector: Selector, source: ReportedSource
) -> Iterator[tuple[Block, npt.NDArray[np.int64], Reported]]:
    """Yield what ``read_selected`` does, and what a device reported of these packets."""
    first = 1
    for whole in reader.blocks():
        met, reported = source.read(whole, first)
        block = selector.strip(met)
        chosen, looked_at = selector.select(block)
        _add_link_types(met.records["link_type"][:looked_at], account)
        if chosen is None:
            account.keep(block)
            yield block, np.arange(first, first + looked_at), reported
        elif len(chosen):
            block = replace(block, records=block.records[chosen])
            account.keep(block)
            yield block, first + chosen, reported.take(chosen)
        first += looked_at
        account.add(reader, looked_at)
        if selector.is_full:
            account.reading.is_stopped = True
            break
    account.close(reader)


def take_census(
    traces: Sequence[str],
    identities: Iterable[Identity],
    selection: Selection = RECEIVED,
    spec: str = "v7",
    watch: Callable[[Progress], None] | None = None,
    beside: Sequence[Callable[[Block], None]] = (),
) -> tuple[dict[Identity, Census], Reading]:
    """Take censuses of traces in one pass.

    Parameters
    ----------
    traces : sequence of str
        Paths, or ``-`` for standard input.
    identities : iterable of Identity
        Of the censuses to take.
    selection : Selection
        Which packets to count.
    spec : str
        The text whose names the selection has for encapsulations.
    watch : callable, optional
        Called now and then with the progress.
    beside : sequence of callable
        Called with each block that is counted, its records being those selected; not for saved censuses, which have
        no packets any more.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        No packet is selected, of those that there are.
    """
    censuses = {identity: Census(identity) for identity in identities}
    account = Account(traces, watch)
    selector = Selector(selection, next(iter(censuses)), spec, account.reading.left_out)
    for trace in traces:
        try:
            if is_saved_census(trace):
                _add_saved(load_census(trace), list(censuses.values()), account, selection)
            else:
                _count_trace(trace, list(censuses.values()), account, selector, beside)
        except CaptureError as error:
            account.reading.unreadable.append(error)
        if selector.is_full:
            break
    if not account.reading.traces:
        raise NothingReadableError(account.reading.unreadable)
    check_selected(account.reading, selection)
    return censuses, account.reading


def check_selected(reading: Reading, selection: Selection) -> None:
    """Refuse a selection that leaves out all there is.

    Raises
    ------
    ConfigurationError
        No packet is selected, of those that there are.
    """
    if reading.packets and not reading.selected and str(selection):
        problem = f"none of the {reading.packets:,} packets matches the selection"
        raise ConfigurationError(str(selection), problem, "run `pcaphash info` to list what is there")


def _add_saved(saved: SavedCensus, censuses: list[Census], account: Account, selection: Selection) -> None:
    """Add a saved census as if its traces were read now.

    Raises
    ------
    ConfigurationError
        It was taken for other devices, or packets are to be selected, which it has no more.
    """
    if str(selection):
        problem = f"{saved.path} is a saved census, which has no packets to select from"
        raise ConfigurationError(str(selection), problem, "select when taking the census")
    for census in censuses:
        census.combine(saved.restrict(census.identity))
    account.add_reading(saved.reading)


def _count_trace(
    trace: str,
    censuses: list[Census],
    account: Account,
    selector: Selector,
    beside: Sequence[Callable[[Block], None]],
) -> None:
    reader = account.open(trace)
    if not beside and selector.takes_all and len(censuses) == 1:
        # As far as the trace is of the most common kind, which it may be in part: files may be joined.
        while not reader.is_finished and censuses[0].takes_pcap(reader.format):
            for n_packets in reader.walk(_keeping(reader, account, censuses[0].append_pcap)):
                account.add_link_type(ETHERNET, n_packets)
                account.add(reader, n_packets)
    for block, _ in read_selected(reader, account, selector):
        for census in censuses:
            census.append(block.data, block.records)
        for append in beside:
            append(block)


def _keeping(reader: Reader, account: Account, take: Take) -> Take:
    """Have packets kept beside a kernel that finds and counts them in one go: of few blocks, which is enough there."""
    records = np.empty(_MOST_INDEXED, RECORD)
    n_blocks = 0

    def take_and_keep(data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
        nonlocal n_blocks
        if n_blocks & (n_blocks - 1) == 0:  # the first two, then each time that twice as many have passed
            n_records = reader.format.index(data, start, end, records)[0]
            account.keep(Block(data, records[:n_records], reader.format))
        n_blocks += 1
        return take(data, start, end)

    return take_and_keep


def _add_link_types(link_types: npt.NDArray[np.uint16], account: Account) -> None:
    """Count packets by link type; nearly always a block has only one."""
    if link_types.min() == link_types.max():
        account.add_link_type(int(link_types[0]), len(link_types))
        return
    for link_type, n_packets in zip(*np.unique(link_types, return_counts=True), strict=True):
        account.add_link_type(int(link_type), int(n_packets))
