"""How a trace is replayed, in the words of the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from pcaphash.device.changes import AT_FIELD, TimedOptions, change_devices
from pcaphash.device.device import Device
from pcaphash.engine.replay.rates import Rate, parse_rate, parse_service_rate, parse_speed
from pcaphash.engine.timeline import parse_window
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import parse_duration
from pcaphash.studies.replay.options import Change

At = Sequence[tuple[str, Mapping[str, Any]]]
"""When, and arguments of Device; ``config`` among them names the configuration that gets them."""

_PLAIN = ("ring_size", "loop", "rebase")
_NOT_OF_DEVICE = ("spec", "name", "given")


def read_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of ``ReplayOptions``, but for changes.

    Parameters
    ----------
    words : mapping of str
        By the names of options: ``service_rate="2Mpps"``, ``window="100ms"``; those that are None are not given.
        Rates and speeds may be numbers, of packets a second.

    Raises
    ------
    ConfigurationError
        One cannot be read, or two contradict each other.
    """
    given = {name: value for name, value in words.items() if value is not None}
    other = next((name for name in ("service_time", "service_time_per_byte") if name in given), None)
    if "service_rate" in given and other is not None:
        problem = f"{Field(other)} says how long a packet takes, too"
        raise ConfigurationError(Field("service_rate"), problem, "give one of the two")
    found = {name: given[name] for name in _PLAIN if name in given}
    if "service_rate" in given:
        found["service_ps"] = parse_service_rate(_text(given["service_rate"], "pps"))
    if "service_time" in given:
        found["service_ps"] = parse_duration(Field("service_time"), str(given["service_time"]))
    if "service_time_per_byte" in given:
        place = Field("service_time_per_byte")
        found["service_per_byte_ps"] = parse_duration(place, str(given["service_time_per_byte"]))
    if "speed" in given:
        found["speed"] = parse_speed(_text(given["speed"], "x"))
    if "rate" in given:
        rate = given["rate"]
        found["rate"] = rate if isinstance(rate, Rate) else parse_rate(_text(rate, "pps"))
    if "window" in given:
        found["window_ns"] = parse_window(str(given["window"]), Field("window"))
    return found


def changes_of(devices: Sequence[Device], timed: Sequence[TimedOptions]) -> list[Change]:
    """Return what becomes of each configuration, and when.

    Raises
    ------
    ConfigurationError
        A device refuses a change, or no configuration has the name that it is for.
    """
    return [
        Change(device.name, time_ps, after)
        for device, steps in zip(devices, change_devices(devices, timed), strict=True)
        for time_ps, after in steps
    ]


def read_at(at: At, devices: Sequence[Device]) -> list[Change]:
    """Return the changes that Python gives.

    Raises
    ------
    ConfigurationError
        A time cannot be read, a name is not an argument of ``Device``, or a device refuses the change.
    """
    return changes_of(devices, [_timed(time, options) for time, options in at])


def _timed(time: str, options: Mapping[str, Any]) -> TimedOptions:
    chosen: Any = dict(options)
    if not chosen.keys() - {"config"}:
        raise ConfigurationError(AT_FIELD, f"nothing changes at {time}", "give arguments of Device")
    config = chosen.pop("config", "")
    known = [each.name for each in fields(Device) if each.name not in _NOT_OF_DEVICE]
    known += ["indirection_table_size", "pad_key"]
    unknown = next((name for name in chosen if name not in known), None)
    if unknown is not None:
        raise ConfigurationError(AT_FIELD, f"{unknown!r} is not an argument of Device", f"use {', '.join(known)}")
    return TimedOptions(parse_duration(AT_FIELD, str(time), can_be_zero=True), chosen, config)


def _text(value: object, unit: str) -> str:
    """Return what somebody wrote; of a number, with its unit."""
    return value if isinstance(value, str) else f"{Decimal(str(value)):f}{unit}"
