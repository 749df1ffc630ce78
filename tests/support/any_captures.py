"""Captures drawn at random, of every format and byte order, whole or with something wrong in them."""

import struct

from hypothesis import strategies as st

from support import captures
from support.packets import NUMBERS, pick, rarely


@st.composite
def pcap_files(draw: st.DrawFn) -> bytes:
    """Draw a pcap file of any format and byte order."""
    order = pick(draw, "<>")
    magic = pick(draw, (captures.MICROSECONDS, captures.NANOSECONDS, captures.MODIFIED))
    records = b""
    for _ in range(draw(NUMBERS[6])):
        captured = draw(st.binary(max_size=40))
        time = draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 2**32 - 1))
        more = bytes(8 if magic == captures.MODIFIED else 0)
        records += captures.pcap_record(captured, draw(NUMBERS[256]), order, more, time)
    link_type = pick(draw, (1, 113, 276, 101, 0x14000071, 0xFFFF0001))
    return captures.pcap(records, link_type, order, magic)


@st.composite
def pcapng_files(draw: st.DrawFn) -> bytes:
    """Draw a pcapng file of one to three sections, each with interfaces declared before, between and after packets."""
    return b"".join(pcapng_section(draw, pick(draw, "<>")) for _ in range(pick(draw, (1, 1, 2, 3))))


def pcapng_section(draw: st.DrawFn, order: str) -> bytes:
    blocks, n_interfaces = [captures.section(order)], 0
    for _ in range(draw(NUMBERS[8])):
        kind = pick(draw, ("enhanced", "enhanced", "obsolete", "simple", "interface", "other"))
        if kind == "other":
            # Name resolution, statistics, custom, and whatever else there may be.
            blocks.append(captures.block(pick(draw, (4, 5, 0x0BAD, 0x40000BAD)), draw(st.binary(max_size=90)), order))
        elif kind == "interface" or n_interfaces == 0:
            blocks.append(draw_interface(draw, order))
            n_interfaces += 1
        else:
            number = draw(NUMBERS[n_interfaces]) if not rarely(draw) else n_interfaces
            blocks.append(draw_packet(draw, order, kind, number))
    return b"".join(blocks)


def draw_interface(draw: st.DrawFn, order: str) -> bytes:
    options = b""
    if draw(NUMBERS[2]):
        options += captures.option(9, bytes([pick(draw, RESOLUTIONS)]), order)
    if draw(NUMBERS[3]) == 2:
        seconds = pick(draw, (0, 1, -1, 2_000_000_000, -2_000_000_000, 2**62, -(2**63)))
        options += captures.number_option(14, "q", seconds, order)
    if draw(NUMBERS[2]):
        options += pick(draw, (captures.option(0, b"", order), captures.option(2, b"eth0", order), b"\1", b"\0\0\0"))
    return captures.interface(pick(draw, (1, 101, 113, 276)), pick(draw, (0, 0, 0, 5, 65535)), options, order)


# Decimal and binary, coarse and fine, up to ticks of which 64 bits hold less than a second.
RESOLUTIONS = (6, 9, 3, 0, 12, 18, 19, 0x80, 0x81, 0x94, 0x9E, 0xA0, 0xC0, 0xE0, 0xFF)
TICKS = st.integers(0, 2**64 - 1) | st.integers(0, 1_700_000_000_000_000_000) | st.integers(0, 1_700_000_000)


def draw_packet(draw: st.DrawFn, order: str, kind: str, number: int) -> bytes:
    captured = draw(st.binary(max_size=40))
    if kind == "simple":
        return captures.simple(captured, len(captured) + draw(NUMBERS[16]) - 3 if len(captured) > 3 else None, order)
    options = b""
    if draw(NUMBERS[2]):
        options += captures.option(pick(draw, (1, 4, 2988)), draw(st.binary(max_size=9)), order)
    if draw(NUMBERS[2]):
        options += captures.number_option(2, "I", draw(NUMBERS[16]), order)
    if draw(NUMBERS[4]) == 3:
        options += pick(draw, (captures.option(0, b"", order), b"\2\0\0\0", b"\0\2\0\4", b"\1\0\xff\xff"))
    write = captures.obsolete if kind == "obsolete" else captures.enhanced
    return write(captured, draw(NUMBERS[256]), number, draw(TICKS), options, order)


LIES = tuple(
    struct.pack(order + "I", number)
    for order in "<>"
    for number in (0, 1, 3, 6, 8, 12, 16, 28, 32, 60, 2**24, 2**24 + 1, 2**31, 2**32 - 4, 2**32 - 1, 0x0A0D0D0A)
)


@st.composite
def mutated(draw: st.DrawFn, files: st.SearchStrategy[bytes]) -> bytes:
    """Draw a file, mostly with something in it overwritten, left out, inserted or cut off."""
    data = draw(files)
    for _ in range(pick(draw, (0, 1, 1, 1, 2, 3))):
        place = draw(st.integers(0, len(data)))
        way = pick(draw, ("lie", "lie", "byte", "cut", "leave out", "insert"))
        aligned = place & ~3
        if way == "lie":
            data = data[:aligned] + pick(draw, LIES) + data[aligned + 4 :]
        elif way == "byte":
            data = data[:place] + bytes([draw(NUMBERS[256])]) + data[place + 1 :]
        elif way == "cut":
            data = data[:place]
        elif way == "leave out":
            data = data[:place] + data[place + draw(NUMBERS[32]) :]
        else:
            data = data[:aligned] + draw(st.binary(max_size=12)) + data[aligned:]
    return data
