"""A virtual machine with Debian's own kernel, for what ours lacks: its root is this machine's, only to be read."""

import gzip
import lzma
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

BOOT, MODULES = Path("/boot"), Path("/lib/modules")
HOW_TO_INSTALL = "Debian: linux-image-amd64, busybox-static, qemu-system-x86"

_SHARING = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci")
_FILES = ("netfs", "fscache", "9pnet", "9pnet_virtio", "9p")
_MOST_SECONDS = 900

# Nothing can be written but in the folder that is shared; what a command needs besides is in memory.
_INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /order); do insmod /modules/$module || true; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro root /root
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 shared /root/mnt
for name in proc sys dev; do mount --move /$name /root/$name; done
mount -t tmpfs tmpfs /root/run
chroot /root /bin/sh /mnt/command >/root/mnt/output 2>&1
echo $? >/root/mnt/status
sync
poweroff -f
"""


def find_kernel() -> Path | None:
    """Return a kernel that is installed with modules that share files with it."""
    for kernel in sorted(BOOT.glob("vmlinuz-*"), reverse=True):
        if _module(kernel, "9p") and _module(kernel, "geneve"):
            return kernel
    return None


def missing() -> str:
    """Say what is missing for a guest; empty where nothing is."""
    needed = ("qemu-system-x86_64", "busybox")
    if find_kernel() is None or any(shutil.which(program) is None for program in needed):
        return f"a guest needs a kernel, busybox and QEMU ({HOW_TO_INSTALL})"
    return ""


def run_in_guest(command: Sequence[str | Path], modules: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run a command as root in a guest; return its exit code and what it wrote.

    Parameters
    ----------
    command : sequence
        Words of the shell; paths are those of this machine, and only what is below ``/mnt`` can be written.
    modules : sequence of str
        Modules of the kernel to load before.
    folder : Path
        Is ``/mnt`` in the guest.
    """
    kernel = find_kernel()
    assert kernel is not None
    archive = folder / "initrd"
    archive.write_bytes(gzip.compress(b"".join(_archive(kernel)), 1))
    lines = ["export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt TMPDIR=/mnt XDG_CACHE_HOME=/mnt/cache"]
    lines += [f"modprobe {module}" for module in modules]
    lines.append(" ".join(map(str, command)))
    (folder / "command").write_text("\n".join(lines) + "\n")
    subprocess.run(
        [
            *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "2048", "-smp", "2"),
            *("-kernel", kernel, "-initrd", archive, "-append", "console=ttyS0 quiet panic=-1 rdinit=/init"),
            *("-nographic", "-no-reboot", "-nic", "none", "-serial", f"file:{folder / 'console'}", "-monitor", "none"),
            *_shared("/", "root", "readonly=on"),
            *_shared(folder, "shared", "readonly=off"),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_MOST_SECONDS,
    )
    status = folder / "status"
    assert status.exists(), (folder / "console").read_text(errors="replace")
    return int(status.read_text()), (folder / "output").read_text(errors="replace")


def _shared(path: str | Path, tag: str, mode: str) -> tuple[str, str]:
    return "-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap,{mode}"


def _module(kernel: Path, name: str) -> Path | None:
    folder = MODULES / kernel.name.removeprefix("vmlinuz-")
    return next(folder.rglob(f"{name}.ko*"), None)


def _archive(kernel: Path) -> Iterator[bytes]:
    """Write the first file system of the guest (the kernel's Documentation: initramfs buffer format, newc)."""
    found = [path for name in (*_SHARING, *_FILES) if (path := _module(kernel, name))]
    for name in ("bin", "proc", "sys", "dev", "root", "modules"):
        yield _entry(name, 0o40755, b"")
    busybox = shutil.which("busybox")
    assert busybox is not None
    yield _entry("bin/busybox", 0o100755, Path(busybox).read_bytes())
    yield _entry("init", 0o100755, _INIT.encode())
    names = [path.name.partition(".")[0] + ".ko" for path in found]
    yield _entry("order", 0o100644, "\n".join(names).encode())
    for name, path in zip(names, found, strict=True):
        data = path.read_bytes()
        yield _entry(f"modules/{name}", 0o100644, lzma.decompress(data) if path.suffix == ".xz" else data)
    yield _entry("TRAILER!!!", 0, b"")


def _entry(name: str, mode: int, data: bytes) -> bytes:
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
