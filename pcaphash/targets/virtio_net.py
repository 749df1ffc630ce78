"""The driver of QEMU's virtio-net device: it negotiates RSS and hash reports, and receives on all queues."""

import struct
import time
from dataclasses import dataclass

from pcaphash.errors import ConfigurationError, Field
from pcaphash.targets.qtest import NEXT, WRITABLE, QTest, VirtQueue

F_CTRL_VQ, F_MQ, F_VERSION_1, F_HASH_REPORT, F_RSS = 17, 22, 32, 57, 60
WANTED = (F_CTRL_VQ, F_MQ, F_VERSION_1, F_HASH_REPORT, F_RSS)

HEADER = struct.Struct("<BBHHHHHIHH")  # virtio_net_hdr_v1_hash
CLASS_MQ, COMMAND_RSS_CONFIG = 4, 1
CLASS_RX, COMMAND_PROMISC = 0, 0

_ACKNOWLEDGE, _DRIVER, _DRIVER_OK, _FEATURES_OK = 1, 2, 4, 8
_SECONDS = 20


@dataclass(frozen=True)
class ReceivedFrame:
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
            raise ConfigurationError(Field("into"), f"no virtio device in slot {slot}", "use QEMU 7.2")
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
                queue.describe(i, queue.buffers + i * self._BUFFER_LEN, self._BUFFER_LEN, WRITABLE)
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
            raise ConfigurationError(Field("into"), f"QEMU does not offer the features {missing}", "use QEMU 7.2")
        wanted = sum(1 << bit for bit in WANTED)
        for half in (0, 1):
            qtest.store("l", common + 8, half)
            qtest.store("l", common + 12, wanted >> 32 * half & 0xFFFFFFFF)
        qtest.store("b", common + 20, _ACKNOWLEDGE | _DRIVER | _FEATURES_OK)
        if not qtest.load("b", common + 20) & _FEATURES_OK:
            raise ConfigurationError(Field("into"), "the features are refused", "use QEMU 7.2")

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
        queue.describe(0, at, 2, NEXT, 1)
        queue.describe(1, at + 16, len(data), NEXT, 2)
        queue.describe(2, at + 4096, 1, WRITABLE)
        queue.offer(0)
        end = time.monotonic() + _SECONDS
        while queue.take() is None:
            if time.monotonic() > end:
                raise ConfigurationError(Field("into"), "a control command is not answered", "use QEMU 7.2")
        return self._qtest.read(at + 4096, 1) == b"\0"

    def set_rss(self, hash_types: int, hash_key: bytes, table: list[int], unclassified_queue: int) -> bool:
        """Send RSS_CONFIG, taking frames for any address first; tell whether the device took it."""
        if not self.command(CLASS_RX, COMMAND_PROMISC, b"\1"):
            return False
        payload = struct.pack("<IHH", hash_types, len(table) - 1, unclassified_queue)
        payload += struct.pack(f"<{len(table)}H", *table)
        payload += struct.pack("<HB", len(self._queues), len(hash_key)) + hash_key
        return self.command(CLASS_MQ, COMMAND_RSS_CONFIG, payload)

    def receive(self, of: bytes, seconds: float = 10.0) -> ReceivedFrame | None:
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
                    return ReceivedFrame(of, hash_value, hash_report, number)
        return None
