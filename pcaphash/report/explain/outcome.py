"""What comes after the hash type: the hash, the receive queue, the reports."""

from pcaphash.report.explain.rules import TUNNEL_SOURCES, Rule, rules_before, rules_of_packet
from pcaphash.standards import virtio
from pcaphash.studies.explain.explanation import Explanation
from pcaphash.studies.explain.result import Answer

QUEUE_SOURCE = "virtio 1.4, RSS parameters"

_TRANSFORM_SOURCES = {"symmetric-xor": "Linux, RXH_XFRM_SYM_XOR", "symmetric-or-xor": "Linux, RXH_XFRM_SYM_OR_XOR"}
_ENA = "amzn-ec2-ena-utilities, toeplitz_calc.py"
_FORMS = {
    "ena-gen4": (
        "the smaller address and the smaller port come first, the 32-bit words of the key are taken in reversed order, "
        "the hash starts at 0xffffffff, and its lower half stands in the upper half too",
        _ENA,
    ),
    "ena-gen5": ("the bytes of the key are taken in reversed order, and the hash starts at 0xffffffff", _ENA),
}


def list_rules(explanation: Explanation) -> list[Rule]:
    """List all rules that were applied, in order, up to receive queue and reports."""
    return [*rules_before(explanation), *rules_of_packet(explanation), *_outcome_rules(explanation.answer)]


def because_words(explanation: Explanation) -> str:
    """Say why there is no hash, or none known: what the last rule says; empty if there is a hash."""
    return "" if explanation.answer.hash_value is not None else rules_of_packet(explanation)[-1].why


def _outcome_rules(answer: Answer) -> list[Rule]:
    """List the rules from the hash input to the receive queue and the reports."""
    rules = [] if answer.hash_value is None else [_hash_rule(answer)]
    rules.append(_queue_rule(answer))
    if answer.hash_report != "UNKNOWN":
        rules.append(_report_rule(answer))
    return rules


def _hash_rule(answer: Answer) -> Rule:
    device = answer.device
    transform = device.input_transform
    why = f"the Toeplitz hash of the {len(answer.hash_input)} bytes of hash input with the device's key"
    source = "Microsoft, RSS hashing functions"
    if device.flavor in _FORMS:
        words, form_source = _FORMS[device.flavor]
        why += f"; {words}"
        source += f"; {form_source}"
    if transform != "none":
        why += f", after its input transformation {transform}"
        source += f"; {_TRANSFORM_SOURCES[transform]}"
    return Rule("hash", f"0x{answer.hash_value:08x}", why, source)


def _table_formula(answer: Answer) -> str:
    """Write how a hash leads to its entry of the indirection table."""
    n_entries = len(answer.device.indirection_table)
    rule = f"% {n_entries}" if answer.device.table_index == "modulo" else f"& {n_entries - 1}"
    return f"0x{answer.hash_value:08x} {rule} = {answer.table_index}"


def _queue_rule(answer: Answer) -> Rule:
    if not answer.device.has_queue:
        why = "without the RSS feature, no hash chooses a receive queue"
        return Rule("receive queue", "none to tell", why, QUEUE_SOURCE)
    if answer.table_index is not None:
        why = f"{_table_formula(answer)}, and entry {answer.table_index} of the indirection table is {answer.queue}"
        return Rule("receive queue", str(answer.queue), why, QUEUE_SOURCE)
    if answer.queue is None:
        return Rule("receive queue", "unknown", f"the hash is unknown (reason {answer.reason})", QUEUE_SOURCE)
    why = f"there is no hash (reason {answer.reason}), so the packet goes to the unclassified queue"
    return Rule("receive queue", str(answer.queue), why, QUEUE_SOURCE)


def _report_rule(answer: Answer) -> Rule:
    device = answer.device
    source = "virtio 1.4, Hash reporting for incoming packets"
    if not device.reports_hash:
        why = "without the HASH_REPORT feature, the header before the packet has no field for it"
        return Rule("reports", "none", why, source)
    decision = f"hash_report {answer.hash_report} ({virtio.HASH_REPORTS.index(answer.hash_report)})"
    if device.spec != "v7":
        return Rule("reports", decision, "virtio 1.4 does not report encapsulations", source)
    number = virtio.HASH_REPORT_TUNNELS.index(answer.hash_report_tunnel)
    decision += f", hash_report_tunnel {answer.hash_report_tunnel} ({number})"
    why = "the encapsulation is reported only if the hash is over the inner header"
    return Rule("reports", decision, why, TUNNEL_SOURCES["v7"])
