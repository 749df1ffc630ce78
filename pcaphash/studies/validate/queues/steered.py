"""Find kinds of packets that came to one receive queue each, whatever their hashes: flow filters do that."""

from dataclasses import dataclass

import numpy as np

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.device.device import Device
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.evidence import evidence_of
from pcaphash.studies.validate.search.kinship import common_of, traits_of
from pcaphash.studies.validate.search.traits import Trait
from pcaphash.studies.validate.search.trial import Trial
from pcaphash.studies.validate.verdicts import WRONG_QUEUE, Leniency

_MOST_QUEUES = 4


@dataclass(frozen=True)
class SteeredKinds:
    """Packets on one wrong receive queue that are of kinds of which no packet is on another queue.

    Parameters
    ----------
    queue : int
        The receive queue.
    packets : int
        How many packets are on it that should be elsewhere; an estimate where not all were kept.
    traits : tuple of Trait
        The kinds.
    examined : int
        How many packets on other queues were looked at.
    """

    queue: int
    packets: int
    traits: tuple[Trait, ...]
    examined: int


def find_steered(device: Device, sample: Sample, leniency: Leniency) -> list[SteeredKinds]:
    """Look at the receive queues with most packets that should be elsewhere.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        Packets, wrong and right.
    leniency : Leniency
        Which differences count as right.
    """
    queues, wrong = sample.reported.queues, (sample.faults & WRONG_QUEUE) > 0
    met, of_packets = np.unique(queues[wrong], return_inverse=True)
    loads = np.bincount(of_packets.reshape(-1), sample.weights[wrong], len(met))
    found = []
    for queue in met[np.argsort(-loads, kind="stable")][:_MOST_QUEUES].tolist():
        # What is on its own queue there may be of the same kind or not.
        some = np.flatnonzero((queues != NOT_REPORTED) & ((queues != queue) | wrong))
        trial = Trial(device, sample.take(some), leniency)
        there = queues[some] == queue
        traits = traits_of(trial)
        common = common_of(trial, traits, evidence_of(trial, there, [], by_queue=False), there)
        if common is None or common.others:
            continue
        # What is common was found by some of the packets.
        on_it, elsewhere = np.flatnonzero(there).tolist(), np.flatnonzero(~there).tolist()
        kinds = tuple(
            trait
            for trait in common.traits
            if all(trait in traits.of(at) for at in on_it) and not any(trait in traits.of(at) for at in elsewhere)
        )
        if kinds:
            packets = round(float(sample.weights[some][there].sum()))
            found.append(SteeredKinds(queue, packets, kinds, len(elsewhere)))
    return found
