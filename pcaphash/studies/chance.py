"""What ideal hashes would make of the flows of a trace, beside a study that otherwise counts packets only."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.flows import DEFAULT_MOST_FLOWS, FlowTable
from pcaphash.engine.grouping import sum_groups
from pcaphash.engine.inputs import HashInputs, find_inputs, identity_of_flows
from pcaphash.engine.saved import is_saved_census
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.baseline import Baseline, take_baseline


class Chance:
    """Keeps the flows of traces, and tells what ideal hashes make of them.

    Parameters
    ----------
    devices : iterable of Device
        The devices that will be asked about; they share the rules by which packets are read.
    traces : iterable of str
        The traces. Where a saved census is among them there are no flows to tell of.
    """

    def __init__(self, devices: Iterable[Device], traces: Iterable[str]) -> None:
        has_flows = not any(is_saved_census(trace) for trace in traces)
        identities = {identity_of_flows(device) for device in devices} if has_flows else set()
        self._tables = {identity: FlowTable(identity, DEFAULT_MOST_FLOWS) for identity in identities}

    def append(self, block: Block) -> None:
        """Add the packets of a block."""
        for table in self._tables.values():
            table.append(block)

    def baseline(self, device: Device) -> Baseline | None:
        """Return what ideal hashes give; None without queues, without hashes, or where not every flow is kept."""
        table = self._tables.get(identity_of_flows(device))
        if table is None or not table.is_complete or not device.has_queue:
            return None
        inputs = find_inputs(table.flows(), device)
        return take_baseline(told_apart(inputs), inputs.unhashed, device) if len(inputs.loads) else None


def told_apart(inputs: HashInputs) -> npt.NDArray[np.int64]:
    """Return the loads of hash inputs, those summed up that the key is not meant to tell apart.

    A symmetric key, which repeats 16 bits, gives both directions of a connection one hash by intent. One that repeats 8
    bits, or fewer, leaves 256 hashes at most, which nobody means.
    """
    key = inputs.device.hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0")
    if key != key[:2] * (KEY_LEN // 2) or key[0] == key[1]:
        return inputs.loads
    hashes, of_input = np.unique(inputs.hash_values, return_inverse=True)
    return sum_groups(inputs.loads, of_input, len(hashes))
