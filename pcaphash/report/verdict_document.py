"""The verdict of a comparison as JSON has it: facts with their numbers, and the words for them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.report.comparison_words import put_into_words
from pcaphash.report.document import finite

if TYPE_CHECKING:
    from pcaphash.report.advice_words import AdviceWords
    from pcaphash.studies.compare import Finding, Verdict
    from pcaphash.studies.compare.advice import Advice


def verdict_document(verdict: "Verdict") -> dict[str, Any]:
    """Return a verdict as a document that JSON can hold."""
    words = put_into_words(verdict)
    return {
        "conclusion": verdict.conclusion.value,
        "headline": words.headline,
        "best": None if verdict.best is None else verdict.best.config,
        "worst": None if verdict.worst is None else verdict.worst.config,
        "gain": None if verdict.gain is None else asdict(verdict.gain),
        "findings": [
            _finding(finding, said.text) for finding, said in zip(verdict.findings, words.findings, strict=True)
        ],
        "advice": [_advice(advice, said) for advice, said in zip(verdict.advice, words.advice, strict=True)],
    }


def _finding(finding: "Finding", text: str) -> dict[str, Any]:
    return {
        "config": finding.config,
        "cause": finding.cause.value,
        "text": text,
        **finite({"excess": finding.excess}),
        "queues": finding.queues,
        "crowding": None if finding.crowding is None else asdict(finding.crowding),
        "facts": None if finding.facts is None else asdict(finding.facts),
        "ideal": None if finding.ideal is None else asdict(finding.ideal),
    }


def _advice(advice: "Advice", words: "AdviceWords") -> dict[str, Any]:
    return {"kind": advice.kind, "text": words.text, "commands": words.commands, "facts": asdict(advice)}
