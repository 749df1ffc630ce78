"""The study behind ``hashes``: which hash each packet gets, over which bytes, and which receive queue."""

from collections.abc import Iterator
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census import Identity
from pcaphash.engine.decision import Decision, decide
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import EVERYTHING, Selection
from pcaphash.engine.stream import Account, check_selected, read_selected
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.rows import INPUT_LEN, UNDECIDED, describe_packets
from pcaphash.kernels.timestamps import NO_TIMESTAMP

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "packet", "timestamp_ns", "captured_length", "original_length", "direction", "encapsulation", "header",
    "hash_report", "hash_report_tunnel", "hash_input", "hash_value", "queue", "reason",
)  # fmt: skip

Numbers = npt.NDArray[np.int64] | range

_DIRECTIONS = np.array(["", "in", "out"], dtype=object)


class _Describer:
    """Describes blocks of packets under one device, deciding each signature when it first turns up."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._identity = Identity.of(device)
        self._picks = np.full(N_SIGNATURES, UNDECIDED, np.int32)
        self._decisions: dict[int, Decision] = {}
        self._table = np.asarray(device.indirection_table, np.int64)

    def describe(self, block: Block, numbers: Numbers) -> "pd.DataFrame":
        """Describe the packets of a block, which have these numbers in their trace, as rows."""
        import pandas as pd

        records = block.records
        n = len(records)
        signatures, hash_values, inputs, lengths = self._run(block)
        of_signature = {s: self._decisions[s] for s in map(int, np.unique(signatures))}

        def column(field: str) -> npt.NDArray[np.object_]:
            values = np.empty(n, dtype=object)
            for signature, decision in of_signature.items():
                values[signatures == signature] = getattr(decision, field)
            return values

        hashed = lengths > 0
        timestamps = block.timestamps()
        hex_inputs = [data[: 2 * length] for data, length in zip(_hex_rows(inputs), lengths.tolist(), strict=True)]
        hex_values = np.array([f"0x{value:08x}" for value in hash_values.tolist()], dtype=object)
        hex_values[~hashed] = ""
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
                "hash_input": hex_inputs,
                "hash_value": hex_values,
                "queue": self._queues(hash_values, hashed, column("is_known").astype(bool)),
                "reason": column("reason"),
            },
            columns=list(COLUMNS),
        ).assign(timestamp_ns=lambda rows: rows["timestamp_ns"].mask(timestamps == NO_TIMESTAMP))

    def _run(
        self, block: Block
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """Run the kernel over a block; return signatures, hash values, hash inputs and their lengths."""
        n = len(block.records)
        signatures = np.empty(n, np.int32)
        hash_values = np.empty(n, np.uint32)
        inputs = np.empty(n * INPUT_LEN, np.uint8)
        lengths = np.empty(n, np.int64)
        done = 0
        while done < n:
            done += describe_packets(
                block.data,
                block.records[done:],
                n - done,
                self._identity.prepared_key,
                self._identity.port_types,
                self._identity.departures,
                self._picks,
                signatures[done:],
                hash_values[done:],
                inputs[done * INPUT_LEN :],
                lengths[done:],
            )
            if done < n:
                signature = int(signatures[done])
                self._decisions[signature] = decide(signature, self._device)
                self._picks[signature] = self._decisions[signature].pick
        return signatures, hash_values, inputs.reshape(n, INPUT_LEN), lengths

    def _queues(
        self, hash_values: npt.NDArray[np.uint32], hashed: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]
    ) -> "pd.api.extensions.ExtensionArray":
        import pandas as pd

        n_entries = len(self._table)
        entries = hash_values.astype(np.int64)
        entries = entries % n_entries if self._device.table_index == "modulo" else entries & (n_entries - 1)
        chosen = self._table[entries]
        queues = np.where(hashed, chosen, self._device.unclassified_queue)
        array = pd.array(queues, dtype="Int64")
        array[~known if self._device.has_queue else np.ones(len(known), bool)] = pd.NA
        return array


def _hex_rows(inputs: npt.NDArray[np.uint8]) -> list[str]:
    """Return each row of bytes as hexadecimal text."""
    text, width = inputs.tobytes().hex(), 2 * inputs.shape[1]
    return [text[start : start + width] for start in range(0, len(text), width)]


def stream_hashes(
    trace: str | PathLike[str],
    device: Device,
    account: Account,
    selection: Selection = EVERYTHING,
) -> "Iterator[pd.DataFrame]":
    """Yield the rows of ``hashes`` block by block, so that memory stays flat.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input.
    device : Device
        The configured device.
    account : Account
        Keeps note of what was read and what could not be.
    selection : Selection
        Which packets to describe.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, of those that there are.
    """
    describer = _Describer(device)
    selector = Selector(selection, Identity.of(device), device.spec)
    for block, numbers in read_selected(account.open(fspath(trace)), account, selector):
        yield describer.describe(block, numbers)
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
    parts = list(stream_hashes(trace, device, account, selection))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    if account.reading.damages:
        rows.attrs["damage"] = str(account.reading.damages[0])
    return rows
