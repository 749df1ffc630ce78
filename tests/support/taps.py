"""Whether Linux's tap can be had here."""

import shutil

from pcaphash import Device
from pcaphash.errors import ConfigurationError
from pcaphash.targets.tap import open_tap


def missing() -> str:
    """Say what is missing for the tap; empty where nothing is."""
    if shutil.which("qemu-system-x86_64") is None:
        return "qemu-system-x86_64 is not installed (Debian: qemu-system-x86)"
    try:
        with open_tap(Device(), with_hash=False, decapsulated=True):
            return ""
    except (ConfigurationError, OSError) as error:
        return str(error)
