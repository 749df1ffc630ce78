"""A real device answers: QEMU's virtio-net, fed through a tap interface in a network namespace of its own.

What it reports has to validate as QEMU's. Held to the text, the diagnosis has to say that this is QEMU, and that this
explains every packet.
"""

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from naive.capture import load
from naive.frame import Frame, NotIpError
from naive.qemu import qemu_network_layer
from pcaphash import Device
from pcaphash.errors import ConfigurationError
from pcaphash.standards.virtio import HASH_REPORTS
from pcaphash.studies.validate import Validation, validate
from pcaphash.targets.qemu import open_qemu
from support.comparing import capture_paths
from support.diagnosing import Said, SaidOf, separating_frames
from support.shared import ROOT, needs_shared
from support.slow import slow_but
from support.traffic import write

HERE = Path(__file__).parent
MAKE_TAP = """
import fcntl, struct
with open("/dev/net/tun", "r+b", buffering=0) as tun:
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"probe", 0x1002))  # TUNSETIFF, IFF_TAP | IFF_NO_PI
"""
MOST_BYTES = 1514
ETHERNET = 1
MICROSOFT = Device().hash_key

QEMU = {"flavor-qemu"}
"""What the diagnosis calls a device that does all that QEMU 7.2 does otherwise than the text."""
SET_ASIDE = 90
"""Changed frames that are cut within their IP header; their number grows with what `separating_frames` makes."""


@dataclass(frozen=True)
class Run:
    """How the device is configured."""

    hash_types: int
    hash_key: bytes = MICROSOFT
    indirection_table: tuple[int, ...] = tuple(i % 4 for i in range(128))
    unclassified_queue: int = 3

    def device(self, flavor: str) -> Device:
        """Make the same device of pcaphash."""
        return Device(
            flavor=flavor,
            hash_types=self.hash_types,
            hash_key=self.hash_key,
            queues=4,
            indirection_table=self.indirection_table,
            unclassified_queue=self.unclassified_queue,
        )


RUNS = {
    "all types": Run(0x1FF),
    "linux": Run(0x03F),
    "extended types alone": Run(0x1C0),
    "another key and table": Run(
        0x1FF, random.Random(5).randbytes(40), tuple(random.Random(6).choices(range(4), k=64)), unclassified_queue=1
    ),
}


def missing() -> str:
    """Say what is missing for the device to be run; empty where nothing is."""
    if shutil.which("qemu-system-x86_64") is None:
        return "qemu-system-x86_64 is not installed (Debian: qemu-system-x86)"
    shown = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, timeout=60).stdout
    if not re.match(r"QEMU emulator version 7\.2\.", shown):
        return f"what is known of QEMU is known of 7.2, and here is {shown.partition(chr(10))[0] or 'none that starts'}"
    if not namespace():
        return "no network namespace can be made (unshare)"
    if subprocess.run([*namespace(), sys.executable, "-c", MAKE_TAP], capture_output=True, timeout=60).returncode:
        return "no tap interface can be made (/dev/net/tun)"
    return ""


@cache
def namespace() -> tuple[str, ...]:
    """Return the command that makes a network namespace, as root or as anybody; nothing where it cannot be made."""
    for command in (("unshare", "-n"), ("unshare", "-rn")):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return ()


MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


def is_sound(frame: bytes) -> bool:
    """Tell whether QEMU's answer is a function of the frame: of an IP header that is cut it hashes what was before."""
    whole = Frame(frame, len(frame))
    try:
        version, offset = qemu_network_layer(whole, ETHERNET)
    except NotIpError:
        return True
    return whole.holds(offset, 20 if version == 4 else 40)


def whole_frames(paths: Iterable[Path], most: int = 60) -> tuple[bytes, ...]:
    """Collect the first frames of each trace that the device can be sent."""
    found: dict[bytes, None] = {}
    for path in paths:
        if path.suffix != ".gz":
            whole = [
                record.captured
                for record in load(path).records
                if record.link_type == ETHERNET and 14 <= len(record.captured) == record.original_length <= MOST_BYTES
            ]
            found |= dict.fromkeys(whole[:most])
    return tuple(found)


def changed(frame: bytes) -> bytes:
    """Change a byte of a frame and cut half of them, at random, but always alike for the same frame."""
    numbers = random.Random(frame)
    other = bytearray(frame)
    other[numbers.randrange(12, min(len(frame), 90))] = numbers.randrange(256)
    return bytes(other[: numbers.choice([len(frame), numbers.randrange(14, len(frame) + 1)])])


@cache
def frames() -> tuple[bytes, ...]:
    """Collect what is sent, which is the same wherever the tests run: made for the faults, of the samples, changed."""
    made = separating_frames()
    return tuple(dict.fromkeys([*made, *samples(), *map(changed, made)]))


@cache
def samples() -> tuple[bytes, ...]:
    return whole_frames(sorted((ROOT / "sample_traces").glob("*.pcap*")))


@cache
def public_frames() -> tuple[bytes, ...]:
    """Collect frames of the public captures, which go a way of their own: they are not everywhere."""
    return whole_frames(capture_paths())


@cache
def ask(sent: tuple[bytes, ...]) -> dict[str, list[Said]]:
    """Return what the device says of every frame in every run; of those that are not sound, nothing."""
    runs = [
        {
            "hash_types": run.hash_types,
            "hash_key": run.hash_key.hex(),
            "indirection_table": run.indirection_table,
            "unclassified_queue": run.unclassified_queue,
            "frames": list(range(len(sent))),
        }
        for run in RUNS.values()
    ]
    request = json.dumps({"frames": [frame.hex() for frame in sent], "runs": runs})
    command = [*namespace(), sys.executable, "answer_frames.py"]
    result = subprocess.run(command, cwd=HERE, input=request, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return {
        name: [as_said(answer) for answer in answers]
        for name, answers in zip(RUNS, json.loads(result.stdout), strict=True)
    }


def as_said(answer: list[int] | None) -> Said:
    assert answer is not None, "a frame did not come back"
    return Said(answer[0], HASH_REPORTS[answer[1]], None, answer[2])


def validated(folder: Path, sent: tuple[bytes, ...], name: str, flavor: str) -> Validation:
    """Validate what the device says of frames, but for those whose answers are no function of them."""
    said = [each if is_sound(frame) else Said(None) for frame, each in zip(sent, ask(sent)[name], strict=True)]
    return validate(write(folder / "frames.pcapng", sent), RUNS[name].device(flavor), SaidOf(said))


def test_few_frames_are_set_aside():
    set_aside = [frame for frame in frames() if not is_sound(frame)]
    assert len(set_aside) == SET_ASIDE
    assert not set(set_aside) & {*separating_frames(), *samples()}


@pytest.mark.parametrize("name", RUNS)
def test_all_is_right_for_qemu(tmp_path, name):
    found = validated(tmp_path, frames(), name, "qemu")
    assert found.verdicts == {"match": found.judged, **dict.fromkeys(list(found.verdicts)[1:], 0)}
    assert found.judged == len(frames()) - SET_ASIDE


@pytest.mark.parametrize("name", slow_but(2, RUNS))
def test_under_the_text_the_device_is_named(tmp_path, name):
    found = validated(tmp_path, frames(), name, "spec")
    assert found.mismatches > 0
    assert {fault.name for fault in found.diagnosis.faults} == QEMU
    (cause,) = found.diagnosis.causes
    assert cause.packets == found.mismatches
    assert found.diagnosis.alternatives == []
    assert found.diagnosis.unexplained == 0
    assert found.queue_diagnosis is None


@needs_shared
@pytest.mark.parametrize("name", RUNS)
def test_public_captures_are_right_for_qemu(tmp_path, name):
    found = validated(tmp_path, public_frames(), name, "qemu")
    assert found.verdicts == {"match": found.judged, **dict.fromkeys(list(found.verdicts)[1:], 0)}
    assert found.judged == len(public_frames())


@needs_shared
@pytest.mark.parametrize("name", slow_but(2, RUNS))
def test_what_differs_in_public_captures_is_explained(tmp_path, name):
    found = validated(tmp_path, public_frames(), name, "spec")
    # Under the types of Linux, nothing differs but frames with two tags: too little to tell that this is QEMU.
    expected = {"vlan-two-tags"} if name == "linux" else QEMU
    assert {fault.name for fault in found.diagnosis.faults} == expected
    assert found.diagnosis.unexplained == 0


@needs_shared
@pytest.mark.slow
def test_thousands_of_real_frames_are_right_for_qemu(tmp_path):
    sent = whole_frames([*sorted((ROOT / "sample_traces").glob("*.pcap*")), *capture_paths()], most=5000)
    assert len(sent) >= 5000
    for name in RUNS:
        found = validated(tmp_path, sent, name, "qemu")
        assert found.mismatches == 0
        assert found.judged == sum(map(is_sound, sent))


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (Device(queues=17), "queues=17: QEMU's device has 16 at most"),
        (Device(indirection_table=[0] * 256), "indirection_table_size=256: QEMU's device has 128 at most"),
        (Device(indirection_table=[0] * 3, table_index="modulo"), "3 is not a power of two, as QEMU's device requires"),
        (Device(hash_key=bytes(range(52))), "QEMU's device keeps 40 bytes of a key"),
    ],
    ids=["queues", "entries", "power of two", "key"],
)
def test_what_the_device_cannot_be_is_refused(device, said):
    with pytest.raises(ConfigurationError, match=said), open_qemu(device):
        pass
