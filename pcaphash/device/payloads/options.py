"""Device options from the payloads of the commands that configured a device, and the payloads of a device.

Source: virtio 1.4, "Receive-side scaling (RSS)" (RSS_CONFIG), "Hash calculation" (HASH_CONFIG) and "Inner Header Hash"
(HASH_TUNNEL_SET). Under draft v7 the first two carry the tunnel bits in hash_types, and the third does not exist.
"""

import struct
from os import PathLike

from pcaphash.device.device import Device
from pcaphash.device.hash_types import format_mask
from pcaphash.device.indirection_table import default_table
from pcaphash.device.options import DeviceOptions, combine_options
from pcaphash.device.payloads.fields import Payload, PayloadFields
from pcaphash.device.profile import VIRTIO_1_4, Profile, parse_spec
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio, virtio_commands

RSS_CONFIG_FIELD = Field("rss_config")
HASH_CONFIG_FIELD = Field("hash_config")
HASH_TUNNEL_SET_FIELD = Field("hash_tunnel_set")

Source = bytes | bytearray | str | PathLike[str]
"""A payload: its bytes, or text with its bytes in hex, or a file that holds either."""

_MOST_SHOWN = 8


def decode_rss_config(payload: Source, spec: str = "v7", queues: int | None = None) -> Payload:
    """Return what an RSS_CONFIG payload says, each field checked against the spec.

    Receive queues are one more than the highest that it names, since it does not say how many there are.

    Parameters
    ----------
    payload : bytes, str or path
        The structure virtio_net_rss_config, without class and command in front.
    spec : str
        ``v7`` or ``1.4``, which says what bits hash_types has.
    queues : int, optional
        Receive queues that the device has.

    Raises
    ------
    ConfigurationError
        It cannot be read, or no driver may send it; the message names the field and its offset.
    """
    profile = parse_spec(spec)
    fields = PayloadFields(RSS_CONFIG_FIELD, payload)
    hash_types = _take_hash_types(fields, profile)
    mask = fields.take("indirection_table_mask", 2)
    if mask & mask + 1:
        below = (1 << mask.bit_length() - 1) - 1
        problem = f"{mask} is not a power of two minus one"
        raise fields.refuse(problem, f"the nearest are {below} and {2 * below + 1}: is a byte missing or too many?")
    fields.describe(str(mask), f"{mask + 1} entries")
    unclassified_queue = fields.take("unclassified_queue", 2)
    _check_queue(fields, unclassified_queue, queues)
    table = list(struct.unpack(f"<{mask + 1}H", fields.take_bytes("indirection_table", 2 * (mask + 1))))
    for i, entry in enumerate(table):
        _check_queue(fields, entry, queues, i)
    n_queues = queues or 1 + max(unclassified_queue, *table)
    is_default = tuple(table) == default_table(len(table), n_queues)
    shown = " ".join(map(str, table[:_MOST_SHOWN])) + (" ..." if len(table) > _MOST_SHOWN else "")
    fields.describe(shown, f"entry i is queue i % {n_queues}" if is_default else "")
    max_tx_vq = fields.take("max_tx_vq", 2)
    if not virtio_commands.LEAST_QUEUE_PAIRS <= max_tx_vq <= virtio.MOST_QUEUES:
        raise fields.refuse(f"{max_tx_vq} is not a number of transmit queues (1 to {virtio.MOST_QUEUES})", _CHECK)
    fields.describe(str(max_tx_vq), "not used in hashing")
    hash_key = _take_hash_key(fields, hash_types)
    options: DeviceOptions = {
        "hash_types": format_mask(hash_types, profile.hash_types),
        "queues": n_queues,
        "unclassified_queue": unclassified_queue,
        **hash_key,
    }
    if is_default and queues is not None:  # else it would change with the number of queues given elsewhere
        options["indirection_table_size"] = len(table)
    else:
        options["indirection_table"] = table
    return Payload(virtio_commands.RSS_CONFIG, fields.finish(), options)


def decode_hash_config(payload: Source, spec: str = "v7") -> Payload:
    """Return what a HASH_CONFIG payload says, each field checked against the spec.

    It configures a device that reports hashes and does not steer by them, so the options leave the RSS feature out.

    Parameters
    ----------
    payload : bytes, str or path
        The structure virtio_net_hash_config, without class and command in front.
    spec : str
        ``v7`` or ``1.4``, which says what bits hash_types has.

    Raises
    ------
    ConfigurationError
        It cannot be read, or no driver may send it; the message names the field and its offset.
    """
    profile = parse_spec(spec)
    fields = PayloadFields(HASH_CONFIG_FIELD, payload)
    hash_types = _take_hash_types(fields, profile)
    for _ in range(virtio_commands.RESERVED_WORDS):
        reserved = fields.take("reserved", 2)
        if reserved:
            raise fields.refuse(f"0x{reserved:04x}, but reserved fields must be 0", _CHECK)
        fields.describe("0", "")
    hash_key = _take_hash_key(fields, hash_types)
    features = ["CTRL_VQ", "MQ", "HASH_REPORT"]
    if hash_types & ~virtio.BASE_HASH_TYPES_MASK:
        features.append(_TUNNEL_FEATURE)
    options: DeviceOptions = {
        "hash_types": format_mask(hash_types, profile.hash_types),
        "features": "+".join(features),
        **hash_key,
    }
    return Payload(virtio_commands.HASH_CONFIG, fields.finish(), options)


def decode_hash_tunnel_set(payload: Source) -> Payload:
    """Return what a HASH_TUNNEL_SET payload says; the command exists under virtio 1.4 only.

    Parameters
    ----------
    payload : bytes, str or path
        The structure virtnet_hash_tunnel, without class and command in front.

    Raises
    ------
    ConfigurationError
        It cannot be read, or no driver may send it; the message names the field and its offset.
    """
    fields = PayloadFields(HASH_TUNNEL_SET_FIELD, payload)
    types = fields.take("enabled_tunnel_types", 4)
    names = VIRTIO_1_4.tunnel_types
    _check_bits(fields, types, VIRTIO_1_4.all_tunnel_types, VIRTIO_1_4.title, "")
    text = format_mask(types, names)
    fields.describe(f"0x{types:08x}", text)
    options: DeviceOptions = {"spec": VIRTIO_1_4.name, "tunnel_types": text}
    return Payload(virtio_commands.HASH_TUNNEL_SET, fields.finish(), options)


def combine_payloads(*payloads: Payload) -> DeviceOptions:
    """Return the options that several payloads give together.

    Raises
    ------
    ConfigurationError
        There are both RSS_CONFIG and HASH_CONFIG, of which the one sent last counts.
    """
    commands = {payload.command for payload in payloads}
    if {virtio_commands.RSS_CONFIG, virtio_commands.HASH_CONFIG} <= commands:
        problem = f"{RSS_CONFIG_FIELD} is given too, but only the last command sent takes effect"
        raise ConfigurationError(HASH_CONFIG_FIELD, problem, "give only that one")
    options = combine_options(*(payload.options for payload in payloads))
    features = options.get("features")
    if virtio_commands.HASH_TUNNEL_SET in commands and features is not None:
        options["features"] = f"{features}+{_TUNNEL_FEATURE}"
    return options


def encode_rss_config(device: Device, hash_key: bytes | None = None) -> bytes:
    """Return the RSS_CONFIG payload that configures a device, with as many transmit queues as receive queues.

    Parameters
    ----------
    device : Device
        The device.
    hash_key : bytes, optional
        Its key as a driver gives it. Default: the key that it has.

    Raises
    ------
    ConfigurationError
        The table has a length that indirection_table_mask cannot express.
    """
    table = device.indirection_table
    if len(table) & len(table) - 1:
        problem = f"{len(table)} is not a power of two, as the spec requires of the length of a table"
        raise ConfigurationError(Field("indirection_table"), problem, "no RSS_CONFIG can configure such a device")
    head = struct.pack("<I2H", device.hash_types, len(table) - 1, device.unclassified_queue)
    return head + struct.pack(f"<{len(table)}HH", *table, device.queues) + _encode_key(hash_key or device.hash_key)


def encode_hash_tunnel_set(device: Device) -> bytes:
    """Return the HASH_TUNNEL_SET payload that configures a device.

    Raises
    ------
    ConfigurationError
        The device follows draft v7, which has no such command.
    """
    if not device.profile.tunnel_types:
        problem = f"{device.profile.title} has no command HASH_TUNNEL_SET"
        raise ConfigurationError(Field("spec"), problem, f"use {Field('spec', '1.4')}")
    return struct.pack("<I", device.tunnel_types)


_CHECK = "check where the payload starts, and that its bytes are in memory order"
_TUNNEL_FEATURE = "HASH_TUNNEL"


def _encode_key(hash_key: bytes) -> bytes:
    if len(hash_key) > virtio.MOST_HASH_KEY_LENGTH:
        problem = f"{len(hash_key)} bytes, but hash_key_length is one byte"
        raise ConfigurationError(Field("hash_key"), problem, f"give {virtio.MOST_HASH_KEY_LENGTH} at most")
    return bytes([len(hash_key)]) + hash_key


def _take_hash_types(fields: PayloadFields, profile: Profile) -> int:
    hash_types = fields.take("hash_types", 4)
    inner = sum(virtio.INNER_HASH_TYPES.values())
    is_draft = not profile.tunnel_types or hash_types & ~(virtio.BASE_HASH_TYPES_MASK | inner)
    advice = "" if is_draft else f"draft v7 has tunnels there: use {Field('spec', 'v7')}"
    _check_bits(fields, hash_types, profile.all_hash_types, profile.title, advice)
    fields.describe(f"0x{hash_types:08x}", format_mask(hash_types, profile.hash_types))
    return hash_types


def _check_bits(fields: PayloadFields, value: int, known: int, title: str, advice: str) -> None:
    foreign = value & ~known
    if foreign:
        bit = (foreign & -foreign).bit_length() - 1
        raise fields.refuse(f"0x{value:08x} has bit {bit}, which is reserved in {title}", advice or _CHECK)


def _check_queue(fields: PayloadFields, value: int, queues: int | None, entry: int | None = None) -> None:
    """Check that an rss_rq_id names a receive queue, and describe it where it stands alone."""
    place = "" if entry is None else f"entry {entry} at offset {fields.field_offset + 2 * entry} is "
    if value & ~virtio_commands.RSS_QUEUE_MASK:
        raise fields.refuse(f"{place}0x{value:04x}, but bit 15 of an rss_rq_id is reserved", _CHECK)
    if queues is not None and value >= queues:
        problem = f"{place}queue {value}, but the last of {queues} receive queues is {queues - 1}"
        raise fields.refuse(problem, f"give {Field('queues', value + 1)} or more, or leave it out")
    if entry is None:
        fields.describe(str(value), "receive queue, counted from 0")


def _take_hash_key(fields: PayloadFields, hash_types: int) -> DeviceOptions:
    length = fields.take("hash_key_length", 1)
    if not length and hash_types:
        raise fields.refuse("0 bytes, although hash_types are enabled", _CHECK)
    least = virtio.LEAST_RSS_MAX_KEY_SIZE
    remark = f"fewer than the {least} that hashing IPv6 ports needs" if length < least else ""
    if length > least:
        remark = f"bytes after the first {least} are not used in hashing"
    fields.describe(str(length), remark)
    hash_key = fields.take_bytes("hash_key_data", length)
    fields.describe(hash_key.hex(), "")
    return {"hash_key": hash_key.hex()} if hash_key else {}
