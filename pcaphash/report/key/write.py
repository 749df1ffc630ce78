"""Write what is to be known of hash keys: the formats."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.key import KeyExamination
    from pcaphash.studies.shared.schema import Schema


def write_examination(examination: "KeyExamination", format_: str, stream: TextIO) -> None:
    """Write what is to be known of keys in one of the formats of ``KEY_WRITERS``."""
    KEY_WRITERS[format_](examination, stream)


def _show(examination: "KeyExamination", stream: TextIO) -> None:
    from pcaphash.report.key.text import show_examination

    show_examination(examination, stream)


def _rows(examination: "KeyExamination") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.key.columns import REACH

    return REACH, [examination.main_table()]


def _document(examination: "KeyExamination") -> dict[str, object]:
    from pcaphash.report.key.document import examination_document

    return examination_document(examination)


KEY_WRITERS: "Writers[KeyExamination]" = {
    "table": _show,
    **as_rows(_rows, ("csv", "jsonl", "json", "markdown")),
    "json": as_document(_document),
}
"""Text for readers; rows by what varies; or everything as one document."""
