"""Receive queues from captures of which each holds the packets of one queue, as rxtxcpu's tools write them."""

import re
from collections.abc import Sequence
from pathlib import Path

from pcaphash.capture.reader import Block
from pcaphash.capture.reported import Reported

_TRAILING_NUMBER = re.compile(r"([0-9]{1,9})(?:\.[A-Za-z][A-Za-z0-9]*)*$")  # before .pcap, .pcapng.gz and the like


class QueueOfTrace:
    """Reports one receive queue for all packets of a trace.

    Parameters
    ----------
    trace : str
        The trace.
    queue : int
        Its receive queue, counted from 0.
    """

    def __init__(self, trace: str, queue: int) -> None:
        self.trace = trace
        self.queue = queue

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Report the queue for a block's packets."""
        reported = Reported.nothing(len(block.records))
        reported.queues[:] = self.queue
        return block, reported

    def finish(self, n_packets: int) -> list[str]:
        """Say which queue the trace stands for."""
        return [f"{self.trace} is taken as receive queue {self.queue}"]


def queues_of_traces(traces: Sequence[str]) -> list[QueueOfTrace]:
    """Return a source for each trace: the number that its name ends with is the queue, or else its place.

    Parameters
    ----------
    traces : sequence of str
        Captures in the order of their queues, or whose names end with different numbers, such as ``rx-3.pcap.gz``.
    """
    found = [_TRAILING_NUMBER.search(Path(trace).name) for trace in traces]
    numbers = [int(match[1]) for match in found if match]
    if len(set(numbers)) < len(traces):
        numbers = list(range(len(traces)))
    return [QueueOfTrace(trace, queue) for trace, queue in zip(traces, numbers, strict=True)]
