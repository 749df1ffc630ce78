"""What ``info`` finds in traces."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.flows.tunnels import Tunnel
from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result, counted, packets_of
from pcaphash.studies.info.files import TraceFile
from pcaphash.studies.info.tally import Tally
from pcaphash.studies.shared.suspicion import Suspected

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class EncapsulationCount:
    """Packets of one encapsulation.

    Parameters
    ----------
    v7, virtio_1_4 : str
        What draft v7 and virtio 1.4 call it; NONE for no tunnel, UNKNOWN where the capture does not show it.
    packets, n_bytes : int
        How many packets, and their original lengths together.
    """

    v7: str
    virtio_1_4: str
    packets: int
    n_bytes: int

    def row(self) -> dict[str, str | int]:
        """Return it by the names of the columns (``ENCAPSULATIONS``)."""
        return {"v7": self.v7, "1.4": self.virtio_1_4, "packets": self.packets, "bytes": self.n_bytes}


@dataclass(frozen=True)
class TunnelLoad:
    """What runs through one tunnel, in one direction.

    Parameters
    ----------
    tunnel : Tunnel
        Its endpoints and virtual network; its encapsulation has the name that virtio 1.4 gives it.
    packets, n_bytes : int
        How many packets, and their original lengths together.
    """

    tunnel: Tunnel
    packets: int
    n_bytes: int

    def row(self) -> dict[str, str | int | None]:
        """Return it by the names of the columns (``TUNNELS``)."""
        return {
            "source": self.tunnel.source,
            "destination": self.tunnel.destination,
            "encapsulation": self.tunnel.encapsulation,
            "network_number": self.tunnel.network_number,
            "packets": self.packets,
            "bytes": self.n_bytes,
        }


@dataclass(frozen=True)
class TunnelFacts:
    """The tunnels of captures.

    Parameters
    ----------
    kept : int
        How many tunnels were counted one by one.
    kept_share : float
        Which share of all tunnels that is, about; exactly 1 where it is all of them.
    heaviest : list of TunnelLoad
        Those of them with the most packets, in that order.
    """

    kept: int
    kept_share: float
    heaviest: list[TunnelLoad]


@dataclass(frozen=True)
class ReportedFacts:
    """What devices reported of packets, in the options of pcapng's packet blocks.

    Parameters
    ----------
    hashes, queues : int
        Packets with a Toeplitz hash, and with a receive queue.
    algorithms : dict of str to int
        Hashes by their algorithm.
    """

    hashes: int
    queues: int
    algorithms: dict[str, int]


@dataclass(frozen=True)
class SavedFacts:
    """What a saved census holds.

    Parameters
    ----------
    path : str
        The file.
    identity : CensusIdentity
        How it was taken: hash keys, ports of tunnels, slots.
    reading : Reading
        The result of reading the traces that it was taken from.
    packets, n_bytes : int
        The packets that it counts, and their original lengths together.
    """

    path: str
    identity: CensusIdentity
    reading: Reading
    packets: int
    n_bytes: int


@dataclass(frozen=True, repr=False)
class Info(Result):
    """What is in traces.

    Parameters
    ----------
    reading : Reading
        What was read, what was left out, and what could not be read; saved censuses included.
    files : list of TraceFile
        The captures, in the order given.
    saved : list of SavedFacts
        The saved censuses.
    packets, n_bytes : int
        The selected packets of both, and the sum of their original lengths.
    tally : Tally or None
        Counts of the captures' packets; None if there is no capture.
    encapsulations : list of EncapsulationCount
        Packets of both, most first.
    reasons : dict of str to dict of str to int
        For each spec, ``v7`` and ``1.4``, how many packets would have no known hash with all types enabled, by reason.
    tunnels : TunnelFacts or None
        The tunnels in the captures; None if there is no capture.
    reported : ReportedFacts or None
        What the captures' packet options report; None if there is no capture.
    suspects : list of Suspected
        Tunnels that a device under draft v7 with these ports does not look into, only in captures.
    """

    reading: Reading
    files: list[TraceFile]
    saved: list[SavedFacts]
    packets: int
    n_bytes: int
    tally: Tally | None
    encapsulations: list[EncapsulationCount]
    reasons: dict[str, dict[str, int]]
    tunnels: TunnelFacts | None
    reported: ReportedFacts | None
    suspects: list[Suspected]

    def facts(self) -> list[str]:
        """Return what there is, and how many tunnels."""
        tunnels = [] if self.tunnels is None else [counted(self.tunnels.kept, "tunnel")]
        return [packets_of(self.reading, self.packets), *tunnels]

    def main_table(self) -> "pd.DataFrame":
        """Return the encapsulations."""
        from pcaphash.studies.info.columns import ENCAPSULATIONS

        return ENCAPSULATIONS.frame(each.row() for each in self.encapsulations)
