"""A validation as JSON has it: facts with their numbers, and the words for them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.report.documents import device_document, reading_document
from pcaphash.report.validate.kind_words import blank_text, common_text, part_document
from pcaphash.report.validate.queue_words import rule_text, steered_text
from pcaphash.report.validate.words import decision_text, headline
from pcaphash.report.words.faults import fault_text, traffic_texts
from pcaphash.report.words.notes import note_document
from pcaphash.studies.validate.search.diagnosis import Diagnosis

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.catalogue.fault import Fault
    from pcaphash.studies.validate.queues.rule import QueueRule
    from pcaphash.studies.validate.queues.rules import QueueDiagnosis
    from pcaphash.studies.validate.search.blank import Blank


def validation_document(validation: "Validation", recover_command: str | None) -> dict[str, Any]:
    """Return a validation as a document that JSON can hold."""
    diagnosis, queues = validation.diagnosis, validation.queue_diagnosis
    return {
        **reading_document(validation.reading),
        "device": device_document(validation.device),
        "conclusion": validation.conclusion,
        "headline": headline(validation),
        "judged": validation.judged,
        "mismatches": validation.mismatches,
        "verdicts": validation.verdicts,
        "faults": validation.faults,
        "not_compared": validation.not_compared,
        "reported": validation.reported,
        "compared_hashes": validation.compared_hashes,
        "right_hashes": validation.right_hashes,
        "by_queue_alone": validation.by_queue_alone,
        "blank": None if validation.blank is None else _blank(validation.blank),
        "decisions": [
            {"kind": decision.kind, "text": decision_text(decision), "facts": asdict(decision)}
            for decision in validation.decisions
        ],
        "notes": [{"trace": each.trace, **note_document(each.note)} for each in validation.notes],
        "recover_command": recover_command,
        "lost_rows": validation.lost_rows,
        "counts_are_exact": validation.is_whole,
        "configured_so": None if validation.configured_so is None else device_document(validation.configured_so),
        **_diagnosis(Diagnosis([], [], 0, []) if diagnosis is None else diagnosis, validation),
        "queues": None if queues is None else _queues(queues, validation),
        "steering": None if validation.steering is None else asdict(validation.steering),
    }


def _blank(blank: "Blank") -> dict[str, Any]:
    return {
        "packets": blank.packets,
        "examined": blank.examined,
        "kinds": [{"kind": trait.kind, "subject": trait.subject} for trait in blank.traits],
        "words": blank_text(blank),
    }


def _diagnosis(diagnosis: "Diagnosis", validation: "Validation") -> dict[str, Any]:
    common = diagnosis.common
    return {
        "causes": [
            {
                "faults": [_fault(fault) for fault in cause.faults],
                "packets": cause.packets,
                "unclassified": cause.is_unclassified,
                "part": None if cause.part is None else part_document(cause.part, validation),
                "example": asdict(validation.examples[cause.example]),
            }
            for cause in diagnosis.causes
        ],
        "alternatives": [[_fault(fault) for fault in each] for each in diagnosis.alternatives],
        "traffic_that_tells_apart": traffic_texts(diagnosis.open_faults),
        "more_stretches": asdict(diagnosis.more_stretches),
        "not_shown": diagnosis.not_shown,
        "unexplained": {
            "packets": diagnosis.unexplained,
            "examples": [asdict(validation.examples[each]) for each in diagnosis.unexplained_examples],
            "common": None if common is None else common_text(common, validation, diagnosis.unexplained),
            "sampled": diagnosis.sampled,
            "constant": diagnosis.constant,
            "contradicting": [_fault(fault) for fault in diagnosis.contradicting],
            "contradicting_packets": list(diagnosis.contradicting_packets),
            "possible": [_fault(fault) for fault in diagnosis.possible],
        },
    }


def _fault(fault: "Fault") -> dict[str, Any]:
    return {"name": fault.name, "words": fault_text(fault), "same_key": [each.name for each in fault.same_key]}


def _queues(queues: "QueueDiagnosis", validation: "Validation") -> dict[str, Any]:
    return {
        "packets": queues.packets,
        "hash_values": queues.hash_values,
        "hashed": queues.hashed,
        "unhashed": queues.unhashed,
        "beyond": queues.beyond,
        "unexplained": queues.unexplained,
        "matching": queues.matching,
        "rules": [_rule(rule, validation) for rule in queues.rules],
        "steered": [
            {
                "queue": each.queue,
                "packets": each.packets,
                "examined": each.examined,
                "kinds": [{"kind": trait.kind, "subject": trait.subject} for trait in each.traits],
                "words": steered_text(each, ""),
            }
            for each in queues.steered
        ],
    }


def _rule(rule: "QueueRule", validation: "Validation") -> dict[str, Any]:
    return {
        "name": rule.name,
        "words": rule_text(rule, validation),
        "number": rule.number,
        "table": rule.table,
        "entries_elsewhere": rule.entries_elsewhere,
        "is_one_hash_each": rule.is_one_hash_each,
        "faults": [_fault(fault) for fault in rule.faults],
        "of_own_hash": rule.of_own_hash,
        "exceptions": rule.exceptions,
        "part": None if rule.part is None else part_document(rule.part, validation),
        "of_unhashed": rule.of_unhashed,
    }
