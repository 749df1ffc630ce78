"""Say what traces hold, in one pass over each."""

from collections.abc import Callable, Sequence
from os import PathLike

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reported_options import PacketOptions
from pcaphash.device.device import Device
from pcaphash.engine.census import Identity
from pcaphash.engine.decision import decide, encapsulation_of
from pcaphash.engine.grouping import sum_groups
from pcaphash.engine.saved import is_saved_census, load_census
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import EVERYTHING, Selection
from pcaphash.engine.stream import Account, Progress, check_selected, read_selected
from pcaphash.engine.tunnels import find_tunnels
from pcaphash.errors import CaptureError, ConfigurationError, NothingReadableError
from pcaphash.studies.analyze import check_request
from pcaphash.studies.info.files import TraceFile, follow_headers
from pcaphash.studies.info.result import Encapsulation, Info, ReportedFacts, SavedFacts, TunnelFacts, TunnelLoad
from pcaphash.studies.info.tally import Tally, Times
from pcaphash.studies.info.tunnel_table import TunnelTable
from pcaphash.studies.suspicion import Suspected, find_suspects

DEFAULT_HEAVIEST = 10

_SPECS = ("v7", "1.4")
_NAMES = "1.4"  # its names of encapsulations are the finer ones


def info(
    traces: str | PathLike[str] | Sequence[str | PathLike[str]],
    selection: Selection = EVERYTHING,
    watch: Callable[[Progress], None] | None = None,
    *,
    device: Device | None = None,
    heaviest: int = DEFAULT_HEAVIEST,
) -> Info:
    """Say what traces hold: files, packets, times, encapsulations, and what would keep packets from having a hash.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses, which tell less; ``-`` is standard input.
    selection : Selection
        Which packets to look at. Default: all of them.
    watch : callable, optional
        Called now and then with the progress.
    device : Device, optional
        Says which UDP ports are tunnels; nothing else of it matters. Default: the usual ports.
    heaviest : int
        How many tunnels to tell one by one, those with the most packets.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        No packet is selected, or packets are to be selected from a saved census.
    """
    paths, (chosen,) = check_request(traces, Device(_NAMES) if device is None else device)
    account = Account(paths, watch)
    identity = Identity.of(chosen)
    selector = Selector(selection, identity, _NAMES, account.reading.left_out)
    gathering = _Gathering(account, selector, TunnelTable(identity))
    for path in paths:
        try:
            if is_saved_census(path):
                gathering.add_saved(path)
            else:
                gathering.read(path)
        except CaptureError as error:
            account.reading.unreadable.append(error)
        if gathering.selector.is_full:
            break
    if not gathering.files and not gathering.saved:
        raise NothingReadableError(account.reading.unreadable)
    if selection != EVERYTHING:
        check_selected(account.reading, selection)
    as_v7 = Device("v7", vxlan_ports=chosen.vxlan_ports, geneve_ports=chosen.geneve_ports)
    return gathering.finish(heaviest, find_suspects(account.reading, as_v7))


class _Gathering:
    """Gathers what there is to say of several traces.

    Parameters
    ----------
    account : Account
        Of the reading.
    selector : Selector
        Which packets to look at.
    table : TunnelTable
        Counts them by signature and tunnel.
    """

    def __init__(self, account: Account, selector: Selector, table: TunnelTable) -> None:
        self.selector = selector
        self.files: list[TraceFile] = []
        self.saved: list[SavedFacts] = []
        self._account = account
        self._table = table
        self._tally = Tally()
        self._options = PacketOptions()

    def read(self, path: str) -> None:
        """Read a capture.

        Raises
        ------
        CaptureError
            It cannot be read at all.
        """
        reader = self._account.open(path)
        before = self._account.reading.packets
        loads_before = self._table.loads.copy()
        headers = follow_headers(reader)
        times = Times()
        for block, _ in read_selected(reader, self._account, self.selector):
            of_block = block.timestamps()
            times.append(of_block)
            self._tally.append(block)
            self._table.append(block, of_block)
            if isinstance(block.format, Pcapng):
                self._options.read(block, 1)
        self._tally.times.add(times)
        packets = self._account.reading.packets - before
        size = reader.source.size or reader.source.position
        loads = self._table.loads - loads_before
        names = dict.fromkeys(each.virtio_1_4 for each in _list_encapsulations(loads))
        self.files.append(
            TraceFile(
                path, reader.source.compression, size, packets, headers, times, reader.damage,
                int(loads[:, 1].sum()), list(names),
            )
        )  # fmt: skip

    def add_saved(self, path: str) -> None:
        """Add what a saved census holds.

        Raises
        ------
        CaptureError
            It cannot be read.
        ConfigurationError
            Packets are to be selected, which it has no more.
        """
        if self.selector.selection != EVERYTHING:
            problem = f"{path} is a saved census, which has no packets to select from"
            advice = "select when taking the census"
            raise ConfigurationError(str(self.selector.selection) or "--direction in", problem, advice)
        found = load_census(path)
        signatures = found.census.signatures()
        loads = np.array([found.census.totals(signature) for signature in signatures], np.int64).reshape(-1, 2)
        self._table.loads[signatures] += loads
        packets, n_bytes = loads.sum(axis=0).tolist()
        self.saved.append(SavedFacts(path, found.census.identity, found.reading, packets, n_bytes))
        self._account.add_reading(found.reading)

    def finish(self, heaviest: int, suspects: list[Suspected]) -> Info:
        """Sum up what was gathered."""
        loads = self._table.loads
        packets, n_bytes = loads.sum(axis=0).tolist()
        options = self._options
        has_captures = bool(self.files)
        return Info(
            self._account.reading,
            self.files,
            self.saved,
            packets,
            n_bytes,
            self._tally if has_captures else None,
            _list_encapsulations(loads),
            {spec: _count_reasons(loads, Device(spec)) for spec in _SPECS},
            _describe_tunnels(self._table, heaviest) if has_captures else None,
            ReportedFacts(options.n_hashes, options.n_queues, options.algorithms) if has_captures else None,
            suspects,
        )


def _list_encapsulations(loads: npt.NDArray[np.int64]) -> list[Encapsulation]:
    """Sum up packets and bytes by encapsulation, given those of each signature."""
    sums: dict[tuple[str, str], list[int]] = {}
    for signature in np.flatnonzero(loads[:, 0]).tolist():
        names = encapsulation_of(signature, "v7"), encapsulation_of(signature, "1.4")
        packets, n_bytes = sums.get(names, (0, 0))
        sums[names] = [packets + int(loads[signature, 0]), n_bytes + int(loads[signature, 1])]
    found = [Encapsulation(v7, virtio_1_4, *load) for (v7, virtio_1_4), load in sums.items()]
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
    order = np.argsort(-loads[:, 0], kind="stable")[:heaviest].tolist()
    found = [TunnelLoad(tunnels[number], int(loads[number, 0]), int(loads[number, 1])) for number in order]
    return TunnelFacts(len(tunnels), table.kept_share, found)
