"""Write flows that were found for receive queues: the formats, and the document."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.documents import device_document
from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema
    from pcaphash.studies.steer import Steering
    from pcaphash.studies.steer.unreached import Unreached


def _show(steering: "Steering", stream: TextIO) -> None:
    from pcaphash.report.steer.text import show_steering

    show_steering(steering, stream)


def _rows(steering: "Steering") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.hash_tuple import TUPLES

    return TUPLES, [steering.main_table()]


def _document(steering: "Steering") -> dict[str, object]:
    return {
        "tunnel": steering.tunnel or None,
        "header": steering.header or None,
        "both": steering.is_both,
        "queues": [
            {
                "queue": target.queue,
                "possible": target.possible,
                "why_not": _why_not(target.why_not),
                "flows": [[each.row() for each in flow] for flow in target.flows],
            }
            for target in steering.targets
        ],
        "device": device_document(steering.device),
    }


def _why_not(unreached: "Unreached | None") -> dict[str, object] | None:
    if unreached is None:
        return None
    from pcaphash.studies.steer.unreached_words import reason_text

    rank = {"rank": unreached.rank, "needed": unreached.needed} if unreached.needed else {}
    return {"kind": unreached.why.value, "text": reason_text(unreached), "facts": rank}


STEERING_WRITERS: "Writers[Steering]" = {
    "table": _show,
    **as_rows(_rows, ("csv", "jsonl", "json", "markdown")),
    "json": as_document(_document),
}
"""Text for readers; rows as ``hash`` writes them, one for each direction of a flow; or everything as one document."""


def write_steering(steering: "Steering", format_: str, stream: TextIO) -> None:
    """Write flows in one of the formats of ``STEERING_WRITERS``."""
    STEERING_WRITERS[format_](steering, stream)
