"""Make packets from a seed: whole numbers only, so that every machine makes the same bytes.

Random numbers are counted: those of a packet follow from its number, those of a flow from the flow's.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import bit_length, copy_bytes, kernel, pointer, step
from pcaphash.kernels.mixing import mixed, numbered
from pcaphash.kernels.synth_frames import (
    OF_FLOW,
    below,
    finish_record,
    high,
    low,
    write_flow,
    write_inner,
    write_outer,
    write_record,
)
from pcaphash.quantities import PS_OF_NS
from pcaphash.standards import ip

SETTINGS = np.dtype(
    [
        ("seed", np.uint64),
        ("most_frames", np.int64),
        ("most_flows", np.int64),
        ("end_ps", np.int64),  # no frame comes at this time or later
        ("start_ns", np.int64),  # since 1970, of the first moment
        ("by_bytes", np.int64),  # whether sizes of flows are bytes
        ("by_rank", np.int64),  # whether a flow is a rank, and goes on for ever
        ("gap_ps", np.int64),  # between two frames, on average
        ("is_even", np.int64),  # whether all gaps are the same
        ("burst_gap_ps", np.int64),  # between two frames of a burst, on average
        ("pause_ps", np.int64),  # between two bursts, on average; 0 for no bursts
        ("burst_scale", np.int64),  # of frames that follow the first of a burst: 2 ** 20 / ln(mean / (mean - 1))
        ("n_endpoints", np.int64),
        ("n_networks", np.int64),
        ("outer_port", np.int64),  # -1 for one by flow
        # Shares, of 2 ** 32.
        ("ipv6", np.int64),
        ("outer_ipv6", np.int64),
        ("udp", np.int64),
        ("vlans", np.int64),
        ("fragments", np.int64),
        ("snap_length", np.int64),
        ("is_pcapng", np.int64),
    ]
)
"""What is asked for; one item."""

STATE = np.dtype(
    [
        ("datagrams", np.int64),  # made: each is a frame, or two fragments
        ("frames", np.int64),
        ("flows", np.int64),  # begun, in the order of their numbers
        ("active", np.int64),  # slots in use
        ("time_ps", np.int64),  # of the next frame, since the first moment
        ("last_ps", np.int64),  # of the last frame
        ("left_in_burst", np.int64),
        ("finished", np.int64),  # flows that sent all they had
        ("largest", np.int64),  # datagrams of the largest of these
    ]
)
"""How far the traffic is; one item, zero at first."""

SLOT = np.dtype([("flow", np.int64), ("left", np.int64), ("packets", np.int64), ("sent", np.int64)])
"""A flow that goes on: its number, packets or bytes left, and datagrams and bytes of payload that were sent."""

FRAGMENTED_LEAST = 16  # bytes of payload
_SHORTEST_FRAME = 60  # without the check sequence, which captures do not show
_MOST_HEADERS = 256
_OF_DATAGRAM = 8  # random numbers of a datagram, at most
_DATAGRAM_KEY, _FLOW_KEY, _SIZE_KEY = 1, 2, 3


@step
def _draw(numbers: Any, cumulative: Any, guide: Any, half: int) -> int:
    """Draw from a distribution (``studies.synth.distribution``) with half a random number."""
    i = np.int64(guide[half >> 20])
    while cumulative[i + 1] <= half:
        i += 1
    low, width = cumulative[i], cumulative[i + 1] - cumulative[i]
    return numbers[i] + 1 + (half - low) * (numbers[i + 1] - numbers[i]) // width


@step
def _exponential(logarithms: Any, mean: int, half: int) -> int:
    """Draw from the exponential distribution with half a random number: mean * -ln(u), u being (half + 1) / 2 ** 32.

    ``logarithms`` has -ln(1/2 + i/512) for i from 0 to 256, in units of 2 ** -24; between two of them it is straight.
    """
    value = half + 1
    n_bits = bit_length(value) - 1
    fraction = (value << (33 - n_bits)) - (np.int64(1) << 33) if n_bits < 33 else np.int64(0)  # of 2 ** 33
    i, rest = fraction >> 25, fraction & 0x1FFFFFF
    log = logarithms[i] + (((logarithms[i + 1] - logarithms[i]) * rest) >> 25)
    total = (31 - n_bits) * logarithms[0] + log
    return (mean >> 24) * total + (((mean & 0xFFFFFF) * total) >> 24)


@step
def _next_gap(settings: Any, state: Any, logarithms: Any, number: Any) -> int:
    """Return how long after a frame the next one comes, in picoseconds."""
    if settings["is_even"]:
        return settings["gap_ps"]
    if settings["pause_ps"] == 0:
        return _exponential(logarithms, settings["gap_ps"], high(number))
    if state["left_in_burst"] > 0:
        state["left_in_burst"] -= 1
        return _exponential(logarithms, settings["burst_gap_ps"], high(number))
    # Rounded down, an exponential distribution becomes a geometric one.
    state["left_in_burst"] = _exponential(logarithms, settings["burst_scale"], low(number)) >> 20
    return _exponential(logarithms, settings["pause_ps"], high(number))


@step
def _kind_of(settings: Any, kinds: Any, key: Any, flow: int) -> int:
    """Return the number of the first template of a flow: not a fragment (see ``studies.synth.templates``)."""
    first, second = numbered(key, OF_FLOW * flow), numbered(key, OF_FLOW * flow + 1)
    half = high(first)
    kind = np.int64(0)
    while kinds[kind] <= half:
        kind += 1
    kind = kind * 2 + (low(first) < settings["outer_ipv6"])
    kind = kind * 2 + (low(mixed(first)) < settings["ipv6"])
    kind = kind * 2 + (high(second) < settings["udp"])
    return (kind * 2 + (low(second) < settings["vlans"])) * 3


@step
def _leave(slots: Any, chosen: int, state: Any) -> None:
    """Put the last flow that goes on into a slot that is not needed any more."""
    state["active"] -= 1
    state["datagrams"] += 1  # its random numbers are used up
    slot, last = slots[chosen], slots[state["active"]]
    slot["flow"], slot["left"] = last["flow"], last["left"]
    slot["packets"], slot["sent"] = last["packets"], last["sent"]
    last["packets"] = 0


@kernel
def make_packets(
    settings: Any, state: Any, slots: Any, templates: Any, headers: Any, kinds: Any, numbers: Any, cumulative: Any,
    guide: Any, logarithms: Any, lengths: Any, counts: Any, out: Any,
) -> tuple[int, int]:  # fmt: skip
    """Make packets as records of a capture, as many as there is room for.

    Parameters
    ----------
    settings, state : SETTINGS and STATE arrays of shape (1,)
        What is asked for, and how far it is. The state is written.
    slots : SLOT array of shape (n_slots,)
        Flows that go on at the same time; zero at first. Written.
    templates : TEMPLATE array of shape (n_templates,), headers : uint8 array
        Every kind of packet, and the bytes of all.
    kinds : int64 array
        Up to which half of a random number each encapsulation comes.
    numbers, cumulative : int64 arrays, guide : int32 array
        The distribution of sizes of flows, or of ranks.
    logarithms : int64 array of shape (257,)
        See ``_exponential``.
    lengths : int64 array
        Lengths of innermost IP packets in bytes, each as likely as the others.
    counts : int64 array of shape (n_templates * 3,)
        Frames and bytes of each kind, and flows of it. Added to.
    out : uint8 array
        Written.

    Returns
    -------
    n_bytes, is_over : int
        Bytes written, and whether the traffic is over.
    """
    o, h = pointer(out), pointer(headers)
    request, far = settings[0], state[0]
    points, shares, starts, logs = pointer(numbers), pointer(cumulative), pointer(guide), pointer(logarithms)
    seed = mixed(np.uint64(request["seed"]))
    packet_key, flow_key = numbered(seed, _DATAGRAM_KEY), numbered(seed, _FLOW_KEY)
    size_key = numbered(seed, _SIZE_KEY)
    by_bytes, by_rank, is_pcapng = request["by_bytes"] != 0, request["by_rank"] != 0, request["is_pcapng"] != 0
    at = np.int64(0)
    longest = np.int64(0)
    for i in range(len(lengths)):
        longest = max(longest, np.int64(lengths[i]))
    room = len(out) - 2 * (longest + _MOST_HEADERS)
    while at < room:
        if far["active"] == 0 or far["frames"] >= request["most_frames"] or far["time_ps"] >= request["end_ps"]:
            return at, 1
        n = np.int64(far["datagrams"])
        first, second = numbered(packet_key, _OF_DATAGRAM * n), numbered(packet_key, _OF_DATAGRAM * n + 1)
        if by_rank:
            chosen = _draw(points, shares, starts, high(first)) - 1
        else:
            chosen = below(high(first), far["active"])
        slot = slots[chosen]
        if slot["packets"] == 0:
            if not by_rank and far["flows"] >= request["most_flows"]:
                _leave(slots, chosen, far)
                continue
            slot["flow"] = far["flows"]
            far["flows"] += 1
            if not by_rank:
                slot["left"] = _draw(points, shares, starts, high(numbered(size_key, slot["flow"])))
        flow = np.int64(slot["flow"])
        kind = _kind_of(request, kinds, flow_key, flow)
        if slot["packets"] == 0:
            counts[3 * kind + 2] += 1
        template = templates[kind]
        header_len = ip.IPV4_LEN if template["inner_version"] == 4 else ip.IPV6_LEN
        transport_len = ip.TCP_LEN if template["protocol"] == ip.TCP else ip.UDP_LEN
        wanted = np.int64(lengths[below(low(first), len(lengths))]) - header_len - transport_len
        payload = max(wanted, np.int64(1 if by_bytes else 0))
        if by_bytes:
            payload = min(payload, np.int64(slot["left"]))
        whole = transport_len + payload
        is_cut = template["protocol"] == ip.UDP and payload >= FRAGMENTED_LEAST
        is_cut = is_cut and low(second) < request["fragments"]
        first_part = ((whole >> 1) + 7) & ~7 if is_cut else whole
        for part in range(2 if is_cut else 1):
            if far["frames"] >= request["most_frames"] or far["time_ps"] >= request["end_ps"]:
                break
            which = kind + (1 + part if is_cut else 0)
            form = templates[which]
            head = np.int64(form["length"])
            data_len = whole - first_part if part else first_part
            in_head = transport_len if form["transport"] >= 0 else 0
            unpadded = head + data_len - in_head
            length = max(unpadded, _SHORTEST_FRAME)
            captured: int = min(length, np.int64(request["snap_length"]))
            time_ns = request["start_ns"] + far["time_ps"] // PS_OF_NS
            to = write_record(o, at, time_ns, captured, length, is_pcapng)
            copy_bytes(o, to, h, np.int64(form["start"]), head)
            for i in range(to + head, to + captured):
                o[i] = 0
            write_flow(o, to, form, request, flow_key, flow)
            write_inner(o, to, form, data_len, first_part if part else 0, whole, n, np.int64(slot["sent"]))
            write_outer(o, to, form, unpadded, n)
            at = finish_record(o, to, captured, is_pcapng)
            counts[3 * which] += 1
            counts[3 * which + 1] += length
            far["frames"] += 1
            far["last_ps"] = far["time_ps"]
            far["time_ps"] += _next_gap(request, far, logs, numbered(packet_key, _OF_DATAGRAM * n + 2 + part))
        far["datagrams"] += 1
        slot["packets"] += 1
        slot["sent"] += payload
        if by_rank:
            continue
        slot["left"] -= payload if by_bytes else 1
        if slot["left"] == 0:
            far["finished"] += 1
            far["largest"] = max(far["largest"], np.int64(slot["packets"]))
            slot["packets"] = 0
            slot["sent"] = 0
    return at, 0
