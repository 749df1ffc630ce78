"""A device in words: which options give it, and which of them were left at their defaults."""

from typing import TYPE_CHECKING

from pcaphash.device.features import format_features
from pcaphash.device.indirection_table import default_table
from pcaphash.standards import virtio

if TYPE_CHECKING:
    from pcaphash.device.device import Device

_SHOWN_ENTRIES = 16


def describe(device: "Device") -> list[tuple[str, str]]:
    """Return the options that give a device, in full: each value is as its option takes it."""
    own = [("hash_types", device.hash_types_text)]
    if device.profile.tunnel_types:
        own.append(("tunnel_types", device.tunnel_types_text))
    shared = [(option, value) for option, value, _ in _shared(device)]
    return [shared[0], *own, *shared[1:]]


def describe_common(device: "Device", defaults: "Device") -> list[tuple[str, str]]:
    """Return what does not differ between configurations of one run, for readers.

    Parameters
    ----------
    device : Device
        The device.
    defaults : Device
        What it would be if only spec and features were given.
    """
    usual = {option: value for option, value, _ in _shared(defaults)}
    usual["spec"] = "v7"
    usual["features"] = format_features(frozenset(device.profile.features), device.profile.features)
    usual["indirection_table"] = _numbers(default_table(len(defaults.indirection_table), device.queues))
    return [
        (option, f"{brief} (default)" if value == usual[option] else brief) for option, value, brief in _shared(device)
    ]


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
    brief = {"key": _brief_key(device), "indirection_table": _brief_table(device)}
    return [(option, value, brief.get(option, value)) for option, value in options]


def _numbers(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _brief_key(device: "Device") -> str:
    return "Microsoft's published key" if device.hash_key == virtio.MICROSOFT_KEY else device.hash_key.hex()


def _brief_table(device: "Device") -> str:
    table = device.indirection_table
    if table == default_table(len(table), device.queues):
        return f"{len(table)} entries, queue i % {device.queues} at entry i"
    shown = _numbers(table[:_SHOWN_ENTRIES])
    return shown if len(table) <= _SHOWN_ENTRIES else f"{len(table)} entries, {shown},..."
