"""Compare what a device reported of packets with what the spec requires, packet by packet."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.device.device import Device
from pcaphash.engine.census.decision import REASON_LINK_TYPE, UNKNOWN, Decision, encapsulation_of
from pcaphash.engine.census.describer import Descriptions, queues_of
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.tunnel import TUNNELS
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS


class PacketVerdict(StrEnum):
    """The verdict on a packet, by the names that programs get; but for the first two, the gravest of its faults."""

    MATCH = "match"
    NOT_COMPARABLE = "not-comparable"
    HASH_MISSING = "hash-missing"
    HASH_UNEXPECTED = "hash-unexpected"
    WRONG_VALUE = "wrong-value"
    WRONG_TYPE = "wrong-type"
    WRONG_TUNNEL = "wrong-tunnel"
    WRONG_QUEUE = "wrong-queue"


# What can be wrong, gravest first; a packet's verdict is the gravest of its faults.
MISSING, UNEXPECTED, WRONG_VALUE, WRONG_TYPE, WRONG_TUNNEL, WRONG_QUEUE = (1 << bit for bit in range(6))
FAULTS = {
    MISSING: PacketVerdict.HASH_MISSING,
    UNEXPECTED: PacketVerdict.HASH_UNEXPECTED,
    WRONG_VALUE: PacketVerdict.WRONG_VALUE,
    WRONG_TYPE: PacketVerdict.WRONG_TYPE,
    WRONG_TUNNEL: PacketVerdict.WRONG_TUNNEL,
    WRONG_QUEUE: PacketVerdict.WRONG_QUEUE,
}
"""The verdict on packets with only one of these."""

OF_HASH = MISSING | UNEXPECTED | WRONG_VALUE | WRONG_TYPE | WRONG_TUNNEL
"""All but the receive queue."""


class NotJudged(StrEnum):
    """Why a packet is not judged, by the names that programs get."""

    NOTHING_REPORTED = "nothing-reported"
    NOT_SHOWN = "not-shown"
    """The capture shows too little to tell what is expected."""
    OTHER_LINK_TYPE = "link-type"
    NOT_THE_DEVICES = "not-the-devices"


REASONS = tuple(NotJudged)
"""By number: position in this tuple, counted from 1; 0 is for packets that are judged."""


class TunnelNaming(StrEnum):
    """Of which packets hash_report_tunnel names the encapsulation: draft v7 can be read in three ways."""

    INNER_HASHED = "inner-hashed"
    """Those whose inner header is hashed."""
    HASHED = "hashed"
    """All tunnel packets that have a hash."""
    EVERY = "every"
    """All tunnel packets."""


_EXTENDED_REPORTS = HASH_REPORTS.index("IPv6_EX")
_PLAIN_BEFORE = 3  # so much lower is the number of the plain type of an extended one


@dataclass(frozen=True)
class Leniency:
    """Which differences count as right.

    Parameters
    ----------
    extended_types : bool
        Whether an extended type and its plain one are the same.
    namings : frozenset of TunnelNaming
        Which packets hash_report_tunnel may name the encapsulation of.
    report_numbers : frozenset of int, optional
        Only packets that get a hash of these types are judged; other values are not the device's.
    """

    extended_types: bool = False
    namings: frozenset[TunnelNaming] = frozenset({TunnelNaming.INNER_HASHED})
    report_numbers: frozenset[int] | None = None


@dataclass(frozen=True, eq=False)
class Judgement:
    """Verdicts on the packets of a block.

    Parameters
    ----------
    faults : uint8 array of shape (n,)
        Sums of the flags above; 0 for a match, and where nothing is compared.
    reasons : uint8 array of shape (n,)
        Why a packet is not judged, as REASONS numbers it from 1; 0 for those judged.
    """

    faults: npt.NDArray[np.uint8]
    reasons: npt.NDArray[np.uint8]


class Expectations:
    """What the spec requires to be reported, by signature.

    Parameters
    ----------
    device : Device
        The configured device.
    spec : str, optional
        The spec by which it names tunnels in hash_report_tunnel. Default: that of the device.
    """

    def __init__(self, device: Device, spec: str | None = None) -> None:
        self.device = device
        self._spec = spec or device.spec
        self.reports = np.zeros(N_SIGNATURES, np.int16)
        """Numbers of hash_report."""
        self.tunnels = {naming: np.zeros(N_SIGNATURES, np.int16) for naming in TunnelNaming}
        """Numbers of hash_report_tunnel, in each way to read the spec."""
        self.is_other_link_type = np.zeros(N_SIGNATURES, bool)
        self._known: set[int] = set()

    def learn(self, decisions: dict[int, Decision]) -> None:
        """Take note of decisions, as far as they are new."""
        if len(decisions) == len(self._known):
            return
        for signature in decisions.keys() - self._known:
            self._known.add(signature)
            decision = decisions[signature]
            self.is_other_link_type[signature] = decision.reason == REASON_LINK_TYPE
            if decision.hash_report == UNKNOWN:
                continue
            self.reports[signature] = HASH_REPORTS.index(decision.hash_report)
            if self._spec == "v7" and split_signature(signature)[1] in TUNNELS:
                tunnel = HASH_REPORT_TUNNELS.index(encapsulation_of(signature, self._spec))
                is_inner = decision.header == "inner"
                self.tunnels[TunnelNaming.INNER_HASHED][signature] = tunnel if is_inner else 0
                self.tunnels[TunnelNaming.EVERY][signature] = tunnel
                self.tunnels[TunnelNaming.HASHED][signature] = tunnel if self.reports[signature] else 0


def judge(found: Descriptions, reported: Reported, expected: Expectations, leniency: Leniency) -> Judgement:
    """Judge what was reported of the packets of a block.

    Parameters
    ----------
    found : Descriptions
        What the spec requires.
    reported : Reported
        What the device said.
    expected : Expectations
        Of the same device, having learned all decisions.
    leniency : Leniency
        Which differences count as right.
    """
    reports = expected.reports[found.signatures]
    has_type = reported.hash_reports != NOT_REPORTED
    has_queue = (reported.queues != NOT_REPORTED) & expected.device.has_queue
    says_tunnel = reported.hash_report_tunnels != NOT_REPORTED
    says_something = has_type | reported.has_hash | has_queue | says_tunnel
    reasons = _why_not(found, expected, leniency, reports, says_something)
    judged = reasons == 0

    missing, unexpected = presence(found.hashed, found.hash_values, reported)
    both = found.hashed & ~missing & judged
    differs = both & reported.has_hash & (reported.hash_values != found.hash_values)
    other_type = both & has_type & _differ(reported.hash_reports, reports, leniency)
    other_tunnel = judged & ~missing & ~unexpected & says_tunnel
    for naming in leniency.namings:
        other_tunnel &= reported.hash_report_tunnels != expected.tunnels[naming][found.signatures]
    other_queue = (
        judged
        & has_queue
        & (reported.queues != found.queues)
        & (reported.queues != queues_by_report(found, reported, missing, expected.device))
    )
    faults = np.zeros(len(reasons), np.uint8)
    for flag, wrong in (
        (MISSING, missing & judged),
        (UNEXPECTED, unexpected & judged),
        (WRONG_VALUE, differs),
        (WRONG_TYPE, other_type),
        (WRONG_TUNNEL, other_tunnel),
        (WRONG_QUEUE, other_queue),
    ):
        faults |= np.where(wrong, np.uint8(flag), np.uint8(0))
    return Judgement(faults, reasons)


def presence(
    hashed: npt.NDArray[np.bool_], hash_values: npt.NDArray[np.uint32], reported: Reported
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell where a hash is expected and none reported, and where one is reported and none expected.

    A source that has no types says with a value of zero that there is no hash, unless zero is the expected hash.
    """
    has_type = reported.hash_reports != NOT_REPORTED
    is_zero = ~has_type & reported.has_hash & (reported.hash_values == 0)
    missing = hashed & ((has_type & (reported.hash_reports == 0)) | (is_zero & (hash_values != 0)))
    has_value = ~has_type & reported.has_hash & (reported.hash_values != 0)
    unexpected = ~hashed & ((has_type & (reported.hash_reports > 0)) | has_value)
    return missing, unexpected


def says_only_queue(reported: Reported) -> npt.NDArray[np.bool_]:
    """Tell of which packets nothing but the receive queue is reported."""
    says_no_hash = ~reported.has_hash & (reported.hash_reports == NOT_REPORTED)
    alone: npt.NDArray[np.bool_] = says_no_hash & (reported.queues != NOT_REPORTED)
    return alone


def queues_by_report(
    found: Descriptions, reported: Reported, missing: npt.NDArray[np.bool_], device: Device
) -> npt.NDArray[np.int64]:
    """Return the receive queues that the device's own hashes lead to; where it gives none, those of the spec."""
    has_type = reported.hash_reports != NOT_REPORTED
    own = reported.has_hash & ~missing & np.where(has_type, reported.hash_reports > 0, found.hashed)
    says = has_type | reported.has_hash
    by_report = queues_of(reported.hash_values, own, np.ones(len(own), bool), device)
    return np.where(own | (says & missing), by_report, found.queues)


def _differ(
    reported: npt.NDArray[np.int16], expected: npt.NDArray[np.int16], leniency: Leniency
) -> npt.NDArray[np.bool_]:
    if leniency.extended_types:
        reported, expected = plain_types(reported), plain_types(expected)
    differs: npt.NDArray[np.bool_] = reported != expected
    return differs


def plain_types(reports: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return numbers of hash_report with those of the plain types in place of the extended ones."""
    return np.where(reports >= _EXTENDED_REPORTS, reports - np.int16(_PLAIN_BEFORE), reports)


def _why_not(
    found: Descriptions,
    expected: Expectations,
    leniency: Leniency,
    reports: npt.NDArray[np.int16],
    is_reported: npt.NDArray[np.bool_],
) -> npt.NDArray[np.uint8]:
    """Say why packets are not judged; 0 for those that are."""
    reasons = np.zeros(len(reports), np.uint8)
    if leniency.report_numbers is not None:
        of_device = np.isin(reports, list(leniency.report_numbers))
        reasons[~of_device] = 1 + REASONS.index(NotJudged.NOT_THE_DEVICES)
    if not found.known.all():
        reasons[~found.known] = 1 + REASONS.index(NotJudged.NOT_SHOWN)
        reasons[expected.is_other_link_type[found.signatures]] = 1 + REASONS.index(NotJudged.OTHER_LINK_TYPE)
    reasons[~is_reported] = 1 + REASONS.index(NotJudged.NOTHING_REPORTED)
    return reasons


def gravest(faults: int) -> PacketVerdict:
    """Return the verdict on a packet that is judged, given its faults."""
    return next((verdict for flag, verdict in FAULTS.items() if faults & flag), PacketVerdict.MATCH)
