"""Pack a file as .gz or .zst, or unpack it and throw away what comes, with the libraries that pcaphash uses too.

python benchmarks/packing.py FILE PACKED
python benchmarks/packing.py PACKED
"""

import sys
from pathlib import Path
from typing import Any

from isal import igzip

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_LEN = 1 << 20


def open_packed(name: str, mode: str) -> Any:
    """Open a packed file; what it is its name says."""
    return igzip.open(name, mode) if name.endswith(".gz") else zstd.open(name, mode)


def main() -> None:
    """Pack, or unpack."""
    if len(sys.argv) == 3:
        with Path(sys.argv[1]).open("rb") as source, open_packed(sys.argv[2], "wb") as packed:
            while data := source.read(BLOCK_LEN):
                packed.write(data)
        return
    block = bytearray(BLOCK_LEN)
    with open_packed(sys.argv[1], "rb") as packed:
        while packed.readinto(block):
            pass


if __name__ == "__main__":
    main()
