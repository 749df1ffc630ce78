"""The study of ``census``: count a trace once, and ask later."""

from collections.abc import Sequence
from dataclasses import dataclass

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.census.census import identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.engines import Running
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.running.run import answer
from pcaphash.engine.saved import SavedCensus, given_to_census
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError
from pcaphash.studies.shared.asking import check_request


@dataclass(frozen=True)
class CensusRequest(Asked):
    """The census that answers for all devices."""

    def begin(self) -> Counts:
        """Return an empty census."""
        return Counts(identities_of(self.devices))

    def finish(self, partial: Partial[Counts]) -> SavedCensus:
        """Return the census with the result of reading the traces."""
        (taken,) = partial.counter.censuses.values()
        reading = partial.reading
        doubts = reading.doubts if self.selection.direction == "in" else ()
        return SavedCensus("", taken, reading, given_to_census(self.devices[0]), doubts)


def census(
    traces: Trace | Sequence[Trace],
    devices: Device | Sequence[Device] | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    jobs: int | None = None,
    running: Running | None = None,
) -> SavedCensus:
    """Count traces for devices that differ only in what a census leaves open, and in their hash keys.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses to be combined; ``-`` is standard input.
    devices : Device or sequence of Device, optional
        Default: ``Device()``. Hash types, tunnel types, queues and the entries of the indirection table do not matter;
        the length of the largest table does.
    selection : Selection
        Which packets to count.
    watch : callable, optional
        Called now and then with the progress.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.
    running : Running, optional
        Where it runs, and whether it can go on later if it is interrupted. Default: on this machine.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        The devices need different censuses, or no packet is selected.
    """
    inputs, chosen = check_request(traces, Device() if devices is None else devices)
    if len(set(identities_of(chosen))) != 1:
        raise ConfigurationError("devices", "they need different censuses", "take one for each")
    return answer(CensusRequest(chosen, selection), inputs, watch, jobs, running)
