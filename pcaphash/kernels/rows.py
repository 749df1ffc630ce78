"""Describe packets one by one: the hash that one configuration picks, and the bytes it is over."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be32, kernel, pointer, step
from pcaphash.kernels.departures import SORTED, SYMMETRIC_OR_XOR, SYMMETRIC_XOR, finish_as, initial_product
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import KIND_IPV6, Header
from pcaphash.kernels.toeplitz import WORDS, product, view_key

# What a configuration picks for a signature: NOTHING, or 1 + 4 * header + form, with header 0 for the outer and 1 for
# the inner one, and the form a sum of the two below.
UNDECIDED = -1
NOTHING = 0
WITH_PORTS = 1
EXTENDED = 2
FORMS = 4

INPUT_LEN = 4 * WORDS


@step
def _copy(d: Any, source: int, n_bytes: int, inputs: Any, at: int) -> int:
    for i in range(n_bytes):
        inputs[at + i] = d[source + i]
    return at + n_bytes


@step
def _transform(inputs: Any, start: int, length: int, departures: Any) -> None:
    """Sort a field of the source and that of the destination behind it, and apply an input transformation to them."""
    if departures & SORTED:
        at = start
        while at < start + length and inputs[at] == inputs[at + length]:
            at += 1
        if at < start + length and inputs[at] > inputs[at + length]:
            for i in range(start, start + length):
                smaller = inputs[i + length]
                inputs[i + length] = inputs[i]
                inputs[i] = smaller
    for i in range(start, start + length):
        source, destination = inputs[i], inputs[i + length]
        if departures & (SYMMETRIC_XOR | SYMMETRIC_OR_XOR):
            inputs[i + length] = source ^ destination
        if departures & SYMMETRIC_XOR:
            inputs[i] = source ^ destination
        elif departures & SYMMETRIC_OR_XOR:
            inputs[i] = source | destination


@step
def _write_input(d: Any, form: int, header: Header, inputs: Any, start: int, departures: Any) -> int:
    """Write the hash input of one header (addresses, then ports, as on the wire or transformed); return its length."""
    at = start
    if header.kind < KIND_IPV6:
        at = _copy(d, header.ip + 12, 8, inputs, at)
    elif form & EXTENDED:
        at = _copy(d, header.source, 16, inputs, at)
        at = _copy(d, header.destination, 16, inputs, at)
    else:
        at = _copy(d, header.ip + 8, 32, inputs, at)
    if form & WITH_PORTS:
        at = _copy(d, header.payload, 4, inputs, at)
    if departures is not None:
        half = 4 if header.kind < KIND_IPV6 else 16
        _transform(inputs, start, half, departures)
        if form & WITH_PORTS:
            _transform(inputs, start + 2 * half, 2, departures)
    return at - start


@step
def _hash_input(inputs: Any, start: int, length: int, key: Any, departures: Any) -> Any:
    """Hash an input of whole 32-bit words."""
    total = initial_product(departures) ^ product(be32(inputs, start), 0, key)
    for word in range(1, length >> 2):
        total ^= product(be32(inputs, start + 4 * word), word, key)
    return finish_as(total, departures)


@kernel
def describe_packets(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any, departures: Any,
    picks: Any, signatures: Any, hash_values: Any, inputs: Any, input_lengths: Any,
) -> int:  # fmt: skip
    """Describe the packets of a block.

    Parameters
    ----------
    block, records, n_records, key, port_types, departures
        As ``census.count_packets`` takes them.
    picks : int32 array of shape (N_SIGNATURES,)
        What the configuration picks for each signature; UNDECIDED for those not met yet.
    signatures : int32 array, hash_values : uint32 array, input_lengths : int64 array, each of shape (n_records,)
        Written: signature, hash (0 where none is calculated) and length of the hash input in bytes.
    inputs : uint8 array of shape (n_records * INPUT_LEN,)
        Written: the hash inputs.

    Returns
    -------
    int
        How many records were described: fewer than ``n_records`` where the next one's signature is undecided; that
        signature is written.
    """
    d = pointer(block)
    types = pointer(port_types)
    picked = pointer(picks)
    written = pointer(inputs)
    prepared = view_key(key)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        frame_end = max(offset + np.int64(records[i]["original_length"]), captured_end)
        encapsulation, outer, inner = dissect(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, prepared, departures, None
        )
        signature = signature_of(outer.kind, encapsulation, inner.kind)
        signatures[i] = signature
        pick = np.int64(picked[signature])
        if pick == UNDECIDED:
            return i
        hash_values[i] = 0
        input_lengths[i] = 0
        if pick == NOTHING:
            continue
        start = i * INPUT_LEN
        form = (pick - 1) & (FORMS - 1)
        length = _write_input(d, form, inner if pick > FORMS else outer, written, start, departures)
        input_lengths[i] = length
        hash_values[i] = _hash_input(written, start, length, prepared, departures)
    return n_records
