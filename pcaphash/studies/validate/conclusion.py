"""Find the causes of what is wrong with the packets of a sample: in hashes, and in receive queues."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.device.device import Device
from pcaphash.engine.census.describer import Describer, queues_of
from pcaphash.studies.validate.catalogue.fault import BYTE_ORDER, OF_VALUES
from pcaphash.studies.validate.queues.rule import QueueRule, QueueRuleKind
from pcaphash.studies.validate.queues.rules import QueueDiagnosis, diagnose_change, matching_by_chance
from pcaphash.studies.validate.queues.steered import find_steered
from pcaphash.studies.validate.queues.steering import FollowedHashes, find_steering
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.diagnosis import Diagnosis, diagnose, displaced
from pcaphash.studies.validate.search.displacement import Displacement
from pcaphash.studies.validate.search.traits import span_from
from pcaphash.studies.validate.search.trial import Trial
from pcaphash.studies.validate.verdicts import (
    OF_HASH,
    WRONG_QUEUE,
    Expectations,
    Leniency,
    judge,
    says_only_queue,
)


@dataclass(frozen=True, eq=False)
class Diagnoses:
    """Why what is wrong is wrong.

    Parameters
    ----------
    sample : Sample
        The packets, with their hashes in the byte order that they are taken to have.
    is_turned : bool
        Whether that is not the one they were given in.
    diagnosis : Diagnosis or None
        Of hashes.
    queue_diagnosis : QueueDiagnosis or None
        Of receive queues that do not follow from the hashes.
    steering : FollowedHashes, optional
        Which hashes receive queues follow, if hashes are wrong that are not those of other packets.
    """

    sample: Sample
    is_turned: bool
    diagnosis: Diagnosis | None
    queue_diagnosis: QueueDiagnosis | None
    steering: FollowedHashes | None = None


def conclude(
    device: Device, sample: Sample, leniency: Leniency, displacement: Displacement, *, is_order_open: bool
) -> Diagnoses:
    """Find the causes.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        Packets, wrong and right.
    leniency : Leniency
        Which differences count as right.
    displacement : Displacement
        Whether reported values are those of other packets.
    is_order_open : bool
        Whether no hash was right in either byte order, so that the fewest faults decide on it.
    """
    is_turned, diagnosis, queues = False, None, None
    shifted, more = displacement.stretches, displacement.more
    if not (sample.faults & OF_HASH).any():
        pass
    elif displacement.is_one_shift:
        is_from_start = displacement.is_from_start and len(shifted) == 1
        return _of_other_packets(
            device, sample, displacement, displaced(sample, shifted, more, is_from_start=is_from_start)
        )
    else:
        diagnosis = diagnose(device, sample, leniency)
        if shifted and (diagnosis.unexplained or not diagnosis.causes):
            return _of_other_packets(
                device, sample, displacement, displaced(sample, shifted, more, is_from_start=False)
            )
        if is_order_open and any(BYTE_ORDER in fault.places for fault in diagnosis.faults):
            turned = _turned(device, sample, leniency)
            other = diagnose(device, turned, leniency)
            if len(other.faults) < len(diagnosis.faults) and other.unexplained <= diagnosis.unexplained:
                is_turned, sample, diagnosis = True, turned, other
    if (sample.faults & WRONG_QUEUE).any():
        queues = _diagnose_queues(device, sample, leniency, diagnosis)
    if queues and _is_open(queues) and (says_only_queue(sample.reported) & (sample.faults > 0)).any():
        by_queue = diagnose(device, sample, leniency, by_queue=True)
        if by_queue.causes and not by_queue.unexplained:
            diagnosis, queues = by_queue, _diagnose_queues(device, sample, leniency, by_queue)
    if queues and queues.unexplained and says_only_queue(sample.reported).all():
        queues = replace(queues, matching=_matching(device, sample, leniency)) if not queues.rules else queues
    elif queues and queues.unexplained:
        queues = _by_another_hash(device, sample, leniency, queues)
    if queues and not queues.rules and not queues.is_independent:
        queues = replace(queues, steered=find_steered(device, sample, leniency))
    return Diagnoses(sample, is_turned, diagnosis, queues, find_steering(device, sample))


def _of_other_packets(device: Device, sample: Sample, displacement: Displacement, diagnosis: Diagnosis) -> Diagnoses:
    """Judge receive queues too by the packets that values are those of; what is left may follow a rule of its own.

    Which packets get a hash, and of what kind they are, says nothing where rows are those of others.
    """
    wrong = (sample.faults & WRONG_QUEUE) > 0
    wrong[wrong] = ~displacement.explains_queues(sample.numbers[wrong])
    if not wrong.any():
        return Diagnoses(sample, False, diagnosis, None)
    faults = np.where(wrong, sample.faults, sample.faults & np.uint8(OF_HASH))
    said = sample.reported
    has_hash = said.has_hash & ((said.hash_reports != NOT_REPORTED) | (said.hash_values != 0))
    queues = _by_values(device, replace(sample, faults=faults), said.hash_values, has_hash)
    return Diagnoses(sample, False, diagnosis, queues)


def _matching(device: Device, sample: Sample, leniency: Leniency) -> tuple[int, int] | None:
    """Tell whether the only thing reported, queues, is independent of the hashes that are expected."""
    values, hashed = Trial(device, sample, leniency).hash_values(())
    wrong, queues = (sample.faults & WRONG_QUEUE) > 0, sample.reported.queues
    judged = hashed & (queues != NOT_REPORTED)
    return matching_by_chance(values[judged], queues[judged], wrong[judged])


def _is_open(queues: QueueDiagnosis) -> bool:
    """Tell whether another hash may be behind receive queues all the same."""
    return bool(queues.unexplained) or any(
        rule.kind in (QueueRuleKind.ONE_QUEUE, QueueRuleKind.OTHER_TABLE) for rule in queues.rules
    )


def _turned(device: Device, sample: Sample, leniency: Leniency) -> Sample:
    """Return the sample with hashes in the opposite byte order, judged again."""
    describer, expected = Describer(device), Expectations(device)
    found = describer.describe(sample.block)
    expected.learn(describer.decisions)
    reported = sample.reported.swapped()
    return replace(sample, reported=reported, faults=judge(found, reported, expected, leniency).faults)


def _by_another_hash(device: Device, sample: Sample, leniency: Leniency, queues: QueueDiagnosis) -> QueueDiagnosis:
    """Find out whether receive queues follow from another hash than the one reported, that of the outer header, say."""
    alone = replace(Reported.nothing(len(sample)), queues=sample.reported.queues)
    faults = sample.faults & np.uint8(WRONG_QUEUE)
    found = diagnose(device, replace(sample, reported=alone, faults=faults), leniency, by_queue=True)
    if not found.causes or found.unexplained or any(cause.part is not None for cause in found.causes):
        return queues
    rules = [QueueRule(QueueRuleKind.ANOTHER_HASH, faults=some) for some in (found.faults, *found.alternatives)]
    return replace(queues, rules=rules, unhashed=0)


def _diagnose_queues(
    device: Device, sample: Sample, leniency: Leniency, diagnosis: Diagnosis | None
) -> QueueDiagnosis | None:
    """Find the rule behind receive queues, by the hashes reported, and without any by those expected.

    A device may also go by the hash itself where it reports it otherwise; None where that is all.
    """
    trial = Trial(device, sample, leniency)
    said, faults = sample.reported, diagnosis.faults if diagnosis else ()
    inside = tuple(fault for fault in faults if not set(fault.places) & set(OF_VALUES))
    own_values, own_hashed = trial.hash_values(inside)
    values, hashed = trial.hash_values(faults)
    wrong = (sample.faults & WRONG_QUEUE) > 0
    for its_values, has_one in ((own_values, own_hashed), (values, hashed)):
        if (queues_of(its_values, has_one, np.ones(len(wrong), bool), device) == said.queues)[wrong].all():
            return None  # a good queue of its own hash, or of the one that it reports
    found = _by_values(device, sample, np.where(said.has_hash, said.hash_values, values), hashed)
    if not found.unexplained or len(inside) == len(faults):
        return found
    other = _by_values(device, sample, own_values, own_hashed)
    if other.unexplained >= found.unexplained:
        return found
    return replace(other, rules=[replace(rule, of_own_hash=True) for rule in other.rules])


def _by_values(
    device: Device, sample: Sample, values: npt.NDArray[np.uint32], hashed: npt.NDArray[np.bool_]
) -> QueueDiagnosis:
    said = sample.reported
    own = np.where(said.hash_reports != NOT_REPORTED, said.hash_reports > 0, hashed)
    wrong, chosen = (sample.faults & WRONG_QUEUE) > 0, said.queues != NOT_REPORTED
    return diagnose_change(
        device,
        values[chosen],
        own[chosen],
        said.queues[chosen],
        wrong[chosen],
        sample.weights[chosen],
        lambda first: span_from(sample, int(np.flatnonzero(chosen)[first])),
    )
