"""UDP destination ports of the tunnels."""

from collections.abc import Mapping
from typing import SupportsIndex

from pcaphash.device.words import Numbers, parse_numbers
from pcaphash.errors import ConfigurationError


def parse_ports(option: str, value: SupportsIndex | Numbers) -> tuple[int, ...]:
    """Return one or several UDP ports in rising order, each once.

    Raises
    ------
    ConfigurationError
        One of them is no UDP port.
    """
    several = [value] if isinstance(value, SupportsIndex) else value
    return tuple(sorted(set(parse_numbers(option, several, 1, 65535, "a UDP port has two bytes and is not 0"))))


def check_disjoint(ports: Mapping[str, tuple[int, ...]]) -> None:
    """Hold that each port stands for one tunnel; keys are options.

    Raises
    ------
    ConfigurationError
        A port is in two lists.
    """
    owners: dict[int, str] = {}
    for option, numbers in ports.items():
        for port in numbers:
            if port in owners:
                problem = f"port {port} is in the list of {owners[port]} too, and a packet to it can be only one tunnel"
                advice = f"give other ports by {option} or {owners[port]}: they replace the default list"
                raise ConfigurationError(option, problem, advice)
            owners[port] = option
