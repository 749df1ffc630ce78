"""On which interface packets were captured, where a capture has several and says so."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import NO_INTERFACE, Block


def interfaces_of(block: Block) -> npt.NDArray[np.int64]:
    """Return a number for the interface of each packet of a block.

    That is the index that Linux gave it, in Linux cooked headers of the second version; else where it stands in its
    pcapng section, counted from 0; NO_INTERFACE where the capture does not say.
    """
    indexes = block.interface_indexes()
    return np.where(indexes == NO_INTERFACE, block.interface_numbers(), indexes)


def is_on_interface(block: Block, wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Tell which packets were captured on one of some interfaces, each given by name or by number."""
    numbers, of_file = interfaces_of(block), block.interface_numbers()
    fits = np.zeros(len(block.records), np.bool_)
    for word in wanted:
        if word.isdecimal():
            fits |= numbers == int(word)
        fits |= np.isin(of_file, [number for number, name in enumerate(block.interface_names) if name == word])
    return fits
