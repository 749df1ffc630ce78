"""Send a trace on a network interface, each packet when it arrives in the trace."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.input import Trace
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import Reported
from pcaphash.device.device import Device
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Batch
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.quantities import PS_OF_NS
from pcaphash.studies.replay.course import TraceTimes
from pcaphash.studies.replay.frames import frames_of
from pcaphash.studies.replay.options import ReplayOptions
from pcaphash.studies.replay.writing import write_trace
from pcaphash.targets.interface import Interface


def send_on(
    trace: Trace,
    interface: Interface,
    device: Device,
    options: ReplayOptions,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
) -> Reading:
    """Send the packets of a trace on an interface, as often as options say; return what was read.

    Parameters
    ----------
    trace : path or Input
        A capture file.
    interface : Interface
        Where to send them.
    device : Device
        By its rules packets are selected.
    options : ReplayOptions
        Speed, rate and rounds.
    selection : Selection
        Which packets are sent.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, a packet has no time and no rate is given, or the interface is down.
    """
    start_ps = 0
    for _ in range(options.loop):
        sender = _Round(str(trace), interface, options, start_ps)
        reading = write_trace(trace, device, (), sender.send, selection, watch)
        # One mean gap after the last packet of this round.
        start_ps += sender.last_ps + sender.last_ps // max(sender.packets - 1, 1)
    return reading


class _Round:
    """Sends the packets of a trace once."""

    def __init__(self, name: str, interface: Interface, options: ReplayOptions, start_ps: int) -> None:
        self.packets, self.last_ps = 0, 0
        self._interface, self._start_ps = interface, start_ps
        self._times, self._scale = TraceTimes(name, options), options.timing.scale

    def send(self, block: Block, first: int, places: npt.NDArray[np.int64]) -> Delivery:
        """Send the packets of a block that were captured whole."""
        found = list(frames_of(block))
        kept = [i for i, frame in enumerate(found) if isinstance(frame, bytes)]
        self._interface.lateness.not_sent.update(frame for frame in found if not isinstance(frame, bytes))
        if kept:
            # What is not sent takes no slot of a rate.
            whole = replace(block, records=block.records[kept])
            base, values = self._times.of(Batch(whole, first + places[kept], 0))
            stretches = list(self._scale.stretches(base, values))
            due = [stretch.epoch_ps + time for stretch in stretches for time in stretch.times.tolist()]
            self.packets, self.last_ps = self.packets + len(kept), due[-1]
            times = [(self._start_ps + time) // PS_OF_NS for time in due]
            self._interface.send([frame for frame in found if isinstance(frame, bytes)], times)
        return Delivery.of_all(first, Reported.nothing(len(found)))
