"""What is accepted of a device but hardly meant."""

from typing import TYPE_CHECKING

from pcaphash.device.features import FEATURES_OPTION
from pcaphash.device.hash_key import KEY_OPTION
from pcaphash.device.indirection_table import SIZE_OPTION, default_table
from pcaphash.standards import virtio

if TYPE_CHECKING:
    from pcaphash.device.device import Device

_MOST_IMBALANCE = 0.1  # by how much more entries one queue may have than another before it is worth a word


def warnings_of(device: "Device") -> tuple[str, ...]:
    """Return what is accepted of a device but hardly meant, a line each."""
    return (*_feature_warnings(device), *_key_warnings(device), *_table_warnings(device))


def _feature_warnings(device: "Device") -> list[str]:
    if not device.is_calculation_only:
        return []
    return [f"{FEATURES_OPTION}: neither RSS nor HASH_REPORT: hashes are calculated, but a real device would not hash"]


def _key_warnings(device: "Device") -> list[str]:
    if any(device.hash_key[: virtio.LEAST_RSS_MAX_KEY_SIZE]):
        return []
    return [f"{KEY_OPTION}: all bytes are 0, and so is every hash: drivers that do not show their key print zeros"]


def _table_warnings(device: "Device") -> list[str]:
    n_entries, queues = len(device.indirection_table), device.queues
    if not device.has_queue:
        return []
    if queues > n_entries:
        return [
            f"{SIZE_OPTION}: {n_entries} {'entry' if n_entries == 1 else 'entries'} for {queues} receive queues: "
            f"at least {queues - n_entries} of them get no hashed packets"
        ]
    fewest, rest = divmod(n_entries, queues)
    if not rest or 1 / fewest <= _MOST_IMBALANCE or device.indirection_table != default_table(n_entries, queues):
        return []
    with_more, with_fewer = _queues("queue", rest), _queues("other", queues - rest)
    return [
        f"{SIZE_OPTION}: {n_entries} entries do not divide evenly among {queues} receive queues: {with_more} "
        f"{fewest + 1}, {with_fewer} {fewest}"
    ]


def _queues(noun: str, number: int) -> str:
    return f"{number} {noun} has" if number == 1 else f"{number} {noun}s have"
