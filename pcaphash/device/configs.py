"""Several configurations of one device: the default ones, those that text names, and those of a file."""

from collections.abc import Mapping
from dataclasses import replace

from pcaphash.device.device import Device
from pcaphash.device.features import FEATURES_FIELD
from pcaphash.device.flavor import FLAVOR_FIELD
from pcaphash.device.hash_key import parse_hash_key
from pcaphash.device.hash_types import ADDRESS_HASH_TYPES, parse_hash_types, parse_tunnel_types
from pcaphash.device.options import DeviceOptions, combine_options
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

OPTION = Field("config")


def default_configs(base: Device) -> list[Device]:
    """Return the configurations that are compared unless others are asked for.

    Parameters
    ----------
    base : Device
        Gives everything but hash_types, tunnel types and the name.

    Returns
    -------
    list of Device
        ``outer-addresses`` (types that hash only addresses), ``outer`` (all base types) and ``inner`` (these and every
        tunnel type); the last only where the HASH_TUNNEL feature is there.
    """
    outer = virtio.BASE_HASH_TYPES_MASK
    configs = [
        replace(base, name="outer-addresses", hash_types=ADDRESS_HASH_TYPES, tunnel_types=0),
        replace(base, name="outer", hash_types=outer, tunnel_types=0),
    ]
    if "HASH_TUNNEL" in base.features:
        all_types, tunnel_types = base.profile.all_hash_types, base.profile.all_tunnel_types
        configs.append(replace(base, name="inner", hash_types=all_types, tunnel_types=tunnel_types))
    return configs


def field_without_inner(base: Device) -> Field | None:
    """Return the field because of which ``inner`` is not among the default configurations; None if it is."""
    if "HASH_TUNNEL" in base.features:
        return None
    return FLAVOR_FIELD if base.flavor != "spec" else FEATURES_FIELD


def parse_config(text: str, base: Device) -> Device:
    """Return the configuration that a text gives.

    Parameters
    ----------
    text : str
        ``NAME=HASH_TYPES`` or, under virtio 1.4, ``NAME=HASH_TYPES/TUNNEL_TYPES``; behind either, ``@KEY`` for a hash
        key of its own.
    base : Device
        Gives everything else, the tunnel types and the hash key too where the text names none.

    Raises
    ------
    ConfigurationError
        The text is not of that form, or the device would not accept it.
    """
    name, equals, rest = text.partition("=")
    if not equals:
        form = "NAME=HASH_TYPES/TUNNEL_TYPES" if base.profile.tunnel_types else "NAME=HASH_TYPES"
        raise ConfigurationError(OPTION, f"{text!r} has no '='", f"write {form}, followed by @KEY for another key")
    masks, at, key = rest.partition("@")
    hash_types, slash, tunnel_types = masks.partition("/")
    own = {"hash_types", *(["tunnel_types"] if slash else []), *(["hash_key"] if at else [])}
    try:
        return replace(
            base,
            hash_types=parse_hash_types(hash_types, base.profile),
            tunnel_types=parse_tunnel_types(tunnel_types, base.profile) if slash else base.tunnel_types,
            hash_key=parse_hash_key(key) if at else base.hash_key,
            name=name,
            given=base.given | own,
        )
    except ConfigurationError as error:
        raise ConfigurationError(OPTION, f"{text!r}: {error.problem}", error.advice) from error


def make_file_configs(shared: DeviceOptions, configs: Mapping[str, DeviceOptions]) -> list[Device]:
    """Return the configurations that a file gives.

    Parameters
    ----------
    shared : DeviceOptions
        What all of them have, from wherever it comes.
    configs : mapping of str to DeviceOptions
        What each has of its own, by name: this wins. One that gives hash_types enables no tunnel types of virtio 1.4
        unless it names them, or they are shared.

    Raises
    ------
    ConfigurationError
        The device would not accept one of them.
    """
    return [_make_file_config(name, combine_options(shared, own), own) for name, own in configs.items()]


def _make_file_config(name: str, options: DeviceOptions, own: DeviceOptions) -> Device:
    if "hash_types" in own and "tunnel_types" not in options:
        options = {**options, "tunnel_types": 0}
    options = {**options, "given": options.get("given", frozenset()) | own.keys() - {"given"}}
    try:
        return Device(**options, name=name)
    except ConfigurationError as error:
        raise ConfigurationError(error.place, f"in [config.{name}]: {error.problem}", error.advice) from error
