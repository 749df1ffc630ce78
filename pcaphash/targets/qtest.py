"""QEMU over its qtest socket: a machine whose memory and registers are read and written from here.

The processor halts in a firmware of four bytes, so that the machine counts as running (devices receive nothing
otherwise). Split virtqueues, without indirect descriptors.
"""

import socket
import struct
import subprocess
from pathlib import Path

from pcaphash.errors import ConfigurationError, Field

WRITABLE, NEXT = 2, 1  # of a descriptor

_SECONDS = 20


def write_halting_firmware(path: Path) -> None:
    """Write a firmware that does nothing: cli; hlt; jmp to itself."""
    rom = bytearray(b"\xff" * 65536)
    rom[0xFFF0:0xFFF4] = b"\xfa\xf4\xeb\xfd"
    path.write_bytes(rom)


def _broken(problem: str) -> ConfigurationError:
    return ConfigurationError(Field("into"), f"QEMU does not do as it should: {problem}", "use QEMU 7.2")


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
            self._process = subprocess.Popen(
                [*command, "-qtest", f"unix:{path}", "-qtest-log", "/dev/null"], stderr=subprocess.DEVNULL
            )
            try:
                self._socket, _ = server.accept()
            except TimeoutError:
                self._process.terminate()
                raise _broken("it does not start") from None
        self._lines = self._socket.makefile("rb")

    def ask(self, line: str) -> str:
        """Send a command; return what it answers behind OK."""
        self._socket.sendall(line.encode() + b"\n")
        while True:
            words = self._lines.readline().split()
            if not words:
                raise _broken("it went away")
            if words[0] == b"OK":
                return words[1].decode() if len(words) > 1 else ""
            if words[0] != b"IRQ":
                raise _broken(f"{line[:80]}: {b' '.join(words).decode()}")

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
