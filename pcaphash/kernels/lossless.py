"""The longest service under which a receive ring loses nothing, where each service takes the same time.

Packet k of a ring of R descriptors is lost under services of s if for some packet i, at least R earlier, the product
s * (k - i - R + 1) is more than the time between their arrivals: the services of the packets from i on have kept the
ring full. So the longest service without loss is the least of all quotients of the time and k - i - R + 1, and only few
packets i can give it: corners of the upper convex hull of (number, arrival), from the beginning of the current busy
period on. They are kept while packets come; the service only ever gets shorter, and with it busy periods end earlier,
so that what was left out once never matters again.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer, step

# State of a ring: when all work is done (or later: it is an upper bound), packets that came, the first one of the busy
# period, and where its corners begin and end.
END, COUNT, FIRST, HEAD, TAIL = 0, 1, 2, 3, 4
STATE_LEN = 5

NUMBER, ARRIVAL = 0, 1
CORNER_LEN = 2
_NO_ROOM = -1

_EXACT = 4e18  # products below fit into 64 bits
_MARGIN = 1 + 1e-14  # more than what products of two doubles can be off


@step
def _is_no_corner(corners: Any, last: int, number: int, arrival: int) -> bool:
    """Return whether the last corner lies on or below the line from the one before to a new point."""
    before = last - CORNER_LEN
    risen, further = corners[last + ARRIVAL] - corners[before + ARRIVAL], number - corners[last + NUMBER]
    rises, far = arrival - corners[last + ARRIVAL], corners[last + NUMBER] - corners[before + NUMBER]
    old, new = np.float64(risen) * np.float64(further), np.float64(rises) * np.float64(far)
    if max(old, new) < _EXACT:
        return risen * further <= rises * far
    return old * _MARGIN <= new  # a corner too many does no harm


@step
def _add_corner(corners: Any, head: int, tail: int, service: int, number: int, arrival: int) -> int:
    """Add a corner, and take away those that no longer are; return where corners end."""
    while tail > head and arrival - corners[tail - CORNER_LEN + ARRIVAL] >= service * (
        number - corners[tail - CORNER_LEN + NUMBER]
    ):
        tail -= CORNER_LEN
    while tail >= head + 2 * CORNER_LEN and _is_no_corner(corners, tail - CORNER_LEN, number, arrival):
        tail -= CORNER_LEN
    corners[tail + NUMBER] = number
    corners[tail + ARRIVAL] = arrival
    return tail + CORNER_LEN


@step
def _meet_corners(
    corners: Any, state: Any, own: int, base: int, room: int, service: int, number: int, arrival: int, now: int,
    left: int, ring_size: int,
) -> int:  # fmt: skip
    """Add a corner; return how long a service may be for a packet to fit in after work that is left, or NO_ROOM."""
    head, tail = base + state[own + HEAD], base + state[own + TAIL]
    if number == state[own + FIRST]:
        head, tail = base, base
    if tail == base + room:
        if head == base:
            return np.int64(_NO_ROOM)
        for at in range(tail - head):
            corners[base + at] = corners[head + at]
        head, tail = base, base + tail - head
    tail = _add_corner(corners, head, tail, service, number, arrival)
    if left > (ring_size - 1) * service:
        for at in range(head, tail, CORNER_LEN):
            longest = (now - corners[at + ARRIVAL]) // (number - corners[at + NUMBER] + 1)
            if longest < service:
                service, head = longest, at
    state[own + HEAD] = head - base
    state[own + TAIL] = tail - base
    return np.int64(service)


@kernel
def run_lossless(
    arrivals: Any, entries: Any, table: Any, start: int, n: int, ring_size: int, ring_bits: int, service: int,
    grid: Any, n_grid: int, states: Any, recent: Any, corners: Any, room: int,
) -> tuple[int, int]:  # fmt: skip
    """Run packets through rings; shorten the service until none of them loses a packet.

    Parameters
    ----------
    arrivals : int64 array of shape (n,)
        When each packet arrives, in picoseconds from an epoch, never descending.
    entries : int32 array of shape (n,)
        Which entry of the table each packet takes.
    table : int32 array
        The ring behind each entry; negative where packets go to none.
    start, n : int
        From which packet on to run up to which.
    ring_size, ring_bits : int
        Descriptors of each ring, and the binary logarithm of the places that it has in ``recent``, no fewer.
    service : int
        The longest service until now, in picoseconds.
    grid : int64 array of shape (n_grid,)
        Services of which the longest one is looked for, longest first, the last of them 0.
    n_grid : int
        How many there are; 0 if it may be any.
    states : int64 array of shape (n_queues * STATE_LEN,)
        The state of each ring. Written.
    recent : int64 array of shape (n_queues << ring_bits,)
        Arrivals of the latest packets of each ring. Written.
    corners : int64 array of shape (n_queues * room,)
        Corners of each ring. Written.
    room : int
        A multiple of CORNER_LEN.

    Returns
    -------
    done : int
        Up to which packet they ran: fewer than ``n`` if one of the rings has no room for another corner.
    service : int
        The longest service with which all packets until then are accepted.
    """
    when, taken, of_entry, state = pointer(arrivals), pointer(entries), pointer(table), pointer(states)
    latest, all_corners, grid_services = pointer(recent), pointer(corners), pointer(grid)
    last_place = (np.int64(1) << ring_bits) - 1
    for i in range(start, n):
        queue = np.int64(of_entry[taken[i]])
        if queue < 0:
            continue
        now = when[i]
        own, ring = queue * STATE_LEN, queue << ring_bits
        number = state[own + COUNT]
        # Whether work is left is what a processor cannot foresee: no branch hangs on it.
        left = max(state[own + END] - now, 0)
        first = state[own + FIRST] if left > 0 else number
        state[own + FIRST] = first
        if number - ring_size >= first:
            arrival = latest[ring + ((number - ring_size) & last_place)]
            fitting = _meet_corners(
                all_corners, state, own, queue * room, room, service, number - ring_size, arrival, now, left, ring_size
            )
            if fitting == _NO_ROOM:
                return np.int64(i), np.int64(service)
            if fitting < service:
                service = fitting
                for at in range(n_grid):
                    if grid_services[at] <= fitting:
                        service = grid_services[at]
                        break
            left = min(left, (ring_size - 1) * service)
        state[own + END] = now + left + service
        state[own + COUNT] = number + 1
        latest[ring + (number & last_place)] = now
    return np.int64(n), np.int64(service)
