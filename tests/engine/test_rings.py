"""Rings equal a plain simulation of events, packet by packet."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.rings import Packet, is_overtaking_by_change, simulate
from pcaphash.engine.replay.loss import Losses, SharedLosses
from pcaphash.engine.replay.lossless import LongestService
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.rings import Loads, Rings, Service, SharedRing, bounds_of, occupied
from pcaphash.kernels.base import COMPILED
from pcaphash.kernels.rings import bin_of

N_QUEUES = 3


@st.composite
def packets(draw, with_unknown=True):
    """Draw packets that arrive close together, many at the same time, in an epoch that changes in the middle."""
    n = draw(st.integers(1, 60))
    gaps = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 7, 20]), min_size=n, max_size=n))
    queues = [*range(N_QUEUES), None] if with_unknown else [*range(N_QUEUES)]
    of_queue = draw(st.lists(st.sampled_from(queues), min_size=n, max_size=n))
    flows = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    lengths = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    change = draw(st.integers(0, n))
    arrivals = np.cumsum(gaps).tolist()
    return [
        Packet(*values, epoch=int(number >= change))
        for number, values in enumerate(zip(arrivals, lengths, flows, of_queue, strict=True))
    ]


services = st.builds(
    Service,
    ring_size=st.sampled_from([1, 1, 2, 3, 5, 8]),
    fixed_ps=st.integers(1, 12),
    per_byte_ps=st.integers(0, 3),
)


def arrays(some):
    """Lay out packets as rings take them."""
    queues = [-1 if packet.queue is None else packet.queue for packet in some]
    return (
        *(np.array([getattr(packet, name) for packet in some], np.int64) for name in ("arrival", "length", "flow")),
        np.array(queues, np.int32),
    )


def run_one_by_one(rings, some):
    """Run packets one at a time; fill in what becomes of each, by what was counted."""
    for packet in some:
        rings.run(Received(*arrays([packet]), packet.epoch))
        yield packet, rings.take()


def assert_same(found: Loads, packet: Packet, row: int | None):
    """Hold that one packet was counted as the simulation has it."""
    assert found.packets.sum() == (row is not None)
    if row is None:
        return
    assert found.n_bytes[row] == packet.length
    assert found.dropped[row] == (not packet.accepted)
    assert found.reordered[row] == bool(packet.overtakes)
    assert found.most_occupied[row] == packet.occupied
    if packet.accepted:
        assert found.most_ps[row] == found.least_ps[row] == packet.delay
        assert found.occupied_ps[row] == packet.delay
        assert found.bins[row, bin_of(packet.delay)] == 1


@given(some=packets(), service=services)
@settings(max_examples=1000 if COMPILED else 60)
def test_rings_equal_the_simulation_packet_by_packet(some, service):
    own = range(N_QUEUES)
    simulate(some, {q: q for q in own}, dict.fromkeys(own, 1), service.ring_size, service.fixed_ps, service.per_byte_ps)
    for packet, found in run_one_by_one(Rings(N_QUEUES, service), some):
        assert_same(found, packet, packet.queue)
        assert found.by_change.sum() == is_overtaking_by_change(packet)


@given(some=packets(with_unknown=False), service=services)
@settings(max_examples=1000 if COMPILED else 60)
def test_a_shared_ring_equals_the_simulation_packet_by_packet(some, service):
    ring_of = dict.fromkeys(range(N_QUEUES), 0)
    size = N_QUEUES * service.ring_size
    simulate(some, ring_of, {0: N_QUEUES}, size, service.fixed_ps, service.per_byte_ps)
    for packet, found in run_one_by_one(SharedRing(N_QUEUES, service), some):
        assert_same(found, packet, 0)


@given(some=packets(), service=services, cuts=st.sets(st.integers(1, 59)), moves=st.booleans())
def test_sums_do_not_depend_on_how_packets_are_cut_and_when_time_counts_from(some, service, cuts, moves):
    whole, parts = Rings(N_QUEUES, service), Rings(N_QUEUES, service)
    for epoch in (0, 1):
        of_epoch = [packet for packet in some if packet.epoch == epoch]
        whole.run(Received(*arrays(of_epoch), epoch))
    base, found = 0, parts.take()
    for number, packet in enumerate(some):
        if moves and number in cuts:
            parts.move(packet.arrival - base)
            base = packet.arrival
        arrival, *others = arrays([packet])
        parts.run(Received(arrival - base, *others, packet.epoch))
        if number in cuts:
            found = found.plus(parts.take())
    found, expected = found.plus(parts.take()), whole.take()
    for name in ("packets", "n_bytes", "dropped", "reordered", "by_change", "most_occupied", "most_ps", "bins"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    assert (found.busy_ps, found.occupied_ps) == (expected.busy_ps, expected.occupied_ps)
    assert parts.last_end + base == whole.last_end or not expected.packets.sum() or parts.last_end == 0


@given(some=packets(), service=services, later=st.integers(0, 30))
def test_what_is_left_at_a_moment_is_what_the_simulation_has_then(some, service, later):
    own = range(N_QUEUES)
    simulate(some, {q: q for q in own}, dict.fromkeys(own, 1), service.ring_size, service.fixed_ps, service.per_byte_ps)
    rings, shared = Rings(N_QUEUES, service), SharedRing(N_QUEUES, service)
    rings.run(Received(*arrays(some)))
    now = some[-1].arrival + later
    left = [[each.end - now for each in some if each.queue == q and each.accepted and each.end > now] for q in own]
    assert occupied(rings.left(now)) == ([len(times) for times in left], [sum(times) for times in left])
    assert rings.work_left(now) == [max(times, default=0) for times in left]
    known = [packet for packet in some if packet.queue is not None]
    if known:
        ring_of = dict.fromkeys(own, 0)
        again = [Packet(each.arrival, each.length, each.flow, 0) for each in known]
        size = N_QUEUES * service.ring_size
        simulate(again, ring_of, {0: N_QUEUES}, size, service.fixed_ps, service.per_byte_ps)
        shared.run(Received(*arrays(known)))
        times = [each.end - now for each in again if each.accepted and each.end > now]
        assert occupied(shared.left(now)) == ([len(times)], [sum(times)])


@given(some=packets(), size=st.sampled_from([1, 2, 3, 8]), cut=st.integers(0, 60))
@settings(max_examples=500 if COMPILED else 30)
def test_the_curve_equals_the_rings_at_each_rate(some, size, cut):
    services_ps = [12, 9, 5, 4, 1]
    losses, shared = Losses(N_QUEUES, services_ps, size), SharedLosses(N_QUEUES, services_ps, size)
    rings = [Rings(N_QUEUES, Service(size, each)) for each in services_ps]
    shared_rings = [SharedRing(N_QUEUES, Service(size, each)) for each in services_ps]
    for part in (some[:cut], some[cut:]):
        if part:
            for each in (losses, shared, *rings, *shared_rings):
                each.run(Received(*arrays(part)))
    dropped = [int(ring.take().dropped.sum()) for ring in rings]
    assert losses.dropped.tolist() == dropped
    assert shared.dropped.tolist() == [int(ring.take().dropped.sum()) for ring in shared_rings]


def longest_service(some, size, most):
    """Find the longest service without loss by the definition: from every packet to every later one of its queue."""
    found = most
    for queue in range(N_QUEUES):
        arrivals = [packet.arrival for packet in some if packet.queue == queue]
        for first, begin in enumerate(arrivals):
            for services, end in enumerate(arrivals[first + size :], 1):
                found = min(found, (end - begin) // services)
    return found


@st.composite
def uneven_packets(draw):
    """Draw packets of few queues in stretches, each evenly spaced, slower and faster ones in turn."""
    gaps = draw(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), min_size=1, max_size=8))
    spread = draw(st.sampled_from([1, 1, 2, N_QUEUES]))
    scale = draw(st.sampled_from([1, 10, 10**12]))
    times = np.cumsum([gap * scale for gap, count in gaps for _ in range(count)]).tolist()
    return [Packet(time, 0, 0, number * 7 % spread) for number, time in enumerate(times)]


def entries(some):
    """Lay out packets as LongestService takes them, with TABLE."""
    *others, queues = arrays(some)
    return *others, np.where(queues < 0, N_QUEUES, queues).astype(np.int32)


GRID_PS = [200, 90, 40, 12, 7, 5, 3, 1]
TABLE = np.array([*range(N_QUEUES), -1], np.int32)


@given(
    some=st.one_of(packets(), uneven_packets()),
    size=st.sampled_from([1, 2, 3, 8, 30]),
    cut=st.integers(0, 60),
    moved=st.sampled_from([0, 1, 50]),
)
@settings(max_examples=2000 if COMPILED else 60)
def test_the_longest_service_without_loss(some, size, cut, moved):
    most = 2**56 // size
    # Under the other configuration in time, entries stand the other way round.
    found = LongestService([TABLE, TABLE[::-1].copy()], size, most)
    of_grid = LongestService([TABLE, TABLE[::-1].copy()], size, GRID_PS[0], GRID_PS)
    if some[:cut]:
        found.run(Received(*entries(some[:cut])))
        of_grid.run(Received(*entries(some[:cut])))
    if some[cut:]:
        moved = min(moved, some[cut].arrival)
        found.move(moved)
        of_grid.move(moved)
        arrivals, *others, taken = entries(some[cut:])
        found.run(Received(arrivals - moved, *others, N_QUEUES - taken, 1))
        of_grid.run(Received(arrivals - moved, *others, N_QUEUES - taken, 1))
    longest = longest_service(some, size, most)
    assert found.service_ps == longest
    assert of_grid.service_ps == max(service for service in [*GRID_PS, 0] if service <= longest)
    services_ps = [min(found.service_ps + 1, most), max(found.service_ps, 1)]
    if services_ps[0] > services_ps[1]:
        losses = Losses(N_QUEUES, services_ps, size)
        losses.run(Received(*arrays(some)))
        assert (losses.dropped > 0).tolist() == [True, False]


@given(some=packets(with_unknown=False), size=st.sampled_from([1, 2, 3, 8]))
@settings(max_examples=500 if COMPILED else 30)
def test_cores_that_share_a_ring_take_turns_without_loss(some, size):
    found = LongestService([TABLE], size, 2**40)
    *others, queues = arrays(some)
    found.run(Received(*others, np.arange(len(some), dtype=np.int32) % N_QUEUES))
    shared = SharedLosses(N_QUEUES, [found.service_ps + 1, max(found.service_ps, 1)], size)
    shared.run(Received(*others, queues))
    assert bool(shared.dropped[0]) == (found.service_ps < 2**40)
    assert not shared.dropped[1] or not found.service_ps


def test_corners_find_room():
    # Ever faster: each packet is a corner.
    gaps = np.arange(400, 0, -1)
    times = np.cumsum(np.append(gaps, np.full(400, 200))).astype(np.int64)
    some = [Packet(int(time), 0, 0, 0) for time in times]
    found = LongestService([TABLE], 390, 2**40)
    found.run(Received(*entries(some)))
    assert found.service_ps == longest_service(some, 390, 2**40) == 389


@given(delay=st.integers(0, 2**61))
def test_a_bin_is_no_wider_than_a_64th(delay):
    low, width = bounds_of(int(bin_of(np.int64(delay))))
    assert low <= delay < low + width
    assert Fraction((width + 1) // 2, max(low, 1)) <= Fraction(1, 64) or width == 1
    assert abs(low + (width - 1) // 2 - delay) * 128 <= max(delay, 1)


def test_bins_follow_each_other():
    ends = [bounds_of(number) for number in range(3000)]
    assert all(low + width == following for (low, width), (following, _) in pairwise(ends))


def test_a_table_of_flows_grows_where_many_are_on_the_way():
    n = 5000
    flows = np.arange(n, dtype=np.int64)
    rings = Rings(2, Service(n, 10))
    # Every flow has a packet in the slow queue, then one in the other, which overtakes it but for the first ones.
    rings.run(Received(np.zeros(n, np.int64), flows, flows, np.zeros(n, np.int32)))
    rings.run(Received(np.zeros(n, np.int64), flows, flows[::-1].copy(), np.ones(n, np.int32)))
    expected = sum(10 * (n - flow) < 10 * (flow + 1) for flow in range(n))
    assert rings.take().reordered.tolist() == [0, expected]


@pytest.mark.parametrize("kind", [Rings, SharedRing])
def test_sums_of_times_may_leave_64_bits(kind):
    rings = kind(1, Service(4, 2**57))
    for _ in range(200):
        rings.run(Received(np.zeros(1, np.int64), *(np.ones(1, np.int64) for _ in range(2)), np.zeros(1, np.int32)))
        rings.move(2**57)
    found = rings.take()
    assert found.busy_ps == [200 * 2**57]
    assert found.occupied_ps == [200 * 2**57]
