"""Tables as CSV."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema


def _write(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    stream.write(",".join(schema.names) + "\n")
    for part in parts:
        part.to_csv(stream, index=False, header=False, lineterminator="\n")
        stream.flush()  # whoever watches live traffic sees each part as it comes


CSV = Format("csv", (".csv",), _write)
