"""Several traces as one, in the order in which a replay has their packets arrive."""

from collections.abc import Sequence

from pcaphash.capture.input import Trace, input_of
from pcaphash.device.device import Device
from pcaphash.engine.part import whole_parts
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.merged import MergedTraces
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.run import check_read
from pcaphash.engine.selecting.selection import Selection
from pcaphash.studies.replay.options import ReplayOptions


def merge_traces(
    traces: Sequence[Trace], device: Device, options: ReplayOptions, selection: Selection, watch: Watch | None = None
) -> MergedTraces:
    """Return several traces as one, with the interfaces of all.

    Parameters
    ----------
    traces : sequence of path or Input
        Capture files.
    device : Device
        By its rules packets are selected.
    options : ReplayOptions
        How they are replayed: merged by time, or one after the other.
    selection : Selection
        Which packets arrive.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    ConfigurationError
        One is not a capture file.
    NothingReadableError
        Not one of them can be read.
    """
    inputs, reading = [input_of(trace) for trace in traces], Reading()
    merged = MergedTraces(
        whole_parts(inputs), reading, Watched(inputs, watch), selection, ReadingRules.of(device), device.spec,
        in_turn=options.rebase, has_times=options.rate is None,
    )  # fmt: skip
    check_read(reading)
    return merged
