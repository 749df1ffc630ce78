"""A device in words: which options give it, and which of them were left at their defaults."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pcaphash.device.features import format_features
from pcaphash.device.flavor import default_features
from pcaphash.device.hash_key import NAMED_KEYS, TITLES
from pcaphash.device.indirection_table import default_table
from pcaphash.device.options import WORDS

if TYPE_CHECKING:
    from pcaphash.device.device import Device

_SHOWN_ENTRIES = 16

_KEYS = {NAMED_KEYS[name]: title for name, title in TITLES.items()}

# What is worth a word only where it is not so.
_UNUSUAL = {"flavor": "spec", "table_index": "mask", "inner_miss": "none", "input_transform": "none"}


def describe(device: "Device") -> list[tuple[str, str]]:
    """Return the options that give a device, in full: each value is as its option takes it.

    Departures from the virtio texts (flavor, table_index, inner_miss, input_transform) are named only where there are
    some.
    """
    shared = [(option, value) for option, value, _ in _shared(device)]
    return [shared[0], *_types(device), *shared[1:]]


def describe_own(device: "Device", others: Iterable["Device"]) -> list[tuple[str, str]]:
    """Return for readers what a device has of its own: its types, and options in which some other device differs."""
    differing = _differing(device, others)
    return [*_types(device), *((option, brief) for option, value, brief in _shared(device) if option in differing)]


def describe_common(device: "Device", others: Iterable["Device"], defaults: "Device") -> list[tuple[str, str]]:
    """Return what does not differ between configurations of one run, for readers.

    Parameters
    ----------
    device : Device
        The device.
    others : iterable of Device
        The other configurations of the run.
    defaults : Device
        What the device would be if only spec, features and flavor were given.
    """
    differing = _differing(device, others)
    usual = {option: value for option, value, _ in _shared(defaults) if option not in _UNUSUAL}
    usual["spec"] = "v7"
    offered = default_features(device.profile, device.flavor)
    usual["features"] = format_features(offered, device.profile.features)
    usual["indirection_table"] = _numbers(default_table(len(defaults.indirection_table), device.queues))
    return [
        (option, f"{brief} (default)" if value == usual.get(option) and not _is_given(device, option) else brief)
        for option, value, brief in _shared(device)
        if option not in differing
    ]


def _is_given(device: "Device", option: str) -> bool:
    arguments = {WORDS[option], "indirection_table_size"} if option == "indirection_table" else {WORDS[option]}
    return bool(arguments & device.given)


def _types(device: "Device") -> list[tuple[str, str]]:
    types = [("hash_types", device.hash_types_text)]
    return [*types, ("tunnel_types", device.tunnel_types_text)] if device.profile.tunnel_types else types


def _differing(device: "Device", others: Iterable["Device"]) -> set[str]:
    """Name the options in which devices differ."""
    own = {(option, value) for option, value, _ in _shared(device)}
    every = [{(option, value) for option, value, _ in _shared(other)} for other in others]
    return {option for each in every for option, _ in own ^ each}


def _shared(device: "Device") -> list[tuple[str, str, str]]:
    """List option, value, and value for readers."""
    options = [
        ("spec", device.spec),
        ("features", format_features(device.features, device.profile.features)),
        ("key", device.hash_key.hex()),
        ("queues", str(device.queues)),
    ]
    if device.has_queue:
        options.append(("indirection_table", _numbers(device.indirection_table)))
        options.append(("unclassified_queue", str(device.unclassified_queue)))
    options += [("vxlan_port", _numbers(device.vxlan_ports)), ("geneve_port", _numbers(device.geneve_ports))]
    if device.profile.tunnel_types:
        options.append(("vxlan_gpe_port", _numbers(device.vxlan_gpe_ports)))
        options.append(("gre_udp_port", _numbers(device.gre_udp_ports)))
    options += [(word, getattr(device, word)) for word, usual in _UNUSUAL.items() if getattr(device, word) != usual]
    brief = {"key": _brief_key(device), "indirection_table": _brief_table(device)}
    return [(option, value, brief.get(option, value)) for option, value in options]


def _numbers(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _brief_key(device: "Device") -> str:
    return _KEYS.get(device.hash_key, device.hash_key.hex())


def _brief_table(device: "Device") -> str:
    table = device.indirection_table
    if table == default_table(len(table), device.queues):
        return f"{len(table)} entries, queue i % {device.queues} at entry i"
    shown = _numbers(table[:_SHOWN_ENTRIES])
    return shown if len(table) <= _SHOWN_ENTRIES else f"{len(table)} entries, {shown},..."
