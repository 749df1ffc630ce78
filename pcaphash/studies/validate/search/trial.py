"""What a device with some faults would report of the packets of a sample, and which packets that explains."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.device.device import Device
from pcaphash.device.hash_form import hash_form
from pcaphash.engine.census.describer import Describer, Descriptions, queues_of
from pcaphash.errors import ConfigurationError
from pcaphash.kernels.inputs import hash_inputs
from pcaphash.kernels.toeplitz import WORDS, prepare_key
from pcaphash.studies.validate.catalogue.fault import KEY, Fault
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.verdicts import Expectations, Leniency, plain_types, presence, says_only_queue

Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint32]
Faults = tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class DeviceReading:
    """What a device makes of packets before it hashes.

    Parameters
    ----------
    found : Descriptions
        What the kernels say of each.
    words : uint32 array of shape (n, WORDS)
        Hash inputs in network order, zeros after their end.
    reports : int16 array of shape (n,)
        Numbers of hash_report.
    tunnels : list of int16 array of shape (n,)
        Numbers of hash_report_tunnel, in each way to read the spec.
    """

    found: Descriptions
    words: Words
    reports: npt.NDArray[np.int16]
    tunnels: list[npt.NDArray[np.int16]]


def hash_words(words: Words, hash_key: bytes) -> Words:
    """Hash inputs of shape (n, WORDS)."""
    values = np.empty(len(words), np.uint32)
    hash_inputs(np.ascontiguousarray(words).reshape(-1), len(words), WORDS, prepare_key(hash_key), values)
    return values


def hash_with(faults: Iterable[Fault], words: Words, lengths: npt.NDArray[np.int64], device: Device) -> Words:
    """Hash inputs as a device does, with the key that faults make, or the function that one of them has instead."""
    hash_key, form = device.hash_key, hash_form(device.flavor)
    for fault in sorted(faults, key=lambda fault: fault.places != (KEY,)):
        if fault.function:
            return fault.function(words, lengths)
        hash_key = fault.hash_key(hash_key) if fault.hash_key else hash_key
    return form.complete_all(hash_words(words, form.used_key(hash_key)))


@dataclass(frozen=True, eq=False)
class TrialOutcome:
    """What a device with some faults would report of the packets of a sample, beside what was reported.

    Parameters
    ----------
    explained : bool array of shape (n,)
        Packets of which it would report what was reported.
    not_shown : bool array of shape (n,)
        Packets of which the capture shows too little to tell: they speak neither for such a device nor against it.
    differs : bool array of shape (n,)
        Packets of which it would report something other than the spec requires.
    """

    explained: Mask
    not_shown: Mask
    differs: Mask

    @property
    def contradicts(self) -> Mask:
        """Packets of which it would report something other than what was reported."""
        return ~self.explained & ~self.not_shown


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
        self._devices: dict[Faults, Device | None] = {(): device}
        self._describers: dict[Device, Describer] = {}
        self._readings: dict[tuple[Faults, int], DeviceReading] = {}
        self._arranged: dict[tuple[Faults, int, Faults], Words] = {}
        self._hashed: dict[tuple[Faults, int, Faults, Faults], Words] = {}
        self.spec = self._read((), device, 0)
        """What the configured device makes of the packets."""

    @property
    def signatures(self) -> npt.NDArray[np.int32]:
        """Signatures of the packets, as the spec reads them."""
        return self.spec.found.signatures

    def take(self, chosen: npt.NDArray[np.int64]) -> "Trial":
        """Return a trial on some of the packets."""
        return Trial(self.device, self.sample.take(chosen), self._leniency, by_queue=self._by_queue)

    def explained(self, faults: Iterable[Fault]) -> Mask:
        """Tell of which packets a device with these faults would have reported what was reported."""
        return self.outcome(faults).explained

    def outcome(self, faults: Iterable[Fault]) -> TrialOutcome:
        """Tell what a device with these faults would report, beside what was reported."""
        predicted = self._predict(tuple(faults))
        reported = self.sample.reported
        if predicted is None:
            nothing = np.zeros(len(self.sample), bool)
            return TrialOutcome(nothing, nothing, nothing)
        reading, values = predicted
        hashed = reading.found.hashed
        missing, unexpected = presence(hashed, values, reported)
        fits = reading.found.known & ~missing & ~unexpected
        fits &= ~(hashed & reported.has_hash) | (values == reported.hash_values)
        fits &= ~hashed | self._type_fits(reading)
        fits &= self._tunnel_fits(reading)
        fits = fits & self._queue_fits(reading, values) if self._by_queue else fits
        not_shown = ~reading.found.known
        return TrialOutcome(fits, not_shown, self._differs(reading, values) & ~not_shown)

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

    def hash_values(self, faults: Iterable[Fault]) -> tuple[Words, Mask]:
        """Return the hashes that a device with these faults would report, and which packets have one."""
        predicted = self.predict(faults)
        if predicted is None:
            raise AssertionError("only faults that explain something are asked for")
        values, hashed, _ = predicted
        return values, hashed

    def predict(self, faults: Iterable[Fault]) -> tuple[Words, Mask, Mask] | None:
        """Return the same, and of which packets that is known; None where no device has such faults."""
        predicted = self._predict(tuple(faults))
        if predicted is None:
            return None
        reading, values = predicted
        return values, reading.found.hashed, reading.found.known

    def reading_of(self, faults: Iterable[Fault]) -> DeviceReading | None:
        """Return what a device with these faults makes of the packets before it hashes; None where there is none."""
        own = tuple(fault for fault in faults if fault.device)
        device = self._device_of(own)
        flags = 0
        for fault in faults:
            flags |= fault.flags
        return None if device is None else self._read(own, device, flags)

    def _device_of(self, own: Faults) -> Device | None:
        """Return the device that behaves so; None where none can be."""
        if own not in self._devices:
            device: Device | None = self.device
            try:
                for fault in own:
                    device = fault.device(device) if fault.device and device else device
            except ConfigurationError:
                device = None
            self._devices[own] = device
        return self._devices[own]

    def _predict(self, faults: Faults) -> tuple[DeviceReading, Words] | None:
        reading = self.reading_of(faults)
        if reading is None:
            return None
        own = tuple(fault for fault in faults if fault.device)
        device = self._devices[own] or self.device
        flags = 0
        for fault in faults:
            flags |= fault.flags
        arranging = tuple(fault for fault in faults if fault.arrange)
        keyed = tuple(fault for fault in faults if fault.hash_key or fault.function)
        place = (own, flags, arranging, keyed)
        if place not in self._hashed:
            arranged = self._arrange(reading, (own, flags, arranging))
            values = hash_with(keyed, arranged, reading.found.lengths, device)
            values[~reading.found.hashed] = 0
            self._hashed[place] = values
        values = self._hashed[place]
        for fault in faults:
            reading = replace(reading, reports=fault.report(reading.reports)) if fault.report else reading
            if fault.hides_tunnel:
                nothing = np.zeros(len(self.sample), np.int16)
                reading = replace(reading, tunnels=[nothing])
        for fault in faults:
            if fault.besides:
                values = np.where(reading.found.hashed, values ^ fault.besides(self.sample.numbers), 0).astype(
                    np.uint32
                )
        for fault in faults:
            values = np.where(reading.found.hashed, fault.value(values), 0).astype(np.uint32) if fault.value else values
        return reading, values

    def _arrange(self, reading: DeviceReading, place: tuple[Faults, int, Faults]) -> Words:
        """Arrange the hash inputs of a reading, once for each way of doing so."""
        if place not in self._arranged:
            words = reading.words
            for fault in place[2]:
                words = fault.arrange(words, reading.found.lengths) if fault.arrange else words
            self._arranged[place] = words
        return self._arranged[place]

    def _read(self, own: Faults, device: Device, flags: int) -> DeviceReading:
        """Let the kernels read the packets of the sample, once for each way of reading."""
        if (own, flags) not in self._readings:
            describer = self._describers.get(device)
            if describer is None:
                describer = self._describers[device] = Describer(device)
            found = (describer.departing(flags) if flags else describer).describe(self.sample.block)
            expected = Expectations(device, self.device.spec)
            expected.learn({each: describer.decisions[each] for each in np.unique(found.signatures).tolist()})
            words = found.inputs.view(">u4").astype(np.uint32)
            words[np.arange(WORDS) * 4 >= found.lengths[:, None]] = 0
            tunnels = [each[found.signatures] for each in expected.tunnels.values()]
            self._readings[own, flags] = DeviceReading(found, words, expected.reports[found.signatures], tunnels)
        return self._readings[own, flags]

    def _differs(self, reading: DeviceReading, values: Words) -> Mask:
        """Tell where the faulty device differs from the spec in something that is reported."""
        reported, specs = self.sample.reported, self.spec
        mine, theirs = reading.reports, specs.reports
        if self._leniency.extended_types:
            mine, theirs = plain_types(mine), plain_types(theirs)
        differs: Mask = (values != specs.found.hash_values) & (reported.has_hash | says_only_queue(reported))
        differs |= reading.found.hashed != specs.found.hashed
        differs |= (mine != theirs) & (reported.hash_reports != NOT_REPORTED)
        differs |= (reading.tunnels[0] != specs.tunnels[0]) & (reported.hash_report_tunnels != NOT_REPORTED)
        return differs

    def _type_fits(self, reading: DeviceReading) -> Mask:
        """Tell where the type reported is that of the faulty device, or the spec's: the value alone may be wrong."""
        reported = self.sample.reported.hash_reports
        mine, specs = reading.reports, self.spec.reports
        if self._leniency.extended_types:
            reported, mine, specs = plain_types(reported), plain_types(mine), plain_types(specs)
        fits: Mask = (reported == NOT_REPORTED) | (reported == mine) | (reported == specs)
        return fits

    def _queue_fits(self, reading: DeviceReading, values: npt.NDArray[np.uint32]) -> Mask:
        """Tell where the receive queue is that of the hash, or the hash itself was reported."""
        reported, found = self.sample.reported, reading.found
        queues, specs = queues_of(values, found.hashed, found.known, self.device), self.spec.found
        fits: Mask = reported.queues == queues
        mine = fits & found.hashed & specs.hashed & (self.sample.faults > 0)
        if len(np.unique(queues[mine])) == 1 < len(np.unique(specs.queues[mine])):
            fits &= ~mine  # that wrong packets go to one queue shows no hash
        return fits | ~says_only_queue(reported)

    def _tunnel_fits(self, reading: DeviceReading) -> Mask:
        reported = self.sample.reported.hash_report_tunnels
        fits: Mask = reported == NOT_REPORTED
        for tunnels in (*reading.tunnels, *self.spec.tunnels):
            fits |= reported == tunnels
        return fits
