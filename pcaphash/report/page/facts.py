"""What a page says of traces, of configurations, and of what was left out or could not be read."""

from typing import TYPE_CHECKING

from pcaphash.capture.damage_words import problem_text
from pcaphash.errors import Field
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.report.compare.text import flow_limits, other_tunnels
from pcaphash.report.page.table import Cell, Table, make_table, number, share, text
from pcaphash.report.words.device import describe_common, describe_own, warning_lines
from pcaphash.report.words.doubts import list_doubts
from pcaphash.report.words.values import brief_types, count, link_type_name, moment, packets, size
from pcaphash.standards.ethernet import LINK_TYPE_NAMES

if TYPE_CHECKING:
    from pcaphash.engine.census.distribution import Distribution
    from pcaphash.engine.reading import Reading
    from pcaphash.studies.compare import Comparison

_DEFAULT = " (default)"
_MOST_LISTED = 50  # traces, and problems with them


def reservations(reading: "Reading") -> list[str]:
    """Say in a few words what readers of only the first screen must know; the notices say the rest."""
    lines = ["the results are partial (see below)"] if reading.is_partial else []
    return [*lines, "the NIC did not receive all packets (see below)"] if list_doubts(reading) else lines


def notices(comparison: "Comparison") -> list[str]:
    """Say what could not be read, and what the numbers do not tell."""
    reading = comparison.reading
    lines = shorten([f"could not be read: {problem_text(problem)}" for problem in reading.problems])
    if reading.is_partial:
        lines.append("the results are partial")
    lines += list_doubts(reading)
    devices = [outcome.device for outcome in comparison.outcomes]
    lines += warning_lines(devices)
    lines += other_tunnels(comparison)
    lines += flow_limits(comparison)
    return lines


def shorten(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - _MOST_LISTED
    return lines if more <= 0 else [*lines[:_MOST_LISTED], f"and {count(more)} more"]


def fact_table(comparison: "Comparison") -> Table:
    """Tabulate what was read and left out."""
    reading, whole = comparison.reading, comparison.analysis.distributions[0]
    facts = [
        ("packets read", packets(reading.packets)),
        *((f"left out: {reason}", packets(n)) for reason, n in sorted(reading.left_out.items())),
        ("packets compared", f"{packets(whole.packets)}, {size(whole.n_bytes)}"),
    ]
    if reading.is_stopped:
        facts.append(("stopped early", "the number of packets asked for was reached"))
    facts += _times(comparison)
    rows = [[text(name), text(value)] for name, value in facts]
    return make_table("facts", "What was read", ["fact", "value"], rows)


def _times(comparison: "Comparison") -> list[tuple[str, str]]:
    """Tell from the flows when packets were captured, where all flows are known."""
    flow_set = comparison.outcomes[0].flow_set
    if flow_set is None or not flow_set.is_complete:
        return []
    first, last = flow_set.flows.first_times, flow_set.flows.last_times
    first, last = first[first != NO_TIMESTAMP], last[last != NO_TIMESTAMP]
    if not len(first):
        return []
    start, end = int(first.min()), int(last.max())
    return [
        ("first packet", moment(start)),
        ("last packet", moment(end)),
        ("duration", f"{(end - start) / 1e9:.6f} s"),
        ("flows", count(len(flow_set.flows.keys))),
    ]


def link_type_table(comparison: "Comparison") -> Table:
    """Tabulate the link types of the packets."""
    rows = [
        [
            text(link_type_name(link_type) or "unknown"),
            number(link_type),
            number(n_packets),
            text("yes" if link_type in LINK_TYPE_NAMES else "no: the hashes of its packets are unknown"),
        ]
        for link_type, n_packets in sorted(comparison.reading.link_types.items())
    ]
    return make_table("link-types", "Link types", ["link type", "number", "packets", "dissected"], rows)


def encapsulation_table(comparison: "Comparison") -> Table:
    """Tabulate what the packets are."""
    whole = comparison.analysis.distributions[0]
    found = comparison.analysis.encapsulations[0]
    rows = [[text(name), number(n), share(n / whole.packets)] for name, n in found.items()]
    return make_table("encapsulations", "What the packets are", ["encapsulation", "packets", "share"], rows)


def common_table(comparison: "Comparison") -> Table:
    """Tabulate the options that all configurations share."""
    devices = [outcome.device for outcome in comparison.outcomes]
    rows = [
        [text(option), text(value.removesuffix(_DEFAULT)), text("default" if value.endswith(_DEFAULT) else "given")]
        for option, value in describe_common(devices[0], devices)
    ]
    return make_table("common", "Options of every configuration", ["option", "value", "from"], rows)


def configuration_table(comparison: "Comparison") -> Table:
    """Tabulate the options in which configurations differ."""
    devices = [outcome.device for outcome in comparison.outcomes]
    own = [dict(describe_own(device, devices)) for device in devices]
    options = list(dict.fromkeys(option for each in own for option in each))
    rows = [
        [text(device.name), text(brief_types(device)), *(text(each.get(option)) for option in options)]
        for device, each in zip(devices, own, strict=True)
    ]
    headings = ["configuration", f"as written for {Field('devices')}", *options]
    return make_table("configurations", "Options of each configuration", headings, rows)


def hashed_table(comparison: "Comparison") -> Table:
    """Tabulate how many packets have a hash under each configuration."""
    headings = ["configuration", "packets", "hashed", "without hash", "unknown", "queues used"]
    rows = [_hashed_row(distribution) for distribution in comparison.analysis.distributions]
    return make_table("hashed", "Packets with a hash", headings, rows)


def _hashed_row(distribution: "Distribution") -> list[Cell]:
    used = int((distribution.queues[:, 0] > 0).sum()) if distribution.device.has_queue else None
    counts = (distribution.packets, distribution.hashed, distribution.unhashed, distribution.unknown, used)
    return [text(distribution.device.name), *map(number, counts)]


def reason_table(comparison: "Comparison") -> Table:
    """Tabulate why packets have no hash, or none that is known."""
    return _count_table(comparison, "reasons", "Why packets have no hash, or an unknown one", "reason")


def report_table(comparison: "Comparison") -> Table:
    """Tabulate what is hashed of the packets."""
    return _count_table(comparison, "reports", "What is hashed", "hash_report")


def _count_table(comparison: "Comparison", counted: str, caption: str, heading: str) -> Table:
    rows = [
        [text(name), text(distribution.device.name), number(n), share(n / distribution.packets)]
        for distribution in comparison.analysis.distributions
        for name, n in sorted(getattr(distribution, counted).items())
        if n
    ]
    return make_table(counted, caption, [heading, "configuration", "packets", "share"], rows)
