"""Try service rates, and find the one from which on nothing is lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from pcaphash.engine.replay.arrivals import Arrivals
from pcaphash.engine.replay.lanes import Lane, Lanes, Together
from pcaphash.engine.replay.loss import Losses, SharedLosses
from pcaphash.engine.replay.lossless import LongestService
from pcaphash.studies.replay.busiest import BusiestCore, busiest, period_of
from pcaphash.studies.replay.rates import first_grid, longest_ps, lossless_from, rate_of
from pcaphash.studies.replay.result import Lossless, is_enough
from pcaphash.studies.replay.rows import Row
from pcaphash.studies.replay.session import Contender, Session

TRIED_QUEUES = (1, 2, 4, 8, 16, 32, 64)
"""Among which the fewest receive queues without loss are found."""


@dataclass(frozen=True, eq=False)
class Tried:
    """What came of trying service rates.

    Parameters
    ----------
    arrivals : Arrivals
        What was found out about the traces.
    running : Lanes
        All that ran.
    lanes : list of Lane
        Those of the contenders, in their order.
    losses : list of Losses
        What each of these lost.
    longest : list of LongestService or None
        The longest service without loss of each contender; None where there is no queue.
    fewer : list of (str, list of LongestService)
        For each configuration with queues its name, and the longest of the services tried under each of the numbers of
        queues TRIED_QUEUES. Without configurations of which a change alters the table, and thus the queues.
    ring_size : int
        Descriptors of each ring.
    longest_ps : int
        The longest service of all that could be told.
    """

    arrivals: Arrivals
    running: Lanes
    lanes: list[Lane]
    losses: list[Losses]
    longest: list[LongestService | None]
    fewer: list[tuple[str, list[LongestService]]]
    longest_ps: int
    ring_size: int

    def lossless(self) -> list[Lossless | None]:
        """Return from which service rate on each contender loses nothing; None for those without queues."""
        return [None if found is None else lossless_from(found.service_ps, self.longest_ps) for found in self.longest]

    def busiest(self) -> list[BusiestCore | None]:
        """Return what the core with most to do is offered under each contender; None for those without queues."""
        return [
            None if found is None else self._busiest(losses.cores_packets or found.busiest_packets)
            for losses, found in zip(self.losses, self.longest, strict=True)
        ]

    def _busiest(self, packets: float) -> BusiestCore:
        return busiest(packets, period_of(self.running), self.ring_size)

    def curve_rows(self, needed_pps: Sequence[float | None]) -> list[Row]:
        """Return one row for each contender and service rate, given the rate that each contender needs."""
        return [
            {
                "config": lane.name,
                "service_rate_pps": rate_of(service_ps),
                "packets": losses.packets,
                "dropped": dropped,
                "drop_share": dropped / losses.packets if losses.packets else 0.0,
                "needed_pps": needed,
            }
            for lane, losses, needed in zip(self.lanes, self.losses, needed_pps, strict=True)
            if losses.n_queues
            for service_ps, dropped in losses.found()
        ]

    def fewest_rows(self) -> list[Row]:
        """Return one row for each configuration and service rate."""
        return [
            {
                "config": name,
                "service_rate_pps": rate_of(service_ps),
                "queues": next(
                    (
                        n
                        for n, each, average_pps in of_queues
                        if service_ps <= each.service_ps and is_enough(rate_of(service_ps), average_pps)
                    ),
                    None,
                ),
            }
            for name, of_all in self.fewer
            for averages in [[self._busiest(each.busiest_packets).average_pps or 0.0 for each in of_all]]
            for of_queues in [list(zip(TRIED_QUEUES, of_all, averages, strict=True))]
            for service_ps in self.losses[0].services_ps
        ]


def try_rates(session: Session) -> Tried:
    """Try service rates, each service taking the same time."""
    ring_size = session.options.ring_size
    services = first_grid(ring_size, session.mean_pps())
    most = longest_ps(services, ring_size)
    losses = [_losses_of(contender, services, ring_size) for contender in session.contenders]
    longest: list[LongestService | None] = []
    fewer, lanes, more_lanes = [], [], []
    for contender, lost in zip(session.contenders, losses, strict=True):
        own = LongestService(contender.tables(), ring_size, most) if contender.queues else None
        longest.append(own)
        if contender.is_baseline and own:
            # Its entries are queues; and without loss, cores that share a ring take turns, as if each had its own.
            lanes.append(contender.lane(Together([lost, own])))
            continue
        lanes.append(contender.lane(lost))
        if own and contender.has_one_table:
            tried = [LongestService(contender.tables(n), ring_size, services[0], services) for n in TRIED_QUEUES]
            fewer.append((contender.name, tried))
            more_lanes.append(contender.lane_of_entries(Together([own, *tried])))
        elif own:
            more_lanes.append(contender.lane_of_entries(own))
    running = Lanes([*lanes, *more_lanes], session.scale)
    return Tried(session.run(running), running, lanes, losses, longest, fewer, most, ring_size)


def _losses_of(contender: Contender, services: list[int], ring_size: int) -> Losses:
    if contender.is_shared:
        return SharedLosses(contender.queues, services, ring_size)
    return Losses(contender.queues, services, ring_size)
