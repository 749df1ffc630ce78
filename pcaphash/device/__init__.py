"""The device: its options, what each virtio text makes of them, and what is refused and why."""

from pcaphash.device.changes import TimedOptions, change_device, change_devices
from pcaphash.device.configs import default_configs, field_without_inner, make_file_configs, parse_config
from pcaphash.device.device import Device
from pcaphash.device.options import DeviceOptions, combine_options, list_overrides
from pcaphash.device.toml import DeviceFile, read_device_file, read_options

__all__ = [
    "Device",
    "DeviceFile",
    "DeviceOptions",
    "TimedOptions",
    "change_device",
    "change_devices",
    "combine_options",
    "default_configs",
    "field_without_inner",
    "list_overrides",
    "make_file_configs",
    "parse_config",
    "read_device_file",
    "read_options",
]
