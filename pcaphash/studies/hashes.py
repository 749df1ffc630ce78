"""The study behind ``hashes``: which hash each packet gets, over which bytes, and which receive queue."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.input import Readable, Trace
from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census.decision import Decision
from pcaphash.engine.census.describer import NO_QUEUE, Describer, Descriptions
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Asked, Batch, Counter, Partial
from pcaphash.engine.running.run import answer, batches, finish
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.errors import portable
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.studies.shared.asking import inputs_of, only_trace
from pcaphash.studies.shared.columns import HASHES, columns_of_hashes
from pcaphash.studies.shared.texts import chosen_texts, hash_texts, hex_texts

if TYPE_CHECKING:
    import pandas as pd


_DIRECTIONS = ("", "in", "out")


class HashRows(Counter):
    """Makes rows of packets, and keeps them until they are taken.

    Parameters
    ----------
    device : Device
        The configured device.
    names_traces : bool
        Whether the rows have one column more, ``trace``.
    """

    def __init__(self, device: Device, *, names_traces: bool) -> None:
        self._describer = Describer(device)
        self._names_traces = names_traces
        self._name = ""
        self._prepared: deque[pd.DataFrame] = deque()
        self._rows: list[pd.DataFrame] = []

    def open(self, part: Part, trace: Readable) -> None:
        """Take note of which trace is about to be read."""
        self._name = portable(part.input.name)

    def prepare(self, batch: Batch) -> Batch:
        """Make the rows of a batch; batches are appended in the order in which they are prepared."""
        found = self._describer.describe(batch.block)
        rows = _rows(found, self._describer.decisions, batch.block, batch.numbers)
        if self._names_traces:
            rows.insert(0, "trace", self._name)
        self._prepared.append(rows)
        return batch

    def append(self, batch: Batch) -> None:
        """Take the rows of a batch."""
        self._rows.append(self._prepared.popleft())

    def take(self) -> "list[pd.DataFrame]":
        """Return the rows made since they were last taken, a table for each batch."""
        taken, self._rows = self._rows, []
        return taken


@dataclass(frozen=True)
class HashesRequest(Asked):
    """Which hash each packet gets under a device, over which bytes, and which receive queue.

    Parameters
    ----------
    names_traces : bool
        Whether the rows have one column more, ``trace``.
    """

    names_traces: bool = False

    @property
    def needs_order(self) -> bool:
        """Whether it cannot run in parts: rows have the numbers that their packets have in a whole trace."""
        return True

    def begin(self) -> HashRows:
        """Return a counter without rows."""
        return HashRows(self.devices[0], names_traces=self.names_traces)

    def finish(self, partial: Partial[HashRows]) -> "pd.DataFrame":
        """Join the rows that were not taken."""
        import pandas as pd

        tables, reading = partial.counter.take(), partial.reading
        columns = columns_of_hashes(names_traces=self.names_traces)
        rows = pd.concat(tables, ignore_index=True) if tables else columns.frame([])
        if reading.damages:
            rows.attrs["damages"] = list(map(damage_text, reading.damages))
            rows.attrs["damage"] = rows.attrs["damages"][0]
        return rows


def stream_hashes(
    traces: Sequence[Trace],
    device: Device,
    reading: Reading,
    selection: Selection = EVERYTHING,
    watch: Watch | None = None,
    jobs: int | None = None,
) -> "Iterator[pd.DataFrame]":
    """Yield the rows of ``hashes`` batch by batch, so that memory stays flat.

    Parameters
    ----------
    traces : sequence of traces
        Captures; ``-`` is standard input. With several of them rows have one column more, ``trace``.
    device : Device
        The configured device.
    reading : Reading
        Keeps account of what was read and what could not be.
    selection : Selection
        Which packets to describe.
    watch : callable, optional
        Called now and then with the progress.
    jobs : int, optional
        As ``hashes`` takes it.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        The selection matches no packet.
    """
    request = HashesRequest((device,), selection, names_traces=len(traces) > 1)
    partial = Partial(reading, request.begin())
    for _ in batches(request, partial, inputs_of(traces), watch, jobs):
        yield from partial.counter.take()
    finish(request, partial)


def hashes(
    trace: Trace, device: Device | None = None, selection: Selection = EVERYTHING, *, jobs: int | None = None
) -> "pd.DataFrame":
    """Describe every packet of a trace: its hash, the header that is hashed, and its receive queue.

    Parameters
    ----------
    trace : path or Input
        A capture; ``-`` is standard input.
    device : Device, optional
        The configured device. Default: ``Device()``.
    selection : Selection
        Which packets to describe. Default: all, including those that the host sent.
    jobs : int, optional
        If it is more than 1, another thread reads ahead; the result does not depend on that. Default: as many as there
        are cores.

    Returns
    -------
    DataFrame
        One row per packet in order of the file, columns ``HASHES``; ``timestamp_ns`` and ``queue`` are nullable
        integers. If the trace could be read only in part, ``attrs["damages"]`` lists why, a line each, and
        ``attrs["damage"]`` is the first of them.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        The selection matches no packet.
    """
    request = HashesRequest((device or Device(),), selection)
    with only_trace():
        return answer(request, inputs_of(trace), jobs=jobs)


def _rows(
    found: Descriptions, decisions: Mapping[int, Decision], block: Block, numbers: npt.NDArray[np.int64]
) -> "pd.DataFrame":
    """Make rows of the packets of a block, which have these numbers in their trace."""
    import pandas as pd

    records, timestamps = block.records, block.timestamps()
    signatures, chosen = np.unique(found.signatures, return_inverse=True)
    of_signature = [decisions[signature] for signature in signatures.tolist()]

    def column(field: str) -> "pd.Series":
        return chosen_texts([getattr(decision, field) for decision in of_signature], chosen)

    return pd.DataFrame(
        {
            "packet": numbers,
            "timestamp_ns": pd.arrays.IntegerArray(timestamps, timestamps == NO_TIMESTAMP),
            "captured_length": records["captured_length"].astype(np.int64),
            "original_length": records["original_length"].astype(np.int64),
            "direction": chosen_texts(_DIRECTIONS, records["direction"]),
            "encapsulation": column("encapsulation"),
            "header": column("header"),
            "hash_report": column("hash_report"),
            "hash_report_tunnel": column("hash_report_tunnel"),
            "hash_input": hex_texts(found.inputs, found.lengths),
            "hash_value": hash_texts(found.hash_values, found.hashed),
            "queue": pd.arrays.IntegerArray(found.queues, found.queues == NO_QUEUE),
            "reason": column("reason"),
        },
        columns=list(HASHES.names),
    )
