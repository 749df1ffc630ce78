"""Send a trace into a real receive path, and write what it says of each frame."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.delivered.delivery import NO_COMMENT, Comments, Delivery
from pcaphash.capture.delivered.encoder import Encoder
from pcaphash.capture.input import Trace
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.device.device import Device
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.kernels.delivered import DELIVERED, DROPPED, LEFT_OUT
from pcaphash.studies.replay.frames import frames_of
from pcaphash.studies.replay.writing import write_trace
from pcaphash.targets.answer import Answer, Outcome, Target


@dataclass
class Sent:
    """What became of the frames of a trace.

    Parameters
    ----------
    reading : Reading
        What was read of the trace.
    of_queue : Counter of int
        Frames that came out of each receive queue.
    hashed : int
        Those of them of which a hash is known.
    lost : int
        Frames that were sent and did not come out.
    not_sent : Counter of str
        Frames that were not sent, by the reason.
    """

    reading: Reading = field(default_factory=Reading)
    of_queue: Counter[int] = field(default_factory=Counter)
    hashed: int = 0
    lost: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)

    @property
    def returned(self) -> int:
        """How many frames came out."""
        return self.of_queue.total()


def send_into(
    trace: Trace,
    target: Target,
    device: Device,
    encoders: Sequence[Encoder] = (),
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
) -> Sent:
    """Send the packets of a trace into a receive path, one after the other, and write what it says of each.

    Packets that are not sent are not written; those that do not come out count as dropped.

    Parameters
    ----------
    trace : path or Input
        A capture file; ``-`` is standard input.
    target : Target
        The receive path.
    device : Device
        As which it is set up.
    encoders : sequence of Encoder
        What to write (``capture.delivered.opening``).
    selection : Selection
        Which packets are sent.
    watch : callable, optional
        Called now and then with the progress.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, of those that there are; or the receive path does not work.
    """
    sent, texts = Sent(), Comments()

    def report(block: Block, first: int, places: npt.NDArray[np.int64]) -> Delivery:
        outcomes = _outcomes(block, target)
        _count(outcomes, sent)
        n = len(outcomes)
        return Delivery(first, _fates(outcomes), _reported(outcomes), np.full(n, NO_COMMENT, np.int32), texts)

    sent.reading = write_trace(trace, device, encoders, report, selection, watch)
    return sent


def _outcomes(block: Block, target: Target) -> list[Outcome]:
    """Send the packets of a block that can be sent as they were captured; return what becomes of each."""
    frames = frames_of(block)
    answers = iter(target.answer([frame for frame in frames if isinstance(frame, bytes)]))
    return [next(answers) if isinstance(frame, bytes) else frame for frame in frames]


def _count(outcomes: Sequence[Outcome], sent: Sent) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Answer):
            sent.of_queue[outcome.queue] += 1
            sent.hashed += outcome.hash_value is not None
        elif outcome is None:
            sent.lost += 1
        else:
            sent.not_sent[outcome] += 1


def _fates(outcomes: Sequence[Outcome]) -> npt.NDArray[np.uint8]:
    fates = [DELIVERED if isinstance(each, Answer) else DROPPED if each is None else LEFT_OUT for each in outcomes]
    return np.array(fates, np.uint8)


def _reported(outcomes: Sequence[Outcome]) -> Reported:
    reported = Reported.nothing(len(outcomes))
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Answer):
            reported.queues[place] = outcome.queue
            if outcome.hash_value is not None:
                reported.hash_values[place], reported.has_hash[place] = outcome.hash_value, True
            reported.hash_reports[place] = NOT_REPORTED if outcome.hash_report is None else outcome.hash_report
    return reported
