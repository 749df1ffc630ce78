"""Devices of files: what a TOML file describes, and what ethtool or testpmd shows."""

import warnings
from os import PathLike
from typing import Any, cast

from pcaphash.device.configs import make_file_configs
from pcaphash.device.device import Device
from pcaphash.device.ethtool.options import find_ethtool
from pcaphash.device.options import DeviceOptions, combine_options
from pcaphash.device.toml import read_config


def device_from_ethtool(shown: str | PathLike[str], interface: str | None = None, **options: Any) -> Device:
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
        Something in the text is ignored or assumed.
    """
    found = find_ethtool(shown, interface, options)
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    return Device(**combine_options(found.options, cast(DeviceOptions, options)))


def device_from_toml(path: str | PathLike[str], config: str | None = None, **options: Any) -> Device:
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
        The file cannot be read, has no such table, or describes a device that cannot exist.
    """
    shared, own = read_config(path, config)
    own = combine_options(own, cast(DeviceOptions, options))
    if config is None:
        return Device(**combine_options(shared, own))
    return make_file_configs(shared, {config: own})[0]
