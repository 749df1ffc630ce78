"""What devices do wrong with the hash key: they take another one, or another form of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS, TITLES
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.validate.fault import ANY_TRAFFIC, KEY, KEY_FORM, Fault

_SAME = "the same with this key"
_LONG_INPUTS = "IPv6 TCP or UDP packets"


def _padded(hash_key: bytes) -> bytes:
    return hash_key.ljust(KEY_LEN, b"\0")


def _words_of_key(hash_key: bytes) -> npt.NDArray[np.uint32]:
    key = _padded(hash_key)
    return np.frombuffer(key[: len(key) & ~3], ">u4")


def _shifted(bits: int, is_rotated: bool) -> Callable[[bytes], bytes]:
    """Return what shifts a key by bits: to the left, or where negative to the right."""

    def shift(hash_key: bytes) -> bytes:
        key = _padded(hash_key)
        n = 8 * len(key)
        number = int.from_bytes(key, "big")
        moved = number << bits if bits > 0 else number >> -bits
        if is_rotated:
            moved |= number >> (n - bits) if bits > 0 else number << (n + bits)
        return (moved & ((1 << n) - 1)).to_bytes(len(key), "big")

    return shift


def _constant(known: bytes) -> Callable[[bytes], bytes]:
    return lambda hash_key: known


def key_faults_of(device: Device) -> list[Fault]:
    """List what a device may take instead of its key, each key once."""
    keys: dict[int, Fault] = {}
    for fault in _key_faults(device):
        assert fault.hash_key is not None
        bits = _usable_bits(fault.hash_key(device.hash_key))
        first = keys.setdefault(bits, fault)
        if first is not fault and _SAME not in first.words:
            keys[bits] = replace(first, words=f"{first.words} ({_SAME}: it {fault.words})")
    keys.pop(_usable_bits(device.hash_key), None)
    return list(keys.values())


def _key_faults(device: Device) -> Iterator[Fault]:
    """Yield what a key may be instead, and forms it may have: of a longer one, also of its first 40 bytes alone."""
    for fault in _every_key_fault():
        yield fault
        if len(device.hash_key) > KEY_LEN and KEY_FORM in fault.places:
            words = f"{fault.words}, of its first {KEY_LEN} bytes"
            yield replace(fault, name=f"{fault.name}-of-{KEY_LEN}", words=words, hash_key=_of_first(fault))


def _of_first(fault: Fault) -> Callable[[bytes], bytes]:
    return lambda hash_key: fault.hash_key(hash_key[:KEY_LEN]) if fault.hash_key else hash_key


def _every_key_fault() -> Iterator[Fault]:
    keys: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("key-bytes-reversed", "takes the bytes of the key in reversed order", lambda key: _padded(key)[::-1]),
        ("key-words-reversed", "takes the 32-bit words of the key in reversed order",
         lambda key: _words_of_key(key)[::-1].tobytes()),
        ("key-words-swapped", "takes the 32-bit words of the key in the opposite byte order",
         lambda key: _words_of_key(key).byteswap().tobytes()),
        ("key-bits-reversed", "takes the bits of each byte of the key in reversed order",
         lambda key: np.packbits(np.unpackbits(np.frombuffer(key, np.uint8)), bitorder="little").tobytes()),
    )  # fmt: skip
    for name, words, change in keys:
        yield Fault(name, words, ANY_TRAFFIC, (KEY_FORM,), hash_key=change)
    yield Fault("key-zero", "hashes with a key of zeros", ANY_TRAFFIC, (KEY,), hash_key=_constant(bytes(KEY_LEN)))
    for name, known in NAMED_KEYS.items():
        yield Fault(f"key-{name}", f"hashes with {TITLES[name]}", ANY_TRAFFIC, (KEY,), hash_key=_constant(known))
    for bits in range(1, 33):
        for sign, side in ((1, "left"), (-1, "right")):
            many = f"{bits} bit{'s' if bits > 1 else ''}" if bits % 8 else f"{bits // 8} byte{'s' if bits > 8 else ''}"
            for is_rotated, fill in ((False, "zeros following"), (True, "round the end")):
                words = f"shifts the key to the {side} by {many}, {fill}"
                name = f"key-{'rotated' if is_rotated else 'shifted'}-{side}-{bits}"
                change = _shifted(sign * bits, is_rotated)
                yield Fault(name, words, _LONG_INPUTS, (KEY_FORM,), hash_key=change, is_rare=True)


def _usable_bits(hash_key: bytes) -> int:
    """Return the 319 bits of a key that a hash can depend on; the last of its first 40 bytes lends seven."""
    return int.from_bytes(_padded(hash_key)[:KEY_LEN], "big") >> 1
