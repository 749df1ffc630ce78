"""Read captures by pcaphash and by the naive reference, in the same form."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from naive.capture import Capture, Record
from pcaphash.capture.damage import Damage
from pcaphash.capture.reader import BLOCK_LEN, Block, Reader
from pcaphash.errors import CaptureError
from pcaphash.kernels.timestamps import NO_TIMESTAMP

DIRECTIONS = ("", "in", "out")

NO_CAPTURE = {"not a capture file", "the file header runs past the end"}
"""Why the naive reference found not even the beginning of a capture."""


def read(trace: Path | str, block_len: int = BLOCK_LEN) -> tuple[list[Record], Damage | None]:
    """Read all records of a trace, and where reading ended early.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    """
    reader = Reader(str(trace), block_len)
    records: list[Record] = []
    for block in reader.blocks():
        records += records_of(block, len(records) + 1)
    return records, reader.damage


def records_of(block: Block, first_packet: int) -> Iterator[Record]:
    """Copy the records out of a block."""
    timestamps = block.timestamps().tolist()
    for i, record in enumerate(block.records):
        start = int(record["offset"])
        end = start + int(record["captured_length"])
        assert end <= len(block.data)
        yield Record(
            packet=first_packet + i,
            timestamp_ns=None if timestamps[i] == NO_TIMESTAMP else timestamps[i],
            captured=block.data[start:end].tobytes(),
            original_length=int(record["original_length"]),
            link_type=int(record["link_type"]),
            direction=DIRECTIONS[record["direction"]],
        )


def assert_reads_as(trace: Path | str, expected: Capture, block_len: int = BLOCK_LEN) -> None:
    """Hold that a trace is read as the naive reference read it: records, and the offset of damage."""
    if expected.damage is not None and expected.damage.reason in NO_CAPTURE:
        with pytest.raises(CaptureError):
            read(trace, block_len)
        return
    records, damage = read(trace, block_len)
    assert records == expected.records
    found_offset = None if damage is None else damage.offset
    assert found_offset == (None if expected.damage is None else expected.damage.offset), (damage, expected.damage)
