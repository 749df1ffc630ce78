"""The study behind ``replay``: what the device would do with traces in time."""

from collections.abc import Sequence
from dataclasses import replace

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.progress import Watch
from pcaphash.engine.replay.arrivals import Arrivals
from pcaphash.engine.replay.lanes import Lanes
from pcaphash.engine.replay.rates import Rate
from pcaphash.engine.replay.rings import Loads, Rings, Service, SharedRing
from pcaphash.engine.replay.windows import RingLanes, loads_of
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.quantities import PS_OF_NS
from pcaphash.studies.replay.busiest import BusiestCore, busiest, period_of
from pcaphash.studies.replay.curve import try_rates
from pcaphash.studies.replay.options import ReplayOptions
from pcaphash.studies.replay.result import Clock, Replay, ReplayVerdict
from pcaphash.studies.replay.rows import delay_rows, queue_rows, window_rows
from pcaphash.studies.replay.session import Session
from pcaphash.studies.replay.words import At, read_at, read_words
from pcaphash.studies.shared.asking import check_request


def replay(
    traces: Trace | Sequence[Trace],
    devices: Device | Sequence[Device] | None = None,
    options: ReplayOptions | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    ring_size: int | None = None,
    service_rate: str | float | None = None,
    service_time: str | None = None,
    service_time_per_byte: str | None = None,
    speed: str | float | None = None,
    rate: str | float | Rate | None = None,
    loop: int | None = None,
    rebase: bool | None = None,
    window: str | None = None,
    at: At = (),
) -> Replay:
    """Replay traces in time through the receive rings of each device.

    Each receive queue has a ring and a core, which serves its packets in order of arrival. A packet occupies a
    descriptor from its arrival until its service ends; if none is free, it is dropped. The baselines have as many
    queues as the configuration with most, and receive every packet: ``shared-ring`` has one ring with the descriptors
    of all, served by whichever core is free first; ``round-robin`` sends packet after packet to queue after queue;
    ``ideal-hash`` sends each flow to a queue at random.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures; ``-`` is standard input. Several are merged by time.
    devices : Device or sequence of Device, optional
        The configurations; results name them by ``Device.name``. Default: outer addresses, all of the outer header, and
        the inner header.
    options : ReplayOptions, optional
        Rings, service, arrival and changes. Default: rings of 256, and a grid of service rates. What follows ``watch``
        gives the same in the words of the command line, and counts where both are given.
    selection : Selection
        Which packets arrive.
    watch : callable, optional
        Called now and then with the progress.
    ring_size : int, optional
        Descriptors of each ring.
    service_rate : str or float, optional
        Packets that each core serves in a second: a number, or text such as ``2Mpps``.
    service_time, service_time_per_byte : str, optional
        Or what a packet takes, and each byte of it besides, such as ``400ns``.
    speed : str or float, optional
        How many times as fast as captured.
    rate : str, float or Rate, optional
        Gives the times of arrival: packets in a second, or text such as ``10Gbps``.
    loop : int, optional
        How many times the traces are replayed.
    rebase : bool, optional
        Whether traces are replayed one after the other.
    window : str, optional
        Length of windows, such as ``100ms``.
    at : sequence of (str, mapping), optional
        When the device is changed, such as ``2.5s``, and to what: arguments of ``Device``; ``config`` among them names
        the only configuration that is changed.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        Something cannot be read, there is nothing to replay, a packet has no time and no rate is given, or a change
        does not go with a device.
    """
    inputs, chosen = check_request(traces, devices)
    words = read_words(
        {
            "ring_size": ring_size,
            "service_rate": service_rate,
            "service_time": service_time,
            "service_time_per_byte": service_time_per_byte,
            "speed": speed,
            "rate": rate,
            "loop": loop,
            "rebase": rebase,
            "window": window,
        }
    )
    if at:
        words["changes"] = read_at(at, chosen)
    session = Session(inputs, chosen, replace(options or ReplayOptions(), **words), selection, watch)
    return _replay_rings(session) if session.options.has_service else _replay_rates(session)


def _replay_rings(session: Session) -> Replay:
    """Replay with services of a given time."""
    options = session.options
    service = Service(options.ring_size, options.fixed_ps, options.service_per_byte_ps)
    rings = [(SharedRing if each.is_shared else Rings)(each.queues, service) for each in session.contenders]
    lanes = [contender.lane(ring) for contender, ring in zip(session.contenders, rings, strict=True)]
    running = RingLanes(lanes, session.scale, options.window_ns)
    arrivals = session.run(running)
    result = _begin(session, arrivals, running)
    for contender, lane, ring, loads in zip(session.contenders, lanes, rings, running.finish(), strict=True):
        duration_ps = running.duration_ps(ring)
        rows = queue_rows(lane.name, loads_of(loads, duration_ps, ring.cores_of_queue))
        offered = _offered_loads(session, running, loads, ring.cores_of_queue)
        result.queue_rows.extend({**row, "offered_load": load} for row, load in zip(rows, offered, strict=True))
        result.delay_rows.extend(delay_rows(lane.name, loads))
        result.verdicts.append(
            ReplayVerdict(
                config=lane.name,
                is_baseline=contender.is_baseline,
                queues=contender.queues,
                packets=int(loads.packets.sum()),
                dropped=int(loads.dropped.sum()),
                unknown=lane.unknown,
                reordered=int(loads.reordered.sum()),
                reordered_by_change=int(loads.by_change.sum()),
                duration_ns=duration_ps / PS_OF_NS,
                busiest=_busiest(session, running, loads, ring.cores_of_queue, offered) if offered else None,
            )
        )
    result.window_rows.extend(window_rows(lanes, running.windows))
    return result


def _offered_loads(session: Session, running: Lanes, loads: Loads, cores: int) -> list[float | None]:
    """Return the load that each queue is offered, given how many cores serve it; None if all packets arrive at once."""
    period_ps = period_of(running)
    if period_ps is None:
        return [None] * len(loads.packets)
    per_byte_ps = float(session.options.service_per_byte_ps)
    work_ps = float(session.options.fixed_ps) * loads.packets + per_byte_ps * loads.n_bytes
    found: list[float | None] = (work_ps / (cores * period_ps)).tolist()
    return found


def _busiest(
    session: Session, running: Lanes, loads: Loads, cores: int, offered: Sequence[float | None]
) -> BusiestCore:
    """Return what the core with most to do is offered, given how many cores serve each queue, and their loads."""
    works = [0.0 if load is None else load for load in offered]
    queue = works.index(max(works)) if any(works) else int(loads.packets.argmax())
    packets = float(loads.packets[queue]) / cores
    return busiest(packets, period_of(running), session.options.ring_size, offered[queue])


def _replay_rates(session: Session) -> Replay:
    """Replay under many service rates."""
    tried = try_rates(session)
    result = _begin(session, tried.arrivals, tried.running)
    of_all = zip(session.contenders, tried.lanes, tried.losses, tried.lossless(), tried.busiest(), strict=True)
    for contender, lane, losses, lossless, most in of_all:
        result.verdicts.append(
            ReplayVerdict(
                config=lane.name,
                is_baseline=contender.is_baseline,
                queues=contender.queues,
                packets=losses.packets,
                dropped=None,
                unknown=lane.unknown,
                reordered=0,
                reordered_by_change=0,
                duration_ns=tried.running.last_arrival_ps / PS_OF_NS,
                lossless=lossless,
                busiest=most,
            )
        )
    needed = [each.needed_pps for each in result.verdicts]
    result.curve_rows.extend(tried.curve_rows(needed))
    result.fewest_rows.extend(tried.fewest_rows())
    return result


def _begin(session: Session, arrivals: Arrivals, running: Lanes) -> Replay:
    """Return a result without verdicts and rows."""
    return Replay(
        reading=arrivals.reading,
        devices=session.devices,
        options=session.options,
        clock=Clock.of([trace.settler for trace in arrivals.traces]),
        packets=running.packets,
        duration_ns=running.last_arrival_ps / PS_OF_NS,
        first_arrival_ns=arrivals.first_stamp,
    )
