"""Show a validation on the terminal: whether the device is right, and if not, what it did instead."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.layout import Columns, open_console
from pcaphash.report.words import brief_types, count, packets
from pcaphash.studies.validate.result import NOT_COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.diagnosis import Diagnosis
    from pcaphash.studies.validate.fault import Fault
    from pcaphash.studies.validate.queue_rules import QueueDiagnosis
    from pcaphash.studies.validate.result import Example

_DEFAULT = " (default)"
_VERDICTS = {
    "match": "as the spec requires",
    "hash-missing": "no hash where one is expected",
    "hash-unexpected": "a hash where none is expected",
    "wrong-value": "wrong hash value",
    "wrong-type": "wrong hash_report",
    "wrong-tunnel": "wrong hash_report_tunnel",
    "wrong-queue": "wrong receive queue",
}
_MOST_ALTERNATIVES = 6


def show_validation(validation: "Validation", stream: TextIO, recover_command: str | None = None) -> None:
    """Print the verdict, what is wrong, and why.

    Parameters
    ----------
    validation : Validation
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    recover_command : str, optional
        Recovers the key that the device has, if that is what may be wrong.
    """
    console = open_console(stream)
    _show_headline(validation, console)
    _show_device(validation, console)
    if validation.judged:
        _show_verdicts(validation, console)
    if validation.faults["hash-missing"] and not validation.reported["hash_value"]:
        console.print("No hash was reported for any packet: RSS may be off, or the driver does not pass hashes on.\n")
    if validation.diagnosis is not None:
        _show_causes(validation, validation.diagnosis, console)
    if validation.queue_diagnosis is not None:
        _show_queues(validation, validation.queue_diagnosis, console)
    if recover_command:
        console.print("Every hash is wrong. If the device may have another key, recover it from the hashes:")
        console.print(Text(f"  {recover_command}"), soft_wrap=True)


def _show_headline(validation: "Validation", console: Console) -> None:
    colour = " red" if validation.mismatches else " green" if validation.judged else ""
    console.print(Text(validation.headline, style=f"bold{colour}"))


def _show_device(validation: "Validation", console: Console) -> None:
    options = validation.device.describe_common(validation.device)
    types = [f"types {brief_types(validation.device)}"]
    given = [f"{name} {value}" for name, value in options if not value.endswith(_DEFAULT)]
    assumed = [f"{name} {value.removesuffix(_DEFAULT)}" for name, value in options if value.endswith(_DEFAULT)]
    lines = [f"{label}: {'; '.join(each)}" for label, each in (("device", types + given), ("assumed", assumed)) if each]
    said = [f"{name} of {packets(n)}" for name, n in validation.reported.items() if n]
    lines.append(f"reported: {', '.join(said) or 'nothing'}")
    left_out = [f"{packets(n)} {reason}" for reason, n in sorted(validation.reading.left_out.items())]
    if left_out:
        lines.append(f"left out: {'; '.join(left_out)}")
    lines += [f"not judged: {packets(n)}, {NOT_COMPARED[reason]}" for reason, n in validation.not_compared.items()]
    lines += validation.notes
    console.print(Text("\n".join(lines) + "\n", style="dim"))


def _show_verdicts(validation: "Validation", console: Console) -> None:
    shown = {name: n for name, n in validation.verdicts.items() if n or name == "match"}
    columns = Columns("verdicts", [_VERDICTS[name] for name in shown])
    columns.add("packets", [count(n) for n in shown.values()])
    columns.add("share", [f"{n / validation.judged:.2%}" for n in shown.values()])
    columns.print(console)


def _show_causes(validation: "Validation", diagnosis: "Diagnosis", console: Console) -> None:
    about = "" if validation.is_whole else "about "
    if diagnosis.causes:
        console.print(Text("what the device does instead", style="bold"))
    for number, cause in enumerate(diagnosis.causes, 1):
        words = _sentence(cause.faults) + ("; they go to the unclassified queue" if cause.is_unclassified else "")
        console.print(Text.assemble(f"  {number}. ", (words, "bold"), f": {about}{packets(cause.packets)}"))
        _show_example(validation.examples[cause.example], console)
    if diagnosis.alternatives:
        console.print("On this trace, these explain as much:")
        for each in diagnosis.alternatives[:_MOST_ALTERNATIVES]:
            console.print(f"  - {_sentence(each)}")
        rest = len(diagnosis.alternatives) - _MOST_ALTERNATIVES
        if rest > 0:
            console.print(f"  - and {count(rest)} more")
        console.print(f"To tell them apart, capture {'; '.join(diagnosis.traffic[:4])}.")
    if diagnosis.unexplained:
        known = "No known fault explains" if not diagnosis.causes else "Still unexplained:"
        console.print(Text(f"{known} {about}{packets(diagnosis.unexplained)}.", style="bold"))
        for position in diagnosis.unexplained_examples:
            _show_example(validation.examples[position], console)
        if diagnosis.contradicting:
            wrong, right = diagnosis.contradicting_packets
            console.print(
                f"  {_sentence(diagnosis.contradicting)}: this would explain {about}{packets(wrong)} of them, but "
                f"not {packets(right)} that are right. The device may do so at times, or was reconfigured during "
                "the trace."
            )
    console.print()


def _sentence(faults: "Iterable[Fault]") -> str:
    return "The device " + ", and ".join(fault.words for fault in faults)


def _show_example(example: "Example", console: Console) -> None:
    """Print one packet: what is due, what was reported, and over which bytes."""
    due = _outcome(example.hash_report, example.hash_report_tunnel, example.hash_value, example.queue)
    said = _outcome(example.reported_type, example.reported_tunnel, example.reported_value, example.reported_queue)
    place = f" of {example.trace}" if example.trace else ""
    console.print(f"     packet {count(example.packet)}{place}: expected {due}; reported {said}")
    if example.hash_input:
        console.print(Text(f"       hash input, {example.header} header: {example.hash_input}", style="dim"))
    elif example.reason:
        console.print(Text(f"       no hash is expected: {example.reason}", style="dim"))


def _outcome(report: str, tunnel: str, value: str, queue: str) -> str:
    parts = [each for each in (report, f"tunnel {tunnel}" if tunnel not in ("", "NONE") else "", value) if each]
    parts += [f"queue {queue}"] if queue else []
    return " ".join(parts) or "nothing"


def _show_queues(validation: "Validation", queues: "QueueDiagnosis", console: Console) -> None:
    about = "" if validation.is_whole else "about "
    console.print(Text(f"receive queues: wrong for {about}{packets(queues.packets)}", style="bold"))
    of_hashed = [rule for rule in queues.rules if not rule.of_unhashed]
    for position, rule in enumerate(of_hashed):
        console.print(f"  {'Or it' if position else 'The device'} {rule.words}.")
    for rule in queues.rules:
        if rule.of_unhashed:
            console.print(f"  The device {rule.words}.")
    if queues.beyond:
        console.print(
            f"  {about}{packets(queues.beyond)} arrived on receive queues that this device does not have: it has "
            f"{validation.device.queues} (--queues)."
        )
    if queues.rules and queues.unexplained:
        elsewhere = f"{about}{packets(queues.unexplained)} arrived on other queues"
        console.print(f"  {elsewhere}: flow filters (ntuple rules) or RSS contexts can cause this.")
    elif not queues.rules:
        several = "one hash" if queues.hash_values == 1 else f"{count(queues.hash_values)} different hashes"
        console.print(
            f"  No rule explains them: {count(queues.hashed)} have {several}, {count(queues.unhashed)} none. Flow "
            "filters (ntuple rules), RSS contexts, or an indirection table that changed during the trace can cause "
            "this."
        )
