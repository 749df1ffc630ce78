"""Flows that were found for receive queues."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.device.device import Device
from pcaphash.engine.result import Result, counted
from pcaphash.studies.hash_tuple import TUPLES, TupleHash
from pcaphash.studies.steer.unreached import Unreached

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class QueueFlows:
    """What was found for one receive queue.

    Parameters
    ----------
    queue : int
        The receive queue.
    flows : tuple of tuple of TupleHash
        The flows: each direction that was asked for.
    possible : int
        How many flows there are that go there.
    why_not : Unreached or None
        Why there are none; None if there are some.
    """

    queue: int
    flows: tuple[tuple[TupleHash, ...], ...]
    possible: int
    why_not: Unreached | None = None


@dataclass(frozen=True, repr=False)
class Steering(Result):
    """Flows that were found for receive queues.

    Parameters
    ----------
    device : Device
        The configured device.
    targets : tuple of QueueFlows
        What was found for each queue that was asked for.
    tunnel, header : str
        The tunnel that the flows are in, and which of its headers they are of; empty for none.
    is_both : bool
        Whether both directions go to the queue.
    """

    device: Device
    targets: tuple[QueueFlows, ...]
    tunnel: str
    header: str
    is_both: bool

    @property
    def tuples(self) -> list[TupleHash]:
        """Every direction of every flow, queue by queue."""
        return [each for target in self.targets for flow in target.flows for each in flow]

    @property
    def missing(self) -> list[QueueFlows]:
        """The queues that no flow can be steered to."""
        return [target for target in self.targets if not target.flows]

    @property
    def missing_by_reason(self) -> dict[Unreached, list[int]]:
        """The queues that no flow can be steered to, by why."""
        found: dict[Unreached, list[int]] = {}
        for target in self.missing:
            assert target.why_not is not None, "it has no flows"
            found.setdefault(target.why_not, []).append(target.queue)
        return found

    def facts(self) -> list[str]:
        """Return how many flows were found for how many queues."""
        n_flows = sum(len(target.flows) for target in self.targets)
        reached = len(self.targets) - len(self.missing)
        return [f"{counted(n_flows, 'flow')} for {counted(reached, 'receive queue')}"]

    def main_table(self) -> "pd.DataFrame":
        """Return the flows, a row for each direction."""
        return TUPLES.frame([each.row() for each in self.tuples])
