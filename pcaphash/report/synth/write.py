"""Write what was made: its formats, and the document of it."""

from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.synth.result import Synthesis


def _show(made: "Synthesis", stream: TextIO) -> None:
    from pcaphash.report.synth.text import show_synthesis

    show_synthesis(made, stream)


def _document(made: "Synthesis") -> dict[str, object]:
    return {
        "file": made.path,
        "traffic": made.traffic.document(),
        "packets": made.packets,
        "bytes": made.n_bytes,
        "flows": made.flows,
        "finished_flows": made.finished,
        "largest_flow": made.largest_flow,
        "duration_ns": made.duration_ns,
        "fragments": made.fragments,
        "vlan_packets": made.tagged,
        "encapsulations": [part.row() for part in made.encapsulations],
        "hash_types": [part.row() for part in made.hash_types],
        "outer_versions": [part.row() for part in made.outer_versions],
    }


SYNTH_WRITERS: "Writers[Synthesis]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document."""


def write_synthesis(made: "Synthesis", format_: str, stream: TextIO) -> None:
    """Write what was made in one of the formats of ``SYNTH_WRITERS``."""
    SYNTH_WRITERS[format_](made, stream)
