"""Write a validation: its formats, and the files of a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.files import whole_file
from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation

    Told = tuple[Validation, str | None]

VALIDATION_FILE = "validation.txt"
PACKETS_FILE = "packets.csv"


def write_validation(
    validation: "Validation", format_: str, stream: TextIO, recover_command: str | None = None
) -> None:
    """Write a validation.

    Parameters
    ----------
    validation : Validation
        The results.
    format_ : str
        One of the formats of ``VALIDATION_WRITERS``.
    stream : text stream
        Written to.
    recover_command : str, optional
        Recovers the key that the device has; it is suggested if given.
    """
    VALIDATION_WRITERS[format_]((validation, recover_command), stream)


def _show(told: "Told", stream: TextIO) -> None:
    from pcaphash.report.validate.text import show_validation

    validation, recover_command = told
    show_validation(validation, stream, recover_command)


def write_validation_text(validation: "Validation", folder: Path) -> Path:
    """Write what is shown on the terminal into a folder; return the file."""
    path = folder / VALIDATION_FILE
    with whole_file(path) as part, part.open("w", encoding="utf-8") as stream:
        write_validation(validation, "table", stream)
    return path


def _document(told: "Told") -> dict[str, object]:
    from pcaphash.report.validate.document import validation_document

    return validation_document(*told)


VALIDATION_WRITERS: "Writers[Told]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document; the second value is the command that recovers the key."""
