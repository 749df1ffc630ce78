"""Whole hashes of a device that shows only receive queues: captures of the same traffic, with the key shifted.

With a table whose entries lead to different queues, a queue shows the lowest bits of the hash. The key shifted to the
right by n bits makes a hash that is shifted to the right by n bits too, as far as its lowest bits go (Microsoft, "RSS
hashing functions": bit j of the hash is a sum of the key bits i + j). So a few captures show all bits.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage
from pcaphash.capture.damage_words import defect_text
from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.errors import ConfigurationError, Field

PLACE = Field("key_shifts")

_HASH_BITS = 32


def parse_key_shifts(text: str) -> dict[int, str]:
    """Return the captures by the number of bits that the key was shifted by.

    Parameters
    ----------
    text : str
        ``BITS:FILE``, joined by commas.

    Raises
    ------
    ConfigurationError
        It is something else.
    """
    found: dict[int, str] = {}
    for part in re.split(r",(?=\s*\d+:)", text):
        bits, colon, path = part.strip().partition(":")
        if not colon or not bits.isdecimal() or not path or int(bits) >= _HASH_BITS:
            raise ConfigurationError(PLACE, f"{part!r} is not BITS:FILE", "give it as 0:a.pcapng,7:b.pcapng")
        if int(bits) in found:
            raise ConfigurationError(PLACE, f"a shift of {int(bits)} is given twice", "give each shift once")
        found[int(bits)] = path
    return found


@dataclass(frozen=True, eq=False)
class _Capture:
    """What one capture says of each packet: its receive queue, and a checksum of its bytes; and why it ends early."""

    queues: npt.NDArray[np.int64]
    checksums: npt.NDArray[np.uint32]
    damage: Damage | None


class KeyShifts:
    """Puts hashes together from receive queues in the packet options of several captures.

    Parameters
    ----------
    paths : dict of int to str
        As ``parse_key_shifts`` returns them.
    table : sequence of int
        The indirection table, as long as a power of two; each entry leads to another queue.
    unclassified_queue : int
        Where packets without a hash come to.

    Raises
    ------
    ConfigurationError
        Queues do not tell entries, or shifts do not tell all bits.
    """

    def __init__(self, paths: dict[int, str], table: Sequence[int], unclassified_queue: int) -> None:
        bits = len(table).bit_length() - 1
        if len(set(table)) < len(table) or 1 << bits != len(table):
            problem = f"the {len(table)} entries of the table do not lead to {1 << bits} different receive queues"
            raise ConfigurationError(PLACE, problem, "use a table in which queue i stands at entry i")
        shown = {shift + bit for shift in paths for bit in range(bits)}
        missing = [bit for bit in range(_HASH_BITS) if bit not in shown]
        if missing:
            needed = ", ".join(map(str, range(0, _HASH_BITS, bits)))
            problem = f"no capture shows bit {missing[0]} of hashes: a queue shows {bits} bits"
            raise ConfigurationError(PLACE, problem, f"take captures with the key shifted by {needed} bits")
        self._paths, self._unclassified_queue = paths, unclassified_queue
        self._entries = np.full(max(table) + 1, NOT_REPORTED, np.int64)
        self._entries[np.asarray(table, np.int64)] = np.arange(len(table))
        self._captures: dict[int, _Capture] = {}

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Put the hashes of a block's packets together.

        Raises
        ------
        ConfigurationError
            A capture holds other packets, or a queue that no entry leads to.
        """
        if not self._captures:
            self._captures = {shift: _read(path) for shift, path in self._paths.items()}
        n = len(block.records)
        reported = Reported.nothing(n)
        own, here = _checksums(block), slice(first - 1, first - 1 + n)
        is_known, is_unhashed = np.ones(n, bool), np.ones(n, bool)
        values = np.zeros(n, np.uint64)
        for shift, capture in self._captures.items():
            self._check(shift, own, capture.checksums[here], first, capture.damage)
            queues = capture.queues[here]
            is_known &= queues != NOT_REPORTED
            is_unhashed &= queues == self._unclassified_queue
            entries = self._entries_of(shift, queues, first)
            values |= np.maximum(entries, 0).astype(np.uint64) << np.uint64(shift)
            if shift == 0:
                reported.queues[:] = queues
        is_hashed = is_known & ~is_unhashed
        reported.has_hash[:] = is_hashed
        reported.hash_values[:] = np.where(is_hashed, values & np.uint64(0xFFFFFFFF), 0).astype(np.uint32)
        reported.hash_reports[is_known & is_unhashed] = 0
        return block, reported

    def _entries_of(self, shift: int, queues: npt.NDArray[np.int64], first: int) -> npt.NDArray[np.int64]:
        """Return the entries that lead to receive queues; NOT_REPORTED for packets without one, or without a hash."""
        inside = (queues >= 0) & (queues < len(self._entries))
        entries = np.where(inside, self._entries[np.where(inside, queues, 0)], NOT_REPORTED)
        strange = (entries == NOT_REPORTED) & (queues != NOT_REPORTED) & (queues != self._unclassified_queue)
        if strange.any():
            at = int(np.argmax(strange))
            problem = f"packet {first + at} came to receive queue {queues[at]}, to which no entry of the table leads"
            raise ConfigurationError(self._paths[shift], problem, "give the table that the device had")
        return entries

    def _check(
        self, shift: int, own: npt.NDArray[np.uint32], others: npt.NDArray[np.uint32], first: int, damage: Damage | None
    ) -> None:
        """Hold a capture to having the same packets."""
        n = min(len(own), len(others))
        differs = own[:n] != others[:n]
        if damage and len(others) < len(own) and not differs.any():
            problem = f"{defect_text(damage.defect)}, so packet {first + n} of the trace is missing"
            raise ConfigurationError(self._paths[shift], problem, "take the capture again")
        if differs.any() or len(others) < len(own):
            number = first + (int(np.argmax(differs)) if differs.any() else n)
            problem = f"packet {number} is not that of the trace"
            raise ConfigurationError(self._paths[shift], problem, "capture the same packets, in the same order")

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return nothing: all packets were held to each other."""
        return []


def _checksums(block: Block) -> npt.NDArray[np.uint32]:
    offsets, lengths = block.records["offset"].tolist(), block.records["captured_length"].tolist()
    data = block.data.data
    return np.array([zlib.crc32(data[at : at + n]) for at, n in zip(offsets, lengths, strict=True)], np.uint32)


def _read(path: str) -> _Capture:
    queues, checksums = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
    options, first = PacketOptions(), 1
    reader = FileInput(path).open()
    for block in reader.blocks():
        queues.append(options.read(block, first)[1].queues)
        checksums.append(_checksums(block))
        first += len(block.records)
    return _Capture(np.concatenate(queues), np.concatenate(checksums), reader.damage)
