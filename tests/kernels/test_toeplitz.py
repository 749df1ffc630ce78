"""Both forms of the Toeplitz kernel give the published values, and the naive reference's for any key and input."""

from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.configuration import MICROSOFT_KEY
from naive.toeplitz import toeplitz
from pcaphash.kernels import toeplitz as kernel
from pcaphash.kernels.base import step
from pcaphash.kernels.parts import COMPILED
from pcaphash.kernels.toeplitz import (
    _multiplied_finish,
    _multiplied_nothing,
    _multiplied_product,
    _multiplied_slot,
    _tabulated_finish,
    _tabulated_nothing,
    _tabulated_product,
    _tabulated_slot,
    key_table,
    key_windows,
    natural_order,
)

# "Verifying the RSS Hash Calculation" of Microsoft: destination, destination port, source, source port, then the hash
# over addresses and over addresses and ports.
PUBLISHED = [
    ("161.142.100.80", 1766, "66.9.149.187", 2794, 0x323E8FC2, 0x51CCC178),
    ("65.69.140.83", 4739, "199.92.111.2", 14230, 0xD718262A, 0xC626B0EA),
    ("12.22.207.184", 38024, "24.19.198.95", 12898, 0xD2D0A5DE, 0x5C2B394A),
    ("209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xAFC7327F),
    ("202.188.127.2", 1303, "153.39.163.191", 44251, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2CC18CD5, 0x40207D3D),
    ("ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0F0C461C, 0xDDE51BBF),
    ("fe80::200:f8ff:fe21:67cf", 38024, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, 0x4B61E985, 0x02D1FEEF),
]


@step
def multiply(words, key):
    total = _multiplied_nothing()
    for position in range(len(words)):
        total ^= _multiplied_product(words[position], position, key)
    return total


@step
def tabulate(words, key):
    total = _tabulated_nothing()
    for position in range(len(words)):
        total ^= _tabulated_product(words[position], position, key)
    return total


def as_compiled(part):
    """Return what a part is in a compiled kernel: Python would run it as it stands."""
    if not COMPILED:
        return part
    from pcaphash.kernels.compiler import compiled

    return compiled(part)


class Form:
    """One of the two implementations: an input's contributions, and what is read from them."""

    def __init__(self, prepare_key, accumulate, finish, slot):
        self.prepare_key = prepare_key
        self.accumulate, self.finish, self.slot = map(as_compiled, (accumulate, finish, slot))

    def total(self, key: bytes, data: bytes) -> np.uint64:
        return np.uint64(self.accumulate(np.frombuffer(data, ">u4").astype(np.int64), self.prepare_key(key)))

    def hash(self, key: bytes, data: bytes) -> int:
        return int(self.finish(self.total(key, data)))


MULTIPLIED = Form(key_windows, multiply, _multiplied_finish, _multiplied_slot)
TABULATED = Form(key_table, tabulate, _tabulated_finish, _tabulated_slot)
FORMS = [
    pytest.param(
        MULTIPLIED,
        id="multiplied",
        marks=pytest.mark.skipif(not kernel.INSTRUCTION, reason="this processor has no carry-less multiply"),
    ),
    pytest.param(TABULATED, id="tabulated"),
]
KEYS = st.binary(min_size=1, max_size=300)
INPUTS = st.integers(0, 9).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector[0])
def test_published_values(form, vector):
    destination, destination_port, source, source_port, over_addresses, over_ports = vector
    addresses = ip_address(source).packed + ip_address(destination).packed
    ports = source_port.to_bytes(2, "big") + destination_port.to_bytes(2, "big")
    assert form.hash(MICROSOFT_KEY, addresses) == over_addresses
    assert form.hash(MICROSOFT_KEY, addresses + ports) == over_ports


@pytest.mark.parametrize("form", FORMS)
@given(key=KEYS, data=INPUTS)
def test_any_key_and_input(form, key, data):
    assert form.hash(key, data) == toeplitz(key, data)


@pytest.mark.parametrize("form", FORMS)
def test_every_bit_of_the_input_alone(form):
    for position in range(288):
        data = (1 << (287 - position)).to_bytes(36, "big")
        assert form.hash(MICROSOFT_KEY, data) == toeplitz(MICROSOFT_KEY, data)


@pytest.mark.parametrize("form", FORMS)
@given(key=KEYS, one=st.binary(min_size=36, max_size=36), other=st.binary(min_size=36, max_size=36))
def test_linearity(form, key, one, other):
    both = bytes(a ^ b for a, b in zip(one, other, strict=True))
    assert form.total(key, both) == form.total(key, one) ^ form.total(key, other)
    assert form.hash(key, both) == form.hash(key, one) ^ form.hash(key, other)


@pytest.mark.parametrize("form", FORMS)
@given(key=KEYS, data=INPUTS)
def test_only_forty_bytes_of_the_key_matter(form, key, data):
    assert form.hash(key, data) == form.hash(key[:40].ljust(40, b"\0") + b"\xff", data)


@pytest.mark.parametrize("form", FORMS)
@given(key=KEYS, data=INPUTS, slot_bits=st.integers(1, 16))
def test_slots_are_the_low_bits_of_the_hash(form, key, data, slot_bits):
    slot = form.hash(key, data) & ((1 << slot_bits) - 1)
    assert form.slot(form.total(key, data), slot_bits) == natural_order(1 << slot_bits)[slot]
