"""A packet as people name it: two addresses, two ports, a protocol."""

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import ip

SOURCE, DESTINATION, PROTOCOL_FIELD = Field("source"), Field("destination"), Field("protocol")

Address = IPv4Address | IPv6Address

_IPV4_WITH_PORT = re.compile(r"([^:]*\.[^:]*):(.*)", re.DOTALL)
_IN_BRACKETS = re.compile(r"\[(.*)\](?::(.*))?", re.DOTALL)
_DECIMAL = re.compile(r"[0-9]{1,5}")
_OF_TCPDUMP = re.compile(r"([0-9]+(?:\.[0-9]+){3})\.([0-9]+)")
_PORT = re.compile(r"([0-9]{1,5})(?:\.0)?")  # a column with gaps is often written with a decimal place
_MOST_PORT = 65535
_NUMBERS = {**ip.PROTOCOL_NAMES, "ipv6-icmp": ip.PROTOCOL_NAMES["icmpv6"], "icmp6": ip.PROTOCOL_NAMES["icmpv6"]}
_NAMES = {number: name for name, number in ip.PROTOCOL_NAMES.items()}
_FORMS = "write 192.0.2.1:1234 or [2001:db8::1]:1234, or an address without a port"


@dataclass(frozen=True, slots=True)
class PacketTuple:
    """The fields of a packet that can be hashed.

    Parameters
    ----------
    source, destination : IPv4Address or IPv6Address
        Both of the same IP version.
    source_port, destination_port : int, optional
        Both, or neither.
    protocol : int, optional
        What the IP header carries; None for anything that is neither TCP nor UDP.
    is_assumed : bool
        Whether nobody gave the protocol: TCP is assumed where there are ports.
    """

    source: Address
    destination: Address
    source_port: int | None
    destination_port: int | None
    protocol: int | None
    is_assumed: bool = False

    @property
    def protocol_name(self) -> str:
        """The protocol's name, or its number where it has no common one; empty for None."""
        return "" if self.protocol is None else _NAMES.get(self.protocol, str(self.protocol))

    @property
    def has_unhashed_ports(self) -> bool:
        """Whether it has ports that no device hashes: there are hash types with ports for TCP and UDP only."""
        return self.source_port is not None and self.protocol not in (ip.TCP, ip.UDP)

    def reverse(self) -> "PacketTuple":
        """Return the tuple of packets that go the other way."""
        return replace(
            self,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
        )


def parse_tuple(
    source: str,
    destination: str,
    source_port: str | int | None = None,
    destination_port: str | int | None = None,
    protocol: str | int | None = None,
) -> PacketTuple:
    """Read a tuple as people write it.

    Parameters
    ----------
    source, destination : str
        ``192.0.2.1``, ``192.0.2.1:1234``, ``2001:db8::1`` or ``[2001:db8::1]:1234``.
    source_port, destination_port : str or int, optional
        In place of ports after the addresses.
    protocol : str or int, optional
        ``tcp``, ``udp``, another name, or a number. Default: TCP where there are ports.

    Raises
    ------
    ConfigurationError
        Something is not in this form, the IP versions differ, or only one side has a port.
    """
    first, first_port = parse_end(SOURCE, source, source_port)
    second, second_port = parse_end(DESTINATION, destination, destination_port)
    check_versions(first, second)
    if (first_port is None) != (second_port is None):
        without, other = (SOURCE, DESTINATION) if first_port is None else (DESTINATION, SOURCE)
        hint = " ([ADDRESS]:PORT for IPv6)" if first.version == 6 else ""
        raise ConfigurationError(without, f"only {other} has a port", f"give both ports, or none{hint}")
    number = parse_protocol(protocol)
    if first.version == 6 and number in ip.EXTENSION_HEADERS:
        problem = f"{protocol} is an IPv6 extension header, which does not say what the packet carries"
        raise ConfigurationError(PROTOCOL_FIELD, problem, "give the protocol after the extension headers")
    is_assumed = number is None and first_port is not None
    return PacketTuple(first, second, first_port, second_port, ip.TCP if is_assumed else number, is_assumed)


def check_versions(source: Address, destination: Address) -> None:
    """Refuse addresses of different IP versions.

    Raises
    ------
    ConfigurationError
        They are.
    """
    if source.version != destination.version:
        problem = f"{destination} is IPv{destination.version}, but the source {source} is IPv{source.version}"
        raise ConfigurationError(DESTINATION, problem, "give two addresses of the same IP version")


def is_endpoint(text: str) -> bool:
    """Tell whether a text is an address, with or without a port."""
    try:
        parse_end(SOURCE, text)
    except ConfigurationError:
        return False
    return True


def parse_end(side: Field, text: str, port: str | int | None = None) -> tuple[Address, int | None]:
    """Read one end of a tuple: its address and its port, which may stand in either place.

    Raises
    ------
    ConfigurationError
        It is not in a form that ``parse_tuple`` takes.
    """
    written = str(text).strip()
    found = _IN_BRACKETS.fullmatch(written) or _IPV4_WITH_PORT.fullmatch(written)
    address, behind = (found[1], found[2]) if found else (written, None)
    given = None if port is None or str(port).strip() == "" else _parse_port(side, port)
    if behind is not None and given is not None:
        raise ConfigurationError(
            side, f"{written} already has a port, and port {given} is given too", "give only one of them"
        )
    return _parse_address(side, address), given if behind is None else _parse_port(side, behind)


def _parse_address(side: Field, text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        if found := _OF_TCPDUMP.fullmatch(text):
            raise ConfigurationError(side, f"{text} has its port after a dot", f"write {found[1]}:{found[2]}") from None
        advice = f"{_FORMS}; names are not looked up" if text else _FORMS
        raise ConfigurationError(side, f"{text!r} is not an IP address", advice) from None


def _parse_port(side: Field, value: str | int) -> int:
    text = str(value).strip()
    port, _, protocol = text.partition("/")
    if protocol and _DECIMAL.fullmatch(port):
        advice = f"write the port as {port}, and give {Field('protocol', protocol)}"
        raise ConfigurationError(side, f"{text!r} is not a port", advice)
    found = _PORT.fullmatch(text)
    if isinstance(value, bool) or found is None or int(found[1]) > _MOST_PORT:
        raise ConfigurationError(side, f"{text!r} is not a port", f"give a number from 0 to {_MOST_PORT}")
    return int(found[1])


def parse_protocol(value: str | int | None) -> int | None:
    """Read a protocol by its name or number; None and an empty text are none.

    Raises
    ------
    ConfigurationError
        There is no such protocol.
    """
    text = "" if value is None else str(value).strip().lower()
    if not text:
        return None
    if text in _NUMBERS:
        return _NUMBERS[text]
    if _DECIMAL.fullmatch(text) and int(text) <= 255:
        return int(text)
    names = ", ".join(ip.PROTOCOL_NAMES)
    raise ConfigurationError(PROTOCOL_FIELD, f"{value!r} is not a protocol", f"use {names}, or a number up to 255")
