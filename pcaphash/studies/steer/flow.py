"""What users say of flows that are to be found: addresses, a port, a protocol, and what of it is free."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import ip
from pcaphash.studies.hash_tuple import PacketTuple, check_versions, parse_end, parse_protocol, parse_tuple
from pcaphash.studies.shared import tunnelling

DEFAULT_PORTS = "32768-65535"
DESTINATION, PORTS, PROTOCOL, SOURCE = map(Field, ("destination", "source_ports", "protocol", "source"))

_MOST_PORT = 65535


@dataclass(frozen=True)
class Wanted:
    """Flows that are to be found.

    Parameters
    ----------
    packet : PacketTuple
        The tuple, with the first of the source ports; without ports if the flows have none.
    address_bits : int
        How many low bits of the source address are free.
    low, high : int
        The source ports to choose from.
    """

    packet: PacketTuple
    address_bits: int
    low: int
    high: int


def parse_flows(
    source: str, destination: str, protocol: str | int | None, source_ports: str | None, outer: str, device: Device
) -> Wanted:
    """Read what flows are to be found.

    Parameters
    ----------
    source, destination, protocol, source_ports
        As ``steer`` takes them.
    outer : str
        The tunnel whose outer header the flows are of; empty if they are of another header.
    device : Device
        The configured device, which knows the ports of tunnels.

    Raises
    ------
    ConfigurationError
        Something is not in the form that it should have, does not go together, or has no effect.
    """
    address, address_bits = _parse_source(source)
    end, port = parse_end(DESTINATION, destination)
    check_versions(ip_address(address), end)
    if outer:
        if protocol is not None:
            raise ConfigurationError(PROTOCOL, f"{outer} has its own protocol", "leave it out")
        port, protocol = _port_of_tunnel(outer, port, device), tunnelling.protocol_of(outer)
    number = parse_protocol(protocol)
    has_ports = number in (None, ip.TCP, ip.UDP)
    if port is not None and not has_ports:
        advice = f"leave the port of {DESTINATION} out"
        raise ConfigurationError(PROTOCOL, f"a device hashes no ports of {protocol}", advice)
    if port is None and source_ports is not None:
        problem = f"{DESTINATION} has no port" if has_ports else f"{outer or protocol} has no ports"
        raise ConfigurationError(
            PORTS, problem, f"leave it out, or write {_with_port(end)}" if has_ports else "leave it out"
        )
    if port is None and has_ports and number is not None:
        raise ConfigurationError(DESTINATION, f"has no port, which {protocol} needs", f"write {_with_port(end)}")
    if port is None and not address_bits:
        if not has_ports:
            problem = f"{outer or protocol} has no ports, so that all packets between two addresses go to one queue"
            raise ConfigurationError(SOURCE, problem, "give a network, such as 10.0.0.0/24")
        problem = "has no port, and without ports all packets between two addresses go to one queue"
        raise ConfigurationError(DESTINATION, problem, f"write {_with_port(end)}, or give a network as {SOURCE}")
    low, high = _parse_ports(DEFAULT_PORTS if source_ports is None else source_ports)
    packet = parse_tuple(address, str(end), None if port is None else low, port, protocol)
    return Wanted(packet, address_bits, low, high)


def _parse_source(text: str) -> tuple[str, int]:
    """Read an address or a network; return its first address, and how many of its low bits are free."""
    text = str(text).strip()
    if "/" in text:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            raise ConfigurationError(SOURCE, f"{text!r} is not a network", "write, for instance, 10.0.0.0/24") from None
        if ip_address(text.partition("/")[0]) != network.network_address:
            raise ConfigurationError(SOURCE, f"{text!r} is not a network, but an address in one", f"write {network}")
        return str(network.network_address), network.max_prefixlen - network.prefixlen
    address, port = parse_end(SOURCE, text)
    if port is not None:
        advice = f"leave it out; {Field('source_ports', port)} takes only this one"
        raise ConfigurationError(SOURCE, f"{text} has a port, but source ports are what is to be found", advice)
    return str(address), 0


def _port_of_tunnel(outer: str, port: int | None, device: Device) -> int | None:
    """Return the destination port of a tunnel: the one that is given, if the device knows it; None if it has none."""
    if not tunnelling.is_in_udp(outer):
        if port is not None:
            raise ConfigurationError(DESTINATION, f"the outer header of {outer} has no ports", "leave the port out")
        return None
    known = tunnelling.ports_of(outer, device)
    if port is None or port in known:
        return known[0] if port is None else port
    ports = " or ".join(map(str, known))
    problem = f"the device takes packets to port {ports} for {outer}, and not those to {port}"
    raise ConfigurationError(DESTINATION, problem, f"leave the port out, or give {tunnelling.port_field(outer, port)}")


def _with_port(address: object) -> str:
    """Show how an address is written with a port."""
    text = str(address)
    if ":" not in text:
        return f"{text}:443"
    # In 2001:db8::1:443, whose end may be any part of an address, a port is what was meant.
    before, _, end = text.rpartition(":")
    return f"[{before}]:{end}" if end.isdecimal() and _is_address(before) else f"[{text}]:443"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _parse_ports(text: str) -> tuple[int, int]:
    low, dash, high = str(text).replace(" ", "").partition("-")
    ends = (low, high if dash else low)
    if not all(each.isdecimal() and int(each) <= _MOST_PORT for each in ends) or int(ends[0]) > int(ends[1]):
        raise ConfigurationError(PORTS, f"{text!r} is not a range of ports", "write, for instance, 49152-65535")
    return int(ends[0]), int(ends[1])
