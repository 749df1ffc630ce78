"""Pcap files whose record headers are longer than their magic number says: patched versions of libpcap wrote them.

Only its first records tell such a file, as in Wireshark (wiretap/libpcap.c, which has the lengths).
"""

import struct
from typing import NamedTuple

from pcaphash.capture.control import FileHeader
from pcaphash.errors import CaptureError, Unreadable
from pcaphash.standards import pcap

_LONGER = {
    pcap.RECORD_HEADER_LEN: ((24, "Red Hat 6.1"), (20, "Nokia")),
    pcap.MODIFIED_RECORD_HEADER_LEN: ((28, "SuSE 6.3"),),
}
"""By the length that the magic number stands for: other lengths, and whose libpcap wrote them."""
_NEAR = 30 * 24 * 3600  # seconds between two packets that follow each other
_EARLIEST = 100_000_000  # seconds since 1970: 1973, long before any capture
_LEAST_PACKET, _MOST_PACKET = 14, 256 * 1024  # bytes


def refuse_patched(trace: str, records: bytes, header: FileHeader, compression: str, *, is_all: bool) -> bool:
    """Refuse a pcap file whose records have longer headers than its magic number says.

    Parameters
    ----------
    trace : str
        The file.
    records : bytes
        The first records of the (decompressed) file, or as much of them as was read.
    header : FileHeader
        What the file header says.
    compression : str
        As ``Source`` has it.
    is_all : bool
        Whether there are no more bytes, or none that matter.

    Returns
    -------
    bool
        Whether these bytes tell; if not, more of them do.

    Raises
    ------
    CaptureError
        The second record is not where it should be, but where a longer header puts it.
    """
    usual = _begin(records, header, header.record_header_len)
    if header.fraction_ns == 1 or usual.n_records > 1:
        return True
    tells = is_all or not usual.is_cut
    if usual.n_records == 0 or not tells:
        return tells
    for length, system in _LONGER[header.record_header_len]:
        longer = _begin(records, header, length)
        if longer.is_cut and not is_all:
            tells = False
        elif longer.n_records > 1:
            from pcaphash.capture.foreign import pcap_of  # a long table that few runs need

            foreign = pcap_of(f"the patched libpcap of {system} ({length} bytes before each packet)")
            problem, advice = f"is {foreign.what}", foreign.advise(trace, compression)
            raise CaptureError(trace, Unreadable.NOT_A_CAPTURE, problem, advice, offset=0)
    return tells


class _Beginning(NamedTuple):
    """How many of the first three records there are; and whether the bytes end before the next one's header does."""

    n_records: int
    is_cut: bool


def _begin(records: bytes, header: FileHeader, record_header_len: int) -> _Beginning:
    """Count the first records, three at most, if their headers have this length; 0 if the third cannot be one."""
    at, before = 0, None
    for n in range(3):
        if at + pcap.RECORD_HEADER_LEN > len(records):
            return _Beginning(n, True)
        order = ">" if header.big_endian else "<"
        seconds, fraction, captured, original = struct.unpack_from(order + "4I", records, at)
        is_near = seconds > _EARLIEST and (before is None or abs(seconds - before) < _NEAR)
        if not is_near or fraction >= 1_000_000 or not _LEAST_PACKET <= captured <= original <= _MOST_PACKET:
            return _Beginning(0 if n > 1 else n, False)
        at, before = at + record_header_len + captured, seconds
    return _Beginning(3, False)
