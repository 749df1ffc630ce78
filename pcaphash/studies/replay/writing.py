"""Write a trace again, with what is reported of its packets: the pass that all ways to report share."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control, Skipped
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder
from pcaphash.capture.input import Trace, input_of
from pcaphash.capture.reader import Block, Reader
from pcaphash.device.device import Device
from pcaphash.engine.looking import add_link_types
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.read import close_part, open_part
from pcaphash.engine.reading import Reading
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.run import check_selected
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import Selection
from pcaphash.errors import ConfigurationError, Field

Report = Callable[[Block, int, npt.NDArray[np.int64]], Delivery]
"""Says what becomes of the packets of a block that are selected; given the number of the first packet of the whole
block, counted from 1, and where in it the selected ones stand."""


def write_trace(
    trace: Trace, device: Device, encoders: Sequence[Encoder], report: Report, selection: Selection, watch: Watch | None
) -> Reading:
    """Write the packets of a trace that are selected, with what is reported of them.

    Parameters
    ----------
    trace : path or Input
        A capture file; ``-`` is standard input.
    device : Device
        By its rules packets are selected.
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
    part = Part(input_of(trace))
    reading = Reading()
    watched = Watched([part.input], watch)
    selector = Selector(selection, ReadingRules.of(device), device.spec, reading.left_out)
    opened = open_part(part, reading, watched)
    if not isinstance(opened, Reader):
        raise ConfigurationError(part.input.name, "is not a capture file", "give a pcap or pcapng file")
    with closing(opened):
        first = 1
        for piece in opened.pieces():
            if isinstance(piece, Control | Skipped):
                for encoder in encoders:
                    encoder.write(piece)
                continue
            chosen, looked_at = selector.select(piece) if len(piece.records) else (None, 0)
            places = np.arange(looked_at) if chosen is None else chosen
            delivery = report(replace(piece, records=piece.records[places]), first, places)
            if chosen is not None:
                delivery = delivery.spread(places, len(piece.records))
            reading.packets += looked_at
            add_link_types(piece.records["link_type"][:looked_at], reading)
            for encoder in encoders:
                encoder.write(piece, delivery)
            first += len(piece.records)
            watched.add(opened, looked_at)
            if selector.is_full:
                reading.is_stopped = True
                break
    close_part(part, opened, reading)
    check_selected(reading, selection)
    return reading
