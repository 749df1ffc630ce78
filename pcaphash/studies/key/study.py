"""Examine hash keys: alone, and over the hash inputs of traces."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pcaphash.device.device import Device
from pcaphash.device.flavor import TITLES
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.key.facts import find_facts, hashed_kinds
from pcaphash.studies.key.result import KeyExamination

if TYPE_CHECKING:
    from pcaphash.capture.input import Trace
    from pcaphash.engine.progress import Watch


def examine_key(
    traces: "Trace | Sequence[Trace] | None" = None,
    devices: Device | Sequence[Device] | None = None,
    selection: Selection = RECEIVED,
    watch: "Watch | None" = None,
    *,
    jobs: int | None = None,
) -> KeyExamination:
    """Say what hash keys make of what varies in packets: how many entries of the indirection table can be reached.

    Parameters
    ----------
    traces : path or sequence of paths, optional
        Captures, whose hash inputs are examined too; ``-`` is standard input. Default: none, only the keys.
    devices : Device or sequence of Device, optional
        The configurations, whose keys are examined. Default: ``Device()``; with traces outer addresses, all of the
        outer header, and the inner header.
    selection : Selection
        Which packets to examine.
    watch : callable, optional
        Called now and then with the progress.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to examine, or packets are selected and there is no trace.
    """
    if traces is not None and traces != []:
        from pcaphash.engine.running.run import answer
        from pcaphash.studies.key.traffic import ExaminationRequest
        from pcaphash.studies.shared.asking import check_request

        inputs, chosen = check_request(traces, devices)
        check_devices(chosen)
        return answer(ExaminationRequest(chosen, selection), inputs, watch, jobs)
    if selection != RECEIVED:
        raise ConfigurationError(
            str(selection), "selects packets, but no trace is given", "name one, or leave this out"
        )
    alone = (Device(),) if devices is None else (devices,) if isinstance(devices, Device) else tuple(devices)
    check_devices(alone)
    return KeyExamination([find_facts(device) for device in alone])


def check_devices(devices: Sequence[Device]) -> None:
    """Refuse devices whose keys hash nothing."""
    if not devices:
        raise ConfigurationError(Field("devices"), "there is no configuration", "name one")
    for device in devices:
        if not device.base_types:
            raise ConfigurationError(Field("hash_types"), "no hash type is enabled, so nothing is hashed", "enable one")
        if not hashed_kinds(device):
            problem = f"only IPv6 types are enabled, but {TITLES[device.flavor]} does not hash IPv6"
            raise ConfigurationError(Field("hash_types"), problem, "enable a type of IPv4")
