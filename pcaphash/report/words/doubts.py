"""Say that a capture holds packets that did not meet the device, and how to leave them out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pcaphash.errors import Field, trace_name
from pcaphash.report.words.values import count, percent

if TYPE_CHECKING:
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.sampled.directions import BothWays
    from pcaphash.engine.sampled.repeated import Repeated

_MOST_HOSTS = 4
_AGAIN = "take the census again"  # with options that leave packets out: a saved one has none to select from


def list_doubts(reading: "Reading") -> list[str]:
    """Say, a line each, why packets that were counted may not have reached the device."""
    names = {number[0]: name for number, name in reading.names.items() if len(number) == 1}
    lines = _list_doubts(reading.both_ways, reading.repeated, names, is_census=False)
    for first, (path, runs) in reading.inherited_doubts.items():
        names = {number[1]: name for number, name in reading.names.items() if number[0] == first and len(number) > 1}
        for run in runs:
            found = _list_doubts(run.both_ways, run.repeated, names, is_census=True)
            lines += [f"{trace_name(path)}: {line}" for line in found]
    return lines


def _list_doubts(
    both_ways: "BothWays | None", repeated: "Repeated | None", names: Mapping[int, str], *, is_census: bool
) -> list[str]:
    """Say it of one run, given the names of its traces, and whether it took a census."""
    lines = [] if both_ways is None else [_both_ways(both_ways, names, is_census=is_census)]
    return lines if repeated is None else [*lines, _repeated(repeated, is_census=is_census)]


def _both_ways(found: "BothWays", names: Mapping[int, str], *, is_census: bool) -> str:
    if not found.is_everywhere:
        return _in_some_traces(found, names, is_census=is_census)
    option = _host_option(found.are_macs)
    hosts = found.hosts[:_MOST_HOSTS]
    more = f" and {len(found.hosts) - len(hosts)} more" if len(found.hosts) > len(hosts) else ""
    if found.is_open:
        choice = " or ".join(str(Field(option, host)) for host in hosts)
        return (
            f"{percent(found.share)} of packets run one way between {' and '.join(hosts)}{more}, and others run "
            f"back. A NIC receives only one direction; {_AGAIN if is_census else 'choose it'} with {choice}"
        )
    options = " ".join(str(Field(option, host)) for host in hosts)
    return (
        f"{percent(found.share)} of packets seem to be sent by the capturing host ({', '.join(hosts)}{more}), so its "
        f"NIC did not receive them; {_AGAIN if is_census else 'leave them out'} with {options}"
    )


def _in_some_traces(found: "BothWays", names: Mapping[int, str], *, is_census: bool) -> str:
    """Give advice for one trace: followed for all, it would leave out most packets of the others."""
    first, n_traces = found.traces[0], len(found.traces)
    name = trace_name(names[first.trace])
    traces = name if n_traces == 1 else f"{count(n_traces)} of {count(len(names))} traces, the first is {name}"
    fields = [str(Field(_host_option(first.is_mac), host)) for host in first.hosts]
    does = "choose one direction" if len(fields) > 1 else "leave them out"
    return (
        f"{percent(found.share)} of packets seem to be sent by the capturing host, so its NIC did not receive them "
        f"(in {traces}). In a run over {'this' if n_traces == 1 else 'that'} trace alone, "
        f"{_AGAIN if is_census else does} with {' or '.join(fields)}; over all traces, "
        "that would leave out packets that the NIC received"
    )


def _host_option(is_mac: bool) -> str:
    return "destination_mac" if is_mac else "to"


def _repeated(found: "Repeated", *, is_census: bool) -> str:
    text = f"{percent(found.share)} of tunnel packets seem to appear a second time without their tunnel header"
    if not found.interfaces:
        does = _AGAIN if is_census else "keep only the tunnel packets"
        return f"{text}, so they count twice; {does} with {Field('encapsulation', 'NAME')}"
    on, again = _interfaces(found.interfaces), _interfaces(found.others)
    options = " ".join(str(Field("interface", number)) for number in found.interfaces)
    does = _AGAIN if is_census else "choose one"
    return f"{text} (on interface {on}, again on {again}), so they count twice; {does} with {options}"


def _interfaces(numbers: tuple[int, ...]) -> str:
    return " and ".join(map(str, numbers))
