"""The tables of a page about a replay in time."""

from typing import TYPE_CHECKING

from pcaphash.report.page.table import Cell, Table, make_table
from pcaphash.report.replay.words import drop_percent, verdict_lines
from pcaphash.report.words.values import packet_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pcaphash.studies.replay import Replay
    from pcaphash.studies.replay.rows import Row


def curve_table(replay: "Replay") -> Table:
    """Tabulate the share of packets dropped: a row for each service rate, a column for each configuration."""
    table = _by_rate(
        "curve", "Share of packets dropped in this trace, by service rate of each core", replay.curve_rows, _loss
    )
    return Table(table.name, table.caption, table.headings, table.rows, " ".join(verdict_lines(replay)))


def fewest_table(replay: "Replay") -> Table:
    """Tabulate how many receive queues would do, in the same form."""
    caption = "Fewest queues that keep up (of 1, 2, 4, ... 64), by service rate of each core"
    return _by_rate("fewest", caption, replay.fewest_rows, _queues)


def _by_rate(name: str, caption: str, rows: "list[Row]", write: "Callable[[Row], Cell]") -> Table:
    names = list(dict.fromkeys(str(row["config"]) for row in rows))
    cells: dict[float, dict[str, Cell]] = {}
    for row in rows:
        cells.setdefault(float(row["service_rate_pps"] or 0), {})[str(row["config"])] = write(row)
    lines = [
        [Cell(packet_rate(rate), rate), *(of_config.get(each, Cell("-")) for each in names)]
        for rate, of_config in sorted(cells.items())
    ]
    while len(lines) > 1 and lines[-1][1:] == lines[-2][1:]:
        lines.pop()  # above some rate, nothing changes
    return make_table(name, caption, ["service rate", *names], lines)


def _loss(row: "Row") -> Cell:
    dropped = float(row["drop_share"] or 0)
    return Cell(drop_percent(dropped), dropped)


def _queues(row: "Row") -> Cell:
    queues = row["queues"]
    return Cell("more than 64", 65) if queues is None else Cell(str(queues), int(queues))
