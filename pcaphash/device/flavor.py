"""Devices that are not quite as the virtio specs have them: the words that say in what."""

from collections.abc import Iterable

from pcaphash.device.features import FEATURES_FIELD, parse_features
from pcaphash.device.hash_key import KEY_FIELD
from pcaphash.device.indirection_table import TABLE_FIELD
from pcaphash.device.profile import Profile
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards.virtio import MICROSOFT_KEY

FLAVOR_FIELD = Field("flavor")
INNER_MISS_FIELD = Field("inner_miss")
INPUT_TRANSFORM_FIELD = Field("input_transform")

FLAVORS = ("spec", "qemu", "qemu-ebpf", "qemu-ebpf-inner", "ena-gen4", "ena-gen5", "corundum", "vpp")
"""A device as the spec requires; QEMU 7.2's; the program that steers packets for it in Linux's tap, also if Linux's own
tunnel devices take outer headers off before that; two generations of Amazon's ENA; the open source NIC Corundum; VPP's
soft-rss plugin. ENA calculates the hash in another form (``device.hash_form``), the rest read headers in their own
way."""

TITLES = {
    "qemu": "QEMU 7.2",
    "qemu-ebpf": "the steering program of QEMU 7.2",
    "qemu-ebpf-inner": "the steering program of QEMU 7.2 after Linux's tunnel devices",
    "ena-gen4": "ENA of generation 4",
    "ena-gen5": "ENA of generation 5",
    "corundum": "Corundum",
    "vpp": "VPP's soft-rss",
}
"""Names of devices that are not as the spec requires, by flavor."""

INNER_MISSES = ("none", "outer")
"""What is hashed where the inner packet is not IP: nothing, as the specs require, or the outer header."""

INPUT_TRANSFORMS = ("none", "symmetric-xor", "symmetric-or-xor")
"""What becomes of source and destination before they are hashed: Linux, RXH_XFRM_SYM_XOR and RXH_XFRM_SYM_OR_XOR."""

# QEMU 7.2, include/hw/virtio/virtio-net.h (VIRTIO_NET_RSS_MAX_KEY_SIZE, VIRTIO_NET_RSS_MAX_TABLE_LEN); ENA, ena_com.h
# (ENA_HASH_KEY_SIZE) and the issue amzn/amzn-drivers#80; Corundum, rx_hash.v (hash_key); VPP, soft_rss.h (reta).
_MOST_KEY_LENGTH = {"qemu": 40, "qemu-ebpf": 40, "qemu-ebpf-inner": 40, "ena-gen4": 40, "ena-gen5": 40, "corundum": 40}
_MOST_ENTRIES = {"qemu": 128, "qemu-ebpf": 128, "qemu-ebpf-inner": 128, "ena-gen4": 128, "ena-gen5": 128, "vpp": 256}
_FIXED_KEYS = {"ena-gen4": MICROSOFT_KEY}  # which it takes in its own order, see ``device.hash_form``
_WITHOUT_IPV6 = frozenset({"corundum"})
_PROGRAMS = frozenset({"qemu-ebpf", "qemu-ebpf-inner"})
_WITH_TUNNELS = frozenset({"spec", "qemu-ebpf-inner"})
ABSENT = {flavor: frozenset(() if flavor in _WITH_TUNNELS else {"HASH_TUNNEL"}) for flavor in FLAVORS}
"""Features that bear on hashing and that devices of a flavor do not offer."""


def title_of(flavor: str) -> str:
    """Name what a device is held to: the spec, or the device of a flavor."""
    return TITLES.get(flavor, "the spec")


def default_features(profile: Profile, flavor: str) -> frozenset[str]:
    """Return the features that bear on hashing, as far as a device of this flavor offers them."""
    return frozenset(profile.features) - ABSENT[flavor]


def choose_features(value: str | Iterable[str | int] | None, profile: Profile, flavor: str) -> frozenset[str]:
    """Return the features agreed on: those given, or by default all that the device offers.

    Raises
    ------
    ConfigurationError
        The profile does not know a feature, one lacks another that it needs, or the device does not offer it.
    """
    if value is None:
        return default_features(profile, flavor)
    features = parse_features(value, profile)
    for name in profile.features:
        if name in features & ABSENT[flavor]:
            problem = f"{name} (bit {profile.features[name]}) is a feature that {TITLES[flavor]} does not offer"
            raise ConfigurationError(FEATURES_FIELD, problem, f"leave it out, or leave {FLAVOR_FIELD} out")
    return features


def refuse_tunnels(place: Field | str, names: str, profile: Profile, flavor: str) -> ConfigurationError:
    """Return the error for tunnel types that are asked for without the HASH_TUNNEL feature."""
    if flavor != "spec":
        problem = f"{names}: {TITLES[flavor]} hashes only outer headers: it has no HASH_TUNNEL feature"
        return ConfigurationError(place, problem, f"leave the tunnel types out, or leave {FLAVOR_FIELD} out")
    problem = f"{names}: tunnel types need the HASH_TUNNEL feature ({profile.title})"
    return ConfigurationError(place, problem, f"add HASH_TUNNEL to {Field('features')}, or leave the tunnel types out")


def check_limits(flavor: str, hash_key: bytes, n_entries: int) -> None:
    """Check that the device takes a hash key, and an indirection table of this length.

    Raises
    ------
    ConfigurationError
        It would refuse them.
    """
    if flavor == "spec":
        return
    for place, length, limits, unit in (
        (KEY_FIELD, len(hash_key), _MOST_KEY_LENGTH, "bytes"),
        (TABLE_FIELD, n_entries, _MOST_ENTRIES, "entries"),
    ):
        if length > limits.get(flavor, length):
            problem = f"{length} {unit}, but {TITLES[flavor]} accepts at most {limits[flavor]}"
            raise ConfigurationError(place, problem, f"give fewer, or leave {FLAVOR_FIELD} out")
    if hash_key != _FIXED_KEYS.get(flavor, hash_key):
        problem = f"the hash key of {TITLES[flavor]} cannot be changed"
        raise ConfigurationError(KEY_FIELD, problem, f"leave it out, or use another {FLAVOR_FIELD}")


def own_key(hash_key: bytes, flavor: str) -> bytes:
    """Return the hash key of a device of a flavor: the one given, unless the device has one that cannot be changed."""
    return _FIXED_KEYS.get(flavor, hash_key)


def hashes_ipv6(flavor: str) -> bool:
    """Tell whether a device of a flavor hashes IPv6 packets, if their types are enabled."""
    return flavor not in _WITHOUT_IPV6


def has_tunnels(flavor: str) -> bool:
    """Tell whether devices of a flavor offer HASH_TUNNEL."""
    return flavor in _WITH_TUNNELS


def is_steering_program(flavor: str) -> bool:
    """Tell whether a flavor is QEMU's steering program, which has its own order of hash types."""
    return flavor in _PROGRAMS


def has_fixed_key(flavor: str) -> bool:
    """Tell whether the hash key of a device of a flavor cannot be changed."""
    return flavor in _FIXED_KEYS
