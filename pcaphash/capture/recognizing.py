"""Tell what a file is by its first bytes."""

from pcaphash.capture.damage import Defect
from pcaphash.capture.damage_words import defect_text
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.errors import CaptureError, Unreadable
from pcaphash.standards import pcap

_OTHER = "give a pcap or pcapng file"


def recognize(header: bytes) -> Pcap | Pcapng | None:
    """Return an indexer for a file that starts with these bytes, or None where it is not a capture."""
    return Pcap.recognize(header) or Pcapng.recognize(header)


def recognize_or_refuse(trace: str, data: bytes, compression: str, defect: Defect | None) -> Pcap | Pcapng:
    """Return an indexer for a file.

    Parameters
    ----------
    trace : str
        The file.
    data : bytes
        The (decompressed) file from its start, some thousand bytes of it; fewer than a file header only if there are
        no more.
    compression : str
        As ``Source`` has it.
    defect : Defect or None
        Why there are no more.

    Raises
    ------
    CaptureError
        It is not a capture.
    """
    if not data and defect:
        raise CaptureError(trace, Unreadable.NOT_READ, defect_text(defect), _OTHER)
    if not data:
        raise CaptureError(trace, Unreadable.EMPTY, "is empty", _OTHER)
    found = recognize(data[: pcap.FILE_HEADER_LEN])
    if found is None:
        from pcaphash.capture.foreign import not_a_capture  # a long table that few runs need

        raise not_a_capture(trace, data, compression)
    if isinstance(found, Pcap) and len(data) < pcap.FILE_HEADER_LEN:
        problem = f"the {'file' if compression == 'none' else 'decompressed data'} ends within the file header"
        advice = "capture or copy the file again"
        raise CaptureError(trace, Unreadable.HEADER_CUT_SHORT, problem, advice, offset=len(data))
    return found
