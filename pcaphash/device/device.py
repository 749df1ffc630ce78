"""The device: everything that decides which hash and which receive queue a packet gets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, SupportsIndex, TypeVar

from pcaphash.device.choices import (
    check_key_length,
    check_unset,
    choose_hash_types,
    choose_ports,
    choose_queues,
    choose_table,
    choose_tunnel_types,
    parse_name,
    usual_name,
)
from pcaphash.device.flavor import (
    FLAVOR_FIELD,
    FLAVORS,
    INNER_MISS_FIELD,
    INNER_MISSES,
    INPUT_TRANSFORM_FIELD,
    INPUT_TRANSFORMS,
    check_limits,
    choose_features,
)
from pcaphash.device.hash_form import hash_form
from pcaphash.device.hash_key import HashKey, pad_hash_key, parse_hash_key
from pcaphash.device.hash_types import Mask, format_mask
from pcaphash.device.indirection_table import INDEX_FIELD, TABLE_INDEXES, parse_unclassified_queue
from pcaphash.device.ports import Ports, check_disjoint
from pcaphash.device.profile import PROFILES, Profile, parse_spec
from pcaphash.device.words import Numbers, parse_choice
from pcaphash.standards import virtio

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HashValue = TypeVar("HashValue", int, "npt.NDArray[np.int64]")


@dataclass(frozen=True, init=False)
class Device:
    """A configured device; only what such a device would accept can be made.

    ``dataclasses.replace`` keeps the indirection table when queues change, and the name when types change. To get the
    default ones, pass ``indirection_table=None`` and ``name=None`` too.

    Parameters
    ----------
    spec : str
        ``v7`` (virtio-net inner header hash, draft v7) or ``1.4`` (virtio 1.4).
    hash_types : str or int, optional
        Names joined by ``+``, a preset (``linux``, ``addresses``, ``base``, ``all``, ``none``) or a mask. Default: all,
        without the tunnel bits of draft v7 if the HASH_TUNNEL feature is missing.
    tunnel_types : str or int, optional
        The field enabled_tunnel_types, only under virtio 1.4. Default: all, or none if HASH_TUNNEL is missing.
    features : str or iterable of str and int, optional
        Names or bit numbers of the negotiated features; a str joins them by ``+``. Default: all that affect hashing
        and that the device offers.
    hash_key : bytes, str or iterable of int
        The bytes of hash_key_data, as such or in any text that ``parse_hash_key`` reads: hex digits, a C array, the
        name of a key (``microsoft``, ``symmetric``, ``mlx5``, ``i40e``, ``atlantic``, ``cnxk``) or of a DPDK driver, a
        file.
    queues : int, optional
        Enabled receive queues. Default: 8, or 1 if neither MQ nor RSS allows more.
    indirection_table : iterable of int or str, optional
        Receive queues counted from 0; their number is a power of two, or with table index ``modulo`` any number
        up to 65536. Default: queue ``i % queues`` at entry ``i``.
    indirection_table_size : int, optional
        Entries of the default table. Default: 128.
    unclassified_queue : int
        Receive queue for packets without a hash.
    vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports : int, str or iterable of int
        UDP destination ports of the tunnels, a str separates them by commas. VXLAN-GPE and GRE in UDP exist only under
        virtio 1.4.
    table_index : str
        Which entry a hash selects: ``mask`` (its low bits) or ``modulo`` (its remainder by the length of the table).
    inner_miss : str
        What is hashed if the inner packet is not IP: ``none``, or ``outer`` for a device that falls back to the
        outer header.
    flavor : str
        ``spec``; ``qemu`` for QEMU 7.2, ``qemu-ebpf`` for the program that steers packets for it in Linux's tap,
        ``qemu-ebpf-inner`` for that program after Linux's own tunnel devices, ``ena-gen4`` and ``ena-gen5`` for
        Amazon's ENA, ``corundum``, or ``vpp`` for VPP's soft-rss plugin: they read headers, or calculate the hash, in
        their own way, and only ``qemu-ebpf-inner`` has HASH_TUNNEL.
    input_transform : str
        How Linux has the device transform the hash input: ``none``, ``symmetric-xor`` or ``symmetric-or-xor``.
    name : str, optional
        The name of this configuration in results. Default: ``outer-addresses``, ``outer`` or ``inner`` if it has the
        types of the default configuration of that name, else ``device``.
    given : iterable of str
        Which of these arguments the user chose; reports call the others assumed if they have their defaults. The
        device does not depend on it, and neither does equality.
    pad_key : bool
        Pad a short hash key with zeros to 40 bytes. Otherwise a key that is too short for the hash types is refused.

    Raises
    ------
    ConfigurationError
        Such a device would not accept this; the message names the field and the rule.
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
        kind = parse_choice(FLAVOR_FIELD, flavor, FLAVORS)
        chosen = choose_features(features, profile, kind)
        index = parse_choice(INDEX_FIELD, table_index, TABLE_INDEXES)
        n_queues = choose_queues(queues, chosen)
        if "RSS" not in chosen:
            check_unset(indirection_table, indirection_table_size, index, unclassified_queue, n_queues)
        types = choose_hash_types(hash_types, profile, chosen, kind)
        tunnels = choose_tunnel_types(tunnel_types, profile, chosen, kind)
        fields = {
            "spec": profile.name,
            "hash_types": types,
            "tunnel_types": tunnels,
            "features": chosen,
            "hash_key": pad_hash_key(parse_hash_key(hash_key), types, pad_key),
            "queues": n_queues,
            "indirection_table": choose_table(indirection_table, indirection_table_size, n_queues, index),
            "unclassified_queue": parse_unclassified_queue(unclassified_queue, n_queues),
            **choose_ports(vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports, profile),
            "table_index": index,
            "inner_miss": parse_choice(INNER_MISS_FIELD, inner_miss, INNER_MISSES),
            "flavor": kind,
            "input_transform": parse_choice(INPUT_TRANSFORM_FIELD, input_transform, INPUT_TRANSFORMS),
            "name": usual_name(profile, types, tunnels) if name is None else parse_name(name),
            "given": frozenset(given),
        }
        for name_of_field, value in fields.items():
            object.__setattr__(self, name_of_field, value)
        if not self.is_calculation_only:
            check_key_length(self.hash_key)
        check_limits(kind, self.hash_key, len(self.indirection_table))
        check_disjoint(self.ports)

    @property
    def profile(self) -> Profile:
        """What the device's spec defines."""
        return PROFILES[self.spec]

    @property
    def base_types(self) -> int:
        """The nine bits of hash_types that both specs share."""
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
    def used_key(self) -> bytes:
        """The key that hashes are calculated with: ``hash_key``, unless the flavor has its bytes in another order."""
        return hash_form(self.flavor).used_key(self.hash_key)

    @property
    def ports(self) -> dict[str, tuple[int, ...]]:
        """The UDP destination ports of the four kinds of tunnels, by the field that gives them."""
        return {
            "vxlan_ports": self.vxlan_ports,
            "geneve_ports": self.geneve_ports,
            "vxlan_gpe_ports": self.vxlan_gpe_ports,
            "gre_udp_ports": self.gre_udp_ports,
        }

    @property
    def has_queue(self) -> bool:
        """Whether hashes choose receive queues; without RSS there is a hash, but no queue follows from it."""
        return "RSS" in self.features

    def entry_of(self, hash_value: HashValue) -> HashValue:
        """Return the entry of the indirection table that a hash, or each of an array of hashes, leads to."""
        n_entries = len(self.indirection_table)
        return hash_value % n_entries if self.table_index == "modulo" else hash_value & (n_entries - 1)

    @property
    def reports_hash(self) -> bool:
        """Whether the packet header carries hash_value and hash_report."""
        return "HASH_REPORT" in self.features

    @property
    def is_calculation_only(self) -> bool:
        """Whether only hashes can be calculated: with neither RSS nor HASH_REPORT, a real device does not hash."""
        return not (self.has_queue or self.reports_hash)
