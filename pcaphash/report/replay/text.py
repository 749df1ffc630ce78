"""Show a replay on the terminal: the verdict first, then the loss at each service rate, or each receive queue."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.layout import BAD, GOOD, Columns, open_console, show_headline, show_text
from pcaphash.report.replay.words import drop_percent, headline, traffic_text, verdict_lines
from pcaphash.report.words.device import given_and_assumed_lines
from pcaphash.report.words.values import brief_types, count, duration, left_out_text, packet_rate, percent
from pcaphash.studies.replay.result import is_enough
from pcaphash.studies.replay.rows import find_worst_windows, rows_by_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pcaphash.studies.replay.result import Replay
    from pcaphash.studies.replay.rows import Row

_NONE, _NONE_YET = "none", "none yet"
_DELAYS = {
    "delay_p99_ns": "delay, 99%",
    "delay_max_ns": "delay, most",
}


def show_replay(replay: "Replay", stream: TextIO) -> None:
    """Print what is lost under which configuration, and the numbers that this rests on.

    Parameters
    ----------
    replay : Replay
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    drops = [each.dropped for each in replay.own]
    is_bad = any(drops) or not all(each.keeps_up for each in replay.own)
    style = "" if replay.cut or not replay.has_service else BAD if is_bad else GOOD
    show_headline(headline(replay), console, style)
    lines = verdict_lines(replay)
    for line in lines:
        show_text(Text(line), console, 2)
    if lines:
        console.print()
    if replay.has_service:
        _show_queues(replay, console)
        _show_windows(replay, console)
    else:
        if any(row["dropped"] for row in replay.curve_rows):
            _show_curve(replay, console)
        if replay.tight is not None:
            _show_fewest(replay, console)
    _show_facts(replay, console)


def _show_curve(replay: "Replay", console: Console) -> None:
    """Tabulate the loss of each configuration, a row for each service rate up to the first that suits all."""
    by_config = rows_by_config(replay.curve_rows)
    if not by_config:
        return
    needed = {each.config: each.needed_pps for each in replay.verdicts}
    cells = {config: [_loss(row, needed.get(config)) for row in rows] for config, rows in by_config.items()}
    n_shown = 1 + max(
        max((number for number, text in enumerate(texts) if text != _NONE), default=-1) for texts in cells.values()
    )
    first = next(iter(by_config.values()))[: n_shown + 1]
    title = "share of packets dropped in this trace, by service rate of each core"
    columns = Columns(title, [packet_rate(_number(row)) for row in first])
    for config, texts in cells.items():
        columns.add(config, texts[: len(first)])
    columns.print(console)
    if any(_NONE_YET in texts for texts in cells.values()):
        show_text(Text(f"{_NONE_YET}: cores are too slow, but in this trace no ring gets full\n", style="dim"), console)


def _number(row: "Row", name: str = "service_rate_pps") -> float:
    return float(row[name] or 0)


def _loss(row: "Row", needed_pps: float | None) -> str:
    if row["dropped"]:
        return drop_percent(_number(row, "drop_share"))
    return _NONE if is_enough(_number(row), needed_pps) else _NONE_YET


def _show_fewest(replay: "Replay", console: Console) -> None:
    """Tabulate how many receive queues would do, a row for each service rate at which some number does."""
    by_config = rows_by_config(replay.fewest_rows)
    enough = sorted({_number(row) for row in replay.fewest_rows if row["queues"]})
    if not enough:
        return
    # Above the first rate at which one queue suits all configurations, nothing changes.
    last = next(
        (rate for rate in enough if all(row["queues"] == 1 for row in replay.fewest_rows if _number(row) == rate)),
        enough[-1],
    )
    shown = [rate for rate in enough if rate <= last]
    title = "fewest queues that keep up (of 1, 2, 4, ... 64), by service rate of each core"
    columns = Columns(title, [packet_rate(rate) for rate in shown])
    for config, rows in by_config.items():
        queues = {_number(row): row["queues"] for row in rows}
        columns.add(config, [str(queues.get(rate) or "more than 64") for rate in shown])
    columns.print(console)


def _show_queues(replay: "Replay", console: Console) -> None:
    """Tabulate the receive queues of each configuration, and each baseline in a row; the other formats have more."""
    baselines = {each.config for each in replay.verdicts if each.is_baseline}
    by_config = rows_by_config(replay.queue_rows)
    is_reordered = any(row["reordered"] for row in replay.queue_rows)
    for config, rows in by_config.items():
        if config in baselines:
            continue
        columns = Columns(config, [str(row["queue"]) for row in rows], heading="queue")
        columns.add("packets", [count(int(row["packets"] or 0)) for row in rows])
        columns.add("dropped", [count(int(row["dropped"] or 0)) for row in rows])
        columns.add("busy", [percent(_number(row, "busy_share")) for row in rows])
        columns.add("ring, mean", [_few(_number(row, "occupancy_mean")) for row in rows])
        columns.add("ring, most", [count(int(row["occupancy_max"] or 0)) for row in rows])
        for name, title in _DELAYS.items():
            columns.add(title, ["-" if row[name] is None else duration(_number(row, name)) for row in rows])
        if is_reordered:
            columns.add("reordered", [count(int(row["reordered"] or 0)) for row in rows])
        columns.print(console)
    shown = {config: rows for config, rows in by_config.items() if config in baselines}
    if shown:
        _show_baselines(shown, console)


def _show_baselines(shown: "Mapping[str, Sequence[Row]]", console: Console) -> None:
    """Tabulate the baselines, a row each."""
    columns = Columns("over all queues", list(shown), heading="baseline")
    columns.add("packets", [count(sum(int(row["packets"] or 0) for row in rows)) for rows in shown.values()])
    columns.add("dropped", [count(sum(int(row["dropped"] or 0) for row in rows)) for rows in shown.values()])
    columns.add("busy, most", [percent(max(_number(row, "busy_share") for row in rows)) for rows in shown.values()])
    columns.add("ring, most", [count(max(int(row["occupancy_max"] or 0) for row in rows)) for rows in shown.values()])
    delays = [max(_number(row, "delay_max_ns") for row in rows) for rows in shown.values()]
    columns.add("delay, most", [duration(delay) if delay else "-" for delay in delays])
    columns.print(console)


def _few(value: float) -> str:
    """Write a mean number with three digits, and no fewer before the point than it has."""
    return count(round(value)) if value >= 100 else f"{value:.3g}"


def _show_windows(replay: "Replay", console: Console) -> None:
    """Tabulate the worst window of each configuration; all windows are in the other formats."""
    if not replay.window_rows:
        return
    worst = find_worst_windows(replay.window_rows)
    first = min(each.start_ns for each in worst) if replay.first_arrival_ns is None else replay.first_arrival_ns
    title = f"windows of {duration(replay.options.window_ns or 0)}: the one with most drops, or with the longest delay"
    columns = Columns(title, [each.config for each in worst])
    columns.add("windows", [count(each.windows) for each in worst])
    columns.add("with drops", [count(each.lossy) for each in worst])
    columns.add("this one after", [duration(max(each.start_ns - first, 0)) for each in worst])
    columns.add("packets", [count(each.packets) for each in worst])
    columns.add("dropped", [count(each.dropped) for each in worst])
    columns.add("longest delay", ["-" if each.delay_max_ns is None else duration(each.delay_max_ns) for each in worst])
    columns.print(console)


def _show_facts(replay: "Replay", console: Console) -> None:
    """Print what arrived, what was left out, and what was given and assumed of rings and devices."""
    console.print(Text(traffic_text(replay), style="bold"))
    lines = []
    if replay.reading.left_out:
        lines.append(f"left out: {left_out_text(replay.reading)}")
    lines.append(f"rings: one core for each queue, {count(replay.options.ring_size)} descriptors in each ring")
    if replay.has_service:
        lines.append("delay: from arrival to the end of service, of packets that were not dropped")
    if replay.options.rate is not None and replay.options.rate.unit == "bits":
        lines.append("rate: original lengths, without preamble, frame check sequence and gap between frames")
    devices = list(replay.devices)
    lines += given_and_assumed_lines(devices[0], devices)
    lines.append(f"configurations: {'; '.join(f'{each.name}={brief_types(each)}' for each in devices)}")
    show_text(Text("\n".join(lines), style="dim"), console)
