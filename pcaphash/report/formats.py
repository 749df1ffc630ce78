"""The formats that results are written in."""

from pathlib import Path
from typing import TextIO

from pcaphash.errors import ConfigurationError

PARQUET = "parquet"

ROW_FORMATS = ("csv", "jsonl", "json", "markdown", PARQUET)
"""What any table can be written as."""

ANALYSIS_FORMATS = ("table", *ROW_FORMATS)
"""What an analysis can be written as: JSON is all of it, the other formats but ``table`` are its distribution."""

TUPLE_FORMATS = ("table", "csv", "jsonl", "json", "markdown")
"""What hashes of tuples can be written as: JSON has the device beside them."""

COMPARISON_FORMATS = ("table", "json")
"""What a comparison can be written as on standard output; its tables go into a folder."""

VALIDATION_FORMATS = ("table", "json")
"""Likewise a validation."""

RECOVERY_FORMATS = ("table", "json")
"""Likewise a recovered key."""


_OF_SUFFIX = {
    ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".md": "markdown", ".parquet": PARQUET,
}  # fmt: skip
_NOT_WRITTEN = frozenset({".tsv", ".xlsx", ".xls", ".feather", ".html", ".pcap", ".pcapng"})


def format_of_rows(given: str | None, output: Path | None) -> str:
    """Choose the format of rows: what is given, or what the end of the file's name says, or CSV.

    ``.gz`` behind it compresses the file, whatever it is but Parquet.

    Raises
    ------
    ConfigurationError
        The two contradict each other, or the name ends like a format that is not written.
    """
    if output is None:
        return given or "csv"
    is_compressed = is_gzip(output)
    suffix = (Path(output.stem) if is_compressed else output).suffix.lower()
    by_name = _OF_SUFFIX.get(suffix)
    if suffix in _NOT_WRITTEN:
        advice = f"name it {', '.join(end for end in _OF_SUFFIX)}"
        raise ConfigurationError("--output", f"{output}: {suffix} is not a format that can be written here", advice)
    if given and by_name and given != by_name:
        problem = f"{given} contradicts the name of {output}, which says {by_name}"
        raise ConfigurationError("--format", problem, "leave the option out, or rename the file")
    chosen = given or by_name or "csv"
    if is_compressed and chosen == PARQUET:
        raise ConfigurationError("--output", f"{output}: {PARQUET} is already compressed", "leave out .gz")
    return chosen


def is_gzip(output: Path) -> bool:
    """Tell whether a file is to be compressed, by its name."""
    return output.suffix.lower() == ".gz"


def check_stream(format_: str, stream: TextIO) -> None:
    """Refuse to write what no terminal can show to a terminal.

    Raises
    ------
    ConfigurationError
        The format is binary, and the stream a terminal.
    """
    if format_ == PARQUET and stream.isatty():
        problem = f"{PARQUET} is binary, and standard output is a terminal"
        raise ConfigurationError("--format", problem, "write to a file with --output, or to a pipe")
