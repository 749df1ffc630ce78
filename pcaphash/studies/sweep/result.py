"""What came of a sweep: every mask, and the classes of masks that spread the packets in the same way."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_types import format_mask, hash_type_presets
from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result, counted
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.spread import MEASURES
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.shared.schema import Schema
from pcaphash.studies.sweep.columns import CLASSES, MASKS
from pcaphash.studies.sweep.masks import join_mask, split_mask
from pcaphash.studies.sweep.verdict import SweepVerdict, judge

if TYPE_CHECKING:
    import pandas as pd

MEASURE_COLUMNS = tuple(f"{measure}_{unit}" for unit in ("packets", "bytes") for measure in MEASURES)
"""What classes can be ranked by."""


GIVEN = "given"
"""What the device's own types are called among the marks, if they are not a preset."""

Texts = dict[str, list[str]]

_MOST_SHOWN = 10  # classes, in a notebook


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """How traces spread over the receive queues of a device under every mask.

    Masks are in order of their classes, best first, and within a class in order of their size: the first one of each
    class is its smallest, by number of types and then by number.

    Parameters
    ----------
    analysis : Analysis
        The same packets under the device as given; it also says what was read.
    by : str
        The measure that classes are ranked by.
    bases : int64 array of shape (n_masks,)
        Base types of each mask.
    tunnels : int64 array of shape (n_masks,)
        Set of tunnel types of each mask (``masks``).
    class_of : int64 array of shape (n_masks,)
        The class of each mask, classes counted from 0 in order of their rank.
    swept_tunnels : dict of int to int
        For every set of tunnel types, the smallest one that makes no difference to any packet: that one is swept.
    ranks : int64 array of shape (n_classes,)
        1 plus the number of better classes; equally good classes share a rank.
    columns : dict of str to array of shape (n_classes,)
        ``hashed, unhashed, unknown, queues_used`` and the measures of spread, as ``summary.csv`` has them.
    baseline : Baseline or None
        What ideal hashes give under the best mask; None unless ``with_chance`` was set, or if flows are not known.
    """

    analysis: Analysis
    by: str
    bases: npt.NDArray[np.int64]
    tunnels: npt.NDArray[np.int64]
    class_of: npt.NDArray[np.int64]
    swept_tunnels: dict[int, int]
    ranks: npt.NDArray[np.int64]
    columns: dict[str, npt.NDArray[Any]]
    baseline: Baseline | None = None

    @property
    def reading(self) -> Reading:
        """What was read, what was left out, and what could not be read."""
        return self.analysis.reading

    @property
    def device(self) -> Device:
        """The device, which gives everything but the types."""
        return self.analysis.distributions[0].device

    def facts(self) -> list[str]:
        """Return what was swept, how many classes of masks there are, and the smallest mask of the best one."""
        masks = f"{counted(self.n_masks, 'mask')} in {self.n_classes:,} classes"
        return [*self.analysis.facts(), masks, f"best by {self.by}: {self.mask_text(0)}"]

    def main_table(self) -> "pd.DataFrame":
        """Return the best classes."""
        return self.classes.head(_MOST_SHOWN)

    @property
    def measure(self) -> str:
        """What masks are ranked by, without the unit."""
        return self.by.rpartition("_")[0]

    @property
    def n_masks(self) -> int:
        """How many masks there are."""
        return len(self.class_of)

    @property
    def n_classes(self) -> int:
        """How many classes of masks there are."""
        return len(self.ranks)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Masks in each class."""
        return np.bincount(self.class_of).astype(np.int64)

    @cached_property
    def smallest(self) -> npt.NDArray[np.int64]:
        """Position of the smallest mask of each class."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def marks(self) -> dict[str, int]:
        """The classes of masks that have a name: presets that the device may be given, and its own types.

        Under virtio 1.4, a preset has no tunnel types, except ``all``, which has all of them.
        """
        profile = self.device.profile
        own = self.device.hash_types, self.device.tunnel_types
        named = {
            name: (mask, profile.all_tunnel_types if name == "all" else 0)
            for name, mask in hash_type_presets(profile).items()
        }
        if own not in named.values():
            named[GIVEN] = own
        positions = {name: self.find(*masks) for name, masks in named.items()}
        return {name: int(self.class_of[position]) for name, position in positions.items() if position is not None}

    @cached_property
    def verdict(self) -> SweepVerdict:
        """What follows: whether masks can be ranked, and which of them differ only by chance."""
        (distribution,) = self.analysis.distributions
        packets = int(distribution.queues[:, 0].sum())
        return judge(self.device, packets, distribution.packets, self.columns, self.by, self.ideal, self.marks)

    @property
    def recommended(self) -> int:
        """The class to take: the best one that hashes as many packets as the mask of all types.

        Of those that differ from the best one only by chance, it is one with a name if there is one. If all of these
        hash fewer packets, it is the best one.
        """
        hashed, n_alike = self.columns["hashed"], self.verdict.n_alike
        whole = np.flatnonzero(hashed[: n_alike or None] >= self._most_hashed).tolist()
        named = [number for number in whole if number in self.marks.values()] if n_alike else []
        return int(next(iter([*named, *whole]), 0))

    def left_out(self, number: int) -> float:
        """Return the share of packets that have no hash under a class, beyond those without one under all types."""
        missing = self._most_hashed - int(self.columns["hashed"][number])
        return max(missing, 0) / self.analysis.distributions[0].packets

    @property
    def _most_hashed(self) -> int:
        hashed = self.columns["hashed"]
        return int(hashed[self.marks["all"]] if "all" in self.marks else hashed.max())

    @cached_property
    def ideal(self) -> Interval | None:
        """The range of 95 of 100 ideal hashes under the best mask; None if it is not known or not a number."""
        if self.baseline is None or self.measure == "min_max":
            return None
        return self.baseline.interval(self.by)

    def find(self, hash_types: int, tunnel_types: int = 0) -> int | None:
        """Return the position of a mask, or of one that no packet tells from it; None if the device takes neither.

        Parameters
        ----------
        hash_types, tunnel_types : int
            As ``Device`` has them.
        """
        base, tunnels = split_mask(self.device, hash_types, tunnel_types)
        found = np.flatnonzero((self.bases == base) & (self.tunnels == self.swept_tunnels.get(tunnels, -1)))
        return int(found[0]) if len(found) else None

    def types(self, position: int) -> tuple[int, int]:
        """Return hash_types and tunnel types, as ``Device`` has them, of the mask at a position."""
        return join_mask(self.device, int(self.bases[position]), int(self.tunnels[position]))

    def mask_text(self, position: int) -> str:
        """Write hash_types of the mask at a position as a number."""
        return f"0x{self.types(position)[0]:03x}"

    @cached_property
    def masks(self) -> "pd.DataFrame":
        """A row for every mask: its class, and what ``summary.csv`` has for it."""
        return self._table(np.arange(self.n_masks), MASKS)

    @cached_property
    def classes(self) -> "pd.DataFrame":
        """A row for every class: how many masks it has, its smallest mask, and what ``summary.csv`` has for each."""
        return self._table(self.smallest, CLASSES)

    def _table(self, positions: npt.NDArray[np.int64], schema: Schema) -> "pd.DataFrame":
        of_row = self.class_of[positions]
        columns = {
            "class": of_row + 1,
            "rank": self.ranks[of_row],
            "masks": self.sizes[of_row],
            "spec": [self.device.spec] * len(positions),
            "packets": np.full(len(positions), self.analysis.distributions[0].packets),
            **self._texts(positions),
            **{name: values[of_row] for name, values in self.columns.items()},
        }
        return schema.frame_of_columns(columns)

    def _texts(self, positions: npt.NDArray[np.int64]) -> Texts:
        """Write the masks at some positions: as a number, and by the names of their types."""
        profile = self.device.profile
        masks = [self.types(position) for position in positions.tolist()]
        of_hash_types = {mask: format_mask(mask, profile.hash_types) for mask, _ in masks}
        of_tunnel_types = {mask: format_mask(mask, profile.tunnel_types) for _, mask in masks}
        return {
            "mask": [self.mask_text(position) for position in positions.tolist()],
            "hash_types": [of_hash_types[mask] for mask, _ in masks],
            "tunnel_types": [of_tunnel_types[mask] if profile.tunnel_types else "" for _, mask in masks],
        }
