"""What devices do wrong with the hash key: they take another one, or another form of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.validate.catalogue.fault import KEY, KEY_FORM, Fault, FaultKind

_LEAST_KEPT = 64  # bits: a key of which less is left hashes most packets alike
_SHIFTS = (*range(1, 33), *range(40, 8 * KEY_LEN - _LEAST_KEPT + 1, 8))  # bits: few, or whole bytes
_FIRST_BYTES = tuple(range(4, KEY_LEN))
_REPEATED_BYTES = (2, 4, 8, 10, 12, 16, 20, 24, 28, 32, 36)


def _padded(hash_key: bytes) -> bytes:
    return hash_key.ljust(KEY_LEN, b"\0")


def _words_of_key(hash_key: bytes) -> npt.NDArray[np.uint32]:
    key = _padded(hash_key)
    return np.frombuffer(key[: len(key) & ~3], ">u4")


def _shifted(bits: int, *, is_rotated: bool) -> Callable[[bytes], bytes]:
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
        if first is not fault:
            keys[bits] = replace(first, same_key=(*first.same_key, fault))
    keys.pop(_usable_bits(device.hash_key), None)
    return list(keys.values())


def _key_faults(device: Device) -> Iterator[Fault]:
    """Yield what a key may be instead, and forms it may have: of a longer one, also of only its first 40 bytes."""
    for fault in _every_key_fault():
        yield fault
        is_of_first = fault.kind in (FaultKind.KEY_FIRST_BYTES, FaultKind.KEY_REPEATED)
        if len(device.hash_key) > KEY_LEN and KEY_FORM in fault.places and not is_of_first:
            yield replace(fault, key_bytes=KEY_LEN, hash_key=_of_first(fault))


def _of_first(fault: Fault) -> Callable[[bytes], bytes]:
    return lambda hash_key: fault.hash_key(hash_key[:KEY_LEN]) if fault.hash_key else hash_key


_FORMS: dict[FaultKind, Callable[[bytes], bytes]] = {
    FaultKind.KEY_BYTES_REVERSED: lambda key: _padded(key)[::-1],
    FaultKind.KEY_WORDS_REVERSED: lambda key: _words_of_key(key)[::-1].tobytes(),
    FaultKind.KEY_WORDS_SWAPPED: lambda key: _words_of_key(key).byteswap().tobytes(),
    FaultKind.KEY_BITS_REVERSED: lambda key: np.packbits(
        np.unpackbits(np.frombuffer(key, np.uint8)), bitorder="little"
    ).tobytes(),
}


def _in_words(size: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return what changes each word of a key, of so many bytes."""

    def changed(hash_key: bytes) -> bytes:
        key = _padded(hash_key)
        return b"".join(change(key[at : at + size]) for at in range(0, len(key), size))

    return changed


_RARE_FORMS: tuple[tuple[FaultKind, int | None, Callable[[bytes], bytes]], ...] = (
    (FaultKind.KEY_INVERTED, None, lambda key: bytes(~byte & 0xFF for byte in _padded(key))),
    (FaultKind.KEY_BYTES_SWAPPED_IN, 16, _in_words(2, lambda word: word[::-1])),
    (FaultKind.KEY_BYTES_SWAPPED_IN, 64, _in_words(8, lambda word: word[::-1])),
    (FaultKind.KEY_HALVES_SWAPPED_IN, 32, _in_words(4, lambda word: word[2:] + word[:2])),
    (FaultKind.KEY_HALVES_SWAPPED_IN, 64, _in_words(8, lambda word: word[4:] + word[:4])),
    (FaultKind.KEY_LONG_WORDS_REVERSED, None, lambda key: _in_words(8, lambda word: word[::-1])(_padded(key)[::-1])),
    (FaultKind.KEY_EVERY_BIT_REVERSED, None, lambda key: _FORMS[FaultKind.KEY_BITS_REVERSED](_padded(key)[::-1])),
)


def _every_key_fault() -> Iterator[Fault]:
    for kind, change in _FORMS.items():
        yield Fault(kind, (KEY_FORM,), hash_key=change)
    for kind, bits, change in _RARE_FORMS:
        yield Fault(kind, (KEY_FORM,), subject=bits, hash_key=change, is_rare=True)
    yield Fault(FaultKind.KEY_ZERO, (KEY,), hash_key=_constant(bytes(KEY_LEN)))
    for name, known in NAMED_KEYS.items():
        yield Fault(FaultKind.KEY, (KEY,), subject=name, hash_key=_constant(known))
    for bits in _SHIFTS:
        for kind, shift in (
            (FaultKind.KEY_SHIFTED_LEFT, _shifted(bits, is_rotated=False)),
            (FaultKind.KEY_ROTATED_LEFT, _shifted(bits, is_rotated=True)),
            (FaultKind.KEY_SHIFTED_RIGHT, _shifted(-bits, is_rotated=False)),
            (FaultKind.KEY_ROTATED_RIGHT, _shifted(-bits, is_rotated=True)),
        ):
            yield Fault(kind, (KEY_FORM,), subject=bits, hash_key=shift, is_rare=True)
    for n in _FIRST_BYTES:
        yield Fault(FaultKind.KEY_FIRST_BYTES, (KEY_FORM,), subject=n, hash_key=_first(n), is_rare=True)
    for n in _REPEATED_BYTES:
        yield Fault(FaultKind.KEY_REPEATED, (KEY_FORM,), subject=n, hash_key=_repeated(n), is_rare=True)


def _first(n: int) -> Callable[[bytes], bytes]:
    return lambda hash_key: _padded(hash_key[:n])


def _repeated(n: int) -> Callable[[bytes], bytes]:
    return lambda hash_key: (hash_key[:n] * KEY_LEN)[:KEY_LEN]


def _usable_bits(hash_key: bytes) -> int:
    """Return the 319 bits of a key that a hash can depend on; the last of its first 40 bytes lends seven."""
    return int.from_bytes(_padded(hash_key)[:KEY_LEN], "big") >> 1
