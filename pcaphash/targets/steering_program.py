"""The eBPF program with which QEMU has Linux steer frames to the queues of a tap, taken out of QEMU and loaded."""

import ctypes
import io
import os
import platform
import re
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pcaphash.errors import ConfigurationError, Field
from pcaphash.targets.namespace import check_call, libc, need, refusing

N_ENTRIES = 128  # of the indirection table, no fewer than the program may ask for
KEY_LEN = 40

_SYSCALL = {"x86_64": 321, "aarch64": 280}
_MAP_CREATE, _MAP_UPDATE, _PROGRAM_LOAD = 0, 2, 5
_SOCKET_FILTER = 1
_ATTRIBUTES_LEN = 160
_MACHINE = 247  # of eBPF, in an ELF header
_FROM_FILE = 1  # what the second register of a load instruction says: the number is that of a map
_ELF = re.compile(rb"\x7fELF\x02\x01\x01.{11}" + struct.pack("<H", _MACHINE), re.DOTALL)

_REFUSED = "the kernel does not take QEMU's steering program", "run the command as root, on a kernel with BPF"


class SteeringProgram:
    """QEMU's ``tun_rss_steering``, in the kernel.

    Raises
    ------
    ConfigurationError
        QEMU is not installed or has no such program, pyelftools is not installed, or the kernel does not take it.
    """

    def __init__(self) -> None:
        qemu = need(f"qemu-system-{platform.machine()}", "qemu-system-x86")
        elf = _find_elf(Path(qemu).read_bytes(), qemu)
        sections = list(elf.iter_sections())
        code = bytearray(elf.get_section_by_name("tun_rss_steering").data())
        maps = elf.get_section_by_name("maps")
        symbols = elf.get_section_by_name(".symtab")
        self._maps: dict[str, tuple[int, int]] = {}
        with ExitStack() as opened, refusing(*_REFUSED):
            for symbol in symbols.iter_symbols():
                section = symbol["st_shndx"]
                if symbol["st_info"]["type"] == "STT_OBJECT" and sections[section].name == "maps":
                    kind, key, size, most = struct.unpack_from("<IIII", maps.data(), symbol["st_value"])
                    file = _bpf(_MAP_CREATE, struct.pack("<IIIII", kind, key, size, most, 0))
                    opened.callback(os.close, file)
                    self._maps[symbol.name] = file, size
            for relocation in elf.get_section_by_name(".reltun_rss_steering").iter_relocations():
                at, name = relocation["r_offset"], symbols.get_symbol(relocation["r_info_sym"]).name
                code[at + 1] = code[at + 1] & 15 | _FROM_FILE << 4
                struct.pack_into("<i", code, at + 4, self._maps[name][0])
            self.file = _load(bytes(code))
            opened.callback(os.close, self.file)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the program and of what it is told; a tap that is steered by it keeps it."""
        self._opened.close()

    def set_types(self, hash_types: int, table_len: int, default_queue: int) -> None:
        """Set which types are hashed, how long the table is, and the queue of packets without a hash."""
        form = "<BBIHH" if self._maps["tap_rss_map_configurations"][1] == struct.calcsize("<BBIHH") else "<BBxxIHH"
        self._set("tap_rss_map_configurations", 0, struct.pack(form, 1, 0, hash_types, table_len, default_queue))

    def set_table(self, table: "tuple[int, ...]") -> None:
        """Set the entries of the indirection table."""
        for entry, queue in enumerate(table):
            self._set("tap_rss_map_indirection_table", entry, struct.pack("<H", queue))

    def set_key(self, key: bytes, shift: int = 0) -> None:
        """Set the hash key, shifted to the right by some bits: its hashes are shifted by as many."""
        bits = int.from_bytes(key[:KEY_LEN].ljust(KEY_LEN + 8, b"\0"), "big") >> shift
        shifted = bits.to_bytes(KEY_LEN + 8, "big")[:KEY_LEN]
        # The first word is kept as a number of the processor, the rest as bytes.
        self._set("tap_rss_map_toeplitz_key", 0, struct.pack("=I", int.from_bytes(shifted[:4], "big")) + shifted[4:])

    def _set(self, name: str, index: int, value: bytes) -> None:
        file, size = self._maps[name]
        if len(value) != size:
            problem = f"QEMU's steering program keeps {size} bytes in {name}, and {len(value)} were expected"
            raise ConfigurationError(Field("into"), problem, "use QEMU 7.2")
        key, data = ctypes.create_string_buffer(struct.pack("=I", index), 4), ctypes.create_string_buffer(value, size)
        with refusing(*_REFUSED):
            _bpf(_MAP_UPDATE, struct.pack("=IIQQQ", file, 0, ctypes.addressof(key), ctypes.addressof(data), 0))


def _find_elf(binary: bytes, name: str) -> Any:
    """Return the ELF file of eBPF that QEMU carries."""
    try:
        from elftools.elf.elffile import ELFFile
    except ImportError:
        problem = "pyelftools is not installed, which reads QEMU's steering program"
        raise ConfigurationError(Field("into"), problem, "pip install 'pcaphash[devices]'") from None
    for found in _ELF.finditer(binary):
        elf = ELFFile(io.BytesIO(binary[found.start() :]))
        if elf.get_section_by_name("tun_rss_steering") is not None:
            return elf
    raise ConfigurationError(Field("into"), f"{name} carries no steering program", "install QEMU 7.2 with eBPF")


def _bpf(command: int, attributes: bytes) -> int:
    number = _SYSCALL.get(platform.machine())
    if number is None:
        raise OSError(0, f"the number of bpf(2) on {platform.machine()} is not known")
    buffer = ctypes.create_string_buffer(attributes, _ATTRIBUTES_LEN)
    return check_call(libc.syscall(number, command, buffer, _ATTRIBUTES_LEN))


def _load(code: bytes) -> int:
    instructions, license_ = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL v2")
    log = ctypes.create_string_buffer(1 << 20)
    addresses = ctypes.addressof(instructions), ctypes.addressof(license_)
    attributes = struct.pack("=IIQQIIQ", _SOCKET_FILTER, len(code) // 8, *addresses, 1, len(log), ctypes.addressof(log))
    return _bpf(_PROGRAM_LOAD, attributes)
