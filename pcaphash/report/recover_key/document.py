"""What was recovered of a hash key as JSON has it: facts with their numbers, and the words for them."""

from typing import TYPE_CHECKING

from pcaphash.report.documents import device_document, reading_document
from pcaphash.report.recover_key.words import assumption_text, known_name, order_text, other_types_texts, put_into_words
from pcaphash.report.words.notes import note_document
from pcaphash.studies.recover_key.solution import KEY_BITS

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery
    from pcaphash.studies.recover_key.result import Fit


def recovery_document(recovery: "Recovery", validate_command: str | None = None) -> dict[str, object]:
    """Return a recovery as a document that JSON can hold."""
    words = put_into_words(recovery, validate_command)
    best, solution = recovery.best, recovery.solution
    order = best.value_order if best else None
    return {
        **reading_document(recovery.reading),
        "conclusion": recovery.conclusion.value,
        "headline": words.headline,
        "lines": [*words.findings, *words.commands],
        "notes": [*map(note_document, recovery.notes), *_other_types(recovery)],
        "best": assumption_text(best.assumption) if best else None,
        "best_kind": best.assumption.value if best else None,
        "device": device_document(best.device) if best else None,
        "key": solution.hash_key.hex() if solution else None,
        "key_mask": solution.key_mask.hex() if solution else None,
        "known_bits": solution.known_bits if solution else 0,
        "usable_bits": KEY_BITS,
        "is_complete": recovery.is_complete,
        "is_confirmed": best.is_confirmed if best else False,
        "known_key": recovery.known_key,
        "known_name": known_name(recovery),
        "calculable": [each.value for each in recovery.calculable],
        "initial_value": f"0x{recovery.initial_value:08x}" if solution else None,
        "initial_value_is_assumed": not solution.has_initial if solution else None,
        "value_order": order_text(order) if order else None,
        "value_order_kind": order.value if order else None,
        "unreported": recovery.unreported,
        "unreported_looked_at": recovery.looked_at,
        "predictable": recovery.predictable,
        "of_other_types": recovery.of_other_types,
        "is_order_known": recovery.is_order_known,
        "from_queues": None if recovery.queue_sums is None else _queues_document(recovery),
        "assumptions": [_fit_document(fit) for fit in recovery.fits],
    }


def _other_types(recovery: "Recovery") -> list[dict[str, object]]:
    """Return the note on hashes of other types as ``note_document`` does, which is about those of the source."""
    facts = {"packets": recovery.of_other_types}
    return [{"kind": "other-types", "text": text, "facts": facts} for text in other_types_texts(recovery)]


def _queues_document(recovery: "Recovery") -> dict[str, object]:
    """Return what receive queues tell: sums of bits of the table index."""
    sums = recovery.queue_sums
    assert sums is not None, "only receive queues are reported"
    return {
        "sums": [[bit for bit in range(sums.index_bits) if mask >> bit & 1] for mask in sums.masks],
        "index_bits": sums.index_bits,
        "is_all": sums.is_all,
        "beside_queues": recovery.beside_queues,
        "keys_tried": 0 if recovery.best is None else recovery.best.tried,
    }


def _fit_document(fit: "Fit") -> dict[str, object]:
    return {
        "kind": fit.assumption.value,
        "name": assumption_text(fit.assumption),
        "packets": fit.packets,
        "rank": fit.rank,
        "contradictions": fit.contradictions,
        "contradicting": list(fit.contradicting),
        "fits": fit.is_consistent,
        "equations_that_hold_besides": fit.evidence,
        "known_bits": fit.solution.known_bits if fit.solution else 0,
    }
