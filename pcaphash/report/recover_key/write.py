"""Write what was recovered of a hash key: its formats."""

from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery


def write_recovery(recovery: "Recovery", format_: str, stream: TextIO) -> None:
    """Write a recovery in one of the formats of ``RECOVERY_WRITERS``."""
    RECOVERY_WRITERS[format_](recovery, stream)


def _show(recovery: "Recovery", stream: TextIO) -> None:
    from pcaphash.report.recover_key.text import show_recovery

    show_recovery(recovery, stream)


def _document(recovery: "Recovery") -> dict[str, object]:
    from pcaphash.report.recover_key.document import recovery_document

    return recovery_document(recovery)


RECOVERY_WRITERS: "Writers[Recovery]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document."""
