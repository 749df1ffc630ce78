"""Capture files, record by record (IETF drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng)."""

import gzip
import sys
from pathlib import Path

from naive.pcap import MAGICS, read_pcap
from naive.pcapng import SECTION_HEADER, read_pcapng
from naive.record import Capture, Damage, Record

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Capture", "Damage", "Record", "load", "read"]

GZIP_MAGIC, ZSTANDARD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def read(data: bytes) -> Capture:
    """Read an uncompressed capture as far as it goes."""
    if data[:4] == SECTION_HEADER.to_bytes(4, "big"):
        return read_pcapng(data)
    if data[:4] in MAGICS:
        return read_pcap(data)
    return Capture([], Damage(0, "not a capture file"))


def load(path: Path) -> Capture:
    """Read a capture file, whatever it is compressed with."""
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC):
        data = gzip.decompress(data)
    elif data.startswith(ZSTANDARD_MAGIC):
        data = zstd.decompress(data)
    return read(data)
