"""One packet, read header by header and held to where the kernels found each."""

from dataclasses import dataclass
from typing import NamedTuple

from pcaphash.device.device import Device
from pcaphash.kernels.header import N_KINDS
from pcaphash.kernels.link import NOT_IP
from pcaphash.studies.explain.internet import Internet, Place, read_internet, read_transport
from pcaphash.studies.explain.links import IPV4, IPV6, NEITHER, Link, read_ethernet, read_link
from pcaphash.studies.explain.packet import Packet, Trouble, agree
from pcaphash.studies.explain.result import Header
from pcaphash.studies.explain.tunnels import IN_ETHERNET, Tunnel, read_tunnel


class Layout(NamedTuple):
    """What ``kernels.layout`` returns."""

    encapsulation: int
    outer: int
    outer_ip: int
    outer_source: int
    outer_destination: int
    outer_payload: int
    inner: int
    inner_ip: int
    inner_source: int
    inner_destination: int
    inner_payload: int


@dataclass(frozen=True)
class Level:
    """The outer or the inner header of a packet, with the link layer in front of it and the transport behind.

    Parameters
    ----------
    link : Link
        What announces the IP header.
    place : Place
        Where the kernels found it.
    internet : Internet or None
        The IP header; None where none is announced.
    headers : tuple of Header
        All of them.
    """

    link: Link
    place: Place
    internet: Internet | None
    headers: tuple[Header, ...]

    @property
    def trouble(self) -> Trouble | None:
        """Why there is no IP header that can be hashed."""
        return self.link.trouble or (self.internet.trouble if self.internet else None)


@dataclass(frozen=True)
class Dissection:
    """One packet, read.

    Parameters
    ----------
    packet : Packet
        The packet.
    outer : Level
        Its outer header.
    tunnel : Tunnel
        Its encapsulation.
    inner : Level or None
        Its inner header; None where it is no tunnel.
    """

    packet: Packet
    outer: Level
    tunnel: Tunnel
    inner: Level | None

    @property
    def headers(self) -> tuple[Header, ...]:
        """All headers, in order of their offsets."""
        inner = self.inner.headers if self.inner else ()
        return (*self.outer.headers, *self.tunnel.headers, *inner)


def dissect_packet(packet: Packet, layout: Layout, device: Device) -> Dissection:
    """Read a packet that the kernels found to have this layout.

    Raises
    ------
    DisagreementError
        It cannot be read that way.
    """
    agree("the number of a kind", True, 0 <= layout.outer < N_KINDS and 0 <= layout.inner < N_KINDS)
    is_qemu = device.flavor == "qemu"
    place = Place("outer", *layout[1:6])
    outer = _read_level(packet, read_link(packet, place.ip, is_qemu), place, is_qemu)
    if outer.internet is None or outer.internet.trouble:
        agree("the encapsulation of a packet that is not IP", 0, layout.encapsulation)
        return Dissection(packet, outer, Tunnel(0, "", ""), None)
    tunnel = read_tunnel(packet, place, outer.internet, device, layout.encapsulation)
    if not tunnel.is_tunnel:
        return Dissection(packet, outer, tunnel, None)
    place = Place("inner", *layout[6:])
    return Dissection(packet, outer, tunnel, _read_level(packet, _inner_link(packet, tunnel, place), place, is_qemu))


def _inner_link(packet: Packet, tunnel: Tunnel, place: Place) -> Link:
    """Read what announces the inner IP header: an Ethernet header, or the tunnel itself."""
    if tunnel.inner_network == IN_ETHERNET:
        return read_ethernet(packet, "inner", tunnel.inner, place.ip)
    agree("the inner packet", tunnel.inner, place.ip)
    if tunnel.inner_network in (IPV4, IPV6):
        return Link((), tunnel.inner_network, tunnel.inner_why, tunnel.source)
    trouble = Trouble(NOT_IP, f"{tunnel.inner_why}: neither IP nor Ethernet", tunnel.source)
    return Link((), NEITHER, trouble.why, trouble.source, trouble)


def _read_level(packet: Packet, link: Link, place: Place, is_qemu: bool) -> Level:
    if link.trouble:
        agree(f"why there is no {place.part} IP header", link.trouble.kind, place.kind)
        return Level(link, place, None, link.headers)
    internet = read_internet(packet, link.network, place, is_qemu)
    transport = () if internet.trouble else read_transport(packet, place, internet)
    return Level(link, place, internet, link.headers + internet.headers + transport)
