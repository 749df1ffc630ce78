"""What came of tuning as JSON has it: facts with their numbers, and the words for them."""

from typing import TYPE_CHECKING, Any

from pcaphash.report.analyze.document import make_document
from pcaphash.report.documents import facts_document, finite
from pcaphash.report.tune.words import caution_text, put_into_words
from pcaphash.report.words.reach import reach_document
from pcaphash.studies.tune.tables import Weights
from pcaphash.studies.tune.trial import CURRENT, PARTS
from pcaphash.studies.tune.verdict import TuningConclusion

if TYPE_CHECKING:
    from pcaphash.report.tune.words import TuningWords
    from pcaphash.studies.tune import Tuning
    from pcaphash.studies.tune.tables import TableTrial


def tuning_document(tuning: "Tuning") -> dict[str, object]:
    """Return the result of tuning as a document that JSON can hold."""
    words = put_into_words(tuning)
    ideal = None if tuning.baseline is None else tuning.baseline.interval(tuning.measure)
    return {
        "verdict": _verdict(tuning, words),
        "advice": None if tuning.verdict.cause == TuningConclusion.NOTHING else _advice(tuning, words),
        **make_document(tuning.analysis),
        "measure": tuning.measure,
        "keys_tried": tuning.tried,
        "seed": tuning.seed,
        "hash_inputs": tuning.n_inputs,
        "flows_kept_share": tuning.kept_share,
        "current_key": _key(tuning, CURRENT),
        "best_key": None if tuning.best is None else _key(tuning, tuning.best),
        "search": None if tuning.search is None else facts_document(tuning.search),
        "reach": [
            {"current": reach_document(current), "best": reach_document(best)} for current, best in tuning.reaches
        ],
        "ideal": None if ideal is None else finite({"low": ideal.low, "high": ideal.high}),
        "sizes": [finite(row) for row in tuning.size_rows],
        "rebalanced": _table(tuning.rebalanced),
        "weighted": _table(tuning.weighted),
        "ethtool": tuning.ethtool_line,
        "ethtool_has_rebalanced_table": tuning.is_table_in_ethtool,
        "rss_config": tuning.rss_config.hex(),
    }


def _verdict(tuning: "Tuning", words: "TuningWords") -> dict[str, Any]:
    verdict = tuning.verdict
    return {
        "cause": verdict.cause.value,
        "headline": words.headline,
        "lines": [*words.reasons, *words.cautions],
        "facts": facts_document(verdict.facts),
        "cautions": [
            {"kind": each.kind, "text": caution_text(each), "facts": facts_document(each)} for each in verdict.cautions
        ],
    }


def _advice(tuning: "Tuning", words: "TuningWords") -> dict[str, Any]:
    table = tuning.ethtool_table
    return {
        "key": "current" if tuning.recommended == CURRENT else "best",
        "entries_moved": tuning.moved,
        "ethtool_table": None if table is None else ("weight" if isinstance(table, Weights) else "equal"),
        "texts": [*words.tables, *words.settings],
    }


def _key(tuning: "Tuning", number: int) -> dict[str, str | int | float | None]:
    values = {part: tuning.value(part, number) for part in PARTS}
    return finite({"key": tuning.keys[number].hex(), "origin": tuning.origin(number), **values})


def _table(trial: "TableTrial") -> dict[str, object]:
    return {"table": list(trial.table), **finite({"all": trial.whole, "judging": trial.judged})}
