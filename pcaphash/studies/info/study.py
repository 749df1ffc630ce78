"""Say what traces hold, in one pass over each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.census.decision import decide, encapsulation_of
from pcaphash.engine.engines import Running
from pcaphash.engine.flows.grouping import sum_groups
from pcaphash.engine.flows.tunnels import find_tunnels
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.running.run import answer
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.studies.info.counts import FileCounts, InfoCounts
from pcaphash.studies.info.files import TraceFile
from pcaphash.studies.info.result import EncapsulationCount, Info, ReportedFacts, TunnelFacts, TunnelLoad
from pcaphash.studies.info.tally import Times
from pcaphash.studies.info.tunnel_table import TunnelTable
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.defaults import DEFAULT_HEAVIEST
from pcaphash.studies.shared.suspicion import find_suspects

_SPECS = ("v7", "1.4")
_NAMES = "1.4"  # its names of encapsulations are the finer ones


def info(
    traces: Trace | Sequence[Trace],
    device: Device | None = None,
    selection: Selection = EVERYTHING,
    watch: Watch | None = None,
    *,
    heaviest: int = DEFAULT_HEAVIEST,
    jobs: int | None = None,
    running: Running | None = None,
) -> Info:
    """Show what is in traces: files, packets, times, encapsulations, and why packets would have no hash.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses, which tell less; ``-`` is standard input.
    device : Device, optional
        Says which UDP ports are tunnels; nothing else of it matters. Default: the usual ports.
    selection : Selection
        Which packets to look at. Default: all of them.
    watch : callable, optional
        Called now and then with the progress.
    heaviest : int
        How many tunnels to list, those with the most packets.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.
    running : Running, optional
        Where it runs, and whether it can go on later if it is interrupted. Default: on this machine.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        No packet is selected, or packets are to be selected from a saved census.
    """
    inputs, chosen = check_request(traces, Device(_NAMES) if device is None else device)
    return answer(InfoRequest(chosen, selection, heaviest), inputs, watch, jobs, running)


@dataclass(frozen=True)
class InfoRequest(Asked):
    """What traces hold.

    Parameters
    ----------
    heaviest : int
        How many tunnels to list, those with the most packets.
    """

    heaviest: int = DEFAULT_HEAVIEST

    @property
    def spec(self) -> str:
        """The spec whose names the selection has for encapsulations."""
        return _NAMES

    @property
    def selects(self) -> bool:
        """Whether it asks for only some of the packets: then there must be such packets; a saved census has none."""
        return self.selection != EVERYTHING

    def begin(self) -> InfoCounts:
        """Return counters that have counted nothing."""
        return InfoCounts(self.rules)

    def finish(self, partial: Partial[InfoCounts]) -> Info:
        """Sum up what was counted."""
        counts, reading, (device,) = partial.counter, partial.reading, self.devices
        as_v7 = Device("v7", vxlan_ports=device.vxlan_ports, geneve_ports=device.geneve_ports)
        loads = counts.table.loads
        packets, n_bytes = loads.sum(axis=0).tolist()
        options = counts.options
        has_captures = bool(counts.files)
        files = [_trace_file(counts.files[number]) for number in sorted(counts.files)]
        return Info(
            reading,
            files,
            [counts.saved[number] for number in sorted(counts.saved)],
            packets,
            n_bytes,
            replace(counts.tally, times=_all_times(files)) if has_captures else None,
            _list_encapsulations(loads),
            {spec: _count_reasons(loads, Device(spec)) for spec in _SPECS},
            _describe_tunnels(counts.table, self.heaviest) if has_captures else None,
            ReportedFacts(options.n_hashes, options.n_queues, options.algorithms) if has_captures else None,
            find_suspects(reading, as_v7),
        )


def _trace_file(file: FileCounts) -> TraceFile:
    """Return what one capture file is."""
    loads = np.zeros((N_SIGNATURES, 2), np.int64)
    for signature, load in file.loads.items():
        loads[signature] = load
    names = dict.fromkeys(each.virtio_1_4 for each in _list_encapsulations(loads))
    return TraceFile(
        file.name, file.compression, file.stored_bytes, file.packets, file.headers, file.times, file.damage,
        int(loads[:, 1].sum()), list(names),
    )  # fmt: skip


def _all_times(files: Sequence[TraceFile]) -> Times:
    """Return when the packets of all files were captured."""
    times = Times()
    for file in files:
        times.add_file(file.times)
    return times


def _list_encapsulations(loads: npt.NDArray[np.int64]) -> list[EncapsulationCount]:
    """Sum up packets and bytes by encapsulation, given those of each signature."""
    sums: dict[tuple[str, str], list[int]] = {}
    for signature in np.flatnonzero(loads[:, 0]).tolist():
        names = encapsulation_of(signature, "v7"), encapsulation_of(signature, "1.4")
        packets, n_bytes = sums.get(names, (0, 0))
        sums[names] = [packets + int(loads[signature, 0]), n_bytes + int(loads[signature, 1])]
    found = [EncapsulationCount(v7, virtio_1_4, *load) for (v7, virtio_1_4), load in sums.items()]
    return sorted(found, key=lambda each: (-each.packets, each.virtio_1_4, each.v7))


def _count_reasons(loads: npt.NDArray[np.int64], device: Device) -> dict[str, int]:
    """Count packets without a known hash by the reason, most first."""
    reasons: dict[str, int] = {}
    for signature in np.flatnonzero(loads[:, 0]).tolist():
        decision = decide(signature, device)
        if not decision.is_hashed:
            reasons[decision.reason] = reasons.get(decision.reason, 0) + int(loads[signature, 0])
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def _describe_tunnels(table: TunnelTable, heaviest: int) -> TunnelFacts:
    """Count tunnels, and find the heaviest of them."""
    kept = table.tunnels()
    tunnels = find_tunnels(kept, _NAMES)
    loads = sum_groups(kept.loads, tunnels.of_flow, len(tunnels))
    found = [
        TunnelLoad(tunnels[number], int(loads[number, 0]), int(loads[number, 1]))
        for number in tunnels.heaviest(loads[:, 0], heaviest)
    ]
    return TunnelFacts(len(tunnels), table.kept_share, found)
