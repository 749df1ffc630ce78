"""Write what a device reported as files beside a trace or in front of its packets: plainly, packet by packet."""

import csv
import json
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from pcaphash.capture.reported.writer import ReportedPacket
from pcaphash.standards import pcap
from pcaphash.standards import virtio_header as header
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS

_NS = 1_000_000_000
_SNAP_LENGTH = 262144
_ROWS_OF_GROUP = 65536


def write_virtio_pcap(
    stream: BinaryIO,
    packets: Iterable[ReportedPacket],
    header_len: int = header.WITH_HASH,
    spec: str = "v7",
    link_type: int = header.USER_LINK_TYPES[0],
) -> None:
    """Write a little-endian pcap file of nanoseconds with a virtio_net_hdr in front of each packet.

    Parameters
    ----------
    stream : binary stream
        Written to.
    packets : iterable of ReportedPacket
        The packets; queues are not written, the header has no field for them.
    header_len : int
        One of ``virtio_header.HEADER_LENGTHS``.
    spec : str
        ``v7``, which has hash_report_tunnel, or ``1.4``.
    link_type : int
        Of the file.
    """
    stream.write(struct.pack("<IHHiIII", pcap.MAGIC_NANOSECONDS, 2, 4, 0, 0, _SNAP_LENGTH, link_type))
    for packet in packets:
        captured = virtio_header(packet, header_len, spec) + packet.captured
        seconds, nanoseconds = divmod(packet.timestamp_ns, _NS)
        stream.write(struct.pack("<4I", seconds, nanoseconds, len(captured), header_len + packet.length))
        stream.write(captured)


def virtio_header(packet: ReportedPacket, header_len: int, spec: str = "v7") -> bytes:
    """Return the virtio_net_hdr of a packet; a hash that is not reported has hash_report NONE."""
    data = bytearray(header_len)
    struct.pack_into("<H", data, 10, 1)  # num_buffers
    if header_len > header.WITHOUT_HASH:
        values = packet.hash_value or 0, packet.hash_report or 0
        struct.pack_into("<IH", data, header.HASH_VALUE, *values)
        if spec == "v7":
            data[header.HASH_REPORT_TUNNEL] = packet.hash_report_tunnel or 0
    return bytes(data)


def write_table(path: Path, packets: Iterable[ReportedPacket]) -> None:
    """Write a table beside a trace, in the format that the end of its name says: .csv, .jsonl or .parquet."""
    rows = (_row(number, packet) for number, packet in enumerate(packets, 1))
    if path.suffix == ".parquet":
        _write_parquet(path, rows)
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        else:
            stream.writelines(f"{json.dumps(row)}\n" for row in rows)


def write_testpmd(stream: TextIO, packets: Iterable[ReportedPacket], port: int = 0) -> None:
    """Write what DPDK's testpmd prints of received packets, each in a burst of its own.

    Parameters
    ----------
    stream : text stream
        Written to.
    packets : iterable of ReportedPacket
        Ethernet frames of at least 14 captured bytes; types are not written.
    port : int
        That received them.
    """
    for packet in packets:
        queue = packet.queue or 0
        destination, source = (packet.captured[start : start + 6].hex(":").upper() for start in (0, 6))
        stream.write(f"port {port}/queue {queue}: received 1 packets\n")
        stream.write(f"  src={source} - dst={destination} - pool=mb_pool_0 - type=0x{packet.captured[12:14].hex()}")
        stream.write(f" - length={packet.length} - nb_segs=1")
        if packet.hash_value is not None:
            stream.write(f" - RSS hash=0x{packet.hash_value:x} - RSS queue=0x{queue:x}")
        stream.write(f" - Receive queue=0x{queue:x}\n")


_COLUMNS = ("packet", "hash_value", "hash_report", "hash_report_tunnel", "queue")


def _row(number: int, packet: ReportedPacket) -> dict[str, int | str | None]:
    report, tunnel = packet.hash_report, packet.hash_report_tunnel
    values = (
        number,
        None if packet.hash_value is None else f"0x{packet.hash_value:08x}",
        None if report is None else HASH_REPORTS[report],
        None if tunnel is None else HASH_REPORT_TUNNELS[tunnel],
        packet.queue,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _write_parquet(path: Path, rows: Iterator[dict[str, int | str | None]]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64())
    schema = pa.schema(list(zip(_COLUMNS, kinds, strict=True)))
    with ParquetWriter(path, schema) as writer:
        while some := list(islice(rows, _ROWS_OF_GROUP)):
            writer.write_table(pa.Table.from_pylist(some, schema))
