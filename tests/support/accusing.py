"""Devices that nothing explains, and devices that are right, with the traffic that they are asked about.

A diagnosis must not name a fault of any of them. They answer in plain Python, without the product's kernels.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import naive.device
from naive.configuration import Configuration
from naive.toeplitz import toeplitz
from pcaphash.studies.validate import Validation, validate
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, as_said, misbehave, separating_frames
from support.traffic import flows, plain, tunnelled, write

LENGTHS = (3, 10, 30, 1500)
"""Packets of the traces."""

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
_MOST_SHIFTED = 9
_FAR = range(65, 400)  # rows, more than shifts are looked for
NOTHING = Said(0, "NONE", "NONE", 0)
"""Of a packet without a hash."""


def bursts(numbers: random.Random, n: int) -> list[bytes]:
    """Make packets of few connections, in both directions, one after the other."""
    frames: list[bytes] = []
    while len(frames) < n:
        source, destination, source_port, destination_port = flows(1, numbers.randrange(1 << 30))[0]
        for _ in range(numbers.randrange(1, 9)):
            frames.append(plain((source, destination, source_port, destination_port)))
            if numbers.random() < 0.5:
                frames.append(plain((destination, source, destination_port, source_port)))
    return frames[:n]


def overlay(numbers: random.Random, n: int) -> list[bytes]:
    """Make packets in VXLAN tunnels between a few endpoints, and some outside of them."""
    some = flows(max(n // 3, 1), numbers.randrange(1 << 30))
    chosen = [numbers.choice(some) for _ in range(n)]
    return [tunnelled(flow, numbers.randrange(1, 4)) if numbers.random() < 0.8 else plain(flow) for flow in chosen]


def variety(numbers: random.Random, n: int) -> list[bytes]:
    """Make packets of every kind."""
    every = separating_frames()
    return [numbers.choice(every) for _ in range(n)]


def many(numbers: random.Random, n: int) -> list[bytes]:
    """Make packets each of which is of a flow of its own."""
    return [plain(flow) for flow in flows(n, numbers.randrange(1 << 30))]


NATURES: tuple[Callable[[random.Random, int], list[bytes]], ...] = (bursts, overlay, variety, many)


@dataclass(frozen=True)
class Asked:
    """A trace, and what a device that is right says of it."""

    path: Path
    frames: tuple[bytes, ...]
    inputs: tuple[bytes | None, ...]
    right: tuple[Said, ...]


def traces(folder: Path, seed: int, lengths: tuple[int, ...] = LENGTHS) -> list[Asked]:
    """Make a trace of each nature and length."""
    numbers = random.Random(seed)
    found = []
    for nature in NATURES:
        for n in lengths:
            frames = nature(numbers, n)
            answers = [naive.device.answer(frame, len(frame), 1, CONFIGURATION) for frame in frames]
            path = write(folder / f"{nature.__name__}-{n}-{seed}.pcapng", frames)
            said = tuple(as_said(answer) for answer in answers)
            found.append(Asked(path, tuple(frames), tuple(answer.hash_input for answer in answers), said))
    return found


def random_values(numbers: random.Random, asked: Asked) -> list[Said]:
    """Give packets random hashes, all of them or some."""
    share = numbers.choice((1, 1, 0.5, 0.05))
    return [
        replace(each, value=numbers.getrandbits(32)) if each.report != "NONE" and numbers.random() < share else each
        for each in asked.right
    ]


def random_key(numbers: random.Random, asked: Asked) -> list[Said]:
    """Hash with a key that nobody knows; some are symmetric."""
    key = numbers.choice((numbers.randbytes(40), numbers.randbytes(2) * 20))
    by_input = cache(lambda data: toeplitz(key, data))
    return [
        each if data is None else replace(each, value=by_input(data))
        for each, data in zip(asked.right, asked.inputs, strict=True)
    ]


def shifted_rows(numbers: random.Random, asked: Asked) -> list[Said]:
    """Take the answers of packets before or after."""
    shift = numbers.choice([each for each in range(-_MOST_SHIFTED, _MOST_SHIFTED + 1) if each])
    return _shifted(asked, shift)


def _shifted(asked: Asked, shift: int) -> list[Said]:
    n = len(asked.right)
    return [asked.right[i - shift] if 0 <= i - shift < n else NOTHING for i in range(n)]


def mixed_rows(numbers: random.Random, asked: Asked) -> list[Said]:
    """Bring the answers into another order."""
    return numbers.sample(asked.right, len(asked.right))


def sampled(numbers: random.Random, asked: Asked) -> list[Said]:
    """Leave hashes away by chance."""
    share = numbers.choice((0.2, 0.5, 0.9, 0.99))
    return [each if numbers.random() < share else NOTHING for each in asked.right]


def random_types(numbers: random.Random, asked: Asked) -> list[Said]:
    """Report random types of hashes."""
    names = ("IPv4", "TCPv4", "UDPv4", "IPv6", "TCPv6", "UDPv6")
    return [each if each.report == "NONE" else replace(each, report=numbers.choice(names)) for each in asked.right]


def random_queues(numbers: random.Random, asked: Asked) -> list[Said]:
    """Say nothing but random receive queues."""
    return [Said(None, queue=numbers.randrange(8)) for _ in asked.right]


def shifted_far(numbers: random.Random, asked: Asked) -> list[Said]:
    """Take the answers of packets long before or after; the first or last ones have none."""
    return _shifted(asked, numbers.choice((1, -1)) * numbers.choice(_FAR))


def off_for_a_while(numbers: random.Random, asked: Asked) -> list[Said]:
    """Give no hash for a stretch of the trace, or for two of them."""
    n = len(asked.right)
    ends = sorted(numbers.randrange(n + 1) for _ in range(numbers.choice((2, 2, 4))))
    is_off = [sum(end <= i for end in ends) % 2 == 1 for i in range(n)]
    return _queues_only(numbers, [NOTHING if off else each for off, each in zip(is_off, asked.right, strict=True)])


def filtered(numbers: random.Random, asked: Asked) -> list[Said]:
    """Send packets to some destination ports to one receive queue."""
    queue, first, width = numbers.randrange(8), numbers.randrange(512), numbers.choice((64, 512))
    ports = [int.from_bytes(data[-2:], "big") if data and len(data) in (12, 36) else -1 for data in asked.inputs]
    is_met = [first <= port < first + width for port in ports]
    said = [replace(each, queue=queue) if met else each for met, each in zip(is_met, asked.right, strict=True)]
    return _queues_only(numbers, said)


def _queues_only(numbers: random.Random, said: list[Said]) -> list[Said]:
    """Say nothing but receive queues, in one case of three."""
    if numbers.random() < 2 / 3:
        return said
    return [Said(None, queue=each.queue) for each in said]


def flipped_bits(numbers: random.Random, asked: Asked) -> list[Said]:
    """Flip a bit of each hash, or of some."""
    share = numbers.choice((1, 0.5, 0.05))
    return [
        replace(each, value=(each.value or 0) ^ 1 << numbers.randrange(32))
        if each.report != "NONE" and numbers.random() < share
        else each
        for each in asked.right
    ]


STRANGE = (
    random_values, random_key, shifted_rows, mixed_rows, sampled, random_types, random_queues,
    shifted_far, off_for_a_while, filtered, flipped_bits,
)  # fmt: skip
"""Devices that nothing explains, but for rows that are shifted, and stretches without a hash."""

_TRUE = {
    shifted_rows: ("rows-",),
    shifted_far: ("no-hash",),
    off_for_a_while: ("no-hash", "unclassified"),
}
"""How the names of faults begin that these devices have."""

Make = Callable[[random.Random, Asked], list[Said]]


def accusations(found: Validation, make: Make | None = None) -> set[str]:
    """Return what is named, of hashes and of receive queues, but for what is true of the device."""
    faults = [] if found.diagnosis is None else [fault.name for fault in found.diagnosis.faults]
    rules = [] if found.queue_diagnosis is None else [rule.name for rule in found.queue_diagnosis.rules]
    true = _TRUE.get(make, ()) if make else ()
    return {name for name in (*faults, *rules) if not name.startswith(true)}


def asked_of(asked: Asked, said: list[Said]) -> Validation:
    """Validate what a device said."""
    return validate(asked.path, device_of(CONFIGURATION), SaidOf(said))


def right_device(numbers: random.Random, asked: Asked) -> Validation:
    """Validate a device that is right, however it is configured."""
    queues = numbers.randrange(1, 17)
    configuration = replace(
        CONFIGURATION,
        hash_types=numbers.randrange(1, 0x1000),
        key=numbers.randbytes(40),
        indirection_table=tuple(numbers.randrange(queues) for _ in range(1 << numbers.randrange(8))),
    )
    device = replace(device_of(configuration), queues=queues)
    return validate(asked.path, device, SaidOf(misbehave(list(asked.frames), configuration)))
