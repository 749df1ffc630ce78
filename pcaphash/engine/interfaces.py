"""On which interface packets were captured, where a capture has several and says so."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcap import NO_INTERFACE
from pcaphash.capture.reader import Block
from pcaphash.engine.stripping import StrippedBlock
from pcaphash.standards import ethernet as eth


def interfaces_of(block: Block) -> npt.NDArray[np.int64]:
    """Return a number for the interface of each packet of a block.

    That is the index that Linux gave it, in Linux cooked headers of the second version; else where it stands in its
    pcapng section, counted from 0; NO_INTERFACE where the capture does not say.
    """
    if isinstance(block, StrippedBlock):
        return interfaces_of(block.whole)[block.places()]
    numbers = block.interface_numbers()
    cooked = cooked_indexes(block.data, block.records)
    return np.where(cooked == NO_INTERFACE, numbers, cooked)


def cooked_indexes(data: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Return the indexes in Linux cooked headers of the second version; NO_INTERFACE for other packets."""
    indexes = np.full(len(records), NO_INTERFACE, np.int64)
    chosen = (records["link_type"] == eth.LINUX_SLL2) & (records["captured_length"] >= eth.SLL2_PACKET_TYPE_OFFSET)
    places = records["offset"][chosen].astype(np.int64) + eth.SLL2_INTERFACE_OFFSET
    indexes[chosen] = data[places[:, np.newaxis] + np.arange(4)].copy().view(">u4")[:, 0]
    return indexes


def is_on_interface(block: Block, wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Tell which packets were captured on one of some interfaces, each given by name or by number."""
    numbers, of_file = interfaces_of(block), block.interface_numbers()
    fits = np.zeros(len(block.records), np.bool_)
    names = block.format.interface_names
    for word in wanted:
        if word.isdecimal():
            fits |= numbers == int(word)
        fits |= np.isin(of_file, [number for number, name in enumerate(names) if name == word])
    return fits
