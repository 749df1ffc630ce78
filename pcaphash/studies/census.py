"""The study behind ``census``: count a trace once, and ask later."""

from collections.abc import Callable, Sequence
from os import PathLike, fspath

from pcaphash.device.device import Device
from pcaphash.engine.census import identities_of
from pcaphash.engine.saved import SavedCensus, given_to_census
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.stream import Progress, take_census
from pcaphash.errors import ConfigurationError


def census(
    traces: str | PathLike[str] | Sequence[str | PathLike[str]],
    devices: Device | Sequence[Device],
    selection: Selection = RECEIVED,
    watch: Callable[[Progress], None] | None = None,
) -> SavedCensus:
    """Count traces for devices that differ in nothing but what a census leaves open, and in their hash keys.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses to be combined; ``-`` is standard input.
    devices : Device or sequence of Device
        Hash types, tunnel types, queues and the entries of the indirection table do not matter, the length of the
        largest table does.
    selection : Selection
        Which packets to count.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        The devices need different censuses, or no packet is selected.
    """
    paths = [fspath(traces)] if isinstance(traces, str | PathLike) else [fspath(trace) for trace in traces]
    chosen = [devices] if isinstance(devices, Device) else list(devices)
    identities = set(identities_of(chosen))
    if len(identities) != 1:
        raise ConfigurationError("devices", "they need different censuses", "take one for each")
    taken, reading = take_census(paths, identities, selection, chosen[0].spec, watch)
    return SavedCensus("", taken[identities.pop()], reading, given_to_census(chosen[0]))
