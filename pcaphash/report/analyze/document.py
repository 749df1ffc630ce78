"""An analysis as one JSON document."""

from typing import TYPE_CHECKING

from pcaphash.report.documents import device_document, finite, reading_document

if TYPE_CHECKING:
    from pcaphash.studies.analyze import Analysis


def make_document(analysis: "Analysis") -> dict[str, object]:
    """Return the whole analysis as what JSON is made of."""
    return {
        **reading_document(analysis.reading),
        "configurations": [
            {
                "name": distribution.device.name,
                "device": device_document(distribution.device),
                "encapsulations": encapsulations,
                "hash_reports": distribution.reports,
                "reasons": distribution.reasons,
            }
            for distribution, encapsulations in zip(analysis.distributions, analysis.encapsulations, strict=True)
        ],
        "summary": [finite(row) for row in analysis.summary_rows()],
        "distribution": [finite(row) for row in analysis.distribution_rows()],
        **({"files": [finite(row) for row in analysis.file_rows]} if analysis.file_rows else {}),
    }
