"""The features that driver and device agreed on, and what each of them needs."""

from collections.abc import Iterable, Mapping

from pcaphash.device.profile import Profile
from pcaphash.device.words import unknown_word
from pcaphash.errors import ConfigurationError, Field

FEATURES_FIELD = Field("features")
NO_FEATURES = "none"


def parse_features(value: str | Iterable[str | int], profile: Profile) -> frozenset[str]:
    """Return the names of features.

    Parameters
    ----------
    value : str or iterable of str and int
        Names or bit numbers, in text joined by ``+``; ``all``; ``none``.
    profile : Profile
        Whose features these are.

    Raises
    ------
    ConfigurationError
        The profile does not know a feature, or one lacks another that it needs.
    """
    if isinstance(value, str):
        words: list[str] = value.split("+")
    elif isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        words = [str(word) for word in value]
    else:
        raise ConfigurationError(
            FEATURES_FIELD,
            f"{value!r} is not a list of features",
            f"give names joined by +, such as {'+'.join(profile.features)}",
        )
    features = frozenset(name for word in words for name in _parse_word(word.strip(), profile))
    _check_dependencies(features, profile)
    return features


def format_features(features: frozenset[str], known: Mapping[str, int]) -> str:
    """Return features joined by ``+`` in the order of their bits, or ``none``."""
    return "+".join(name for name in known if name in features) or NO_FEATURES


def _parse_word(word: str, profile: Profile) -> Iterable[str]:
    by_bit = {str(bit): name for name, bit in profile.features.items()}
    if word in by_bit:
        return [by_bit[word]]
    if word.upper() in profile.features:
        return [word.upper()]
    if word.lower() == "all":
        return profile.features
    if word.lower() == NO_FEATURES:
        return []
    if not word:
        raise ConfigurationError(FEATURES_FIELD, "a name is missing", f"give names joined by +, or {NO_FEATURES}")
    if word.isdecimal():
        bits = ", ".join(f"{name} {bit}" for name, bit in profile.features.items())
        problem = f"bit {word} is not a feature of {profile.title} that affects hashing"
        raise ConfigurationError(FEATURES_FIELD, problem, f"use {bits}")
    known = [*profile.features, "all", NO_FEATURES]
    raise unknown_word(FEATURES_FIELD, word, known, f"a feature of {profile.title} that affects hashing")


def _check_dependencies(features: frozenset[str], profile: Profile) -> None:
    for name, bit in profile.features.items():
        for group in profile.dependencies.get(name, ()):
            if name in features and not features.intersection(group):
                needed = " or ".join(group)
                problem = f"{name} (bit {bit}) needs {needed} ({profile.title}, feature bit requirements)"
                raise ConfigurationError(FEATURES_FIELD, problem, f"add {needed}, or leave {name} out")
