"""How uneven an indirection table is by itself, and the even one that a device could have in its place."""

from dataclasses import replace

import numpy as np

from pcaphash.device.device import Device
from pcaphash.device.indirection_table import default_table
from pcaphash.studies.compare.causes import UnevenTable
from pcaphash.studies.compare.outcome import Outcome


def find_uneven_table(outcome: Outcome) -> UnevenTable | None:
    """Return how uneven the indirection table is; None where it is even, or where there are no receive queues."""
    if not outcome.device.has_queue:
        return None
    table, queues = outcome.device.indirection_table, outcome.device.queues
    entries = np.bincount(np.asarray(table), minlength=queues)
    if entries.max() == entries.min():
        return None
    return UnevenTable(int(entries.argmax()), int(entries.max()), len(table), queues, int((entries == 0).sum()))


def excess_of_entries(device: Device, queue: int) -> float:
    """Return how far its entries of the indirection table put a receive queue above its ideal share."""
    return device.indirection_table.count(queue) * device.queues / len(device.indirection_table) - 1


def can_be_even(device: Device) -> bool:
    """Tell whether the receive queues can share the entries of the indirection table evenly."""
    return len(device.indirection_table) % device.queues == 0


def with_even_table(device: Device) -> Device:
    """Return the same device with a table that is as even as its size allows."""
    return replace(device, indirection_table=default_table(len(device.indirection_table), device.queues))
