"""What ``info`` counts of packets and notes of files, part by part."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control
from pcaphash.capture.damage import Damage
from pcaphash.capture.input import Readable
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.engine.part import Part
from pcaphash.engine.request import Batch, Counter
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.sampled.place import place_of_block
from pcaphash.engine.saved import SavedCensus
from pcaphash.studies.info.files import Headers
from pcaphash.studies.info.result import SavedFacts
from pcaphash.studies.info.tally import Tally, Times
from pcaphash.studies.info.tunnel_table import TunnelTable

Loads = dict[int, tuple[int, int]]
"""Packets and bytes by signature."""


@dataclass
class FileCounts:
    """What is noted of one file.

    Parameters
    ----------
    name : str
        Its path, or ``-`` for standard input.
    headers : Headers
        Its sections and interfaces, as far as they were read.
    times : Times
        Of its packets that are selected.
    loads : dict of int to tuple of int
        Packets and bytes by signature, of those that are selected.
    packets : int
        Complete records, those that a selection leaves out included.
    compression : str
        How it is compressed.
    stored_bytes : int
        Its size; of a pipe, the bytes that were read.
    damage : Damage or None
        Where reading ended early.
    """

    name: str
    headers: Headers = field(default_factory=Headers)
    times: Times = field(default_factory=Times)
    loads: Loads = field(default_factory=dict)
    packets: int = 0
    compression: str = "none"
    stored_bytes: int = 0
    damage: Damage | None = None

    def combine(self, other: "FileCounts") -> None:
        """Add another part of the same file."""
        self.headers = max(self.headers, other.headers, key=lambda headers: (headers.n_sections, headers.n_interfaces))
        self.times.combine(other.times)
        for signature, (packets, n_bytes) in other.loads.items():
            before = self.loads.get(signature, (0, 0))
            self.loads[signature] = before[0] + packets, before[1] + n_bytes
        self.packets += other.packets
        self.compression = other.compression
        self.stored_bytes = max(self.stored_bytes, other.stored_bytes)
        self.damage = self.damage or other.damage


class InfoCounts(Counter):
    """Counts packets, and notes what files are.

    Parameters
    ----------
    rules : ReadingRules
        How headers are read.
    """

    takes_saved_censuses = True

    def __init__(self, rules: ReadingRules) -> None:
        self.tally = Tally()
        self.table = TunnelTable(rules)
        self.options = PacketOptions()
        self.files: dict[int, FileCounts] = {}
        """Captures, by their numbers in the request."""
        self.saved: dict[int, SavedFacts] = {}
        """Saved censuses, likewise."""
        self._file = FileCounts("")
        self._loads_before: npt.NDArray[np.int64] = np.empty(0, np.int64)

    def open(self, part: Part, trace: Readable) -> None:
        """Begin a file, or another part of it."""
        self._file = FileCounts(part.input.name, times=Times())
        self._loads_before = self.table.loads.copy()
        if isinstance(trace, Reader):
            self._file.headers.note_format(trace.format)

    def control(self, control: Control) -> None:
        """Take note of a header of the file."""
        self._file.headers.note(control)

    def append(self, batch: Batch) -> None:
        """Count packets."""
        block = batch.block
        times = block.timestamps()
        place = place_of_block(block, batch.trace) + int(block.records["start"][0])
        self._file.times.append(times, place, range(block.offset + block.start, block.offset + block.end))
        self.tally.append(block)
        self.table.append(block, times)
        if block.records["block_type"][0]:
            self.options.read(block, 1)

    def close(self, part: Part, trace: Readable, packets: int) -> None:
        """End a file, or a part of it."""
        file = self._file
        loads = self.table.loads - self._loads_before
        file.loads = {int(each): tuple(loads[each].tolist()) for each in np.flatnonzero(loads[:, 0])}
        file.packets, file.damage = packets, trace.damage
        file.stored_bytes = part.input.size or trace.position
        if isinstance(trace, Reader):
            file.headers.note_format(trace.format)
            file.compression = trace.source.compression
            file.stored_bytes = trace.source.size or trace.position
        self._add_file(part.number, file)

    def combine(self, other: "InfoCounts") -> None:
        """Add what was counted of other packets and files."""
        self.tally.combine(other.tally)
        self.table.combine(other.table)
        self.options.combine(other.options)
        for number, file in other.files.items():
            self._add_file(number, file)
        self.saved |= other.saved

    def add_saved(self, saved: SavedCensus, part: Part) -> None:
        """Add what a saved census holds."""
        signatures = saved.census.signatures()
        loads = np.array([saved.census.totals(signature) for signature in signatures], np.int64).reshape(-1, 2)
        self.table.loads[signatures] += loads
        packets, n_bytes = loads.sum(axis=0).tolist()
        self.saved[part.number] = SavedFacts(saved.path, saved.census.identity, saved.reading, packets, n_bytes)

    def _add_file(self, number: int, file: FileCounts) -> None:
        if number in self.files:
            self.files[number].combine(file)
        else:
            self.files[number] = file
