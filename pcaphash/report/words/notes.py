"""What is to be known of reported values, in words: each sentence once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pcaphash.capture.reported import notes as of_source
from pcaphash.capture.reported.header_words import header_problem
from pcaphash.capture.reported.notes import Lack
from pcaphash.errors import trace_name
from pcaphash.report.words.faults import fault_text
from pcaphash.report.words.values import count, counted, packets
from pcaphash.studies.validate.catalogue.fault import Fault
from pcaphash.studies.validate.log import notes as of_log
from pcaphash.studies.validate.log.notes import MatchedBy

if TYPE_CHECKING:
    from pcaphash.capture.reported.notes import Note

_LACKS = {
    Lack.EPB_HASH: "no Toeplitz hash (epb_hash) in their options",
    Lack.EPB_QUEUE: "no receive queue (epb_queue) in their options",
    Lack.VIRTIO_HEADER: "no complete virtio header",
    Lack.TP_RXHASH: "tp_rxhash 0, which means no hash",
}
_MATCHED_BY = {
    MatchedBy.CONTENTS: "by MAC addresses, type and length, and if several packets look the same, by the hash",
    MatchedBy.SIZES: ("by type and length (MAC addresses differ), and if several packets look the same, by the hash"),
    MatchedBy.NOTHING: "only by the hash",
}


def note_text(note: "Note") -> str:
    """Say what is to be known of reported values, without a full stop; a file that it is about comes first."""
    text = _TEXTS[type(note)](note)
    return f"{note.file}: {text}" if isinstance(note, of_source.FileNote) else text


def _of_packets(few: int, of_packets: int) -> str:
    return f"{count(few)} of {count(of_packets)} packets {'has' if few == 1 else 'have'}"


def _lacking(note: of_source.Lacking) -> str:
    return f"{_of_packets(note.packets, note.of_packets)} {_LACKS[note.lack]}"


def _other_algorithms(note: of_source.OtherAlgorithms) -> str:
    hashes = ", ".join(f"{count(n)} {name}" for name, n in note.hashes.items())
    return f"hashes of algorithms other than Toeplitz were ignored: {hashes}"


def _malformed_options(note: of_source.MalformedOptions) -> str:
    if note.options == 1:
        return "1 epb_hash or epb_queue option was ignored: its length is impossible"
    return f"{count(note.options)} epb_hash or epb_queue options were ignored: their lengths are impossible"


def _taken_as_queue(note: of_source.TakenAsQueue) -> str:
    why = " by its position, because no name contains a queue number" if note.is_by_position else ""
    return f"{trace_name(note.trace)} is taken as receive queue {note.queue}{why}"


def _impossible_headers(note: of_source.ImpossibleHeaders) -> str:
    others = f", and {counted(note.headers - 1, 'other', 'others')}" if note.headers > 1 else ""
    problem = header_problem(note.field, note.value)
    return f"impossible virtio headers were left out: packet {note.packet}: {problem}{others}"


def _no_row(note: of_source.NoRow) -> str:
    return f"{_of_packets(note.packets, note.of_packets)} no row"


def _bare_hex(note: of_source.BareHex) -> str:
    return f"hashes without 0x are read as hex because of {note.example}"


def _ignored_columns(note: of_source.IgnoredColumns) -> str:
    return f"columns ignored: {', '.join(note.columns)}"


def _no_line(note: of_source.NoLine) -> str:
    return f"{_of_packets(note.packets, note.of_packets)} no line in the log"


def _several_ports(note: of_source.SeveralPorts) -> str:
    return f"the log has packets of several ports: {', '.join(map(str, note.ports))}"


def _steered_by_rule(note: of_source.SteeredByRule) -> str:
    were = "was" if note.packets == 1 else "were"
    return (
        f"{packets(note.packets)} {were} steered by a flow rule (FDIR matched): the rule sets the receive queue, so it "
        "is not judged"
    )


def _other_lengths(note: of_source.OtherLengths) -> str:
    have = "has another length" if note.packets == 1 else "have other lengths"
    return (
        f"{packets(note.packets)} {have} than in the trace; the order may differ: packet {note.packet} has "
        f"{note.length} bytes, line {note.line} says {note.length_in_log}"
    )


def _lines_matched(note: of_log.LinesMatched) -> str:
    several = "printed queue by queue, not in order of the trace" if note.of_several_queues else "not whole"
    if note.is_longer:
        longer = f"longer than the trace, which has {packets(note.of_packets)}"
        several = f"{several}, and {longer}" if note.of_several_queues else longer
    device = "" if note.fault is None else f" of a device that {fault_text(note.fault)}"
    return (
        f"the log is {several}: {count(note.matched)} of its {count(note.lines)} lines were matched to packets "
        f"{_MATCHED_BY[note.by]}{device}"
    )


def _unexpected_hashes(note: of_log.UnexpectedHashes) -> str:
    what = "1 line has" if note.lines == 1 else f"{count(note.lines)} lines have"
    return (
        f"{what} a hash that no remaining packet should have; such a line is matched to a packet that looks the same, "
        "in the order of the log"
    )


def _strange_lines(note: of_log.StrangeLines) -> str:
    what, are = ("1 line matches", "is") if note.lines == 1 else (f"{count(note.lines)} lines match", "are")
    return f"{what} no packet of the trace and {are} ignored"


def _order_assumed(note: of_log.OrderAssumed) -> str:
    return (
        "the log is assumed to be in the order of the trace, but testpmd prints queue by queue. Its hashes match in no "
        "other order either, so some packets may be compared with lines of other packets"
    )


def _matched_without_key(note: of_log.MatchedWithoutKey) -> str:
    return (
        f"the log is printed queue by queue: {count(note.matched)} of its {count(note.lines)} lines can be matched to "
        "packets without knowing the key, and only these are used"
    )


_TEXTS = cast(
    "dict[type[Note], Callable[[Any], str]]",
    {
        of_source.Lacking: _lacking,
        of_source.OtherAlgorithms: _other_algorithms,
        of_source.MalformedOptions: _malformed_options,
        of_source.TakenAsQueue: _taken_as_queue,
        of_source.ImpossibleHeaders: _impossible_headers,
        of_source.NoRow: _no_row,
        of_source.BareHex: _bare_hex,
        of_source.IgnoredColumns: _ignored_columns,
        of_source.NoLine: _no_line,
        of_source.SeveralPorts: _several_ports,
        of_source.SteeredByRule: _steered_by_rule,
        of_source.OtherLengths: _other_lengths,
        of_log.LinesMatched: _lines_matched,
        of_log.UnexpectedHashes: _unexpected_hashes,
        of_log.StrangeLines: _strange_lines,
        of_log.OrderAssumed: _order_assumed,
        of_log.MatchedWithoutKey: _matched_without_key,
    },
)


def note_document(note: "Note") -> dict[str, Any]:
    """Return a note as a document that JSON can hold: its kind, the words, and the facts."""
    facts = {name: _fact(value) for name, value in vars(note).items()}
    return {"kind": note.kind, "text": note_text(note), "facts": facts}


def _fact(value: object) -> object:
    return value.name if isinstance(value, Fault) else value
