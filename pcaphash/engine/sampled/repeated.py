"""Whether packets are in a capture twice: in their tunnel, and again without it.

Linux hands a tunnel packet to the physical interface, and what was in it to the tunnel's own interface and to a bridge.
A capture of ``any`` holds all of them. The NIC received only the first one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import NO_INTERFACE
from pcaphash.device.device import Device
from pcaphash.engine.flows.grouping import group_rows
from pcaphash.engine.flows.table import Flows
from pcaphash.engine.flows.tuples import inner_tuples, outer_tuples
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.sampled.kept import KeptPackets
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.flows import KEY_WORDS, LONG_KEY_WORDS, N_SUMS, read_flow_keys
from pcaphash.kernels.tunnel import TUNNELS
from pcaphash.kernels.tuples import WITHOUT_NETWORK_LEN

_LEAST_PACKETS = 10
_LEAST_SHARE = 0.1  # of the tunnel packets


@dataclass(frozen=True)
class Repeated:
    """Tunnel packets whose inner packets are in the capture again.

    Parameters
    ----------
    share : float
        Of the tunnel packets, those of which a copy may be there.
    interfaces : tuple of int
        Where the tunnel packets were captured; empty where the capture does not say.
    others : tuple of int
        Where the copies were captured.
    """

    share: float
    interfaces: tuple[int, ...]
    others: tuple[int, ...]


def find_repeated(kept: KeptPackets) -> Repeated | None:
    """Find tunnel packets whose inner addresses and ports are those of packets without a tunnel, in the same trace.

    Where a capture says on which interface packets were captured, the copy must be on another one.
    """
    if not kept.is_of_several:
        return None
    flows, records = _flows_of_packets(kept)
    is_tunnel = flows.by_signature(lambda signature: split_signature(signature)[1] in TUNNELS) != 0
    inner, outer = inner_tuples(flows), outer_tuples(flows)
    in_tunnel, plain = is_tunnel & inner.is_ip & inner.has_ports, ~is_tunnel & outer.is_ip & outer.has_ports
    if np.count_nonzero(in_tunnel) < _LEAST_PACKETS or not plain.any():
        return None
    traces, interfaces = kept.traces[records].astype(np.uint64), kept.interfaces[records]
    tuples = np.where(in_tunnel[:, np.newaxis], inner.rows, outer.rows)
    groups = group_rows(np.column_stack([traces, tuples[:, :WITHOUT_NETWORK_LEN]])).of_row
    chosen = in_tunnel & np.isin(groups, groups[plain])
    copies = plain & np.isin(groups, groups[chosen])
    told = {number for number in interfaces[chosen].tolist() if number != NO_INTERFACE}
    others = {number for number in interfaces[copies].tolist() if number != NO_INTERFACE} - told
    if told and not others:
        return None
    n = int(np.count_nonzero(chosen))
    share = n / int(np.count_nonzero(is_tunnel))
    if n < _LEAST_PACKETS or share < _LEAST_SHARE:
        return None
    return Repeated(share, tuple(sorted(told)), tuple(sorted(others)))


def _flows_of_packets(kept: KeptPackets) -> tuple[Flows, npt.NDArray[np.int64]]:
    """Return each packet as a flow of its own, and which record it is; those with extended addresses are left out."""
    n, rules = len(kept), ReadingRules.of(Device("1.4"))
    rows, numbers = np.empty(n * (1 + KEY_WORDS), np.uint64), np.empty(n, np.int64)
    long_rows, long_numbers = np.empty(n * (1 + LONG_KEY_WORDS), np.uint64), np.empty(n, np.int64)
    n_rows, _ = read_flow_keys(
        kept.data, kept.records, n, *rules.arguments,
        rows, numbers, long_rows, long_numbers,
    )  # fmt: skip
    return Flows(rows.reshape(n, 1 + KEY_WORDS)[:n_rows], np.zeros((n_rows, N_SUMS), np.int64)), numbers[:n_rows]
