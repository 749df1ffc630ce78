"""Make traffic, and write it as it is made."""

import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pcaphash.capture.delivered.opening import PCAP, PCAPNG
from pcaphash.capture.delivered.output import STANDARD_OUTPUT, open_output, plain_name
from pcaphash.errors import ConfigurationError, Field
from pcaphash.kernels.synth import SETTINGS, SLOT, STATE, make_packets
from pcaphash.quantities import PS_OF_NS
from pcaphash.standards import ethernet, pcap
from pcaphash.studies.synth.distribution import ONE
from pcaphash.studies.synth.result import Synthesis
from pcaphash.studies.synth.templates import ENCAPSULATIONS, list_kinds, make_templates
from pcaphash.studies.synth.traffic import SHARES, Traffic

WRITE_FIELD = Field("write")
START_NS = 1_672_790_400_000_000_000
"""When the traffic begins: 2023-01-04, 00:00 UTC."""

_FORMATS = "name it .pcapng or .pcap; .gz or .zst after that compresses it"
_ROOM = 4 << 20  # bytes that are made at a time
_MOST_SNAP = 262144
_FOREVER = np.iinfo(np.int64).max
_LOGARITHM_BITS, _LOGARITHMS = 24, 256


def synth(write: str | Path, traffic: Traffic | None = None, watch: Callable[[int], None] | None = None) -> Synthesis:
    """Make traffic from a seed, and write it to a capture.

    Parameters
    ----------
    write : str or Path
        A name that ends with ``.pcap`` or ``.pcapng``, and then perhaps ``.gz`` or ``.zst``; ``-`` is standard output,
        which gets pcapng. The file is there whole, once all went well, or not at all.
    traffic : Traffic, optional
        What is asked for. Default: ``Traffic()``.
    watch : callable, optional
        Called with the number of packets made so far.

    Raises
    ------
    ConfigurationError
        The name says no format.
    OutputError
        The file cannot be written.
    """
    path, traffic = str(write), Traffic() if traffic is None else traffic
    suffix = PCAPNG if path == STANDARD_OUTPUT else plain_name(path).suffix.lower()
    if suffix not in (PCAP, PCAPNG):
        raise ConfigurationError(WRITE_FIELD, "the file extension names no format", _FORMATS)
    making = _Making(traffic, suffix == PCAPNG)
    with open_output(path, WRITE_FIELD) as output:
        output.write(_file_header(traffic, suffix == PCAPNG))
        for chunk in making.chunks():
            output.write(chunk)
            if watch is not None:
                watch(making.frames)
    return making.result(path)


class _Making:
    """Traffic as it is made.

    Parameters
    ----------
    traffic : Traffic
        What is asked for.
    is_pcapng : bool
        Whether packets are those of pcapng.
    """

    def __init__(self, traffic: Traffic, is_pcapng: bool) -> None:
        self._traffic = traffic
        self._kinds = list(list_kinds())
        self._headers, self._templates = make_templates(self._kinds)
        self._distribution = traffic.distribution()
        self._limits, self._logarithms = _limits_of(traffic), _tabulate_logarithms()
        self._lengths = np.array(traffic.lengths, np.int64)
        self._settings = _settings_of(traffic, is_pcapng)
        n_slots = traffic.n_ranks if traffic.is_by_rank else min(traffic.concurrent, traffic.flows or _FOREVER)
        self._slots = np.zeros(n_slots, SLOT)
        self._state = np.zeros(1, STATE)
        self._state["active"] = n_slots
        self._counts = np.zeros(3 * len(self._kinds), np.int64)

    @property
    def frames(self) -> int:
        """Frames made so far."""
        return int(self._state["frames"][0])

    def chunks(self) -> Iterator[memoryview]:
        """Yield records, many at a time; the next ones are made meanwhile."""
        rooms = [np.empty(_ROOM, np.uint8) for _ in range(2)]
        with ThreadPoolExecutor(1) as worker:
            waiting = worker.submit(self._make, rooms[0])
            is_over = 0
            while not is_over:
                n_bytes, is_over = waiting.result()
                ready = rooms[0]
                rooms.reverse()
                if not is_over:
                    waiting = worker.submit(self._make, rooms[0])
                if n_bytes:
                    yield memoryview(ready)[:n_bytes]  # type: ignore[arg-type]

    def _make(self, room: npt.NDArray[np.uint8]) -> tuple[int, int]:
        made = self._distribution
        return make_packets(
            self._settings, self._state, self._slots, self._templates, self._headers, self._limits, made.numbers,
            made.cumulative, made.guide, self._logarithms, self._lengths, self._counts, room,
        )  # fmt: skip

    def result(self, path: str) -> Synthesis:
        """Say what was made."""
        state = self._state[0]
        return Synthesis(
            path, self._traffic, self._kinds, self._counts.reshape(-1, 3), int(state["finished"]),
            max(int(state["largest"]), int(self._slots["packets"].max())), int(state["last_ps"]) // PS_OF_NS,
        )  # fmt: skip


def _settings_of(traffic: Traffic, is_pcapng: bool) -> npt.NDArray[np.void]:
    settings = np.zeros(1, SETTINGS)
    gap, peak, burst = traffic.gap_ps, traffic.peak, traffic.burst_packets
    values = {
        "seed": np.uint64(traffic.seed),
        "most_frames": traffic.packets or _FOREVER,
        "most_flows": traffic.flows or _FOREVER,
        "end_ps": traffic.end_ps,
        "start_ns": START_NS,
        "by_bytes": traffic.is_by_bytes,
        "by_rank": traffic.is_by_rank,
        "gap_ps": gap,
        "is_even": traffic.arrivals == "even",
        "burst_gap_ps": gap // peak,
        # All packets of a burst and the pause after them take what they would take on average.
        "pause_ps": burst * gap - (burst - 1) * (gap // peak) if traffic.arrivals == "on-off" else 0,
        "burst_scale": _scale_of_burst(burst),
        "n_endpoints": traffic.endpoints,
        "n_networks": traffic.networks,
        "outer_port": traffic.outer_port,
        **{name: _of_one(Fraction(getattr(traffic, name))) for name in SHARES},
        "snap_length": traffic.snap_length or _MOST_SNAP,
        "is_pcapng": is_pcapng,
    }
    for name, value in values.items():
        settings[name] = value
    return settings


def _of_one(share: Fraction) -> int:
    """Return a share in units of 1 / ``ONE``."""
    return round(share * ONE)


def _scale_of_burst(mean: int) -> int:
    """Return the mean, times 2 ** 20, of exponential numbers that are ``mean - 1`` on average when rounded down."""
    with localcontext(prec=24):
        return int((1 << 20) / (Decimal(mean) / (mean - 1)).ln())


def _limits_of(traffic: Traffic) -> npt.NDArray[np.int64]:
    """Return up to which half of a random number each encapsulation comes."""
    sums = accumulate(traffic.shares.get(name, Fraction(0)) for name in ENCAPSULATIONS)
    return np.array([_of_one(share) for share in sums], np.int64)


def _tabulate_logarithms() -> npt.NDArray[np.int64]:
    """Return -ln of the numbers from 1/2 to 1, in units of 2 ** -24."""
    with localcontext(prec=24):
        steps = [-((_LOGARITHMS + i) / Decimal(2 * _LOGARITHMS)).ln() for i in range(_LOGARITHMS + 1)]
        return np.array([round(each * (1 << _LOGARITHM_BITS)) for each in steps], np.int64)


def _file_header(traffic: Traffic, is_pcapng: bool) -> bytes:
    """Return what stands in front of the packets of a file: times are in nanoseconds."""
    snap_length = traffic.snap_length or _MOST_SNAP
    if not is_pcapng:
        return struct.pack(
            "<I2HiI2I", pcap.MAGIC_NANOSECONDS, pcap.VERSION_MAJOR, pcap.VERSION_MINOR, 0, 0, snap_length,
            ethernet.ETHERNET,
        )  # fmt: skip
    section = struct.pack("<IIIHHqI", pcap.SECTION_HEADER, 28, pcap.BYTE_ORDER_MAGIC, 1, 0, -1, 28)
    resolution = struct.pack("<HHB3xHH", pcap.OPTION_IF_TSRESOL, 1, 9, pcap.OPTION_END, 0)
    size = pcap.INTERFACE_DESCRIPTION_LEN + len(resolution)
    fields = struct.pack("<IIHHI", pcap.INTERFACE_DESCRIPTION, size, ethernet.ETHERNET, 0, snap_length)
    return section + fields + resolution + struct.pack("<I", size)
