"""The study behind ``hashes``: which hash each packet gets, over which bytes, and which receive queue."""

from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census import Identity
from pcaphash.engine.describer import NO_QUEUE, Describer
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import EVERYTHING, Selection
from pcaphash.engine.stream import Account, check_selected, read_selected
from pcaphash.errors import CaptureError, NothingReadableError
from pcaphash.kernels.timestamps import NO_TIMESTAMP

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "packet", "timestamp_ns", "captured_length", "original_length", "direction", "encapsulation", "header",
    "hash_report", "hash_report_tunnel", "hash_input", "hash_value", "queue", "reason",
)  # fmt: skip

Numbers = npt.NDArray[np.int64] | range

_DIRECTIONS = np.array(["", "in", "out"], dtype=object)


def _rows(describer: Describer, block: Block, numbers: Numbers) -> "pd.DataFrame":
    """Describe the packets of a block, which have these numbers in their trace, as rows."""
    import pandas as pd

    found = describer.describe(block)
    records, timestamps = block.records, block.timestamps()
    of_signature = {signature: describer.decisions[signature] for signature in map(int, np.unique(found.signatures))}

    def column(field: str) -> npt.NDArray[np.object_]:
        values = np.empty(len(records), dtype=object)
        for signature, decision in of_signature.items():
            values[found.signatures == signature] = getattr(decision, field)
        return values

    inputs = zip(_hex_rows(found.inputs), found.lengths.tolist(), strict=True)
    hex_values = np.array([f"0x{value:08x}" for value in found.hash_values.tolist()], dtype=object)
    hex_values[~found.hashed] = ""
    return pd.DataFrame(
        {
            "packet": np.asarray(numbers, np.int64),
            "timestamp_ns": pd.array(timestamps, dtype="Int64"),
            "captured_length": records["captured_length"].astype(np.int64),
            "original_length": records["original_length"].astype(np.int64),
            "direction": _DIRECTIONS[records["direction"]],
            "encapsulation": column("encapsulation"),
            "header": column("header"),
            "hash_report": column("hash_report"),
            "hash_report_tunnel": column("hash_report_tunnel"),
            "hash_input": [data[: 2 * length] for data, length in inputs],
            "hash_value": hex_values,
            "queue": pd.array(found.queues, dtype="Int64"),
            "reason": column("reason"),
        },
        columns=list(COLUMNS),
    ).assign(
        timestamp_ns=lambda rows: rows["timestamp_ns"].mask(timestamps == NO_TIMESTAMP),
        queue=lambda rows: rows["queue"].mask(found.queues == NO_QUEUE),
    )


def _hex_rows(inputs: npt.NDArray[np.uint8]) -> list[str]:
    """Return each row of bytes as hexadecimal text."""
    text, width = inputs.tobytes().hex(), 2 * inputs.shape[1]
    return [text[start : start + width] for start in range(0, len(text), width)]


def columns_of(traces: Sequence[str]) -> tuple[str, ...]:
    """List the columns: where there are several traces, one says which of them each row is of."""
    return COLUMNS if len(traces) == 1 else ("trace", *COLUMNS)


def stream_hashes(
    traces: Sequence[str],
    device: Device,
    account: Account,
    selection: Selection = EVERYTHING,
) -> "Iterator[pd.DataFrame]":
    """Yield the rows of ``hashes`` block by block, so that memory stays flat.

    Parameters
    ----------
    traces : sequence of str
        Captures; ``-`` is standard input. With several of them rows have one column more, ``trace``.
    device : Device
        The configured device.
    account : Account
        Keeps note of what was read and what could not be.
    selection : Selection
        Which packets to describe.

    Raises
    ------
    CaptureError
        The only trace cannot be read at all.
    NothingReadableError
        None of several traces can.
    ConfigurationError
        No packet is selected, of those that there are.
    """
    describer = Describer(device)
    selector = Selector(selection, Identity.of(device), device.spec, account.reading.left_out)
    for trace in traces:
        try:
            reader = account.open(trace)
        except CaptureError as error:
            if len(traces) == 1:
                raise
            account.reading.unreadable.append(error)
            continue
        for block, numbers in read_selected(reader, account, selector):
            rows = _rows(describer, block, numbers)
            if len(traces) > 1:
                rows.insert(0, "trace", trace)
            yield rows
        if selector.is_full:
            break
    if not account.reading.traces:
        raise NothingReadableError(account.reading.unreadable)
    check_selected(account.reading, selection)


def hashes(trace: str | PathLike[str], device: Device, selection: Selection = EVERYTHING) -> "pd.DataFrame":
    """Describe every packet of a trace: its hash, what it is over, and its receive queue.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input.
    device : Device
        The configured device.
    selection : Selection
        Which packets to describe; those that the host sent too, unless it says otherwise.

    Returns
    -------
    DataFrame
        One row per packet in order of the file, columns ``COLUMNS``; ``timestamp_ns`` and ``queue`` are nullable
        integers. ``attrs["damage"]`` holds one line where the trace could be read in part only.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, of those that there are.
    """
    import pandas as pd

    account = Account([fspath(trace)])
    parts = list(stream_hashes([fspath(trace)], device, account, selection))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    if account.reading.damages:
        rows.attrs["damage"] = str(account.reading.damages[0])
    return rows
