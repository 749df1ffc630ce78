"""Run a study over the packets of one or several traces, whatever of them can be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage
from pcaphash.capture.reader import Block, Reader
from pcaphash.errors import CaptureError
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


def read_blocks(
    trace: str, reading: Reading, watch: Callable[[Progress], None] | None = None, progress: Progress | None = None
) -> Iterator[Block]:
    """Yield the blocks of one trace, and keep account of what was read.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    """
    progress = progress or Progress()
    before = progress.read_bytes
    reader = Reader(trace)
    reading.traces.append(trace)
    progress.total_bytes += reader.source.size
    for block in reader.blocks():
        reading.packets += len(block.records)
        progress.packets += len(block.records)
        _count_link_types(block.records["link_type"], reading.link_types)
        yield block
        if watch:
            progress.read_bytes = before + reader.source.position
            watch(progress)
    if reader.damage:
        reading.damages.append(reader.damage)


def read_received(
    traces: Sequence[str], consume: Callable[[Block], None], watch: Callable[[Progress], None] | None = None
) -> Reading:
    """Hand every block of every trace to a study, without the packets that the capturing host sent.

    Parameters
    ----------
    traces : sequence of str
        Paths, or ``-`` for standard input.
    consume : callable
        Called with each block; the block is overwritten afterwards.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    CaptureError
        Not one of the traces can be read.
    """
    reading = Reading()
    progress = Progress()
    for trace in traces:
        try:
            for block in read_blocks(trace, reading, watch, progress):
                consume(_received(block, reading))
        except CaptureError as error:
            reading.unreadable.append(error)
    if not reading.traces:
        raise reading.unreadable[0]
    return reading


def _received(block: Block, reading: Reading) -> Block:
    """Leave out the packets that the capturing host sent."""
    directions = block.records["direction"]
    if not len(directions) or directions.max() < DIRECTION_OUT:
        return block
    kept = block.records[directions != DIRECTION_OUT]
    reading.sent += len(directions) - len(kept)
    return Block(block.data, kept, block.format)


def _count_link_types(link_types: npt.NDArray[np.uint16], counts: dict[int, int]) -> None:
    """Count packets by link type; nearly always a block has only one."""
    first = int(link_types[0])
    if link_types.min() == link_types.max():
        counts[first] = counts.get(first, 0) + len(link_types)
        return
    for link_type, n_packets in zip(*np.unique(link_types, return_counts=True), strict=True):
        counts[int(link_type)] = counts.get(int(link_type), 0) + int(n_packets)
