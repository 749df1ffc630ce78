"""Rows of the tables that a comparison gives."""

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.describer import NO_QUEUE
from pcaphash.engine.flows.tunnels import NO_TUNNEL, inner_endpoints, outer_endpoints
from pcaphash.studies.compare.outcome import Outcome, PacketGroup, Row
from pcaphash.studies.shared.chance.spread import UNITS, spread

HEAVIEST_FLOWS = 20


def baseline_rows(outcome: Outcome) -> list[Row]:
    """Return each measure of the flows kept, beside what ideal hashes give and what other flows might have given."""
    rows = ideal_rows(outcome)
    for row in rows:
        sampling = outcome.sampling[f"{row['measure']}_{row['unit']}"]
        row |= {"sampling_low": sampling.low, "sampling_high": sampling.high}
    return rows


def ideal_rows(outcome: Outcome) -> list[Row]:
    """Return each measure of the flows kept, beside what ideal hashes give."""
    if outcome.baseline is None:
        return []
    rows: list[Row] = []
    for column, unit in enumerate(UNITS):
        for measure, value in spread(outcome.kept[:, column]).items():
            name = f"{measure}_{unit}"
            ideal = outcome.baseline.interval(name)
            rows.append(
                {
                    "config": outcome.device.name,
                    "measure": measure,
                    "unit": unit,
                    "value": value,
                    "ideal_low": ideal.low,
                    "ideal_median": outcome.baseline.median(name),
                    "ideal_high": ideal.high,
                    "percentile": outcome.baseline.percentile(name, value),
                }
            )
    return rows


def group_rows(outcome: Outcome) -> list[Row]:
    """Return how the packets of each encapsulation spread, and those of each of the heaviest tunnels."""
    if not outcome.device.has_queue:
        return []
    return [
        _group_row(outcome.device.name, kind, group)
        for kind, groups in (("encapsulation", outcome.encapsulations), ("tunnel", outcome.tunnels))
        for group in groups
    ]


def _group_row(config: str, kind: str, group: PacketGroup) -> Row:
    packets, n_bytes = group.queues[:, 0], group.queues[:, 1]
    of_packets, of_bytes = spread(packets), spread(n_bytes)
    return {
        "config": config,
        "group": kind,
        "name": group.name,
        "packets": int(packets.sum()),
        "bytes": int(n_bytes.sum()),
        "queues_used": int((packets > 0).sum()),
        "busiest_queue": int(packets.argmax()) if packets.any() else None,
        "max_ideal_packets": of_packets["max_ideal"],
        "max_ideal_bytes": of_bytes["max_ideal"],
        "jain_packets": of_packets["jain"],
        "jain_bytes": of_bytes["jain"],
    }


def window_rows(outcome: Outcome) -> list[Row]:
    """Return the load of each receive queue in each window with packets."""
    timeline = outcome.timeline
    if timeline is None:
        return []
    return [
        {
            "config": outcome.device.name,
            "window_start_ns": window * timeline.window_ns,
            "queue": queue,
            "packets": int(load[0]),
            "bytes": int(load[1]),
        }
        for window, loads in zip(timeline.windows, timeline.loads, strict=True)
        for queue, load in enumerate(loads)
    ]


def affinity_rows(outcome: Outcome) -> list[Row]:
    """Return how often what belongs together is apart."""
    return [{"config": outcome.device.name, **asdict(affinity)} for affinity in outcome.affinity]


def _heaviest_flows(outcome: Outcome, n: int, queue: int | None = None) -> npt.NDArray[np.int64]:
    """Return the numbers of the flows with the most packets, on one receive queue or on any."""
    assert outcome.flow_set is not None
    assert outcome.inputs is not None
    packets = outcome.flow_set.flows.loads[:, 0]
    chosen = np.arange(len(packets))
    if queue is not None:
        chosen = np.flatnonzero(outcome.inputs.queue_of_flow == queue)
    # Equal loads stand in order of their keys, so that the order of packets does not matter.
    return chosen[outcome.flow_set.flows.heaviest(chosen, n)]


def flow_rows(outcome: Outcome, most: int = HEAVIEST_FLOWS, queue: int | None = None) -> list[Row]:
    """Return the heaviest flows, on one receive queue or on any, with the receive queue of each."""
    if outcome.flow_set is None or outcome.inputs is None:
        return []
    flows, tunnels = outcome.flow_set.flows, outcome.flow_set.tunnels
    total = int(flows.loads[:, 0].sum())
    rows: list[Row] = []
    for rank, flow in enumerate(_heaviest_flows(outcome, most, queue).tolist(), 1):
        number = int(tunnels.of_flow[flow])
        tunnel = None if number == NO_TUNNEL else tunnels[number]
        inner = inner_endpoints(flows, flow)
        own = int(outcome.inputs.queue_of_flow[flow])
        packets, n_bytes = map(int, flows.loads[flow])
        rows.append(
            {
                "config": outcome.device.name,
                "rank": rank,
                "encapsulation": tunnel.encapsulation if tunnel else "NONE",
                "network_number": tunnel.network_number if tunnel else None,
                "outer": str(outer_endpoints(flows, flow)),
                "inner": "" if inner is None else str(inner),
                "packets": packets,
                "bytes": n_bytes,
                "packet_share": packets / total,
                "queue": None if own == NO_QUEUE else own,
                "queue_share": None if own == NO_QUEUE else packets / int(outcome.kept[own, 0]),
            }
        )
    return rows
