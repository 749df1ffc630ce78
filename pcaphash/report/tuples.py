"""Write the hashes of tuples: as an answer to one question, as a table, or for programs."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from pcaphash.errors import PcaphashError
from pcaphash.report.document import device_document, write_json_document

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.device import Device
    from pcaphash.studies.hash_tuple import TupleHash

_AT_ONCE = 10_000
_WHOLE_NUMBERS = ("source_port", "destination_port", "table_entry", "queue")


def write_tuples(found: "Iterable[TupleHash]", device: "Device", format_: str, stream: TextIO) -> None:
    """Write the hashes of tuples.

    Parameters
    ----------
    found : iterable of TupleHash
        The hashes, as they come.
    device : Device
        The configured device.
    format_ : str
        One of ``formats.TUPLE_FORMATS``.
    stream : text stream
        Written to.
    """
    if format_ == "table":
        from pcaphash.report.tuples_text import show_tuples

        show_tuples(list(found), stream)
    elif format_ == "json":
        rows = [each.row() for each in found]
        write_json_document({"tuples": rows, "device": device_document(device)}, stream)
    else:
        from pcaphash.report.rows import write_rows
        from pcaphash.studies.hash_tuple import COLUMNS

        write_rows(_frames(found), COLUMNS, stream, format_)


def _frames(found: "Iterable[TupleHash]") -> "Iterator[pd.DataFrame]":
    """Yield rows in parts; where a tuple cannot be read, those before it come first."""
    import pandas as pd

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
            yield pd.DataFrame(rows).astype(dict.fromkeys(_WHOLE_NUMBERS, "Int64"))
        elif failure is None:
            return
    raise failure
