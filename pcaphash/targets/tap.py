"""Linux's own receive path: a tap with many queues, steered by the program that QEMU gives to the kernel."""

import fcntl
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from pcaphash.device.device import Device
from pcaphash.standards.ethernet import ETHERNET_LEN
from pcaphash.standards.virtio import HASH_REPORTS
from pcaphash.targets.answer import Lost, NotSent, Outcome, TargetAnswer, try_to_send
from pcaphash.targets.limits import refuse_beyond
from pcaphash.targets.namespace import configure, own_network, refusing, set_kernel_options
from pcaphash.targets.steering_program import KEY_LEN, N_ENTRIES, SteeringProgram
from pcaphash.targets.tunnels import TunnelDevices

SHIFTS = (0, 7, 14, 21, 28)
"""Bits that the key is shifted by, so that queues of 7 bits show all of a hash."""

_NAME = "hashtap"
_WHO = "a tap steered by QEMU's program"
_MTU = 65521  # the most that a tap takes
_MOST_QUEUES = 255  # of a tap, and one more for packets without a hash
_BITS = 7
_SECONDS = 0.01  # in which a frame that comes back has come back, unless the machine is busy
_SECONDS_ON_A_BUSY_MACHINE = 0.25
_NO_REPORT = HASH_REPORTS.index("NONE")

_TUNSETIFF, _TUNSETVNETHDRSZ, _TUNSETSTEERINGEBPF = 0x400454CA, 0x400454D8, 0x800454E0
_TAP, _NO_PI, _VNET_HDR, _MULTI_QUEUE = 0x0002, 0x1000, 0x4000, 0x0100
_VNET_HDR_LEN = 12


class _Queues:
    """The files of a tap, one for each receive queue.

    Raises
    ------
    ConfigurationError
        There is no tap here, or none with so many queues.
    """

    def __init__(self, n_queues: int, program: SteeringProgram) -> None:
        self._queue_of: dict[int, int] = {}
        refused = f"a tap with {n_queues} queues cannot be set up", "see what the kernel has"
        with ExitStack() as opened:
            self._poll = select.epoll()
            opened.callback(self._poll.close)
            for queue in range(n_queues):
                file = _open_device()
                opened.callback(os.close, file)
                self._queue_of[file] = queue
                with refusing(*refused):
                    self._set_up(file)
            with refusing(*refused):
                fcntl.ioctl(file, _TUNSETSTEERINGEBPF, struct.pack("i", program.file))
            set_kernel_options({f"ipv6/conf/{_NAME}/disable_ipv6": 1})
            configure(f"ip link set {_NAME} up mtu {_MTU}")
            self._opened = opened.pop_all()

    def _set_up(self, file: int) -> None:
        """Make a file another queue of the tap."""
        flags = _TAP | _NO_PI | _VNET_HDR | _MULTI_QUEUE
        fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH22x", _NAME.encode(), flags))
        fcntl.ioctl(file, _TUNSETVNETHDRSZ, struct.pack("i", _VNET_HDR_LEN))
        self._poll.register(file, select.EPOLLIN)

    def receive(self, seconds: float) -> Iterator[tuple[int, bytes]]:
        """Yield queue and frame of all that comes within a time, or has come already."""
        while ready := self._poll.poll(seconds):
            for file, _ in ready:
                yield self._queue_of[file], os.read(file, 1 << 17)[_VNET_HDR_LEN:]

    def close(self) -> None:
        """Close the files, with which the tap is gone."""
        self._opened.close()


def _open_device() -> int:
    with refusing("/dev/net/tun cannot be opened", "load the tun module, as root"):
        return os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)


class Tap:
    """The tap, set up as a device.

    Parameters
    ----------
    device : Device
        Its key, hash types, table and unclassified queue are programmed; it has no types of tunnels here.
    send : callable
        Sends a frame to the tap.
    tunnels : TunnelDevices, optional
        What frames are sent into instead.
    """

    def __init__(
        self,
        device: Device,
        program: SteeringProgram,
        queues: _Queues,
        send: Callable[[bytes], object],
        tunnels: TunnelDevices | None = None,
        *,
        with_hash: bool,
    ) -> None:
        self._device, self._program, self._queues = device, program, queues
        self._tunnels, self._with_hash = tunnels, with_hash
        self._send: Callable[[bytes], object] = tunnels.send if tunnels else send
        self._is_returned: Callable[[bytes, bytes], bool] = _is_inside if tunnels else bytes.__eq__

    @property
    def decapsulates(self) -> int:
        """Encapsulations that Linux takes off, as bits of virtio 1.4's enabled_tunnel_types."""
        return self._tunnels.decapsulates if self._tunnels else 0

    def answer(self, frames: Sequence[bytes], awaited: Sequence[bool] | None = None) -> list[Outcome]:
        """Send frames, one after the other, once for the queue and, if hashes are wanted, five times for these."""
        self._program.set_types(
            self._device.base_types, len(self._device.indirection_table), self._device.unclassified_queue
        )
        self._program.set_table(self._device.indirection_table)
        self._program.set_key(self._device.hash_key)
        queues = [
            self._queue_of(frame, is_awaited=is_awaited)
            for frame, is_awaited in zip(frames, awaited or [True] * len(frames), strict=True)
        ]
        if not self._with_hash:
            return [TargetAnswer(queue) if isinstance(queue, int) else queue for queue in queues]
        entries = tuple(range(N_ENTRIES))
        self._program.set_types(self._device.base_types, N_ENTRIES, N_ENTRIES)
        self._program.set_table(entries)
        values: list[int | None] = [0] * len(frames)
        unhashed = [False] * len(frames)
        for shift in SHIFTS:
            self._program.set_key(self._device.hash_key, shift)
            for number, frame in enumerate(frames):
                if isinstance(queues[number], int):
                    found, before = self._queue_of(frame, is_awaited=True), values[number]
                    unhashed[number] |= found == N_ENTRIES
                    values[number] = None if before is None or not isinstance(found, int) else before | found << shift
        return [
            _answer(queue, value, is_unhashed)
            for queue, value, is_unhashed in zip(queues, values, unhashed, strict=True)
        ]

    def _queue_of(self, frame: bytes, *, is_awaited: bool) -> int | Lost | NotSent:
        """Send a frame; return its queue, that it did not come back, or why it was not sent."""
        for _ in self._queues.receive(0):
            pass  # what comes late belongs to no frame
        if self._tunnels and (why_not := self._tunnels.why_not(frame)):
            return why_not
        if reason := try_to_send(self._send, frame, _MTU + ETHERNET_LEN):
            return reason
        found = self._find(frame, 0)
        if found is None and is_awaited:
            found = self._find(frame, _SECONDS)
        if found is not None:
            return found
        if not is_awaited or self._tunnels is None:
            return Lost()
        if why := self._tunnels.why_lost(frame):
            return Lost(why)
        found = self._find(frame, _SECONDS_ON_A_BUSY_MACHINE)
        return Lost() if found is None else found

    def _find(self, frame: bytes, seconds: float) -> int | None:
        """Take what comes within a time, until the frame given is among it; return its queue, or None."""
        for queue, came in self._queues.receive(seconds):
            if self._is_returned(frame, came):
                return queue
        return None


def _answer(queue: int | Lost | NotSent, value: int | None, is_unhashed: bool) -> Outcome:
    if not isinstance(queue, int):
        return queue
    if is_unhashed:
        return TargetAnswer(queue, hash_report=_NO_REPORT)
    return Lost() if value is None else TargetAnswer(queue, value & 0xFFFFFFFF)


@contextmanager
def open_tap(device: Device, *, with_hash: bool, decapsulated: bool) -> Iterator[Tap]:
    """Set up a tap as a device, in a network namespace of its own.

    Parameters
    ----------
    device : Device
        As it is to be programmed.
    with_hash : bool
        Whether hashes are read, too: by sending each frame five more times.
    decapsulated : bool
        Whether frames go through the kernel's own tunnel devices first.

    Raises
    ------
    ConfigurationError
        The program cannot do what the device is to do; or something is missing here.
    """
    refuse_beyond(device, _WHO, queues=_MOST_QUEUES, entries=N_ENTRIES, key_len=KEY_LEN)
    with own_network():
        n_queues = max(device.queues, device.unclassified_queue + 1, N_ENTRIES) + 1
        with (
            closing(SteeringProgram()) as program,
            closing(_Queues(n_queues, program)) as queues,
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender,
        ):
            if not decapsulated:
                sender.bind((_NAME, 0))
                yield Tap(device, program, queues, sender.send, with_hash=with_hash)
                return
            with closing(TunnelDevices(sender, _NAME, _MTU, device)) as tunnels:
                yield Tap(device, program, queues, sender.send, tunnels, with_hash=with_hash)


def _is_inside(sent: bytes, came: bytes) -> bool:
    """Tell whether what came is the inner packet of what was sent."""
    return came[ETHERNET_LEN:] in sent
