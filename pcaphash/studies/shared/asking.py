"""What studies are asked about: traces and devices, in the forms that callers may give them in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pcaphash.capture.input import Input, Trace, input_of
from pcaphash.capture.source import STANDARD_INPUT
from pcaphash.device.configs import default_configs
from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field, NothingReadableError


def check_request(
    traces: Trace | Sequence[Trace], devices: Device | Sequence[Device] | None
) -> tuple[list[Input], tuple[Device, ...]]:
    """List traces and devices, and refuse what cannot be studied.

    Parameters
    ----------
    traces : trace or sequence of traces
        What to study.
    devices : Device or sequence of Device, optional
        The configurations. Default: outer addresses, all of the outer header, and the inner header.

    Raises
    ------
    ConfigurationError
        There is no trace, or no device, or standard input is to be read twice.
    """
    inputs = inputs_of(traces)
    chosen = default_configs(Device()) if devices is None else [devices] if isinstance(devices, Device) else devices
    if not chosen:
        raise ConfigurationError(Field("devices"), "there is no configuration", "name one")
    return inputs, tuple(chosen)


def inputs_of(traces: Trace | Sequence[Trace]) -> list[Input]:
    """List where traces come from, and refuse what cannot be read.

    Raises
    ------
    ConfigurationError
        There is no trace, or standard input is to be read twice.
    """
    is_one = isinstance(traces, str) or not isinstance(traces, Sequence)
    inputs = list(map(input_of, [traces] if is_one else traces))  # type: ignore[arg-type]
    if not inputs:
        raise ConfigurationError(Field("traces"), "none is given", "name a capture, or - for standard input")
    if [each.name for each in inputs].count(STANDARD_INPUT) > 1:
        raise ConfigurationError(Field("traces"), "standard input is given twice", "it can be read only once")
    return inputs


@contextmanager
def only_trace() -> Iterator[None]:
    """Raise the ``CaptureError`` itself if the only trace cannot be read, for studies that take no more than one."""
    try:
        yield
    except NothingReadableError as error:
        raise error.errors[0] from None
