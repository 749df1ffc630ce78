"""Packet blocks of pcapng that cannot be packets end a trace, and what precedes them is read."""

import pytest

import pcaphash
from support.captures import block, enhanced, interface, section, simple

FRAME = bytes(60)
TOO_SHORT = "a block gives an impossible length"
UNDECLARED = "a packet names an interface that was not declared"

DAMAGED = {
    "enhanced, without its lengths": (section() + interface() + enhanced(FRAME), block(6, bytes(16)), TOO_SHORT),
    "obsolete, without its lengths": (section() + interface() + enhanced(FRAME), block(2, bytes(16)), TOO_SHORT),
    "simple, without its length": (section() + interface() + enhanced(FRAME), block(3, b""), TOO_SHORT),
    "simple, in a section without interfaces": (
        section() + interface() + enhanced(FRAME) + section(),
        simple(FRAME),
        UNDECLARED,
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_the_damage_is_named_with_its_place(tmp_path, name):
    before, damaged, problem = DAMAGED[name]
    path = tmp_path / "damaged.pcapng"
    path.write_bytes(before + damaged + enhanced(FRAME))
    reading = pcaphash.info(path).reading
    assert reading.packets == 1
    (found,) = map(str, reading.problems)
    assert problem in found
    assert f"{len(before):,}" in found
