"""Masks of hash_types and of tunnel types, as names joined by ``+`` or commas and as numbers."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import SupportsIndex

from pcaphash.device.profile import DRAFT_V7, Profile
from pcaphash.device.type_names import HASH_TYPE_NAMES, advise_on_uncovered, nearest_names, plain_name, shown_names
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

Mask = str | SupportsIndex
"""Names joined by ``+`` or commas, presets among them, or a number; in text, decimal or hexadecimal with 0x."""

NO_TYPES = "none"
HASH_TYPES_FIELD = Field("hash_types")
TUNNEL_TYPES_FIELD = Field("tunnel_types")

LINUX_HASH_TYPES = 0x3F
"""What Linux's driver programs: everything but the types for IPv6 extension headers."""

ADDRESS_HASH_TYPES = virtio.HASH_TYPE_IPV4 | virtio.HASH_TYPE_IPV6 | virtio.HASH_TYPE_IP_EX
"""The types that hash only addresses."""

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}")
_SEPARATOR = re.compile(r"\s*[+,|]\s*|\s+")


def hash_type_presets(profile: Profile) -> dict[str, int]:
    """Return the masks of hash_types that have a name of their own."""
    return {
        "linux": LINUX_HASH_TYPES,
        "addresses": ADDRESS_HASH_TYPES,
        "base": virtio.BASE_HASH_TYPES_MASK,
        "all": profile.all_hash_types,
        NO_TYPES: 0,
    }


def parse_hash_types(value: Mask, profile: Profile) -> int:
    """Return a mask of hash_types.

    Parameters
    ----------
    value : str or int
        Names of hash types and presets (``linux``, ``addresses``, ``base``, ``all``, ``none``) joined by ``+`` or
        commas, in upper or lower case, or a number. The names that ethtool and DPDK have for them are taken too.
    profile : Profile
        Whose hash types these are.

    Raises
    ------
    ConfigurationError
        The profile has no such hash type.
    """

    def refuse(word: str) -> ConfigurationError:
        """Say why a word is not a hash type of this spec."""
        if _tunnel_bits(word):
            return _tunnel_in_hash_types(word, profile)
        return _unknown_hash_type(word, profile)

    words = _lower_case({**profile.hash_types, **hash_type_presets(profile)})
    words = {**HASH_TYPE_NAMES, **{plain_name(name): mask for name, mask in words.items()}, **words}
    mask = _parse_mask(HASH_TYPES_FIELD, value, words, refuse)
    foreign = mask & ~profile.all_hash_types
    if foreign:
        raise _foreign_bits(HASH_TYPES_FIELD, foreign, profile.hash_types, f"hash_types of {profile.title}", profile)
    return mask


def parse_tunnel_types(value: Mask, profile: Profile) -> int:
    """Return a mask of enabled_tunnel_types.

    Parameters
    ----------
    value : str or int
        Names of tunnel types joined by ``+`` or commas, in upper or lower case, ``all``, ``none``, or a number.
    profile : Profile
        Whose tunnel types these are.

    Raises
    ------
    ConfigurationError
        The profile has no such tunnel type, or no tunnel types at all.
    """
    if not profile.tunnel_types:
        raise ConfigurationError(
            TUNNEL_TYPES_FIELD,
            f"{profile.title} has no enabled_tunnel_types: its tunnel types are bits of hash_types",
            f"add {', '.join(virtio.INNER_HASH_TYPES)} to {HASH_TYPES_FIELD}, or use {Field('spec', '1.4')}",
        )

    def refuse(word: str) -> ConfigurationError:
        """Say why a word is not a tunnel type of this spec."""
        known = [*profile.tunnel_types, "all", NO_TYPES]
        if _tunnel_bits(word):
            problem = f"{word!r} is a name of draft v7, not a tunnel type of {profile.title}"
            return ConfigurationError(
                TUNNEL_TYPES_FIELD, problem, f"use {_tunnel_types_for(word)}, or {Field('spec', 'v7')}"
            )
        problem = f"{word!r} is not a tunnel type of {profile.title}"
        return ConfigurationError(TUNNEL_TYPES_FIELD, problem, _advise(nearest_names(word, shown_names(known)), known))

    words = {**profile.tunnel_types, "all": profile.all_tunnel_types, NO_TYPES: 0}
    words = {plain_name(name): mask for name, mask in words.items()}
    mask = _parse_mask(TUNNEL_TYPES_FIELD, value, words, refuse)
    foreign = mask & ~profile.all_tunnel_types
    if foreign:
        field = f"enabled_tunnel_types of {profile.title}"
        raise _foreign_bits(TUNNEL_TYPES_FIELD, foreign, profile.tunnel_types, field, profile)
    return mask


def format_mask(mask: int, names: Mapping[str, int]) -> str:
    """Return the names of a mask's bits joined by ``+``, or ``none``."""
    return "+".join(name for name, bit in names.items() if mask & bit) or NO_TYPES


def _parse_mask(
    place: Field | str, value: Mask, words: Mapping[str, int], refuse: Callable[[str], ConfigurationError]
) -> int:
    """Return the union of the terms of a mask; ``refuse`` makes the error for a word that is not known."""
    if isinstance(value, str):
        mask = 0
        for term in _SEPARATOR.split(value.strip()):
            mask |= _parse_term(place, term, words, refuse)
        return mask
    if isinstance(value, bool) or not hasattr(value, "__index__") or operator.index(value) < 0:
        raise ConfigurationError(place, f"{value!r} is not a mask", "give names joined by +, or a number such as 0x3f")
    return operator.index(value)


def _parse_term(
    place: Field | str, term: str, words: Mapping[str, int], refuse: Callable[[str], ConfigurationError]
) -> int:
    if not term:
        raise ConfigurationError(place, "a name is missing", f"give names joined by + or commas, or {NO_TYPES}")
    if _NUMBER.fullmatch(term):
        return int(term, 16 if term[:2].lower() == "0x" else 10)
    for name in (term.lower(), plain_name(term)):
        if name in words:
            return words[name]
    raise refuse(term)


def _unknown_hash_type(word: str, profile: Profile) -> ConfigurationError:
    """Return the error for a word that is not a hash type, with what to use where that is clear."""
    uncovered = advise_on_uncovered(plain_name(word))
    if uncovered:
        return ConfigurationError(HASH_TYPES_FIELD, f"{profile.title} has no hash type for {word!r}", uncovered)
    known = [*profile.hash_types, *hash_type_presets(profile)]
    others = {other: format_mask(mask, virtio.BASE_HASH_TYPES) for other, mask in HASH_TYPE_NAMES.items()}
    nearest = nearest_names(word, {**others, **shown_names(known)})
    problem = f"{word!r} is not a hash type of {profile.title}"
    return ConfigurationError(HASH_TYPES_FIELD, problem, _advise(nearest, known))


def _advise(nearest: Iterable[str], known: Iterable[str]) -> str:
    meant = " or ".join(nearest)
    return f"did you mean {meant}?" if meant else f"use {', '.join(known)}"


def _lower_case(words: Mapping[str, int]) -> dict[str, int]:
    return {name.lower(): mask for name, mask in words.items()}


def _tunnel_bits(word: str) -> int:
    """Return the bits of enabled_tunnel_types that a tunnel's name in either spec stands for; 0 for other words."""
    name = plain_name(word).upper().replace("-", "_")
    inner = virtio.INNER_HASH_TYPES.get(f"{name.removesuffix('_INNER')}_INNER", 0)
    return virtio.TUNNEL_TYPES.get(name, 0) or DRAFT_V7.inner_tunnel_types.get(inner, 0)


def _tunnel_types_for(word: str) -> str:
    """Return what to write in virtio 1.4's words for a tunnel's name."""
    return format_mask(_tunnel_bits(word), virtio.TUNNEL_TYPES)


def _tunnel_in_hash_types(word: str, profile: Profile) -> ConfigurationError:
    """Return the error for a tunnel's name that stands where this profile does not keep it."""
    if profile.tunnel_types:
        problem = f"{word!r} is not a hash type of {profile.title}, which has a separate field for tunnel types"
        return ConfigurationError(HASH_TYPES_FIELD, problem, f"use {Field('tunnel_types', _tunnel_types_for(word))}")
    fitting = [bit for bit, types in profile.inner_tunnel_types.items() if types & _tunnel_bits(word)]
    problem = f"{word!r} is the name of a tunnel, not of a hash type of {profile.title}"
    other = Field("spec", "1.4")
    instead = f"use {format_mask(fitting[0], profile.hash_types)}, or {other}" if fitting else f"use {other}"
    return ConfigurationError(HASH_TYPES_FIELD, problem, instead)


def _foreign_bits(
    place: Field | str, foreign: int, names: Mapping[str, int], field: str, profile: Profile
) -> ConfigurationError:
    """Return the error for bits that a field does not have."""
    bit = (foreign & -foreign).bit_length() - 1
    is_inner = place == HASH_TYPES_FIELD and profile.tunnel_types and 1 << bit in virtio.INNER_HASH_TYPES.values()
    return ConfigurationError(
        place,
        f"bit {bit} does not exist: {field} has bits 0 to {len(names) - 1}",
        f"choose tunnels with {TUNNEL_TYPES_FIELD}, or use {Field('spec', 'v7')}"
        if is_inner
        else f"leave 0x{foreign:x} out",
    )
