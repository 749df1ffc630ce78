"""Write what a device delivers of a trace: each packet with the device's report, without those that it drops."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pcaphash.capture.delivered.delivery import NO_COMMENT, Comments, Delivery
from pcaphash.capture.delivered.encoder import Encoder
from pcaphash.capture.input import Trace
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.device.device import Device
from pcaphash.engine.census.decision import Decision
from pcaphash.engine.census.describer import Describer, Descriptions
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.merged import MergedTraces
from pcaphash.engine.request import Batch
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.kernels.delivered import DELIVERED, DROPPED
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from pcaphash.studies.replay.writing import write_trace

CommentOf = Callable[[Decision], str]
"""Says in words what a device does with the packets of a signature; nothing for no comment."""


class Happening(Protocol):
    """What happens to the packets of a trace, batch by batch (``course.Course``)."""

    def steps(self, batch: Batch) -> list[tuple[int, int, int]]:
        """Return which device steers which packets of the next batch."""
        ...

    def accept(self, batch: Batch, found: Descriptions) -> npt.NDArray[np.bool_]:
        """Return which packets of that batch, described, are accepted; others are dropped."""
        ...


class Reporter:
    """Makes of packets what the device reports.

    Parameters
    ----------
    device : Device
        The configured device.
    texts : Comments
        Where comments are added.
    comment_of : callable, optional
        Words for the comment of each packet; none by default.
    """

    def __init__(self, device: Device, texts: Comments, comment_of: CommentOf | None = None) -> None:
        self._describer = Describer(device)
        self._texts = texts
        self._comment_of = comment_of
        self._has_tunnel = device.spec == "v7"
        self._known: set[int] = set()
        self._reports = np.full(N_SIGNATURES, NOT_REPORTED, np.int16)
        self._tunnels = np.full(N_SIGNATURES, NOT_REPORTED, np.int16)
        self._comments = np.full(N_SIGNATURES, NO_COMMENT, np.int32)

    def describe(self, block: Block) -> Descriptions:
        """Describe packets, and take note of what is decided for them."""
        found = self._describer.describe(block)
        self._learn(self._describer.decisions)
        return found

    def _learn(self, decisions: dict[int, Decision]) -> None:
        if len(decisions) == len(self._known):
            return
        for signature in sorted(decisions.keys() - self._known):
            self._known.add(signature)
            decision = decisions[signature]
            if decision.is_known:
                self._reports[signature] = HASH_REPORTS.index(decision.hash_report)
                if self._has_tunnel:
                    self._tunnels[signature] = HASH_REPORT_TUNNELS.index(decision.hash_report_tunnel)
            text = "" if self._comment_of is None else self._comment_of(decision)
            if text:
                self._comments[signature] = self._texts.add(text)

    def report(self, found: Descriptions) -> tuple[Reported, npt.NDArray[np.int32]]:
        """Return what is reported of packets described here, and the numbers of their comments."""
        signatures = found.signatures
        reported = Reported(
            found.hash_values, found.hashed, self._reports[signatures], self._tunnels[signatures], found.queues
        )
        return reported, self._comments[signatures]


def deliver(
    trace: Trace | MergedTraces,
    device: Device | Sequence[Device],
    encoders: Sequence[Encoder],
    course: Happening | None = None,
    selection: Selection = RECEIVED,
    comment_of: CommentOf | None = None,
    watch: Watch | None = None,
) -> Reading:
    """Write what a device delivers of a trace.

    Packets that are not selected never arrive: they are neither written nor counted as dropped.

    Parameters
    ----------
    trace : path, Input or MergedTraces
        A capture file, ``-`` being standard input; or several, merged.
    device : Device or sequence of Device
        The configured device; several if it is changed in the middle, as ``course`` numbers them.
    encoders : sequence of Encoder
        What to write (``capture.delivered.opening``).
    course : Happening, optional
        Which of the devices steers which packets, and which are accepted; by default the first steers and accepts all.
    selection : Selection
        Which packets arrive.
    comment_of : callable, optional
        Words for a comment of each packet.
    watch : callable, optional
        Called now and then with the progress.

    Returns
    -------
    Reading
        What was read, and what could not be; all that could be is written.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet is selected, of those that there are; or a format cannot hold what is to be written.
    """
    devices = [device] if isinstance(device, Device) else device
    texts = Comments()
    reporters = [Reporter(each, texts, comment_of) for each in devices]

    def report(block: Block, first: int, places: npt.NDArray[np.int64]) -> Delivery:
        return _report(block, first, places, reporters, texts, course)

    return write_trace(trace, devices[0], encoders, report, selection, watch)


def _report(
    block: Block,
    first: int,
    places: npt.NDArray[np.int64],
    reporters: Sequence[Reporter],
    texts: Comments,
    course: Happening | None,
) -> Delivery:
    """Say what becomes of the packets of a block that arrive, which stand in these places."""
    n = len(block.records)
    batch = Batch(block, first + places, 0)
    steps = course.steps(batch) if course and n else [(0, 0, n)]
    described, reported, comments = [], [], []
    for number, start, stop in steps:
        found = reporters[number].describe(replace(block, records=block.records[start:stop]))
        told, commented = reporters[number].report(found)
        described.append(found)
        reported.append(told)
        comments.append(commented)
    fates = np.full(n, DELIVERED, np.uint8)
    if course and n:
        fates[~course.accept(batch, Descriptions.join(described))] = DROPPED
    return Delivery(first, fates, Reported.join(reported), np.concatenate(comments), texts)
