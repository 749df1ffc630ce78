"""The payload of HASH_CONFIG, which the package reads but never writes."""

import struct

from pcaphash.device import Device


def encode_hash_config(device: Device) -> bytes:
    """Return the payload that configures a device: hash types, four words that are reserved, and the key."""
    return struct.pack("<I4HB", device.hash_types, 0, 0, 0, 0, len(device.hash_key)) + device.hash_key
