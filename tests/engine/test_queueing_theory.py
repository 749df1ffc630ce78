"""Rings behave as queueing theory says, and as another program's simulation has it."""

from math import exp, lgamma, log

import numpy as np
import pytest
import simpy

from pcaphash.engine.replay.loss import Losses
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.rings import Rings, Service

SERVICE_PS = 1_000_000
N_QUEUES = 4
CHUNK = 200_000


def poisson(load, n, seed):
    """Yield packets that arrive at random, each at one of the queues, so that each has this load."""
    rng = np.random.default_rng(seed)
    now = 0
    for _ in range(n // CHUNK):
        arrivals = now + np.cumsum(rng.exponential(SERVICE_PS / load / N_QUEUES, CHUNK)).astype(np.int64)
        now = int(arrivals[-1])
        yield arrivals, rng.integers(0, N_QUEUES, CHUNK, np.int32)


def run(receiver, load, n, seed=7):
    for arrivals, queues in poisson(load, n, seed):
        length = np.full(CHUNK, 100, np.int64)
        receiver.run(Received(arrivals, length, np.arange(CHUNK), queues))


def test_without_waiting_the_delay_is_the_service_exactly():
    rings = Rings(1, Service(1, SERVICE_PS, 7))
    arrivals = np.arange(1000) * (SERVICE_PS + 700)
    rings.run(Received(arrivals, np.full(1000, 100, np.int64), np.arange(1000), np.zeros(1000, np.int32)))
    found = rings.take()
    assert found.dropped[0] == 0
    assert found.occupied_ps == found.busy_ps == [1000 * (SERVICE_PS + 700)]
    assert found.quantiles_ps(0, [1, 500, 990, 999]) == [SERVICE_PS + 700] * 4
    assert found.most_occupied[0] == 1


@pytest.mark.jit_only
@pytest.mark.parametrize("load", [0.3, 0.5, pytest.param(0.6, marks=pytest.mark.slow), 0.8])
def test_mean_waiting_of_random_arrivals(load):
    # Pollaczek and Khinchine: rho / (2 (1 - rho)) services.
    rings = Rings(N_QUEUES, Service(65536, SERVICE_PS))
    run(rings, load, 4_000_000)
    found = rings.take()
    assert found.packets.min() >= 600_000
    assert not found.dropped.any()
    waited = sum(found.occupied_ps) - sum(found.busy_ps)
    assert waited / found.packets.sum() / SERVICE_PS == pytest.approx(load / 2 / (1 - load), rel=0.02)


def lost_share(load, places):
    """Return the share of random arrivals that find all places of a queue taken, by the chain at ends of service."""
    arriving = [exp(-load + k * log(load) - lgamma(k + 1)) for k in range(places)]
    # The chance that an end of service leaves so many behind, in units of that for none (from the balance of flows).
    chances = [1.0]
    for n in range(places - 1):
        left = chances[0] * arriving[n] + sum(chances[j] * arriving[n + 1 - j] for j in range(1, n + 1))
        chances.append((chances[n] - left) / arriving[0])
    none = chances[0] / sum(chances)
    return 1 - 1 / (none + load)


def test_the_share_lost_with_one_place_is_that_of_erlang():
    assert lost_share(0.8, 1) == pytest.approx(0.8 / 1.8)


@pytest.mark.jit_only
@pytest.mark.parametrize("load", [0.8, 0.9, 1.0, 1.1, 1.2])
@pytest.mark.parametrize("places", [4, pytest.param(8, marks=pytest.mark.slow)])
def test_the_share_lost_of_random_arrivals(load, places):
    rings, losses = Rings(N_QUEUES, Service(places, SERVICE_PS)), Losses(N_QUEUES, [SERVICE_PS], places)
    for receiver in (rings, losses):
        run(receiver, load, 4_000_000)
    found = rings.take()
    assert found.packets.min() >= 600_000
    assert found.dropped.sum() / found.packets.sum() == pytest.approx(lost_share(load, places), rel=0.03)
    assert losses.dropped.tolist() == [found.dropped.sum()]


def simulated(arrivals, lengths, queues, service):
    """Simulate rings with simpy; return the delay of each packet, None if it is dropped."""
    environment = simpy.Environment()
    cores = [simpy.Resource(environment) for _ in range(N_QUEUES)]
    delays = [None] * len(arrivals)

    def serve(number, core):
        with core.request() as request:
            yield request
            yield environment.timeout(service.fixed_ps + service.per_byte_ps * lengths[number])
        delays[number] = environment.now - arrivals[number]

    def arrive():
        for number, arrival in enumerate(arrivals):
            yield environment.timeout(arrival - environment.now)
            core = cores[queues[number]]
            if core.count + len(core.queue) < service.ring_size:
                environment.process(serve(number, core))

    environment.process(arrive())
    environment.run()
    return delays


def test_rings_equal_a_simulation_by_simpy():
    rng = np.random.default_rng(3)
    n, service = 3000, Service(5, SERVICE_PS, 901)
    # Times so long that none of them coincide by chance.
    arrivals = np.cumsum(rng.integers(1, 2 * 1_700_000 // N_QUEUES, n))
    lengths, queues = rng.integers(60, 1500, n), rng.integers(0, N_QUEUES, n, np.int32)
    delays = simulated(arrivals.tolist(), lengths.tolist(), queues.tolist(), service)
    rings = Rings(N_QUEUES, service)
    rings.run(Received(arrivals, lengths, np.arange(n), queues))
    found = rings.take()
    for queue in range(N_QUEUES):
        own = [delay for delay, where in zip(delays, queues.tolist(), strict=True) if where == queue]
        accepted = [delay for delay in own if delay is not None]
        assert found.dropped[queue] == len(own) - len(accepted) > 0
        assert found.occupied_ps[queue] == sum(accepted)
        assert (found.least_ps[queue], found.most_ps[queue]) == (min(accepted), max(accepted))
