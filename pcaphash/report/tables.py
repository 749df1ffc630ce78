"""Write an analysis as tables: CSV files with pandas, or one JSON document."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.figures import draw_distribution, save
from pcaphash.report.files import make_folder, whole_file

if TYPE_CHECKING:
    from pcaphash.studies.analyze import Analysis, Row

FIGURE_FILE = "distribution.png"


def write_csv(analysis: "Analysis", stream: TextIO) -> None:
    """Write ``distribution.csv``'s rows to a stream."""
    analysis.distribution.to_csv(stream, index=False)


def write_json(analysis: "Analysis", stream: TextIO) -> None:
    """Write the whole analysis as one JSON object to a stream."""
    json.dump(_document(analysis), stream, indent=2, allow_nan=False)
    stream.write("\n")


def write_folder(analysis: "Analysis", folder: Path) -> list[Path]:
    """Write ``distribution.csv``, ``summary.csv`` and the figure into a folder, each whole or not at all."""
    make_folder(folder)
    paths = [folder / "distribution.csv", folder / "summary.csv", folder / FIGURE_FILE]
    with whole_file(paths[0]) as part:
        analysis.distribution.to_csv(part, index=False)
    with whole_file(paths[1]) as part:
        analysis.summary.to_csv(part, index=False)
    with whole_file(paths[2]) as part:
        save(draw_distribution(analysis), part)
    return paths


def _finite(row: "Row") -> "dict[str, str | int | float | None]":
    """Replace what JSON has no number for."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _document(analysis: "Analysis") -> dict[str, object]:
    reading = analysis.reading
    return {
        "traces": reading.traces,
        "partial": reading.is_partial,
        "problems": [str(problem) for problem in (*reading.damages, *reading.unreadable)],
        "packets": reading.packets,
        "sent_packets_left_out": reading.sent,
        "link_types": {str(link_type): n for link_type, n in reading.link_types.items()},
        "configurations": [
            {
                "name": distribution.device.name,
                "device": dict(distribution.device.describe()),
                "encapsulations": encapsulations,
                "hash_reports": distribution.reports,
                "reasons": distribution.reasons,
            }
            for distribution, encapsulations in zip(analysis.distributions, analysis.encapsulations, strict=True)
        ],
        "summary": [_finite(row) for row in analysis.summary_rows()],
        "distribution": [_finite(row) for row in analysis.distribution_rows()],
    }
