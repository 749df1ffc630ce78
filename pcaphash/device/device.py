"""The device: everything that decides which hash and which receive queue a packet gets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, SupportsIndex, cast

from pcaphash.device import description
from pcaphash.device.flavor import (
    FLAVOR_OPTION,
    FLAVORS,
    INNER_MISS_OPTION,
    INNER_MISSES,
    INPUT_TRANSFORM_OPTION,
    INPUT_TRANSFORMS,
    check_limits,
    choose_features,
    refuse_tunnels,
)
from pcaphash.device.hash_key import KEY_OPTION, HashKey, pad_hash_key, parse_hash_key
from pcaphash.device.hash_types import (
    ADDRESS_HASH_TYPES,
    HASH_TYPES_OPTION,
    TUNNEL_TYPES_OPTION,
    Mask,
    format_mask,
    parse_hash_types,
    parse_tunnel_types,
)
from pcaphash.device.indirection_table import (
    INDEX_OPTION,
    SIZE_OPTION,
    TABLE_INDEXES,
    TABLE_OPTION,
    UNCLASSIFIED_OPTION,
    default_table,
    parse_size,
    parse_table,
    parse_unclassified_queue,
)
from pcaphash.device.options import DeviceOptions, combine_options
from pcaphash.device.ports import Ports, check_disjoint, parse_ports, spare_ports
from pcaphash.device.profile import PROFILES, Profile, parse_spec
from pcaphash.device.warnings import warnings_of
from pcaphash.device.words import Numbers, parse_choice, parse_number
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

DEFAULT_QUEUES = 8
DEFAULT_TABLE_SIZE = virtio.LEAST_RSS_MAX_INDIRECTION_TABLE_LENGTH


@dataclass(frozen=True, init=False)
class Device:
    """A configured device; only what such a device would accept can be made.

    ``dataclasses.replace`` keeps the indirection table when queues change, and the name when types do: give
    ``indirection_table=None`` and ``name=None`` with it for the default ones.

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
        Names or bit numbers of the features agreed on, in text joined by ``+``. Default: all that bear on hashing and
        that the device offers.
    hash_key : bytes, str or iterable of int
        The bytes of hash_key_data, as such or in any text that ``parse_hash_key`` reads: hex digits, a C array, the
        name of a key (``microsoft``, ``symmetric``, ``mlx5``, ``i40e``, ``atlantic``, ``cnxk``) or of a DPDK driver, a
        file.
    queues : int, optional
        Enabled receive queues. Default: 8, or 1 where neither MQ nor RSS allows more.
    indirection_table : iterable of int or str, optional
        Receive queues counted from 0; a power of two of them, or under the table index ``modulo`` any number up to
        65536. Default: queue ``i % queues`` at entry ``i``.
    indirection_table_size : int, optional
        Entries of the default table. Default: 128.
    unclassified_queue : int
        Receive queue for packets without a hash.
    vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports : int, str or iterable of int
        UDP destination ports of the tunnels, in text separated by commas; VXLAN-GPE and GRE in UDP exist under virtio
        1.4 only.
    table_index : str
        Which entry a hash leads to: ``mask`` (its low bits) or ``modulo`` (its remainder by the length of the table).
    inner_miss : str
        What is hashed where the inner packet is not IP: ``none``, or ``outer`` for a device that falls back to the
        outer header.
    flavor : str
        ``spec``, or ``qemu`` for QEMU 7.2: it offers no HASH_TUNNEL, and reads headers in its own way.
    input_transform : str
        What Linux has the device do with the hash input: ``none``, ``symmetric-xor`` or ``symmetric-or-xor``.
    name : str, optional
        What results call this configuration. Default: ``outer-addresses``, ``outer`` or ``inner`` for the types that
        the default configurations of these names have, else ``device``.
    given : iterable of str
        Which of these arguments somebody chose, for readers: the others are assumed as long as they have their
        defaults. It makes no difference to the device, nor to whether two are equal.
    pad_key : bool
        Fill a short hash key up with zeros to 40 bytes. Without it, a key that is too short for the hash types is
        refused.

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
    table_index: str
    inner_miss: str
    flavor: str
    input_transform: str
    name: str
    given: frozenset[str] = field(compare=False, repr=False)

    def __init__(
        self,
        spec: str = "v7",
        hash_types: Mask | None = None,
        tunnel_types: Mask | None = None,
        features: str | Iterable[str | int] | None = None,
        hash_key: HashKey = virtio.MICROSOFT_KEY,
        queues: SupportsIndex | None = None,
        indirection_table: Numbers | None = None,
        indirection_table_size: SupportsIndex | None = None,
        unclassified_queue: SupportsIndex = 0,
        vxlan_ports: Ports = virtio.VXLAN_PORTS,
        geneve_ports: Ports = virtio.GENEVE_PORTS,
        vxlan_gpe_ports: Ports | None = None,
        gre_udp_ports: Ports | None = None,
        table_index: str = "mask",
        inner_miss: str = "none",
        flavor: str = "spec",
        input_transform: str = "none",
        name: str | None = None,
        given: Iterable[str] = (),
        pad_key: bool = False,
    ) -> None:
        profile = parse_spec(spec)
        kind = parse_choice(FLAVOR_OPTION, flavor, FLAVORS)
        chosen = choose_features(features, profile, kind)
        index = parse_choice(INDEX_OPTION, table_index, TABLE_INDEXES)
        n_queues = _choose_queues(queues, chosen)
        if "RSS" not in chosen:
            _check_unset(indirection_table, indirection_table_size, index, unclassified_queue, n_queues)
        types = _choose_hash_types(hash_types, profile, chosen, kind)
        fields = {
            "spec": profile.name,
            "hash_types": types,
            "tunnel_types": _choose_tunnel_types(tunnel_types, profile, chosen, kind),
            "features": chosen,
            "hash_key": pad_hash_key(parse_hash_key(hash_key), types, pad_key),
            "queues": n_queues,
            "indirection_table": _choose_table(indirection_table, indirection_table_size, n_queues, index),
            "unclassified_queue": parse_unclassified_queue(unclassified_queue, n_queues),
            **_choose_ports(vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports, profile),
            "table_index": index,
            "inner_miss": parse_choice(INNER_MISS_OPTION, inner_miss, INNER_MISSES),
            "flavor": kind,
            "input_transform": parse_choice(INPUT_TRANSFORM_OPTION, input_transform, INPUT_TRANSFORMS),
            "given": frozenset(given),
        }
        for name_of_field, value in fields.items():
            object.__setattr__(self, name_of_field, value)
        object.__setattr__(self, "name", _usual_name(self) if name is None else _parse_name(name))
        self._check_key()
        check_limits(kind, len(self.hash_key), len(self.indirection_table))
        check_disjoint(self.ports)

    @classmethod
    def from_ethtool(cls, shown: str | PathLike[str], interface: str | None = None, **options: Any) -> "Device":
        """Make the device that outputs of ethtool, or of DPDK's testpmd, show.

        Parameters
        ----------
        shown : str or path
            What ``ethtool -x``, ``ethtool -n IF rx-flow-hash`` or testpmd's ``show port`` printed, or a file with it.
        interface : str, optional
            Which of several interfaces that differ.
        options
            Further arguments of ``Device``; they win over what is shown.

        Raises
        ------
        ConfigurationError
            The text shows no such device, or one that cannot be calculated.

        Warns
        -----
        UserWarning
            Something in the text is passed over or assumed.
        """
        import warnings

        from pcaphash.device.ethtool import find_ethtool

        found = find_ethtool(shown, interface, options)
        for note in found.notes:
            warnings.warn(note, stacklevel=2)
        return cls(**combine_options(found.options, cast(DeviceOptions, options)))

    @classmethod
    def from_toml(cls, path: str | PathLike[str], config: str | None = None, **options: Any) -> "Device":
        """Make the device that a TOML file describes.

        Parameters
        ----------
        path : path
            The file; its words are the options of the command line, with underscores.
        config : str, optional
            The table ``[config.NAME]`` whose options are added.
        options
            Further arguments of ``Device``; they win over the file.

        Raises
        ------
        ConfigurationError
            The file cannot be read, has no such table, or describes no device that can be.
        """
        from pcaphash.device.configs import make_file_configs
        from pcaphash.device.toml import read_config

        shared, own = read_config(path, config)
        own = combine_options(own, cast(DeviceOptions, options))
        if config is None:
            return cls(**combine_options(shared, own))
        return make_file_configs(shared, {config: own})[0]

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
    def is_calculation_only(self) -> bool:
        """Whether no device would be configured at all: with neither RSS nor HASH_REPORT none hashes."""
        return not (self.has_queue or self.reports_hash)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is accepted but hardly meant, a line each."""
        return warnings_of(self)

    def describe(self) -> list[tuple[str, str]]:
        """Return the device as pairs of option, with underscores, and value, in full."""
        return description.describe(self)

    def describe_own(self, *others: "Device") -> list[tuple[str, str]]:
        """Return for readers what this configuration has of its own: types, and options in which others differ."""
        return description.describe_own(self, others)

    def describe_common(self, *others: "Device") -> list[tuple[str, str]]:
        """Return for readers what configurations of one run share: values are shortened, defaults marked."""
        defaults = Device(spec=self.spec, features=self.features, flavor=self.flavor)
        return description.describe_common(self, others, defaults)

    def _check_key(self) -> None:
        if len(self.hash_key) > virtio.MOST_HASH_KEY_LENGTH and not self.is_calculation_only:
            raise ConfigurationError(
                KEY_OPTION,
                f"{len(self.hash_key)} bytes: hash_key_length is one byte, so a key has at most 255 bytes",
                "give fewer (bytes beyond 40 never matter), or only calculate hashes with --features none",
            )


def _check_unset(
    table: Numbers | None, size: SupportsIndex | None, table_index: str, unclassified_queue: SupportsIndex, queues: int
) -> None:
    """Hold that only RSS_CONFIG, and so only the feature RSS, brings a table and an unclassified queue.

    ``dataclasses.replace`` hands the default table back.
    """
    given = {
        TABLE_OPTION: table is not None and table != default_table(DEFAULT_TABLE_SIZE, queues),
        SIZE_OPTION: size is not None,
        INDEX_OPTION: table_index != "mask",
        UNCLASSIFIED_OPTION: unclassified_queue != 0,
    }
    for option, is_given in given.items():
        if is_given:
            problem = "without the RSS feature, no command sets it (RSS_CONFIG)"
            raise ConfigurationError(option, problem, "add RSS to --features, or leave this option out")


def _choose_queues(queues: SupportsIndex | None, features: frozenset[str]) -> int:
    has_several = bool(features & {"MQ", "RSS"})
    if queues is None:
        return DEFAULT_QUEUES if has_several else 1
    rule = f"a device has at least one receive queue and at most {virtio.MOST_QUEUES} (an rss_rq_id has 15 bits)"
    number = parse_number("--queues", queues, 1, virtio.MOST_QUEUES, rule)
    if number > 1 and not has_several:
        problem = f"{number} queues: more than one queue needs the MQ or RSS feature"
        raise ConfigurationError("--queues", problem, "add MQ or RSS to --features, or use --queues 1")
    return number


def _choose_hash_types(value: Mask | None, profile: Profile, features: frozenset[str], flavor: str) -> int:
    if value is None:
        return profile.all_hash_types if "HASH_TUNNEL" in features else virtio.BASE_HASH_TYPES_MASK
    mask = parse_hash_types(value, profile)
    if mask & ~virtio.BASE_HASH_TYPES_MASK and "HASH_TUNNEL" not in features:
        names = format_mask(mask & ~virtio.BASE_HASH_TYPES_MASK, profile.hash_types)
        raise refuse_tunnels(HASH_TYPES_OPTION, names, profile, flavor)
    return mask


def _choose_tunnel_types(value: Mask | None, profile: Profile, features: frozenset[str], flavor: str) -> int:
    if value is None:
        return profile.all_tunnel_types if "HASH_TUNNEL" in features else 0
    if type(value) is int and value == 0:
        return 0  # what a device without the field has, too
    mask = parse_tunnel_types(value, profile)
    if mask and "HASH_TUNNEL" not in features:
        raise refuse_tunnels(TUNNEL_TYPES_OPTION, format_mask(mask, profile.tunnel_types), profile, flavor)
    return mask


def _choose_table(table: Numbers | None, size: SupportsIndex | None, queues: int, table_index: str) -> tuple[int, ...]:
    length = DEFAULT_TABLE_SIZE if size is None else parse_size(size, table_index)
    if table is None:
        return default_table(length, queues)
    entries = parse_table(table, queues, table_index)
    if size is not None and len(entries) != length:
        problem = f"{length} entries, but {TABLE_OPTION} lists {len(entries)}"
        raise ConfigurationError(SIZE_OPTION, problem, "give one of the two options")
    return entries


def _choose_ports(
    vxlan: Ports,
    geneve: Ports,
    vxlan_gpe: Ports | None,
    gre_udp: Ports | None,
    profile: Profile,
) -> dict[str, tuple[int, ...]]:
    ports = {"vxlan_ports": parse_ports("--vxlan-port", vxlan), "geneve_ports": parse_ports("--geneve-port", geneve)}
    taken = {port for numbers in ports.values() for port in numbers}
    for argument, option, value, default in (
        ("vxlan_gpe_ports", "--vxlan-gpe-port", vxlan_gpe, virtio.VXLAN_GPE_PORTS),
        ("gre_udp_ports", "--gre-udp-port", gre_udp, virtio.GRE_UDP_PORTS),
    ):
        if profile.tunnel_types:
            ports[argument] = parse_ports(option, default if value is None else value)
        else:
            ports[argument] = spare_ports(option, value, default, taken, profile.title)
    return ports


def _usual_name(device: Device) -> str:
    profile = device.profile
    usual = {
        (profile.all_hash_types, profile.all_tunnel_types): "inner",
        (virtio.BASE_HASH_TYPES_MASK, 0): "outer",
        (ADDRESS_HASH_TYPES, 0): "outer-addresses",
    }
    return usual.get((device.hash_types, device.tunnel_types), "device")


def _parse_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigurationError("--config", f"{name!r} is not a usable name", "give printable text, such as inner")
    return name.strip()
