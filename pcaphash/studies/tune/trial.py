"""Try many hash keys on the distinct hash inputs of a trace, one half of them kept apart from the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_form import HashForm, hash_form
from pcaphash.device.indirection_table import default_table
from pcaphash.engine.flows.inputs import HashInputs
from pcaphash.engine.running.threads import share_out
from pcaphash.kernels.header import PORTS_WORD_IPV6
from pcaphash.kernels.inputs import SHORT_WORDS, spread_by_keys, tabulate_keys, working_room
from pcaphash.kernels.toeplitz import KEY_LEN, WORDS
from pcaphash.standards import virtio
from pcaphash.studies.shared.chance.spread import UNITS, spread_each
from pcaphash.studies.tune.measures import badness

PARTS = ("choosing", "judging", "all")
"""The hash inputs that a measure is over: those that keys are chosen by, those that they are judged by, or both."""

HALVES = 2
CHOOSING, JUDGING = range(HALVES)

CURRENT = 0
"""Which of the keys is the device's own."""

EQUAL, GIVEN = "equal", "given"
"""A table in which the receive queues take turns, as ``ethtool -X IF equal`` sets it, and the device's own one."""

_LARGEST_SIZE = 512  # that sizes are tried up to, unless the device's table is larger
_ENTRIES_PER_QUEUE = 4
_MOST_CELLS = 1 << 22  # numbers held at a time: that many keys are tried at once, and then the next ones


def random_keys(n_keys: int, n_bytes: int, seed: int) -> list[bytes]:
    """Make hash keys at random, each long enough for every hash input; the same seed gives the same keys."""
    source = np.random.default_rng([seed, 0])
    return [source.bytes(max(n_bytes, KEY_LEN)) for _ in range(n_keys)]


def split_inputs(n_inputs: int, seed: int) -> npt.NDArray[np.int64]:
    """Share hash inputs out between CHOOSING and JUDGING at random, half to each."""
    return np.random.default_rng([seed, 1]).permutation(n_inputs) % HALVES


def split_choosing(halves: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Share the hash inputs of the choosing half out at random, in the same way; all others are in neither part."""
    order = np.random.default_rng([seed, 3]).permutation(len(halves))
    parts = np.full_like(halves, -1)
    chosen = order[halves[order] == CHOOSING]
    parts[chosen] = np.arange(len(chosen)) % HALVES
    return parts


Columns = dict[str, npt.NDArray[np.float64]]
"""Measures of keys, by part and measure, such as ``judging_max_ideal_packets``."""

Packed = tuple[HashForm, list[tuple[int, int, npt.NDArray[np.uint32], npt.NDArray[np.int64]]]]
"""How a device hashes, and hash inputs as kernels take them: the half, words of each, the words, packets and bytes."""


def pack_halves(inputs: HashInputs, halves: npt.NDArray[np.int64]) -> Packed:
    """Arrange hash inputs for trying many keys, given the half of each; those of no half are left out."""
    words, is_short = inputs.words, inputs.lengths < 4 * PORTS_WORD_IPV6
    return hash_form(inputs.device.flavor), [
        (half, n_words, *_pack(words, inputs.loads, (halves == half) & chosen, n_words))
        for half in range(HALVES)
        for n_words, chosen in ((SHORT_WORDS, is_short), (WORDS, ~is_short))
    ]


def spread_halves(packed: Packed, keys: Sequence[bytes], slots: int) -> Iterator[npt.NDArray[np.int64]]:
    """Spread both halves of hash inputs over the entries of a table, under some keys at a time.

    Parameters
    ----------
    packed : tuple
        The hash inputs, as ``pack_halves`` arranges them.
    keys : sequence of bytes
        The hash keys.
    slots : int
        Entries of the table; a power of two, two at least.

    Yields
    ------
    int64 array of shape (some keys, HALVES, slots, 2)
        Packets and bytes of each entry.
    """
    form, parts = packed
    n_at_once = max(_MOST_CELLS // (HALVES * slots * 2), 1)
    for start in range(0, len(keys), n_at_once):
        some = keys[start : start + n_at_once]
        entries = np.zeros((HALVES, len(some), slots, 2), np.int64)

        def spread_share(
            first: int, last: int, some: Sequence[bytes] = some, entries: npt.NDArray[np.int64] = entries
        ) -> None:
            table, room = tabulate_keys([form.used_key(key) for key in some[first:last]], slots), working_room()
            for half, n_words, words, loads in parts:
                of_keys = entries[half, first:last].reshape(-1)
                n_inputs = len(loads) // 2
                spread_by_keys(words, n_inputs, n_words, loads, table, last - first, slots, room, of_keys)

        share_out(len(some), spread_share)
        # A hash that starts at 0xffffffff has the opposite bits: the entries are taken from the last one back.
        yield (entries[:, :, ::-1] if form.starts_with_ones else entries).transpose(1, 0, 2, 3)


def _pack(
    words: npt.NDArray[np.uint32], loads: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_], n_words: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Return the words of some hash inputs, and their packets and bytes, as the kernel takes them."""
    return np.ascontiguousarray(words[chosen, :n_words]).reshape(-1), loads[chosen].reshape(-1)


def fold(entries: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Sum up what the entries of a table bring to a smaller one, which looks at fewer bits of the hash.

    Parameters
    ----------
    entries : int64 array of shape (..., slots, 2)
        Packets and bytes of each entry.
    size : int
        Entries of the smaller table, a power of two.
    """
    *before, slots, units = entries.shape
    return np.asarray(entries.reshape(*before, slots // size, size, units).sum(axis=-3))


def place(entries: npt.NDArray[np.int64], table: Sequence[int], n_queues: int) -> npt.NDArray[np.int64]:
    """Sum up what the entries of a table bring to each receive queue.

    Parameters
    ----------
    entries : int64 array of shape (..., len(table), 2)
        Packets and bytes of each entry.
    table : sequence of int
        Receive queue of each.
    n_queues : int
        How many there are.

    Returns
    -------
    int64 array of shape (..., n_queues, 2)
    """
    queues = np.asarray(table)
    order = np.argsort(queues, kind="stable")
    used, starts = np.unique(queues[order], return_index=True)
    placed = np.zeros((*entries.shape[:-2], n_queues, entries.shape[-1]), np.int64)
    placed[..., used, :] = np.add.reduceat(entries[..., order, :], starts, axis=-2)
    return placed


def measure_keys(packed: Packed, device: Device, fixed: npt.NDArray[np.int64], keys: Sequence[bytes]) -> Columns:
    """Measure how each key spreads each half with the device's own table."""
    size = len(device.indirection_table)
    spread = spread_halves(packed, keys, max(size, 2))
    placed = (place(fold(each, size), device.indirection_table, device.queues) for each in spread)
    return join_columns([measure_queues(queues + fixed) for queues in placed])


def join_columns(parts: Sequence[Columns]) -> Columns:
    """Put the measures of some keys and those of others behind each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def measure_queues(queues: npt.NDArray[np.int64]) -> Columns:
    """Measure loads of receive queues, given for each key and half, over each part."""
    loads = dict(zip(PARTS, (queues[:, CHOOSING], queues[:, JUDGING], queues.sum(axis=1)), strict=True))
    return {
        f"{part}_{name}_{unit}": values
        for part, of_part in loads.items()
        for column, unit in enumerate(UNITS)
        for name, values in spread_each(of_part[:, :, column]).items()
    }


def choosing_badness(columns: Columns, measure: str) -> npt.NDArray[np.float64]:
    """Return how bad keys are over the half that they are chosen by."""
    return badness(columns[f"{PARTS[CHOOSING]}_{measure}"], measure)


def order_keys(columns: Columns, measure: str) -> npt.NDArray[np.int64]:
    """Return the numbers of keys, the best over the choosing half first."""
    values = choosing_badness(columns, measure)
    return np.lexsort((np.arange(len(values)), values))


@dataclass(frozen=True)
class SizeTrial:
    """Tables of one size under all keys tried.

    Parameters
    ----------
    size : int
        Entries.
    table : str
        ``given`` for the device's own table; ``equal`` for one in which the receive queues take turns.
    median, low, high : float
        The measure over the judging half: its median, and where it lies for 95 of 100 random keys.
    """

    size: int
    table: str
    median: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class KeyTrial:
    """Measures of all keys.

    Parameters
    ----------
    columns : dict of str to float64 array of shape (keys,)
        By part and measure, with the device's own table.
    sizes : list of SizeTrial
        The measure chosen by, with tables of other sizes.
    """

    columns: Columns
    sizes: list[SizeTrial]


def try_keys(
    packed: Packed, device: Device, fixed: npt.NDArray[np.int64], keys: Sequence[bytes], measure: str
) -> KeyTrial:
    """Measure how each key spreads each half, with the device's own table and with default tables of other sizes."""
    sizes = _sizes(device)
    parts: list[Columns] = []
    tables = {(size, EQUAL): default_table(size, device.queues) for size in sizes}
    if tables[len(device.indirection_table), EQUAL] != device.indirection_table:
        tables[len(device.indirection_table), GIVEN] = device.indirection_table
    of_tables: dict[tuple[int, str], list[npt.NDArray[np.float64]]] = {of: [] for of in sorted(tables)}
    column = UNITS.index(measure.rpartition("_")[2])
    own = len(device.indirection_table)
    for entries in spread_halves(packed, keys, max(*sizes, 2)):
        queues = place(fold(entries, own), device.indirection_table, device.queues) + fixed
        parts.append(measure_queues(queues))
        for (size, kind), table in tables.items():
            loads = place(fold(entries[:, JUDGING], size), table, device.queues) + fixed[JUDGING]
            of_tables[size, kind].append(spread_each(loads[:, :, column])[measure.rpartition("_")[0]])
    return KeyTrial(join_columns(parts), list(_summarize(of_tables)))


def _sizes(device: Device) -> list[int]:
    """Return the sizes of tables to try: that of the device, and powers of two that leave no receive queue out."""
    own = len(device.indirection_table)
    enough = 1 << (_ENTRIES_PER_QUEUE * device.queues - 1).bit_length()
    largest = min(max(_LARGEST_SIZE, own, enough), virtio.MOST_INDIRECTION_TABLE_LENGTH)
    powers = [1 << bits for bits in range(largest.bit_length())]
    return sorted({own, *(size for size in powers if size >= device.queues)})


def _summarize(of_tables: dict[tuple[int, str], list[npt.NDArray[np.float64]]]) -> Iterable[SizeTrial]:
    for (size, kind), values in of_tables.items():
        random = np.concatenate(values)[CURRENT + 1 :]
        low, median, high = np.quantile(random, [0.025, 0.5, 0.975]).tolist()
        yield SizeTrial(size, kind, median, low, high)


def entries_under(packed: Packed, device: Device, key: bytes) -> npt.NDArray[np.int64]:
    """Return what each half brings to each entry of the device's table under one key."""
    size = len(device.indirection_table)
    (entries,) = spread_halves(packed, [key], max(size, 2))
    return fold(entries[0], size)
