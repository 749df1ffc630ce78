"""Write what came of tuning to a stream, or as tables and a payload into a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.document import finite, make_document, write_json_document
from pcaphash.report.files import make_folder, whole_file
from pcaphash.report.rows import save_tables

if TYPE_CHECKING:
    from pcaphash.studies.tune import Tuning
    from pcaphash.studies.tune.result import TableTrial

VERDICT_FILE = "verdict.txt"
PAYLOAD_FILE = "rss_config.bin"
PAYLOAD_TEXT_FILE = "rss_config.hex"
FIGURE_FILE = "keys.png"


def write_tuning(tuning: "Tuning", format_: str, stream: TextIO) -> None:
    """Write what came of tuning.

    Parameters
    ----------
    tuning : Tuning
        The results.
    format_ : str
        One of ``formats.COMPARISON_FORMATS``: ``table`` for readers, ``json`` for one document.
    stream : text stream
        Written to.
    """
    if format_ == "json":
        write_json_document(_document(tuning), stream)
    else:
        from pcaphash.report.tuning_text import show_tuning

        show_tuning(tuning, stream)


def write_tuning_folder(tuning: "Tuning", folder: Path) -> list[Path]:
    """Write verdict, tables, figure and the payload of RSS_CONFIG into a folder, each file whole or not at all.

    Returns
    -------
    list of Path
        The files written.
    """
    import pandas as pd

    from pcaphash.report.figures import draw_tuning, save
    from pcaphash.report.tuning_text import verdict_lines

    make_folder(folder)
    texts = {VERDICT_FILE: "\n".join(verdict_lines(tuning)), PAYLOAD_TEXT_FILE: tuning.rss_config.hex()}
    paths = []
    for name, text in texts.items():
        paths.append(folder / name)
        with whole_file(paths[-1]) as part:
            part.write_text(text + "\n", encoding="utf-8")
    paths.append(folder / PAYLOAD_FILE)
    with whole_file(paths[-1]) as part:
        part.write_bytes(tuning.rss_config)
    tables = {"keys": tuning.key_table, "table": tuning.entry_table, "sizes": pd.DataFrame(tuning.size_rows)}
    paths += save_tables(tables, folder)
    paths.append(folder / FIGURE_FILE)
    with whole_file(paths[-1]) as part:
        save(draw_tuning(tuning), part)
    return paths


def _document(tuning: "Tuning") -> dict[str, object]:
    verdict, measure = tuning.verdict, tuning.measure
    ideal = tuning.baseline.interval(measure) if tuning.baseline is not None else None
    return {
        "verdict": {"cause": verdict.cause, "headline": verdict.headline, "lines": verdict.lines},
        **make_document(tuning.analysis),
        "measure": measure,
        "keys_tried": len(tuning.keys) - 1,
        "seed": tuning.seed,
        "hash_inputs": tuning.n_inputs,
        "flows_kept_share": tuning.kept_share,
        "current_key": _key(tuning, 0),
        "best_key": None if tuning.best is None else _key(tuning, tuning.best),
        "ideal": None if ideal is None else finite({"low": ideal.low, "high": ideal.high}),
        "sizes": [finite(row) for row in tuning.size_rows],
        "rebalanced": _table(tuning.rebalanced),
        "weighted": _table(tuning.weighted),
        "ethtool": tuning.ethtool_line,
        "ethtool_has_rebalanced_table": tuning.is_table_in_ethtool,
        "rss_config": tuning.rss_config.hex(),
    }


def _key(tuning: "Tuning", number: int) -> dict[str, str | int | float | None]:
    values = {part: tuning.value(part, number) for part in ("choosing", "judging", "all")}
    return finite({"key": tuning.keys[number].hex(), **values})


def _table(trial: "TableTrial") -> dict[str, object]:
    return {"table": list(trial.table), **finite({"all": trial.whole, "judging": trial.judged})}
