"""Diagnose devices with one fault or two on four traces of different nature, and print what became of each.

    python tests/faulty_devices.py [--pairs 60]

Some ten minutes on one core. The devices are plain Python. On a trace that does not show a fault there is nothing to
diagnose; else the fault has to be named, alone or among sets of faults that explain this trace as well, or be left
unexplained. The exit code says whether another one was named.
"""

import argparse
import random
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

from naive.configuration import Configuration
from pcaphash.studies.validate import Validation, validate
from support import diagnosing
from support.builders import TCP, framed, ipv4, ipv6
from support.comparing import device_of
from support.diagnosing import SaidOf, misbehave, separating_frames, without_syn
from support.traffic import flows, plain, tunnelled, write

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
_READING = (*diagnosing.READING, *diagnosing.RECONFIGURED, "outer-where-inner-not-ip")
_ENDS = (*diagnosing.INPUTS, "symmetric-xor", "symmetric-or-xor")
_KEYS = (*diagnosing.KEYS, *diagnosing.HASHING)
FAULTS = (*_READING, *_ENDS, *_KEYS, *diagnosing.VALUES, *diagnosing.FLAVORED)
_RARE = (
    "value-low-bits", "value-shifted", "key-shifted", "key-rotated", "key-first", "key-repeated", "function", "only",
)  # fmt: skip
_LEARNED = (
    "value-and",
    "value-or",
    "value-stuck",
    "value-xor",
)  # read off packets, which another fault would change too


def two_ways(n: int) -> list[bytes]:
    """Make connections of TCP over IPv4 and IPv6, in both directions."""
    frames = []
    for source, destination, source_port, _ in flows(n, 4):
        there, back = without_syn(source_port), bytearray(without_syn(source_port))
        back[:4] = there[2:4] + there[:2]
        frames.append(framed(ipv4(there, TCP, source, destination)))
        frames.append(framed(ipv4(bytes(back), TCP, destination, source)))
        frames.append(framed(ipv6(there, TCP, source * 4, destination * 4)))
        frames.append(framed(ipv6(bytes(back), TCP, destination * 4, source * 4)))
    return frames


def one_in_a_hundred() -> list[bytes]:
    """Put a packet of each kind among a hundred times as many ordinary ones."""
    kinds = separating_frames()
    numbers = random.Random(8)
    frames = [plain(flow) for flow in flows(99 * 30, 6)] + numbers.sample(kinds, 30)
    numbers.shuffle(frames)
    return frames


TRACES = {
    "every kind": separating_frames,
    "overlay": lambda: [tunnelled(flow) if i % 3 else plain(flow) for i, flow in enumerate(flows(600, 5))],
    "both ways": lambda: two_ways(120),
    "1 % odd": one_in_a_hundred,
}


def devices(n_pairs: int) -> list[tuple[str, ...]]:
    """List single faults, and pairs drawn from those that a device can have."""
    groups = (_READING, _ENDS, _KEYS, tuple(diagnosing.VALUES))  # of which plain Python has one at a time
    pairs = [
        pair
        for pair in combinations(FAULTS, 2)
        if not any(set(pair) <= set(group) for group in groups)
        and not all(name.startswith(_RARE) for name in pair)
        and not any(name.startswith(_LEARNED) for name in pair)
        and "key-zero" not in pair
        and not set(pair) & set(diagnosing.FLAVORED)  # of which most have a key and a form of the hash themselves
    ]
    return [*((name,) for name in FAULTS), *random.Random(9).sample(pairs, n_pairs)]


def verdict(names: tuple[str, ...], found: Validation) -> str:
    """Say what became of a device."""
    if not found.mismatches:
        return "not shown"
    diagnosis = found.diagnosis
    if diagnosis is None:
        return "unexplained"
    sets = [{fault.name for fault in each} for each in (diagnosis.faults, *diagnosis.alternatives)]
    if set(names) in sets:
        return "named" if len(sets) == 1 else "in a class"
    if sets[0] and not diagnosis.unexplained and min(map(len, sets)) <= len(names):
        return "equal here"
    return "in part" if sets[0] and sets[0] <= set(names) else "false" if sets[0] else "unexplained"


def main() -> int:
    """Ask, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60)
    options = parser.parse_args()
    words = ("named", "in a class", "equal here", "in part", "unexplained", "not shown", "false")
    asked = devices(options.pairs)
    print(f"{len(asked)} devices: {len(FAULTS)} with one fault, {options.pairs} with two")
    print(f"{'trace':12}{'packets':>8}", *(f"{word:>12}" for word in words), f"{'longest':>9}", sep="")
    n_false = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, make in TRACES.items():
            frames = make()
            path = write(Path(folder) / "trace.pcapng", frames)
            counts, longest = dict.fromkeys(words, 0), 0.0
            for names in asked:
                said = SaidOf(misbehave(frames, CONFIGURATION, *names))
                begin = time.perf_counter()
                found = validate(path, device_of(CONFIGURATION), said)
                longest = max(longest, time.perf_counter() - begin)
                word = verdict(names, found)
                counts[word] += 1
                if word in ("false", "in part"):
                    named = [fault.name for fault in found.diagnosis.faults] if found.diagnosis else []
                    print(f"  {name}: {'+'.join(names)} is told as {'+'.join(named)} ({word})")
            n_false += counts["false"]
            print(f"{name:12}{len(frames):8}", *(f"{n:12}" for n in counts.values()), f"{longest:8.2f}s", sep="")
    return int(bool(n_false))


if __name__ == "__main__":
    sys.exit(main())
