"""What packets look like to carry is recognized as the plain reference does, whatever is cut or changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.configuration import Configuration
from naive.suspects import suspect
from pcaphash.device import Device
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.kernels.suspects import N_KINDS, recognize_suspects
from pcaphash.studies.shared.suspicion import SuspectKind
from support.builders import in_udp
from support.packets import frames
from support.records import laid_out
from support.suspects import ORDINARY, SUSPECTS, inner_packet

NAMES = ["", *SuspectKind]
IDENTITY = CensusIdentity.of(Device("1.4"))
CONFIGURATION = Configuration("1.4", 0x1FF, 0x1FF)


def recognized(packets: list[tuple[bytes, int, int]]) -> list[str]:
    """Have the kernel look at packets: captured bytes, original length, link type."""
    data, records = laid_out(packets)
    n = len(packets)
    kinds, protocols, ports = np.empty(n, np.uint8), np.empty(n, np.int16), np.empty(n, np.uint32)
    recognize_suspects(data, records, n, IDENTITY.prepared_key, IDENTITY.rules.port_types, kinds, protocols, ports)
    return [str(NAMES[kind]) for kind in kinds]


def expected(packets: list[tuple[bytes, int, int]]) -> list[str]:
    return [suspect(*packet, CONFIGURATION) for packet in packets]


def test_every_kind_has_a_name():
    assert len(NAMES) == N_KINDS


@pytest.mark.parametrize("kind", SUSPECTS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_each_kind(kind):
    packets = [(SUSPECTS[kind](i), 0, 1) for i in range(8)]
    assert recognized(packets) == expected(packets) == [kind[0]] * 8


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_traffic_looks_like_nothing(name):
    packets = [(ORDINARY[name](i), 0, 1) for i in range(200)]
    found = recognized(packets)
    assert found == expected(packets)
    if not name.startswith("random bytes on the port"):  # a quarter of them may be, and only how many they are tells
        assert sum(map(bool, found)) <= 2  # a number may happen to look like a header


@pytest.mark.parametrize("kind", SUSPECTS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_every_cut(kind):
    whole = SUSPECTS[kind](3)
    snapped = [(whole[:n], len(whole), 1) for n in range(len(whole) + 1)]
    short = [(whole[:n], n, 1) for n in range(len(whole) + 1)]
    padded = [(whole + bytes(n), 0, 1) for n in (1, 4, 46, 47)]
    assert recognized(snapped + short + padded) == expected(snapped + short + padded)


@pytest.mark.jit_only
@pytest.mark.parametrize("kind", SUSPECTS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_every_byte_changed(kind):
    whole = SUSPECTS[kind](3)
    values = (0x00, 0xFF, 0x01, 0x04, 0x08, 0x30, 0x45, 0x60)
    packets = [
        (whole[:i] + bytes([value]) + whole[i + 1 :], 0, 1) for i in range(min(len(whole), 120)) for value in values
    ]
    assert recognized(packets) == expected(packets)


@given(packets=st.lists(frames(), min_size=1, max_size=24))
def test_any_packets(packets):
    assert recognized(packets) == expected(packets)


@given(
    payload=st.sampled_from([b"\x08\0\0\0\0\0\5\0", b"\x30\xff", b"\4\0\0\0", b"\0\0\x65\x58", b"\0\1\0\0", b"\x40\2"]),
    more=st.binary(max_size=80),
    port=st.sampled_from([3544, 4500, 1701, 6635, 2152, 9]),
    has_packet=st.booleans(),
)
def test_any_payload(payload, more, port, has_packet):
    frame = in_udp(payload + more + (inner_packet(1) if has_packet else b""), port)
    packets = [(frame, 0, 1), (frame[:-3], len(frame), 1), (frame[:-3], 0, 1)]
    assert recognized(packets) == expected(packets)
