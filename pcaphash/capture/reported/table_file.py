"""Tables in files, in parts of some thousand rows: CSV, TSV, JSON, JSON lines, Markdown, Parquet."""

import csv
import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from pcaphash.device.text_files import open_text
from pcaphash.errors import Command, ConfigurationError, Field

ROWS_OF_PART = 16384
_GZIP = ".gz"
_DELIMITERS = ",\t;"
_EXCEL_DELIMITER = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # which Excel reads before the names of the columns
_RULE = re.compile(r"\s*:?-+:?\s*")  # the line below the names of a Markdown table

Part = dict[str, list[object]]
"""Values of some rows by column: numbers, text without spaces around it, or None where nothing stands."""


@dataclass(frozen=True)
class TableFile:
    """A table that is read in parts.

    Parameters
    ----------
    names : list of str
        Its columns; in JSON lines the keys of the first object.
    parts : iterator of Part
        Rows of the columns wanted, as far as they are there.
    """

    names: list[str]
    parts: Iterator[Part]


def open_table(place: Field | str, path: Path, wanted: Sequence[str]) -> TableFile:
    """Open a table by the end of its name: ``.csv``, ``.tsv``, ``.txt``, ``.jsonl``, ``.json``, ``.md``, ``.parquet``.

    In CSV, columns are separated by commas, tabs or semicolons, whichever the first line has most of, or by blanks
    where it has none of these. JSON is a list of objects, a document with one such list in it, or an object per line.
    All but JSON is read in parts. Text is UTF-8, or UTF-16 with its mark, and may be compressed by gzip (``.gz``).

    Parameters
    ----------
    place : Field or str
        For error messages: the option that names the file, and the file.
    path : Path
        The file.
    wanted : sequence of str
        The columns to read, of those that there are.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or is not such a table; what is wrong with later rows is raised when they are read.
    """
    formats: dict[str, Callable[[Field | str, Path, Sequence[str]], Iterator[list[str] | Part]]] = {
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".txt": _read_csv,
        ".jsonl": _read_json_lines,
        ".ndjson": _read_json_lines,
        ".json": _read_json,
        ".md": _read_markdown,
        ".parquet": _read_parquet,
    }
    plain = path.with_suffix("") if path.suffix.lower() == _GZIP and path.stem else path
    # What a shell calls <(command) has a number for a name.
    read = _read_csv if re.fullmatch("/dev/(?:fd/[0-9]+|stdin)", str(path)) else formats.get(plain.suffix.lower())
    if read is None and plain.suffix.lower() in (".pcapng", ".pcap"):
        problem = "a capture is not a table"
        raise ConfigurationError(place, problem, f"give it to {Command('validate')} in place of the trace")
    if read is None:
        raise ConfigurationError(place, "the file extension is not known", f"name it {' or '.join(formats)}")
    parts = _guard(place, read(place, path, wanted))
    names = next(parts, [])
    assert isinstance(names, list)
    return TableFile(names, (part for part in parts if isinstance(part, dict)))


def _guard(place: Field | str, parts: Iterator[list[str] | Part]) -> Iterator[list[str] | Part]:
    """Turn what reading a file can come upon into one line."""
    try:
        yield from parts
    except UnicodeDecodeError as error:
        raise ConfigurationError(place, "is not UTF-8 text", "save it as UTF-8") from error
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0]
        raise ConfigurationError(place, problem, "check the path and permissions of the file") from error


def _read_csv(place: Field | str, path: Path, wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    with _open(path, newline="") as stream:
        start = _first_line(stream)
        given = _EXCEL_DELIMITER.fullmatch(start)
        if given:
            start = _first_line(stream)
        delimiter = given[1] if given else _delimiter(start)
        lines = chain([start], stream)
        if delimiter is None:
            cells: Iterator[list[str]] = (line.split() for line in lines)
        else:
            cells = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        yield from _rows_of_text(place, (row for row in cells if any(map(str.strip, row))), wanted)


def _open(path: Path, newline: str | None = None) -> TextIO:
    """Open a text, which may be compressed by gzip."""
    is_compressed = path.suffix.lower() == _GZIP
    return open_text(gzip.open(path) if is_compressed else path.open("rb"), newline=newline)


def _first_line(stream: TextIO) -> str:
    """Return the first line that is not empty."""
    return next((line for line in stream if line.strip()), "")


def _delimiter(line: str) -> str | None:
    """Return what separates the columns of a table, by its first line; None for blanks."""
    most = max(_DELIMITERS, key=line.count)
    return most if most in line or " " not in line.strip() else None


def _read_markdown(place: Field | str, path: Path, wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    with _open(path) as stream:
        lines = (line.strip() for line in stream)
        cells = (line[1:].removesuffix("|").split("|") for line in lines if line.startswith("|"))
        yield from _rows_of_text(place, (row for row in cells if not all(map(_RULE.fullmatch, row))), wanted)


def _rows_of_text(place: Field | str, lines: Iterator[list[str]], wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    names = [name.strip() for name in next(lines, [])]
    _check_names(place, names)
    yield names
    rows = (row for row in lines if row)  # not the empty lines
    places = {name: names.index(name) for name in wanted if name in names}
    first = 1
    while some := list(islice(rows, ROWS_OF_PART)):
        for number, row in enumerate(some, first):
            if len(row) != len(names):
                problem = f"row {number}: {len(row)} values for {len(names)} columns"
                raise ConfigurationError(place, problem, "write as many values as the first line has names")
        yield {name: [row[place].strip() or None for row in some] for name, place in places.items()}
        first += len(some)


def _check_names(place: Field | str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ConfigurationError(place, "two columns have the same name", "give each column a different name")


def _read_json_lines(place: Field | str, path: Path, wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    with _open(path) as stream:
        rows = (_object(place, *each) for each in enumerate((line for line in stream if line.strip()), 1))
        yield from _rows_of_objects(rows, wanted)


def _rows_of_objects(rows: Iterator[dict[str, object]], wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    names: list[str] = []
    while some := list(islice(rows, ROWS_OF_PART)):
        if not names:
            names = list(some[0])
            yield names
        yield {name: [_plain(row.get(name)) for row in some] for name in wanted}


def _read_json(place: Field | str, path: Path, wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    with _open(path) as stream:
        text = stream.read()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        first = text.lstrip().partition("\n")[0].strip()
        if first.startswith("{") and first.endswith("}"):  # an object per line
            yield from _read_json_lines(place, path, wanted)
            return
        line = f"line {error.lineno} " if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(place, f"{line}is not JSON", "write a list of objects") from error
    rows = _list_in(place, document)
    yield from _rows_of_objects((_checked(place, *each) for each in enumerate(rows, 1)), wanted)


def _list_in(place: Field | str, document: object) -> list[object]:
    """Return the rows of a document: the document itself, or the only list of objects in it."""
    if isinstance(document, list):
        return document
    values = list(document.values()) if isinstance(document, dict) else []
    lists: list[list[object]] = [each for each in values if _is_table(each)]
    if len(lists) == 1:
        return lists[0]
    if values and not any(isinstance(each, list | dict) for each in values):
        return [document]  # an object per line, and only one
    found = f"{len(lists)} lists of objects" if lists else "no list of objects"
    raise ConfigurationError(
        place, f"has {found}, but needs exactly one", "write a list of objects, one for each packet"
    )


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _object(place: Field | str, number: int, line: str) -> dict[str, object]:
    """Read one line of JSON lines."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(place, f"row {number} is not JSON", "write an object per line") from error
    return _checked(place, number, row)


def _checked(place: Field | str, number: int, row: object) -> dict[str, object]:
    if not isinstance(row, dict):
        raise ConfigurationError(place, f"row {number} is not a JSON object", "write an object for each packet")
    return row


def _read_parquet(place: Field | str, path: Path, wanted: Sequence[str]) -> Iterator[list[str] | Part]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with path.open("rb") as stream, ParquetFile(stream) as file:
            names = list(file.schema_arrow.names)
            _check_names(place, names)
            yield names
            columns = [name for name in wanted if name in names]
            for batch in file.iter_batches(ROWS_OF_PART, columns=columns):
                yield {name: list(map(_plain, batch.column(name).to_pylist())) for name in columns}
    except pa.ArrowException as error:
        raise ConfigurationError(place, "is not a Parquet file, or is damaged", "write the file again") from error


def _plain(value: object) -> object:
    """Return a value as a part has it."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and math.isnan(value):
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if value is None or is_number else repr(value)
