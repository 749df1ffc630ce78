"""Write what was recovered of a hash key: its formats."""

from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery


def write_recovery(recovery: "Recovery", format_: str, stream: TextIO, validate_command: str | None = None) -> None:
    """Write a recovery.

    Parameters
    ----------
    recovery : Recovery
        The results.
    format_ : str
        One of the formats of ``RECOVERY_WRITERS``.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    validate_command : str, optional
        The command that validates the same reported values, without the key.
    """
    RECOVERY_WRITERS[format_]((recovery, validate_command), stream)


def _show(asked: "tuple[Recovery, str | None]", stream: TextIO) -> None:
    from pcaphash.report.recover_key.text import show_recovery

    recovery, validate_command = asked
    show_recovery(recovery, stream, validate_command)


def _document(asked: "tuple[Recovery, str | None]") -> dict[str, object]:
    from pcaphash.report.recover_key.document import recovery_document

    return recovery_document(*asked)


RECOVERY_WRITERS: "Writers[tuple[Recovery, str | None]]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document."""
