"""Ask a census about every mask, and group the masks that spread the packets in the same way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import blake2b
from operator import or_
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.device.words import parse_choice
from pcaphash.engine.census.census import Census, identities_of
from pcaphash.engine.census.distribution import count_encapsulations, distribute
from pcaphash.engine.counts import Counts
from pcaphash.engine.engines import Running
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.running.run import answer
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import Field
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.chance.ideal import chance_of
from pcaphash.studies.shared.chance.spread import GROWING, spread_each
from pcaphash.studies.shared.defaults import DEFAULT_MEASURE
from pcaphash.studies.sweep.masks import N_BASES, number_of, size_order, tunnel_bits
from pcaphash.studies.sweep.parts import N_COUNTS, CensusPart, Condition, find_parts
from pcaphash.studies.sweep.result import MEASURE_COLUMNS, Sweep

_MOST_LOADS = 1 << 22  # numbers of loads held at a time: with thousands of queues not those of all masks

_DIGITS = 12  # behind the point, that tell measures apart: the last ones depend on the order of the queues

Columns = dict[str, npt.NDArray[Any]]


def sweep(
    traces: Trace | Sequence[Trace],
    device: Device | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    by: str = DEFAULT_MEASURE,
    with_chance: bool = False,
    jobs: int | None = None,
    running: Running | None = None,
) -> Sweep:
    """Find how every mask of hash types and tunnel types spreads traces over receive queues, in one pass.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses; ``-`` is standard input.
    device : Device, optional
        Gives everything but the types; its own types are marked in the result. Default: ``Device()``.
    selection : Selection
        Which packets to study.
    watch : callable, optional
        Called now and then with the progress.
    by : str
        The measure of ``summary.csv`` by which masks are ranked, best first.
    with_chance : bool
        Whether to keep flows too, and calculate what ideal hashes give under the best mask. It takes longer.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.
    running : Running, optional
        Where it runs, and whether it can go on later if it is interrupted. Default: on this machine.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to study, or a saved census was taken for other devices, or there is no such measure.
    """
    measure = parse_choice(Field("by"), by, MEASURE_COLUMNS)
    inputs, (chosen,) = check_request(traces, Device() if device is None else device)
    return answer(SweepRequest((chosen,), selection, measure, with_chance), inputs, watch, jobs, running)


@dataclass(frozen=True)
class SweepRequest(Asked):
    """How every mask of hash types and tunnel types of one device spreads packets.

    Parameters
    ----------
    by : str
        The measure by which masks are ranked.
    with_chance : bool
        Whether to tell what ideal hashes give under the best mask, too.
    """

    by: str = DEFAULT_MEASURE
    with_chance: bool = False

    def begin(self) -> Counts:
        """Return counters for the device."""
        return Counts(identities_of(self.devices), [self.rules] if self.with_chance else ())

    def finish(self, partial: Partial[Counts]) -> Sweep:
        """Try every mask on the census."""
        (device,) = self.devices
        (census,) = partial.counter.censuses.values()
        swept = _sweep_census(census, partial.reading, device, self.by)
        if not self.with_chance:
            return swept
        return replace(swept, baseline=chance_of(partial.counter, _best_device(swept)))


def _best_device(swept: Sweep) -> Device:
    hash_types, tunnel_types = swept.types(int(swept.smallest[0]))
    if not swept.device.profile.tunnel_types:
        return replace(swept.device, hash_types=hash_types)
    return replace(swept.device, hash_types=hash_types, tunnel_types=tunnel_types)


def _sweep_census(census: Census, reading: Reading, device: Device, by: str) -> Sweep:
    parts = find_parts(census, device)
    swept = _choose_tunnels(parts, device)
    tunnel_sets = sorted(set(swept.values()))
    relevant = reduce(or_, (part.bases for part in parts), 0)
    bases = np.array([base for base in range(N_BASES) if not base & ~relevant])
    classes = _Classes(device.queues)
    of_pair = np.empty((len(tunnel_sets), len(bases)), np.int64)
    for start, loads in _loads(parts, tunnel_sets, bases, device.queues):
        of_pair[:, start : start + loads.shape[1]] = classes.number(loads)
    of_mask = of_pair[:, np.searchsorted(bases, np.arange(N_BASES) & relevant)].reshape(-1)
    all_tunnels, all_bases = np.repeat(tunnel_sets, N_BASES), np.tile(np.arange(N_BASES), len(tunnel_sets))
    columns = classes.columns()
    ranking = _rank(of_mask, number_of(all_bases, all_tunnels), columns[by], by)
    analysis = Analysis(reading, [distribute(census, device)], [count_encapsulations(census, device)])
    return Sweep(
        analysis=analysis,
        by=by,
        bases=all_bases[ranking.masks],
        tunnels=all_tunnels[ranking.masks],
        class_of=ranking.class_of,
        swept_tunnels=swept,
        ranks=ranking.ranks,
        columns={name: values[ranking.classes] for name, values in columns.items()},
    )


def _choose_tunnels(parts: list[CensusPart], device: Device) -> dict[int, int]:
    """Choose for every set of tunnel types the one that is swept in its place.

    Under draft v7 that is the set itself, for the masks are few; under virtio 1.4 the smallest set that differs in no
    packet.
    """
    every = sorted(range(1 << len(tunnel_bits(device))), key=size_order)
    if not device.profile.tunnel_types:
        return {tunnels: tunnels for tunnels in every}
    conditions = {part.condition for part in parts}
    first: dict[tuple[bool, ...], int] = {}
    return {tunnels: first.setdefault(tuple(each.holds(tunnels) for each in conditions), tunnels) for tunnels in every}


def _loads(
    parts: list[CensusPart], tunnel_sets: list[int], bases: npt.NDArray[np.int64], queues: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Yield the loads under every set of tunnel types and some base types, and which of these are the first.

    The loads have the shape (len(tunnel_sets), n, N_COUNTS + 2 * queues).
    """
    width = N_COUNTS + 2 * queues
    n_at_once = max(_MOST_LOADS // (width * len(tunnel_sets)), 1)
    for start in range(0, len(bases), n_at_once):
        some = bases[start : start + n_at_once]
        of_condition: dict[Condition, npt.NDArray[np.int64]] = {}
        for part in parts:
            of_part = np.stack(list(part.loads.values()))[np.searchsorted(list(part.loads), some & part.bases)]
            of_condition[part.condition] = of_part + of_condition.get(part.condition, 0)
        loads = np.zeros((len(tunnel_sets), len(some), width), np.int64)
        for of_tunnels, tunnels in zip(loads, tunnel_sets, strict=True):
            for condition, of_parts in of_condition.items():
                if condition.holds(tunnels):
                    of_tunnels += of_parts
        yield start, loads


class _Classes:
    """Numbers equal loads alike, and measures each of them once.

    Parameters
    ----------
    queues : int
        Receive queues.
    """

    def __init__(self, queues: int) -> None:
        self._queues = queues
        self._numbers: dict[bytes, int] = {}
        self._columns: list[Columns] = []

    def number(self, loads: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the class of each row of loads."""
        rows = loads.reshape(-1, loads.shape[-1])
        n_known = len(self._numbers)
        numbers = np.empty(len(rows), np.int64)
        for i, row in enumerate(rows):
            key = blake2b(row.data, digest_size=16).digest()
            numbers[i] = self._numbers.setdefault(key, len(self._numbers))
        distinct, where = np.unique(numbers, return_index=True)
        self._columns.append(self._measure(rows[where[distinct >= n_known]]))
        return numbers.reshape(loads.shape[:-1])

    def columns(self) -> Columns:
        """Return the counts and the measures of each class."""
        return {name: np.concatenate([part[name] for part in self._columns]) for name in self._columns[0]}

    def _measure(self, rows: npt.NDArray[np.int64]) -> Columns:
        hashed, unhashed, unknown = rows[:, :N_COUNTS].T.copy()  # a view would keep all rows
        packets = np.ascontiguousarray(rows[:, N_COUNTS : N_COUNTS + self._queues])
        n_bytes = np.ascontiguousarray(rows[:, N_COUNTS + self._queues :])
        return {
            "hashed": hashed,
            "unhashed": unhashed,
            "unknown": unknown,
            "queues_used": (packets > 0).sum(axis=1),
            **{f"{name}_packets": values for name, values in spread_each(packets).items()},
            **{f"{name}_bytes": values for name, values in spread_each(n_bytes).items()},
        }


@dataclass(frozen=True, eq=False)
class _Ranking:
    """In which order masks and classes stand.

    Parameters
    ----------
    masks : int64 array of shape (n_masks,)
        The masks, best first.
    class_of : int64 array of shape (n_masks,)
        The class of each of these.
    classes : int64 array of shape (n_classes,)
        The classes, best first, as they were numbered before.
    ranks : int64 array of shape (n_classes,)
        The rank of each of these.
    """

    masks: npt.NDArray[np.int64]
    class_of: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    ranks: npt.NDArray[np.int64]


def _rank(
    of_mask: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64], values: npt.NDArray[np.float64], by: str
) -> _Ranking:
    """Put classes in order: by a measure, then by their smallest masks.

    Parameters
    ----------
    of_mask : int64 array of shape (n_masks,)
        The class of each mask.
    numbers : int64 array of shape (n_masks,)
        The masks, all their bits as one number.
    values : float64 array of shape (n_classes,)
        The measure of each class.
    by : str
        Its name.
    """
    by_size = np.lexsort((numbers, np.bitwise_count(numbers)))
    size = np.empty_like(by_size)
    size[by_size] = np.arange(len(by_size))
    smallest = np.full(len(values), len(size))
    np.minimum.at(smallest, of_mask, size)
    badness = _badness(values, by)
    classes = np.lexsort((smallest, badness))
    place = np.empty_like(classes)
    place[classes] = np.arange(len(classes))
    masks = np.lexsort((size, place[of_mask]))
    ranks = np.searchsorted(badness[classes], badness[classes]) + 1
    return _Ranking(masks, place[of_mask][masks], classes, ranks)


def _badness(values: npt.NDArray[np.float64], by: str) -> npt.NDArray[np.float64]:
    """Return what grows as a measure gets worse; masks that put nothing on any queue are the worst."""
    values = values.round(_DIGITS)
    if by.startswith(GROWING):
        values = -values
    return np.nan_to_num(values, nan=np.inf, posinf=np.finfo(np.float64).max)
