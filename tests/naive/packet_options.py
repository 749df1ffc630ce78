"""What the options of pcapng packet blocks say of hashes and queues (draft-ietf-opsawg-pcapng section 4.3)."""

from collections import Counter
from dataclasses import dataclass, field

from naive.pcapng import (
    ENHANCED_PACKET,
    OBSOLETE_PACKET,
    SIMPLE_PACKET,
    Section,
    read_block,
    read_options,
    read_pcapng,
    section_at,
)

HASH, QUEUE = 3, 6
TOEPLITZ = 5
MALFORMED = 256


@dataclass
class PacketOptions:
    """Of each packet the hash and the queue, None where there is none; and options of each algorithm."""

    packets: list[tuple[int | None, int | None]] = field(default_factory=list)
    counts: Counter[int] = field(default_factory=Counter)


def read_packet_options(data: bytes) -> PacketOptions:
    """Read the options of all packets that can be read at all."""
    found = PacketOptions()
    section, offset = Section("<"), 0
    n_packets = len(read_pcapng(data)[0].records)
    while len(found.packets) < n_packets:
        section = section_at(data, offset, section)
        block_type, body, size = read_block(data, offset, section)
        if block_type == SIMPLE_PACKET:
            found.packets.append((None, None))
        elif block_type in (ENHANCED_PACKET, OBSOLETE_PACKET):
            captured_length = section.unpack("I", body, 12)[0]
            options = body[20 + captured_length + -captured_length % 4 :]
            found.packets.append(read_one(options, section, found.counts))
        offset += size
    return found


def read_one(options: bytes, section: Section, counts: Counter[int]) -> tuple[int | None, int | None]:
    """Read the options of one packet: the first Toeplitz hash and the first queue."""
    hash_values, queues = [], []
    for code, value in read_options(options, section):
        if code == HASH:
            if not value or (value[0] == TOEPLITZ and len(value) != 5):
                counts[MALFORMED] += 1
            else:
                counts[value[0]] += 1
                if value[0] == TOEPLITZ:
                    hash_values.append(section.unpack("I", value, 1)[0])
        elif code == QUEUE:
            if len(value) == 4:
                queues.append(section.unpack("I", value)[0])
            else:
                counts[MALFORMED] += 1
    return (hash_values or [None])[0], (queues or [None])[0]
