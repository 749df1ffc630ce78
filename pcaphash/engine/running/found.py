"""What is made of packets that were found: some are selected, some kept, and an account is kept of them all."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Block
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Batch
from pcaphash.engine.selecting.selector import Selector

if TYPE_CHECKING:
    from pcaphash.capture.reported.source import ReportedSource

MOST_INDEXED = 16 * 1024
"""Records that are found at once of a stretch."""


def look_at(
    block: Block,
    numbers: range,
    trace: int,
    selector: Selector,
    reading: Reading,
    source: "ReportedSource | None" = None,
) -> tuple[Batch | None, int]:
    """Select packets of a block of a trace, given the numbers of both, and keep account of them.

    Returns
    -------
    batch : Batch or None
        The packets that are selected; None for none.
    looked_at : int
        How many packets of the block were looked at: all, unless so many are selected now as were asked for.
    """
    reported = None
    if source:
        block, reported = source.read(block, numbers.start)
    block, chosen, looked_at = select(block, trace, selector, reading)
    if chosen is None:
        return Batch(block, np.arange(numbers.start, numbers.start + looked_at), trace, reported), looked_at
    if not len(chosen):
        return None, looked_at
    return Batch(block, numbers.start + chosen, trace, reported and reported.take(chosen)), looked_at


def select(
    block: Block, trace: int, selector: Selector, reading: Reading
) -> tuple[Block, npt.NDArray[np.int64] | None, int]:
    """Select packets of a block of a trace, given the number of the trace, and keep account of them.

    Returns
    -------
    block : Block
        The block with those that are selected.
    chosen : int64 array or None
        Which they are, counted from 0; None for all.
    looked_at : int
        How many packets were looked at: all, unless so many are selected now as were asked for.
    """
    link_types = block.records["link_type"]
    block = selector.strip(block)
    chosen, looked_at = selector.select(block)
    add_looked_at(link_types[:looked_at], reading)
    if chosen is not None:
        block = replace(block, records=block.records[chosen])
    if len(block.records):
        reading.keeper.append(block, trace)
    return block, chosen, looked_at


@dataclass(frozen=True, eq=False)
class Stretch:
    """Bytes of a trace in which packets can be found and counted in one step.

    Parameters
    ----------
    format : Pcap or Pcapng
        Finds the packets.
    data : uint8 array
        Bytes of the trace.
    start, end : int
        Where the first record starts in them, and where they end.
    offset : int
        Where ``data[0]`` stands in the decompressed trace.
    """

    format: Pcap | Pcapng
    data: npt.NDArray[np.uint8]
    start: int
    end: int
    offset: int


def keep_of(stretch: Stretch, trace: int, reading: Reading, indexed: npt.NDArray[np.void]) -> None:
    """Have packets of a stretch of a trace kept, given its number and a RECORD array that can be overwritten."""
    at, end, offset = stretch.start, stretch.end, stretch.offset
    while at < end and reading.keeper.wants(offset + at, offset + end):
        n_records, after, *_ = stretch.format.index(stretch.data, at, end, indexed)
        if not n_records:
            break
        reading.keeper.append(Block(stretch.data, indexed[:n_records], offset), trace)
        at = after


def add_looked_at(link_types: npt.NDArray[np.uint16], reading: Reading) -> None:
    """Count packets that were looked at, by link type; nearly always a block has only one."""
    reading.packets += len(link_types)
    if not len(link_types):
        return
    if link_types.min() == link_types.max():
        found = [(int(link_types[0]), len(link_types))]
    else:
        found = list(zip(*(each.tolist() for each in np.unique(link_types, return_counts=True)), strict=True))
    for link_type, n_packets in found:
        reading.link_types[link_type] = reading.link_types.get(link_type, 0) + n_packets
