"""Devices that are not quite as the virtio specs have them: the words that say in what."""

from collections.abc import Iterable

from pcaphash.device.features import FEATURES_FIELD, parse_features
from pcaphash.device.hash_key import KEY_FIELD
from pcaphash.device.indirection_table import TABLE_FIELD
from pcaphash.device.profile import Profile
from pcaphash.errors import ConfigurationError, Field

FLAVOR_FIELD = Field("flavor")
INNER_MISS_FIELD = Field("inner_miss")
INPUT_TRANSFORM_FIELD = Field("input_transform")

FLAVORS = ("spec", "qemu", "qemu-ebpf")
"""A device as the spec requires; QEMU 7.2's, and the program that steers packets for it in Linux's tap: neither has a
HASH_TUNNEL feature, and each reads headers in its own way."""

TITLES = {"qemu": "QEMU 7.2", "qemu-ebpf": "the steering program of QEMU 7.2"}
"""Names of devices that are not as the spec requires, by flavor."""

INNER_MISSES = ("none", "outer")
"""What is hashed where the inner packet is not IP: nothing, as the specs require, or the outer header."""

INPUT_TRANSFORMS = ("none", "symmetric-xor", "symmetric-or-xor")
"""What becomes of source and destination before they are hashed: Linux, RXH_XFRM_SYM_XOR and RXH_XFRM_SYM_OR_XOR."""

# QEMU 7.2, include/hw/virtio/virtio-net.h.
_QEMU_MOST_KEY_LENGTH = 40  # VIRTIO_NET_RSS_MAX_KEY_SIZE
_QEMU_MOST_ENTRIES = 128  # VIRTIO_NET_RSS_MAX_TABLE_LEN
ABSENT = {"spec": frozenset[str](), **dict.fromkeys(TITLES, frozenset({"HASH_TUNNEL"}))}
"""Features that bear on hashing and that devices of a flavor do not offer."""


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


def check_limits(flavor: str, key_length: int, n_entries: int) -> None:
    """Check that the device takes a hash key and an indirection table of these lengths.

    Raises
    ------
    ConfigurationError
        QEMU 7.2 would refuse them.
    """
    if flavor == "spec":
        return
    for place, length, most, unit in (
        (KEY_FIELD, key_length, _QEMU_MOST_KEY_LENGTH, "bytes"),
        (TABLE_FIELD, n_entries, _QEMU_MOST_ENTRIES, "entries"),
    ):
        if length > most:
            problem = f"{length} {unit}, but {TITLES[flavor]} accepts at most {most}"
            raise ConfigurationError(place, problem, f"give fewer, or leave {FLAVOR_FIELD} out")
