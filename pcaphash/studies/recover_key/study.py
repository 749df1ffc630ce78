"""Recover a key: collect what hash inputs and reported hashes say, under several assumptions about what is hashed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from os import PathLike, fspath

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported import NOT_REPORTED, Reported, ReportedSource
from pcaphash.capture.reported_options import PacketOptions
from pcaphash.capture.reported_testpmd import TestpmdLog
from pcaphash.device.device import Device
from pcaphash.device.hash_key import NAMED_KEYS, TITLES
from pcaphash.device.hash_types import ADDRESS_HASH_TYPES
from pcaphash.engine.census import Identity
from pcaphash.engine.describer import Describer, Descriptions
from pcaphash.engine.selecting import Selector
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.stream import Account, Progress, check_selected, read_reported
from pcaphash.errors import ConfigurationError
from pcaphash.kernels.toeplitz import WORDS
from pcaphash.standards import virtio
from pcaphash.studies.recover_key.agreement import Agreement, Packets
from pcaphash.studies.recover_key.basis import Basis, Words
from pcaphash.studies.recover_key.result import Fit, Recovery
from pcaphash.studies.recover_key.solution import Solution, solve, solve_most
from pcaphash.studies.validate.log_order import arrange_by_contents, can_be_read_twice
from pcaphash.studies.validate.verdicts import Expectations

VALUE_ORDERS = {
    "as reported": {bit: bit for bit in range(32)},
    "bytes in the opposite order": {bit: 8 * (3 - bit // 8) + bit % 8 for bit in range(32)},
    "bits in reversed order": {bit: 31 - bit for bit in range(32)},
    "16-bit halves swapped": {bit: (bit + 16) % 32 for bit in range(32)},
}
"""Of each bit of a hash, counted from the most significant, which bit of the reported value it is."""

_MOST_KEPT = 4096  # packets without a reported hash that are looked at
_MOST_WRONG = 20  # one in so many packets may contradict the others
_LOST = 4096  # contradictions, at least, before an assumption is given up
_MOST_SOLVED = 400  # packets among which wrong ones are looked for by solving for the key
_ATTEMPTS = 4
_SEED = 1
_SHOWN = 10
_OWN_ORDER = (
    "the log is printed queue by queue, so its lines cannot be matched to packets without the key; use one receive "
    "queue, or packets of different lengths"
)


class _Assumption:
    """One assumption about what is hashed, and what the packets say under it."""

    def __init__(self, name: str, device: Device, report_numbers: frozenset[int] | None) -> None:
        self.name = name
        self._report_numbers = report_numbers
        self.device = device
        self._agreement = Agreement()
        self._describer, self._expected = Describer(device), Expectations(device)
        self._unreported: list[Words] = []
        self.n_unreported = 0
        self.n_of_other_types = 0

    @property
    def is_lost(self) -> bool:
        """Whether so much contradicts that the assumption need not be followed any further."""
        return self._agreement.contradictions > max(_LOST, self._agreement.inputs // _MOST_WRONG)

    def add(self, block: Block, numbers: npt.NDArray[np.int64], reported: Reported) -> None:
        """Take in the packets of a block."""
        found = self._describer.describe(block)
        self._expected.learn(self._describer.decisions)
        says = reported.has_hash & found.hashed & (reported.hash_reports != 0)
        reports = self._expected.reports[found.signatures]
        of_type = (reported.hash_reports == NOT_REPORTED) | (reported.hash_reports == reports)
        self.n_of_other_types += int(np.count_nonzero(says & ~of_type))
        says &= of_type
        if self._report_numbers is not None:
            says &= np.isin(reports, list(self._report_numbers))
        words = input_words(found)
        self._keep_unreported(words[found.hashed & ~reported.has_hash])
        self._agreement.add(Packets(numbers[says], words[says], reported.hash_values[says]))

    def _keep_unreported(self, words: Words) -> None:
        self.n_unreported += len(words)
        room = _MOST_KEPT - sum(map(len, self._unreported))
        if room > 0 and len(words):
            self._unreported.append(words[:room])

    @property
    def unreported(self) -> Words:
        """Hash inputs of packets without a reported hash, those that were kept."""
        return np.concatenate([np.empty((0, WORDS), np.uint32), *self._unreported])

    def fit(self) -> Fit:
        """Find out how well the assumption goes with what was reported."""
        agreement = self._agreement
        agreement.improve()
        solution, order = None, ""
        if agreement.contradictions * _MOST_WRONG <= agreement.inputs:
            solution, order = _solve(agreement.basis)
            if solution is None and (wrong := _wrong(agreement.witnesses)) is not None:
                agreement = agreement.without(wrong)
                solution, order = _solve(agreement.basis)
        return Fit(
            self.name, self.device, agreement.inputs, agreement.basis.rank, agreement.contradictions, solution, order,
            agreement.first_contradicting(_SHOWN),
        )  # fmt: skip


_READINGS = [(has_initial, name) for has_initial in (False, True) for name in VALUE_ORDERS]


def _solve(basis: Basis) -> tuple[Solution | None, str]:
    """Solve for a key in each order of the hash's bits, with an initial value of 0 first, then with an unknown one."""
    for has_initial, name in _READINGS:
        if solution := solve(basis, VALUE_ORDERS[name], has_initial):
            return solution, name
    return None, ""


def _wrong(packets: Packets) -> npt.NDArray[np.int64] | None:
    """Return the numbers of packets without which a key gives all hashes; None where there are none.

    Of inputs none of which is a sum of others, any hashes could be right, but not with one key: an input of n bits
    asks for n + 31 bits of it, and says 32.
    """
    random = np.random.default_rng(_SEED)
    orders = [random.permutation(len(packets))[:_MOST_SOLVED] for _ in range(_ATTEMPTS)]
    for has_initial, name in _READINGS:
        for order in orders:
            chosen = packets.take(order)
            equations = [
                (int.from_bytes(words.astype(">u4").tobytes(), "big"), 1, int(value))
                for words, value in zip(chosen.words, chosen.values, strict=True)
            ]
            solution, wrong = solve_most(equations, VALUE_ORDERS[name], has_initial, len(order) // _MOST_WRONG)
            if solution:
                return np.sort(chosen.numbers[wrong])
    return None


def input_words(found: Descriptions) -> Words:
    """Return the hash inputs of packets in words, zeros behind their end."""
    words = found.inputs.view(">u4").astype(np.uint32)
    words[np.arange(WORDS) * 4 >= found.lengths[:, None]] = 0
    return words


def _assumptions(device: Device, report_numbers: frozenset[int] | None) -> Iterator[_Assumption]:
    """Yield what may be hashed, what the device is configured for first."""
    seen = []
    tunnels = device.profile.all_hash_types & ~virtio.BASE_HASH_TYPES_MASK
    inner = {"features": device.features | {"HASH_TUNNEL"}, "tunnel_types": device.profile.all_tunnel_types}
    for name, changes in (
        ("as configured", {}),
        ("inner header, addresses and ports", {"hash_types": virtio.BASE_HASH_TYPES_MASK | tunnels, **inner}),
        ("outer header, addresses and ports", {"hash_types": virtio.BASE_HASH_TYPES_MASK, "tunnel_types": 0}),
        ("inner header, addresses", {"hash_types": ADDRESS_HASH_TYPES | tunnels, **inner}),
        ("outer header, addresses", {"hash_types": ADDRESS_HASH_TYPES, "tunnel_types": 0}),
    ):
        try:
            changed = replace(device, **changes)
        except ConfigurationError:
            continue  # no such device can be, such as QEMU's with HASH_TUNNEL
        if changed not in seen:
            seen.append(changed)
            yield _Assumption(name, changed, report_numbers)


def recover_key(
    trace: str | PathLike[str],
    device: Device | None = None,
    source: ReportedSource | None = None,
    selection: Selection = RECEIVED,
    watch: Callable[[Progress], None] | None = None,
    *,
    report_numbers: frozenset[int] | None = None,
) -> Recovery:
    """Recover the hash key of a device from the hashes that it reported.

    Parameters
    ----------
    trace : path
        A capture; ``-`` is standard input.
    device : Device, optional
        The configured device, as far as it is known; its key is not looked at. Other headers and types are tried too.
    source : ReportedSource, optional
        Where reported hashes come from. Default: the options of pcapng's packet blocks.
    selection : Selection
        Which packets to look at.
    watch : callable, optional
        Called now and then with the progress.
    report_numbers : frozenset of int, optional
        Look only at packets that get a hash of these types: the values of others are not the device's.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    ConfigurationError
        No packet has a reported hash.
    """
    chosen, source = device or Device(), source or PacketOptions()
    found = _recover(trace, chosen, source, selection, watch, report_numbers)
    if found.best or not isinstance(source, TestpmdLog) or not source.lines.several_queues:
        return found
    if not can_be_read_twice(fspath(trace)) or not arrange_by_contents(source, fspath(trace), chosen):
        return replace(found, notes=[*found.notes, _OWN_ORDER], is_order_known=False)
    return _recover(trace, chosen, source, selection, watch, report_numbers)


def _recover(
    trace: str | PathLike[str],
    chosen: Device,
    source: ReportedSource,
    selection: Selection,
    watch: Callable[[Progress], None] | None,
    report_numbers: frozenset[int] | None,
) -> Recovery:
    """Recover the key from the trace as it is."""
    account = Account([fspath(trace)], watch)
    selector = Selector(selection, Identity.of(chosen), chosen.spec, account.reading.left_out)
    assumptions = list(_assumptions(chosen, report_numbers))
    reader = account.open(fspath(trace))
    n_reported = 0
    for block, numbers, reported in read_reported(reader, account, selector, source):
        n_reported += int(reported.has_hash.sum())
        for assumption in assumptions:
            if not assumption.is_lost:
                assumption.add(block, numbers, reported)
    check_selected(account.reading, selection)
    is_whole = reader.damage is None and not account.reading.is_stopped
    notes = source.finish(account.reading.packets) if is_whole else []
    if not n_reported:
        problem, advice = "no packet has a reported hash", "say where they are: --reported FILE, --virtio-header"
        raise ConfigurationError(fspath(trace), problem, advice)
    return _conclude(Recovery(account.reading, [each.fit() for each in assumptions], None, notes=notes), assumptions)


def _conclude(found: Recovery, assumptions: list[_Assumption]) -> Recovery:
    """Choose what fits best: of what chance is ruled out for, that for which most equations hold besides.

    Where there are too few packets for that, what is configured is taken if it fits, and nothing else.
    """
    fitting = [i for i, fit in enumerate(found.fits) if fit.packets and fit.is_confirmed]
    if not fitting and _is_as_expected(found.fits[0]):
        fitting = [0]
    if not fitting:
        return found
    chosen = max(fitting, key=lambda i: (found.fits[i].evidence, -i))
    best, assumption = found.fits[chosen], assumptions[chosen]
    assert best.solution is not None
    _, determined = best.solution.predict(assumption.unreported)
    notes = list(found.notes)
    if assumption.n_of_other_types:
        notes.append(
            f"{assumption.n_of_other_types:,} packets report another hash type than expected for {best.name}, and "
            "were left out; set --hash-types to match the device"
        )
    return replace(
        found,
        notes=notes,
        best=best,
        known_name=_known_name(best.solution),
        unreported=assumption.n_unreported,
        predictable=int(determined.sum()),
        looked_at=len(determined),
    )


def _is_as_expected(fit: Fit) -> bool:
    """Tell whether some key fits without any other oddity."""
    if fit.solution is None or not fit.packets:
        return False
    return not fit.solution.has_initial and fit.value_order == "as reported" and not fit.contradictions


def _known_name(solution: Solution) -> str:
    """Name the key where it is a known one, as far as its bits are determined."""
    mask = int.from_bytes(solution.key_mask, "big")
    mine = int.from_bytes(solution.hash_key, "big") & mask
    for name, key in NAMED_KEYS.items():
        if mask.bit_count() >= 32 and int.from_bytes(key[:40].ljust(40, b"\0"), "big") & mask == mine:
            return TITLES[name]
    return ""
