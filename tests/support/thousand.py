"""A thousand small traces, with everything that can be wrong with them."""

import gzip
from pathlib import Path

from support.asked import SAMPLES
from support.disguised import disguised_pcap, disguised_pcapng


def thousand_files(folder: Path) -> list[Path]:
    """Make 1,000 traces: pcap, pcapng, compressed ones, damaged ones, two empty ones, and two that are none."""
    samples = [path.read_bytes() for path in SAMPLES if path.stat().st_size < 30_000]
    pieces = [*samples, disguised_pcap(5), disguised_pcapng(4)]
    for number in range(996):
        data = pieces[number % len(pieces)]
        if number % 13 == 0:
            data = data[: len(data) - 1 - number % 50]
        elif number % 17 == 0:
            data = data[:60] + b"\xff" * 8 + data[68:]
        if number % 7 == 0:
            data = gzip.compress(data, 1)
            data = data[:-9] if number % 14 == 0 else data
        (folder / f"{number:03}").write_bytes(data)
    (folder / "empty-1").touch()
    (folder / "empty-2").touch()
    (folder / "foreign").write_bytes(b"PK\x03\x04" + bytes(30))
    (folder / "short").write_bytes(samples[0][:20])
    return sorted(folder.iterdir())
