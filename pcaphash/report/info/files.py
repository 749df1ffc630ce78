"""Show many files as one table, a row each."""

from typing import TYPE_CHECKING

from rich.console import Console

from pcaphash.errors import trace_name
from pcaphash.report.layout import Columns
from pcaphash.report.words.values import common_folder, count, link_type_name, moment, size

if TYPE_CHECKING:
    from pcaphash.studies.info import TraceFile


def show_files(files: "list[TraceFile]", console: Console) -> None:
    """Print a table of files.

    Parameters
    ----------
    files : list of TraceFile
        At least one.
    console : Console
        Where to.
    """
    folder = common_folder([file.trace for file in files])
    prefix = f"{folder}/" if folder else ""
    names = [trace_name(file.trace.removeprefix(prefix)) for file in files]
    title = f"{count(len(files))} files" + (f" in {folder}" if folder not in ("", ".") else "")
    starts = [moment(file.times.first)[:19] if file.times.first is not None else "" for file in files]
    link_types = [_listed(_link_types(file)) for file in files]
    # What all files have in common stands once, above them: that leaves room for the rest.
    days = {start[:10] for start in starts if start}
    if len(days) == 1:
        title += f", from {days.pop()}"
        starts = [start[11:] for start in starts]
    if len(set(link_types)) == 1:
        title += f", link type {link_types[0]}"
    columns = Columns(title, names, "file")
    columns.add("packets", [count(file.packets) for file in files])
    columns.add("bytes", [size(file.n_bytes) for file in files])
    columns.add("from", starts)
    columns.add("duration", [_duration(file) for file in files])
    if len(set(link_types)) > 1:
        columns.add("link types", link_types)
    columns.add("tunnels", [_listed([name for name in file.encapsulations if name != "NONE"]) for file in files])
    if any(file.damage for file in files):
        columns.add("damaged at byte", [count(file.damage.offset) if file.damage else "" for file in files])
    columns.print(console)


def _duration(file: "TraceFile") -> str:
    first, last = file.times.first, file.times.last
    return "" if first is None or last is None else f"{(last - first) / 1e9:,.3f} s"


def _link_types(file: "TraceFile") -> list[str]:
    found = dict.fromkeys(each.link_type for each in file.headers.interfaces)
    return [link_type_name(number) or str(number) for number in found]


def _listed(names: list[str]) -> str:
    """Name the first, and count the others."""
    return " +".join([*names[:1], *([str(len(names) - 1)] if len(names) > 1 else [])])
