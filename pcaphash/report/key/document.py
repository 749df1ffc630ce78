"""What is to be known of hash keys as JSON has it: facts with their numbers, and the words for them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.report.documents import device_document, reading_document
from pcaphash.report.key.words import put_into_words
from pcaphash.report.words.reach import reach_document

if TYPE_CHECKING:
    from pcaphash.studies.key import KeyExamination
    from pcaphash.studies.key.facts import InputFacts, KeyFacts, Reachable
    from pcaphash.studies.shared.linear.reach import Reach


def examination_document(examination: "KeyExamination") -> dict[str, object]:
    """Return what is to be known of keys as a document that JSON can hold."""
    reading = examination.reading
    reaches = examination.reaches or [()] * len(examination.keys)
    return {
        **({} if reading is None else reading_document(reading)),
        "configurations": [_configuration(*pair) for pair in zip(examination.keys, reaches, strict=True)],
    }


def _configuration(facts: "KeyFacts", reaches: "tuple[Reach, ...]") -> dict[str, Any]:
    words = put_into_words(facts, reaches)
    return {
        "name": facts.device.name,
        "device": device_document(facts.device),
        "headline": words.headline,
        "lines": [*words.reasons, *words.attacks],
        "known_key": facts.name,
        "weaknesses": [each.value for each in facts.weaknesses],
        "period": facts.period,
        "zero_bytes_at_the_end": facts.zero_tail,
        "unused_bytes": facts.unused,
        "too_short_for": {kind.value: n_bytes for kind, n_bytes in facts.too_short_for.items()},
        "inputs": [_input(each) for each in facts.inputs],
        "traffic": [reach_document(reach) for reach in reaches],
    }


def _input(facts: "InputFacts") -> dict[str, Any]:
    return {
        "kind": facts.kind.value,
        "windows": facts.windows,
        "distinct_windows": facts.distinct_windows,
        "hash_rank": facts.hash_rank,
        "symmetry": facts.symmetry.value,
        "ignored": {part.value: n for part, n in facts.ignored.items()},
        "choices": [_choice(choice) for choice in facts.choices],
    }


def _choice(choice: "Reachable") -> dict[str, Any]:
    return {**asdict(choice), "varying": choice.varying.value, "reachable": choice.reachable}
