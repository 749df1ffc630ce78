"""What was made: packets, flows and shares, as they can be counted again in the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.engine.result import Result, counted
from pcaphash.kernels.synth_frames import LATER_FRAGMENT, NOT_A_FRAGMENT
from pcaphash.standards import ip
from pcaphash.studies.synth.templates import PacketKind
from pcaphash.studies.synth.traffic import Traffic

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TrafficPart:
    """What one kind of traffic makes of the whole.

    Parameters
    ----------
    name : str
        What it is.
    packets, n_bytes, flows : int
        Frames, their bytes on the wire, and flows.
    """

    name: str
    packets: int
    n_bytes: int
    flows: int

    def row(self) -> dict[str, str | int]:
        """Return it by the names of columns."""
        return {"name": self.name, "packets": self.packets, "bytes": self.n_bytes, "flows": self.flows}


@dataclass(frozen=True, eq=False, repr=False)
class Synthesis(Result):
    """What was made.

    Parameters
    ----------
    path : str
        The file; ``-`` is standard output.
    traffic : Traffic
        What was asked for.
    kinds : list of PacketKind
        Every kind of packet.
    counts : int64 array of shape (n_kinds, 3)
        Frames, bytes and flows of each.
    finished : int
        Flows that sent all they had.
    largest_flow : int
        Datagrams of the largest flow.
    duration_ns : int
        From the first packet to the last.
    """

    path: str
    traffic: Traffic
    kinds: list[PacketKind]
    counts: npt.NDArray[np.int64]
    finished: int
    largest_flow: int
    duration_ns: int

    @property
    def packets(self) -> int:
        """Frames, each fragment counting."""
        return int(self.counts[:, 0].sum())

    @property
    def datagrams(self) -> int:
        """Innermost packets before any was sent in fragments."""
        later = (n for kind, n in zip(self.kinds, self.counts[:, 0], strict=True) if kind.fragment == LATER_FRAGMENT)
        return self.packets - int(sum(later))

    @property
    def n_bytes(self) -> int:
        """Bytes of frames on the wire, without check sequences."""
        return int(self.counts[:, 1].sum())

    @property
    def flows(self) -> int:
        """Flows that sent at least one packet."""
        return int(self.counts[:, 2].sum())

    @property
    def fragments(self) -> int:
        """Frames that are fragments."""
        return sum(int(n) for kind, n in zip(self.kinds, self.counts[:, 0], strict=True) if kind.fragment)

    @property
    def encapsulations(self) -> list[TrafficPart]:
        """What each encapsulation makes of it, by the names of virtio 1.4, most packets first."""
        return self._parts([kind.encapsulation_type for kind in self.kinds])

    @property
    def hash_types(self) -> list[TrafficPart]:
        """What each hash type would cover if all innermost packets are hashed: fragments have no ports."""
        names = {ip.TCP: "TCP", ip.UDP: "UDP"}
        return self._parts(
            [
                f"{names[kind.protocol] if kind.fragment == NOT_A_FRAGMENT else 'IP'}v{kind.inner_version}"
                for kind in self.kinds
            ]
        )

    @property
    def outer_versions(self) -> list[TrafficPart]:
        """What each IP version makes of the outermost headers."""
        return self._parts(
            [f"IPv{kind.inner_version if kind.encapsulation == 'NONE' else kind.outer_version}" for kind in self.kinds]
        )

    @property
    def tagged(self) -> int:
        """Frames with a VLAN tag."""
        return sum(int(n) for kind, n in zip(self.kinds, self.counts[:, 0], strict=True) if kind.has_vlan)

    def _parts(self, names: list[str]) -> list[TrafficPart]:
        sums: dict[str, npt.NDArray[np.int64]] = {}
        for name, row in zip(names, self.counts, strict=True):
            sums[name] = sums.get(name, np.zeros(3, np.int64)) + row
        parts = [TrafficPart(name, *map(int, row)) for name, row in sums.items() if row.any()]
        return sorted(parts, key=lambda part: (-part.packets, part.name))

    def facts(self) -> list[str]:
        """Return how much was made."""
        return [
            f"{counted(self.packets, 'packet')} of {counted(self.flows, 'flow')}",
            f"written to {Path(self.path).name}",
        ]

    def main_table(self) -> "pd.DataFrame":
        """Return what each encapsulation makes of it."""
        import pandas as pd

        return pd.DataFrame([part.row() for part in self.encapsulations])
