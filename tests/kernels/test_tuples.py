"""Addresses and ports of flows stand in rows as their endpoints are written, and are equal for both directions."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from pcaphash.capture.reader import Reader
from pcaphash.engine.flows.table import Flows, FlowTable, join_flows
from pcaphash.engine.flows.tunnels import Endpoints, inner_endpoints, outer_endpoints
from pcaphash.engine.flows.tuples import inner_tuples, innermost_tuples, outer_tuples
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels.tuples import NETWORK, TUPLE_LEN, WITHOUT_PORTS_LEN, turn_tuples
from support.captures import pcapng_of
from support.variety import variety

NUMBERS = st.integers(0, 3) | st.integers(0, 0xFFFF)


def flows_of(path) -> Flows:
    path.write_bytes(pcapng_of(variety()))
    table = FlowTable(ReadingRules.of(pcaphash.Device("1.4")))
    for block in Reader(str(path)).blocks():
        table.append(block)
    return join_flows(table.flows())


def named(endpoints: Endpoints | None) -> Endpoints | None:
    """Return nothing for what is not IP; and leave out which transport it is that was cut before its ports."""
    if endpoints is None or not endpoints.source:
        return None
    return endpoints if endpoints.source_port is not None else replace(endpoints, protocol="")


def test_rows_are_equal_where_endpoints_are(tmp_path):
    flows = flows_of(tmp_path / "variety.pcapng")
    every = range(len(flows))
    outer, inner = [named(outer_endpoints(flows, i)) for i in every], [named(inner_endpoints(flows, i)) for i in every]
    in_tunnel = [inner_endpoints(flows, i) is not None for i in every]
    innermost = [inner[i] if in_tunnel[i] else outer[i] for i in every]
    for tuples, expected in (
        (outer_tuples(flows), outer),
        (inner_tuples(flows), inner),
        (innermost_tuples(flows), innermost),
    ):
        assert tuples.is_ip.tolist() == [each is not None for each in expected]
        assert tuples.has_ports.tolist() == [bool(each and each.source_port is not None) for each in expected]
        rows = [tuple(row) for row in tuples.rows[:, :NETWORK].tolist()]
        assert len(set(rows)) == len(set(expected)) == len(set(zip(rows, expected, strict=True)))
        addresses = [each and (each.source, each.destination) for each in expected]
        rows = [tuple(row) for row in tuples.rows[:, :WITHOUT_PORTS_LEN].tolist()]
        assert len(set(rows)) == len(set(addresses)) == len(set(zip(rows, addresses, strict=True)))
        networks = np.where(tuples.is_ip, flows.network_numbers + 1, 0)
        assert np.array_equal(tuples.rows[:, NETWORK].astype(np.int64), networks)


@given(st.sampled_from([4, 6]), *([NUMBERS] * 6))
def test_both_directions_of_a_connection_are_one(version, source, more, destination, other, port, other_port):
    row, back = np.zeros((2, TUPLE_LEN), np.uint64)
    if version == 4:
        row[0], back[0] = source << 32 | destination, destination << 32 | source
        more = other = 0
    else:
        row[:4], back[:4] = (source, more, destination, other), (destination, other, source, more)
    row[4:6], back[4:6] = (version, 1 << 32 | port << 16 | other_port), (version, 1 << 32 | other_port << 16 | port)
    turned = np.empty(2, np.int64)
    rows = np.concatenate([row, back])
    turn_tuples(rows, 2, turned)
    assert np.array_equal(rows[:TUPLE_LEN], rows[TUPLE_LEN:])
    assert np.array_equal(rows[:TUPLE_LEN], back if turned[0] else row)
    is_palindrome = (source, more, port) == (destination, other, other_port)
    assert turned.sum() == (0 if is_palindrome else 1)
