"""The device: its options, what each virtio text makes of them, and what is refused and why."""

from pcaphash.device.configs import default_configs, parse_config
from pcaphash.device.device import Device
from pcaphash.device.toml import DeviceOptions, combine_options, read_options

__all__ = ["Device", "DeviceOptions", "combine_options", "default_configs", "parse_config", "read_options"]
