"""Try service rates, and find the one from which on nothing is lost."""

from dataclasses import dataclass

from pcaphash.engine.replay.arrivals import Arrivals
from pcaphash.engine.replay.lanes import Lane, Lanes, Together
from pcaphash.engine.replay.loss import Losses, SharedLosses
from pcaphash.engine.replay.lossless import LongestService
from pcaphash.studies.replay.rates import first_grid, longest_ps, lossless_from, rate_of
from pcaphash.studies.replay.result import Lossless
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
        queues TRIED_QUEUES.
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

    def lossless(self) -> list[Lossless | None]:
        """Return from which service rate on each contender loses nothing; None for those without queues."""
        return [None if found is None else lossless_from(found.service_ps, self.longest_ps) for found in self.longest]

    def curve_rows(self) -> list[Row]:
        """Return one row for each contender and service rate."""
        return [
            {
                "config": lane.name,
                "service_rate_pps": rate_of(service_ps),
                "packets": losses.packets,
                "dropped": dropped,
                "drop_share": dropped / losses.packets if losses.packets else 0.0,
            }
            for lane, losses in zip(self.lanes, self.losses, strict=True)
            if losses.n_queues
            for service_ps, dropped in losses.found()
        ]

    def fewest_rows(self) -> list[Row]:
        """Return one row for each configuration and service rate."""
        return [
            {
                "config": name,
                "service_rate_pps": rate_of(service_ps),
                "queues": next((n for n, each in of_queues if service_ps <= each.service_ps), None),
            }
            for name, of_all in self.fewer
            for of_queues in [list(zip(TRIED_QUEUES, of_all, strict=True))]
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
        if own:
            tried = [LongestService(contender.tables(n), ring_size, services[0], services) for n in TRIED_QUEUES]
            fewer.append((contender.name, tried))
            more_lanes.append(contender.lane_of_entries(Together([own, *tried])))
    running = Lanes([*lanes, *more_lanes], session.scale)
    return Tried(session.run(running), running, lanes, losses, longest, fewer, most)


def _losses_of(contender: Contender, services: list[int], ring_size: int) -> Losses:
    if contender.is_shared:
        return SharedLosses(contender.queues, services, ring_size)
    return Losses(contender.queues, services, ring_size)
