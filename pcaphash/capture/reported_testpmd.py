"""What a network interface reported of packets, from what DPDK's testpmd prints of them (``set verbose 1``).

Each packet that is received has a line such as this one, where ``RSS hash`` and ``RSS queue`` stand only if the
interface gave a hash (DPDK, app/test-pmd/util.c)::

      src=52:54:00:00:00:01 - dst=52:54:00:00:00:02 - pool=mb_pool_0 - type=0x0800 - length=60 - nb_segs=1
      - RSS hash=0x51ccc178 - RSS queue=0x2 - sw ptype: L2_ETHER L3_IPV4 - l2_len=14 - Receive queue=0x2
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from pcaphash.capture.reader import Block
from pcaphash.capture.reported import Reported
from pcaphash.errors import ConfigurationError

TESTPMD_OPTION = "--testpmd"

_BURST = re.compile(r"port ([0-9]+)/queue ([0-9]+): (received|sent) [0-9]+ packets")
_PACKET = re.compile(r"\bsrc=[0-9A-Fa-f:]{17} - dst=[0-9A-Fa-f:]{17} ")
_HASH = re.compile(r" - RSS hash=0x([0-9A-Fa-f]{1,16})\b")
_QUEUE = re.compile(r" - (?:RSS|Receive) queue=0x([0-9A-Fa-f]{1,16})\b")
_LENGTH = re.compile(r" - length=([0-9]{1,10})\b")
_SENT = " - Send queue="

_TAG_LENGTHS = (0, 4, 8)  # of VLAN tags that an interface takes out


@dataclass(frozen=True)
class _Line:
    """What a line says of the packet that it stands for."""

    number: int
    hash_value: int | None
    queue: int | None
    length: int | None


class TestpmdLog:
    """Reads hashes and receive queues from a log of testpmd, whose packets are those of the trace in the same order.

    Parameters
    ----------
    path : path
        The log. Lines that are about no received packet are passed over.

    Raises
    ------
    ConfigurationError
        The log cannot be read, or has no packet.
    """

    __test__ = False  # no test, whatever its name begins with

    def __init__(self, path: str | PathLike[str]) -> None:
        self._option = f"{TESTPMD_OPTION} {fspath(path)}"
        self._path = Path(path)
        self._lines = self._read_lines()
        self._ports: set[str] = set()
        self._next = next(self._lines, None)
        if self._next is None:
            raise ConfigurationError(self._option, "has no packet", "save what testpmd prints after set verbose 1")
        self.n_packets = 0
        """Packets that have a line."""
        self.n_other_lengths = 0
        """Packets that have another length in the log."""
        self._first_other = ""

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Take the lines of a block's packets.

        Raises
        ------
        ConfigurationError
            A line has a hash of more than 32 bits.
        """
        reported = Reported.nothing(len(block.records))
        lengths = block.records["original_length"].tolist()
        for i, line in enumerate(self._take(len(lengths))):
            if line.hash_value is not None:
                reported.hash_values[i] = line.hash_value
                reported.has_hash[i] = True
            else:
                reported.hash_reports[i] = 0  # testpmd would have printed it: the interface gave none
            if line.queue is not None:
                reported.queues[i] = line.queue
            if line.length is not None and lengths[i] - line.length not in _TAG_LENGTHS:
                self.n_other_lengths += 1
                self._first_other = self._first_other or (
                    f"packet {first + i} has {lengths[i]} bytes, line {line.number} says {line.length}"
                )
        return block, reported

    def finish(self, n_packets: int) -> list[str]:
        """Say how many packets have no line, and whether lengths differ.

        Raises
        ------
        ConfigurationError
            The log has more packets than the trace.
        """
        if self._next is not None:
            problem = f"line {self._next.number} is about packet {n_packets + 1}, but the trace ends with {n_packets}"
            raise ConfigurationError(self._option, problem, "give the log that belongs to this trace")
        notes = []
        if self.n_packets < n_packets:
            n_missing = n_packets - self.n_packets
            notes.append(f"{self._option}: {n_missing:,} of {n_packets:,} packets have no line")
        if len(self._ports) > 1:
            notes.append(f"{self._option}: packets of several ports: {', '.join(sorted(self._ports, key=int))}")
        if self.n_other_lengths:
            notes.append(
                f"{self._option}: {self.n_other_lengths:,} packets have other lengths than in the trace, which may be "
                f"in another order: {self._first_other}"
            )
        return notes

    def _take(self, n: int) -> Iterator[_Line]:
        """Take the next lines, one read ahead so that ``finish`` knows whether one is left."""
        while n and self._next is not None:
            yield self._next
            self.n_packets += 1
            self._next = next(self._lines, None)
            n -= 1

    def _read_lines(self) -> Iterator[_Line]:
        is_sent, burst_queue = False, None
        try:
            with self._path.open(encoding="utf-8", errors="replace") as stream:
                for number, line in enumerate(stream, 1):
                    if burst := _BURST.search(line):
                        is_sent, burst_queue = burst[3] == "sent", int(burst[2])
                        if not is_sent:
                            self._ports.add(burst[1])
                    elif _PACKET.search(line) and not is_sent and _SENT not in line:
                        yield self._read_line(number, line, burst_queue)
        except (OSError, ValueError) as error:
            problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ConfigurationError(self._option, problem, "check the path and its permissions") from error

    def _read_line(self, number: int, line: str, burst_queue: int | None) -> _Line:
        hash_value, queue, length = _HASH.search(line), _QUEUE.search(line), _LENGTH.search(line)
        if hash_value and int(hash_value[1], 16) >= 1 << 32:
            problem = f"line {number}: RSS hash=0x{hash_value[1]} has more than 32 bits"
            raise ConfigurationError(self._option, problem, "save the log again")
        return _Line(
            number,
            int(hash_value[1], 16) if hash_value else None,
            int(queue[1], 16) if queue else burst_queue,
            int(length[1]) if length else None,
        )
