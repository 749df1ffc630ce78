"""Frames sent on a network interface, each when it is due."""

import ctypes
import errno
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pcaphash.errors import ConfigurationError, Field
from pcaphash.targets.answer import NotSent
from pcaphash.targets.namespace import libc

_MOST_AT_ONCE = 64
_SPIN_NS = 200_000  # sleeping is not more exact than that
_WAIT_SECONDS = 50e-6  # for room in the queue of the interface
_BUSY = (errno.ENOBUFS, errno.EAGAIN)
_NS = 1_000_000_000


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("n_vectors", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


@dataclass
class Lateness:
    """How late frames were sent.

    Parameters
    ----------
    sent : int
        Frames that were sent.
    total_ns, most_ns : int
        How late they were, all together, and the latest.
    not_sent : Counter of NotSent
        Frames that were not sent, by the reason.
    """

    sent: int = 0
    total_ns: int = 0
    most_ns: int = 0
    not_sent: Counter[NotSent] = field(default_factory=Counter)


class Interface:
    """An interface, on which frames are sent by an absolute schedule: it begins with the first frame.

    Parameters
    ----------
    name : str
        What it is called.
    socket_ : socket
        Bound to it.
    """

    def __init__(self, name: str, socket_: socket.socket) -> None:
        self._name = name
        self.lateness = Lateness()
        """How late the frames were sent so far."""
        self._file = socket_.fileno()
        self._start: int | None = None
        self._vectors = (_Vector * _MOST_AT_ONCE)()
        self._messages = (_Message * _MOST_AT_ONCE)()
        for vector, message in zip(self._vectors, self._messages, strict=True):
            message.header.vectors, message.header.n_vectors = ctypes.pointer(vector), 1

    def send(self, frames: Sequence[bytes], due_ns: Sequence[int]) -> None:
        """Send frames, each when it is due, in nanoseconds after the start; those that are overdue at once."""
        if self._start is None:
            self._start = time.monotonic_ns()
        done, n = 0, len(frames)
        while done < n:
            now = time.monotonic_ns() - self._start
            if due_ns[done] > now:
                time.sleep(max(due_ns[done] - now - _SPIN_NS, 0) / _NS)
                continue
            stop = done + 1
            while stop < min(n, done + _MOST_AT_ONCE) and due_ns[stop] <= now:
                stop += 1
            sent = self._send_now(frames[done:stop])
            for due in due_ns[done : done + sent]:
                self.lateness.total_ns += now - due
                self.lateness.most_ns = max(self.lateness.most_ns, now - due)
            self.lateness.sent += sent
            done += sent
            if sent == 0:
                done += self._tell_why()

    def _send_now(self, frames: Sequence[bytes]) -> int:
        """Send frames; return how many of them the kernel took."""
        for vector, frame in zip(self._vectors, frames, strict=False):
            vector.base, vector.length = frame, len(frame)
        return max(int(libc.sendmmsg(self._file, self._messages, len(frames), 0)), 0)

    def _tell_why(self) -> int:
        """Wait if the interface is busy; else count why the next frame was not sent. Return how many to pass over."""
        number = ctypes.get_errno()
        if number in _BUSY:
            time.sleep(_WAIT_SECONDS)
            return 0
        if number in (errno.ENETDOWN, errno.ENXIO, errno.ENODEV):
            state = "is down" if number == errno.ENETDOWN else "is no longer there"
            problem = f"the interface {self._name} {state}; {self.lateness.sent:,} frames were sent before"
            raise ConfigurationError(Field("into"), problem, f"set it up: ip link set {self._name} up")
        self.lateness.not_sent[NotSent.TOO_LONG if number == errno.EMSGSIZE else NotSent.REFUSED] += 1
        return 1


@contextmanager
def open_interface(name: str) -> Iterator[Interface]:
    """Open an interface to send on.

    Raises
    ------
    ConfigurationError
        There is none of that name, or the user may not send on it.
    """
    try:
        socket.if_nametoindex(name)
    except OSError:
        problem = f"there is no network interface {name!r}"
        advice = "give tap, qemu, or the name of an interface (ip link shows them)"
        raise ConfigurationError(Field("into"), problem, advice) from None
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    except PermissionError:
        problem = "sending frames on an interface needs root"
        raise ConfigurationError(Field("into"), problem, "run the command as root") from None
    with opened:
        opened.bind((name, 0))
        yield Interface(name, opened)
