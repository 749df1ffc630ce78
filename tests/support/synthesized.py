"""What is in captures that ``synth`` makes, read plainly: records of pcap, and packets whose checksums are verified."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

UDP_TUNNELS = {4789: 8, 4790: 8, 6081: 8, 4754: 0}  # bytes of headers in front of what is carried
CARRIES_ETHERNET = {4789, 6081}


def records_of(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield time in nanoseconds, original length and captured bytes of each packet of a little-endian pcap file."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        seconds, fraction, captured, length = struct.unpack_from("<4I", data, at)
        yield seconds * 10**9 + fraction, length, data[at + 16 : at + 16 + captured]
        at += 16 + captured
    assert at == len(data)


def equal_records(path: Path, captured: int) -> np.ndarray:
    """Return the packets of a file that all have one captured length, as rows of bytes."""
    data = np.frombuffer(path.read_bytes(), np.uint8)[24:]
    return data.reshape(-1, 16 + captured)[:, 16:]


def checksum(data: bytes) -> int:
    """Return the Internet checksum, 0 if data that includes it is right."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def verify_frame(frame: bytes) -> list[str]:
    """Walk through a whole frame, verify each length and checksum, and return the headers."""
    kind, at = int.from_bytes(frame[12:14]), 14
    headers = ["Ethernet"]
    if kind == 0x8100:
        headers.append("VLAN")
        assert int.from_bytes(frame[14:16]) > 0
        kind, at = int.from_bytes(frame[16:18]), 18
    rest = frame[at:]
    assert kind in (0x0800, 0x86DD)
    length = int.from_bytes(rest[2:4]) if kind == 0x0800 else 40 + int.from_bytes(rest[4:6])
    assert len(frame) == max(at + length, 60)
    assert not any(rest[length:])
    return headers + verify_ip(rest[:length])


def verify_ip(packet: bytes) -> list[str]:
    """Verify an IP packet of exactly its own length."""
    if packet[0] == 0x45:
        assert checksum(packet[:20]) == 0
        assert int.from_bytes(packet[2:4]) == len(packet)
        addresses, protocol, data = packet[12:20], packet[9], packet[20:]
        field = int.from_bytes(packet[6:8]) & 0x3FFF
        headers = ["IPv4"]
    else:
        assert packet[:4] == bytes([0x60, 0, 0, 0])
        assert 40 + int.from_bytes(packet[4:6]) == len(packet)
        addresses, protocol, data = packet[8:40], packet[6], packet[40:]
        headers, field = ["IPv6"], 0
        if protocol == 44:
            protocol, field, data = data[0], 1, data[8:]
    if field:
        return [*headers, "fragment"]
    return headers + verify_transport(data, addresses, protocol)


def verify_transport(data: bytes, addresses: bytes, protocol: int) -> list[str]:
    """Verify what an IP packet carries."""
    pseudo = addresses + struct.pack("!II", len(data), protocol)
    if protocol == 6:
        assert checksum(pseudo + data) == 0
        assert data[12] >> 4 == 5
        return ["TCP"]
    if protocol == 47:
        return ["GRE", *verify_gre(data)]
    if protocol == 4:
        return ["IPIP", *verify_ip(data)]
    assert protocol == 17
    assert int.from_bytes(data[4:6]) == len(data)
    assert checksum(pseudo + data) == 0 or (data[6:8] == b"\0\0" and len(addresses) == 8)
    port = int.from_bytes(data[2:4])
    if port not in UDP_TUNNELS:
        assert data[6:8] != b"\0\0"
        return ["UDP"]
    if port == 4754:
        return ["GRE_UDP", *verify_gre(data[8:])]
    header, carried = data[8:16], data[16:]
    if port == 6081:
        assert header[:4] == bytes([0, 0, 0x65, 0x58])
        return ["GENEVE", *verify_inner_frame(carried)]
    if port == 4789:
        assert header[:4] == bytes([8, 0, 0, 0])
        return ["VXLAN", *verify_inner_frame(carried)]
    assert header[:4] == bytes([12, 0, 0, 1 if carried[0] >> 4 == 4 else 2])
    return ["VXLAN_GPE", *verify_ip(carried)]


def verify_gre(data: bytes) -> list[str]:
    """Verify GRE, with or without a key."""
    flags, protocol = struct.unpack_from("!HH", data)
    assert flags in (0, 0x2000)
    carried = data[8 if flags else 4 :]
    if protocol == 0x6558:
        return ["NVGRE", *verify_inner_frame(carried)]
    assert protocol == {4: 0x0800, 6: 0x86DD}[carried[0] >> 4]
    return (["key"] if flags else []) + verify_ip(carried)


def verify_inner_frame(frame: bytes) -> list[str]:
    """Verify an Ethernet frame inside of a tunnel."""
    assert int.from_bytes(frame[12:14]) == {4: 0x0800, 6: 0x86DD}[frame[14] >> 4]
    return verify_ip(frame[14:])
