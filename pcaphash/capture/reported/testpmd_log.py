"""Read what DPDK's testpmd prints of packets (``set verbose 1``), wherever the log was kept and however it was wrapped.

Each burst of packets has a line with port and queue, then each packet a line such as this one, where ``RSS hash`` and
``RSS queue`` stand only if the interface gave a hash, and ``FDIR matched`` only if a flow rule chose the receive queue
(DPDK, app/test-pmd/util.c; fields in between differ from release to release)::

    port 0/queue 2: received 1 packets
      src=52:54:00:00:00:01 - dst=52:54:00:00:00:02 - pool=mb_pool_0 - type=0x0800 - length=60 - nb_segs=1
      - RSS hash=0x51ccc178 - RSS queue=0x2 - sw ptype: L2_ETHER L3_IPV4 - l2_len=14 - Receive queue=0x2
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.device.pasted import uncoloured
from pcaphash.device.text_files import decode
from pcaphash.errors import ConfigurationError, Field

NOT_SAID = -1

Kind = tuple[bytes, bytes, int, int]
"""What the log prints of a packet's contents: source and destination MAC, then EtherType and length, or NOT_SAID."""

_MAC = "([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})"
_QUOTED = re.compile(r"^(?:[>|]\s?)+")
_BURST = re.compile(r"port ([0-9]+)/queue ([0-9]+): (received|sent) [0-9]+ packets")
_PACKET = re.compile(rf"(?:\bport ([0-9]+),\s*)?\bsrc={_MAC}")
_DESTINATION = re.compile(rf"\bdst={_MAC}")
_PROMPT = "testpmd>"
_ENDS = re.compile(r"ol_flags:|INVALID mbuf|restore info|testpmd>")
_LAST_FIELD = re.compile(r"\b(?:Receive|Send)\s*queue=0x[0-9A-Fa-f]+\b")
_TYPE = re.compile(r"\btype=0x([0-9A-Fa-f]{1,4})\b")
_LENGTH = re.compile(r"\blength=([0-9]+)\b")
_HASH = re.compile(r"\bRSS\s*hash=0x([0-9A-Fa-f]+)\b")
_QUEUE = re.compile(r"\b(?:RSS|Receive)\s*queue=0x([0-9A-Fa-f]+)\b")
_TIMESTAMP = re.compile(r"\btimestamp\s*([0-9]+)\b")
_RULE = re.compile(r"\bFDIR\s*matched\b")
_SENT = re.compile(r"\bSend\s*queue=")
_DIGITS = 24  # more than 64 bits need, and as many as are read of any number

# DPDK has uint16_t for ports and queues, uint32_t for lengths and hashes, uint64_t for timestamps.
_ID_BITS, _LENGTH_BITS, _HASH_BITS = 16, 32, 32
_TIMESTAMP_BITS = 63  # as far as an int64 goes


@dataclass(frozen=True, eq=False)
class Lines:
    """What the lines of a log say of packets that were received, in order of the log.

    Parameters
    ----------
    numbers : int64 array of shape (n,)
        Where each begins: its line, counted from 1.
    kinds : int64 array of shape (n,)
        Position of its contents in the list of kinds.
    hash_values : int64 array of shape (n,)
        Hash, or NOT_SAID.
    queues, ports : int64 array of shape (n,)
        Receive queue and port, or NOT_SAID.
    by_rule : bool array of shape (n,)
        Whether a flow rule chose the receive queue.
    timestamps : int64 array of shape (n,)
        When the interface says it was received, or NOT_SAID.
    """

    numbers: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    hash_values: npt.NDArray[np.int64]
    queues: npt.NDArray[np.int64]
    ports: npt.NDArray[np.int64]
    by_rule: npt.NDArray[np.bool_]
    timestamps: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Lines":
        """Return some of the lines."""
        return Lines(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def several_queues(self) -> bool:
        """Whether the packets are of more than one receive queue or port, so that the log may have its own order."""
        return len(np.unique(np.stack([self.ports, self.queues]), axis=1).T) > 1


def read_log(place: Field | str, path: Path) -> tuple[Lines, list[Kind]]:
    """Read a log.

    Parameters
    ----------
    place : Field or str
        For error messages: the option that names the log, and the log.
    path : Path
        The log. What is about no received packet is ignored.

    Returns
    -------
    lines : Lines
        What it says of packets that were received.
    kinds : list of Kind
        The different contents.

    Raises
    ------
    ConfigurationError
        The log cannot be read, or has no packet.
    """
    kinds: dict[Kind, int] = {}
    rows: list[tuple[int, int, int, int, int, bool, int]] = []
    for packet in _packets(place, _physical_lines(place, path)):
        row = _row(place, packet, kinds)
        if row is not None:
            rows.append(row)
    if not rows:
        raise ConfigurationError(place, "has no packet", "save what testpmd prints after set verbose 1")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    types = [bool if column.dtype == bool else np.int64 for column in columns]
    return Lines(*(column.astype(kind) for column, kind in zip(columns, types, strict=True))), list(kinds)


def _physical_lines(place: Field | str, path: Path) -> list[str]:
    try:
        text = uncoloured(decode(path.read_bytes(), "replace"))
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigurationError(place, problem, "check the path and its permissions") from error
    return _without_prompts([_QUOTED.sub("", line.rstrip("\r")) for line in text.split("\n")])


def _without_prompts(lines: list[str]) -> list[str]:
    """Put together packets that a prompt was printed into; as many lines are left, so that numbers hold."""
    interrupted: int | None = None
    for i, line in enumerate(lines):
        start, prompt, _ = line.partition(_PROMPT)
        if interrupted is not None and not line.startswith(_PROMPT):
            lines[interrupted] += line
            lines[i] = _PROMPT
            interrupted = None
        elif prompt and _PACKET.search(start) and not _LAST_FIELD.search(start):
            lines[i], interrupted = start, i
    return lines


@dataclass(frozen=True)
class _Packet:
    """The text about one packet, on one line again; and the burst it is in."""

    number: int
    text: str
    port: int
    queue: int
    is_sent: bool


def _packets(place: Field | str, lines: list[str]) -> Iterator[_Packet]:
    """Yield the text of each packet, with the lines that it was wrapped into put together."""
    glue = _glue(lines)
    port, queue, is_sent = NOT_SAID, NOT_SAID, False
    start, parts = 0, list[str]()
    for number, line in enumerate([*lines, ""], 1):
        burst, packet = _BURST.search(line), _PACKET.search(line)
        if parts and (burst or packet or not line.strip() or _ENDS.search(line)):
            yield _Packet(start, glue.join(parts), port, queue, is_sent)
            parts = []
        if burst:
            port = _number(place, number, "port", burst[1], _ID_BITS)
            queue = _number(place, number, "queue", burst[2], _ID_BITS)
            is_sent = burst[3] == "sent"
        if packet:
            start, parts = number, [line[packet.start() :]]
        elif parts:
            parts.append(line)
        if parts and _LAST_FIELD.search(glue.join(parts[-2:])):
            yield _Packet(start, glue.join(parts), port, queue, is_sent)
            parts = []


def _glue(lines: Iterable[str]) -> str:
    """Return what stood where lines were broken: nothing at the edge of a terminal, a blank in a mail."""
    lengths = Counter(len(line) for line in lines if line.strip())
    widest = max(lengths, default=0)
    whole = sum(1 for line in lines if _PACKET.search(line) and _LAST_FIELD.search(line))
    # A terminal breaks all long lines at one column; a mail breaks them at blanks, and so at many.
    near = sum(n for length, n in lengths.items() if length > widest - 12)
    return "" if not whole and lengths[widest] * 2 > near else " "


def _row(
    place: Field | str, packet: _Packet, kinds: dict[Kind, int]
) -> tuple[int, int, int, int, int, bool, int] | None:
    """Read what is said of a packet; None if it is not a received packet."""
    text = packet.text
    source, destination = _PACKET.search(text), _DESTINATION.search(text)
    if packet.is_sent or _SENT.search(text) or source is None or destination is None:
        return None
    numbered = partial(_field, place, packet.number, text)
    queue = numbered("queue", _QUEUE, _ID_BITS, 16)
    type_, length = numbered("type", _TYPE, _ID_BITS, 16), numbered("length", _LENGTH, _LENGTH_BITS)
    kind = (_mac(source[2]), _mac(destination[1]), type_, length)
    return (
        packet.number,
        kinds.setdefault(kind, len(kinds)),
        numbered("RSS hash", _HASH, _HASH_BITS, 16),
        packet.queue if queue == NOT_SAID else queue,
        _number(place, packet.number, "port", source[1], _ID_BITS) if source[1] else packet.port,
        _RULE.search(text) is not None,
        numbered("timestamp", _TIMESTAMP, _TIMESTAMP_BITS),
    )


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _field(
    place: Field | str, line: int, text: str, name: str, pattern: re.Pattern[str], n_bits: int, base: int = 10
) -> int:
    found = pattern.search(text)
    return _number(place, line, name, found[1], n_bits, base) if found else NOT_SAID


def _number(place: Field | str, line: int, name: str, digits: str, n_bits: int, base: int = 10) -> int:
    number = int(digits[:_DIGITS], base)
    if number >> n_bits:
        shown = f"{name}=0x{number:x}" if base == 16 else f"{name} {number}"
        problem = f"line {line}: {shown} has more than {n_bits} bits"
        raise ConfigurationError(place, problem, "save the log again")
    return number
