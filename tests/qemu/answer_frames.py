"""Send frames into QEMU's virtio-net device, and print what it answers. To be run in a network namespace of its own.

    unshare -n python answer_frames.py < REQUEST > ANSWERS

REQUEST is JSON: frames in hex, and runs, each with hash_types, hash_key (hex), indirection_table, unclassified_queue
and the frames that are sent. ANSWERS is JSON: for each run a list of [hash_value, hash_report, queue], or null where no
frame came back.
"""

import fcntl
import json
import socket
import struct
import sys
import tempfile
from pathlib import Path

from qtest_device import QTest, VirtioNet, write_halting_firmware

TAP = "hashtap"
QUEUE_PAIRS = 4
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def set_up(name: str) -> None:
    """Set an interface up, so that frames can be sent into it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh", name.encode(), 0)
        (flags,) = struct.unpack("16xh", fcntl.ioctl(control, _SIOCGIFFLAGS, request)[:18])
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh", name.encode(), flags | _IFF_UP))


def silence(name: str) -> None:
    """Keep the kernel from sending frames of its own (IPv6 neighbour discovery) into the interface."""
    path = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    if path.exists():
        path.write_text("1")


def command(firmware: Path) -> list[str]:
    """Return the command that starts QEMU with nothing but the device."""
    return [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35",
        "-accel", "tcg,thread=single", "-m", "32", "-bios", str(firmware),
        "-netdev", f"tap,id=n0,ifname={TAP},queues={QUEUE_PAIRS},script=no,downscript=no,vhost=off",
        "-device", "virtio-net-pci,netdev=n0,mq=on,rss=on,hash=on,vectors=0,romfile=,disable-legacy=on,addr=3",
    ]  # fmt: skip


def answer_run(device: VirtioNet, sender: socket.socket, frames: list[bytes], run: dict) -> list[list[int] | None]:
    """Configure the device, send frames one by one, and return what comes back of each."""
    key, table = bytes.fromhex(run["hash_key"]), run["indirection_table"]
    if not device.set_rss(run["hash_types"], key, table, run["unclassified_queue"]):
        raise SystemExit("the device refuses RSS_CONFIG")
    answers: list[list[int] | None] = []
    for frame in frames:
        sender.send(frame)
        answer = device.receive(of=frame)
        answers.append(None if answer is None else [answer.hash_value, answer.hash_report, answer.queue])
    return answers


def main() -> None:
    """Answer all runs."""
    request = json.load(sys.stdin)
    frames = [bytes.fromhex(frame) for frame in request["frames"]]
    with tempfile.TemporaryDirectory() as folder:
        firmware = Path(folder) / "halt.bin"
        write_halting_firmware(firmware)
        qtest = QTest(command(firmware), Path(folder) / "qtest")
        try:
            device = VirtioNet(qtest, slot=3)
            silence(TAP)
            set_up(TAP)
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
                sender.bind((TAP, 0))
                chosen = ([frames[i] for i in run["frames"]] for run in request["runs"])
                answers = [
                    answer_run(device, sender, some, run) for some, run in zip(chosen, request["runs"], strict=True)
                ]
        finally:
            qtest.close()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
