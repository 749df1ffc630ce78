"""Find out whether receive queues follow the hashes that are expected or those reported, where these differ."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.device.device import Device
from pcaphash.engine.census.describer import Describer
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.evidence import LEVEL
from pcaphash.studies.validate.verdicts import MISSING, UNEXPECTED, WRONG_VALUE, presence, queues_by_report

_MOST_ELSEWHERE = 0.1  # of the packets that tell, which flow filters may have steered
_OF_PRESENCE_OR_VALUE = MISSING | UNEXPECTED | WRONG_VALUE


class Followed(StrEnum):
    """Which hashes receive queues follow, by the names that programs get."""

    EXPECTED = "expected"
    """Those that are expected: the device steers as it should, and reports something else."""
    REPORTED = "reported"
    """Those that are reported, as wrong as they are."""


@dataclass(frozen=True)
class FollowedHashes:
    """What receive queues say of wrong hashes.

    Parameters
    ----------
    follows : Followed
        Which hashes they follow.
    packets : int
        How many packets do so; an estimate where not all were kept.
    telling : int
        How many packets with a wrong hash tell: their two hashes lead to different receive queues.
    """

    follows: Followed
    packets: int
    telling: int


def find_steering(device: Device, sample: Sample) -> FollowedHashes | None:
    """Tell which hashes receive queues follow; None where packets do not tell, or chance may do as well.

    Parameters
    ----------
    device : Device
        The configured device, of which the indirection table counts.
    sample : Sample
        Packets, wrong and right.
    """
    said = sample.reported
    wrong = ((sample.faults & _OF_PRESENCE_OR_VALUE) > 0) & (said.queues != NOT_REPORTED)
    if not device.has_queue or not wrong.any():
        return None
    some = sample.take(np.flatnonzero(wrong))
    said, found = some.reported, Describer(device).describe(some.block)
    missing, _ = presence(found.hashed, found.hash_values, said)
    by_report = queues_by_report(found, said, missing, device)
    tells = found.known & (by_report != found.queues)
    if not tells.any():
        return None
    has_own = said.has_hash & ~missing
    total = float(some.weights[tells].sum())
    for follows, queues, hashed, values in (
        (Followed.EXPECTED, found.queues, found.hashed, found.hash_values),
        (Followed.REPORTED, by_report, has_own, said.hash_values),
    ):
        fits = tells & (said.queues == queues)
        n = float(some.weights[fits].sum())
        each = np.where(hashed, values.astype(np.int64), -1)
        if n >= (1 - _MOST_ELSEWHERE) * total and _tells_more_than_chance(each[tells], said.queues[tells], fits[tells]):
            return FollowedHashes(follows, round(n), round(total))
    return None


def _tells_more_than_chance(
    values: npt.NDArray[np.int64], queues: npt.NDArray[np.int64], fits: npt.NDArray[np.bool_]
) -> bool:
    """Tell whether chance hardly brings packets to these queues: those of one hash count once, if all fit.

    A queue is as likely as it is frequent, so that packets which all go to one tell nothing.
    """
    hashes, of_packets = np.unique(values, return_inverse=True)
    of_packets = of_packets.reshape(-1)
    n = len(hashes)
    n_fitting = np.bincount(of_packets, fits, n)
    is_fitting = n_fitting == np.bincount(of_packets, minlength=n)
    at = np.unique(of_packets, return_index=True)[1]
    of_queues = np.unique(queues[at], return_inverse=True)[1].reshape(-1)
    bits = -np.log2(np.bincount(of_queues) / n)[of_queues]
    n_others = n - int(np.count_nonzero(is_fitting))
    choices = (math.lgamma(n + 1) - math.lgamma(n_others + 1) - math.lgamma(n - n_others + 1)) / math.log(2)
    return float(bits[is_fitting].sum()) - choices >= math.log2(len(Followed) / LEVEL)
