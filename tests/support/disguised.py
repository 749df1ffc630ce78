"""Captures whose payloads look like records: captures in payloads, headers everywhere, chains beside the real one."""

import random
import struct

from support import captures

SNAP_LENGTH = 2000


def header(length: int, chance: random.Random, original: int | None = None) -> bytes:
    """Make the header of a record that looks like any other."""
    time = chance.randrange(2**31), chance.randrange(10**6)
    return struct.pack("<IIII", *time, length, length if original is None else original)


def payload(chance: random.Random) -> bytes:
    """Make bytes full of what looks like headers of records."""
    kind = chance.randrange(5)
    if kind == 0:  # a chain that ends where the real record does
        return b"".join(header(1, chance) + b"x" for _ in range(chance.randrange(1, 80)))
    if kind == 1:  # a header at every byte, nearly
        return header(chance.randrange(1, 60), chance) * chance.randrange(1, 90)
    if kind == 2:
        return bytes(chance.randrange(64, 1500))
    if kind == 3:  # a capture
        records = b"".join(header(n, chance) + bytes(n) for n in (chance.randrange(1, 300) for _ in range(6)))
        return captures.pcap(records)[: SNAP_LENGTH - 60]
    return chance.randbytes(chance.randrange(60, 1500))


def frames(n: int, seed: int = 1) -> list[bytes]:
    """Make UDP packets with such payloads."""
    chance = random.Random(seed)
    made = []
    for _ in range(n):
        data = payload(chance)
        udp = struct.pack("!HHHH", chance.randrange(1024, 65536), 53, 8 + len(data), 0) + data
        addresses = bytes([10, 0, 0, chance.randrange(256), 10, 0, 1, chance.randrange(256)])
        ipv4 = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses + udp
        made.append(bytes(12) + b"\x08\0" + ipv4)
    return made


def disguised_pcap(n: int, seed: int = 1) -> bytes:
    """Make a pcap file of such packets."""
    chance = random.Random(seed)
    file_header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_LENGTH, 1)
    return file_header + b"".join(header(len(frame), chance) + frame for frame in frames(n, seed))


def disguised_pcapng(n: int, seed: int = 1) -> bytes:
    """Make a pcapng file of such packets; their payloads have whole blocks in them too."""
    blocks = [captures.section(), captures.interface(snap_length=SNAP_LENGTH)]
    for number, frame in enumerate(frames(n, seed)):
        inner = captures.enhanced(frame[:100]) * 3
        blocks.append(captures.enhanced(frame + bytes(-len(frame) % 4) + inner if number % 2 else frame))
    return b"".join(blocks)


def parallel_pcap(n: int, seed: int = 1) -> bytes:
    """Make a pcap file with a second chain of records beside the real one, which alone looks as records should.

    Each payload begins with what looks like the header of a record that reaches up to that in the next payload. The
    real records have original lengths below their captured ones, which no capture program writes.
    """
    chance = random.Random(seed)
    file_header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_LENGTH, 1)
    records = []
    for _ in range(n):
        length = chance.randrange(100, 1500)
        records.append(header(length, chance, original=1) + header(length, chance) + bytes(length - 16))
    # A fake record: header, rest of the payload, and the next real header; so each is as long as the payload before.
    return file_header + b"".join(records)
