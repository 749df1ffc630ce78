"""An explanation as one JSON document."""

from typing import TYPE_CHECKING

from pcaphash.report.explain.headers import note_words, value_words
from pcaphash.report.explain.outcome import because_words, list_rules
from pcaphash.report.explain.stops import stop_document
from pcaphash.report.words.device import describe

if TYPE_CHECKING:
    from pcaphash.studies.explain import Answer, Explanation, PacketField


def explanation_document(explanation: "Explanation") -> dict[str, object]:
    """Return the whole explanation as what JSON is made of."""
    return {
        "trace": explanation.trace,
        "packet": explanation.packet,
        "timestamp_ns": explanation.timestamp_ns,
        "captured_length": explanation.captured_length,
        "original_length": explanation.original_length,
        "link_type": explanation.link_type,
        "direction": explanation.direction,
        **_answer_document(explanation.answer),
        "because": because_words(explanation),
        "stop": None if explanation.stop is None else stop_document(explanation.stop),
        "headers": [
            {
                "name": header.name,
                "part": header.part,
                "offset": header.offset,
                "length": header.length,
                "note": note_words(header, explanation.dissection.packet.length),
                "fields": [_field_document(field) for field in header.fields],
            }
            for header in explanation.headers
        ],
        "steps": [
            {"rule": rule.rule, "decision": rule.decision, "why": rule.why, "source": rule.source}
            for rule in list_rules(explanation)
        ],
        "input_fields": [
            {
                "name": field.name,
                "offset": field.offset,
                "length": len(field.data),
                "packet_offset": field.packet_offset,
                "value": field.value,
                "bytes": field.data.hex(),
            }
            for field in explanation.input_fields
        ],
        "others": [_answer_document(other) for other in explanation.others],
    }


def _answer_document(answer: "Answer") -> dict[str, object]:
    """Write an answer by the names and forms of the columns of ``hashes``."""
    return {
        "config": answer.device.name,
        "device": dict(describe(answer.device)),
        "encapsulation": answer.encapsulation,
        "header": answer.header,
        "hash_report": answer.hash_report,
        "hash_report_tunnel": answer.hash_report_tunnel,
        "hash_input": answer.hash_input.hex(),
        "hash_value": "" if answer.hash_value is None else f"0x{answer.hash_value:08x}",
        "table_index": answer.table_index,
        "queue": answer.queue,
        "reason": answer.reason,
    }


def _field_document(field: "PacketField") -> dict[str, object]:
    return {
        "name": field.name,
        "offset": field.offset,
        "length": field.length,
        "value": value_words(field),
        "bytes": field.data.hex(),
    }
