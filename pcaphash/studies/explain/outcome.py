"""What comes behind the hash type: the hash input field by field, the hash, the receive queue, the reports."""

from pcaphash.kernels.rows import EXTENDED, WITH_PORTS
from pcaphash.standards import virtio
from pcaphash.studies.explain import names
from pcaphash.studies.explain.internet import Place
from pcaphash.studies.explain.packet import agree, decimal
from pcaphash.studies.explain.result import Answer, InputField, Step
from pcaphash.studies.explain.rules import QUEUE_SOURCE, TUNNEL_SOURCES

_TRANSFORMED = {
    "symmetric-xor": (("XOR", "source ^ destination"), ("XOR", "source ^ destination")),
    "symmetric-or-xor": (("OR", "source | destination"), ("XOR", "source ^ destination")),
}
_TRANSFORM_SOURCES = {"symmetric-xor": "Linux, RXH_XFRM_SYM_XOR", "symmetric-or-xor": "Linux, RXH_XFRM_SYM_OR_XOR"}


def divide_input(data: bytes, place: Place, form: int, answer: Answer) -> tuple[InputField, ...]:
    """Divide a hash input into its fields, and hold each to the bytes of the packet that it is.

    Parameters
    ----------
    data : bytes
        The captured bytes of the packet.
    place : Place
        The header that was hashed.
    form : int
        Which hash of it: a sum of WITH_PORTS and EXTENDED (``kernels.rows``).
    answer : Answer
        What was hashed.

    Raises
    ------
    DisagreementError
        The hash input has other bytes.
    """
    hash_input, transform = answer.hash_input, answer.device.input_transform
    source, destination = (place.source, place.destination) if form & EXTENDED else place.plain
    parts = [
        ("source address" if source == place.plain[0] else "home address", source, place.address_len),
        ("destination address" if destination == place.plain[1] else "routing address", destination, place.address_len),
    ]
    if form & WITH_PORTS:
        parts += [("source port", place.payload, 2), ("destination port", place.payload + 2, 2)]
    fields: list[InputField] = []
    at = 0
    for i, (name, offset, length) in enumerate(parts):
        part = hash_input[at : at + length]
        show = decimal if length == 2 else names.address
        if transform == "none":
            agree(f"the {name}", data[offset : offset + length], part)
            fields.append(InputField(name, at, offset, show(part), part))
        else:
            what = "ports" if length == 2 else "addresses"
            word, formula = _TRANSFORMED[transform][i % 2]
            fields.append(InputField(f"{word} of {what}", at, None, formula, part))
        at += length
    agree("the length of the hash input", at, len(hash_input))
    return tuple(fields)


def list_outcome(answer: Answer) -> tuple[Step, ...]:
    """List the steps from the hash input to the receive queue and the reports."""
    device = answer.device
    steps = []
    if answer.hash_value is not None:
        why = f"the Toeplitz hash of the {len(answer.hash_input)} bytes of hash input with the device's key"
        source = "Microsoft, RSS hashing functions"
        if device.input_transform != "none":
            why += f", after its input transformation {device.input_transform}"
            source += f"; {_TRANSFORM_SOURCES[device.input_transform]}"
        steps.append(Step("hash", f"0x{answer.hash_value:08x}", why, source))
    steps.append(_queue_step(answer))
    if answer.hash_report != "UNKNOWN":
        steps.append(_report_step(answer))
    return tuple(steps)


def table_formula(answer: Answer) -> str:
    """Write how a hash leads to its entry of the indirection table."""
    n_entries = len(answer.device.indirection_table)
    rule = f"% {n_entries}" if answer.device.table_index == "modulo" else f"& {n_entries - 1}"
    return f"0x{answer.hash_value:08x} {rule} = {answer.table_index}"


def _queue_step(answer: Answer) -> Step:
    device = answer.device
    if not device.has_queue:
        why = "without the RSS feature, no hash chooses a receive queue"
        return Step("receive queue", "none to tell", why, QUEUE_SOURCE)
    if answer.table_index is not None:
        why = f"{table_formula(answer)}, and entry {answer.table_index} of the indirection table is {answer.queue}"
        return Step("receive queue", str(answer.queue), why, QUEUE_SOURCE)
    if answer.queue is None:
        return Step("receive queue", "unknown", f"the hash is unknown (reason {answer.reason})", QUEUE_SOURCE)
    why = f"there is no hash (reason {answer.reason}), so the packet goes to the unclassified queue"
    return Step("receive queue", str(answer.queue), why, QUEUE_SOURCE)


def _report_step(answer: Answer) -> Step:
    device = answer.device
    source = "virtio 1.4, Hash reporting for incoming packets"
    if not device.reports_hash:
        why = "without the HASH_REPORT feature, the header before the packet has no field for it"
        return Step("reports", "none", why, source)
    decision = f"hash_report {answer.hash_report} ({virtio.HASH_REPORTS.index(answer.hash_report)})"
    if device.spec != "v7":
        return Step("reports", decision, "virtio 1.4 does not report encapsulations", source)
    number = virtio.HASH_REPORT_TUNNELS.index(answer.hash_report_tunnel)
    decision += f", hash_report_tunnel {answer.hash_report_tunnel} ({number})"
    why = "the encapsulation is reported only if the hash is over the inner header"
    return Step("reports", decision, why, TUNNEL_SOURCES["v7"])
