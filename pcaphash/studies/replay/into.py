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
from pcaphash.engine.census.decision import NONE, encapsulation_of
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.kernels.delivered import DELIVERED, DROPPED, LEFT_OUT
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.tunnel import NO_ENCAPSULATION, TUNNELS
from pcaphash.studies.replay.frames import frames_of
from pcaphash.studies.replay.writing import write_trace
from pcaphash.targets.answer import Lost, NotSent, Outcome, Target, TargetAnswer, WhyLost


@dataclass(frozen=True)
class Loss:
    """How frames were lost.

    Parameters
    ----------
    encapsulation : str
        What they are, if outer headers were to be taken off; else empty.
    why : WhyLost or None
        Why they were lost, as far as the receive path says.
    """

    encapsulation: str = ""
    why: WhyLost | None = None


@dataclass(frozen=True)
class Unsent:
    """Why frames were not sent.

    Parameters
    ----------
    why : NotSent
        The reason.
    encapsulation : str
        What no tunnel device takes off, if that is the reason; else empty.
    """

    why: NotSent
    encapsulation: str = ""


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
    losses : Counter of Loss
        Frames that were sent and did not come out.
    not_sent : Counter of Unsent
        Frames that were not sent, by the reason.
    """

    reading: Reading = field(default_factory=Reading)
    of_queue: Counter[int] = field(default_factory=Counter)
    hashed: int = 0
    losses: Counter[Loss] = field(default_factory=Counter)
    not_sent: Counter[Unsent] = field(default_factory=Counter)

    @property
    def returned(self) -> int:
        """How many frames came out."""
        return self.of_queue.total()

    @property
    def lost(self) -> int:
        """How many frames were sent and did not come out."""
        return self.losses.total()


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
    describer = Describer(device) if target.decapsulates else None

    def report(block: Block, first: int, places: npt.NDArray[np.int64]) -> Delivery:
        signatures = describer.describe(block).signatures.tolist() if describer else [None] * len(block.records)
        outcomes = _outcomes(block, signatures, target, device)
        for outcome, signature in zip(outcomes, signatures, strict=True):
            _count(outcome, signature, sent, device)
        n = len(outcomes)
        return Delivery(first, _fates(outcomes), _reported(outcomes), np.full(n, NO_COMMENT, np.int32), texts)

    sent.reading = write_trace(trace, device, encoders, report, selection, watch)
    return sent


def _outcomes(block: Block, signatures: Sequence[int | None], target: Target, device: Device) -> list[Outcome]:
    """Send the packets of a block that can be sent as they were captured; return what becomes of each."""
    frames = [
        (_why_not(signature, target, device) or frame) if isinstance(frame, bytes) else frame
        for frame, signature in zip(frames_of(block), signatures, strict=True)
    ]
    tried = [at for at, frame in enumerate(frames) if isinstance(frame, bytes)]
    awaited = [signatures[at] is None or _encapsulation(signatures[at]) in TUNNELS for at in tried]
    answers = iter(target.answer([frame for frame in frames if isinstance(frame, bytes)], awaited))
    return [next(answers) if isinstance(frame, bytes) else frame for frame in frames]


def _why_not(signature: int | None, target: Target, device: Device) -> NotSent | None:
    """Return why a tunnel packet is not sent that is to have its outer header taken off; None if it is sent.

    What is not known to be in a tunnel is sent: that Linux finds none there confirms it.
    """
    encapsulation = _encapsulation(signature)
    if signature is None or encapsulation not in TUNNELS:
        return None
    tunnel_type = 1 << (encapsulation - 1)
    if not tunnel_type & device.tunnel_mask:
        return NotSent.NOT_LOOKED_INTO
    if not tunnel_type & target.decapsulates:
        return NotSent.NO_TUNNEL_DEVICE
    return None


def _encapsulation(signature: int | None) -> int:
    """Return what packets are, as ``kernels.tunnel`` numbers it, if outer headers are taken off."""
    return NO_ENCAPSULATION if signature is None else split_signature(signature)[1]


def _count(outcome: Outcome, signature: int | None, sent: Sent, device: Device) -> None:
    if isinstance(outcome, TargetAnswer):
        sent.of_queue[outcome.queue] += 1
        sent.hashed += outcome.hash_value is not None
    elif isinstance(outcome, NotSent):
        if signature is None or outcome != NotSent.NO_TUNNEL_DEVICE:
            sent.not_sent[Unsent(outcome)] += 1
        else:
            sent.not_sent[Unsent(outcome, encapsulation_of(signature, device.spec))] += 1
    elif signature is None:
        sent.losses[Loss(why=outcome.why)] += 1
    else:
        name = encapsulation_of(signature, device.spec)
        sent.losses[Loss(name, None if name == NONE else outcome.why)] += 1


def _fates(outcomes: Sequence[Outcome]) -> npt.NDArray[np.uint8]:
    fates = [
        DELIVERED if isinstance(each, TargetAnswer) else DROPPED if isinstance(each, Lost) else LEFT_OUT
        for each in outcomes
    ]
    return np.array(fates, np.uint8)


def _reported(outcomes: Sequence[Outcome]) -> Reported:
    reported = Reported.nothing(len(outcomes))
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, TargetAnswer):
            reported.queues[place] = outcome.queue
            if outcome.hash_value is not None:
                reported.hash_values[place], reported.has_hash[place] = outcome.hash_value, True
            reported.hash_reports[place] = NOT_REPORTED if outcome.hash_report is None else outcome.hash_report
    return reported
