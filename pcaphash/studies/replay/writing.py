"""Write a trace again, with what is reported of its packets: the pass that all ways to report share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control, Skipped
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder
from pcaphash.capture.input import Trace, input_of
from pcaphash.capture.reader import Block, Piece, Reader
from pcaphash.device.device import Device
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.merged import MergedTraces
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.found import select
from pcaphash.engine.running.loop import close_part, open_part
from pcaphash.engine.running.run import check_selected
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.selector import Selector
from pcaphash.errors import ConfigurationError, Field

Report = Callable[[Block, int, npt.NDArray[np.int64]], Delivery]
"""Says what becomes of the packets of a block that are selected; given the number of the first packet of the whole
block, counted from 1, and where in it the selected ones stand."""


class _OneTrace:
    """A trace as it is.

    Parameters
    ----------
    trace : path or Input
        A capture file; ``-`` is standard input.
    device : Device
        By its rules packets are selected.
    selection : Selection
        Which packets there are.
    watch : callable, optional
        Called now and then with the progress.
    """

    def __init__(self, trace: Trace, device: Device, selection: Selection, watch: Watch | None) -> None:
        self.reading = Reading()
        self._part = Part(input_of(trace))
        self._watched = Watched([self._part.input], watch)
        self._selector = Selector(selection, ReadingRules.of(device), device.spec, self.reading.left_out)
        opened = open_part(self._part, self.reading, self._watched)
        if not isinstance(opened, Reader):
            raise ConfigurationError(self._part.input.name, "is not a capture file", "give a pcap or pcapng file")
        self._opened = opened

    @property
    def is_full(self) -> bool:
        """Whether as many packets were selected as were asked for."""
        return self._selector.is_full

    def pieces(self) -> Iterator[Piece]:
        """Yield what it is made of."""
        for piece in self._opened.pieces():
            yield piece
            if isinstance(piece, Block):
                self._watched.add(self._opened, len(piece.records))

    def select(self, block: Block, /) -> tuple[npt.NDArray[np.int64] | None, int]:
        """Select packets of a block, and keep account of them."""
        _, chosen, looked_at = select(block, self._part.number, self._selector, self.reading)
        return chosen, looked_at

    def close(self) -> None:
        """Stop reading, and take note of how it ended."""
        self._opened.close()
        close_part(self._part, self._opened, self.reading)


def write_trace(
    trace: Trace | MergedTraces,
    device: Device,
    encoders: Sequence[Encoder],
    report: Report,
    selection: Selection,
    watch: Watch | None,
) -> Reading:
    """Write the packets of a trace that are selected, with what is reported of them.

    Parameters
    ----------
    trace : path, Input or MergedTraces
        A capture file, ``-`` being standard input; or several, merged.
    device : Device
        By its rules packets of a file are selected.
    encoders : sequence of Encoder
        What to write (``capture.delivered.opening``).
    report : Report
        Says what becomes of packets.
    selection : Selection
        Which packets there are.
    watch : callable, optional
        Called now and then with the progress.

    Returns
    -------
    Reading
        What was read, and what could not be; all that could be is written.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, of those that there are; or a format cannot hold what is to be written.
    """
    if selection.strip:
        problem = "packets are written as they were captured, with what a mirror session put around them"
        raise ConfigurationError(Field("strip", selection.strip), problem, "leave it out")
    source = trace if isinstance(trace, MergedTraces) else _OneTrace(trace, device, selection, watch)
    reading = source.reading
    with closing(source):
        first = 1
        for piece in source.pieces():
            if isinstance(piece, Control | Skipped):
                for encoder in encoders:
                    encoder.write(piece)
                continue
            chosen, looked_at = source.select(piece) if len(piece.records) else (None, 0)
            places = np.arange(looked_at) if chosen is None else chosen
            delivery = report(replace(piece, records=piece.records[places]), first, places)
            if chosen is not None:
                delivery = delivery.spread(places, len(piece.records))
            for encoder in encoders:
                encoder.write(piece, delivery)
            first += len(piece.records)
            if source.is_full:
                reading.is_stopped = True
                break
    check_selected(reading, selection)
    return reading
