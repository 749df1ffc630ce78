"""Arguments of ``Device`` as far as they are given, by several sources of which one wins over another."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict

from pcaphash.device.features import parse_features
from pcaphash.device.hash_key import parse_hash_key
from pcaphash.device.hash_types import parse_hash_types, parse_tunnel_types
from pcaphash.device.ports import Ports, parse_ports
from pcaphash.device.profile import DRAFT_V7, PROFILES, Profile
from pcaphash.device.words import parse_numbers
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio


class DeviceOptions(TypedDict, total=False):
    """Arguments of ``Device``, as far as they are given."""

    spec: str
    hash_types: str | int
    tunnel_types: str | int
    features: str | list[str | int]
    hash_key: str
    pad_key: bool
    queues: int
    indirection_table: str | list[int]
    indirection_table_size: int
    unclassified_queue: int
    vxlan_ports: Ports
    geneve_ports: Ports
    vxlan_gpe_ports: Ports
    gre_udp_ports: Ports
    table_index: str
    inner_miss: str
    flavor: str
    input_transform: str
    given: frozenset[str]


_OTHER_WORDS = {
    "hash_key": "key",
    "vxlan_ports": "vxlan_port",
    "geneve_ports": "geneve_port",
    "vxlan_gpe_ports": "vxlan_gpe_port",
    "gre_udp_ports": "gre_udp_port",
}

WORDS = {
    _OTHER_WORDS.get(argument, argument): argument for argument in DeviceOptions.__annotations__ if argument != "given"
}
"""Arguments of ``Device`` by the word that users write: the option, with underscores."""

_TABLE = ("indirection_table", "indirection_table_size")
_MOST_SHOWN = 40


def combine_options(*sources: DeviceOptions) -> DeviceOptions:
    """Return the options of several sources, of which each wins over those before it.

    An indirection table or its size, when given, displaces both in the sources before.
    """
    combined: DeviceOptions = {}
    for options in sources:
        if any(argument in options for argument in _TABLE):
            combined.pop("indirection_table", None)
            combined.pop("indirection_table_size", None)
        combined.update(options)
    return combined


def list_overrides(sources: Sequence[tuple[str, DeviceOptions]]) -> list[str]:
    """List what a source gives differently from those before it, a line each.

    Parameters
    ----------
    sources : sequence of (str, DeviceOptions)
        As ``combine_options`` takes them, each with its name, such as the file it comes from; that of the last is
        empty.

    Returns
    -------
    list of str
        Such as ``queues=4 overrides 8 of eth0.txt``.
    """
    everything = combine_options(*(options for _, options in sources))
    profile = PROFILES.get(str(everything.get("spec", "v7")).strip().lower(), DRAFT_V7)
    known: dict[str, tuple[str, object]] = {}  # by argument: who gave it last, and what
    lines = []
    for source, options in sources:
        for argument, value in options.items():
            group = _TABLE if argument in _TABLE else (argument,)
            for other in (each for each in group if each in known):
                other_source, other_value = known[other]
                if other != argument or _meaning(argument, value, profile) != _meaning(argument, other_value, profile):
                    given = f"{source}: " if source else ""
                    shown = _show(other_value) if other == argument else Field(other, _show(other_value))
                    lines.append(f"{given}{Field(argument, _show(value))} overrides {shown} of {other_source}")
        if any(argument in options for argument in _TABLE):
            known = {argument: of_it for argument, of_it in known.items() if argument not in _TABLE}
        known |= {argument: (source, value) for argument, value in options.items()}
    return lines


def _show(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _meaning(argument: str, value: Any, profile: Profile) -> object:
    """Return what is the same for two ways of writing one thing; what cannot be read means itself."""
    parsers: dict[str, Callable[[Any], object]] = {
        "hash_key": parse_hash_key,
        "hash_types": lambda value: parse_hash_types(value, profile),
        "tunnel_types": lambda value: parse_tunnel_types(value, profile),
        "features": lambda value: parse_features(value, profile),
        "indirection_table": lambda value: parse_numbers("", value, 0, virtio.MOST_QUEUES, ""),
    }
    parse = partial(parse_ports, "") if argument.endswith("_ports") else parsers.get(argument)
    try:
        return parse(value) if parse else str(value).strip().lower()
    except ConfigurationError:
        return value
