"""Write a comparison to a stream, or as tables and figures into a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.comparison_words import put_into_words
from pcaphash.report.document import finite, make_document, write_json_document
from pcaphash.report.files import make_folder, whole_file
from pcaphash.report.verdict_document import verdict_document

if TYPE_CHECKING:
    from pcaphash.studies.compare import Comparison
    from pcaphash.studies.compare.outcome import Row

VERDICT_FILE = "verdict.txt"


def write_comparison(comparison: "Comparison", format_: str, stream: TextIO) -> None:
    """Write a comparison.

    Parameters
    ----------
    comparison : Comparison
        The results.
    format_ : str
        One of ``formats.COMPARISON_FORMATS``: ``table`` for readers, ``json`` for everything as one document.
    stream : text stream
        Written to.
    """
    if format_ == "json":
        write_json_document(_document(comparison), stream)
    else:
        from pcaphash.report.comparison_text import show_comparison

        show_comparison(comparison, stream)


def write_comparison_folder(comparison: "Comparison", folder: Path) -> list[Path]:
    """Write the verdict, the tables and the figures into a folder, each file whole or not at all.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures import write_figures
    from pcaphash.report.rows import save_tables

    make_folder(folder)
    paths = [folder / VERDICT_FILE]
    with whole_file(paths[0]) as part:
        part.write_text("\n".join(put_into_words(comparison.verdict).lines) + "\n", encoding="utf-8")
    paths += save_tables(comparison.tables(), folder)
    return [*paths, *write_figures(comparison, folder)]


def _document(comparison: "Comparison") -> dict[str, object]:
    return {
        "verdict": verdict_document(comparison.verdict),
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
        "flows_kept": None if (kept := comparison.outcomes[0].flow_set) is None else len(kept.flows.keys),
        "flows_kept_share": None if kept is None else kept.kept_share,
    }


def _finite_rows(rows: "list[Row]") -> list[dict[str, str | int | float | None]]:
    return [finite(row) for row in rows]
