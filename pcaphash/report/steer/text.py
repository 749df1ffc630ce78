"""Show on the terminal which flows go to which receive queue."""

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.values import counted

if TYPE_CHECKING:
    from pcaphash.studies.hash_tuple import PacketTuple
    from pcaphash.studies.steer import Steering


def show_steering(steering: "Steering", stream: TextIO) -> None:
    """Print the flows of each receive queue, and which queues none can be steered to.

    Parameters
    ----------
    steering : Steering
        The flows.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    show_text(Text(headline(steering), style="bold"), console)
    console.print()
    found = steering.tuples
    columns = Columns("", [_title(each.packet) for each in found])
    columns.add("hash", [f"0x{each.hash_value:08x}" for each in found])
    columns.add("entry", [str(each.table_entry) for each in found])
    columns.add("queue", [str(each.queue) for each in found])
    columns.print(console)
    for line in possible_lines(steering):
        show_text(Text(line), console)
    for queues in steering.missing_by_reason.values():
        show_text(Text(f"{name_queues(queues)}: none"), console)


def possible_lines(steering: "Steering") -> list[str]:
    """Say how many flows there are to choose from, a line for all queues of which the same holds."""
    queues: dict[int, list[int]] = {}
    for target in steering.targets:
        if target.flows:
            queues.setdefault(target.possible, []).append(target.queue)
    lines = []
    for possible, alike in queues.items():
        lead, there = "leads" if possible == 1 else "lead", "there" if len(alike) == 1 else "to each"
        lines.append(
            f"{name_queues(alike)}: {counted(possible, 'flow', 'flows')} of the given addresses and ports "
            f"{lead} {there}"
        )
    return lines


def name_queues(queues: list[int]) -> str:
    """Name queues, in ascending order, those that follow one another by the first and the last."""
    starts = [queue for queue in queues if queue - 1 not in queues]
    ends = [queue for queue in queues if queue + 1 not in queues]
    runs = [f"{start}" if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)]
    return f"{'queue' if len(queues) == 1 else 'queues'} {', '.join(runs)}"


def headline(steering: "Steering") -> str:
    """Say in a sentence what was found."""
    n_flows = sum(len(target.flows) for target in steering.targets)
    reached = [target for target in steering.targets if target.flows]
    each = n_flows // max(len(reached), 1)
    where = (
        f"receive queue {reached[0].queue}" if len(reached) == 1 else f"{len(reached)} receive queues, {each} for each"
    )
    what = counted(n_flows, "flow", "flows")
    header = f" by the {steering.header} header of {steering.tunnel}" if steering.tunnel else ""
    both = ", in both directions" if steering.is_both else ""
    return f"{what} for {where}{header}{both}."


def _title(packet: "PacketTuple") -> str:
    return f"{_end(str(packet.source), packet.source_port)} -> {_end(str(packet.destination), packet.destination_port)}"


def _end(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
