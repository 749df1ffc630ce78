"""UDP destination ports of the tunnels."""

from collections.abc import Iterable, Mapping
from typing import SupportsIndex

from pcaphash.device.words import parse_numbers
from pcaphash.errors import ConfigurationError, Field

Ports = SupportsIndex | str | Iterable[SupportsIndex | str]
"""One or several ports; each text may hold several, separated by commas or spaces."""


def parse_ports(place: Field | str, value: Ports) -> tuple[int, ...]:
    """Return one or several UDP ports in rising order, each once.

    Raises
    ------
    ConfigurationError
        One of them is not a UDP port.
    """
    several = [value] if isinstance(value, SupportsIndex | str) else value
    rule = "a UDP port has two bytes and is not 0"
    if isinstance(several, bytes | bytearray) or not isinstance(several, Iterable):
        raise ConfigurationError(place, f"{value!r} is not a list of ports", "give several as 4789,8472")
    numbers: list[int] = []
    for each in several:
        numbers += parse_numbers(place, each if isinstance(each, str) else [each], 1, 65535, rule)
    return tuple(sorted(set(numbers)))


def spare_ports(
    place: Field | str, value: Ports | None, default: tuple[int, ...], taken: Iterable[int], title: str
) -> tuple[int, ...]:
    """Return the ports of a tunnel that a text does not know: those of the default list that no known tunnel has.

    To such a device they are ordinary UDP ports. It keeps them all the same, so that whatever counts packets by tunnel
    can serve devices under either spec at once.

    Parameters
    ----------
    place : Field or str
        The option that gives them if the spec knows the tunnel.
    value : int, iterable of int or str, optional
        What was given: nothing, or a tuple of ports from the default list, as ``dataclasses.replace`` hands it back.
    default : tuple of int
        The default list.
    taken : iterable of int
        Ports of the tunnels that the spec knows.
    title : str
        The spec's name.

    Raises
    ------
    ConfigurationError
        Ports were given, and would have no effect.
    """
    if value is not None and not (isinstance(value, tuple) and set(value) <= set(default)):
        raise ConfigurationError(
            place, f"{title} has no such tunnel", f"leave this option out, or use {Field('spec', '1.4')}"
        )
    return tuple(port for port in default if port not in set(taken))


def check_disjoint(ports: Mapping[str, tuple[int, ...]]) -> None:
    """Check that each port stands for one tunnel; keys are the fields that give them.

    Raises
    ------
    ConfigurationError
        A port is in two lists.
    """
    owners: dict[int, Field] = {}
    for name, numbers in ports.items():
        field = Field(name)
        for port in numbers:
            if port in owners:
                problem = (
                    f"port {port} is also in the list of {owners[port]}, but a packet can be only one kind of tunnel"
                )
                advice = f"set other ports with {field} or {owners[port]}; they replace the default list"
                raise ConfigurationError(field, problem, advice)
            owners[port] = field
