"""Which options have no effect on packets that are sent into a real receive path, and why."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pcaphash.errors import ConfigurationError, Field

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.selecting.selection import Selection

TAP, QEMU = "tap", "qemu"

_LEAVE_OUT = "leave it out"
_NAMES = {TAP: "the steering program of Linux's tap", QEMU: "QEMU's device"}
_OWN_FLAVORS = {TAP: ("spec", "qemu-ebpf"), QEMU: ("spec", "qemu")}
_OWN_FLAVORS_INSIDE = ("spec", "qemu-ebpf-inner")  # of a tap, if outer headers are taken off

_SERVICE = ("ring_size", "service_rate", "service_time", "service_time_per_byte", "window")
_TIMES = ("speed", "rate", "loop")
_ANSWERS = ("write", "header_len", "split_by_queue", "reported")
_TUNNEL_TYPES = ("tunnel_types", "hash_tunnel_set")
_PORTS = ("vxlan_ports", "geneve_ports", "vxlan_gpe_ports", "gre_udp_ports")
_READING = ("spec", "device_file", *_PORTS)
_DEVICE = (
    *("config", "ethtool", "rss_config", "hash_config", "hash_types", "features", "hash_key", "pad_key"),
    *("queues", "indirection_table_size", "indirection_table", "unclassified_queue", "table_index", "flavor"),
    *("input_transform", *_TUNNEL_TYPES, "inner_miss"),
)


class _Rule(NamedTuple):
    """Parameters of the command that have no effect, why, and what to do."""

    names: tuple[str, ...]
    problem: str
    advice: str = _LEAVE_OUT


def refuse_words(into: str, given: Mapping[str, object], selection: "Selection", *, is_decapsulated: bool) -> None:
    """Refuse the options that have no effect on packets that are sent somewhere, whatever their value.

    Parameters
    ----------
    into : str
        Where to: ``tap``, ``qemu`` or the name of an interface.
    given : mapping of str
        What the command line gives, by the names of parameters; None, False or nothing where it gives none.
    selection : Selection
        Which packets are sent.
    is_decapsulated : bool
        Whether Linux takes their outer headers off first.

    Raises
    ------
    ConfigurationError
        There is such an option.
    """
    if selection.strip:
        problem = "packets are sent as they were captured, with what a mirror session put around them"
        raise ConfigurationError(Field("strip"), problem, _LEAVE_OUT)
    looks_into_tunnels = bool(selection.encapsulation or selection.vni)
    for rule in _list_rules(into, looks_into_tunnels=looks_into_tunnels, is_decapsulated=is_decapsulated):
        for name in rule.names:
            if given.get(name):
                raise ConfigurationError(Field(name), rule.problem, rule.advice)


def _list_rules(into: str, *, looks_into_tunnels: bool, is_decapsulated: bool) -> Iterator[_Rule]:
    is_interface = into not in (TAP, QEMU)
    yield _Rule(_SERVICE, "the packets go to a real device, which has its own rings and cores")
    yield _Rule(("changes",), "the packets go to a real device, which is not changed meanwhile")
    yield _Rule(("rebase",), f"{Field('into')} sends the packets of only one trace")
    answers = "" if is_interface else f"; {Field('write')} and {Field('reported')} write what a device answers"
    problem = f"{Field('into')} prints what became of the packets, as text, and measures nothing in time"
    yield _Rule(("output", "format"), problem, _LEAVE_OUT + answers)
    yield _Rule(("with_comments",), "a device that packets are sent into does not say what it hashes")
    if is_interface:
        problem = "an interface does not say what the device behind it reports"
        yield _Rule(_ANSWERS, problem, "leave it out, and capture over there")
        yield _Rule(_DEVICE, f"packets are sent on {into} as they are, and no device is configured")
    else:
        yield _Rule(_TIMES, f"packets go into {into} one after the other, as fast as it answers")
    if not looks_into_tunnels:
        problem = f"tunnels are looked into only with {Field('encapsulation')} or {Field('vni')}"
        if is_interface:
            yield _Rule(_READING, problem)
        elif not is_decapsulated:
            advice = f"{_LEAVE_OUT}, or give {Field('decapsulate')}" if into == TAP else _LEAVE_OUT
            yield _Rule(_PORTS, problem, advice)


def refuse_device(into: str, device: "Device", given: Mapping[str, object], *, is_decapsulated: bool) -> None:
    """Refuse a device that is to do what the one that packets are sent into does not do.

    Parameters
    ----------
    into : str
        Where they are sent: ``tap`` or ``qemu``.
    device, given, is_decapsulated
        The device, and what ``refuse_words`` takes.

    Raises
    ------
    ConfigurationError
        There is a difference.
    """
    who = _NAMES[into]
    if not device.has_queue:
        name = "hash_config" if given.get("hash_config") else "features"
        raise ConfigurationError(Field(name), f"{who} always steers packets by their hash", _LEAVE_OUT)
    if into == QEMU and not device.reports_hash:
        raise ConfigurationError(Field("features"), f"{who} always reports hashes", "add HASH_REPORT")
    flavors = _OWN_FLAVORS_INSIDE if is_decapsulated else _OWN_FLAVORS[into]
    if device.flavor not in flavors:
        advice = f"leave it out, or give {Field('flavor', flavors[-1])}"
        raise ConfigurationError(Field("flavor", device.flavor), f"{who} hashes in its own way", advice)
    if device.input_transform != "none":
        problem = f"{who} does not transform what it hashes"
        raise ConfigurationError(Field("input_transform", device.input_transform), problem, _LEAVE_OUT)
    if into == QEMU and device.table_index != "mask":
        problem = f"{who} takes the low bits of a hash"
        raise ConfigurationError(Field("table_index", device.table_index), problem, _LEAVE_OUT)
    if device.inner_miss != "none":
        problem = "Linux takes the outer header off" if is_decapsulated else f"{who} looks into no tunnel"
        raise ConfigurationError(Field("inner_miss", device.inner_miss), problem, _LEAVE_OUT)
    if is_decapsulated and not device.tunnel_mask:
        problem = "no tunnel type is enabled, so that only outer headers are hashed"
        raise ConfigurationError(Field("decapsulate"), problem, "leave it out, or enable tunnel types")
    if device.tunnel_mask and not is_decapsulated:
        advice = f"leave it out, or give {Field('decapsulate')}" if into == TAP else _LEAVE_OUT
        for name in _TUNNEL_TYPES:
            if given.get(name):
                raise ConfigurationError(Field(name), f"{who} hashes only outer headers", advice)
