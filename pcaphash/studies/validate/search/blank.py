"""Name the packets of which no hash is reported, neither a value nor a type, though others have one."""

from dataclasses import dataclass

import numpy as np

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.device.device import Device
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.evidence import evidence_of
from pcaphash.studies.validate.search.kinship import common_of, traits_of
from pcaphash.studies.validate.search.traits import Trait
from pcaphash.studies.validate.search.trial import Trial
from pcaphash.studies.validate.verdicts import Leniency, presence

_LEAST = 2  # packets, to have something in common


@dataclass(frozen=True)
class Blank:
    """Packets that should have a hash, of which none is reported, and which are of kinds that no others are.

    Parameters
    ----------
    packets : int
        How many they are.
    traits : tuple of Trait
        The kinds.
    examined : int
        How many packets with a hash were looked at, none of which is of these kinds.
    """

    packets: int
    traits: tuple[Trait, ...]
    examined: int


def find_blank(device: Device, sample: Sample, leniency: Leniency) -> Blank | None:
    """Find the kinds; None where packets without a hash are of none, or no packet that should have a hash has one.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        Packets, also such as nothing is reported of.
    leniency : Leniency
        Which differences count as right.
    """
    trial = Trial(device, sample, leniency)
    due = trial.spec.found.hashed & trial.spec.found.known
    trial = trial.take(np.flatnonzero(due))
    said = trial.sample.reported
    blank = ~said.has_hash & (said.hash_reports == NOT_REPORTED)
    values, hashed = trial.hash_values(())
    missing, _ = presence(hashed, values, said)
    n_with_hash = int(np.count_nonzero(~blank & ~missing))
    if np.count_nonzero(blank) < _LEAST or not n_with_hash:
        return None
    traits = traits_of(trial)
    common = common_of(trial, traits, evidence_of(trial, blank, [], by_queue=False), blank)
    if common is None:
        return None
    # What is common was found by some of the packets.
    without, others = np.flatnonzero(blank).tolist(), np.flatnonzero(~blank).tolist()
    kinds = tuple(
        trait
        for trait in common.traits
        if all(trait in traits.of(at) for at in without) and not any(trait in traits.of(at) for at in others)
    )
    return Blank(round(float(trial.sample.weights[blank].sum())), kinds, n_with_hash) if kinds else None
