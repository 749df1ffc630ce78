"""Columns of text, made without a Python object for each row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

_BYTES = np.arange(256, dtype=np.uint8)
_HEX = np.frombuffer(_BYTES.tobytes().hex().encode(), np.uint16)
"""The two hexadecimal digits of each byte, as they lie in memory."""
_BEFORE_VALUE = np.frombuffer(b"0x", np.uint16)


def chosen_texts(texts: Sequence[str], chosen: npt.NDArray[np.integer]) -> "pd.Series":
    """Give each row one of a few texts.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    chosen : integer array of shape (n,)
        Which of them a row has.
    """
    import pyarrow as pa

    column: pd.Series = pa.array(texts, pa.large_string()).take(pa.array(chosen)).to_pandas()
    return column


def hex_texts(rows: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> "pd.Series":
    """Write bytes as hexadecimal digits.

    Parameters
    ----------
    rows : uint8 array of shape (n, width)
        Bytes.
    lengths : int64 array of shape (n,)
        How many bytes of each row, the first ones, are written.
    """
    is_written = np.arange(rows.shape[1]) < lengths[:, np.newaxis]
    return _texts(_HEX[rows[is_written]], lengths)


def hash_texts(values: npt.NDArray[np.uint32], is_written: npt.NDArray[np.bool_]) -> "pd.Series":
    """Write hashes as ``0x`` and 8 hexadecimal digits.

    Parameters
    ----------
    values : uint32 array of shape (n,)
        Hashes.
    is_written : bool array of shape (n,)
        Whether a row has a hash; the text of the others is empty.
    """
    digits = _HEX[values[is_written].astype(">u4").view(np.uint8).reshape(-1, 4)]
    pairs = np.column_stack([np.broadcast_to(_BEFORE_VALUE, (len(digits), 1)), digits])
    return _texts(pairs, np.where(is_written, pairs.shape[1], 0))


def _texts(pairs: npt.NDArray[np.uint16], lengths: npt.NDArray[np.int64]) -> "pd.Series":
    """Cut pairs of letters into the texts of rows, given how many pairs each of them has."""
    import pyarrow as pa

    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(2 * lengths, out=ends[1:])
    buffers = map(pa.py_buffer, (ends, np.ascontiguousarray(pairs)))
    column: pd.Series = pa.LargeStringArray.from_buffers(len(lengths), *buffers).to_pandas()
    return column
