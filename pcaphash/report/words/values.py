"""Counts, sizes, bars and names for readers."""

import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash.device.hash_types import format_mask, hash_type_presets
from pcaphash.errors import Field, trace_name
from pcaphash.standards import virtio
from pcaphash.standards.ethernet import LINK_TYPE_NAMES
from pcaphash.standards.other_link_types import OTHER_LINK_TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pcaphash.device import Device
    from pcaphash.engine.reading import Reading

BAR_WIDTH = 10
_BLOCKS = " ▏▎▍▌▋▊▉█"
_NS_OF_SECOND = 1e9
_UNITS = ("kB", "MB", "GB", "TB", "PB")
_HALF_A_DIGIT = 0.0005  # of per cent with one decimal
_REASONS = {
    "not-ip": "not IP",
    "inner-not-ip": "inner packet not IP",
    "no-type": "no enabled hash type fits",
    "truncated": "cut short in the capture",
    "link-type": "link type not supported",
}


def count(number: int) -> str:
    """Write a count with separators between thousands."""
    return f"{number:,}"


def packets(number: int) -> str:
    """Write a number of packets, one packet in the singular."""
    return "1 packet" if number == 1 else f"{count(number)} packets"


def counted(number: int, one: str, many: str) -> str:
    """Write a count with its noun, in the singular or the plural."""
    return f"{count(number)} {one if number == 1 else many}"


def listed(names: "Sequence[str]") -> str:
    """Name several things in a sentence: commas between them, and the word for the last one."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def too_few(n_packets: int, needed: int, queues: int, known: str = "", parts: int = 1) -> str:
    """Say that packets are too few to judge how they spread, without a full stop.

    Parameters
    ----------
    n_packets, needed : int
        How many there are, and how many it takes.
    queues : int
        Receive queues.
    known : str
        Follows the packets, if only some of all are meant.
    parts : int
        1, or 2 if each half of them is to be judged.
    """
    what = f"{packets(n_packets)}{known} {'is' if n_packets == 1 else 'are'} too few"
    over = counted(queues, "receive queue", "receive queues")
    halves = " in two halves" if parts > 1 else ""
    return f"{what} to judge the spread over {over}{halves}; at least {count(needed)} are needed"


def size(n_bytes: float) -> str:
    """Write a number of bytes with a decimal unit."""
    if n_bytes < 1000:
        return f"{n_bytes:.0f} B"
    power = 0
    while n_bytes >= 999_950 and power < len(_UNITS) - 1:
        n_bytes /= 1000
        power += 1
    return f"{n_bytes / 1000:.1f} {_UNITS[power]}"


def packet_rate(per_second: float) -> str:
    """Write a rate of packets with a decimal unit, in three digits."""
    return f"{_scaled(per_second, ('', 'k', 'M', 'G'))}pps"


def duration(nanoseconds: float) -> str:
    """Write a length of time with its unit, in three digits; in whole seconds from 1,000 s on."""
    if nanoseconds >= 999.5 * _NS_OF_SECOND:
        return f"{nanoseconds / _NS_OF_SECOND:,.0f} s"
    if nanoseconds >= 0.9995 * _NS_OF_SECOND or not nanoseconds:
        return f"{nanoseconds / _NS_OF_SECOND:.3g} s"
    return f"{_scaled(nanoseconds, ('n', 'u', 'm'))}s"


def _scaled(value: float, prefixes: "Sequence[str]") -> str:
    """Write a number in three digits with a prefix for thousands of its unit."""
    power = 0
    while value >= 999.5 and power < len(prefixes) - 1:
        value /= 1000
        power += 1
    return f"{value:.3g} {prefixes[power]}"


def percent(share: float) -> str:
    """Write a share in per cent: with one decimal below 100%, with none from there on, and never as minus zero."""
    if abs(share) < _HALF_A_DIGIT:
        share = 0.0
    return f"{share:,.0%}" if abs(share) >= 1 - _HALF_A_DIGIT else f"{share:.1%}"


def above_ideal(excess: float) -> str:
    """Write how far something is above its ideal share (below, if negative), with its sign; ``-`` for NaN."""
    if math.isnan(excess):
        return "-"
    text = percent(excess)
    return text if text.startswith("-") else f"+{text}"


def index(value: float) -> str:
    """Write a measure between 0 and 1, such as Jain's index; ``-`` for NaN."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def reason_text(reason: str) -> str:
    """Say why a packet has no hash, or none that is known."""
    return _REASONS[reason]


def left_out_text(reading: "Reading") -> str:
    """Say how many packets were left out, and why."""
    return "; ".join(f"{packets(n)} {reason}" for reason, n in sorted(reading.left_out.items()))


def no_packets(reading: "Reading | None") -> str:
    """Say why there are no packets, without a full stop, and what keeps those that the host sent."""
    if reading is None or not reading.left_out:
        return "there are no packets"
    sent = f"the host sent all {count(reading.packets)} that there are"
    return f"no packet was received; {sent}; give {Field('direction', 'all')} to keep them"


def probability(value: float) -> str:
    """Write a probability."""
    return "below 0.0001" if value < 0.0001 else f"{value:.4f}"


def moment(nanoseconds: int) -> str:
    """Write a time, given since 1970, as date and time of day in UTC; as seconds where no calendar has it."""
    seconds, rest = divmod(nanoseconds, 10**9)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}{fraction} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds}{fraction} s"


def bar(share: float, is_ascii: bool = False, width: int = BAR_WIDTH) -> str:
    """Draw a share between 0 and 1: in eighths of characters, or with ``#`` where only ASCII can be written."""
    if is_ascii:
        return ("#" * round(share * width)).ljust(width)
    full, part = divmod(round(share * width * 8), 8)
    return ("█" * full + (_BLOCKS[part] if part else "")).ljust(width)


def trace_names(traces: list[str]) -> str:
    """Name traces without their folders, no more than two of them."""
    names = [trace_name(Path(trace).name) for trace in traces]
    if len(names) > 2:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return " and ".join(names)


def link_type_name(link_type: int) -> str | None:
    """Return a link type's name in the registry, where it is a common one."""
    return LINK_TYPE_NAMES.get(link_type) or OTHER_LINK_TYPE_NAMES.get(link_type)


def brief_types(device: "Device") -> str:
    """Write the types of a configuration as ``--config`` takes them, presets by their names."""
    hash_types = brief_hash_types(device)
    if not device.profile.tunnel_types:
        return hash_types
    is_all = device.tunnel_types == device.profile.all_tunnel_types
    return f"{hash_types}/{'all' if is_all else device.tunnel_types_text}"


def brief_hash_types(device: "Device") -> str:
    """Write the hash types of a configuration as the option takes them, presets by their names."""
    mask, profile = device.hash_types, device.profile
    presets = {preset: name for name, preset in reversed(hash_type_presets(profile).items())}
    if mask in presets:
        return presets[mask]
    base, inner = mask & virtio.BASE_HASH_TYPES_MASK, mask & ~virtio.BASE_HASH_TYPES_MASK
    if base and base in presets and inner:
        return f"{presets[base]}+{format_mask(inner, profile.hash_types)}"
    return format_mask(mask, profile.hash_types)


def common_folder(traces: "Sequence[str]") -> str:
    """Return the folder that all files are in or below; empty where that is the current one, or where there is none."""
    folders = [os.path.dirname(trace) for trace in traces]  # noqa: PTH120
    return os.path.commonpath(folders) if all(folders) and len({os.path.isabs(each) for each in folders}) == 1 else ""  # noqa: PTH117
