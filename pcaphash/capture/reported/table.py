"""What a device reported of packets, from a table beside the trace: CSV, TSV, JSON, JSON lines, Markdown or Parquet.

Columns: ``packet``, counted from 1, in rising order; ``hash_value`` or ``queue`` or both; and, where known,
``hash_report`` and ``hash_report_tunnel``. What ``pcaphash hashes`` writes is such a table.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import BareHex, IgnoredColumns, NoRow, Note
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.capture.reported.table_file import Part, open_table
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS

TABLE_FIELD = Field("reported")
COLUMNS_FIELD = Field("columns")
COLUMNS = ("packet", "hash_value", "hash_report", "hash_report_tunnel", "queue")
"""Columns that are read: the first must be there, and one that says something of the hash or the queue."""

_LIKELY = {
    "packet": re.compile(r"packet|pkt|frame|^no\.?$|^number$|^index$", re.IGNORECASE),
    "hash_value": re.compile(r"hash(?:[ _.-]?val(?:ue)?)?$|^rss$", re.IGNORECASE),
    "queue": re.compile(r"queue|^rxq$|^ring$", re.IGNORECASE),
}
"""Names that columns have elsewhere."""

_UNKNOWN = "unknown"  # what `hashes` writes where a cut packet leaves a type open
_BARE = re.compile("[0-9a-fA-F]{1,8}")
_BARE_HEX = re.compile("(?=.*[a-fA-F])[0-9a-fA-F]{1,8}")  # no decimal number
_HEX = re.compile("0[xX][0-9a-fA-F]{1,16}")
_SCIENTIFIC = re.compile(r"[0-9]\.[0-9]+[eE]\+?[0-9]{1,2}")
_NOTHING = frozenset({"na", "n/a", "nan", "null", "none", "-"})  # stands for a hash or a queue that is not reported
_WHOLE = re.compile(r"([0-9]{1,20})(?:\.0)?")  # a column with gaps is often written with a decimal place


def _number(value: object) -> int | None:
    """Return a whole number, however it is written, or None where it is none."""
    if isinstance(value, str):
        if _HEX.fullmatch(value):
            return int(value, 16)
        if _SCIENTIFIC.fullmatch(value):
            exact = Decimal(value)
            return int(exact) if exact.as_tuple().exponent in range(-99, 1) and exact == exact.to_integral() else None
        found = _WHOLE.fullmatch(value)
        return int(found[1]) if found else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def _number_in(least: int, most: int) -> Callable[[object], int | None]:
    """Return what reads numbers of a range, and gives None for everything else."""

    def parse(value: object) -> int | None:
        """Return the number, or None if it is outside the range or not a whole number."""
        number = _number(value)
        return number if number is not None and least <= number <= most else None

    return parse


def _hex_first(parse: Callable[[object], int | None], value: object) -> int | None:
    """Read a number without 0x as hex."""
    if isinstance(value, str) and _BARE.fullmatch(value):
        return int(value, 16)
    return parse(value)


def _type_of(names: tuple[str, ...]) -> Callable[[object], int | None]:
    """Return what reads a type by its name or its number, and gives None for everything else."""
    numbers = {name.lower(): number for number, name in enumerate(names)} | {_UNKNOWN: NOT_REPORTED}
    by_number = _number_in(0, len(names) - 1)

    def parse(value: object) -> int | None:
        """Return the number that a word stands for, or a number given as such."""
        named = numbers.get(value.lower()) if isinstance(value, str) else None
        return by_number(value) if named is None else named

    return parse


_ROWS = "give a table with a row for each packet"

_PARSERS = {
    "packet": (_number_in(1, 2**53), "is not a packet number", "packets are counted from 1"),
    "hash_value": (
        _number_in(0, 2**32 - 1),
        "is not a 32-bit number",
        "write hex with 0x, such as 0x51ccc178",
    ),
    "hash_report": (_type_of(HASH_REPORTS), "is not a hash report", f"use {', '.join(HASH_REPORTS)}, or 0 to 9"),
    "hash_report_tunnel": (
        _type_of(HASH_REPORT_TUNNELS),
        "is not a hash_report_tunnel",
        f"use {', '.join(HASH_REPORT_TUNNELS)}, or 0 to 3",
    ),
    "queue": (_number_in(0, 2**32 - 1), "is not a receive queue", "receive queues are counted from 0"),
}


def parse_columns(text: str) -> dict[str, str]:
    """Read which column of a table is which, as in ``hash_value=rss_hash,packet=pkt``.

    Raises
    ------
    ConfigurationError
        The text is not a list of pairs, or names a column that is not read, or one twice.
    """
    columns: dict[str, str] = {}
    for pair in text.split(","):
        name, equals, theirs = (each.strip() for each in pair.partition("="))
        if not equals or not theirs:
            problem = f"{pair.strip()!r} is not a pair of names"
            raise ConfigurationError(COLUMNS_FIELD, problem, "write hash_value=rss_hash,packet=pkt")
        if name not in COLUMNS:
            raise ConfigurationError(
                COLUMNS_FIELD, f"{name!r} is not a column that is read", f"use {', '.join(COLUMNS)} before ="
            )
        if name in columns or theirs in columns.values():
            twice = name if name in columns else theirs
            raise ConfigurationError(COLUMNS_FIELD, f"{twice} appears twice", "name each column once")
        columns[name] = theirs
    return columns


@dataclass(frozen=True)
class _Rows:
    """Rows of the table that were read: packets in rising order, and what was reported of each."""

    first: int  # number of the first row, counted from 1 without the names of the columns
    packets: npt.NDArray[np.int64]
    reported: Reported


class ReportedTable:
    """Reads reported values row by row beside the packets; memory is flat in the number of both.

    Parameters
    ----------
    path : path
        A file whose name ends as ``table_file.open_table`` knows. Hash values are decimal, or hex with 0x; where one
        of the first rows has a hash such as 51ccc178, all without 0x are hex. Types are names or numbers of the virtio
        specs; an empty value is not reported. Other columns are ignored.
    columns : mapping of str to str, optional
        What columns are called in the file, if that is not their name here.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or lacks a column.
    """

    def __init__(self, path: str | PathLike[str], columns: Mapping[str, str] | None = None) -> None:
        self._file = fspath(path)
        self._place = Field("reported", self._file)
        self._names = {name: (columns or {}).get(name, name) for name in COLUMNS}
        table = open_table(self._place, Path(path), list(self._names.values()))
        self._check_names(table.names, list((columns or {}).values()))
        self._ignored = [name for name in table.names if name not in self._names.values()]
        self._is_hex: bool | None = None
        self._bare = ""
        self._parts = self._read_parts(table.parts)
        self._rows = next(self._parts, None)
        self._next = 0  # the first row not taken yet
        self.n_packets = 0
        """Packets that have a row."""

    def _check_names(self, names: list[str], given: list[str]) -> None:
        """Check that all columns are there that must be."""
        if not names:
            raise ConfigurationError(self._place, "is empty", _ROWS)
        missing = [name for name in given if name not in names]
        if not missing and self._names["packet"] not in names:
            missing = [self._names["packet"]]
        elif not missing and not any(self._names[name] in names for name in ("hash_value", "hash_report", "queue")):
            missing = [" or ".join(self._names[name] for name in ("hash_value", "hash_report", "queue"))]
        if missing:
            shown = ", ".join(names[:8]) or "none"
            problem = f"has no column {missing[0]}; its columns are {shown}"
            raise ConfigurationError(self._place, problem, _advice(names))

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Take the rows of a block's packets.

        Raises
        ------
        ConfigurationError
            A row is impossible: the error names it, counted from 1 without the names of the columns.
        """
        reported = Reported.nothing(len(block.records))
        behind = first + len(block.records)
        while self._rows is not None:
            packets = self._rows.packets
            end = int(np.searchsorted(packets, behind))
            start = max(self._next, int(np.searchsorted(packets, first)))
            for name, values in vars(reported).items():
                values[packets[start:end] - first] = getattr(self._rows.reported, name)[start:end]
            self.n_packets += end - start
            self._next = end
            if end < len(packets):
                break
            self._rows, self._next = next(self._parts, None), 0
        return block, reported

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return how many packets have no row, and which columns were ignored.

        Raises
        ------
        ConfigurationError
            The table has a row for a packet after the last one, or no rows at all.
        """
        if n_packets and not self.n_packets and self._rows is None:
            raise ConfigurationError(self._place, "has names of columns, but no rows", _ROWS)
        if self._rows is not None:
            row, packet = self._rows.first + self._next, self._rows.packets[self._next]
            problem = f"row {row}: packet {packet}, but the trace ends with packet {n_packets}"
            raise ConfigurationError(self._place, problem, "give the table for this trace")
        notes: list[Note] = []
        if self.n_packets < n_packets:
            notes.append(NoRow(self._file, n_packets - self.n_packets, n_packets))
        if self._is_hex:
            notes.append(BareHex(self._file, self._bare))
        if self._ignored:
            notes.append(IgnoredColumns(self._file, tuple(self._ignored)))
        return notes

    def _read_parts(self, parts: Iterator[Part]) -> Iterator[_Rows]:
        first, last_packet = 1, 0
        for named in parts:
            part = {name: named[theirs] for name, theirs in self._names.items() if theirs in named}
            self._choose_base(part.get("hash_value", []))
            packets, given = self._parse(part, "packet", first)
            if not given.all():
                self._refuse(first + int(np.argmin(given)), "the packet number is missing", "number packets from 1")
            self._check_order(packets, last_packet, first)
            yield _Rows(first, packets, self._reported(part, first))
            first += len(packets)
            last_packet = int(packets[-1])

    def _choose_base(self, written: list[object]) -> None:
        """Read hashes without 0x as hex where one of the first rows has letters."""
        if self._is_hex is None:
            bare = (value for value in written if isinstance(value, str) and _BARE_HEX.fullmatch(value))
            self._bare = next(bare, "")
            self._is_hex = bool(self._bare)

    def _reported(self, part: Part, first: int) -> Reported:
        columns = {name: self._parse(part, name, first) for name in COLUMNS[1:]}
        hash_values, has_value = columns["hash_value"]
        types = {}
        for name in ("hash_report", "hash_report_tunnel", "queue"):
            values, given = columns[name]
            types[name] = np.where(given, values, NOT_REPORTED)
        return Reported(
            hash_values.astype(np.uint32),
            has_value & (types["hash_report"] != 0),
            types["hash_report"].astype(np.int16),
            types["hash_report_tunnel"].astype(np.int16),
            types["queue"],
        )

    def _parse(self, part: Part, name: str, first: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return the numbers of a column, 0 where nothing stands, and where something stands."""
        n_rows = len(part["packet"])
        written = part.get(name, [None] * n_rows)
        if name in ("hash_value", "queue"):
            written = [None if isinstance(each, str) and each.lower() in _NOTHING else each for each in written]
        parse, problem, advice = _PARSERS[name]
        if name == "hash_value" and self._is_hex:
            parse = partial(_hex_first, parse)
        numbers: dict[object, int | None] = {None: 0}
        for value in written:
            if value not in numbers:
                numbers[value] = parse(value)
        values = [numbers[value] for value in written]
        if None in values:
            row = values.index(None)
            if name == "hash_value" and _SCIENTIFIC.fullmatch(str(written[row]).replace(",", ".")):
                advice += "; a spreadsheet has rounded this one, so give it the column as text"
            self._refuse(first + row, f"{name} {written[row]!r} {problem}", advice)
        given = np.fromiter((value is not None for value in written), bool, n_rows)
        return np.array(values, np.int64), given

    def _check_order(self, packets: npt.NDArray[np.int64], last_packet: int, first: int) -> None:
        before = np.concatenate([[last_packet], packets[:-1]])
        wrong = np.flatnonzero(packets <= before)
        if len(wrong):
            row = int(wrong[0])
            if packets[row] == before[row]:
                self._refuse(first + row, f"packet {packets[row]} has two rows", "keep one row for each packet")
            problem = f"packet {packets[row]} comes after packet {before[row]}"
            self._refuse(first + row, problem, "sort the rows by packet, each once")

    def _refuse(self, row: int, problem: str, advice: str) -> None:
        raise ConfigurationError(self._place, f"row {row}: {problem}", advice)


def _advice(names: list[str]) -> str:
    """Say how to name columns, by what those of the file may be."""
    pairs = []
    for name, pattern in _LIKELY.items():
        likely = [each for each in names if pattern.search(each) and each not in COLUMNS]
        if name not in names and likely:
            pairs.append(f"{name}={likely[0]}")
    if not pairs:
        return f"name columns in the first line, or give {COLUMNS_FIELD}"
    return f"give {Field('columns', shlex.quote(','.join(pairs)))}"
