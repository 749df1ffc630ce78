"""The two virtio specs to choose from, as data: what a device under each knows, and what depends on what."""

from collections.abc import Mapping
from dataclasses import dataclass

from pcaphash.device.words import parse_choice
from pcaphash.errors import Field
from pcaphash.standards import virtio


@dataclass(frozen=True)
class Profile:
    """What a device under one virtio text knows.

    Parameters
    ----------
    name : str
        As the argument ``spec`` takes it.
    title : str
        The spec's own name.
    hash_types : mapping of str to int
        Bits of hash_types by name; under draft v7 the tunnel bits are among them.
    tunnel_types : mapping of str to int
        Bits of enabled_tunnel_types by name; empty if the spec has no such field.
    features : mapping of str to int
        Feature bit numbers by name.
    dependencies : mapping of str to tuple of tuple of str
        For a feature, groups of features: of each group one must be there too.
    inner_tunnel_types : mapping of int to int
        For each tunnel bit within hash_types, the bits of virtio 1.4's enabled_tunnel_types that it stands for.
    """

    name: str
    title: str
    hash_types: Mapping[str, int]
    tunnel_types: Mapping[str, int]
    features: Mapping[str, int]
    dependencies: Mapping[str, tuple[tuple[str, ...], ...]]
    inner_tunnel_types: Mapping[int, int]

    @property
    def all_hash_types(self) -> int:
        """Every bit of hash_types."""
        return sum(self.hash_types.values())

    @property
    def all_tunnel_types(self) -> int:
        """Every bit of enabled_tunnel_types; 0 if the spec has no such field."""
        return sum(self.tunnel_types.values())


_NEEDS_CTRL_VQ = dict.fromkeys(("MQ", "RSS", "HASH_REPORT", "HASH_TUNNEL"), (("CTRL_VQ",),))

DRAFT_V7 = Profile(
    name="v7",
    title="draft v7",
    hash_types={**virtio.BASE_HASH_TYPES, **virtio.INNER_HASH_TYPES},
    tunnel_types={},
    features={
        "CTRL_VQ": virtio.FEATURE_CTRL_VQ,
        "MQ": virtio.FEATURE_MQ,
        "HASH_TUNNEL": virtio.FEATURE_HASH_TUNNEL_V7,
        "HASH_REPORT": virtio.FEATURE_HASH_REPORT,
        "RSS": virtio.FEATURE_RSS,
    },
    dependencies=_NEEDS_CTRL_VQ,
    # Draft v7 cites RFC 2784 alone for GRE and names neither keys nor NVGRE: all that GRE version 0 carries is GRE.
    inner_tunnel_types={
        virtio.HASH_TYPE_GRE_INNER: (
            virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE
        ),
        virtio.HASH_TYPE_VXLAN_INNER: virtio.TUNNEL_VXLAN,
        virtio.HASH_TYPE_GENEVE_INNER: virtio.TUNNEL_GENEVE,
    },
)

VIRTIO_1_4 = Profile(
    name="1.4",
    title="virtio 1.4",
    hash_types=virtio.BASE_HASH_TYPES,
    tunnel_types=virtio.TUNNEL_TYPES,
    features={
        "CTRL_VQ": virtio.FEATURE_CTRL_VQ,
        "MQ": virtio.FEATURE_MQ,
        "HASH_TUNNEL": virtio.FEATURE_HASH_TUNNEL,
        "HASH_REPORT": virtio.FEATURE_HASH_REPORT,
        "RSS": virtio.FEATURE_RSS,
    },
    dependencies={**_NEEDS_CTRL_VQ, "HASH_TUNNEL": (("CTRL_VQ",), ("RSS", "HASH_REPORT"))},
    inner_tunnel_types={},
)

PROFILES = {profile.name: profile for profile in (DRAFT_V7, VIRTIO_1_4)}


def parse_spec(value: str) -> Profile:
    """Return the profile that ``spec`` names.

    Raises
    ------
    ConfigurationError
        There is no such profile.
    """
    return PROFILES[parse_choice(Field("spec"), value, PROFILES)]
