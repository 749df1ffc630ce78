"""Write what a device reports as a table beside the trace, as ``capture.reported.table`` reads it.

A row for each packet that is delivered, with its number in the trace; a cell is empty where nothing is reported.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder, Sink
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import Reported
from pcaphash.capture.reported.table import COLUMNS
from pcaphash.errors import OutputError
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_OF_GROUP = 64 * 1024
_HEX_LEN = 8


class TextTableEncoder(Encoder):
    """Writes CSV or JSON lines.

    Parameters
    ----------
    sink : Sink
        Where its bytes go.
    is_json : bool
        Whether to write JSON lines.
    """

    def __init__(self, sink: Sink, *, is_json: bool) -> None:
        super().__init__(sink)
        self._is_json = is_json
        if not is_json:
            sink.write(",".join(COLUMNS).encode() + b"\n")

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        chosen = delivery.delivered
        reported = delivery.reported.take(chosen)
        which, ends = self._ends_of_rows(reported)
        before, between, nothing = ('{"packet": ', ', "hash_value": "0x', ', "hash_value": null')
        if not self._is_json:
            before, between, nothing = "", ",0x", ","
        values = zip(
            (chosen + delivery.first).tolist(), _hex_of(reported), reported.has_hash.tolist(), which, strict=True
        )
        rows = [
            f"{before}{number}{between}{digits}{ends[end][0]}" if has else f"{before}{number}{nothing}{ends[end][1]}"
            for number, digits, has, end in values
        ]
        self._sink.write("".join(rows).encode())

    def _ends_of_rows(self, reported: Reported) -> tuple[list[int], list[tuple[str, str]]]:
        """Return which end each row has, and the ends that there are: after a hash, and after none."""
        parts = np.stack([reported.hash_reports, reported.hash_report_tunnels, reported.queues])
        found, which = np.unique(parts, axis=1, return_inverse=True)
        return which.ravel().tolist(), [self._end_of_row(*each) for each in found.T.tolist()]

    def _end_of_row(self, report: int, tunnel: int, queue: int) -> tuple[str, str]:
        names = _name_of(HASH_REPORTS, report), _name_of(HASH_REPORT_TUNNELS, tunnel)
        number = None if queue < 0 else str(queue)
        if not self._is_json:
            end = ",".join(["", *(name or "" for name in (*names, number))]) + "\n"
            return end, end
        cells = [*("null" if name is None else f'"{name}"' for name in names), number or "null"]
        end = "".join(f', "{column}": {cell}' for column, cell in zip(COLUMNS[2:], cells, strict=True)) + "}\n"
        return f'"{end}', end


class ParquetEncoder(Encoder):
    """Writes Parquet, a group of rows at a time.

    Parameters
    ----------
    sink : binary stream
        Where its bytes go.
    """

    def __init__(self, sink: IO[bytes]) -> None:
        super().__init__(sink)
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        kinds = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64())
        self._schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
        self._writer = ParquetWriter(sink, self._schema)
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._reported: list[Reported] = []

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        chosen = delivery.delivered
        self._numbers.append(chosen + delivery.first)
        self._reported.append(delivery.reported.take(chosen))
        if sum(map(len, self._numbers)) >= _ROWS_OF_GROUP:
            self._write_group()

    def finish(self) -> None:
        """Write the last group, and what ends the file."""
        if any(map(len, self._numbers)):
            self._write_group()
        self._writer.close()

    def close(self) -> None:
        """Let go of the writer, which would write to the file later on if it were not closed."""
        super().close()
        with suppress(OSError, OutputError):
            self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        numbers, reported = np.concatenate(self._numbers), Reported.join(self._reported)
        self._numbers, self._reported = [], []
        digits = [f"0x{each}" for each in _hex_of(reported)]
        columns = [
            pa.array(numbers),
            pa.array(digits, pa.string(), mask=~reported.has_hash),
            _names_of(HASH_REPORTS, reported.hash_reports),
            _names_of(HASH_REPORT_TUNNELS, reported.hash_report_tunnels),
            pa.array(reported.queues, pa.int64(), mask=reported.queues < 0),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=len(numbers))


def _hex_of(reported: Reported) -> list[str]:
    """Return the hex digits of each hash."""
    text = reported.hash_values.astype(">u4").tobytes().hex()
    return [text[start : start + _HEX_LEN] for start in range(0, len(text), _HEX_LEN)]


def _name_of(names: Sequence[str], number: int) -> str | None:
    return names[number] if number >= 0 else None


def _names_of(names: Sequence[str], numbers: npt.NDArray[np.int16]) -> "pa.Array":
    """Return a column of names, empty for numbers below 0."""
    import pyarrow as pa

    return pa.array(names).take(pa.array(numbers.astype(np.int64), mask=numbers < 0))
