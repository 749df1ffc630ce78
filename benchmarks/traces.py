"""Write the traces that the benchmarks read: classic pcap files of eight tunnel mixes in pseudo-random order.

    python benchmarks/traces.py --packets 5000000 --size small -o small-5M.pcap

The same arguments always give the same file. Every packet is captured whole; addresses, source ports, keys and network
identifiers differ from packet to packet, so that neither caches nor branch prediction can learn the trace by heart.
With ``--flows N`` there are about so many different packets: each comes again and again, a few of them very often.
Checksums are left zero: nothing that is measured here reads them.
"""

import argparse
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

SEED = 20230104
CHUNK_LEN = 8 << 20  # bytes of records that are made at a time, roughly

FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)  # microseconds, Ethernet
FIRST_SECOND = 1_700_000_000
PACKETS_PER_MICROSECOND = 4

SMALL_PAYLOADS = (16, 40, 56, 84)  # bytes behind the innermost header: records of 131 bytes on average
LARGE_FRAME_LEN = 1400

PARETO_SHAPE, LEAST_WEIGHT = 1.3, 0.6  # of flows: most have a few packets, a few have thousands

IPV4, IPV6, ETHERNET = 0x0800, 0x86DD, 0x6558
TCP, UDP, GRE = 6, 17, 47
ORDINARY_PORT = 0x1F00
VXLAN_PORT, VXLAN_PORT_LINUX, GENEVE_PORT = 4789, 8472, 6081


class Layers(NamedTuple):
    """Some bytes of a packet, and which of their bits differ from packet to packet (as many bytes)."""

    fixed: bytes
    varied: bytes

    def inside(self, fixed: bytes, varied: bytes) -> "Layers":
        """Put a header, ``varied`` padded with zeros, in front."""
        return Layers(fixed + self.fixed, varied.ljust(len(fixed), b"\0") + self.varied)


def payload(size: int) -> Layers:
    """Make the innermost payload of a number of bytes."""
    return Layers(bytes(range(256)) * (size // 256) + bytes(range(size % 256)), bytes(size))


def tcp(data: Layers) -> Layers:
    """Put a TCP header in front: any source port, 256 destination ports, any sequence number."""
    fixed = struct.pack(">HHIIBBHHH", 0, ORDINARY_PORT, 0, 1, 5 << 4, 0x10, 8192, 0, 0)
    return data.inside(fixed, b"\xff\xff\0\xff" + b"\xff" * 4)


def udp(data: Layers, port: int = 0) -> Layers:
    """Put a UDP header in front: any source port, and a destination port, or 256 ordinary ones."""
    varied = b"\xff\xff" if port else b"\xff\xff\0\xff"
    return data.inside(struct.pack(">HHHH", 0, port or ORDINARY_PORT, 8 + len(data.fixed), 0), varied)


def ipv4(data: Layers, protocol: int, hosts: bytes = b"\0\xff\xff\xff") -> Layers:
    """Put an IPv4 header in front; ``hosts`` says which bits of the addresses differ."""
    source, destination = 10 << 24, 172 << 24 | 16 << 16
    fixed = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(data.fixed), 0, 0, 64, protocol, 0, source, destination)
    return data.inside(fixed, bytes(4) + b"\xff\xff" + bytes(6) + 2 * hosts)


def ipv6(data: Layers, protocol: int) -> Layers:
    """Put an IPv6 header in front: addresses in 2001:db8::/32, 256 networks of any interface identifiers."""
    address = bytes.fromhex("20010db8") + bytes(12)
    hosts = bytes(7) + b"\xff" * 9
    return data.inside(struct.pack(">IHBB", 6 << 28, len(data.fixed), protocol, 64) + 2 * address, bytes(8) + 2 * hosts)


def ethernet(data: Layers, ethertype: int) -> Layers:
    """Put an Ethernet header in front, from one of 65536 stations to another."""
    station = bytes.fromhex("020000000000")
    return data.inside(2 * station + struct.pack(">H", ethertype), 2 * (bytes(4) + b"\xff\xff"))


def vlan(data: Layers, ethertype: int) -> Layers:
    """Put the rest of a tagged Ethernet header in front: the tag's priority and network, and the EtherType."""
    return data.inside(struct.pack(">HH", 0, ethertype), b"\x0f\xff")


def gre(data: Layers, protocol: int) -> Layers:
    """Put a GRE header without options in front."""
    return data.inside(struct.pack(">HH", 0, protocol), b"")


def gre_with_key(data: Layers, protocol: int) -> Layers:
    """Put a GRE header with a key in front."""
    return data.inside(struct.pack(">HHI", 0x2000, protocol, 0), bytes(4) + b"\xff" * 4)


def vxlan(data: Layers) -> Layers:
    """Put a VXLAN header in front, of any network."""
    return data.inside(struct.pack(">II", 0x08000000, 0), bytes(4) + b"\xff\xff\xff")


def geneve(data: Layers) -> Layers:
    """Put a GENEVE header with one option of 8 bytes in front, of any network."""
    fixed = struct.pack(">BBHI", 2, 0, ETHERNET, 0) + struct.pack(">HBBI", 0x0102, 0x80, 1, 0)
    return data.inside(fixed, bytes(4) + b"\xff\xff\xff" + bytes(5) + b"\xff" * 4)


def ipv4_tcp(data: Layers) -> Layers:
    """Ethernet, IPv4, TCP."""
    return ethernet(ipv4(tcp(data), TCP), IPV4)


def ipv6_udp(data: Layers) -> Layers:
    """Ethernet, IPv6, UDP."""
    return ethernet(ipv6(udp(data), UDP), IPV6)


def vlan_ipv4_udp(data: Layers) -> Layers:
    """Ethernet, VLAN tag, IPv4, UDP."""
    return ethernet(vlan(ipv4(udp(data), UDP), IPV4), 0x8100)


def gre_ipv4_udp(data: Layers) -> Layers:
    """GRE over IPv4, with IPv4, UDP inside."""
    return tunnel_ipv4(gre(ipv4(udp(data), UDP), IPV4), GRE)


def gre_key_ipv4_tcp(data: Layers) -> Layers:
    """GRE with a key over IPv4, with IPv4, TCP inside."""
    return tunnel_ipv4(gre_with_key(ipv4(tcp(data), TCP), IPV4), GRE)


def vxlan_ipv4_tcp(data: Layers) -> Layers:
    """VXLAN over IPv4, with Ethernet, IPv4, TCP inside."""
    return tunnel_ipv4(udp(vxlan(ipv4_tcp(data)), VXLAN_PORT), UDP)


def vxlan_over_ipv6_ipv6_tcp(data: Layers) -> Layers:
    """VXLAN over IPv6, with Ethernet, IPv6, TCP inside."""
    inner = ethernet(ipv6(tcp(data), TCP), IPV6)
    return ethernet(ipv6(udp(vxlan(inner), VXLAN_PORT_LINUX), UDP), IPV6)


def geneve_ipv4_udp(data: Layers) -> Layers:
    """GENEVE with an option over IPv4, with Ethernet, IPv4, UDP inside."""
    inner = ethernet(ipv4(udp(data), UDP), IPV4)
    return tunnel_ipv4(udp(geneve(inner), GENEVE_PORT), UDP)


def tunnel_ipv4(data: Layers, protocol: int) -> Layers:
    """Put Ethernet and the IPv4 header of one of 256 tunnel endpoints in front."""
    return ethernet(ipv4(data, protocol, hosts=b"\0\0\0\xff"), IPV4)


MIXES: tuple[Callable[[Layers], Layers], ...] = (
    ipv4_tcp,
    ipv6_udp,
    vlan_ipv4_udp,
    gre_ipv4_udp,
    gre_key_ipv4_tcp,
    vxlan_ipv4_tcp,
    vxlan_over_ipv6_ipv6_tcp,
    geneve_ipv4_udp,
)


def packet_templates(size: str) -> list[Layers]:
    """Return every mix with every payload of a trace of ``small`` or ``large`` packets."""
    if size == "small":
        return [mix(payload(length)) for mix in MIXES for length in SMALL_PAYLOADS]
    return [mix(payload(LARGE_FRAME_LEN - len(mix(payload(0)).fixed))) for mix in MIXES]


def record_template(packet: Layers) -> Layers:
    """Put a record header in front, its time still zero."""
    return packet.inside(struct.pack("<IIII", 0, 0, len(packet.fixed), len(packet.fixed)), b"")


def make_records(templates: list[Layers], first: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Make some records, the one numbered ``first`` first; returns uint8."""
    choices = random.integers(len(templates), size=count)
    chosen = [templates[i] for i in choices.tolist()]
    records = np.frombuffer(bytearray().join([layers.fixed for layers in chosen]), np.uint8)
    varied = np.frombuffer(b"".join([layers.varied for layers in chosen]), np.uint8)
    records ^= np.frombuffer(random.bytes(len(varied)), np.uint8) & varied
    lengths = np.array([len(layers.fixed) for layers in templates])[choices]
    starts = np.cumsum(lengths) - lengths
    times = np.stack(np.divmod(np.arange(first, first + count) // PACKETS_PER_MICROSECOND, 1_000_000), axis=1)
    times[:, 0] += FIRST_SECOND
    records[starts[:, None] + np.arange(8)] = times.astype("<u4").view(np.uint8)
    return records


def make_flow_records(
    templates: list[Layers], packets: int, flows: int, chunk: int, random: np.random.Generator
) -> Iterator[bytes]:
    """Make records of some flows, a chunk at a time: how often each comes is a Pareto distribution."""
    made = make_records(templates, 0, flows, random).tobytes()
    lengths = [16 + length for length in record_lengths(made)]
    ends = np.cumsum(lengths).tolist()
    records = [made[end - length + 8 : end] for end, length in zip(ends, lengths, strict=True)]
    weights = random.pareto(PARETO_SHAPE, flows) + LEAST_WEIGHT
    weights /= weights.sum()
    for first in range(0, packets, chunk):
        numbers = np.arange(first, min(first + chunk, packets))
        times = np.stack(np.divmod(numbers // PACKETS_PER_MICROSECOND, 1_000_000), axis=1)
        times[:, 0] += FIRST_SECOND
        written = times.astype("<u4").tobytes()
        chosen = random.choice(flows, len(numbers), p=weights).tolist()
        yield b"".join(written[8 * i : 8 * i + 8] + records[flow] for i, flow in enumerate(chosen))


def record_lengths(records: bytes) -> Iterator[int]:
    """Return the captured lengths of records, one after the other."""
    start = 0
    while start < len(records):
        (length,) = struct.unpack_from("<I", records, start + 8)
        yield length
        start += 16 + length


def write_trace(output: BinaryIO, packets: int, size: str, flows: int | None = None) -> None:
    """Write a trace of ``small`` or ``large`` packets: all of them different, or of so many flows."""
    random = np.random.default_rng(SEED)
    templates = [record_template(packet) for packet in packet_templates(size)]
    chunk = CHUNK_LEN // max(len(layers.fixed) for layers in templates)
    output.write(FILE_HEADER)
    if flows is not None:
        for records in make_flow_records(templates, packets, flows, chunk, random):
            output.write(records)
        return
    for first in range(0, packets, chunk):
        output.write(make_records(templates, first, min(chunk, packets - first), random).data)


def main() -> None:
    """Write one trace."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, required=True)
    parser.add_argument("--size", choices=("small", "large"), required=True)
    parser.add_argument("--flows", type=int)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.output.open("wb") as output:
        write_trace(output, arguments.packets, arguments.size, arguments.flows)


if __name__ == "__main__":
    main()
