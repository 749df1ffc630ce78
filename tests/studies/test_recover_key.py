"""Keys are recovered as far as linear algebra allows, and no further."""

import csv
import random
import re
from dataclasses import replace

import numpy as np
import pytest

import naive.device
from naive.configuration import Configuration
from naive.toeplitz import toeplitz
from pcaphash import Device
from pcaphash.errors import ConfigurationError
from pcaphash.studies.recover_key import recover_key
from pcaphash.studies.recover_key.agreement import Agreement, Packets
from pcaphash.studies.recover_key.solution import KEY_BITS, WHOLE_HASH, Solution, solve_most
from pcaphash.studies.shared.linear.basis import Basis
from pcaphash.studies.shared.linear.span import BasisSpan
from support import builders
from support.builders import IPV4, IPV6
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.shared import SHARED, needs_shared
from support.traffic import flows, plain, tunnelled, write
from support.words import words_of

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))


def basis_of(data: list[bytes], key: bytes) -> Basis:
    basis = Basis()
    basis.add(words_of(data), np.array([toeplitz(key, each) for each in data], np.uint32))
    return basis


def solve(basis: Basis) -> Solution:
    """Solve for a key that gives all hashes."""
    solution, wrong = solve_most([(equation, WHOLE_HASH) for equation in basis.equations()], False, 0)
    assert solution is not None
    assert wrong == []
    return solution


def rank_of(data: list[bytes]) -> tuple[int, set[int]]:
    """Return the rank of the equations over the key's bits, and the bits that they determine, in plain integers."""
    rows: list[int] = []
    for each in data:
        number = int.from_bytes(each, "big") << (288 - 8 * len(each))
        for bit in range(32):
            row = number << (31 - bit)  # key bit 0 is the highest of 319
            for other in rows:
                row = min(row, row ^ other)
            if row:
                rows = [min(other, other ^ row) if other ^ row < other else other for other in rows] + [row]
    # Each row's highest bit stands in no other row; a row of one bit determines it.
    rows.sort(reverse=True)
    for i, row in enumerate(rows):
        top = 1 << (row.bit_length() - 1)
        rows = [other ^ row if j != i and other & top else other for j, other in enumerate(rows)]
    return len(rows), {KEY_BITS - row.bit_length() for row in rows if row.bit_count() == 1}


def known_bits(mask: bytes) -> set[int]:
    return {bit for bit in range(KEY_BITS) if mask[bit // 8] >> (7 - bit % 8) & 1}


def test_eleven_ipv6_tuples_tell_everything():
    numbers = random.Random(1)
    key = numbers.randbytes(40)
    solution = solve(basis_of([numbers.randbytes(36) for _ in range(11)], key))
    assert solution.known_bits == KEY_BITS == 319
    assert int.from_bytes(solution.hash_key, "big") >> 1 == int.from_bytes(key, "big") >> 1


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_is_what_linear_algebra_allows(seed):
    numbers = random.Random(seed)
    key, fixed = numbers.randbytes(40), numbers.randbytes(8)
    # One pair of tunnel endpoints: only the source port varies, in 14 of its bits.
    data = [fixed + (0xC000 | numbers.getrandbits(14)).to_bytes(2, "big") + b"\x12\xb5" for _ in range(40)]
    data += [numbers.randbytes(seed * 4)] if seed else []
    solution = solve(basis_of(data, key))
    rank, determined = rank_of(data)
    assert solution.rank == rank
    assert known_bits(solution.key_mask) == determined
    mask = int.from_bytes(solution.key_mask, "big")
    assert int.from_bytes(solution.hash_key, "big") & mask == int.from_bytes(key, "big") & mask


@pytest.mark.slow
def test_every_predictable_hash_is_predicted():
    numbers = random.Random(3)
    key, fixed = numbers.randbytes(40), numbers.randbytes(8)

    def outer(port: int) -> bytes:
        return fixed + port.to_bytes(2, "big") + b"\x12\xb5"

    seen = [outer(0xC000 | numbers.getrandbits(14)) for _ in range(60)]
    solution = solve(basis_of(seen, key))
    asked = [outer(0xC000 | numbers.getrandbits(14)) for _ in range(200)]
    values, determined = solution.predict(words_of(asked))
    assert determined.all()
    assert values.tolist() == [toeplitz(key, each) for each in asked]
    others = [numbers.randbytes(12) for _ in range(50)]
    values, determined = solution.predict(words_of(others))
    before = rank_of(seen)[0]
    for each, value, is_determined in zip(others, values.tolist(), determined.tolist(), strict=True):
        assert is_determined == (rank_of([*seen, each])[0] == before)
        assert not is_determined or value == toeplitz(key, each)


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A trace whose packets differ in all that can be hashed, and its frames."""
    numbers = random.Random(9)
    frames = separating_frames()
    for _ in range(30):
        segment = builders.tcp(b"", numbers.getrandbits(16), numbers.getrandbits(16))
        frames.append(builders.framed(builders.ipv6(segment, 6, numbers.randbytes(16), numbers.randbytes(16))))
    return write(tmp_path_factory.mktemp("recovery") / "frames.pcapng", frames), frames


def recovered(varied, *faults: str, device: Device | None = None):
    trace, frames = varied
    said = misbehave(frames, CONFIGURATION, *faults)
    return recover_key(trace, device or device_of(replace(CONFIGURATION, key=b"x")), SaidOf(said))


def assert_is_the_key(found) -> None:
    assert found.is_complete
    assert int.from_bytes(found.solution.hash_key, "big") >> 1 == int.from_bytes(CONFIGURATION.key, "big") >> 1


def test_a_key_from_a_trace(varied):
    found = recovered(varied)
    assert_is_the_key(found)
    assert (found.best.assumption, found.best.contradictions, found.solution.has_initial) == ("as-configured", 0, False)
    assert found.best.evidence > 1000
    assert (found.conclusion, found.of_other_types) == ("complete", 0)
    assert found.calculable == ["ipv4-addresses", "ipv4-ports", "ipv6-addresses", "ipv6-ports"]


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ("value-byte-swapped", "bytes-reversed"),
        ("value-bit-reversed", "bits-reversed"),
        ("value-halves-swapped", "halves-swapped"),
    ],
)
def test_the_order_of_the_bits_is_found(varied, fault, order):
    found = recovered(varied, fault)
    assert_is_the_key(found)
    assert found.best.value_order == order


def test_an_initial_value_is_found(varied):
    found = recovered(varied, "initial-value-ones")
    assert_is_the_key(found)
    assert found.solution.has_initial
    assert found.solution.initial_value == 0xFFFFFFFF


def test_what_is_hashed_is_found(varied):
    trace, frames = varied
    said = [Said(each.value) for each in misbehave(frames, replace(CONFIGURATION, hash_types=0x1FF))]
    found = recover_key(trace, device_of(CONFIGURATION), SaidOf(said))
    assert_is_the_key(found)
    assert found.best.assumption == "outer-ports"
    as_configured = next(fit for fit in found.fits if fit.assumption == "as-configured")
    assert not as_configured.is_consistent
    assert as_configured.contradictions > 10


def test_a_few_wrong_hashes_are_named(varied):
    trace, frames = varied
    said = misbehave(frames, CONFIGURATION)
    wrong = [i for i, each in enumerate(said) if each.value][5::150]
    for i in wrong:
        said[i] = replace(said[i], value=said[i].value ^ 0x10)
    found = recover_key(trace, device_of(CONFIGURATION), SaidOf(said))
    assert_is_the_key(found)
    assert set(found.best.contradicting) <= {i + 1 for i in wrong}
    assert found.best.contradictions >= 1


def test_a_wrong_hash_that_no_sum_of_inputs_shows():
    """Inputs that are all new say nothing of each other's hashes, but no key gives the wrong one too."""
    numbers = random.Random(4)
    key = numbers.randbytes(40)
    data = [numbers.randbytes(36) for _ in range(60)]
    basis = basis_of(data, key)
    assert basis.contradictions == 0
    equations = [(int.from_bytes(each, "big"), 1, toeplitz(key, each)) for each in data]
    equations[20] = (*equations[20][:2], equations[20][2] ^ 0x80)
    assert solve_most([(each, WHOLE_HASH) for each in equations], False, 0) == (None, [20])
    solution, wrong = solve_most([(each, WHOLE_HASH) for each in equations], False, 3)
    assert wrong == [20]
    assert solution.known_bits == KEY_BITS
    assert int.from_bytes(solution.hash_key, "big") >> 1 == int.from_bytes(key, "big") >> 1


def test_such_a_hash_in_a_trace(tmp_path):
    numbers = random.Random(6)
    frames = [
        builders.ethernet(
            builders.ipv6(builders.tcp(b"", numbers.getrandbits(16)), 6, numbers.randbytes(16), numbers.randbytes(16)),
            IPV6,
        )
        for _ in range(60)
    ]
    said = misbehave(frames, CONFIGURATION)
    said[20] = replace(said[20], value=said[20].value ^ 1)
    found = recover_key(write(tmp_path / "new.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert (found.best.contradictions, found.best.contradicting) == (1, (21,))
    mask = int.from_bytes(found.solution.key_mask, "big")
    assert mask.bit_count() > 250
    assert int.from_bytes(found.solution.hash_key, "big") & mask == int.from_bytes(CONFIGURATION.key, "big") & mask


@pytest.mark.jit_only
@pytest.mark.parametrize("seed", range(12))
def test_what_so_few_packets_fit_by_chance_is_not_chosen(tmp_path, seed):
    some = [plain(flow) for flow in flows(3, seed=seed)]
    trace = write(tmp_path / "few.pcapng", some)
    found = recover_key(trace, device_of(CONFIGURATION), SaidOf(misbehave(some, CONFIGURATION)))
    assert found.best.assumption == "as-configured"
    assert not found.best.is_confirmed
    key, mask = (int.from_bytes(each, "big") for each in (found.solution.hash_key, found.solution.key_mask))
    assert key & mask == int.from_bytes(CONFIGURATION.key, "big") & mask
    # Where even that does not fit, nothing else is taken for it.
    odd = [replace(each, value=each.value ^ 1 << 5 * i) for i, each in enumerate(misbehave(some * 2, CONFIGURATION))]
    lost = recover_key(write(tmp_path / "odd.pcapng", some * 2), device_of(CONFIGURATION), SaidOf(odd))
    assert lost.best is None
    assert (lost.conclusion, lost.calculable) == ("no-key", [])
    by_chance = replace(lost.fits[0], solution=found.solution, packets=3)
    assert replace(lost, fits=[by_chance]).conclusion == "uncertain"
    assert replace(lost, fits=[replace(by_chance, packets=0)]).conclusion == "no-key"
    assert replace(lost, fits=[by_chance], is_order_known=False).conclusion == "no-order"


def test_what_few_packets_contradict_is_not_chosen(tmp_path):
    """Few enough to be taken for errors, if there were not an assumption that they all go with."""
    numbers = random.Random(8)
    frames = [
        builders.ethernet(
            builders.ipv4(
                builders.tcp(b"", numbers.getrandbits(16), numbers.getrandbits(16)), 6, *map(numbers.randbytes, (4, 4))
            ),
            IPV4,
        )
        for _ in range(400)
    ]
    frames += [tunnelled(flow) for flow in flows(12)]
    outer = replace(CONFIGURATION, hash_types=0x1FF)
    said = [Said(each.value) for each in misbehave(frames, outer)]
    found = recover_key(write(tmp_path / "mixed.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert (found.best.assumption, found.best.contradictions) == ("outer-ports", 0)
    as_configured = found.fits[0]
    assert as_configured.contradictions > 5
    assert all(number > 400 for number in as_configured.contradicting)


def packets_of(numbers: random.Random, key: bytes, sizes: list[tuple[int, int]]) -> Packets:
    """Make packets with random inputs: so many of so many bytes, one kind after the other."""
    data = [numbers.randbytes(size) for n, size in sizes for _ in range(n)]
    values = np.array([toeplitz(key, each) for each in data], np.uint32)
    return Packets(np.arange(1, len(data) + 1), words_of(data), values)


@pytest.mark.jit_only
@pytest.mark.parametrize("wrong", [[30], [4510], [30, 4501, 4600], list(range(5, 5500, 500))])
@pytest.mark.parametrize("at_once", [6000, 500])
def test_wrong_hashes_wherever_new_inputs_come(wrong, at_once):
    """All that contradict are counted and named, and nothing is lost of inputs that come late."""
    packets = packets_of(random.Random(11), CONFIGURATION.key, [(4500, 12), (1500, 36)])
    for each in wrong:
        packets.values[each - 1] ^= np.uint32(0x00100400)
    agreement = Agreement()
    for start in range(0, len(packets), at_once):
        agreement.add(packets.take(slice(start, start + at_once)))
    agreement.improve()
    assert agreement.inputs == 6000
    assert agreement.basis.rank == 289
    assert agreement.contradictions == len(wrong)
    assert agreement.first_contradicting(100) == tuple(wrong)
    solution = solve(agreement.basis)
    assert int.from_bytes(solution.hash_key, "big") >> 1 == int.from_bytes(CONFIGURATION.key, "big") >> 1


@pytest.mark.jit_only
def test_errors_that_are_all_alike_do_not_win():
    """A basis with such an error in it would explain half of the others."""
    packets = packets_of(random.Random(12), CONFIGURATION.key, [(30000, 12)])
    wrong = [each for each in range(1, 30001) if each % 100 == 50 and each > 5000]
    packets.values[np.array(wrong) - 1] ^= np.uint32(0x1234)
    agreement = Agreement()
    for start in range(0, 30000, 3000):
        agreement.add(packets.take(slice(start, start + 3000)))
    agreement.improve()
    assert agreement.contradictions == len(wrong)


@pytest.mark.parametrize("size", [12, 36])
def test_a_span_agrees_with_its_basis(size):
    numbers = random.Random(size)
    start = numbers.getrandbits(32)  # an initial value
    some = packets_of(numbers, CONFIGURATION.key, [(40, size)])
    basis = Basis()
    basis.add(some.words, some.values ^ np.uint32(start))
    span = BasisSpan(basis)
    mixes = [numbers.sample(range(40), 2 * numbers.randrange(1, 8) + 1) for _ in range(50)]
    words = np.array([np.bitwise_xor.reduce(some.words[mix]) for mix in mixes])
    values = np.array([np.bitwise_xor.reduce(some.values[mix]) for mix in mixes]) ^ np.uint32(start)
    assert span.agrees(words, values).all()
    assert not span.agrees(words, values ^ np.uint32(1)).any()
    even = np.array([some.words[i] ^ some.words[i + 1] for i in range(39)])
    assert not span.agrees(even, np.zeros(39, np.uint32)).any()  # a sum of two lacks the one behind it
    fresh = packets_of(numbers, CONFIGURATION.key, [(50, size)])
    assert not span.agrees(fresh.words, fresh.values ^ np.uint32(start)).any()


def test_random_values_have_no_key(varied):
    trace, frames = varied
    numbers = random.Random(2)
    said = [Said(numbers.getrandbits(32)) for _ in frames]
    found = recover_key(trace, Device(), SaidOf(said))
    assert (found.best, found.solution, found.is_complete) == (None, None, False)
    assert (found.conclusion, found.calculable) == ("no-key", [])


def test_packets_that_report_another_type_are_counted(varied):
    trace, frames = varied
    said = misbehave(frames, CONFIGURATION)
    other = [i for i, each in enumerate(said) if each.report == "TCPv4"][:3]
    for i in other:
        said[i] = replace(said[i], report="UDPv4")
    found = recover_key(trace, device_of(CONFIGURATION), SaidOf(said))
    assert_is_the_key(found)
    assert found.of_other_types == len(other) == 3


def test_known_keys_are_named(varied):
    trace, frames = varied
    said = misbehave(frames, replace(CONFIGURATION, key=naive.configuration.MICROSOFT_KEY))
    assert recover_key(trace, Device(), SaidOf(said)).known_key == "microsoft"
    assert recovered(varied).known_key == ""


def test_the_initial_value_is_that_of_the_known_key(tmp_path):
    """Unknown bits of the key and the initial value depend on each other; those of the key that is named are known."""
    frames = [plain(flow) for flow in flows(60)]
    said = misbehave(frames, replace(CONFIGURATION, key=naive.configuration.MICROSOFT_KEY))
    said = [replace(each, value=each.value ^ 0x12345678) for each in said]
    found = recover_key(write(tmp_path / "flows.pcapng", frames), Device(), SaidOf(said))
    assert (found.known_key, found.is_complete) == ("microsoft", False)
    assert found.initial_value == 0x12345678


def test_packets_without_a_reported_hash_are_predicted(tmp_path):
    some = [plain(flow) for flow in flows(40)]
    trace = write(tmp_path / "flows.pcapng", some)
    said = misbehave(some, CONFIGURATION)
    found = recover_key(trace, Device(), SaidOf(said[:20] + [Said(None)] * 20))
    assert (found.unreported, found.looked_at, found.predictable) == (20, 20, 20)
    few = recover_key(trace, Device(), SaidOf(said[:2] + [Said(None)] * 38))
    assert few.predictable == 0


def test_one_tunnel_endpoint_pair(tmp_path):
    some = [tunnelled(flow) for flow in flows(300)]
    trace = write(tmp_path / "vxlan.pcapng", some)
    configuration = replace(CONFIGURATION, hash_types=0x1FF)
    answers = [naive.device.answer(frame, len(frame), 1, configuration) for frame in some]
    found = recover_key(trace, device_of(configuration), SaidOf([Said(answer.hash_value) for answer in answers]))
    rank, determined = rank_of([answer.hash_input for answer in answers])
    assert found.solution.rank == rank
    assert known_bits(found.solution.key_mask) == determined


def test_nothing_reported_is_refused(tmp_path):
    frame = builders.framed(builders.ipv4(builders.udp(), 17))
    with pytest.raises(ConfigurationError, match="no packet has a reported hash"):
        recover_key(write(tmp_path / "one.pcapng", [frame]))


@needs_shared
def test_the_random_key_of_a_real_device():
    lines = (SHARED / "device" / "reported-random-key.csv").read_text().splitlines()
    remarks = "\n".join(line for line in lines if line.startswith("#"))
    answers = csv.DictReader(line for line in lines if not line.startswith("#"))
    # Of a cut header, QEMU hashes what an earlier frame left.
    said = [
        Said(None) if re.match("v[46]-header-cut", answer["label"]) else Said(int(answer["hash"], 16), answer["report"])
        for answer in answers
    ]
    types = int(re.search(r"hash_types: 0x(\w+)", remarks)[1], 16)
    found = recover_key(SHARED / "device" / "frames.pcap", Device(flavor="qemu", hash_types=types), SaidOf(said))
    key = int(re.search(r"key: (\w+)", remarks)[1], 16)
    assert found.solution.known_bits == 319
    assert int.from_bytes(found.solution.hash_key, "big") >> 1 == key >> 1
    assert found.best.contradictions == 0
