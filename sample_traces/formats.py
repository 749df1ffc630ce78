"""Capture files in which the file format is the point: blocks, byte orders, units of time."""

from builders import IPV4, VXLAN_PORT, ethernet, gre, inner_v4, inner_v6, ipv4, ipv6, sll, sll2, tcp, udp, vxlan
from dpkt.pcapng import PCAPNG_OPT_COMMENT, PCAPNG_OPT_IF_NAME, PCAPNG_OPT_IF_TSOFFSET, PCAPNG_OPT_IF_TSRESOL
from ip_headers import published_frames
from writers import (
    ETHERNET,
    LINUX_SLL,
    LINUX_SLL2,
    NULL,
    RAW,
    START_NS,
    Record,
    Section,
    spaced,
    write_modified,
    write_nanoseconds,
)

# Options of enhanced packet blocks, and blocks that dpkt has no name for (draft-ietf-opsawg-pcapng).
EPB_FLAGS, EPB_HASH, EPB_QUEUE = 2, 3, 6
INBOUND, OUTBOUND, CRC32, TOEPLITZ = 1, 2, 2, 5
NAME_RESOLUTION, INTERFACE_STATISTICS, CUSTOM, LOCAL_USE = 4, 5, 0x0BAD, 0x80000001
EXAMPLE_ENTERPRISE = 32473  # private enterprise number for documentation (RFC 5612)

START, START_US = START_NS // 10**9, START_NS // 1000
ETHERNET_SNAP_LENGTH = 96

# The published hashes of the vectors over addresses and ports, TCP and UDP alike.
PUBLISHED_HASHES = (0x51CCC178, 0xC626B0EA, 0x5C2B394A, 0xAFC7327F, 0x10E828A2, 0x40207D3D, 0xDDE51BBF, 0x02D1FEEF)
INNER_TCP_HASH = 0xE8B9AB5A  # 10.1.0.5:33000 to 10.1.0.9:80 with the same key


def mixed_frames() -> list[bytes]:
    """Return a few frames, tunnelled and not."""
    return [
        ethernet(ipv4(tcp())),
        ethernet(ipv6(udp())),
        ethernet(ipv4(gre(inner_v4()))),
        ethernet(ipv4(udp(vxlan(ethernet(inner_v6())), 50000, VXLAN_PORT))),
    ]


def nanoseconds() -> bytes:
    """Big-endian pcap; the last packet comes one nanosecond before a second is full."""
    records = [
        Record(record.timestamp_ns + 123_456 + number, *record[1:])
        for number, record in enumerate(spaced(mixed_frames()))
    ]
    last = records[-1]
    return write_nanoseconds([*records, Record(START_NS + 999_999_999, *last[1:])])


def modified() -> bytes:
    """Pcap of the magic number 0xa1b2cd34."""
    return write_modified(spaced(mixed_frames()))


def interfaces() -> bytes:
    """Two sections of pcapng: what the device answered is in the first, other links and byte order in the second."""
    return bytes(little_endian_section()) + bytes(big_endian_section())


def answered(section: Section, hash_value: int, flags: int = INBOUND) -> list[tuple[int, bytes]]:
    """Return the options by which a capture tells direction, hash and receive queue (of 8, in a table of 128)."""
    return [
        (EPB_FLAGS, section.pack("I", flags)),
        (EPB_HASH, bytes([TOEPLITZ]) + section.pack("I", hash_value)),
        (EPB_QUEUE, section.pack("I", hash_value % 128 % 8)),
    ]


def little_endian_section() -> Section:
    """Three interfaces of differing units of time; the Ethernet one cuts at 96 bytes."""
    section = Section("<")
    section.add_interface(
        ETHERNET, ETHERNET_SNAP_LENGTH, [(PCAPNG_OPT_IF_NAME, b"eth0"), (PCAPNG_OPT_IF_TSRESOL, b"\x09")]
    )
    section.add_interface(RAW)  # microseconds, unless an option says otherwise
    section.add_interface(
        LINUX_SLL,
        options=[
            (PCAPNG_OPT_IF_NAME, b"any"),
            (PCAPNG_OPT_IF_TSRESOL, b"\x94"),  # units of 1/2**20 seconds
            (PCAPNG_OPT_IF_TSOFFSET, section.pack("q", START)),
        ],
    )
    section.add_block(NAME_RESOLUTION, bytes(4))
    for number, (frame, hash_value) in enumerate(zip(published_frames()[::2], PUBLISHED_HASHES, strict=True)):
        section.add_enhanced(0, START_NS + number, frame, options=answered(section, hash_value))
    inner = ethernet(ipv4(tcp(400, 33000, 80), "10.1.0.5", "10.1.0.9"))
    tunnel = ethernet(ipv4(udp(vxlan(inner), 49152, VXLAN_PORT), "192.0.2.1", "192.0.2.2"))
    section.add_enhanced(0, START_NS + 8, tunnel, ETHERNET_SNAP_LENGTH, answered(section, INNER_TCP_HASH))
    section.add_enhanced(0, START_NS + 9, ethernet(ipv4(tcp())), options=[(EPB_FLAGS, section.pack("I", OUTBOUND))])
    crc = (EPB_HASH, bytes([CRC32]) + section.pack("I", 0x12345678))
    section.add_enhanced(0, START_NS + 10, ethernet(ipv4(udp())), options=[(PCAPNG_OPT_COMMENT, b"no Toeplitz"), crc])
    section.add_simple(tunnel, ETHERNET_SNAP_LENGTH)
    section.add_block(CUSTOM, section.pack("I", EXAMPLE_ENTERPRISE) + b"for this sample!")
    section.add_enhanced(1, START_US, ipv4(gre(inner_v4())))
    section.add_enhanced(2, 3 << 19, sll(ipv4(tcp()), IPV4))  # a second and a half after the offset
    section.add_enhanced(2, 3 << 19, sll(ipv4(tcp()), IPV4, packet_type=4))
    section.add_obsolete(1, START_US + 1, ipv6(udp()))
    statistics = section.pack("III", 0, START_NS >> 32, START_NS & 0xFFFFFFFF)
    section.add_block(INTERFACE_STATISTICS, statistics)
    return section


def big_endian_section() -> Section:
    """Other interfaces of the same numbers: nothing of the first section holds here."""
    section = Section(">")
    section.add_interface(NULL)
    section.add_interface(LINUX_SLL2, options=[(PCAPNG_OPT_IF_TSRESOL, b"\x03")])
    section.add_interface(ETHERNET)
    section.add_enhanced(0, START_US, section.pack("I", 2) + ipv4(tcp()))
    section.add_simple(section.pack("I", 2) + ipv4(gre(inner_v4())), len(ipv4(gre(inner_v4()))) + 4)
    section.add_enhanced(1, START * 1000, sll2(ipv4(tcp()), IPV4, packet_type=4))
    section.add_block(LOCAL_USE, bytes(8))
    section.add_enhanced(2, START_US, published_frames()[0], options=answered(section, PUBLISHED_HASHES[0]))
    section.add_obsolete(2, START_US + 1, published_frames()[10])
    return section
