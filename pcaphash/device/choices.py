"""What a device has for each argument of ``Device``: what is given, if the device accepts it, or the default.

Raises
------
ConfigurationError
    Each function does if the device would not accept what is given.
"""

from typing import SupportsIndex

from pcaphash.device.flavor import refuse_tunnels
from pcaphash.device.hash_key import KEY_FIELD
from pcaphash.device.hash_types import (
    ADDRESS_HASH_TYPES,
    HASH_TYPES_FIELD,
    TUNNEL_TYPES_FIELD,
    Mask,
    format_mask,
    parse_hash_types,
    parse_tunnel_types,
)
from pcaphash.device.indirection_table import (
    INDEX_FIELD,
    SIZE_FIELD,
    TABLE_FIELD,
    UNCLASSIFIED_FIELD,
    default_table,
    parse_size,
    parse_table,
)
from pcaphash.device.ports import Ports, parse_ports, spare_ports
from pcaphash.device.profile import Profile
from pcaphash.device.words import Numbers, parse_number
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

DEFAULT_QUEUES = 8
DEFAULT_TABLE_SIZE = virtio.LEAST_RSS_MAX_INDIRECTION_TABLE_LENGTH


def check_unset(
    table: Numbers | None, size: SupportsIndex | None, table_index: str, unclassified_queue: SupportsIndex, queues: int
) -> None:
    """Refuse a table and an unclassified queue without the RSS feature: only RSS_CONFIG sets them.

    ``dataclasses.replace`` hands the default table back.
    """
    given = {
        TABLE_FIELD: table is not None and table != default_table(DEFAULT_TABLE_SIZE, queues),
        SIZE_FIELD: size is not None,
        INDEX_FIELD: table_index != "mask",
        UNCLASSIFIED_FIELD: unclassified_queue != 0,
    }
    for place, is_given in given.items():
        if is_given:
            problem = "only the RSS_CONFIG command sets it, and that needs the RSS feature"
            raise ConfigurationError(place, problem, f"add RSS to {Field('features')}, or leave this option out")


def choose_queues(queues: SupportsIndex | None, features: frozenset[str]) -> int:
    """Return the number of receive queues; more than one needs the MQ or RSS feature."""
    has_several = bool(features & {"MQ", "RSS"})
    if queues is None:
        return DEFAULT_QUEUES if has_several else 1
    rule = f"a device has at least one receive queue and at most {virtio.MOST_QUEUES} (an rss_rq_id has 15 bits)"
    number = parse_number(Field("queues"), queues, 1, virtio.MOST_QUEUES, rule)
    if number > 1 and not has_several:
        problem = f"{number} queues: more than one queue needs the MQ or RSS feature"
        raise ConfigurationError(
            Field("queues"), problem, f"add MQ or RSS to {Field('features')}, or use {Field('queues', 1)}"
        )
    return number


def choose_hash_types(value: Mask | None, profile: Profile, features: frozenset[str], flavor: str) -> int:
    """Return the mask of hash types; those of tunnels need the HASH_TUNNEL feature."""
    if value is None:
        return profile.all_hash_types if "HASH_TUNNEL" in features else virtio.BASE_HASH_TYPES_MASK
    mask = parse_hash_types(value, profile)
    if mask & ~virtio.BASE_HASH_TYPES_MASK and "HASH_TUNNEL" not in features:
        names = format_mask(mask & ~virtio.BASE_HASH_TYPES_MASK, profile.hash_types)
        raise refuse_tunnels(HASH_TYPES_FIELD, names, profile, flavor)
    return mask


def choose_tunnel_types(value: Mask | None, profile: Profile, features: frozenset[str], flavor: str) -> int:
    """Return the mask of tunnel types; any of them needs the HASH_TUNNEL feature."""
    if value is None:
        return profile.all_tunnel_types if "HASH_TUNNEL" in features else 0
    if type(value) is int and value == 0:
        return 0  # what a device without the field has, too
    mask = parse_tunnel_types(value, profile)
    if mask and "HASH_TUNNEL" not in features:
        raise refuse_tunnels(TUNNEL_TYPES_FIELD, format_mask(mask, profile.tunnel_types), profile, flavor)
    return mask


def choose_table(table: Numbers | None, size: SupportsIndex | None, queues: int, table_index: str) -> tuple[int, ...]:
    """Return the entries of the indirection table: those given, or the default ones for its size."""
    length = DEFAULT_TABLE_SIZE if size is None else parse_size(size, table_index)
    if table is None:
        return default_table(length, queues)
    entries = parse_table(table, queues, table_index)
    if size is not None and len(entries) != length:
        problem = f"{length} entries, but {TABLE_FIELD} lists {len(entries)}"
        raise ConfigurationError(SIZE_FIELD, problem, "give one of the two options")
    return entries


def choose_ports(
    vxlan: Ports,
    geneve: Ports,
    vxlan_gpe: Ports | None,
    gre_udp: Ports | None,
    profile: Profile,
) -> dict[str, tuple[int, ...]]:
    """Return the UDP destination ports of tunnels, by argument of ``Device``."""
    ports = {
        "vxlan_ports": parse_ports(Field("vxlan_ports"), vxlan),
        "geneve_ports": parse_ports(Field("geneve_ports"), geneve),
    }
    taken = {port for numbers in ports.values() for port in numbers}
    for argument, place, value, default in (
        ("vxlan_gpe_ports", Field("vxlan_gpe_ports"), vxlan_gpe, virtio.VXLAN_GPE_PORTS),
        ("gre_udp_ports", Field("gre_udp_ports"), gre_udp, virtio.GRE_UDP_PORTS),
    ):
        if profile.tunnel_types:
            ports[argument] = parse_ports(place, default if value is None else value)
        else:
            ports[argument] = spare_ports(place, value, default, taken, profile.title)
    return ports


def usual_name(profile: Profile, hash_types: int, tunnel_types: int) -> str:
    """Name a configuration after the default configuration that has its types; ``device`` if none has."""
    usual = {
        (profile.all_hash_types, profile.all_tunnel_types): "inner",
        (virtio.BASE_HASH_TYPES_MASK, 0): "outer",
        (ADDRESS_HASH_TYPES, 0): "outer-addresses",
    }
    return usual.get((hash_types, tunnel_types), "device")


def parse_name(name: str) -> str:
    """Return what results call a configuration."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigurationError(Field("name"), f"{name!r} is not a usable name", "give printable text, such as inner")
    return name.strip()


def check_key_length(hash_key: bytes) -> None:
    """Refuse a key that no command can set."""
    if len(hash_key) > virtio.MOST_HASH_KEY_LENGTH:
        raise ConfigurationError(
            KEY_FIELD,
            f"{len(hash_key)} bytes: hash_key_length is one byte, so a key has at most 255 bytes",
            f"give fewer (bytes beyond 40 never matter), or only calculate hashes with {Field('features', 'none')}",
        )
