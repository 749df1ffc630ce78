"""Read reported values beside a trace, as lists with None where nothing is reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pcaphash.capture.reader import BLOCK_LEN, Reader
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.source import NOT_REPORTED, Reported, ReportedSource
from support import captures


@dataclass
class Found:
    """What a source gave for a trace, and what it said in the end."""

    packets: list[tuple[int | None, int | None, int | None, int | None]]
    """Of each: hash value, hash_report, hash_report_tunnel, queue."""
    frames: list[bytes]
    lengths: list[int]
    link_types: list[int]
    notes: list[Note]


def rows_of(reported: Reported) -> Iterator[tuple[int | None, int | None, int | None, int | None]]:
    """Give what is reported of each packet."""
    types = (reported.hash_reports, reported.hash_report_tunnels, reported.queues)
    for i, has_hash in enumerate(reported.has_hash.tolist()):
        hash_report, tunnel, queue = (None if values[i] == NOT_REPORTED else int(values[i]) for values in types)
        yield int(reported.hash_values[i]) if has_hash else None, hash_report, tunnel, queue


def read_reported(trace: Path, source: ReportedSource, block_len: int = BLOCK_LEN) -> Found:
    """Read a trace through a source from its first to its last packet."""
    found = Found([], [], [], [], [])
    first = 1
    for whole in Reader(str(trace), block_len).blocks():
        n_records = len(whole.records)
        block, reported = source.read(whole, first)
        found.packets += rows_of(reported)
        for record in block.records:
            start = int(record["offset"])
            found.frames.append(block.data[start : start + int(record["captured_length"])].tobytes())
        found.lengths += block.records["original_length"].tolist()
        found.link_types += block.records["link_type"].tolist()
        first += n_records
    found.notes = list(source.finish(first - 1))
    return found


def small_trace(path: Path, n_packets: int) -> Path:
    """Write a pcap of that many packets, of which only the number matters."""
    path.write_bytes(captures.pcap(b"".join(captures.pcap_record(b"%d" % i) for i in range(n_packets))))
    return path
