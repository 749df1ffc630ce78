"""What a receive path has less of than the device that it is to be."""

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field


def refuse_beyond(device: Device, who: str, *, queues: int, entries: int, key_len: int) -> None:
    """Refuse a device that is larger than a receive path can be.

    Parameters
    ----------
    device : Device
        The device.
    who : str
        The receive path, as the subject of a sentence.
    queues, entries : int
        The most receive queues and entries of the indirection table that it has.
    key_len : int
        The most bytes of a key that it has; more may be given if they are zeros.

    Raises
    ------
    ConfigurationError
        The device has more of one of them.
    """
    for field, value, most in (
        ("queues", device.queues, queues),
        ("indirection_table_size", len(device.indirection_table), entries),
    ):
        if value > most:
            raise ConfigurationError(Field(field, value), f"{who} has {most} at most", f"give {most} or fewer")
    if any(device.hash_key[key_len:]):
        problem = f"{who} keeps {key_len} bytes of a key"
        raise ConfigurationError(Field("hash_key"), problem, "give a key of that length")
