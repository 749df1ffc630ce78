"""Write why one packet has its hash, or none: its formats."""

from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.explain import Explanation


def write_explanation(explanation: "Explanation", format_: str, stream: TextIO) -> None:
    """Write an explanation in one of the formats of ``EXPLANATION_WRITERS``."""
    EXPLANATION_WRITERS[format_](explanation, stream)


def _show(explanation: "Explanation", stream: TextIO) -> None:
    from pcaphash.report.explain.text import show_explanation

    show_explanation(explanation, stream)


def _document(explanation: "Explanation") -> dict[str, object]:
    from pcaphash.report.explain.document import explanation_document

    return explanation_document(explanation)


EXPLANATION_WRITERS: "Writers[Explanation]" = {"tree": _show, "json": as_document(_document)}
"""A tree for readers, or everything as one document."""
