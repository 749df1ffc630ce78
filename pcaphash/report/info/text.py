"""Show on the terminal what traces hold."""

from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.capture.damage_words import place_text
from pcaphash.errors import Field, on_one_line, trace_name
from pcaphash.report.info.files import show_files
from pcaphash.report.layout import Columns, open_console
from pcaphash.report.words.doubts import list_doubts
from pcaphash.report.words.suspicion import describe_suspect
from pcaphash.report.words.values import (
    count,
    left_out_text,
    link_type_name,
    moment,
    packets,
    percent,
    reason_text,
    size,
)
from pcaphash.studies.info.tally import JUMBO_LONGEST, MOST_PLAUSIBLE, USUAL_LONGEST

if TYPE_CHECKING:
    from pcaphash.engine.flows.tunnels import Tunnel
    from pcaphash.studies.info import CaptureInterface, Info, SavedFacts, Tally, Times, TraceFile

_INDENT = "  "
_MOST_INTERFACES = 20  # shown of a file
_MOST_NAMES = 3  # of traces of a saved census
_UNITS = {0: "s", 3: "ms", 6: "us", 9: "ns"}
_LONG = 120 * 10**9  # a duration is also written in hours from here on
_MERGED = "the host merged them (GRO) or had not split them yet (TSO), so packet counts understate the imbalance"


def show_info(info: "Info", stream: TextIO, is_verbose: bool = False) -> None:
    """Print what each file is, what all packets are, and what runs through which tunnels.

    Parameters
    ----------
    info : Info
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    is_verbose : bool
        Whether to tell of each of several files what is told of one.
    """
    console = open_console(stream)
    is_table = len(info.files) > 1 and not is_verbose
    for file in info.files if not is_table else ():
        _show_file(file, len(info.files) > 1, console)
    for saved in info.saved:
        _show_saved(saved, console)
    if info.saved or not is_table:
        console.print()
    _heading(f"{packets(info.packets)}, {size(info.n_bytes)}", console)
    for line in _list_facts(info):
        _line(line, console)
    _show_encapsulations(info, console)
    _show_tunnels(info, console)
    _show_suspects(info, console)
    _show_reasons(info, console)
    _show_limits(info, console)
    if is_table:  # hundreds of rows, which nobody should have to scroll back over
        show_files(info.files, console)


def _heading(text: str, console: Console) -> None:
    console.print(Text(on_one_line(text), style="bold"))


def _line(text: str, console: Console, style: str = "") -> None:
    """Print a line, indented also where it is wrapped."""
    line = Text(on_one_line(text), style=style)
    for part in [line] if console.soft_wrap else line.wrap(console, console.width - len(_INDENT)):
        part.rstrip()
        console.print(Text(_INDENT) + part)


# Files


def _show_file(file: "TraceFile", with_times: bool, console: Console) -> None:
    _heading(f"{trace_name(file.trace)}: {_format(file)}, {size(file.stored_bytes)}, {packets(file.packets)}", console)
    headers = file.headers
    if headers.format == "pcapng" or headers.n_sections > 1:
        parts = [_number(headers.n_sections, "section"), _number(headers.n_interfaces, "interface")]
        _line(", ".join(parts), console)
    if len(headers.interfaces) == 1:
        _line(", ".join(_interface(headers.interfaces[0])), console)
    elif headers.interfaces:
        _show_interfaces(headers.interfaces[:_MOST_INTERFACES], headers.n_sections > 1, console)
    if headers.n_interfaces > max(_MOST_INTERFACES, 1):
        _line(
            f"and {count(headers.n_interfaces - _MOST_INTERFACES)} more interfaces: see {Field('format', 'json')}",
            console,
        )
    for line in _list_times(file.times) if with_times else []:
        _line(line, console)
    if file.damage:
        _line(f"damaged at {place_text(file.damage)}", console, "bold red")


def _format(file: "TraceFile") -> str:
    order = {"": "", "mixed": ", little- and big-endian"}.get(file.byte_order, f", {file.byte_order}-endian")
    compression = "" if file.compression == "none" else f", compressed with {file.compression}"
    return f"{file.headers.format}{order}{compression}"


def _number(number: int, what: str) -> str:
    return f"{count(number)} {what}" + ("" if number == 1 else "s")


def _interface(interface: "CaptureInterface") -> list[str]:
    """Describe an interface: its name where it has one, and what it captures."""
    named = [part for part in (interface.name, interface.description) if part]
    return [
        *([f"interface {' - '.join(named)}"] if named else []),
        f"link type {_link_type(interface.link_type)}",
        f"snap length {_snap_length(interface)}",
        f"times in {_resolution(interface)}",
    ]


def _show_interfaces(interfaces: "list[CaptureInterface]", has_sections: bool, console: Console) -> None:
    labels = [f"{each.section}, {each.number}" if has_sections else str(each.number) for each in interfaces]
    columns = Columns("", labels, "section, interface" if has_sections else "interface", "left")
    if any(each.name for each in interfaces):
        columns.add("name", [each.name for each in interfaces])
    if any(each.description for each in interfaces):
        columns.add("description", [each.description for each in interfaces])
    columns.add("link type", [link_type_name(each.link_type) or str(each.link_type) for each in interfaces])
    columns.add("snap length", [_snap_length(each) for each in interfaces])
    columns.add("times in", [_resolution(each) for each in interfaces])
    if len({each.byte_order for each in interfaces}) > 1:
        columns.add("byte order", [each.byte_order for each in interfaces])
    columns.print(console)


def _link_type(link_type: int) -> str:
    name = link_type_name(link_type)
    return f"{name} ({link_type})" if name else str(link_type)


def _snap_length(interface: "CaptureInterface") -> str:
    return f"{count(interface.snap_length)} B" if interface.snap_length else "none"


def _resolution(interface: "CaptureInterface") -> str:
    base, exponent = interface.resolution_base, interface.resolution_exponent
    if base == 10 and exponent in _UNITS:
        return _UNITS[exponent]
    return f"{base}^-{exponent} s"


def _show_saved(saved: "SavedFacts", console: Console) -> None:
    identity, reading = saved.identity, saved.reading
    _heading(f"{trace_name(saved.path)}: saved census, {packets(saved.packets)}, {size(saved.n_bytes)}", console)
    names = ", ".join(map(trace_name, reading.traces[:_MOST_NAMES]))
    more = len(reading.traces) - _MOST_NAMES
    _line(f"of {names}{f' and {count(more)} more' if more > 0 else ''}", console)
    keys = [key.hex() for key in identity.hash_keys]
    for key in keys:
        _line(f"hash key {key}", console)
    ports = {
        "VXLAN": identity.rules.vxlan_ports,
        "GENEVE": identity.rules.geneve_ports,
        "VXLAN-GPE": identity.rules.vxlan_gpe_ports,
        "GRE in UDP": identity.rules.gre_udp_ports,
    }
    _line(f"UDP ports {', '.join(f'{name} {_ports(numbers)}' for name, numbers in ports.items())}", console)
    _line(
        f"{'' if identity.table_index == 'modulo' else 'up to '}{count(identity.slots)} entries of the indirection "
        f"table ({identity.table_index}), flavor {identity.rules.flavor}, input transform {identity.input_transform}",
        console,
    )


def _ports(numbers: tuple[int, ...]) -> str:
    return " and ".join(map(str, numbers)) or "none"


# Packets


def _list_facts(info: "Info") -> list[str]:
    """List what there is to say of all packets together, a line each."""
    reading = info.reading
    lines = []
    if reading.left_out:
        lines.append(f"left out: {left_out_text(reading)}")
    if reading.is_stopped:
        lines.append("stopped early: the number of packets asked for was reached")
    if reading.link_types:
        link_types = [f"{_link_type(each)} {count(n)}" for each, n in sorted(reading.link_types.items())]
        whole = ", those left out included" if reading.left_out else ""
        lines.append(f"packets by link type{whole}: {', '.join(link_types)}")
    if info.tally is not None and info.tally.packets:
        lines += [*_list_times(info.tally.times), *_list_lengths(info.tally)]
        directions = [f"{name} {count(n)}" for name, n in info.tally.directions.items() if n or name != "unknown"]
        lines.append(f"packets by direction: {', '.join(directions)}")
    lines += list_doubts(reading)
    if info.reported is not None and (info.reported.algorithms or info.reported.queues):
        algorithms = ", ".join(f"{name} {count(n)}" for name, n in info.reported.algorithms.items())
        lines.append(
            f"reported in packet options: hashes {algorithms or 'none'}; "
            f"receive queue of {packets(info.reported.queues)}"
        )
    return lines


def _list_times(times: "Times") -> list[str]:
    lines = []
    if times.first is not None and times.last is not None:
        lines.append(f"from {moment(times.first)} to {moment(times.last)}: {_duration(times.last - times.first)}")
    if times.without_time:
        lines.append(f"{packets(times.without_time)} without a timestamp")
    if times.out_of_order:
        lines.append(f"{packets(times.out_of_order)} with a timestamp before that of the previous packet")
    return lines


def _list_lengths(tally: "Tally") -> list[str]:
    lines = []
    if tally.cut:
        lengths = f"{size(tally.captured_bytes)} captured of {size(tally.n_bytes)}"
        lines.append(f"{packets(tally.cut)} cut ({percent(tally.cut / tally.packets)}): {lengths}")
    if tally.implausible:
        have = "has" if tally.implausible == 1 else "have"
        lines.append(
            f"{packets(tally.implausible)} {have} an original length that cannot be: over {size(MOST_PLAUSIBLE)}, or "
            "less than was captured. Bytes are counted as the file says, so do not rely on them"
        )
    if tally.oversized:
        are = "is" if tally.oversized == 1 else "are"
        unless = "" if tally.longest > JUMBO_LONGEST else "unless the network has jumbo frames, "
        lines.append(
            f"{packets(tally.oversized)} ({percent(tally.oversized / tally.packets)}) {are} longer than "
            f"{count(USUAL_LONGEST)} B, up to {count(tally.longest)} B: {unless}{_MERGED}"
        )
    return lines


def _duration(nanoseconds: int) -> str:
    if nanoseconds < 10**9:
        power = max(i for i in (0, 3, 6) if nanoseconds >= 10**i or i == 0)
        return f"{nanoseconds / 10**power:g} {_UNITS[9 - power]}"
    text = f"{nanoseconds / 1e9:,.3f} s"
    return f"{text} ({timedelta(seconds=nanoseconds // 10**9)})" if nanoseconds >= _LONG else text


def _show_encapsulations(info: "Info", console: Console) -> None:
    if not info.encapsulations:
        return
    console.print()
    found = info.encapsulations
    columns = Columns("encapsulations", [each.virtio_1_4 for each in found], "virtio 1.4", "right")
    columns.add("draft v7", [each.v7 for each in found])
    columns.add("packets", [count(each.packets) for each in found])
    columns.add("share", [percent(each.packets / info.packets) for each in found])
    columns.add("bytes", [size(each.n_bytes) for each in found])
    columns.print(console)


def _show_tunnels(info: "Info", console: Console) -> None:
    """Print the heaviest tunnels, a line each: addresses are too long for a table."""
    if info.tunnels is None or not info.tunnels.kept:
        return
    kept, shown = info.tunnels.kept, info.tunnels.heaviest
    which = "the heaviest by " if len(shown) < kept else ""
    _heading(f"{_number(kept, 'tunnel')}" + (f": {which}packets, share, bytes" if shown else ""), console)
    rows = [(count(each.packets), percent(each.packets / info.packets), size(each.n_bytes)) for each in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, each in zip(rows, shown, strict=True):
        cells = [f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)]
        _line(f"{'  '.join(cells)}  {each.tunnel}", console)
    _show_gre_names([each.tunnel for each in shown], console)
    if info.tunnels.kept_share < 1:
        share = percent(info.tunnels.kept_share)
        _line(
            f"there are too many tunnels to count: these are about {share} of all, chosen by a hash", console, "yellow"
        )
    console.print()


def _show_gre_names(tunnels: "list[Tunnel]", console: Console) -> None:
    """Say why a tunnel has two lines if it carries IPv4 and IPv6: that is how the spec names GRE."""
    names = ("GRE_2784", "GRE_7676")
    plain, of_ipv6 = ({each.ends for each in tunnels if each.encapsulation == name} for name in names)
    if plain & of_ipv6:
        _line(
            "GRE_2784 and GRE_7676 of the same endpoints are one tunnel under draft v7: virtio 1.4 calls it GRE_7676 "
            "where it carries IPv6",
            console,
        )


def _show_suspects(info: "Info", console: Console) -> None:
    """Print what packets look like that draft v7 with these ports does not look into."""
    if not info.suspects:
        return
    _heading("suspected tunnels, by what packets contain", console)
    for suspect in info.suspects:
        _line(describe_suspect(suspect), console)
    console.print()


def _show_reasons(info: "Info", console: Console) -> None:
    names = list(dict.fromkeys(reason for reasons in info.reasons.values() for reason in reasons))
    if not names:
        return
    _heading("packets without a hash, or with an unknown one, if all types are enabled", console)
    columns = Columns("", [reason_text(name) for name in names])
    for heading, spec in (("draft v7", "v7"), ("virtio 1.4", "1.4")):
        columns.add(heading, [count(info.reasons[spec].get(name, 0)) for name in names])
    columns.print(console)


def _show_limits(info: "Info", console: Console) -> None:
    """Say what the numbers above do not tell."""
    if info.saved:
        _line("a saved census has no timestamps, directions, captured lengths or tunnels", console, "dim")
