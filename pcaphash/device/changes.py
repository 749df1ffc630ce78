"""Changes of a running device: what its driver may set again, by which command, and what the device refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pcaphash.device.device import Device
from pcaphash.device.options import DeviceOptions
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_SECOND

AT_FIELD = Field("at")

_COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    # argument of Device: the command that sets it, and the features of which the device needs one
    "hash_types": ("RSS_CONFIG or HASH_CONFIG", ("RSS", "HASH_REPORT")),
    "hash_key": ("RSS_CONFIG or HASH_CONFIG", ("RSS", "HASH_REPORT")),
    "indirection_table": ("RSS_CONFIG", ("RSS",)),
    "indirection_table_size": ("RSS_CONFIG", ("RSS",)),
    "unclassified_queue": ("RSS_CONFIG", ("RSS",)),
    "queues": ("VQ_PAIRS_SET", ("MQ", "RSS")),
    "tunnel_types": ("HASH_TUNNEL_SET", ("HASH_TUNNEL",)),
}
_OF_NO_DEVICE = {"given", "pad_key"}  # how the options were given
_HASH_CONFIG = "HASH_CONFIG"
_SET_BY_RSS_CONFIG = {name for name, (command, _) in _COMMANDS.items() if command == "RSS_CONFIG"}


@dataclass(frozen=True)
class TimedOptions:
    """What commands set in the middle of a replay.

    Parameters
    ----------
    time_ps : int
        When, in picoseconds after the first packet arrives: packets that arrive from then on are steered by it.
    options : DeviceOptions
        What it sets.
    config : str
        The configuration that gets it, by name; empty for all of them.
    ends_steering : bool
        Whether it is HASH_CONFIG: until the next RSS_CONFIG, hashes are reported and choose no receive queue.
    """

    time_ps: int
    options: DeviceOptions
    config: str = ""
    ends_steering: bool = False

    @property
    def title(self) -> str:
        """When it is, as texts say it."""
        return f"{self.time_ps / PS_OF_SECOND:g}s"


def change_device(device: Device, change: TimedOptions, negotiated: frozenset[str] | None = None) -> Device:
    """Return a device after a change.

    Without a table, a new number of receive queues brings the default table for it, of the same length. The last of
    RSS_CONFIG and HASH_CONFIG counts: after HASH_CONFIG the device has no RSS, as far as receive queues are concerned.

    Parameters
    ----------
    device : Device
        As it was configured before.
    change : TimedOptions
        What commands set.
    negotiated : frozenset of str, optional
        The features that driver and device agreed on, if they are not those of ``device``.

    Raises
    ------
    ConfigurationError
        No command sets this while the device runs; or the device lacks the feature that the command needs; or it
        refuses the value.
    """
    negotiated = negotiated or device.features
    chosen = {name: value for name, value in change.options.items() if name not in _OF_NO_DEVICE}
    for name in chosen:
        _check_command(name, getattr(device, name, None), chosen[name], device, negotiated, change)
    if change.ends_steering:
        _check_feature("a captured command", _HASH_CONFIG, ("HASH_REPORT",), device, negotiated, change)
        chosen |= _without_steering(device)
    elif _SET_BY_RSS_CONFIG & chosen.keys():
        chosen["features"] = negotiated
    if {"queues", "indirection_table_size"} & chosen.keys() and "indirection_table" not in chosen:
        chosen.setdefault("indirection_table_size", len(device.indirection_table))
        chosen["indirection_table"] = None
    try:
        return replace(device, **{**chosen, "pad_key": change.options.get("pad_key", False)})  # type: ignore[arg-type]
    except ConfigurationError as error:
        raise ConfigurationError(AT_FIELD, f"{change.title}: {error.place}: {error.problem}", error.advice) from error


def change_devices(devices: Sequence[Device], changes: Sequence[TimedOptions]) -> list[list[tuple[int, Device]]]:
    """Return what each configuration becomes, and when: (picoseconds after the first arrival, device), in order.

    Raises
    ------
    ConfigurationError
        A device refuses a change, or no configuration has the name that it is for.
    """
    names = [device.name for device in devices]
    for change in changes:
        if change.config and change.config not in names:
            problem = f"{change.title}: there is no configuration {change.config!r}"
            raise ConfigurationError(AT_FIELD, problem, f"use one of {', '.join(names)}")
    return [_changes_of(device, changes) for device in devices]


def _changes_of(device: Device, changes: Sequence[TimedOptions]) -> list[tuple[int, Device]]:
    found, negotiated = [], device.features
    for change in sorted(changes, key=lambda each: each.time_ps):
        if change.config in ("", device.name):
            device = change_device(device, change, negotiated)
            found.append((change.time_ps, device))
    return found


def _without_steering(device: Device) -> dict[str, object]:
    """Return what makes of a device one whose receive queues do not follow from hashes."""
    return {
        "features": device.features - {"RSS"},
        "queues": device.queues if "MQ" in device.features else None,
        "indirection_table": None,
        "unclassified_queue": 0,
        "table_index": "mask",
    }


def _check_command(
    name: str, before: object, value: object, device: Device, negotiated: frozenset[str], change: TimedOptions
) -> None:
    """Refuse what no command sets, unless it is what the device has anyway."""
    command, features = _COMMANDS.get(name, ("", ()))
    if not command and before != value:
        problem = f"{change.title}: {Field(name)} is settled when the driver starts, and no command changes it"
        raise ConfigurationError(AT_FIELD, problem, f"change {', '.join(str(Field(each)) for each in _COMMANDS)}")
    if command:
        _check_feature(Field(name), command, features, device, negotiated, change)


def _check_feature(
    what: object,
    command: str,
    features: tuple[str, ...],
    device: Device,
    negotiated: frozenset[str],
    change: TimedOptions,
) -> None:
    """Refuse a command of which the device has none of the features."""
    if not negotiated & set(features):
        problem = f"{change.title}: {device.name} refuses {what}: {command} needs the {features[0]} feature"
        raise ConfigurationError(AT_FIELD, problem, f"add {features[0]} to {Field('features')}, or leave it out")
