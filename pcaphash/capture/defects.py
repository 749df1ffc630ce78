"""What is wrong with a record or a block at which a kernel stopped."""

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import DamageKind, Defect
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.kernels import records as kernel

_KINDS = {
    kernel.RECORD_TOO_LONG: DamageKind.RECORD_TOO_LONG,
    kernel.BLOCK_LENGTH_INVALID: DamageKind.BLOCK_LENGTH_INVALID,
    kernel.BLOCK_LENGTHS_DIFFER: DamageKind.BLOCK_LENGTHS_DIFFER,
    kernel.UNDECLARED_INTERFACE: DamageKind.UNDECLARED_INTERFACE,
    kernel.PACKET_TOO_LONG: DamageKind.PACKET_TOO_LONG,
}
_IN_RECORDS = {DamageKind.RECORD_TOO_LONG: 8}
_IN_BLOCKS = {DamageKind.RECORD_TOO_LONG: 4, DamageKind.BLOCK_LENGTH_INVALID: 4, DamageKind.PACKET_TOO_LONG: 20}
"""Where the length is given that is wrong, in bytes from the start."""


def defect_of(code: int, format_: Pcap | Pcapng, data: npt.NDArray[np.uint8], start: int) -> Defect:
    """Return what is wrong with a record or a block, and the length that it gives.

    Parameters
    ----------
    code : int
        What the kernel says (``kernels.records``).
    format_ : Pcap or Pcapng
        What the file is.
    data, start
        Bytes of the file, and where the record or block starts in them; the kernel read the length there.
    """
    kind = _KINDS[code]
    place = (_IN_RECORDS if isinstance(format_, Pcap) else _IN_BLOCKS).get(kind)
    if place is None:
        return Defect(kind)
    length = data[start + place : start + place + 4].tobytes()
    return Defect(kind, int.from_bytes(length, "big" if format_.big_endian else "little"))
