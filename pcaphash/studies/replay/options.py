"""How a trace is replayed: rings, service, arrival, and changes in the middle."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pcaphash.device.device import Device
from pcaphash.engine.replay.arrivals import Timing
from pcaphash.engine.replay.rates import Rate, check_ratio
from pcaphash.engine.replay.steering import Plan
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_SECOND

MOST_RING_SIZE = 65536
_MOST_LENGTH = 2**32  # of a packet, in bytes
_MOST_BACKLOG_PS = 2**60  # 13 days
_MOST_RATE_TERM = 10**12
_FIXED = ("spec", "features", "flavor")  # what driver and device agree on before the first packet


def _whole(name: str, value: object) -> int:
    """Return a whole number that is given as an option."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ConfigurationError(Field(name), f"{value!r} is not a whole number", "give one, such as 8")
    return operator.index(value)


def _agreed(device: Device, name: str) -> object:
    """Return what was agreed on; without RSS, where HASH_CONFIG may have ended steering by hashes."""
    return device.features - {"RSS"} if name == "features" else getattr(device, name)


@dataclass(frozen=True)
class Change:
    """A configuration that is changed in the middle.

    Parameters
    ----------
    config : str
        Name of the configuration that it is a change of.
    at_ps : int
        From when on arriving packets are steered by ``device``, in picoseconds after the first arrival.
    device : Device
        As it is configured from then on.
    """

    config: str
    at_ps: int
    device: Device


@dataclass(frozen=True)
class ReplayOptions:
    """How a trace is replayed.

    Parameters
    ----------
    ring_size : int
        Descriptors of each ring; a packet occupies one from its arrival until its service ends.
    service_ps : int or None
        How long a core takes for a packet, in picoseconds. None without ``service_per_byte_ps``: a whole grid of
        service rates is tried, and the loss under each is told.
    service_per_byte_ps : int
        What it takes besides for each byte of a packet's original length.
    speed : Fraction
        How many times as fast as it was captured.
    rate : Rate or None
        Gives the times of arrival in place of the trace's own.
    loop : int
        How many times the input is replayed.
    rebase : bool
        Whether several traces are laid one after the other, and not merged by time.
    window_ns : int or None
        Length of a window in nanoseconds, if loads are to be told per window too.
    changes : sequence of Change
        What is changed in the middle, in any order.
    baselines : bool
        Whether a shared ring, round robin and an ideal hash are told beside the configurations.

    Raises
    ------
    ConfigurationError
        A value makes no sense, or is too large for exact times.
    """

    ring_size: int = 256
    service_ps: int | None = None
    service_per_byte_ps: int = 0
    speed: Fraction = Fraction(1)
    rate: Rate | None = None
    loop: int = 1
    rebase: bool = False
    window_ns: int | None = None
    changes: Sequence[Change] = ()
    baselines: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "speed", Fraction(self.speed))
        object.__setattr__(self, "changes", tuple(sorted(self.changes, key=lambda change: change.at_ps)))
        for name in ("ring_size", "loop"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        if not 1 <= self.ring_size <= MOST_RING_SIZE:
            problem = f"{self.ring_size:,} is not a size that a ring can have"
            raise ConfigurationError(Field("ring_size"), problem, f"give 1 to {MOST_RING_SIZE:,}")
        self._check_service()
        self._check_arrival()
        if self.window_ns is not None and self.window_ns < 1:
            raise ConfigurationError(Field("window_ns"), "a window has no length", "give at least 1 ns")
        if self.window_ns is not None and not self.has_service:
            problem = "windows show drops and delay, which need a service rate"
            advice = f"give {Field('service_rate')} or {Field('service_ps')}"
            raise ConfigurationError(Field("window_ns"), problem, advice)
        if any(change.at_ps < 0 for change in self.changes):
            raise ConfigurationError(Field("changes"), "a change is before the first arrival", "give a time from 0 on")

    @property
    def has_service(self) -> bool:
        """Whether the service takes a given time; else a grid of service rates is tried."""
        return self.service_ps is not None or bool(self.service_per_byte_ps)

    @property
    def timing(self) -> Timing:
        """What gives the times of arrival."""
        return Timing(self.speed, self.rate, self.loop, self.rebase)

    @property
    def fixed_ps(self) -> int:
        """What each packet takes, whatever its length."""
        return self.service_ps or 0

    def plan_of(self, device: Device) -> Plan:
        """Return a configuration in time, in the unit of what gives the times of arrival."""
        own = [change for change in self.changes if change.config == device.name]
        since = (self.timing.scale.first_from(change.at_ps) for change in own)
        return Plan(device.name, (device, *(change.device for change in own)), (0, *since))

    def check_changes(self, devices: Sequence[Device]) -> None:
        """Refuse changes that do not go with configurations.

        Raises
        ------
        ConfigurationError
            A change is of no configuration, or alters what driver and device agree on at the start.
        """
        named = {device.name: device for device in devices}
        for change in self.changes:
            if change.config not in named:
                names = ", ".join(named)
                problem = f"there is no configuration {change.config!r}"
                raise ConfigurationError(Field("changes"), problem, f"name one of {names}")
            for name in _FIXED:
                if _agreed(change.device, name) != _agreed(named[change.config], name):
                    problem = f"{Field(name)} of {change.config!r} cannot change while the device is running"
                    raise ConfigurationError(Field("changes"), problem, "keep it, or compare two configurations")

    def _check_service(self) -> None:
        fixed, per_byte = self.service_ps, self.service_per_byte_ps
        field = Field("service_ps" if fixed is not None else "service_per_byte_ps")
        if min(fixed or 0, per_byte) < 0 or (self.has_service and fixed == per_byte == 0):
            raise ConfigurationError(field, "serving a packet takes no time", "give more than 0")
        if self.ring_size * ((fixed or 0) + per_byte * _MOST_LENGTH) > _MOST_BACKLOG_PS:
            days = _MOST_BACKLOG_PS // (24 * 3600 * PS_OF_SECOND)
            problem = f"a full ring might take more than {days} days to serve"
            raise ConfigurationError(field, problem, "give less, or a smaller ring")

    def _check_arrival(self) -> None:
        if self.speed <= 0:
            raise ConfigurationError(Field("speed"), f"{self.speed} is not above 0", "give a number such as 2")
        check_ratio(self.speed, "speed")
        if self.rate is not None:
            if self.rate.amount <= 0:
                raise ConfigurationError(Field("rate"), f"{self.rate.amount} is not above 0", "give more than 0")
            if (PS_OF_SECOND / self.rate.amount).denominator > _MOST_RATE_TERM:
                raise ConfigurationError(Field("rate"), "it has too many digits for exact times", "give fewer digits")
            if self.speed != 1:
                problem = f"{Field('rate')} gives the times already"
                raise ConfigurationError(Field("speed"), problem, "give only one of the two")
        if self.loop < 1:
            raise ConfigurationError(Field("loop"), f"{self.loop} is not a number of rounds", "give at least 1")
