"""Write a validation to a stream, or its tables into a folder."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.document import device_document, reading_document, write_json_document
from pcaphash.report.files import whole_file

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.fault import Fault

VALIDATION_FILE = "validation.txt"
PACKETS_FILE = "packets.csv"


def write_validation(
    validation: "Validation", format_: str, stream: TextIO, recover_command: str | None = None
) -> None:
    """Write a validation.

    Parameters
    ----------
    validation : Validation
        The results.
    format_ : str
        One of ``formats.VALIDATION_FORMATS``: ``table`` for readers, ``json`` for everything as one document.
    stream : text stream
        Written to.
    recover_command : str, optional
        Recovers the key that the device has; it is suggested if given.
    """
    if format_ == "json":
        write_json_document(_document(validation, recover_command), stream)
    else:
        from pcaphash.report.validation_text import show_validation

        show_validation(validation, stream, recover_command)


def write_validation_text(validation: "Validation", folder: Path) -> Path:
    """Write what is shown on the terminal into a folder; return the file."""
    path = folder / VALIDATION_FILE
    with whole_file(path) as part, part.open("w", encoding="utf-8") as stream:
        write_validation(validation, "table", stream)
    return path


def _document(validation: "Validation", recover_command: str | None) -> dict[str, object]:
    diagnosis, queues = validation.diagnosis, validation.queue_diagnosis
    document: dict[str, object] = {
        **reading_document(validation.reading),
        "device": device_document(validation.device),
        "headline": validation.headline,
        "judged": validation.judged,
        "mismatches": validation.mismatches,
        "verdicts": validation.verdicts,
        "faults": validation.faults,
        "not_compared": validation.not_compared,
        "reported": validation.reported,
        "notes": validation.notes,
        "recover_command": recover_command,
        "counts_are_exact": validation.is_whole,
        "causes": [],
        "alternatives": [],
        "unexplained": None,
        "queues": None,
    }
    if diagnosis is not None:
        document["causes"] = [
            {
                "faults": [_fault(fault) for fault in cause.faults],
                "packets": cause.packets,
                "unclassified": cause.is_unclassified,
                "example": asdict(validation.examples[cause.example]),
            }
            for cause in diagnosis.causes
        ]
        document["alternatives"] = [[_fault(fault) for fault in each] for each in diagnosis.alternatives]
        document["traffic_that_tells_apart"] = diagnosis.traffic if diagnosis.alternatives else []
        document["unexplained"] = {
            "packets": diagnosis.unexplained,
            "examples": [asdict(validation.examples[each]) for each in diagnosis.unexplained_examples],
            "contradicting": [_fault(fault) for fault in diagnosis.contradicting],
        }
    if queues is not None:
        document["queues"] = {
            "packets": queues.packets,
            "hash_values": queues.hash_values,
            "beyond": queues.beyond,
            "unexplained": queues.unexplained,
            "rules": [asdict(rule) for rule in queues.rules],
        }
    return document


def _fault(fault: "Fault") -> dict[str, str]:
    return {"name": fault.name, "words": fault.words}
