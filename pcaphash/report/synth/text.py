"""Show on the terminal what was made."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.values import count, counted, duration, packet_rate, packets, percent, size

if TYPE_CHECKING:
    from pcaphash.studies.synth.result import Synthesis, TrafficPart

_NS_OF_SECOND = 10**9


def show_synthesis(made: "Synthesis", stream: TextIO) -> None:
    """Print how much was made, and which shares of it are what.

    Parameters
    ----------
    made : Synthesis
        What was made.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    total = f"{packets(made.packets)} of {counted(made.flows, 'flow', 'flows')}, {size(made.n_bytes)}"
    console.print(Text(total, style="bold"))
    for line in _list_facts(made):
        show_text(Text(line), console, indent=2)
    console.print()
    _show_parts("encapsulations", made.encapsulations, made, console)
    _show_parts("innermost packets", made.hash_types, made, console)


def _list_facts(made: "Synthesis") -> list[str]:
    traffic = made.traffic
    what = "datagrams" if made.fragments else "packets"
    largest = f"the largest has {percent(made.largest_flow / made.datagrams)} of the {what}"
    if traffic.is_by_rank:
        flows = f"flow sizes {traffic.flow_sizes} over {count(traffic.n_ranks)} flows; {largest}"
    else:
        flows = f"flow sizes {traffic.flow_sizes}; {counted(made.finished, 'flow', 'flows')} came to an end; {largest}"
    seconds = made.duration_ns / _NS_OF_SECOND
    lines = [flows]
    if seconds:
        rate = packet_rate((made.packets - 1) / seconds)
        lines.append(f"{duration(made.duration_ns)}, {rate} on average, {traffic.arrivals} arrivals")
    if made.tagged:
        lines.append(f"{packets(made.tagged)} with a VLAN tag")
    if made.fragments:
        lines.append(counted(made.fragments, "fragment", "fragments"))
    first = "byte of each packet is" if traffic.snap_length == 1 else f"{traffic.snap_length} bytes of each packet are"
    kept = f"the first {first} in the file" if traffic.snap_length else ""
    return [*lines, f"seed {traffic.seed}" + (f"; {kept}" if kept else "")]


def _show_parts(title: str, parts: "Sequence[TrafficPart]", made: "Synthesis", console: Console) -> None:
    columns = Columns(title, [part.name for part in parts])
    columns.add("packets", [count(part.packets) for part in parts])
    columns.add("share", [percent(part.packets / made.packets) for part in parts])
    columns.add("flows", [count(part.flows) for part in parts])
    columns.add("share of flows", [percent(part.flows / made.flows) for part in parts])
    columns.add("bytes", [size(part.n_bytes) for part in parts])
    columns.print(console)
