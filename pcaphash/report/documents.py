"""Documents that JSON can hold: what several commands say alike of a reading, a device, and facts."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from pcaphash.capture.damage_words import problem_text
from pcaphash.report.words.problems import problem_documents
from pcaphash.report.words.values import link_type_name

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pcaphash.device import Device
    from pcaphash.engine.reading import Reading

_OPTION_NAMES = {
    # what Device calls it: the option
    "hash_key": "key",
    "vxlan_ports": "vxlan_port",
    "geneve_ports": "geneve_port",
    "vxlan_gpe_ports": "vxlan_gpe_port",
    "gre_udp_ports": "gre_udp_port",
}
_ONLY_WITH_RSS = frozenset({"indirection_table", "unclassified_queue", "table_index"})
_ONLY_WITH_TUNNEL_TYPES = frozenset({"tunnel_types", "vxlan_gpe_ports", "gre_udp_ports"})


def reading_document(reading: "Reading") -> dict[str, object]:
    """Return the result of reading traces as what JSON is made of."""
    return {
        "partial": reading.is_partial,
        "problems": list(map(problem_text, reading.problems)),
        "problem_facts": problem_documents(reading.problems),
        "packets": reading.packets,
        "left_out": dict(sorted(reading.left_out.items())),
        "stopped": reading.is_stopped,
        "link_types": [
            {"link_type": link_type, "name": link_type_name(link_type), "packets": n_packets}
            for link_type, n_packets in sorted(reading.link_types.items())
        ],
    }


def finite(row: "Mapping[str, str | int | float | None]") -> "dict[str, str | int | float | None]":
    """Replace what JSON has no number for."""
    return {name: value if _is_told(value) else None for name, value in row.items()}


def _is_told(value: object) -> bool:
    """Tell whether JSON has a number for a value, if it is one."""
    return not isinstance(value, float) or math.isfinite(value)


def facts_document(facts: "DataclassInstance") -> dict[str, Any]:
    """Return the numbers of a fact by their names, in objects where facts hold others; None for what is no number."""
    return {name: _finite_fact(value) for name, value in asdict(facts).items()}


def _finite_fact(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite_fact(each) for name, each in value.items()}
    return value if _is_told(value) else None


def device_document(device: "Device") -> dict[str, object]:
    """Return every option of a device by its name with underscores; None where such a device has no such option."""
    absent: frozenset[str] = frozenset()
    if not device.has_queue:
        absent |= _ONLY_WITH_RSS
    if not device.profile.tunnel_types:
        absent |= _ONLY_WITH_TUNNEL_TYPES
    values: dict[str, object] = {}
    for field in fields(device):
        if field.name not in ("name", "given"):
            value = None if field.name in absent else _plain(getattr(device, field.name))
            values[_OPTION_NAMES.get(field.name, field.name)] = value
    values["features"] = [name for name in device.profile.features if name in device.features]
    for mask, types in (("hash_types", device.profile.hash_types), ("tunnel_types", device.profile.tunnel_types)):
        names = [name for name, bit in types.items() if getattr(device, mask) & bit]
        values[mask] = {"mask": getattr(device, mask), "names": names} if types else None
    return values


def _plain(value: object) -> object:
    """Return a value as JSON has it: bytes as hexadecimal digits, tuples as lists."""
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple | frozenset) else value
