"""What a device accepts but the user probably did not intend."""

from enum import Enum, auto

from pcaphash.device.device import Device
from pcaphash.device.indirection_table import default_table
from pcaphash.standards import virtio

_MOST_IMBALANCE = 0.1  # by how much more entries one queue may have than another before it is worth a warning


class DeviceWarning(Enum):
    """What a device accepts but the user probably did not intend."""

    CALCULATION_ONLY = auto()
    """With neither RSS nor HASH_REPORT, a real device would not hash."""
    ZERO_KEY = auto()
    """All bytes of the hash key that matter are 0, and so is every hash."""
    FEW_ENTRIES = auto()
    """There are fewer entries than receive queues."""
    UNEVEN_TABLE = auto()
    """The default table gives some receive queues clearly more entries than others."""


def find_warnings(device: Device) -> tuple[DeviceWarning, ...]:
    """Return what the device accepts but the user probably did not intend."""
    found = {
        DeviceWarning.CALCULATION_ONLY: device.is_calculation_only,
        DeviceWarning.ZERO_KEY: not any(device.hash_key[: virtio.LEAST_RSS_MAX_KEY_SIZE]),
        DeviceWarning.FEW_ENTRIES: device.has_queue and device.queues > len(device.indirection_table),
        DeviceWarning.UNEVEN_TABLE: device.has_queue and _is_uneven_default(device),
    }
    return tuple(warning for warning, is_so in found.items() if is_so)


def _is_uneven_default(device: Device) -> bool:
    n_entries, queues = len(device.indirection_table), device.queues
    fewest, rest = divmod(n_entries, queues)
    if not fewest or not rest or 1 / fewest <= _MOST_IMBALANCE:
        return False
    return device.indirection_table == default_table(n_entries, queues)
