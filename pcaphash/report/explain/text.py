"""Show on the terminal why one packet has its hash, or none."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pcaphash.errors import trace_name
from pcaphash.report.explain.headers import note_words, value_words
from pcaphash.report.explain.outcome import because_words, list_rules
from pcaphash.report.explain.stops import stop_words
from pcaphash.report.layout import open_console
from pcaphash.report.words.device import describe_own, given_and_assumed

if TYPE_CHECKING:
    from pcaphash.studies.explain import Answer, Explanation, InputField, PacketField, PacketHeader

_INPUT_STYLES = ("bold cyan", "bold green", "bold yellow", "bold magenta")
_OFFSET_WIDTH = 7
_STEP_INDENT = 4


class _Page:
    """Prints lines that hang: what does not fit goes on below, indented."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.wraps = not console.soft_wrap
        self.width = console.width

    def heading(self, text: str) -> None:
        """Print the heading of a part."""
        self._console.print()
        self._console.print(Text(text, style="bold"))

    def line(self, label: Text | str, body: Text | str = "", indent: int = 2) -> None:
        """Print a label and what goes with it, which hangs behind the label, or ``indent`` deep where it is narrow."""
        label, body = Text.assemble(label), Text.assemble(body)
        if not self.wraps:
            self._console.print(label + body)
            return
        room = self.width - cell_len(label.plain)
        if max(map(cell_len, body.plain.split()), default=0) > room:
            self._wrapped(label, "", indent)
            label = Text(" " * indent)
        self._wrapped(label, body, cell_len(label.plain))

    def _wrapped(self, label: Text, body: Text | str, indent: int) -> None:
        lines = Text.assemble(body).wrap(self._console, max(self.width - cell_len(label.plain), 1))
        for i, part in enumerate(lines):
            part.rstrip()
            self._console.print((label if i == 0 else Text(" " * indent)) + part)


def show_explanation(explanation: "Explanation", stream: TextIO) -> None:
    """Print the packet header by header, the rules applied, and the hash input.

    Parameters
    ----------
    explanation : Explanation
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else, where no line is wrapped.
    """
    page = _Page(open_console(stream))
    answer = explanation.answer
    page.line(Text(f"packet {explanation.packet:,} of {trace_name(explanation.trace)}", style="bold"))
    page.line("", _lengths(explanation))
    page.line("", Text(_answer(answer), style="bold green" if answer.hash_value is not None else "bold yellow"))
    because = because_words(explanation)
    if because:
        page.line("", f"{because}.")
    page.heading("headers, by byte offset")
    for header in explanation.headers:
        _show_header(header, explanation.dissection.packet.length, explanation.input_fields, page)
    if explanation.stop:
        page.line("  ", stop_words(explanation.stop) + ".")
    page.heading("rules, in the order they apply")
    for i, rule in enumerate(list_rules(explanation), 1):
        page.line(f"{i:>2}. ", Text.assemble(f"{rule.rule}: ", (rule.decision, "bold")))
        page.line(" " * _STEP_INDENT, Text.assemble(rule.why, (f" [{rule.source}]", "dim")))
    if explanation.input_fields:
        page.heading(f"hash input, {len(answer.hash_input)} bytes")
        _show_input(explanation.input_fields, page)
    if explanation.others:
        page.heading("other configurations")
        for other in explanation.others:
            page.line(f"  {other.device.name}: ", _answer(other), 4)
            page.line("    ", Text(_types(other), style="dim"))
    page.heading("the device")
    for label, text in _device(answer):
        page.line(f"  {label}: ", Text(text, style="dim"), 4)


def _lengths(explanation: "Explanation") -> str:
    """Say how long the packet is, how much of it there is, and when and whither it went."""
    captured, original = explanation.captured_length, explanation.original_length
    parts = [f"{captured} bytes, all captured" if captured >= original else f"{captured} of {original} bytes captured"]
    if explanation.timestamp_ns is not None:
        seconds, nanoseconds = divmod(explanation.timestamp_ns, 10**9)
        parts.append(f"{_moment(seconds)}.{nanoseconds:09d} UTC")
    if explanation.direction:
        parts.append({"in": "received", "out": "sent"}[explanation.direction])
    return ", ".join(parts)


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _answer(answer: "Answer") -> str:
    """Say in one line what a configuration makes of the packet."""
    if answer.hash_value is not None:
        queue = "" if answer.queue is None else f", receive queue {answer.queue}"
        return f"hash 0x{answer.hash_value:08x} over the {answer.header} header, {answer.hash_report}{queue}"
    if answer.hash_report == "UNKNOWN":
        return f"hash and receive queue unknown (reason {answer.reason})"
    queue = "" if answer.queue is None else f": unclassified queue {answer.queue}"
    return f"no hash (reason {answer.reason}){queue}"


def _show_header(header: "PacketHeader", packet_length: int, hashed: "tuple[InputField, ...]", page: _Page) -> None:
    nested = "  " if header.part == "inner" else ""
    name = f"inner {header.name}" if nested else header.name
    size = "1 byte" if header.length == 1 else f"{header.length} bytes"
    words = note_words(header, packet_length)
    note = f": {words}" if words else ""
    page.line(
        f"{header.offset:>{_OFFSET_WIDTH}}  {nested}", Text.assemble((name, "bold"), f", {size}", (note, "yellow"))
    )
    width = max((len(field.name) for field in header.fields), default=0)
    for field in header.fields:
        style = _style_of(field, hashed)
        label = f"{field.offset:>{_OFFSET_WIDTH}}  {nested}  {field.name:<{width}}  "
        value = Text(value_words(field), style=style or "")
        page.line(label, value + Text("  (hashed)" if style else ""), _OFFSET_WIDTH + 6)


def _style_of(field: "PacketField", hashed: "tuple[InputField, ...]") -> str:
    """Return the colour of a field that is hashed as it is; nothing for others."""
    found = (i for i, each in enumerate(hashed) if (each.packet_offset, each.data) == (field.offset, field.data))
    return next((_INPUT_STYLES[i] for i in found), "")


def _show_input(fields: "tuple[InputField, ...]", page: _Page) -> None:
    """Print the hash input in one piece, then field by field, with the same colours."""
    page.line("  ", Text(" ").join(_groups(fields)))
    width = max(len(field.name) for field in fields)
    for field, style in zip(fields, _INPUT_STYLES, strict=False):
        place = "" if field.packet_offset is None else f", byte {field.packet_offset} of the packet"
        label = f"{field.offset:>{_OFFSET_WIDTH}}  {field.name:<{width}}  "
        page.line(label, Text.assemble((field.value, style), place), _OFFSET_WIDTH + 6)


def _groups(fields: "tuple[InputField, ...]") -> Iterator[Text]:
    """Give the bytes of the hash input in groups of up to four."""
    for field, style in zip(fields, _INPUT_STYLES, strict=False):
        for at in range(0, len(field.data), 4):
            yield Text(field.data[at : at + 4].hex(), style=style)


def _device(answer: "Answer") -> list[tuple[str, str]]:
    """Say what was given and assumed of the device."""
    return [(answer.device.name, _types(answer)), *given_and_assumed(answer.device).items()]


def _types(answer: "Answer") -> str:
    """Name the types that make a configuration."""
    return "; ".join(f"{name} {value.replace('+', ' ')}" for name, value in describe_own(answer.device))
