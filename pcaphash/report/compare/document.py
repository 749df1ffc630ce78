"""A comparison as JSON has it; its verdict is facts with their numbers, and the words for them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.report.analyze.document import make_document
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.documents import finite
from pcaphash.report.words.reach import reach_document

if TYPE_CHECKING:
    from pcaphash.engine.reading import Reading
    from pcaphash.report.compare.advice import AdviceWords
    from pcaphash.studies.compare import Comparison, ComparisonVerdict, Finding
    from pcaphash.studies.compare.advice import Advice
    from pcaphash.studies.compare.outcome import Row


def verdict_document(verdict: "ComparisonVerdict", reading: "Reading") -> dict[str, Any]:
    """Return a verdict as a document that JSON can hold, given what was read."""
    words = put_into_words(verdict, reading)
    return {
        "conclusion": verdict.conclusion.value,
        "headline": words.headline,
        "best": None if verdict.best is None else verdict.best.config,
        "worst": None if verdict.worst is None else verdict.worst.config,
        "gain": None if verdict.gain is None else asdict(verdict.gain),
        "with_even_table": _with_even_table(verdict.with_even_table),
        "findings": [
            _finding(finding, said.text) for finding, said in zip(verdict.findings, words.findings, strict=True)
        ],
        "advice": [_advice(advice, said) for advice, said in zip(verdict.advice, words.advice, strict=True)],
    }


def _with_even_table(even: "ComparisonVerdict | None") -> dict[str, Any] | None:
    if even is None:
        return None
    return {
        "conclusion": even.conclusion.value,
        "best": None if even.best is None else even.best.config,
        "worst": None if even.worst is None else even.worst.config,
        "gain": None if even.gain is None else asdict(even.gain),
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
        "limits": [reach.kind.value for reach in finding.limits],
    }


def _advice(advice: "Advice", words: "AdviceWords") -> dict[str, Any]:
    return {"kind": advice.kind, "text": words.text, "commands": words.commands, "facts": asdict(advice)}


def comparison_document(comparison: "Comparison") -> dict[str, object]:
    """Return the whole comparison as what JSON is made of."""
    return {
        "verdict": verdict_document(comparison.verdict, comparison.reading),
        **make_document(comparison.analysis),
        "baseline": _finite_rows(comparison.baseline_rows),
        "groups": _finite_rows(comparison.group_rows),
        "flows": _finite_rows(comparison.flow_rows),
        "affinity": _finite_rows(comparison.affinity_rows),
        "windows": _finite_rows(comparison.window_rows),
        "packets_without_time": comparison.without_time,
        "independence": [
            {
                "config": outcome.device.name,
                "hash_inputs": len(outcome.inputs.loads),
                "statistic": check.statistic,
                "degrees": check.degrees,
                "probability": check.probability,
            }
            for outcome in comparison.outcomes
            if (check := outcome.independence) is not None and outcome.inputs is not None
        ],
        "reach": [
            {"config": outcome.device.name, "inputs": [reach_document(reach) for reach in outcome.reaches]}
            for outcome in comparison.outcomes
            if outcome.inputs is not None
        ],
        "flows_kept": None if (kept := comparison.outcomes[0].flow_set) is None else len(kept.flows.keys),
        "flows_kept_share": None if kept is None else kept.kept_share,
    }


def _finite_rows(rows: "list[Row]") -> list[dict[str, str | int | float | None]]:
    return [finite(row) for row in rows]
