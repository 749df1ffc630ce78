"""What dpdk-dumpcap would write of a device that is told to hash inner headers, but never looks into GENEVE."""

import io
import tempfile
from pathlib import Path

from overlay import overlay_records
from writers import write_pcap

import pcaphash
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng

PACKETS = 1500
DEVICE = pcaphash.Device(hash_types="base+GRE_INNER+VXLAN_INNER")


def faulty_device() -> bytes:
    """Write the trace."""
    records = overlay_records()[:PACKETS]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "overlay.pcap"
        plain.write_bytes(write_pcap(records))
        answers = pcaphash.hashes(plain, DEVICE)
    packets = [
        ReportedPacket(
            captured=record.captured,
            original_length=record.original_length,
            hash_value=int(answer.hash_value, 16) if answer.hash_value else None,
            queue=answer.queue,
            timestamp_ns=record.timestamp_ns,
        )
        for record, answer in zip(records, answers.itertuples(), strict=True)
    ]
    stream = io.BytesIO()
    write_pcapng(stream, packets)
    return stream.getvalue()
