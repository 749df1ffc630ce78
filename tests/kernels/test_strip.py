"""Mirrored packets are taken out of their encapsulation as the plain reference does, whatever is cut or changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.frame import TruncatedError
from naive.strip import NotMirroredError, strip
from pcaphash.device import Device
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels.strip import ERSPAN, GRE, IS_CUT, IS_OTHER, IS_STRIPPED, VXLAN, strip_packets
from support import builders
from support.builders import erspan_ii, erspan_iii, in_gre
from support.mirrors import MIRRORS, RUNTS
from support.packets import VXLAN_PORTS, frames
from support.records import laid_out

NUMBERS = {"erspan": ERSPAN, "vxlan": VXLAN, "gre": GRE}

FRAME = builders.framed(builders.ipv4(builders.udp(bytes(20)), builders.UDP))
PORT_TYPES = ReadingRules.of(Device("1.4")).port_types

Packets = list[tuple[bytes, int, int]]
Found = list[tuple[int, bytes, int, int]]


def stripped(packets: Packets, what: str) -> Found:
    """Have the kernel strip packets: captured bytes, original length, link type."""
    data, records = laid_out(packets)
    statuses = np.empty(len(packets), np.uint8)
    strip_packets(data, records, len(packets), PORT_TYPES, NUMBERS[what], statuses)
    return [
        (
            int(status),
            data[record["offset"] : record["offset"] + record["captured_length"]].tobytes(),
            int(record["original_length"]),
            int(record["link_type"]),
        )
        for status, record in zip(statuses, records, strict=True)
    ]


def expected(packets: Packets, what: str) -> Found:
    found = []
    for packet in packets:
        try:
            mirrored = strip(*packet, what, VXLAN_PORTS)
            found.append((IS_STRIPPED, mirrored.captured, mirrored.original_length, mirrored.link_type))
        except NotMirroredError:
            found.append((IS_OTHER, *packet))
        except TruncatedError:
            found.append((IS_CUT, b"", 1, 101))
    return found


@pytest.mark.parametrize("name", MIRRORS)
def test_each_mirror_session(name):
    what, around, length = MIRRORS[name]
    whole = around(FRAME)
    assert stripped([(whole, 0, 1)], what) == [(IS_STRIPPED, FRAME, len(FRAME), 1)]
    assert len(whole) - len(FRAME) == length
    assert stripped([(whole[: length + 20], len(whole), 1)], what) == [(IS_STRIPPED, FRAME[:20], len(FRAME), 1)]


@pytest.mark.parametrize("name", RUNTS)
def test_what_ends_too_early_on_the_wire_is_no_mirror_session(name):
    what, runt = RUNTS[name]
    packets = [(runt, len(runt), 1)]
    assert stripped(packets, what) == expected(packets, what) == [(IS_OTHER, runt, len(runt), 1)]


@pytest.mark.parametrize("what", ["erspan", "vxlan", "gre"])
def test_what_is_no_mirror_session_stays_as_it_is(what):
    others = [MIRRORS[name][1](FRAME) for name in MIRRORS if MIRRORS[name][0] != what]
    packets = [(data, 0, 1) for data in (FRAME, *others)]
    assert stripped(packets, what) == [(IS_OTHER, *packet) for packet in packets]


def test_packets_without_an_ethernet_header():
    packet = FRAME[14:]
    assert stripped([(in_gre(builders.gre(packet, builders.IPV4)), 0, 1)], "gre") == [
        (IS_STRIPPED, packet, len(packet), 101)
    ]
    assert stripped([(in_gre(erspan_iii(packet, frame_type=2)), 0, 1)], "erspan") == [
        (IS_STRIPPED, packet, len(packet), 101)
    ]


def test_other_versions_of_erspan_are_not_guessed_at():
    assert stripped([(in_gre(erspan_ii(FRAME, version=3)), 0, 1)], "erspan")[0][0] == IS_OTHER


@pytest.mark.parametrize("fragment", [(True, 0), (False, 5), (True, 5)])
def test_of_fragments_the_first_is_stripped(fragment):
    more, offset = fragment
    packet = builders.ipv4(erspan_ii(FRAME), builders.GRE, more_fragments=more, fragment_offset=offset)
    packets = [(builders.ethernet(packet, builders.IPV4), 0, 1)]
    assert stripped(packets, "erspan") == expected(packets, "erspan")
    assert (stripped(packets, "erspan")[0][0] == IS_STRIPPED) == (offset == 0)


@pytest.mark.parametrize("name", MIRRORS)
def test_every_cut(name):
    what, around, length = MIRRORS[name]
    whole = around(FRAME)
    packets = [(whole[:n], len(whole), 1) for n in range(len(whole) + 1)]
    packets += [(whole[:n], n, 1) for n in range(len(whole) + 1)]
    found = stripped(packets, what)
    assert found == expected(packets, what)
    assert [status for status, *_ in found[14:length]] == [IS_CUT] * (length - 14)
    assert [status for status, *_ in found[len(whole) + 1 :][14:length]] == [IS_OTHER] * (length - 14)


@pytest.mark.jit_only
@pytest.mark.parametrize("name", MIRRORS)
def test_every_byte_changed(name):
    what, around, length = MIRRORS[name]
    whole = around(FRAME)
    values = (0x00, 0xFF, 0x01, 0x10, 0x20, 0x45, 0x60)
    packets = [(whole[:i] + bytes([value]) + whole[i + 1 :], 0, 1) for i in range(length) for value in values]
    assert stripped(packets, what) == expected(packets, what)


@given(packets=st.lists(frames(), min_size=1, max_size=24), what=st.sampled_from(["erspan", "vxlan", "gre"]))
def test_any_packets(packets, what):
    assert stripped(packets, what) == expected(packets, what)


@given(packets=st.lists(frames(), min_size=1, max_size=8), name=st.sampled_from(sorted(MIRRORS)))
def test_any_packets_in_mirror_sessions(packets, name):
    what, around, length = MIRRORS[name]
    longest = 2**32 - 1  # that a capture file can say
    mirrored = [
        (around(captured), min(original + length, longest) if original else 0, 1) for captured, original, _ in packets
    ]
    found = stripped(mirrored, what)
    assert found == expected(mirrored, what)
    assert [data for _, data, _, _ in found] == [captured for captured, _, _ in packets]
