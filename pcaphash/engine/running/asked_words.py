"""All that a request asks, as names and texts: what two runs must have in common for one to go on with the other."""

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from pcaphash import __version__
from pcaphash.device.device import Device
from pcaphash.errors import Command, Field

_KIND, _VERSION, _DEVICES = "question", "version", "devices"
_FIELDS = {"with_chance": "output", "name": "devices"}
"""Fields of users by those of requests, where they are called otherwise."""
_LONGEST = 24  # letters of a value


def facts_of(request: object) -> dict[str, str]:
    """Return what a request asks, by the names of its fields; of devices, by the names of theirs."""
    assert is_dataclass(request), "requests are"
    facts = {_KIND: type(request).__module__.split(".")[2], _VERSION: __version__}
    for each in fields(request):
        value = getattr(request, each.name)
        if each.name == _DEVICES:
            facts |= _facts_of_devices(value)
        else:
            facts[each.name] = str(value)
    return facts


def _facts_of_devices(devices: Iterable[Device]) -> dict[str, str]:
    """Return each field of devices, its values joined; one that all devices have in common once."""
    devices = list(devices)
    facts = {}
    for each in fields(Device):
        if each.name == "given":
            continue
        values = [_show(getattr(device, each.name)) for device in devices]
        facts[each.name] = values[0] if len(set(values)) == 1 else "; ".join(values)
    return facts


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset | set):
        return ",".join(sorted(map(str, value)))
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value)


def read_facts(text: str) -> dict[str, str]:
    """Read facts that were written as JSON.

    Raises
    ------
    ValueError
        They were not.
    """
    facts = json.loads(text)
    if not isinstance(facts, dict) or _KIND not in facts:
        raise ValueError("no facts")
    return {str(name): str(value) for name, value in facts.items()}


def find_differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Say in what two requests differ, as users name it: each time what was, and what is."""
    if before[_KIND] != now[_KIND]:
        return [f"{Command(before[_KIND])}, now {Command(now[_KIND])}"]
    said = []
    for name in (*now, *(name for name in before if name not in now)):
        old, new = before.get(name, ""), now.get(name, "")
        if old != new:
            said.append(f"{_place(name, old)}, now {_place(name, new)}")
    return said


def _place(name: str, value: str) -> str:
    value = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    if name == _VERSION:
        return f"version {value}"
    if name == "selection":
        return value or "all packets"
    if name == "with_chance":
        return f"{'with' if value == 'True' else 'without'} {Field('output')}"
    field = _FIELDS.get(name, name)
    if value == str(None):
        return f"no {Field(field)}"
    return str(Field(field, f"{value}ns" if name.endswith("_ns") else value or "nothing"))
