"""QEMU's virtio-net device, with nothing around it: frames in, virtio_net_hdr and receive queue out."""

import platform
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.targets.answer import Lost, Outcome, TargetAnswer, try_to_send
from pcaphash.targets.limits import refuse_beyond
from pcaphash.targets.namespace import configure, need, own_network, set_kernel_options
from pcaphash.targets.qtest import QTest, write_halting_firmware
from pcaphash.targets.virtio_net import VirtioNet

_TAP = "hashtap"
_WHO = "QEMU's device"
_SLOT = 3
_MOST_LEN = 1514
_MOST_QUEUES, _MOST_ENTRIES, _KEY_LEN = 16, 128, 40


class Qemu:
    """The device, set up.

    Parameters
    ----------
    driver : VirtioNet
        Of the device.
    sender : socket
        Bound to the tap that the device receives from.
    """

    def __init__(self, driver: VirtioNet, sender: socket.socket) -> None:
        self._driver, self._sender = driver, sender

    @property
    def decapsulates(self) -> int:
        """Encapsulations that are taken off before: none."""
        return 0

    def answer(self, frames: Sequence[bytes], awaited: Sequence[bool] | None = None) -> list[Outcome]:
        """Send frames, one after the other; return what the device makes of each, all of which come out."""
        return [self._answer(frame) for frame in frames]

    def _answer(self, frame: bytes) -> Outcome:
        if reason := try_to_send(self._sender.send, frame, _MOST_LEN):
            return reason
        found = self._driver.receive(of=frame)
        if found is None:
            return Lost()
        return TargetAnswer(found.queue, found.hash_value if found.hash_report else None, found.hash_report)


@contextmanager
def open_qemu(device: Device) -> Iterator[Qemu]:
    """Start QEMU in a network namespace of its own, and set its device up.

    Raises
    ------
    ConfigurationError
        The device cannot be had in QEMU, or something is missing here.
    """
    _check(device)
    program = need(f"qemu-system-{platform.machine()}", "qemu-system-x86")
    with own_network(), tempfile.TemporaryDirectory(prefix="pcaphash-") as folder:
        firmware = Path(folder) / "halt.bin"
        write_halting_firmware(firmware)
        with closing(QTest(_command(program, firmware, device.queues), Path(folder) / "qtest")) as qtest:
            driver = VirtioNet(qtest, _SLOT)
            table, unclassified = list(device.indirection_table), device.unclassified_queue
            if not driver.set_rss(device.base_types, device.hash_key[:_KEY_LEN], table, unclassified):
                raise ConfigurationError(Field("into"), "QEMU refuses the configuration", "give another")
            set_kernel_options({f"ipv6/conf/{_TAP}/disable_ipv6": 1})
            configure(f"ip link set {_TAP} up")
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
                sender.bind((_TAP, 0))
                yield Qemu(driver, sender)


def _command(program: str, firmware: Path, queues: int) -> list[str]:
    """Return the command that starts QEMU with nothing but the device."""
    return [
        program, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35",
        "-accel", "tcg,thread=single", "-m", "32", "-bios", str(firmware),
        "-netdev", f"tap,id=n0,ifname={_TAP},queues={queues},script=no,downscript=no,vhost=off",
        "-device", f"virtio-net-pci,netdev=n0,mq=on,rss=on,hash=on,vectors=0,romfile=,disable-legacy=on,addr={_SLOT}",
    ]  # fmt: skip


def _check(device: Device) -> None:
    refuse_beyond(device, _WHO, queues=_MOST_QUEUES, entries=_MOST_ENTRIES, key_len=_KEY_LEN)
    n_entries = len(device.indirection_table)
    if n_entries & (n_entries - 1):
        problem = f"{n_entries} is not a power of two, as {_WHO} requires of the table's length"
        raise ConfigurationError(Field("indirection_table_size", n_entries), problem, "give a power of two")
