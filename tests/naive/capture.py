"""Capture files, record by record (IETF drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng)."""

import gzip
import sys
from dataclasses import replace
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
    """Read an uncompressed capture as far as it goes; where files were joined as they are, all of them."""
    records: list[Record] = []
    start = 0
    while not start or start < len(data):
        rest = data[start:]
        if rest[:4] == SECTION_HEADER.to_bytes(4, "big"):
            part, size = read_pcapng(rest)
        elif rest[:4] in MAGICS:
            part, size = read_pcap(rest)
        else:
            return Capture([], Damage(0, "not a capture file"))
        records += [replace(record, packet=len(records) + record.packet) for record in part.records]
        if part.damage:
            reason = f"in a joined file: {part.damage.reason}" if start else part.damage.reason
            return Capture(records, Damage(start + part.damage.offset, reason))
        start += size
    return Capture(records, None)


def load(path: Path) -> Capture:
    """Read a capture file, whatever it is compressed with."""
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC):
        data = gzip.decompress(data)
    elif data.startswith(ZSTANDARD_MAGIC):
        data = zstd.decompress(data)
    return read(data)
