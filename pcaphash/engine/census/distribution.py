"""How a census spreads over the receive queues of one configured device."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.census import Census, header_rows, relevant_key
from pcaphash.engine.census.decision import Decision, decide
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.header import CANDIDATE_ADDRESSES, CANDIDATE_EXTENDED, CANDIDATE_PORTS
from pcaphash.kernels.rows import EXTENDED, WITH_PORTS


@dataclass(frozen=True)
class Distribution:
    """Packets and bytes of a trace over the receive queues of a device.

    Parameters
    ----------
    device : Device
        The configured device.
    queues : int64 array of shape (queues, 2)
        Packets and bytes on each receive queue, those without a hash on the unclassified queue; all zero if the
        device has no queues (no RSS feature).
    entries : int64 array of shape (len(device.indirection_table), 2)
        Packets and bytes that have a hash, by the entry of the indirection table that it leads to.
    hashed, unhashed, unknown : int
        Packets with a hash, without one, and those of which the capture does not show enough.
    n_bytes : int
        Original lengths of all of them together.
    reasons : dict of str to int
        Packets without a known hash, by reason.
    reports : dict of str to int
        Packets by hash_report.
    """

    device: Device
    queues: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    hashed: int
    unhashed: int
    unknown: int
    n_bytes: int
    reasons: dict[str, int]
    reports: dict[str, int]

    @property
    def packets(self) -> int:
        """Packets of the trace that the device received."""
        return self.hashed + self.unhashed + self.unknown


def distribute(census: Census, device: Device, signatures: Iterable[int] | None = None) -> Distribution:
    """Spread a census over the receive queues of a device that it answers for (``census.identities_of``).

    Parameters
    ----------
    census : Census
        The counts.
    device : Device
        The configured device.
    signatures : iterable of int, optional
        Which packets; default: all.
    """
    number = census.identity.hash_keys.index(relevant_key(device.hash_key))
    slots = np.zeros((census.identity.slots, 2), np.int64)
    unclassified = np.zeros(2, np.int64)
    hashed = unhashed = unknown = total_bytes = 0
    reasons: dict[str, int] = {}
    reports: dict[str, int] = {}
    for signature in census.signatures() if signatures is None else signatures:
        decision = decide(signature, device)
        packets, n_bytes = census.totals(signature)
        total_bytes += n_bytes
        if decision.is_hashed:
            slots += census.slots(signature, _candidate_row(signature, decision), number)
            hashed += packets
        else:
            reasons[decision.reason] = reasons.get(decision.reason, 0) + packets
            if decision.is_known:
                unclassified += packets, n_bytes
                unhashed += packets
            else:
                unknown += packets
        reports[decision.hash_report] = reports.get(decision.hash_report, 0) + packets
    queues = np.zeros((device.queues, 2), np.int64)
    table = np.asarray(device.indirection_table)
    entries = slots.reshape(-1, len(table), 2).sum(axis=0)
    if device.has_queue:
        np.add.at(queues, table, entries)
        queues[device.unclassified_queue] += unclassified
    return Distribution(device, queues, entries, hashed, unhashed, unknown, total_bytes, reasons, reports)


def _candidate_row(signature: int, decision: Decision) -> int:
    """Return which of a signature's rows in a census a decision picks."""
    outer, _, _ = split_signature(signature)
    row = header_rows(outer) if decision.header == "inner" else 0
    if decision.form & EXTENDED:
        row += CANDIDATE_EXTENDED
    return row + (CANDIDATE_PORTS if decision.form & WITH_PORTS else CANDIDATE_ADDRESSES)


def count_encapsulations(census: Census, device: Device) -> dict[str, int]:
    """Count packets by encapsulation, named as in a device's spec, most first."""
    counts: dict[str, int] = {}
    for signature in census.signatures():
        name = decide(signature, device).encapsulation
        counts[name] = counts.get(name, 0) + census.totals(signature)[0]
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
