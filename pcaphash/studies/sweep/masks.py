"""All masks that can be asked for: base types, and sets of tunnel types beside them.

A set of tunnel types is a number here whose lowest bit is the first tunnel type of the spec: GRE_INNER under draft v7,
where these bits come after the base types in hash_types, and GRE_2784 under virtio 1.4, where they are
enabled_tunnel_types.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.standards import virtio

BASE_BITS = tuple(virtio.BASE_HASH_TYPES.values())
N_BASES = virtio.BASE_HASH_TYPES_MASK + 1

_TUNNEL_SHIFT = len(BASE_BITS)

Numbers = npt.NDArray[np.int64]


def tunnel_bits(device: Device) -> tuple[int, ...]:
    """Return the tunnel types that a device may be given, a bit each; none without the HASH_TUNNEL feature."""
    if "HASH_TUNNEL" not in device.features:
        return ()
    profile = device.profile
    return tuple(1 << i for i in range(len(profile.tunnel_types or profile.inner_tunnel_types)))


def join_mask(device: Device, base: int, tunnels: int) -> tuple[int, int]:
    """Return hash_types and tunnel types, as ``Device`` has them, of base types and a set of tunnel types."""
    return (base, tunnels) if device.profile.tunnel_types else (base | tunnels << _TUNNEL_SHIFT, 0)


def split_mask(device: Device, hash_types: int, tunnel_types: int) -> tuple[int, int]:
    """Return base types and a set of tunnel types, of hash_types and tunnel types as ``Device`` has them."""
    if device.profile.tunnel_types:
        return hash_types, tunnel_types
    return hash_types & virtio.BASE_HASH_TYPES_MASK, hash_types >> _TUNNEL_SHIFT


def configure(device: Device, base: int, tunnels: int) -> Device:
    """Return a device with other types."""
    hash_types, tunnel_types = join_mask(device, base, tunnels)
    return replace(device, hash_types=hash_types, tunnel_types=tunnel_types)


def number_of(bases: Numbers, tunnels: Numbers) -> Numbers:
    """Return masks as one number each: tunnel types above base types."""
    return bases | tunnels << _TUNNEL_SHIFT


def size_order(mask: int) -> tuple[int, int]:
    """Return what masks are ordered by: fewer types first, then the lower number."""
    return mask.bit_count(), mask
