"""What a device with some faults would report of the packets of a sample, and which packets that explains."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.device.device import Device
from pcaphash.engine.describer import Describer, Descriptions, queues_of
from pcaphash.errors import ConfigurationError
from pcaphash.kernels.inputs import hash_inputs
from pcaphash.kernels.toeplitz import WORDS, prepare_key
from pcaphash.studies.validate.fault import KEY, Fault
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.verdicts import Expectations, Leniency, plain_types, presence, says_only_queue

Mask = npt.NDArray[np.bool_]
Faults = tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class _Reading:
    """What a device makes of packets before it hashes."""

    found: Descriptions
    words: npt.NDArray[np.uint32]
    reports: npt.NDArray[np.int16]
    tunnels: list[npt.NDArray[np.int16]]


class Trial:
    """Tries faults on the packets of a sample.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        The packets, and what was reported of them.
    leniency : Leniency
        Which differences count as right.
    by_queue : bool
        Whether the receive queue stands for the hash where nothing else is said of it.
    """

    def __init__(self, device: Device, sample: Sample, leniency: Leniency, *, by_queue: bool = False) -> None:
        self._by_queue = by_queue
        self.device = device
        self.sample = sample
        self._leniency = leniency
        self._readings: dict[tuple[Device, int], _Reading] = {}
        self._arranged: dict[tuple[Device, int, Faults], npt.NDArray[np.uint32]] = {}
        self._hashed: dict[tuple[Device, int, Faults, Faults], npt.NDArray[np.uint32]] = {}
        self._spec = self._read(device, 0)

    @property
    def signatures(self) -> npt.NDArray[np.int32]:
        """Signatures of the packets, as the spec reads them."""
        return self._spec.found.signatures

    def explained(self, faults: Iterable[Fault]) -> Mask:
        """Tell of which packets a device with these faults would have reported what was reported."""
        predicted = self._predict(tuple(faults))
        reported = self.sample.reported
        if predicted is None:
            return np.zeros(len(self.sample), bool)
        reading, values = predicted
        hashed = reading.found.hashed
        missing, unexpected = presence(hashed, values, reported)
        fits = reading.found.known & ~missing & ~unexpected
        fits &= ~(hashed & reported.has_hash) | (values == reported.hash_values)
        fits &= ~hashed | self._type_fits(reading)
        fits &= self._tunnel_fits(reading)
        return fits & self._queue_fits(reading, values) if self._by_queue else fits

    def agrees(self, faults: Iterable[Fault]) -> Mask:
        """Tell of which packets such a device would have reported the types too, not only the spec's in their place."""
        predicted = self._predict(tuple(faults))
        if predicted is None:
            return np.zeros(len(self.sample), bool)
        reading, _ = predicted
        said, mine = self.sample.reported.hash_reports, reading.reports
        if self._leniency.extended_types:
            said, mine = plain_types(said), plain_types(mine)
        agrees: Mask = (said == NOT_REPORTED) | (said == mine) | ~reading.found.hashed
        return agrees

    def hash_values(self, faults: Iterable[Fault]) -> tuple[npt.NDArray[np.uint32], Mask]:
        """Return the hashes that a device with these faults would report, and which packets have one."""
        predicted = self.predict(faults)
        if predicted is None:
            raise AssertionError("only faults that explain something are asked for")
        values, hashed, _ = predicted
        return values, hashed

    def predict(self, faults: Iterable[Fault]) -> tuple[npt.NDArray[np.uint32], Mask, Mask] | None:
        """Return the same, and of which packets that is known; None where no device has such faults."""
        predicted = self._predict(tuple(faults))
        if predicted is None:
            return None
        reading, values = predicted
        return values, reading.found.hashed, reading.found.known

    def _predict(self, faults: tuple[Fault, ...]) -> tuple[_Reading, npt.NDArray[np.uint32]] | None:
        device, flags = self.device, 0
        try:
            for fault in faults:
                device = fault.device(device) if fault.device else device
        except ConfigurationError:
            return None
        for fault in faults:
            flags |= fault.flags
        reading = self._read(device, flags)
        arranging = tuple(fault for fault in faults if fault.arrange)
        keyed = tuple(sorted((fault for fault in faults if fault.hash_key), key=lambda fault: fault.places != (KEY,)))
        arranged = self._arrange(reading, (device, flags, arranging))
        place = (device, flags, arranging, keyed)
        if place not in self._hashed:
            hash_key = device.hash_key
            for fault in keyed:
                hash_key = fault.hash_key(hash_key) if fault.hash_key else hash_key
            self._hashed[place] = self._hash(arranged, hash_key, reading.found.hashed)
        values = self._hashed[place]
        for fault in faults:
            reading = replace(reading, reports=fault.report(reading.reports)) if fault.report else reading
            if fault.hides_tunnel:
                nothing = np.zeros(len(self.sample), np.int16)
                reading = replace(reading, tunnels=[nothing])
        for fault in faults:
            values = np.where(reading.found.hashed, fault.value(values), 0).astype(np.uint32) if fault.value else values
        return reading, values

    def _arrange(self, reading: _Reading, place: tuple[Device, int, Faults]) -> npt.NDArray[np.uint32]:
        """Arrange the hash inputs of a reading, once for each way of doing so."""
        if place not in self._arranged:
            words = reading.words
            for fault in place[2]:
                words = fault.arrange(words, reading.found.lengths) if fault.arrange else words
            self._arranged[place] = words
        return self._arranged[place]

    def _read(self, device: Device, flags: int) -> _Reading:
        """Let the kernels read the packets of the sample, once for each way of reading."""
        if (device, flags) not in self._readings:
            describer, expected = Describer(replace(device, hash_key=self.device.hash_key), flags), Expectations(device)
            found = describer.describe(self.sample.block)
            expected.learn(describer.decisions)
            words = found.inputs.view(">u4").astype(np.uint32)
            words[np.arange(WORDS) * 4 >= found.lengths[:, None]] = 0
            tunnels = [each[found.signatures] for each in expected.tunnels.values()]
            self._readings[device, flags] = _Reading(found, words, expected.reports[found.signatures], tunnels)
        return self._readings[device, flags]

    @staticmethod
    def _hash(words: npt.NDArray[np.uint32], hash_key: bytes, hashed: Mask) -> npt.NDArray[np.uint32]:
        values = np.empty(len(words), np.uint32)
        hash_inputs(np.ascontiguousarray(words).reshape(-1), len(words), WORDS, prepare_key(hash_key), values)
        values[~hashed] = 0
        return values

    def _type_fits(self, reading: _Reading) -> Mask:
        """Tell where the type reported is that of the faulty device, or the spec's: the value alone may be wrong."""
        reported = self.sample.reported.hash_reports
        mine, specs = reading.reports, self._spec.reports
        if self._leniency.extended_types:
            reported, mine, specs = plain_types(reported), plain_types(mine), plain_types(specs)
        fits: Mask = (reported == NOT_REPORTED) | (reported == mine) | (reported == specs)
        return fits

    def _queue_fits(self, reading: _Reading, values: npt.NDArray[np.uint32]) -> Mask:
        """Tell where the receive queue is that of the hash, or the hash itself was reported."""
        reported, found = self.sample.reported, reading.found
        fits: Mask = reported.queues == queues_of(values, found.hashed, found.known, self.device)
        return fits | ~says_only_queue(reported)

    def _tunnel_fits(self, reading: _Reading) -> Mask:
        reported = self.sample.reported.hash_report_tunnels
        fits: Mask = reported == NOT_REPORTED
        for tunnels in (*reading.tunnels, *self._spec.tunnels):
            fits |= reported == tunnels
        return fits
