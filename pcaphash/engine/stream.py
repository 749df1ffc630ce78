"""Run a study over the packets of one or several traces, whatever of them can be read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.reader import Block, Reader, Step
from pcaphash.engine.census import Census, Identity
from pcaphash.errors import CaptureError, NothingReadableError
from pcaphash.kernels.records import DIRECTION_OUT


@dataclass
class Progress:
    """How far a run is, for whoever watches it."""

    total_bytes: int = 0
    read_bytes: int = 0
    packets: int = 0


@dataclass
class Reading:
    """What came of reading traces.

    Parameters
    ----------
    traces : list of str
        The traces that could be read, at least in part.
    packets : int
        Complete records found, those left out included.
    sent : int
        Packets sent by the capturing host, which never met receive-side scaling; left out.
    link_types : dict of int to int
        Packets by link type.
    damages : list of Damage
        Where traces could be read in part only.
    unreadable : list of CaptureError
        Traces that could not be read at all.
    """

    traces: list[str] = field(default_factory=list)
    packets: int = 0
    sent: int = 0
    link_types: dict[int, int] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    unreadable: list[CaptureError] = field(default_factory=list)

    @property
    def is_partial(self) -> bool:
        """Whether some input could not be read."""
        return bool(self.damages or self.unreadable)


class Account:
    """Keeps a reading up to date while traces are read, and whoever watches informed.

    Parameters
    ----------
    watch : callable, optional
        Called now and then with the progress.
    """

    def __init__(self, watch: Callable[[Progress], None] | None = None) -> None:
        self.reading = Reading()
        self._progress = Progress()
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
        self._progress.total_bytes += reader.source.size
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

    def close(self, reader: Reader) -> None:
        """Take note of how a trace ended."""
        if reader.damage:
            self.reading.damages.append(reader.damage)


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


def take_census(
    traces: Sequence[str], identities: Iterable[Identity], watch: Callable[[Progress], None] | None = None
) -> tuple[dict[Identity, Census], Reading]:
    """Take censuses of traces in one pass, without the packets that the capturing host sent.

    Parameters
    ----------
    traces : sequence of str
        Paths, or ``-`` for standard input.
    identities : iterable of Identity
        Of the censuses to take.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    """
    censuses = {identity: Census(identity) for identity in identities}
    account = Account(watch)
    for trace in traces:
        try:
            _count_trace(trace, list(censuses.values()), account)
        except CaptureError as error:
            account.reading.unreadable.append(error)
    if not account.reading.traces:
        raise NothingReadableError(account.reading.unreadable)
    return censuses, account.reading


def _count_trace(trace: str, censuses: list[Census], account: Account) -> None:
    reader = account.open(trace)
    if isinstance(reader.format, Pcap) and len(censuses) == 1:
        _count_pcap(reader, reader.format, censuses[0], account)
    else:
        for block in reader.blocks():
            _add_link_types(block.records["link_type"], account)
            received = _received(block.records)
            account.reading.sent += len(block.records) - len(received)
            for census in censuses:
                census.append(block.data, received)
            account.add(reader, len(block.records))
    account.close(reader)


def _count_pcap(reader: Reader, capture: Pcap, census: Census, account: Account) -> None:
    """Count a pcap file without indexing it first."""

    def count(data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
        n_packets, n_sent, step = census.append_pcap(capture, data, start, end)
        account.reading.sent += n_sent
        account.add_link_type(capture.link_type, n_packets)
        return step

    for n_packets in reader.walk(count):
        account.add(reader, n_packets)


def _received(records: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Leave out the packets that the capturing host sent."""
    directions = records["direction"]
    return records[directions != DIRECTION_OUT] if directions.max(initial=0) == DIRECTION_OUT else records


def _add_link_types(link_types: npt.NDArray[np.uint16], account: Account) -> None:
    """Count packets by link type; nearly always a block has only one."""
    if link_types.min() == link_types.max():
        account.add_link_type(int(link_types[0]), len(link_types))
        return
    for link_type, n_packets in zip(*np.unique(link_types, return_counts=True), strict=True):
        account.add_link_type(int(link_type), int(n_packets))
