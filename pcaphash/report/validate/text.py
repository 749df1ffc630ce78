"""Show a validation on the terminal: whether the device is right, and if not, what it did instead."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.errors import trace_name
from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.validate.kind_words import blank_text, common_text, part_text, sampled_text
from pcaphash.report.validate.queue_words import queue_sentences, steering_text
from pcaphash.report.validate.words import (
    by_queue_text,
    configured_text,
    headline,
    lost_text,
    more_stretches_text,
    not_judged_texts,
    not_shown_text,
    possible_texts,
    recover_text,
    remarks,
    unexplained_text,
    verdict_text,
)
from pcaphash.report.words.device import given_and_assumed_lines
from pcaphash.report.words.faults import device_text, traffic_texts
from pcaphash.report.words.values import count, left_out_text, packets
from pcaphash.studies.validate.verdicts import PacketVerdict

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.queues.rules import QueueDiagnosis
    from pcaphash.studies.validate.result import Example
    from pcaphash.studies.validate.search.diagnosis import Diagnosis

_MOST_ALTERNATIVES = 6
_MOST_TRAFFIC = 4
_INDENT = 5  # of the example below a cause


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
    if validation.faults[PacketVerdict.HASH_MISSING] and not validation.reported["hash_value"]:
        line = "No hash was reported for any packet: RSS may be off, or the driver does not pass hashes on."
        show_text(Text(f"{line}\n"), console)
    if validation.diagnosis is not None:
        _show_causes(validation, validation.diagnosis, console)
    if validation.steering is not None:
        about = "" if validation.is_whole else "about "
        show_text(Text(f"{steering_text(validation.steering, about)}\n"), console)
    if validation.queue_diagnosis is not None:
        _show_queues(validation, validation.queue_diagnosis, console)
    if recover_command:
        show_text(Text(recover_text(validation)), console)
        console.print(Text(f"  {recover_command}"), soft_wrap=True)


def _show_headline(validation: "Validation", console: Console) -> None:
    colour = " red" if validation.mismatches else " green" if validation.judged else ""
    show_text(Text(headline(validation), style=f"bold{colour}"), console, further=0)
    if by_queue := by_queue_text(validation):
        show_text(Text(by_queue), console, further=0)
    if validation.blank is not None:
        show_text(Text(blank_text(validation.blank)), console, further=0)


def _show_device(validation: "Validation", console: Console) -> None:
    lines = given_and_assumed_lines(validation.device, with_types=True)
    said = [f"{name} of {packets(n)}" for name, n in validation.reported.items() if n]
    lines.append(f"reported: {', '.join(said) or 'nothing'}")
    if validation.reading.left_out:
        lines.append(f"left out: {left_out_text(validation.reading)}")
    lines += [f"not judged: {each}" for each in not_judged_texts(validation)]
    lines += remarks(validation)
    show_text(Text("\n".join(lines) + "\n", style="dim"), console)


def _show_verdicts(validation: "Validation", console: Console) -> None:
    shown = {verdict: n for verdict, n in validation.verdicts.items() if n or verdict == PacketVerdict.MATCH}
    columns = Columns("verdicts", [verdict_text(verdict, validation.device) for verdict in shown])
    columns.add("packets", [count(n) for n in shown.values()])
    columns.add("share", [f"{n / validation.judged:.2%}" for n in shown.values()])
    columns.print(console)


def _show_causes(validation: "Validation", diagnosis: "Diagnosis", console: Console) -> None:
    about = "" if validation.is_whole else "about "
    if diagnosis.causes:
        show_text(Text("what the device does instead", style="bold"), console)
    for number, cause in enumerate(diagnosis.causes, 1):
        words = device_text(cause.faults) + ("; they go to the unclassified queue" if cause.is_unclassified else "")
        words += "" if cause.part is None else f", {part_text(cause.part, validation)}"
        show_text(Text.assemble(f"{number}. ", (words, "bold"), f": {about}{packets(cause.packets)}"), console, 2, 5)
        _show_example(validation.examples[cause.example], console)
    if diagnosis.more_stretches.stretches:
        show_text(Text(more_stretches_text(diagnosis)), console)
    if validation.lost_rows:
        show_text(Text(lost_text(validation)), console)
    if validation.configured_so is not None:
        show_text(Text(configured_text(validation.configured_so)), console)
    if diagnosis.alternatives:
        show_text(Text("On this trace, these explain as much:"), console)
        for each in diagnosis.alternatives[:_MOST_ALTERNATIVES]:
            show_text(Text(f"- {device_text(each)}"), console, 2)
        rest = len(diagnosis.alternatives) - _MOST_ALTERNATIVES
        if rest > 0:
            show_text(Text(f"- and {count(rest)} more"), console, 2)
        traffic = traffic_texts(diagnosis.open_faults)[:_MOST_TRAFFIC]
        show_text(Text(f"To tell them apart, capture {'; '.join(traffic)}."), console)
    if diagnosis.not_shown:
        show_text(Text(not_shown_text(diagnosis, about)), console)
    if diagnosis.unexplained:
        show_text(Text(unexplained_text(diagnosis, about), style="bold"), console)
        for position in diagnosis.unexplained_examples:
            _show_example(validation.examples[position], console)
        for sentence in possible_texts(diagnosis):
            show_text(Text(sentence), console, 2)
        if diagnosis.sampled is not None:
            show_text(Text(sampled_text(diagnosis.sampled)), console, 2)
        elif diagnosis.common is not None:
            show_text(Text(common_text(diagnosis.common, validation, diagnosis.unexplained)), console, 2)
        if diagnosis.contradicting:
            wrong, right = diagnosis.contradicting_packets
            of_right = "" if diagnosis.is_every_right_kept else "about "
            line = (
                f"{device_text(diagnosis.contradicting)}: this would explain {about}{packets(wrong)} of them, but "
                f"not {of_right}{packets(right)} that are right. The device may do so at times."
            )
            show_text(Text(line), console, 2)
    console.print()


def _show_example(example: "Example", console: Console) -> None:
    """Print one packet: what is expected, what was reported, and over which bytes."""
    expected = _outcome(example.hash_report, example.hash_report_tunnel, example.hash_value, example.queue)
    said = _outcome(example.reported_type, example.reported_tunnel, example.reported_value, example.reported_queue)
    place = f" of {trace_name(example.trace)}" if example.trace else ""
    line = f"packet {count(example.packet)}{place}: expected {expected}; reported {said}"
    show_text(Text(line), console, _INDENT)
    if example.hash_input:
        line = f"hash input, {example.header} header: {example.hash_input}"
        show_text(Text(line, style="dim"), console, _INDENT + 2)
    elif example.reason:
        show_text(Text(f"no hash is expected: {example.reason}", style="dim"), console, _INDENT + 2)


def _outcome(report: str, tunnel: str, value: str, queue: str) -> str:
    parts = [each for each in (report, f"tunnel {tunnel}" if tunnel not in ("", "NONE") else "", value) if each]
    parts += [f"queue {queue}"] if queue else []
    return " ".join(parts) or "nothing"


def _show_queues(validation: "Validation", queues: "QueueDiagnosis", console: Console) -> None:
    about = "" if validation.is_whole else "about "
    title = f"receive queues: wrong for {about}{packets(queues.packets)}"
    others = queues.packets - validation.verdicts.get(PacketVerdict.WRONG_QUEUE, 0)
    if others > 0 and validation.is_whole:
        title += f", of which {count(others)} {'has' if others == 1 else 'have'} another fault too"
    show_text(Text(title, style="bold"), console)
    for sentence in queue_sentences(queues, validation, about):
        show_text(Text(sentence), console, 2)
