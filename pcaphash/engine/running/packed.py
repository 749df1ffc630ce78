"""Partial results as bytes: to be kept in files, and sent from one process to another.

They are pickled, so that every counter of every study can be packed. What unpacks them takes only the classes of this
package and the arrays of NumPy, and nothing that does not match its checksum: bytes that somebody else made cannot run
code, and damaged ones are refused.
"""

import builtins
import hashlib
import io
import pickle
from typing import Any

import lz4.frame
import numpy as np

_CHECKSUM_LEN = 16
_BUILTINS = frozenset({"set", "frozenset", "range", "slice", "complex", "bytearray"})
_OF_NUMPY = frozenset({"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"})


class NotPackedError(ValueError):
    """Bytes are not what ``pack`` returned, or not all of it."""


def pack(value: object) -> bytes:
    """Return a partial result as bytes."""
    packed = io.BytesIO()
    packed.seek(_CHECKSUM_LEN)
    with lz4.frame.open(packed, "wb") as compressed:
        pickle.dump(value, compressed, pickle.HIGHEST_PROTOCOL)  # array by array: all at once would need twice the room
    data = packed.getbuffer()
    data[:_CHECKSUM_LEN] = _checksum(data[_CHECKSUM_LEN:])
    return data.tobytes()


def unpack(packed: bytes) -> Any:
    """Return what was packed, made anew: changing it changes nothing else.

    Raises
    ------
    NotPackedError
        The bytes are damaged, or something else.
    """
    check_packed(packed)
    try:
        stream = io.BytesIO(packed)
        stream.seek(_CHECKSUM_LEN)
        with lz4.frame.open(stream, "rb") as data:
            return _Unpickler(data).load()
    except Exception as error:  # whatever the constructors of classes raise that other versions had otherwise
        raise NotPackedError(f"{type(error).__name__}: {error}") from error


def check_packed(packed: bytes) -> None:
    """Hold that bytes are all of what was packed, without unpacking them.

    Raises
    ------
    NotPackedError
        They are not.
    """
    if packed[:_CHECKSUM_LEN] != _checksum(memoryview(packed)[_CHECKSUM_LEN:]):
        raise NotPackedError("the checksum does not match")


def _checksum(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=_CHECKSUM_LEN).digest()


class _Unpickler(pickle.Unpickler):
    """Finds no classes but those that partial results are made of."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class of this package, or what NumPy makes arrays of."""
        package = module.partition(".")[0]
        if (package == "numpy" and name in _OF_NUMPY) or (module == "numpy.dtypes" and hasattr(np.dtypes, name)):
            return super().find_class(module, name)
        if module == "builtins" and name in _BUILTINS:
            return getattr(builtins, name)
        if package == "pcaphash" and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a result")
