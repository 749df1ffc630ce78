"""Drive QEMU's virtio-net device over its qtest socket, without any code in the guest.

The processor halts in a firmware of four bytes, so that the machine counts as running (the device receives nothing
otherwise), while every access to registers and memory is made from here. Split rings, no indirect descriptors, no
merged buffers.
"""

import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

F_CTRL_VQ, F_MQ, F_VERSION_1, F_HASH_REPORT, F_RSS = 17, 22, 32, 57, 60
WANTED = (F_CTRL_VQ, F_MQ, F_VERSION_1, F_HASH_REPORT, F_RSS)

HEADER = struct.Struct("<BBHHHHHIHH")  # virtio_net_hdr_v1_hash
CLASS_MQ, COMMAND_RSS_CONFIG = 4, 1
CLASS_RX, COMMAND_PROMISC = 0, 0

_ACKNOWLEDGE, _DRIVER, _DRIVER_OK, _FEATURES_OK = 1, 2, 4, 8
_WRITABLE, _NEXT = 2, 1  # of a descriptor
_SECONDS = 20


def write_halting_firmware(path: Path) -> None:
    """Write a firmware that does nothing: cli; hlt; jmp to itself."""
    rom = bytearray(b"\xff" * 65536)
    rom[0xFFF0:0xFFF4] = b"\xfa\xf4\xeb\xfd"
    path.write_bytes(rom)


class QTest:
    """A running QEMU, whose memory and registers are read and written by text commands.

    Parameters
    ----------
    command : list of str
        Starts it.
    path : Path
        Of the socket.
    """

    def __init__(self, command: list[str], path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            server.settimeout(_SECONDS)
            self._process = subprocess.Popen([*command, "-qtest", f"unix:{path}", "-qtest-log", "/dev/null"])
            try:
                self._socket, _ = server.accept()
            except TimeoutError:
                self._process.terminate()
                raise
        self._lines = self._socket.makefile("rb")

    def ask(self, line: str) -> str:
        """Send a command; return what it answers behind OK."""
        self._socket.sendall(line.encode() + b"\n")
        while True:
            words = self._lines.readline().split()
            if not words:
                raise RuntimeError(f"QEMU went away on {line[:80]}")
            if words[0] == b"OK":
                return words[1].decode() if len(words) > 1 else ""
            if words[0] != b"IRQ":
                raise RuntimeError(f"{line[:80]}: {words}")

    def read(self, address: int, length: int) -> bytes:
        """Read memory."""
        return bytes.fromhex(self.ask(f"read {address:#x} {length:#x}")[2:])

    def write(self, address: int, data: bytes) -> None:
        """Write memory."""
        self.ask(f"write {address:#x} {len(data):#x} 0x{data.hex()}")

    def load(self, width: str, address: int) -> int:
        """Read a register of 1, 2 or 4 bytes (``b``, ``w``, ``l``)."""
        return int(self.ask(f"read{width} {address:#x}"), 16)

    def store(self, width: str, address: int, value: int) -> None:
        """Write a register."""
        self.ask(f"write{width} {address:#x} {value:#x}")

    def load_config(self, slot: int, offset: int) -> int:
        """Read 4 bytes of a PCI device's configuration space."""
        self.ask(f"outl 0xcf8 {0x80000000 | slot << 11 | offset & 0xFC:#x}")
        return int(self.ask("inl 0xcfc"), 16)

    def store_config(self, slot: int, offset: int, value: int) -> None:
        """Write 4 bytes of it."""
        self.ask(f"outl 0xcf8 {0x80000000 | slot << 11 | offset & 0xFC:#x}")
        self.ask(f"outl 0xcfc {value:#x}")

    def close(self) -> None:
        """Stop QEMU."""
        self._lines.close()
        self._socket.close()
        self._process.terminate()
        self._process.wait(_SECONDS)


class VirtQueue:
    """One split virtqueue, its parts one behind the other in the guest's memory."""

    def __init__(self, qtest: QTest, index: int, size: int, base: int) -> None:
        self._qtest, self.index, self.size = qtest, index, size
        self.descriptors = base
        self.available = base + 16 * size
        self.used = (self.available + 6 + 2 * size + 4095) & ~4095
        self.end = (self.used + 6 + 8 * size + 4095) & ~4095
        self.notify_address = 0
        self.buffers = 0
        self._next_available = self._last_used = 0

    def describe(self, i: int, address: int, length: int, flags: int = 0, following: int = 0) -> None:
        """Write a descriptor."""
        self._qtest.write(self.descriptors + 16 * i, struct.pack("<QIHH", address, length, flags, following))

    def offer(self, head: int) -> None:
        """Make a chain of descriptors available to the device."""
        place = self.available + 4 + 2 * (self._next_available % self.size)
        self._qtest.write(place, struct.pack("<H", head))
        self._next_available = (self._next_available + 1) & 0xFFFF
        self._qtest.write(self.available + 2, struct.pack("<H", self._next_available))
        self._qtest.store("w", self.notify_address, self.index)

    def take(self) -> tuple[int, int] | None:
        """Take what the device has used: head of the chain and length, or None."""
        (index,) = struct.unpack("<H", self._qtest.read(self.used + 2, 2))
        if index == self._last_used:
            return None
        element = self._qtest.read(self.used + 4 + 8 * (self._last_used % self.size), 8)
        self._last_used = (self._last_used + 1) & 0xFFFF
        return struct.unpack("<II", element)


@dataclass(frozen=True)
class Received:
    """A frame as the device handed it on."""

    frame: bytes
    hash_value: int
    hash_report: int
    queue: int


class VirtioNet:
    """The driver of the device in a PCI slot, set up to receive on all queues."""

    _BAR, _MEMORY = 0xE0000000, 0x200000
    _BUFFER_LEN, _BUFFERS = 2048, 8

    def __init__(self, qtest: QTest, slot: int) -> None:
        self._qtest, self._slot = qtest, slot
        if qtest.load_config(slot, 0) & 0xFFFF != 0x1AF4:
            raise RuntimeError(f"no virtio device in slot {slot}")
        self._map()
        common = self._common
        qtest.store("b", common + 20, 0)
        qtest.store("b", common + 20, _ACKNOWLEDGE)
        qtest.store("b", common + 20, _ACKNOWLEDGE | _DRIVER)
        self._negotiate()
        self._queues: list[VirtQueue] = []
        pairs = struct.unpack_from("<H", qtest.read(self._device, 24), 8)[0]
        at = self._MEMORY
        for pair in range(pairs):
            queue, at = self._make_queue(2 * pair, at)
            _, at = self._make_queue(2 * pair + 1, at)
            self._queues.append(queue)
        self._control, at = self._make_queue(2 * pairs, at)
        self._control_buffer = at
        at += 8192
        for queue in self._queues:
            queue.buffers = at
            at += self._BUFFERS * self._BUFFER_LEN
            for i in range(self._BUFFERS):
                queue.describe(i, queue.buffers + i * self._BUFFER_LEN, self._BUFFER_LEN, _WRITABLE)
        qtest.store("b", common + 20, _ACKNOWLEDGE | _DRIVER | _FEATURES_OK | _DRIVER_OK)
        for queue in self._queues:
            for i in range(self._BUFFERS):
                queue.offer(i)

    def _map(self) -> None:
        """Map the region that holds the registers, and find them by the capabilities (virtio 1.4, section 4.1.4)."""
        qtest, slot = self._qtest, self._slot
        qtest.store_config(slot, 0x20, self._BAR)
        qtest.store_config(slot, 0x24, 0)
        qtest.store_config(slot, 0x04, 0x0006)
        at = qtest.load_config(slot, 0x34) & 0xFF
        while at:
            raw = b"".join(struct.pack("<I", qtest.load_config(slot, at + i)) for i in range(0, 20, 4))
            if raw[0] == 9 and raw[4] == 4:
                offset, _, multiplier = struct.unpack("<III", raw[8:20])
                if raw[3] == 1:
                    self._common = self._BAR + offset
                elif raw[3] == 2:
                    self._notify, self._multiplier = self._BAR + offset, multiplier
                elif raw[3] == 4:
                    self._device = self._BAR + offset
            at = raw[1]

    def _negotiate(self) -> None:
        qtest, common = self._qtest, self._common
        offered = 0
        for half in (0, 1):
            qtest.store("l", common, half)
            offered |= qtest.load("l", common + 4) << 32 * half
        missing = [bit for bit in WANTED if not offered >> bit & 1]
        if missing:
            raise RuntimeError(f"QEMU does not offer the features {missing}")
        wanted = sum(1 << bit for bit in WANTED)
        for half in (0, 1):
            qtest.store("l", common + 8, half)
            qtest.store("l", common + 12, wanted >> 32 * half & 0xFFFFFFFF)
        qtest.store("b", common + 20, _ACKNOWLEDGE | _DRIVER | _FEATURES_OK)
        if not qtest.load("b", common + 20) & _FEATURES_OK:
            raise RuntimeError("the features are refused")

    def _make_queue(self, index: int, at: int) -> tuple[VirtQueue, int]:
        qtest, common = self._qtest, self._common
        qtest.store("w", common + 22, index)
        size = min(qtest.load("w", common + 24), 64)
        qtest.store("w", common + 24, size)
        qtest.store("w", common + 26, 0xFFFF)  # no interrupt
        queue = VirtQueue(qtest, index, size, at)
        for offset, address in ((32, queue.descriptors), (40, queue.available), (48, queue.used)):
            qtest.store("l", common + offset, address)
            qtest.store("l", common + offset + 4, 0)
        queue.notify_address = self._notify + qtest.load("w", common + 30) * self._multiplier
        qtest.store("w", common + 28, 1)
        return queue, queue.end

    def command(self, class_: int, command: int, data: bytes) -> bool:
        """Send a control command; tell whether the device took it."""
        at, queue = self._control_buffer, self._control
        self._qtest.write(at, bytes([class_, command]))
        self._qtest.write(at + 16, data)
        self._qtest.write(at + 4096, b"\xff")
        queue.describe(0, at, 2, _NEXT, 1)
        queue.describe(1, at + 16, len(data), _NEXT, 2)
        queue.describe(2, at + 4096, 1, _WRITABLE)
        queue.offer(0)
        end = time.monotonic() + _SECONDS
        while queue.take() is None:
            if time.monotonic() > end:
                raise RuntimeError("a control command is not answered")
        return self._qtest.read(at + 4096, 1) == b"\0"

    def set_rss(self, hash_types: int, hash_key: bytes, table: list[int], unclassified_queue: int) -> bool:
        """Send RSS_CONFIG, taking frames for any address first; tell whether the device took it."""
        if not self.command(CLASS_RX, COMMAND_PROMISC, b"\1"):
            return False
        payload = struct.pack("<IHH", hash_types, len(table) - 1, unclassified_queue)
        payload += struct.pack(f"<{len(table)}H", *table)
        payload += struct.pack("<HB", len(self._queues), len(hash_key)) + hash_key
        return self.command(CLASS_MQ, COMMAND_RSS_CONFIG, payload)

    def receive(self, of: bytes, seconds: float = 10.0) -> Received | None:
        """Return the frame given as the device hands it on; None where it does not in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number, queue in enumerate(self._queues):
                used = queue.take()
                if used is None:
                    continue
                head, length = used
                raw = self._qtest.read(queue.buffers + head * self._BUFFER_LEN, length)
                queue.offer(head)
                _, _, _, _, _, _, _, hash_value, hash_report, _ = HEADER.unpack_from(raw)
                if raw[HEADER.size :] == of:
                    return Received(of, hash_value, hash_report, number)
        return None
