"""One way in which a device may not do what the spec says."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device

Words = npt.NDArray[np.uint32]
Reports = npt.NDArray[np.int16]

ANY_TRAFFIC = "any hashed packets"

READING, REPORT, REPORT_TUNNEL = "reading", "report", "report-tunnel"
ADDRESSES, PORTS, WORD_ORDER, KEY, KEY_FORM = "addresses", "ports", "word-order", "key", "key-form"
INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES = "initial-value", "byte-order", "bit-order", "halves"
"""Where in a device a fault is: of all but the first a device has one at most."""

OF_VALUES = (INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES)
"""Places of what is done to a hash when it is there."""


@dataclass(frozen=True)
class Fault:
    """One way in which a device may not do what the spec says.

    Parameters
    ----------
    name : str
        Short, for programs.
    words : str
        What the device does, to follow "the device".
    traffic : str
        Packets that show it.
    places : tuple of str
        Where it is, of those above.
    flags : int
        Of ``kernels.departures``.
    device : callable, optional
        Makes the device that behaves so, of the one that was configured.
    arrange : callable, optional
        Makes hash inputs, shape (n, WORDS), of those that are due and their lengths in bytes, shape (n,).
    hash_key : callable, optional
        Makes the key used, of the one that was configured.
    value : callable, optional
        Makes the value reported, of the hash.
    report : callable, optional
        Makes the numbers of hash_report, of those that are due, shape (n,).
    hides_tunnel : bool
        Whether hash_report_tunnel is 0 always.
    is_rare : bool
        Whether it is only tried alone or with one other.
    """

    name: str
    words: str
    traffic: str
    places: tuple[str, ...]
    flags: int = 0
    device: Callable[[Device], Device] | None = None
    arrange: Callable[[Words, npt.NDArray[np.int64]], Words] | None = None
    hash_key: Callable[[bytes], bytes] | None = None
    value: Callable[[Words], Words] | None = None
    report: Callable[[Reports], Reports] | None = None
    hides_tunnel: bool = False
    is_rare: bool = False
