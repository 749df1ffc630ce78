"""Ask about devices that nothing explains, and about right ones, and print how often a fault is named.

    python tests/accusations.py [--strange 10000] [--right 1000] [--jobs 2]

An hour on one core. No fault may be named; the exit code says whether one was.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from support.accusing import LENGTHS, STRANGE, accusations, asked_of, right_device, traces

_A_PART = 250  # devices


def part(kind: str, number: int, n: int) -> list[tuple[str, int, float, str]]:
    """Ask about some devices; return what each is, how many packets it was asked about, seconds, and what was named."""
    numbers = random.Random(number if kind == "strange" else -number)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        some = traces(Path(folder), number)
        for i in range(n):
            asked = some[i % len(some)]
            begin = time.perf_counter()
            if kind == "strange":
                make = numbers.choice(STRANGE)
                said = make(numbers, asked)
                begin = time.perf_counter()
                named = accusations(asked_of(asked, said), make)
                found.append((make.__name__, len(asked.frames), time.perf_counter() - begin, "+".join(sorted(named))))
            else:
                wrong = right_device(numbers, asked).mismatches
                found.append(
                    ("right", len(asked.frames), time.perf_counter() - begin, f"{wrong} wrong" if wrong else "")
                )
    return found


def main() -> int:
    """Ask, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strange", type=int, default=10_000)
    parser.add_argument("--right", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    parts = [
        (kind, number, min(_A_PART, n - start))
        for kind, n in (("strange", options.strange), ("right", options.right))
        for number, start in enumerate(range(0, n, _A_PART), 1)
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        rows = []
        for found in pool.map(part, *zip(*parts, strict=True)):
            rows += found
            print(f"{len(rows)} devices, {sum(bool(row[3]) for row in rows)} accused", file=sys.stderr, flush=True)
    print(f"{'device':16}{'packets':>8}{'devices':>9}{'accused':>9}{'longest':>10}")
    for name in dict.fromkeys(row[0] for row in rows):
        for length in LENGTHS:
            some = [row for row in rows if row[:2] == (name, length)]
            if some:
                accused = sum(bool(row[3]) for row in some)
                print(f"{name:16}{length:8}{len(some):9}{accused:9}{max(row[2] for row in some):9.2f}s")
    named = Counter(row[3] for row in rows if row[3])
    print(f"{sum(named.values())} of {len(rows)} devices were accused")
    for name, n in named.most_common():
        print(f"  {n} of {name}")
    return int(bool(named))


if __name__ == "__main__":
    sys.exit(main())
