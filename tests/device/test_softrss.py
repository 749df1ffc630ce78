"""Single hashes are those of DPDK's rte_softrss, which DPDK's users compare NICs with.

The test needs a C compiler and DPDK's headers (Debian: ``libdpdk-dev``).
"""

import random
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

import pcaphash
from pcaphash import Device

HEADERS = [each for each in Path("/usr/include").glob("**/dpdk") if each.is_dir()]
COMPILER = shutil.which("cc")

pytestmark = pytest.mark.skipif(
    COMPILER is None or not any((each / "rte_thash.h").exists() for each in HEADERS),
    reason="needs a C compiler and DPDK's headers (Debian: libdpdk-dev)",
)

PROGRAM = r"""
#include <stdio.h>
#include <rte_thash.h>

/* Each line: the length of the input in words, its words as numbers in hexadecimal digits, and a key of 52 bytes. */
int main(void)
{
    unsigned int length, word, byte;
    uint32_t words[9];
    uint8_t key[56] = {0};

    while (scanf("%u", &length) == 1) {
        for (unsigned int i = 0; i < length && scanf("%x", &word) == 1; i++)
            words[i] = word;
        for (unsigned int i = 0; i < 52 && scanf("%2x", &byte) == 1; i++)
            key[i] = byte;
        printf("%08x\n", rte_softrss(words, length, key));
    }
    return 0;
}
"""


def flows() -> list[tuple[str, str, int, int, bytes]]:
    """Make flows of both versions of IP at random, each with a key."""
    numbers = random.Random(6)
    found = []
    for length in (4, 16):
        for _ in range(150):
            ends = [str(ip_address(numbers.randbytes(length))) for _ in range(2)]
            found.append((*ends, numbers.randrange(65536), numbers.randrange(65536), numbers.randbytes(52)))
    return found


def line_of(source: str, destination: str, source_port: int, destination_port: int, key: bytes) -> str:
    """Write a flow as the program reads it."""
    data = ip_address(source).packed + ip_address(destination).packed
    data += source_port.to_bytes(2) + destination_port.to_bytes(2)
    words = [data[at : at + 4].hex() for at in range(0, len(data), 4)]
    return f"{len(words)} {' '.join(words)} {key.hex()}\n"


def test_hashes_are_those_of_dpdk(tmp_path):
    source, program = tmp_path / "softrss.c", tmp_path / "softrss"
    source.write_text(PROGRAM)
    folders = [f"-I{each}" for each in HEADERS]
    flags = ["-march=native", "-include", "rte_config.h"]
    subprocess.run([str(COMPILER), *flags, *folders, str(source), "-o", str(program)], check=True, timeout=120)
    lines = "".join(line_of(*flow) for flow in flows())
    shown = subprocess.run([str(program)], input=lines, capture_output=True, text=True, check=True, timeout=60).stdout
    expected = [int(line, 16) for line in shown.split()]
    found = [pcaphash.hash_tuple(*flow, "udp", Device(hash_key=key)).hash_value for *flow, key in flows()]
    assert len(expected) == 300
    assert found == expected
