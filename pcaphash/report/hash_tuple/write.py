"""Write the hashes of tuples: as an answer to one question, as a table, or for programs."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from pcaphash.errors import PcaphashError
from pcaphash.report.documents import device_document
from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.device import Device
    from pcaphash.studies.hash_tuple import TupleHash
    from pcaphash.studies.shared.schema import Schema

    Answer = tuple[Iterable[TupleHash], Device]

_AT_ONCE = 10_000


def write_tuples(found: "Iterable[TupleHash]", device: "Device", format_: str, stream: TextIO) -> None:
    """Write the hashes of tuples.

    Parameters
    ----------
    found : iterable of TupleHash
        The hashes, as they come.
    device : Device
        The configured device.
    format_ : str
        One of the formats of ``TUPLE_WRITERS``.
    stream : text stream
        Written to.
    """
    TUPLE_WRITERS[format_]((found, device), stream)


def _show(answer: "Answer", stream: TextIO) -> None:
    from pcaphash.report.hash_tuple.text import show_tuples

    show_tuples(list(answer[0]), stream)


def _document(answer: "Answer") -> dict[str, object]:
    found, device = answer
    return {"tuples": [each.row() for each in found], "device": device_document(device)}


def _rows(answer: "Answer") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.hash_tuple import TUPLES

    return TUPLES, _frames(answer[0], TUPLES)


def _frames(found: "Iterable[TupleHash]", schema: "Schema") -> "Iterator[pd.DataFrame]":
    """Yield rows in parts; if a tuple cannot be read, those before it come first."""
    left = iter(found)
    failure: PcaphashError | None = None
    while failure is None:
        rows = []
        try:
            for each in islice(left, _AT_ONCE):
                rows.append(each.row())
        except PcaphashError as error:
            failure = error
        if rows:
            yield schema.frame(rows)
        elif failure is None:
            return
    raise failure


TUPLE_WRITERS: "Writers[Answer]" = {
    "table": _show,
    **as_rows(_rows, ("csv", "jsonl", "json", "markdown")),
    "json": as_document(_document),
}
"""Text for readers, rows, or the rows and the device as one document."""
