"""Tell whether what a device does wrong is only that it is configured with other types than it is held to."""

from dataclasses import replace

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError
from pcaphash.studies.validate.catalogue.fault import READING
from pcaphash.studies.validate.search.trial import Faults


def configured_so(device: Device, faults: Faults) -> Device | None:
    """Return the device with other hash types or tunnel types that reports what one with these faults does.

    Parameters
    ----------
    device : Device
        The configured device.
    faults : tuple of Fault
        All that it does wrong.

    Returns
    -------
    Device or None
        None where the faults are more than that, or none at all.
    """
    changed = device
    try:
        for fault in faults:
            if fault.device is None or fault.flags or fault.places != (READING,):
                return None
            changed = fault.device(changed)
        same = replace(device, hash_types=changed.hash_types, tunnel_types=changed.tunnel_types)
    except ConfigurationError:  # no such device can be configured, or only under the other spec
        return None
    return changed if device != changed == same else None
