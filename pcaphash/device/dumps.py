"""Dumps of bytes with offsets: those of ``xxd``, ``hexdump``, ``od`` and of packet analysers."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"\s*(?:0x)?([0-9a-fA-F]{4,16})(:?)(?:\s+(.*))?\s*", re.DOTALL)
_BESIDE = re.compile(r"\s*\|.*$|\s*>.*<$")  # text at the end of a line, of hexdump -C and od -z
_GAP = {":": re.compile(r"\s{2,}"), "": re.compile(r"\s{3,}")}  # before the text of xxd, and of others
_BASES = (16, 8, 10)
_MOST_REPEATED = 1 << 20  # bytes that an asterisk may stand for: longer than any payload


class DumpRefusal(ValueError):
    """A dump whose bytes cannot be told; says why and what to do, with a semicolon between."""


@dataclass(frozen=True)
class _Row:
    number: int
    offset: str
    groups: tuple[str, ...]
    has_colon: bool
    text: str


def read_dump(text: str) -> bytes | None:
    """Return the bytes that a dump shows; None if the text is not a dump.

    Parameters
    ----------
    text : str
        Lines with an offset first, in hexadecimal, octal or decimal, then bytes, then perhaps text; ``*`` for lines
        that repeat.

    Raises
    ------
    DumpRefusal
        It is one, and shows words in the byte order of the machine, or offsets that do not go on.
    """
    lines = [(number, line.rstrip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows = [_row_of(number, line) for number, line in lines if line.strip() != "*"]
    if not rows or not all(rows):
        return None
    found = [row for row in rows if row is not None]
    if int(found[0].offset, 16) or not found[0].groups or not _looks_like_a_dump(found):
        return None
    repeats = {number for number, line in lines if line.strip() == "*"}
    stops = []
    for base in _BASES:
        joined = _join(found, repeats, base)
        if isinstance(joined, bytes):
            return joined
        stops.append(joined)
    # In the base that the offsets are written in, they go on for the longest.
    raise DumpRefusal(
        f"line {max(stops)}: the offset does not continue from the previous line; copy the whole dump again"
    )


def _row_of(number: int, line: str) -> _Row | None:
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    shown = _BESIDE.sub("", parts[3] or "")
    data, *rest = _GAP[parts[2]].split(shown, maxsplit=1)
    groups = tuple(data.split())
    if not all(re.fullmatch("[0-9a-fA-F]+", group) for group in groups):
        return None
    return _Row(number, parts[1], groups, bool(parts[2]), rest[0] if rest else "")


def _looks_like_a_dump(rows: list[_Row]) -> bool:
    """Tell a dump from hex digits in groups, of which the first may be zeros too."""
    widths = {len(group) for row in rows for group in row.groups}
    return rows[0].has_colon or widths == {2} or (len(rows) > 1 and len(rows[0].offset) > 5 and widths <= {4, 6, 8})


def _join(rows: list[_Row], repeats: set[int], base: int) -> bytes | int:
    """Return the bytes if the offsets are numbers of this base that go on, otherwise the line where they do not."""
    data = b""
    last = b""
    for row in rows:
        try:
            offset = int(row.offset, base)
        except ValueError:
            return row.number
        missing = offset - len(data)
        if row.number - 1 in repeats and last and 0 < missing <= _MOST_REPEATED:
            data += (last * (missing // len(last) + 1))[:missing]
        if offset != len(data):
            return row.number
        last = _bytes_of(row)
        data += last
    return data


def _bytes_of(row: _Row) -> bytes:
    """Return the bytes of a row; words are refused unless the text beside them shows their order."""
    if not row.groups:
        return b""
    width = max(map(len, row.groups))
    if not row.has_colon and width > 2:
        what = "16-bit words" if width == 4 else "words"
        raise DumpRefusal(
            f"line {row.number}: this dump shows {what}, in the byte order of the machine that made it; dump it "
            "with xxd, hexdump -C or od -tx1"
        )
    if any(len(group) % 2 for group in row.groups):
        raise DumpRefusal(f"line {row.number}: an odd number of hex digits; copy the whole dump again")
    forward = bytes.fromhex("".join(row.groups))
    if width <= 4:
        return forward
    backward = b"".join(bytes.fromhex(group)[::-1] for group in row.groups)
    readings = {data for data in (forward, backward) if _as_text(data) == row.text.ljust(len(data))}
    if len(readings) != 1:
        raise DumpRefusal(
            f"line {row.number}: words of {width // 2} bytes, and their byte order is unknown; dump it with xxd"
        )
    return readings.pop()


def _as_text(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
