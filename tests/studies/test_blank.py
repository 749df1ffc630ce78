"""Packets of which no hash is reported though others have one are named, if they are of a kind."""

import json
import random
from dataclasses import replace
from io import StringIO

import pytest

from naive.configuration import Configuration
from pcaphash.report.validate.write import write_validation
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.search.traits import Trait, TraitKind
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
NOTHING = Said(None)


def found_on(frames, said, tmp_path):
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def is_ipv6(frame: bytes, said: Said) -> bool:
    return frame[12:14] == b"\x86\xdd"


def is_fragment(frame: bytes, said: Said) -> bool:
    if is_ipv6(frame, said):
        return frame[20] == 44
    return frame[12:14] == b"\x08\x00" and int.from_bytes(frame[20:22], "big") & 0x3FFF != 0


def is_of_tunnel(frame: bytes, said: Said) -> bool:
    return said.tunnel != "NONE"


@pytest.mark.parametrize("says_queue", [True, False])
@pytest.mark.parametrize(
    ("is_blank", "trait"),
    [
        (lambda frame, said: said.report == "UDPv4", Trait(TraitKind.REPORT, "UDPv4")),
        (is_of_tunnel, Trait(TraitKind.INNER)),
    ],
)
def test_packets_of_a_kind(tmp_path, is_blank, trait, says_queue):
    frames = separating_frames()
    right = misbehave(frames, CONFIGURATION)
    blank = [each.report != "NONE" and is_blank(frame, each) for frame, each in zip(frames, right, strict=True)]
    said = [
        (replace(NOTHING, queue=each.queue) if says_queue else NOTHING) if none else each
        for none, each in zip(blank, right, strict=True)
    ]
    found = found_on(frames, said, tmp_path)
    assert not found.mismatches
    assert found.blank.packets == sum(blank)
    assert trait in found.blank.traits
    assert found.by_queue_alone == (sum(blank) if says_queue else 0)


def _ipv4_and_ipv6(n: int) -> list[bytes]:
    every = [frame for frame in separating_frames() if is_ipv6(frame, NOTHING)]
    return [plain(flow) if i % 2 else every[i % len(every)] for i, flow in enumerate(flows(n))]


def test_all_of_an_ip_version(tmp_path):
    frames = _ipv4_and_ipv6(300)
    right = misbehave(frames, CONFIGURATION)
    blank = [each.report != "NONE" and is_ipv6(frame, each) for frame, each in zip(frames, right, strict=True)]
    said = [replace(NOTHING, queue=each.queue) if none else each for none, each in zip(blank, right, strict=True)]
    found = found_on(frames, said, tmp_path)
    assert found.blank.traits == (Trait(TraitKind.VERSION, 6),)
    text, document = StringIO(), StringIO()
    write_validation(found, "table", text)
    write_validation(found, "json", document)
    words = (
        f"All {sum(blank)} packets that should have a hash and have none reported are IPv6 packets; of "
        f"{found.blank.examined} packets examined with a hash, none are."
    )
    assert words in " ".join(text.getvalue().split())
    assert json.loads(document.getvalue())["blank"] == {
        "packets": sum(blank),
        "examined": found.blank.examined,
        "kinds": [{"kind": "ip-version", "subject": 6}],
        "words": words,
    }


def test_fragments(tmp_path):
    frames = [frame for frame in separating_frames() if is_fragment(frame, NOTHING)]
    frames += [plain(flow) for flow in flows(300)]
    right = misbehave(frames, CONFIGURATION)
    said = [
        replace(NOTHING, queue=each.queue) if is_fragment(frame, each) else each
        for frame, each in zip(frames, right, strict=True)
    ]
    found = found_on(frames, said, tmp_path)
    assert found.blank.traits[0] == Trait(TraitKind.FRAGMENT)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_packets_of_no_kind(tmp_path, share):
    """Hashes that are missing here and there, also of a few packets that happen to be alike, are of no kind."""
    frames, numbers = _ipv4_and_ipv6(300), random.Random(5)
    right = misbehave(frames, CONFIGURATION)
    said = [replace(NOTHING, queue=each.queue) if numbers.random() < share else each for each in right]
    assert found_on(frames, said, tmp_path).blank is None


def test_no_packet_with_a_hash(tmp_path):
    frames = _ipv4_and_ipv6(100)
    said = [replace(NOTHING, queue=each.queue) for each in misbehave(frames, CONFIGURATION)]
    assert found_on(frames, said, tmp_path).blank is None


@pytest.mark.parametrize("without", [Said(None, "NONE"), Said(0)])
def test_packets_said_to_have_no_hash_are_not_examined_with_one(tmp_path, without):
    frames = _ipv4_and_ipv6(300)
    right = misbehave(frames, CONFIGURATION)
    said, n_with_hash = [], 0
    for i, (frame, each) in enumerate(zip(frames, right, strict=True)):
        is_with_hash = each.report != "NONE" and not is_ipv6(frame, each) and i % 4 == 1
        n_with_hash += is_with_hash
        said.append(NOTHING if is_ipv6(frame, each) else each if is_with_hash else without)
    found = found_on(frames, said, tmp_path)
    assert found.blank.examined == n_with_hash
    no_hash = [without if each.value is not None else each for each in said]
    assert found_on(frames, no_hash, tmp_path).blank is None


def test_every_hash_is_there(tmp_path):
    frames = _ipv4_and_ipv6(100)
    assert found_on(frames, misbehave(frames, CONFIGURATION), tmp_path).blank is None
