"""Packet blocks of pcapng that cannot be packets end a trace, and what precedes them is read."""

import pytest

import pcaphash
from pcaphash.capture.damage import DamageKind, Defect
from pcaphash.capture.damage_words import problem_text
from support.captures import block, enhanced, interface, pcap, section, simple

FRAME = bytes(60)
TOO_SHORT = "a block gives an impossible length, "
TOO_LONG = "a record gives its length as 4,294,967,292 bytes, which is more than 16 MiB"
UNDECLARED = "a packet names an interface that was not declared"
NO_ROOM = "a packet gives a captured length that its block cannot hold, 61 bytes"
HUGE = (6).to_bytes(4, "little") + (2**32 - 4).to_bytes(4, "little") + bytes(8)
GREEDY = block(6, bytes(12) + (61).to_bytes(4, "little") * 2 + FRAME)
BEFORE = section() + interface() + enhanced(FRAME)

DAMAGED = {
    "enhanced, without its lengths": (BEFORE, block(6, bytes(16)), TOO_SHORT + "28 bytes"),
    "enhanced, longer than any packet": (BEFORE, HUGE, TOO_LONG),
    "enhanced, with a packet that it cannot hold": (BEFORE, GREEDY, NO_ROOM),
    "obsolete, without its lengths": (BEFORE, block(2, bytes(16)), TOO_SHORT + "28 bytes"),
    "simple, without its length": (BEFORE, block(3, b""), TOO_SHORT + "12 bytes"),
    "simple, in a section without interfaces": (BEFORE + section(), simple(FRAME), UNDECLARED),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_the_damage_is_named_with_its_place(tmp_path, name):
    before, damaged, problem = DAMAGED[name]
    path = tmp_path / "damaged.pcapng"
    path.write_bytes(before + damaged + enhanced(FRAME))
    reading = pcaphash.info(path).reading
    assert reading.packets == 1
    (found,) = map(problem_text, reading.problems)
    assert problem in found
    assert f"{len(before):,}" in found


@pytest.mark.parametrize(("order", "name"), [("<", "little"), (">", "big")])
def test_the_length_that_a_record_gives_is_told(tmp_path, order, name):
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(order=order) + bytes(8) + (2**24 + 1).to_bytes(4, name) * 2)
    (damage,) = pcaphash.info(path).reading.damages
    assert (damage.offset, damage.defect) == (24, Defect(DamageKind.RECORD_TOO_LONG, 2**24 + 1))
