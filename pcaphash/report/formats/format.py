"""What a format is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema


@dataclass(frozen=True)
class Format:
    """A format that any table can be written in.

    Parameters
    ----------
    name : str
        What users call it.
    suffixes : tuple of str
        How the names of such files end; the first is the usual one.
    write : callable
        Writes a table, which comes in parts, to a text stream. The names of the columns are written even if there are
        no parts. A binary format writes to the binary stream below (``buffer``), and leaves it open.
    is_binary : bool
        Whether terminals cannot show it. Such a format is compressed by itself.
    """

    name: str
    suffixes: tuple[str, ...]
    write: "Callable[[Iterable[pd.DataFrame], Schema, TextIO], None]"
    is_binary: bool = False
