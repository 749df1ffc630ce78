"""Pcap files whose record headers are longer than their magic number says: patched versions of libpcap wrote them.

Only its first records tell such a file, as in Wireshark (wiretap/libpcap.c, which has the lengths).
"""

import struct

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


def refuse_patched(trace: str, data: bytes, header: FileHeader, compression: str) -> None:
    """Refuse a pcap file whose records have longer headers than its magic number says.

    Parameters
    ----------
    trace : str
        The file.
    data : bytes
        The (decompressed) file from its start, some thousand bytes of it.
    header : FileHeader
        What the file header says.
    compression : str
        As ``Source`` has it.

    Raises
    ------
    CaptureError
        The second record is not where it should be, but where a longer header puts it.
    """
    if header.fraction_ns == 1 or _n_records(data, header, header.record_header_len) != 1:
        return
    for length, system in _LONGER[header.record_header_len]:
        if _n_records(data, header, length) > 1:
            from pcaphash.capture.foreign import pcap_of  # a long table that few runs need

            foreign = pcap_of(f"the patched libpcap of {system} ({length} bytes before each packet)")
            problem, advice = f"is {foreign.what}", foreign.advise(trace, compression)
            raise CaptureError(trace, Unreadable.NOT_A_CAPTURE, problem, advice, offset=0)


def _n_records(data: bytes, header: FileHeader, record_header_len: int) -> int:
    """Count the first records, three at most, if their headers have this length; 0 if the third cannot be one."""
    at, before = pcap.FILE_HEADER_LEN, None
    for n in range(3):
        if at + pcap.RECORD_HEADER_LEN > len(data):
            return n
        seconds, fraction, captured, original = struct.unpack_from((">" if header.big_endian else "<") + "4I", data, at)
        is_near = seconds > _EARLIEST and (before is None or abs(seconds - before) < _NEAR)
        if not is_near or fraction >= 1_000_000 or not _LEAST_PACKET <= captured <= original <= _MOST_PACKET:
            return 0 if n > 1 else n
        at, before = at + record_header_len + captured, seconds
    return 3
