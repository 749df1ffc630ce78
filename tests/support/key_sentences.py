"""Every sentence of ``key`` and of ``steer``, made of facts."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from pcaphash.device import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.report.key.words import power_text, put_into_words, varying_text
from pcaphash.report.steer.text import headline as steer_headline
from pcaphash.report.steer.text import name_queues
from pcaphash.report.words.reach import brief_reach_texts, dependencies_text
from pcaphash.studies.hash_tuple import hash_tuple
from pcaphash.studies.key.facts import KeyFacts, Symmetry, Varying, Weakness, find_facts
from pcaphash.studies.shared.linear.hash_input import HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency
from pcaphash.studies.shared.linear.reach import Reach
from pcaphash.studies.steer.result import QueueFlows, Steering
from pcaphash.studies.steer.unreached import Unreached, WhyNot
from pcaphash.studies.steer.unreached_words import reason_text

RANDOM = bytes.fromhex("5ac1e1a0f3b7c842d96e0f7b3182ad54e8c3901f6fd7257ab4de1896c05e3347a91bf26d80c45f31")
DEVICES = [
    *(Device(hash_key=key) for key in NAMED_KEYS.values()),
    *(Device(hash_key=RANDOM, indirection_table_size=size, queues=min(size, 8)) for size in (1, 16, 128, 512)),
    Device(hash_key=RANDOM, queues=6),
    Device(hash_key=RANDOM, features="CTRL_VQ+HASH_REPORT"),
    Device(hash_key=RANDOM, indirection_table=[0, 1, 2], table_index="modulo", queues=3),
    Device(hash_key=RANDOM, hash_types="IPv4"),
    Device(hash_key=RANDOM[:16], hash_types="IPv4+TCPv4"),
    Device(hash_key=RANDOM[:16] + bytes(24)),
    Device(hash_key=RANDOM[:5] + bytes(35)),
    Device(hash_key=bytes(40)),
    Device(hash_key=bytes(40), flavor="ena-gen5"),
    Device(hash_key=b"\xff" * 40),
    Device(hash_key=b"\x5a" * 40),
    Device(hash_key=b"\x6d\x5a\x6d\x5b" * 10),
    Device(hash_key=RANDOM + RANDOM[:12]),
    Device(hash_key=RANDOM, input_transform="symmetric-xor"),
    Device(hash_key=RANDOM, input_transform="symmetric-or-xor"),
    Device(hash_key=RANDOM, flavor="vpp"),
]
FIXED = tuple(Dependency((bit,), 0) for bit in (4, 5, 6))
DEPENDENCIES = [Dependency(bits, value) for bits in ((3,), (3, 5), (0, 2, 4)) for value in (0, 1, None)]
REACH = Reach(HashInput.IPV4_PORTS, 500, 900, 40, 7, 4, 16, 8, FIXED)
REACHES = [
    REACH,
    replace(REACH, rank=7, dependencies=()),
    replace(REACH, inputs=1, rank=0, dimension=0, entries=1),
    replace(REACH, inputs=16, dimension=4),
    replace(REACH, inputs=2, dimension=1, rank=1, entries=2),
    replace(REACH, inputs=6, dimension=5, rank=5, entries=6),
]


def _key(device: Device, *reaches: Reach) -> Iterator[str]:
    yield from put_into_words(find_facts(device), reaches).lines


def key_sentences() -> Iterator[str]:
    """Say each weakness of a key, what can be done with each, and what inputs reach."""
    facts = [find_facts(device) for device in DEVICES]
    assert {weakness for each in facts for weakness in each.weaknesses} == set(Weakness)
    for each in facts:
        yield from put_into_words(each).lines
    first = facts[0]
    index = replace(first.inputs[0], symmetry=Symmetry.INDEX)
    for inputs in ((index,), (index, *first.inputs[1:])):
        yield from put_into_words(KeyFacts(first.device, inputs)).lines
    for reach in REACHES:
        yield from _key(DEVICES[0], reach)
    for texts in brief_reach_texts([[REACH], [replace(REACH, kind=HashInput.IPV6_PORTS, dimension=6)]]):
        yield from texts
    for each in DEPENDENCIES:
        yield dependencies_text([each])
    yield dependencies_text(DEPENDENCIES)
    yield from map(varying_text, (each for each in Varying if each != Varying.TRAFFIC))
    yield from map(power_text, (0, 20, 21))


def steer_sentences() -> Iterator[str]:
    """Say what flows there are, and why there are none."""
    flow = (hash_tuple("192.0.2.1", "192.0.2.2", 1000, 80),)
    some = [QueueFlows(queue, (flow,), 64) for queue in range(3)]
    for targets in (some[:1], some):
        for tunnel, header in (("", ""), ("VXLAN", "inner"), ("GENEVE", "outer")):
            for is_both in (False, True):
                yield steer_headline(Steering(Device(), tuple(targets), tunnel, header, is_both))
    yield from map(name_queues, ([3], [0, 1], [0, 1, 2, 5, 7, 8]))
    yield from (reason_text(Unreached(why)) for why in (WhyNot.NO_ENTRY, WhyNot.ZERO_KEY))
    yield from (reason_text(Unreached(WhyNot.FEW_PORTS, ports=ports)) for ports in ((9, 9), (1000, 1003)))
    for why in (WhyNot.RANK, WhyNot.RANGE):
        for port, address, is_both in product((True, False), repeat=3):
            if port or address:
                yield reason_text(Unreached(why, 5, 7, port, address, is_both))
