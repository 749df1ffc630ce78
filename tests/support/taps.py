"""Whether Linux's tap can be had here, and frames that tell apart what reads them."""

import random
import shutil

from pcaphash import Device
from pcaphash.errors import ConfigurationError
from pcaphash.targets.tap import open_tap
from support.diagnosing import separating_frames
from support.variety import variety

_ODD = bytes([0, 1, 2, 6, 17, 43, 44, 50, 51, 58, 59, 60, 135, 0x81, 0x88, 0xA8, 0xFF])


def missing() -> str:
    """Say what is missing for the tap; empty where nothing is."""
    if shutil.which("qemu-system-x86_64") is None:
        return "qemu-system-x86_64 is not installed (Debian: qemu-system-x86)"
    try:
        with open_tap(Device(), with_hash=False, decapsulated=True):
            return ""
    except (ConfigurationError, OSError) as error:
        return str(error)


def odd_frames(n: int) -> list[bytes]:
    """Make frames that nobody sends, always the same: known ones, with bytes changed and some of them cut."""
    numbers = random.Random(5)
    known = separating_frames() + [captured for captured, _, _ in variety() if len(captured) > 20]
    frames = []
    for _ in range(n):
        frame = bytearray(numbers.choice(known))
        for _ in range(numbers.randrange(4)):
            frame[numbers.randrange(12, min(len(frame), 90))] = numbers.choice((*_ODD, numbers.randrange(256)))
        end = numbers.randrange(14, len(frame) + 1) if numbers.random() < 0.3 else len(frame)
        frames.append(bytes(frame[:end]))
    return frames
