"""Show the hashes of tuples: one, or both directions of one, as an answer; many as a table."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.device.flavor import TITLES, hashes_ipv6
from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.device import given_and_assumed
from pcaphash.studies.hash_tuple import Directions, compare_directions

if TYPE_CHECKING:
    from pcaphash.studies.hash_tuple import PacketTuple, TupleHash

_IPV6 = 6
_FURTHER = 17  # blank columns before what does not fit beside its label


def show_tuples(found: "Sequence[TupleHash]", stream: TextIO) -> None:
    """Print hash type, hash, table entry and receive queue of each tuple, and what was given and assumed.

    Parameters
    ----------
    found : sequence of TupleHash
        At least one, all of one device.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    directions = compare_directions(found)
    if len(found) == 1 or directions:
        for each in found:
            _show_answer(each, console)
        if directions:
            show_text(Text(f"{_directions_text(directions, *found)}\n"), console)
    else:
        _table(found).print(console)
    for note in dict.fromkeys(_tunnel_note(each) for each in found if each.tunnel):
        show_text(Text(f"{note}\n"), console, further=0)
    _show_device(found, console)


def _show_answer(each: "TupleHash", console: Console) -> None:
    show_text(Text(_title(each.packet), style="bold"), console)
    lines = [Text(f"hash type      {_hash_type(each)}")]
    if each.hash_value is not None:
        lines.append(Text.assemble("hash           ", (f"0x{each.hash_value:08x}", "bold green")))
        lines.append(Text(f"hash input     {_groups(each)}"))
    if each.table_entry is not None:
        n_entries = len(each.device.indirection_table)
        lines.append(Text(f"table entry    {each.table_entry} of {n_entries}, counted from 0"))
    lines.append(Text.assemble("receive queue  ", (_queue(each), "bold green")))
    for line in lines:
        show_text(line, console, 2, _FURTHER)
    console.print()


def _title(packet: "PacketTuple") -> str:
    protocol = f", {packet.protocol_name}" if packet.protocol_name else ""
    return f"{_end(str(packet.source), packet.source_port)} -> " + (
        f"{_end(str(packet.destination), packet.destination_port)}{protocol}"
    )


def _end(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _hash_type(each: "TupleHash") -> str:
    if each.hash_value is not None:
        return each.hash_report
    version, protocol = each.packet.source.version, each.packet.protocol_name
    if version == _IPV6 and not hashes_ipv6(each.device.flavor):
        return f"none: {TITLES[each.device.flavor]} does not hash IPv6"
    kind = f"IPv{version} with {protocol}" if protocol else f"IPv{version}"
    return f"none: no enabled hash type covers {kind} (hash_types {each.device.hash_types_text})"


def _groups(each: "TupleHash") -> str:
    """Write the hash input field by field: addresses, then ports."""
    width = len(each.packet.source.packed)
    places = (0, width, 2 * width, 2 * width + 2, 2 * width + 4)
    fields = [each.hash_input[start:end].hex() for start, end in pairwise(places)]
    return " ".join(field for field in fields if field)


def _queue(each: "TupleHash") -> str:
    if each.queue is None:
        return "none: without the RSS feature, no hash chooses one"
    return str(each.queue) if each.hash_value is not None else f"{each.queue}, the unclassified queue"


def _directions_text(directions: Directions, one: "TupleHash", other: "TupleHash") -> str:
    match directions:
        case Directions.SAME_HASH:
            same = "have the same hash" if one.queue is None else f"go to receive queue {one.queue}"
            return f"Both directions {same}."
        case Directions.SAME_QUEUE:
            return f"Both directions go to receive queue {one.queue}, by chance; their hashes differ."
        case Directions.OTHER_QUEUES:
            return f"The two directions go to different receive queues: {one.queue} and {other.queue}."
        case Directions.OTHER_HASHES:
            return "The two directions have different hashes."


def _table(found: "Sequence[TupleHash]") -> Columns:
    columns = Columns("", [_title(each.packet) for each in found])
    columns.add("hash type", [each.hash_report for each in found])
    columns.add("hash", [str(each.row()["hash_value"]) for each in found])
    columns.add("entry", ["" if each.table_entry is None else str(each.table_entry) for each in found])
    columns.add("queue", ["" if each.queue is None else str(each.queue) for each in found])
    return columns


def _tunnel_note(each: "TupleHash") -> str:
    packet = each.packet
    kind = packet.protocol_name.upper() or str(packet.protocol)
    place = "" if packet.destination_port is None else f" to port {packet.destination_port}"
    return (
        f"{kind}{place} may be {each.tunnel}. The device hashes the inner header of this tunnel. If these "
        "packets are tunnelled, give the addresses and ports of their inner header."
    )


def _show_device(found: "Sequence[TupleHash]", console: Console) -> None:
    protocol = "tcp" if any(each.packet.is_assumed for each in found) else ""
    for word, parts in given_and_assumed(found[0].device, with_types=True, protocol=protocol).items():
        show_text(Text(f"{word}: {parts}", style="dim"), console)
