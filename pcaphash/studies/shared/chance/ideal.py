"""What ideal hashes would make of the flows of a trace, beside a study that otherwise counts packets only."""

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.counts import Counts
from pcaphash.engine.flows.grouping import sum_groups
from pcaphash.engine.flows.inputs import HashInputs, find_inputs
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.shared.chance.baseline import Baseline, Judged, take_baseline
from pcaphash.studies.shared.chance.spread import UNITS, spread

MEASURE = "max_ideal_packets"
"""What verdicts go by: how far the busiest receive queue is above its ideal share of packets."""


def chance_of(counts: Counts, device: Device) -> Baseline | None:
    """Return what ideal hashes make of the flows counted by the rules of a device.

    Returns
    -------
    Baseline or None
        None without queues, without hashes, or if not every flow is kept.
    """
    table = counts.tables[ReadingRules.of(device)]
    if not counts.has_flows or not table.is_complete or not device.has_queue:
        return None
    return chance_of_inputs(find_inputs(table.flows(), device))


def chance_of_inputs(inputs: HashInputs) -> Baseline | None:
    """Return what ideal hashes make of hash inputs, known well enough to judge the busiest receive queue by it.

    Returns
    -------
    Baseline or None
        None without hashes.
    """
    if not len(inputs):
        return None
    value = spread(inputs.queue_loads[:, UNITS.index("packets")])["max_ideal"]
    return take_baseline(*told_apart(inputs), inputs.unhashed, inputs.device, Judged(MEASURE, value))


def is_symmetric(device: Device) -> bool:
    """Tell whether a key is symmetric by intent: it repeats 16 bits.

    One that repeats 8 bits, or fewer, leaves 256 hashes at most, which nobody means.
    """
    key = device.hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0")
    return key == key[:2] * (KEY_LEN // 2) and key[0] != key[1]


def told_apart(inputs: HashInputs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return the loads of hash inputs, and a number for each, those summed up that the key is not meant to tell apart.

    A symmetric key is meant for both directions of a connection. That it gives one hash to unrelated connections too,
    as where ports go up with addresses, is a fault like any other.
    """
    if not is_symmetric(inputs.device):
        return inputs.loads, inputs.identities
    connections = inputs.by_connection()
    return sum_groups(inputs.loads, connections.of_row, len(connections)), connections.hashes
