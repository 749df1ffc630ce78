"""Several configurations of one device: the default ones, and those that ``--config`` names."""

from dataclasses import replace

from pcaphash.device.device import Device
from pcaphash.device.hash_types import ADDRESS_HASH_TYPES, parse_hash_types, parse_tunnel_types
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

OPTION = "--config"


def default_configs(base: Device) -> list[Device]:
    """Return the configurations that are compared unless others are asked for.

    Parameters
    ----------
    base : Device
        Gives everything but hash_types, tunnel types and the name.

    Returns
    -------
    list of Device
        ``outer-addresses`` (types that hash addresses alone), ``outer`` (all base types) and ``inner`` (these and every
        tunnel type); the last only where the feature HASH_TUNNEL is there.
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


def parse_config(text: str, base: Device) -> Device:
    """Return the configuration that one ``--config`` gives.

    Parameters
    ----------
    text : str
        ``NAME=HASH_TYPES`` or, under virtio 1.4, ``NAME=HASH_TYPES/TUNNEL_TYPES``.
    base : Device
        Gives everything else, the tunnel types too where the text names none.

    Raises
    ------
    ConfigurationError
        The text is not of that form, or the device would not accept it.
    """
    name, equals, masks = text.partition("=")
    if not equals:
        form = "NAME=HASH_TYPES/TUNNEL_TYPES" if base.profile.tunnel_types else "NAME=HASH_TYPES"
        raise ConfigurationError(OPTION, f"{text!r} gives no name", f"write {form}")
    hash_types, slash, tunnel_types = masks.partition("/")
    try:
        return replace(
            base,
            hash_types=parse_hash_types(hash_types, base.profile),
            tunnel_types=parse_tunnel_types(tunnel_types, base.profile) if slash else base.tunnel_types,
            name=name,
        )
    except ConfigurationError as error:
        raise ConfigurationError(OPTION, f"{text!r}: {error.problem}", error.advice) from error
