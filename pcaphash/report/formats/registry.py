"""Every format that rows can be written in, and which one a name of a file asks for."""

from pathlib import Path
from typing import TextIO

from pcaphash.errors import ConfigurationError, Field
from pcaphash.report.formats.csv import CSV
from pcaphash.report.formats.json_rows import JSON_LINES, JSON_LIST
from pcaphash.report.formats.markdown import MARKDOWN
from pcaphash.report.formats.parquet import PARQUET

ROW_FORMATS = {each.name: each for each in (CSV, JSON_LINES, JSON_LIST, MARKDOWN, PARQUET)}
"""What any table can be written as, by name."""

_OF_SUFFIX = {suffix: each for each in ROW_FORMATS.values() for suffix in each.suffixes}
_NOT_WRITTEN = frozenset({".tsv", ".xlsx", ".xls", ".feather", ".html", ".pcap", ".pcapng"})


def format_of_rows(given: str | None, output: Path | None) -> str:
    """Choose the format of rows: the one given, or the one that the end of the file name says, or CSV if it has none.

    ``.gz`` after it compresses the file, in every format that is not binary.

    Raises
    ------
    ConfigurationError
        The two contradict each other, or the end of the name is not that of a format.
    """
    if output is None:
        return given or CSV.name
    is_compressed = is_gzip(output)
    suffix = (Path(output.stem) if is_compressed else output).suffix.lower()
    by_name = _OF_SUFFIX[suffix].name if suffix in _OF_SUFFIX else None
    if suffix in _NOT_WRITTEN or (suffix and not by_name and not given):
        advice = f"name it {', '.join(_OF_SUFFIX)}" + ("" if suffix in _NOT_WRITTEN else f", or add {Field('format')}")
        raise ConfigurationError(
            Field("output"), f"{output}: {suffix} is not a format that can be written here", advice
        )
    if given and by_name and given != by_name:
        problem = f"{given} contradicts the name of {output}, which says {by_name}"
        raise ConfigurationError(Field("format"), problem, "leave the option out, or rename the file")
    chosen = given or by_name or CSV.name
    if is_compressed and is_binary(chosen):
        raise ConfigurationError(Field("output"), f"{output}: {chosen} is already compressed", "leave out .gz")
    return chosen


def is_gzip(output: Path) -> bool:
    """Tell whether a file is to be compressed, by its name."""
    return output.suffix.lower() == ".gz"


def is_binary(name: str) -> bool:
    """Tell whether a format, of rows or any other, is one that terminals cannot show."""
    return name in ROW_FORMATS and ROW_FORMATS[name].is_binary


def formats_of_folder(asked: str) -> tuple[str, ...]:
    """Return the formats of the tables in a folder: CSV, and a binary format if it is asked for."""
    return (CSV.name, asked) if is_binary(asked) else (CSV.name,)


def check_stream(format_: str, stream: TextIO) -> None:
    """Refuse to write what no terminal can show to a terminal.

    Raises
    ------
    ConfigurationError
        The format is binary, and the stream is a terminal.
    """
    if is_binary(format_) and stream.isatty():
        problem = f"{format_} is binary, and standard output is a terminal"
        raise ConfigurationError(Field("format"), problem, f"write to a file with {Field('output')}, or to a pipe")
