"""Receive rings in time: one core serves each, in order of arrival.

Times are picoseconds from an epoch that the caller moves now and then. A packet occupies a descriptor of its ring from
its arrival until its service ends; a service that ends just when a packet arrives frees its descriptor. Without a free
one the packet is dropped.

Whether packets overtake each other within a flow is told by a table of flows with packets on the way: an entry matters
only while the latest end of service in it is ahead, so that entries are overwritten once it has passed.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import bit_length, kernel, multiply_wrapping, pointer, step

# Sums of a queue. Times are summed in two words, the first below LIMIT and the second in units of it.
PACKETS, BYTES, DROPPED, BUSY, BUSY_HIGH, WAITED, WAITED_HIGH = 0, 1, 2, 3, 4, 5, 6
MOST_OCCUPIED, LEAST_DELAY, MOST_DELAY, REORDERED, BY_CHANGE = 7, 8, 9, 10, 11
N_SUMS = 12
LIMIT_BITS = 61
NO_DELAY = 1 << 62  # what LEAST_DELAY starts from

# Delays are counted exactly below 128 ps, then in 64 bins for each power of two: its middle is at most 1/128 away.
_EXACT_BITS = 7
BINS_OF_POWER = 1 << (_EXACT_BITS - 1)
N_BINS = (62 - _EXACT_BITS) * BINS_OF_POWER + 2 * BINS_OF_POWER

# The table of flows: buckets of entries, which have the flow, its latest end of service, and the configuration in time
# that steered the packet with it.
FLOW, LATEST, STEERED_BY = 0, 1, 2
ENTRY_LEN = 3
ENTRIES_OF_BUCKET = 4
BUCKET_LEN = ENTRIES_OF_BUCKET * ENTRY_LEN

# State of a queue: where in its ring the oldest packet stands, how many there are, and when the last service ends.
HEAD, COUNT, LAST_END = 0, 1, 2
STATE_LEN = 3

NO_RING = -1
_FULL = -1


@step
def bin_of(delay: int) -> int:
    """Return the bin that a delay is counted in."""
    shift = max(bit_length(delay) - _EXACT_BITS, 0)
    return BINS_OF_POWER * shift + (delay >> shift)


@step
def _find_flow(table: Any, mask: int, flow: int, now: int) -> int:
    """Return where the entry of a flow is, or may be written; _FULL where its bucket has no room."""
    mixed = multiply_wrapping(np.uint64(flow), np.uint64(0x9E3779B97F4A7C15))
    first = (np.int64(mixed >> np.uint64(32)) & mask) * BUCKET_LEN
    free = np.int64(_FULL)
    for i in range(ENTRIES_OF_BUCKET):
        at = first + i * ENTRY_LEN
        if table[at + LATEST] <= now:
            free = at
        elif table[at + FLOW] == flow:
            return at
    return free


@step
def _drop(sums: Any, own: int, length: int) -> None:
    sums[own + PACKETS] += 1
    sums[own + BYTES] += length
    sums[own + DROPPED] += 1


@step
def _add_time(sums: Any, at: int, time: int) -> None:
    total = sums[at] + time
    carry = total >> LIMIT_BITS
    sums[at] = total - (carry << LIMIT_BITS)
    sums[at + 1] += carry


@step
def _accept(
    sums: Any, own: int, bins: Any, first_bin: int, table: Any, place: int, flow: int, epoch: int, length: int,
    service: int, delay: int, end: int, occupied: int,
) -> None:  # fmt: skip
    """Count an accepted packet, and enter it in the table of flows."""
    sums[own + PACKETS] += 1
    sums[own + BYTES] += length
    _add_time(sums, own + BUSY, service)
    _add_time(sums, own + WAITED, delay)
    sums[own + MOST_OCCUPIED] = max(sums[own + MOST_OCCUPIED], occupied)
    sums[own + LEAST_DELAY] = min(sums[own + LEAST_DELAY], delay)
    sums[own + MOST_DELAY] = max(sums[own + MOST_DELAY], delay)
    bins[first_bin + bin_of(delay)] += 1
    if table[place + FLOW] == flow and table[place + LATEST] > end:
        sums[own + REORDERED] += 1
        if table[place + STEERED_BY] != epoch:
            sums[own + BY_CHANGE] += 1
    else:
        table[place + FLOW] = flow
        table[place + LATEST] = end
        table[place + STEERED_BY] = epoch


@kernel
def run_rings(
    arrivals: Any, lengths: Any, flows: Any, queues: Any, start: int, n: int, epoch: int, fixed: int, per_byte: int,
    ring_size: int, ring_bits: int, ends: Any, states: Any, sums: Any, bins: Any, table: Any, n_buckets: int,
    drops: Any,
) -> int:  # fmt: skip
    """Run packets through the rings of one configuration.

    Parameters
    ----------
    arrivals, lengths, flows : int64 arrays of shape (n,)
        When each packet arrives, never descending; its length in bytes; and its flow (``steering``).
    queues : int32 array of shape (n,)
        The ring of each packet; NO_RING for those that go to none.
    start, n : int
        From which packet on to run up to which.
    epoch : int
        Which of the configurations in time steered these packets.
    fixed, per_byte : int
        How long a service takes, in picoseconds: for the packet, and for each byte.
    ring_size, ring_bits : int
        Descriptors of each ring, and the binary logarithm of the places that it has in ``ends``, no fewer.
    ends : int64 array of shape (n_queues << ring_bits,), states : int64 array of shape (n_queues * STATE_LEN,)
        When the services of the packets in each ring end, and the state of each. Written.
    sums : int64 array of shape (n_queues * N_SUMS,), bins : int64 array of shape (n_queues * N_BINS,)
        Added to.
    table : int64 array of shape (n_buckets * BUCKET_LEN,)
        The table of flows. Written.
    n_buckets : int
        A power of two.
    drops : bool array of shape (n,), or of no length
        Set for packets that are dropped, if there is room.

    Returns
    -------
    int
        Up to which packet they ran: fewer than ``n`` where the table of flows has no room for the next one's.
    """
    when, sizes, of_flow, of_queue = pointer(arrivals), pointer(lengths), pointer(flows), pointer(queues)
    ring, state, total, counted, known = pointer(ends), pointer(states), pointer(sums), pointer(bins), pointer(table)
    places = (1 << ring_bits) - 1
    mask = n_buckets - 1
    is_told = len(drops) >= n
    for i in range(start, n):
        queue = np.int64(of_queue[i])
        if queue == NO_RING:
            continue
        now = when[i]
        own, first = queue * STATE_LEN, queue << ring_bits
        head, count = state[own + HEAD], state[own + COUNT]
        while count > 0 and ring[first + head] <= now:
            head = (head + 1) & places
            count -= 1
        length = sizes[i]
        if count >= ring_size:
            state[own + HEAD], state[own + COUNT] = head, count
            _drop(total, queue * N_SUMS, length)
            if is_told:
                drops[i] = True
            continue
        place = _find_flow(known, mask, of_flow[i], now)
        if place == _FULL:
            return i
        service = fixed + per_byte * length
        end = max(now, state[own + LAST_END]) + service
        ring[first + ((head + count) & places)] = end
        count += 1
        state[own + HEAD], state[own + COUNT], state[own + LAST_END] = head, count, end
        _accept(
            total, queue * N_SUMS, counted, queue * N_BINS, known, place, of_flow[i], epoch, length, service,
            end - now, end, count,
        )  # fmt: skip
    return n


@kernel
def run_shared_ring(
    arrivals: Any, lengths: Any, flows: Any, start: int, n: int, fixed: int, per_byte: int,
    ring_size: int, ring_bits: int, n_cores: int, starts: Any, ends: Any, cores: Any, state: Any, frees: Any,
    serving: Any, sums: Any, bins: Any, table: Any, n_buckets: int,
) -> int:  # fmt: skip
    """Run packets through one ring that several cores take from; each is served by the core that is free first.

    Parameters
    ----------
    arrivals, lengths, flows, start, n, fixed, per_byte, ring_size, ring_bits, table, n_buckets
        As ``run_rings`` takes them.
    n_cores : int
        How many cores there are.
    starts, ends, cores : int64 arrays of shape (1 << ring_bits,)
        When the services of packets that wait start and end, and by which core. Written.
    state : int64 array of shape (STATE_LEN,)
        Of the packets that wait. Written.
    frees, serving : int64 arrays of shape (n_cores,)
        When each core has served all packets that it will take, and when the service that it began last ends. Written.
    sums : int64 array of shape (N_SUMS,), bins : int64 array of shape (N_BINS,)
        Added to.

    Returns
    -------
    int
        As ``run_rings`` returns it.
    """
    when, sizes, of_flow = pointer(arrivals), pointer(lengths), pointer(flows)
    begin, finish, by, free, current = pointer(starts), pointer(ends), pointer(cores), pointer(frees), pointer(serving)
    its, total, counted, known = pointer(state), pointer(sums), pointer(bins), pointer(table)
    places = (1 << ring_bits) - 1
    mask = n_buckets - 1
    for i in range(start, n):
        now = when[i]
        head, count = its[HEAD], its[COUNT]
        while count > 0 and begin[head] <= now:
            current[by[head]] = finish[head]
            head = (head + 1) & places
            count -= 1
        its[HEAD], its[COUNT] = head, count
        core, served = np.int64(0), np.int64(0)
        for each in range(n_cores):
            core = np.int64(each) if free[each] < free[core] else core
            served += np.int64(current[each] > now)
        length = sizes[i]
        if count + served >= ring_size:
            _drop(total, 0, length)
            continue
        place = _find_flow(known, mask, of_flow[i], now)
        if place == _FULL:
            return i
        service = fixed + per_byte * length
        begins = max(now, free[core])
        end = begins + service
        free[core] = end
        tail = (head + count) & places
        begin[tail], finish[tail], by[tail] = begins, end, core
        its[COUNT] = count + 1
        its[LAST_END] = max(its[LAST_END], end)
        _accept(
            total, 0, counted, 0, known, place, of_flow[i], 0, length, service, end - now, end, count + served + 1
        )  # fmt: skip
    return n


@kernel
def move_flows(old: Any, n_old: int, table: Any, n_buckets: int, now: int) -> bool:
    """Enter the flows of a table that matter still into a larger one, which is empty.

    Parameters
    ----------
    old : int64 array of shape (n_old * BUCKET_LEN,), table : int64 array of shape (n_buckets * BUCKET_LEN,)
        The tables; the second is written.
    n_old, n_buckets : int
        Powers of two.
    now : int
        The present time.

    Returns
    -------
    bool
        Whether there was room for all.
    """
    source, target = pointer(old), pointer(table)
    for i in range(n_old * ENTRIES_OF_BUCKET):
        at = i * ENTRY_LEN
        if source[at + LATEST] <= now:
            continue
        place = _find_flow(target, n_buckets - 1, source[at + FLOW], now)
        if place == _FULL:
            return False
        for word in range(ENTRY_LEN):
            target[place + word] = source[at + word]
    return True
