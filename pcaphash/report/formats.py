"""The formats that results are written in."""

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
