"""What the core with most to do is offered, over the whole trace: a core that serves less does not keep up.

A ring bridges a short trace. So loss within the trace alone does not say that a core is fast enough: it must serve at
least what arrives on average, too. With exactly that, the ring is as full after the trace as before, however often the
trace is repeated.
"""

from dataclasses import dataclass

from pcaphash.engine.replay.lanes import Lanes
from pcaphash.quantities import PS_OF_SECOND


@dataclass(frozen=True)
class BusiestCore:
    """What the core with most to do is offered on average over the trace.

    Parameters
    ----------
    average_pps : float or None
        Packets that arrive for it in a second; None if all packets arrive at the same time.
    ring_fills : float
        How many times these packets would fill its ring.
    offered_load : float or None
        How long it takes to serve all that arrives, by the time in which that arrives: above 1, the core does not keep
        up. None if no service time is given, or if all packets arrive at the same time.
    """

    average_pps: float | None
    ring_fills: float
    offered_load: float | None = None


def busiest(packets: float, period_ps: float | None, ring_size: int, offered_load: float | None = None) -> BusiestCore:
    """Return what the core with most to do is offered.

    Parameters
    ----------
    packets : float
        Packets that arrive for it; of a ring that cores share, by the number of cores.
    period_ps : float or None
        How long the trace is; None if all packets arrive at the same time.
    ring_size : int
        Descriptors of its ring.
    offered_load : float, optional
        The greatest load of all cores.
    """
    return BusiestCore(
        None if period_ps is None else packets * PS_OF_SECOND / period_ps, packets / ring_size, offered_load
    )


def period_of(running: Lanes) -> float | None:
    """Return how long the trace is, in picoseconds: a mean distance between packets for each packet, also the last.

    None if all packets arrive at the same time.
    """
    if not running.last_arrival_ps:
        return None
    return running.last_arrival_ps * running.packets / (running.packets - 1)
