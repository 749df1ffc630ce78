"""Other layouts of hash input, key, value and type than those of the spec; the devices are plain Python."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

import naive.device
from naive.configuration import Configuration
from naive.toeplitz import toeplitz
from pcaphash.standards.virtio import HASH_REPORTS
from pcaphash.studies.validate import Validation, validate
from studies.test_also_hashed import TRAFFIC
from support import builders
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, as_said, misbehave, separating_frames
from support.traffic import flows, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))

Layout = Callable[[bytes], bytes]


def diagnose(tmp_path, frames: list[bytes], said: list[Said]) -> Validation:
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def answers(
    frames: list[bytes],
    hash_input: Callable[[bytes, bytes], bytes] = lambda data, frame: data,
    key: bytes = CONFIGURATION.key,
    value: Callable[[int], int] = lambda value: value,
) -> list[Said]:
    """Answer as a device does that makes another hash input of the spec's one and the frame."""
    said = []
    for frame in frames:
        answer = naive.device.answer(frame, len(frame), 1, CONFIGURATION)
        if answer.hash_input is not None:
            found = value(toeplitz(key + bytes(40), hash_input(answer.hash_input, frame)))
            answer = replace(answer, hash_value=found, queue=CONFIGURATION.indirection_table[found & 127])
        said.append(as_said(answer))
    return said


def split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return source, destination and ports of a hash input."""
    size = 16 if len(data) >= 32 else 4
    return data[:size], data[size : 2 * size], data[2 * size :]


def of_parts(arrange: Callable[[bytes, bytes, bytes], bytes]) -> Layout:
    return lambda data: arrange(*split(data))


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def of_ipv6(change: Layout) -> Layout:
    return of_parts(lambda a, b, ports: (change(a) + change(b) if len(a) == 16 else a + b) + ports)


def of_ipv4(change: Layout) -> Layout:
    return of_parts(lambda a, b, ports: (change(a) + change(b) if len(a) == 4 else a + b) + ports)


def greater_first(source: bytes, destination: bytes, ports: bytes) -> bytes:
    if (source, ports[:2]) < (destination, ports[2:]):
        return destination + source + ports[2:] + ports[:2]
    return source + destination + ports


def padded(size: int, kept: slice) -> Layout:
    def pad(address: bytes) -> bytes:
        kept_bytes = bytearray(size)
        kept_bytes[kept] = address[kept]
        return bytes(kept_bytes)

    return pad


LAYOUTS: dict[str, Layout] = {
    "port-bytes-swapped": of_parts(lambda a, b, ports: a + b + ports[1::-1] + ports[3:1:-1]),
    "ports-first": of_parts(lambda a, b, ports: ports + a + b),
    "ports-between": of_parts(lambda a, b, ports: a + ports[:2] + b + ports[2:]),
    "endpoints-sorted-down": of_parts(greater_first),
    "xor-once": of_parts(lambda a, b, ports: xor(a, b) + xor(ports[:2], ports[2:])),
    "xor-once-padded": of_parts(lambda a, b, ports: xor(a, b) + bytes(len(a)) + xor(ports[:2], ports[2:])),
    "ipv6-part-first-32": of_ipv6(lambda address: address[:4]),
    "ipv6-part-last-32": of_ipv6(lambda address: address[12:]),
    "ipv6-part-first-64": of_ipv6(lambda address: address[:8]),
    "ipv6-part-last-64": of_ipv6(lambda address: address[8:]),
    "ipv6-part-xor": of_ipv6(lambda address: xor(xor(address[:4], address[4:8]), xor(address[8:12], address[12:]))),
    "ipv6-part-padded-first-32": of_ipv6(padded(16, slice(0, 4))),
    "ipv6-part-padded-last-32": of_ipv6(padded(16, slice(12, 16))),
    "ipv6-part-padded-first-64": of_ipv6(padded(16, slice(0, 8))),
    "ipv6-part-padded-last-64": of_ipv6(padded(16, slice(8, 16))),
    "ipv4-wide-zeros-behind": of_ipv4(lambda address: address + bytes(12)),
    "ipv4-wide-zeros-before": of_ipv4(lambda address: bytes(12) + address),
    "ipv4-wide-mapped": of_ipv4(lambda address: bytes(10) + b"\xff\xff" + address),
    "ipv4-wide-ports-only": of_parts(lambda a, b, ports: (a + b).ljust(32, b"\0") + ports if ports else a + b),
}


def words(key: bytes, size: int) -> list[bytes]:
    return [key[at : at + size] for at in range(0, len(key), size)]


KEYS: dict[str, Layout] = {
    "key-inverted": lambda key: bytes(255 - byte for byte in key),
    "key-bytes-swapped-in-16": lambda key: b"".join(word[::-1] for word in words(key, 2)),
    "key-bytes-swapped-in-64": lambda key: b"".join(word[::-1] for word in words(key, 8)),
    "key-halves-swapped-in-32": lambda key: b"".join(word[2:] + word[:2] for word in words(key, 4)),
    "key-halves-swapped-in-64": lambda key: b"".join(word[4:] + word[:4] for word in words(key, 8)),
    "key-long-words-reversed": lambda key: b"".join(reversed(words(key, 8))),
    "key-every-bit-reversed": lambda key: int("".join(f"{byte:08b}" for byte in key)[::-1], 2).to_bytes(40, "big"),
    "key-first-bytes-39": lambda key: key[:39],
    "key-repeated-32": lambda key: key[:32] + key[:8],
}

VALUES: dict[str, Callable[[int], int]] = {
    "value-folded": lambda value: value >> 16 ^ value & 0xFFFF,
    "value-rotated-left-1": lambda value: (value << 1 | value >> 31) & 0xFFFFFFFF,
    "value-rotated-left-24": lambda value: (value << 24 | value >> 8) & 0xFFFFFFFF,
}


def random_frames() -> list[bytes]:
    """Make packets with random addresses, which no two layouts hash alike."""
    numbers, frames = random.Random(11), []
    for i, (_, _, source_port, destination_port) in enumerate(flows(240, 9)):
        make = builders.tcp if i % 2 else builders.udp
        payload = bytes(8) if i % 5 == 4 else make(bytes(8), source_port, destination_port)
        protocol = 89 if i % 5 == 4 else builders.TCP if i % 2 else builders.UDP
        if i % 4 < 2:
            frames.append(builders.framed(builders.ipv4(payload, protocol, numbers.randbytes(4), numbers.randbytes(4))))
        else:
            addresses = numbers.randbytes(16), numbers.randbytes(16)
            frames.append(builders.framed(builders.ipv6(payload, protocol, *addresses)))
    return frames


def assert_named(found: Validation, name: str) -> None:
    assert [fault.name for fault in found.diagnosis.faults] == [name]
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_of_the_hash_input(tmp_path, name):
    frames = random_frames()
    assert_named(diagnose(tmp_path, frames, answers(frames, lambda data, _: LAYOUTS[name](data))), name)


@pytest.mark.parametrize("name", KEYS)
def test_layout_of_the_key(tmp_path, name):
    frames = random_frames()
    assert_named(diagnose(tmp_path, frames, answers(frames, key=KEYS[name](CONFIGURATION.key))), name)


@pytest.mark.parametrize("name", VALUES)
def test_layout_of_the_value(tmp_path, name):
    frames = random_frames()
    assert_named(diagnose(tmp_path, frames, answers(frames, value=VALUES[name])), name)


OTHER_TRANSPORT = str.maketrans({"T": "U", "C": "D", "U": "T", "D": "C"})
TYPES: dict[str, Callable[[str], str]] = {
    "types-of-other-transport": lambda name: name.translate(OTHER_TRANSPORT) if name[0] in "TU" else name,
    "types-one-less": lambda name: HASH_REPORTS[HASH_REPORTS.index(name) - 1] if name != "NONE" else name,
}


@pytest.mark.parametrize("name", TYPES)
def test_numbers_of_types(tmp_path, name):
    frames = separating_frames()
    said = [replace(each, report=TYPES[name](each.report)) for each in misbehave(frames, CONFIGURATION)]
    faults = {fault.name for fault in diagnose(tmp_path, frames, said).diagnosis.faults}
    # The number of IPv4, one too low, says that there is no hash.
    assert faults == {name} | ({"without-IPv4"} if name == "types-one-less" else set())


def before_ports(data: bytes, field: bytes) -> bytes:
    source, destination, ports = split(data)
    return source + destination + (field + ports if ports else b"")


@pytest.mark.parametrize("size", [1, 2, 4])
def test_zeros_before_the_ports(tmp_path, size):
    frames = random_frames()
    found = diagnose(tmp_path, frames, answers(frames, lambda data, _: before_ports(data, bytes(size))))
    assert_named(found, f"before-ports-zeros-{size}")


@pytest.mark.parametrize("name", TRAFFIC)
@pytest.mark.parametrize("place", ["ports", "addresses"])
def test_a_field_before_others(tmp_path, name, place):
    make, field_of = TRAFFIC[name]
    frames, size = make(300), {"protocol": 1, "vlan": 2, "flow-label": 3}[name]

    def lay_out(data: bytes, frame: bytes) -> bytes:
        field = field_of(frame).rjust(size, b"\0")
        return before_ports(data, field) if place == "ports" else field + data

    assert_named(diagnose(tmp_path, frames, answers(frames, lay_out)), f"before-{place}-{name}-{size}")


def test_few_packets_do_not_show_a_field_before_the_ports(tmp_path):
    """What it adds is read off as many packets as it has bits that vary: these tell nothing."""
    make, field_of = TRAFFIC["flow-label"]
    frames = make(8)
    found = diagnose(tmp_path, frames, answers(frames, lambda data, frame: before_ports(data, field_of(frame)[-3:])))
    assert "before-ports-flow-label-3" not in [fault.name for fault in found.diagnosis.faults]
