"""The device: everything that decides which hash and which receive queue a packet gets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import SupportsIndex

from pcaphash.device import description
from pcaphash.device.features import parse_features
from pcaphash.device.hash_key import KEY_OPTION, parse_hash_key
from pcaphash.device.hash_types import (
    HASH_TYPES_OPTION,
    TUNNEL_TYPES_OPTION,
    Mask,
    format_mask,
    parse_hash_types,
    parse_tunnel_types,
)
from pcaphash.device.indirection_table import (
    SIZE_OPTION,
    TABLE_OPTION,
    default_table,
    parse_size,
    parse_table,
    parse_unclassified_queue,
)
from pcaphash.device.ports import check_disjoint, parse_ports
from pcaphash.device.profile import PROFILES, Profile, parse_spec
from pcaphash.device.words import Numbers, parse_number
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

DEFAULT_QUEUES = 8
DEFAULT_TABLE_SIZE = virtio.LEAST_RSS_MAX_INDIRECTION_TABLE_LENGTH


@dataclass(frozen=True, init=False)
class Device:
    """A configured device; only what such a device would accept can be made.

    ``dataclasses.replace`` keeps the indirection table when queues change: give ``indirection_table=None`` with it for
    the default one.

    Parameters
    ----------
    spec : str
        ``v7`` (virtio-net inner header hash, draft v7) or ``1.4`` (virtio 1.4).
    hash_types : str or int, optional
        Names joined by ``+``, a preset (``linux``, ``addresses``, ``base``, ``all``, ``none``) or a mask. Default: all,
        without the tunnel bits of draft v7 where the feature HASH_TUNNEL is missing.
    tunnel_types : str or int, optional
        The field enabled_tunnel_types, under virtio 1.4 only. Default: all, or none where HASH_TUNNEL is missing.
    features : str or iterable of str and int, optional
        Names or bit numbers of the features agreed on, in text joined by ``+``. Default: all that bear on hashing.
    hash_key : bytes or str
        As it is in hash_key_data, or as hexadecimal digits with or without colons.
    queues : int, optional
        Enabled receive queues. Default: 8, or 1 where neither MQ nor RSS allows more.
    indirection_table : iterable of int or str, optional
        Receive queues counted from 0; a power of two of them. Default: queue ``i % queues`` at entry ``i``.
    indirection_table_size : int, optional
        Entries of the default table. Default: 128.
    unclassified_queue : int
        Receive queue of packets without a hash.
    vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports : int or iterable of int
        UDP destination ports of the tunnels; VXLAN-GPE and GRE in UDP exist under virtio 1.4 only.
    name : str
        What results call this configuration.

    Raises
    ------
    ConfigurationError
        Such a device would not accept this; the text names the option and the rule.
    """

    spec: str
    hash_types: int
    tunnel_types: int
    features: frozenset[str]
    hash_key: bytes
    queues: int
    indirection_table: tuple[int, ...]
    unclassified_queue: int
    vxlan_ports: tuple[int, ...]
    geneve_ports: tuple[int, ...]
    vxlan_gpe_ports: tuple[int, ...]
    gre_udp_ports: tuple[int, ...]
    name: str

    def __init__(
        self,
        spec: str = "v7",
        hash_types: Mask | None = None,
        tunnel_types: Mask | None = None,
        features: str | Iterable[str | int] | None = None,
        hash_key: bytes | bytearray | str = virtio.MICROSOFT_KEY,
        queues: SupportsIndex | None = None,
        indirection_table: Numbers | None = None,
        indirection_table_size: SupportsIndex | None = None,
        unclassified_queue: SupportsIndex = 0,
        vxlan_ports: SupportsIndex | Numbers = virtio.VXLAN_PORTS,
        geneve_ports: SupportsIndex | Numbers = virtio.GENEVE_PORTS,
        vxlan_gpe_ports: SupportsIndex | Numbers = virtio.VXLAN_GPE_PORTS,
        gre_udp_ports: SupportsIndex | Numbers = virtio.GRE_UDP_PORTS,
        name: str = "inner",
    ) -> None:
        profile = parse_spec(spec)
        chosen = parse_features("all" if features is None else features, profile)
        n_queues = _choose_queues(queues, chosen)
        fields = {
            "spec": profile.name,
            "hash_types": _choose_hash_types(hash_types, profile, chosen),
            "tunnel_types": _choose_tunnel_types(tunnel_types, profile, chosen),
            "features": chosen,
            "hash_key": parse_hash_key(hash_key),
            "queues": n_queues,
            "indirection_table": _choose_table(indirection_table, indirection_table_size, n_queues),
            "unclassified_queue": parse_unclassified_queue(unclassified_queue, n_queues),
            "vxlan_ports": parse_ports("--vxlan-port", vxlan_ports),
            "geneve_ports": parse_ports("--geneve-port", geneve_ports),
            "vxlan_gpe_ports": parse_ports("--vxlan-gpe-port", vxlan_gpe_ports),
            "gre_udp_ports": parse_ports("--gre-udp-port", gre_udp_ports),
            "name": _parse_name(name),
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)
        self._check_key()
        self._check_steering()
        check_disjoint(self.ports)

    @property
    def profile(self) -> Profile:
        """What the text knows that the device is made after."""
        return PROFILES[self.spec]

    @property
    def base_types(self) -> int:
        """The nine bits of hash_types that both texts share."""
        return self.hash_types & virtio.BASE_HASH_TYPES_MASK

    @property
    def tunnel_mask(self) -> int:
        """The encapsulations whose inner header is hashed, as bits of virtio 1.4's enabled_tunnel_types."""
        inner = self.profile.inner_tunnel_types
        return self.tunnel_types | sum(types for bit, types in inner.items() if self.hash_types & bit)

    @property
    def hash_types_text(self) -> str:
        """The hash types by name, joined by ``+``."""
        return format_mask(self.hash_types, self.profile.hash_types)

    @property
    def tunnel_types_text(self) -> str:
        """The tunnel types by name, joined by ``+``; empty under draft v7, which has no such field."""
        return format_mask(self.tunnel_types, self.profile.tunnel_types) if self.profile.tunnel_types else ""

    @property
    def ports(self) -> dict[str, tuple[int, ...]]:
        """The UDP destination ports of the four kinds of tunnels, by option."""
        return {
            "--vxlan-port": self.vxlan_ports,
            "--geneve-port": self.geneve_ports,
            "--vxlan-gpe-port": self.vxlan_gpe_ports,
            "--gre-udp-port": self.gre_udp_ports,
        }

    @property
    def has_queue(self) -> bool:
        """Whether hashes choose receive queues; without RSS there is a hash but no queue to tell."""
        return "RSS" in self.features

    @property
    def reports_hash(self) -> bool:
        """Whether the packet header carries hash_value and hash_report."""
        return "HASH_REPORT" in self.features

    @property
    def reports_tunnel(self) -> bool:
        """Whether the packet header carries hash_report_tunnel."""
        return self.reports_hash and "HASH_TUNNEL" in self.features and self.profile.has_hash_report_tunnel

    @property
    def is_calculation_only(self) -> bool:
        """Whether no device would be configured at all: with neither RSS nor HASH_REPORT none hashes."""
        return not (self.has_queue or self.reports_hash)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is accepted but hardly meant, a line each."""
        lines = []
        if len(self.hash_key) < virtio.LEAST_RSS_MAX_KEY_SIZE:
            lines.append(
                f"{KEY_OPTION}: {len(self.hash_key)} bytes, zero padded to {virtio.LEAST_RSS_MAX_KEY_SIZE}: "
                "the longest hash input needs as many"
            )
        if self.is_calculation_only:
            lines.append("--features: neither RSS nor HASH_REPORT: hashes are calculated, but no device would hash")
        return tuple(lines)

    def describe(self) -> list[tuple[str, str]]:
        """Return the device as pairs of option, with underscores, and value, in full."""
        return description.describe(self)

    def describe_common(self) -> list[tuple[str, str]]:
        """Return for readers what configurations of one run share: values are shortened, defaults marked."""
        defaults = Device(spec=self.spec, features=self.features)
        return description.describe_common(self, defaults)

    def _check_key(self) -> None:
        if len(self.hash_key) > virtio.MOST_HASH_KEY_LENGTH and not self.is_calculation_only:
            raise ConfigurationError(
                KEY_OPTION,
                f"{len(self.hash_key)} bytes: hash_key_length is one byte, no device can be given more than 255",
                "give fewer (those beyond 40 never matter), or calculate alone with --features none",
            )

    def _check_steering(self) -> None:
        """Hold that only RSS_CONFIG, and so only the feature RSS, brings a table and an unclassified queue."""
        if self.has_queue:
            return
        unset = (default_table(DEFAULT_TABLE_SIZE, self.queues), 0)
        if (self.indirection_table, self.unclassified_queue) != unset:
            option = "--unclassified-queue" if self.unclassified_queue else TABLE_OPTION
            problem = "without the feature RSS there is no command that sets it (RSS_CONFIG)"
            raise ConfigurationError(option, problem, "add RSS to --features, or leave this option out")


def _choose_queues(queues: SupportsIndex | None, features: frozenset[str]) -> int:
    has_several = bool(features & {"MQ", "RSS"})
    if queues is None:
        return DEFAULT_QUEUES if has_several else 1
    rule = f"a device has at least one receive queue and at most {virtio.MOST_QUEUES} (an rss_rq_id has 15 bits)"
    number = parse_number("--queues", queues, 1, virtio.MOST_QUEUES, rule)
    if number > 1 and not has_several:
        problem = f"{number} queues: more than one needs the feature MQ or RSS"
        raise ConfigurationError("--queues", problem, "add MQ or RSS to --features, or use --queues 1")
    return number


def _choose_hash_types(value: Mask | None, profile: Profile, features: frozenset[str]) -> int:
    if value is None:
        return profile.all_hash_types if "HASH_TUNNEL" in features else virtio.BASE_HASH_TYPES_MASK
    mask = parse_hash_types(value, profile)
    if mask & ~virtio.BASE_HASH_TYPES_MASK and "HASH_TUNNEL" not in features:
        names = format_mask(mask & ~virtio.BASE_HASH_TYPES_MASK, profile.hash_types)
        raise ConfigurationError(
            HASH_TYPES_OPTION,
            f"{names}: tunnel bits need the feature HASH_TUNNEL ({profile.title})",
            "add HASH_TUNNEL to --features, or leave the tunnel bits out",
        )
    return mask


def _choose_tunnel_types(value: Mask | None, profile: Profile, features: frozenset[str]) -> int:
    if value is None:
        return profile.all_tunnel_types if "HASH_TUNNEL" in features else 0
    if type(value) is int and value == 0:
        return 0  # what a device without the field has, too
    mask = parse_tunnel_types(value, profile)
    if mask and "HASH_TUNNEL" not in features:
        raise ConfigurationError(
            TUNNEL_TYPES_OPTION,
            f"the command HASH_TUNNEL_SET needs the feature HASH_TUNNEL ({profile.title})",
            "add HASH_TUNNEL to --features, or use --tunnel-types none",
        )
    return mask


def _choose_table(table: Numbers | None, size: SupportsIndex | None, queues: int) -> tuple[int, ...]:
    length = DEFAULT_TABLE_SIZE if size is None else parse_size(size)
    if table is None:
        return default_table(length, queues)
    entries = parse_table(table, queues)
    if size is not None and len(entries) != length:
        problem = f"{length} entries, but {TABLE_OPTION} lists {len(entries)}"
        raise ConfigurationError(SIZE_OPTION, problem, "give one of the two options")
    return entries


def _parse_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigurationError("--config", f"{name!r} is no name", "give printable text, such as inner")
    return name.strip()
