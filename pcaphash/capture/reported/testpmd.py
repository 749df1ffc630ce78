"""What a network interface reported of packets, from what DPDK's testpmd prints of them (``set verbose 1``)."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import NoLine, Note, OtherLengths, SeveralPorts, SteeredByRule
from pcaphash.capture.reported.source import Reported
from pcaphash.capture.reported.testpmd_log import NOT_SAID, read_log
from pcaphash.errors import ConfigurationError, Field

NO_LINE = -1

_TAG_LENGTHS = (0, 4, 8)  # of VLAN tags that an interface takes out
_LEAST_LENGTH = 60  # to which shorter frames are filled up on their way


class TestpmdLog:
    """Reads hashes and receive queues from a log of testpmd.

    Until ``arrange`` says otherwise its lines are those of the packets of the trace, in the same order.

    Parameters
    ----------
    path : path
        The log. Lines that are about no received packet are ignored.

    Raises
    ------
    ConfigurationError
        The log cannot be read, or has no packet.
    """

    __test__ = False  # no test, whatever its name begins with

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = fspath(path)
        self._place = Field("testpmd", self.path)
        self.lines, self.kinds = read_log(self._place, Path(path))
        self._line_of: npt.NDArray[np.int64] | None = None
        self._notes: Sequence[Note] = ()
        self._other_lengths: OtherLengths | None = None

    @property
    def place(self) -> Field:
        """The log, for messages."""
        return self._place

    def arrange(self, line_of: npt.NDArray[np.int64], notes: Sequence[Note]) -> None:
        """Say which line is about which packet.

        Parameters
        ----------
        line_of : int64 array of shape (packets,)
            Position among ``lines`` for each packet of the trace, or NO_LINE.
        notes : sequence of Note
            How it was found.
        """
        self._line_of, self._notes = line_of, notes
        self._other_lengths = None

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Take the lines of a block's packets."""
        n = len(block.records)
        reported = Reported.nothing(n)
        places = self._places(first, n)
        with_line = np.flatnonzero(places != NO_LINE)
        lines = self.lines.take(places[with_line])
        has_hash = lines.hash_values != NOT_SAID
        reported.has_hash[with_line] = has_hash
        reported.hash_values[with_line] = np.where(has_hash, lines.hash_values, 0)
        # testpmd would have printed it: the interface gave none. What a flow rule steers may do without.
        reported.hash_reports[with_line[~has_hash & ~lines.by_rule]] = 0
        reported.queues[with_line[~lines.by_rule]] = lines.queues[~lines.by_rule]
        self._compare_lengths(block.records["original_length"][with_line], places[with_line], first + with_line)
        return block, reported

    def _places(self, first: int, n: int) -> npt.NDArray[np.int64]:
        numbers = np.arange(first - 1, first - 1 + n)
        if self._line_of is not None:
            return self._line_of[numbers]
        return np.where(numbers < len(self.lines), numbers, NO_LINE)

    def _compare_lengths(
        self, lengths: npt.NDArray[np.uint32], places: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
    ) -> None:
        said = np.array([self.kinds[kind][3] for kind in self.lines.kinds[places].tolist()], np.int64)
        short = lengths.astype(np.int64) - said
        is_padded = (said == _LEAST_LENGTH) & (short < 0)
        other = np.flatnonzero((said != NOT_SAID) & ~is_padded & ~np.isin(short, _TAG_LENGTHS))
        if not len(other):
            return
        if self._other_lengths is None:
            i = int(other[0])
            line = int(self.lines.numbers[places[i]])
            self._other_lengths = OtherLengths(self.path, 0, int(numbers[i]), int(lengths[i]), line, int(said[i]))
        self._other_lengths = replace(self._other_lengths, packets=self._other_lengths.packets + len(other))

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return how lines were matched to packets, how many packets have no line, and whether lengths differ.

        Raises
        ------
        ConfigurationError
            The log has more packets than the trace.
        """
        if self._line_of is None and len(self.lines) > n_packets:
            line = int(self.lines.numbers[n_packets])
            problem = f"line {line} is about packet {n_packets + 1}, but the trace ends with {n_packets}"
            raise ConfigurationError(self._place, problem, "give the log for this trace")
        used = np.arange(min(n_packets, len(self.lines)))
        if self._line_of is not None:
            used = self._line_of[self._line_of != NO_LINE]
        notes = [*self._notes]
        if len(used) < n_packets:
            notes.append(NoLine(self.path, n_packets - len(used), n_packets))
        ports = np.unique(self.lines.ports[used])
        if len(ports) > 1:
            notes.append(SeveralPorts(self.path, tuple(ports.tolist())))
        if n_steered := int(self.lines.by_rule[used].sum()):
            notes.append(SteeredByRule(self.path, n_steered))
        if self._other_lengths is not None:
            notes.append(self._other_lengths)
        return notes
