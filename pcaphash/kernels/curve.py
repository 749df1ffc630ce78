"""Receive rings in time under many service rates at once, where each service takes the same time.

Then the packets in a ring follow from how much of its core's work is left: what is left over the time of a service,
rounded up. So a packet finds a free descriptor if the work left takes no longer than one service less than the ring
has descriptors, and no packet has to be remembered.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer


@kernel
def run_curve(
    arrivals: Any, queues: Any, start: int, n: int, services: Any, limits: Any, n_rates: int, ends: Any,
    dropped: Any,
) -> None:  # fmt: skip
    """Run packets through the rings of one configuration, under each service rate.

    Parameters
    ----------
    arrivals : int64 array of shape (n,)
        When each packet arrives, in picoseconds from an epoch, never descending.
    queues : int32 array of shape (n,)
        The ring of each packet; negative for those that go to none.
    start, n : int
        From which packet on to run up to which.
    services, limits : int64 arrays of shape (n_rates,)
        How long a service takes, in picoseconds; and up to how much work that is left a packet is accepted.
    n_rates : int
        How many rates there are.
    ends : int64 array of shape (n_queues * n_rates,)
        When all work on each queue is done. Written.
    dropped : int64 array of shape (n_rates,)
        Added to: packets dropped under each rate.
    """
    when, of_queue, takes, most = pointer(arrivals), pointer(queues), pointer(services), pointer(limits)
    until, lost = pointer(ends), pointer(dropped)
    for i in range(start, n):
        queue = np.int64(of_queue[i])
        if queue < 0:
            continue
        now = when[i]
        first = queue * n_rates
        for rate in range(n_rates):
            left = max(until[first + rate] - now, 0)
            fits = np.int64(left <= most[rate])
            until[first + rate] = now + left + takes[rate] * fits
            lost[rate] += 1 - fits


@kernel
def run_shared_curve(
    arrivals: Any, start: int, n: int, services: Any, limits: Any, n_rates: int, n_cores: int, nexts: Any, ends: Any,
    dropped: Any,
) -> None:  # fmt: skip
    """Run packets through one ring that all cores take from, under each service rate.

    Services of equal length end in the order in which they begin. So the core that is free first is the one after that
    which took the packet accepted before; and the ring, which has as many descriptors as the rings of all cores
    together, has a free one if that core has as much work left as one ring allows, at most.

    Parameters
    ----------
    arrivals, start, n, services, limits, n_rates, dropped
        As ``run_curve`` takes them; the limits are those of the ring of one core.
    n_cores : int
        How many cores there are.
    nexts : int64 array of shape (n_rates,)
        The core that is free first. Written.
    ends : int64 array of shape (n_cores * n_rates,)
        When each core's work is done. Written.
    """
    when, takes, most = pointer(arrivals), pointer(services), pointer(limits)
    following, until, lost = pointer(nexts), pointer(ends), pointer(dropped)
    for i in range(start, n):
        now = when[i]
        for rate in range(n_rates):
            core = following[rate]
            left = max(until[core * n_rates + rate] - now, 0)
            if left > most[rate]:
                lost[rate] += 1
                continue
            until[core * n_rates + rate] = now + left + takes[rate]
            following[rate] = core + 1 if core + 1 < n_cores else 0
