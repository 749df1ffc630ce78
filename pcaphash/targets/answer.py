"""What a real receive path says of a frame, and why it may not take one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pcaphash.standards.ethernet import ETHERNET_LEN

CUT = "they were not captured whole"
NOT_ETHERNET = "they are not Ethernet"
TOO_SHORT = "they are shorter than an Ethernet header"
TOO_LONG = "they are longer than the interface takes"
REFUSED = "the kernel refuses them"
NOT_LOOKED_INTO = "the device does not look into their tunnels"


@dataclass(frozen=True)
class Answer:
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
    why : str
        Why, as far as the receive path says; else empty.
    """

    why: str = ""


Outcome = Answer | Lost | str
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


def try_to_send(send: Callable[[bytes], object], frame: bytes, most_len: int) -> str | None:
    """Send a frame of no more than so many bytes; return why it was not sent, or None."""
    if len(frame) < ETHERNET_LEN:
        return TOO_SHORT
    if len(frame) > most_len:
        return TOO_LONG
    try:
        send(frame)
    except OSError:
        return REFUSED
    return None
