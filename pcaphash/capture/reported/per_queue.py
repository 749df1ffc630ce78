"""Receive queues from captures of which each holds the packets of one queue, as rxtxcpu's tools write them."""

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note, TakenAsQueue
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.errors import ConfigurationError, Field

PER_QUEUE_FIELD = Field("per_queue")

# What a rotating capture (tcpdump -G, dumpcap -b) adds to a name says when, not which queue.
_DAY = r"(?:19|20)[0-9]{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[T_.-]?(?:[01][0-9]|2[0-3])[-_.:h]?[0-5][0-9](?:[-_.:m]?[0-6][0-9])?(?:[.,][0-9]+)?Z?)?"
_WHEN = re.compile(rf"(?:_[0-9]{{5}}_(?={_DAY}))?(?<![0-9]){_DAY}{_TIME}(?![0-9])")
_EPOCH = re.compile(r"(?<![0-9])1[0-9]{9}(?:[0-9]{3})?(?![0-9])")

_NUMBER = r"[-_.=# [(]?([0-9]{1,9})(?![0-9])"
_WORDS = (
    # The likelier words come first: rx may also be a direction.
    re.compile(rf"(?:(?<![A-Za-z])(?:rx[-_]?)?(?:queue|q)|(?<![A-Za-z])(?:txrx|ring)){_NUMBER}", re.IGNORECASE),
    re.compile(rf"(?<![A-Za-z])rx{_NUMBER}", re.IGNORECASE),
)
_ANY_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,9}(?![0-9])")
# .pcap, .pcapng.gz and the like, also numbered as tcpdump -C does
_SUFFIXES = re.compile(r"(?:\.(?:(?:pcap|pcapng|cap|ntar|dmp)[0-9]*|gz|zst|zstd|xz|bz2|lz4))+$", re.IGNORECASE)
_UNKNOWN = re.compile(r"(?<![A-Za-z])(?:queue|q)[-_.]?unknown$", re.IGNORECASE)
_ADVICE = "put q or queue before the number of the receive queue, such as q0.pcap"


class QueueOfTrace:
    """Reports one receive queue for all packets of a trace.

    Parameters
    ----------
    trace : str
        The trace.
    queue : int
        Its receive queue, counted from 0; NOT_REPORTED if it is not known.
    is_by_place : bool
        Whether its place among the traces says so, because no name has a number.
    """

    def __init__(self, trace: str, queue: int, *, is_by_place: bool = False) -> None:
        self.trace = trace
        self.queue = queue
        self._is_by_place = is_by_place

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Report the queue for a block's packets."""
        reported = Reported.nothing(len(block.records))
        reported.queues[:] = self.queue
        return block, reported

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return which queue the trace stands for."""
        if self.queue == NOT_REPORTED:
            return []
        return [TakenAsQueue(self.trace, self.queue, self._is_by_place)]


def queues_of_traces(traces: Sequence[str], n_queues: int | None = None) -> list[QueueOfTrace]:
    """Return a source for each trace; its name says which receive queue it is, or else its place.

    The number after ``q``, ``queue``, ``rxq``, ``ring`` or ``rx`` is the queue; several traces may have the same one.
    Where no name has such a word, names of folders that differ may have it; else it is the only number by which several
    names differ, or their place. Dates do not count as numbers, and names that have nothing else are refused. A trace
    named ``queue-unknown`` has the packets whose queue nobody knows, as ``replay`` writes them.

    Parameters
    ----------
    traces : sequence of str
        Captures, such as ``rx-3.pcap.gz`` or ``q0_20240501120000.pcap``.
    n_queues : int, optional
        How many receive queues the device has; default: not known.

    Raises
    ------
    ConfigurationError
        A name can be read in two ways, only some names have a number, or the device has no such queue.
    """
    unknown = [trace for trace in traces if _UNKNOWN.search(_name_of(trace))]
    if unknown and len(unknown) < len(traces):
        known = iter(queues_of_traces([trace for trace in traces if trace not in unknown], n_queues))
        return [QueueOfTrace(trace, NOT_REPORTED) if trace in unknown else next(known) for trace in traces]
    names = [_name_of(trace) for trace in traces]
    stems = [_without_dates(name) for name in names]
    folders = [_without_dates(Path(trace).parent.name) for trace in traces]
    for places, word in product((stems, folders) if len(set(folders)) > 1 else (stems,), _WORDS):
        found = [list(dict.fromkeys(map(int, word.findall(place)))) for place in places]
        if any(found):
            numbers = [_only(trace, each, found, traces) for trace, each in zip(traces, found, strict=True)]
            return _checked(traces, numbers, n_queues)
    if len(traces) == 1:
        raise ConfigurationError(PER_QUEUE_FIELD, f"the name {traces[0]} does not say which queue it is", _ADVICE)
    differing = _differing(traces, stems, n_queues)
    if differing is not None:
        return _checked(traces, differing, n_queues)
    if names != stems:
        problem = f"the name {traces[0]} says when it was captured, but not on which receive queue"
        raise ConfigurationError(PER_QUEUE_FIELD, problem, _ADVICE)
    return [QueueOfTrace(trace, place, is_by_place=True) for place, trace in enumerate(traces)]


def _name_of(trace: str) -> str:
    return _SUFFIXES.sub("", Path(trace).name)


def _without_dates(name: str) -> str:
    return _EPOCH.sub("", _WHEN.sub("", name))


def _only(trace: str, numbers: list[int], all_numbers: list[list[int]], traces: Sequence[str]) -> int:
    """Return the number of a trace's queue."""
    if not numbers:
        other = next(each for each, found in zip(traces, all_numbers, strict=True) if found)
        problem = f"the name {trace} has no receive queue number, but {other} has one"
        raise ConfigurationError(PER_QUEUE_FIELD, problem, _ADVICE)
    if len(numbers) > 1:
        read = " or ".join(map(str, numbers))
        raise ConfigurationError(PER_QUEUE_FIELD, f"the name {trace} may mean receive queue {read}", _ADVICE)
    return numbers[0]


def _checked(traces: Sequence[str], numbers: list[int], n_queues: int | None) -> list[QueueOfTrace]:
    """Refuse queues that the device does not have."""
    for trace, queue in zip(traces, numbers, strict=True):
        if n_queues is not None and queue >= n_queues:
            problem = f"{trace} is named as receive queue {queue}, but the device has {n_queues} (0 to {n_queues - 1})"
            raise ConfigurationError(
                PER_QUEUE_FIELD, problem, f"set {Field('queues')} to match the device, or rename the file"
            )
    return [QueueOfTrace(trace, queue) for trace, queue in zip(traces, numbers, strict=True)]


def _differing(traces: Sequence[str], stems: list[str], n_queues: int | None) -> list[int] | None:
    """Return the numbers by which names without any word differ; None where there are none."""
    rows = [[int(number) for number in _ANY_NUMBER.findall(stem)] for stem in stems]
    if not traces or len({len(row) for row in rows}) > 1:
        return None
    columns = [list(column) for column in zip(*rows, strict=True) if len(set(column)) == len(traces)]
    if n_queues is not None and len(columns) > 1:
        columns = [column for column in columns if max(column) < n_queues] or columns
    distinct = [column for i, column in enumerate(columns) if column not in columns[:i]]
    if len(distinct) > 1:
        read = " or ".join(str(column[0]) for column in distinct)
        raise ConfigurationError(PER_QUEUE_FIELD, f"the name {traces[0]} may mean receive queue {read}", _ADVICE)
    return distinct[0] if distinct else None
