"""What a real receive path says of a frame, and why it may not take one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pcaphash.standards.ethernet import ETHERNET_LEN


class NotSent(StrEnum):
    """Why a frame was not sent."""

    CUT = "cut"
    """It was not captured whole."""
    NOT_ETHERNET = "not-ethernet"
    """Its link type is another one."""
    TOO_SHORT = "too-short"
    """It is shorter than an Ethernet header."""
    TOO_LONG = "too-long"
    """It is longer than the interface takes."""
    REFUSED = "refused"
    """The kernel refuses it."""
    NOT_LOOKED_INTO = "not-looked-into"
    """The device does not look into tunnels of this kind."""
    NO_TUNNEL_DEVICE = "no-tunnel-device"
    """No tunnel device of this kernel takes its outer header off."""
    IP_IN_GRE_OVER_IPV6 = "ip-in-gre-over-ipv6"
    """Linux takes the IP packet in it for Ethernet."""


class WhyLost(StrEnum):
    """Why a frame that was sent did not come out, as far as Linux counts it."""

    UDP_CHECKSUM = "udp-checksum"
    UDP_LENGTH = "udp-length"
    IPV4_CHECKSUM = "ipv4-checksum"
    """The checksum of the outer header."""
    FRAGMENT = "fragment"
    HEADER = "header"
    """The outer IP header is not valid."""
    SHORT = "short"
    """It is shorter than the outer IP header says."""
    ADDRESS = "address"
    """Linux accepts no such outer addresses."""
    UDP_PORT = "udp-port"
    """No tunnel device has it."""
    PROTOCOL = "protocol"
    """Nothing in this kernel takes it."""
    TUNNEL_HEADER = "tunnel-header"
    """It has what Linux does not accept, or the inner packet is too short."""
    NEITHER_ETHERNET_NOR_IP = "neither-ethernet-nor-ip"
    """What follows the tunnel header."""
    NO_ETHERNET = "no-ethernet"
    """The same of IP, if the kernel lacks the module that adds an Ethernet header."""
    NOT_TAKEN = "not-taken"
    """No tunnel device takes what the tunnel header announces."""


@dataclass(frozen=True)
class TargetAnswer:
    """What a receive path says of a frame that came out of it.

    Parameters
    ----------
    queue : int
        The receive queue.
    hash_value : int or None
        The hash; None if there is none, or it is not shown.
    hash_report : int or None
        Its type, as the virtio specs number them; 0 if there is no hash; None if the type is not shown.
    """

    queue: int
    hash_value: int | None = None
    hash_report: int | None = None


@dataclass(frozen=True)
class Lost:
    """A frame was sent and did not come out.

    Parameters
    ----------
    why : WhyLost or None
        Why, as far as the receive path says.
    """

    why: WhyLost | None = None


Outcome = TargetAnswer | Lost | NotSent
"""An answer; that the frame was lost; or why it was not sent."""


class Target(Protocol):
    """A receive path that is set up as a device; it is used in the thread that made it."""

    @property
    def decapsulates(self) -> int:
        """Encapsulations that it takes off, as bits of virtio 1.4's enabled_tunnel_types; 0 if it takes none off."""
        ...

    def answer(self, frames: Sequence[bytes], awaited: Sequence[bool] | None = None) -> list[Outcome]:
        """Send frames, one after the other; return what becomes of each.

        Parameters
        ----------
        frames : sequence of bytes
            From the Ethernet header on.
        awaited : sequence of bool, optional
            Which of them are expected to come out: the others are not waited for. Default: all.
        """
        ...


def try_to_send(send: Callable[[bytes], object], frame: bytes, most_len: int) -> NotSent | None:
    """Send a frame of no more than so many bytes; return why it was not sent, or None."""
    if len(frame) < ETHERNET_LEN:
        return NotSent.TOO_SHORT
    if len(frame) > most_len:
        return NotSent.TOO_LONG
    try:
        send(frame)
    except OSError:
        return NotSent.REFUSED
    return None
