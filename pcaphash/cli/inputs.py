"""The files that the command which runs reads, so that none of its results is written over them."""

import stat
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from pcaphash.device.hash_key import key_path
from pcaphash.errors import OUTPUT_FIELD, ConfigurationError, Field

_names: set[str | PathLike[str]] = set()  # a process runs one command


def note_inputs(names: Iterable[object]) -> None:
    """Note what is read: names of files, among which may be None where no file is given."""
    _names.update(name for name in names if isinstance(name, str | PathLike))


def note_keys(keys: Iterable[object]) -> None:
    """Note the files that hash keys, as they are given, may be read from."""
    note_inputs(key_path(key) for key in keys if isinstance(key, str))


def refuse_overwriting(outputs: Iterable[Path], place: Field = OUTPUT_FIELD) -> None:
    """Refuse to write results over what they come from, under whatever name or link.

    Parameters
    ----------
    outputs : iterable of Path
        What is to be written.
    place : Field
        What names it.

    Raises
    ------
    ConfigurationError
        One of the outputs is read.
    """
    there = {identity: output for output in outputs if (identity := _identity(output)) is not None}
    if not there:
        return
    read = next((each for name in _names if (each := _identity(name)) in there), None)
    if read is not None:
        raise ConfigurationError(place, f"{there[read]} is an input file", "write to another file or folder")


def _identity(name: str | PathLike[str]) -> tuple[int, int] | None:
    """Return what all names of a file have in common; None if there is no such file."""
    try:
        status = Path("/dev/stdin" if name == "-" else name).stat()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
