"""The study behind ``analyze``: how packets spread over the receive queues under each configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING

from pcaphash.capture.source import STANDARD_INPUT
from pcaphash.device.device import Device
from pcaphash.engine.census import identities_of
from pcaphash.engine.distribution import Distribution, count_encapsulations, distribute
from pcaphash.engine.reading import Reading
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.stream import Progress, take_census
from pcaphash.errors import ConfigurationError
from pcaphash.studies.spread import MEASURES, spread

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.baseline import Baseline

DISTRIBUTION_COLUMNS = ("config", "queue", "packets", "bytes", "packet_share", "byte_share")
SUMMARY_COLUMNS = (
    "config", "spec", "hash_types", "tunnel_types", "packets", "hashed", "unhashed", "unknown", "queues_used",
    *(f"{measure}_packets" for measure in MEASURES),
    *(f"{measure}_bytes" for measure in MEASURES),
)  # fmt: skip

Row = dict[str, str | int | float]


@dataclass(frozen=True)
class Analysis:
    """How traces spread over the receive queues of each configured device.

    Parameters
    ----------
    reading : Reading
        What was read, what was left out, and what could not be read.
    distributions : list of Distribution
        One per device, in the order asked for.
    encapsulations : list of dict of str to int
        Packets by what they are under each device's text.
    baselines : list of Baseline or None
        What ideal hashes give under each device; empty where that was not asked for.
    """

    reading: Reading
    distributions: list[Distribution]
    encapsulations: list[dict[str, int]]
    baselines: "list[Baseline | None]" = field(default_factory=list)

    def distribution_rows(self) -> list[Row]:
        """Return the rows of ``distribution.csv``: every queue of every configuration."""
        return [row for distribution in self.distributions for row in _queue_rows(distribution)]

    def summary_rows(self) -> list[Row]:
        """Return the rows of ``summary.csv``: one per configuration."""
        return [_summary_row(distribution) for distribution in self.distributions]

    @cached_property
    def distribution(self) -> "pd.DataFrame":
        """The rows of ``distribution.csv`` as a table."""
        import pandas as pd

        return pd.DataFrame(self.distribution_rows(), columns=list(DISTRIBUTION_COLUMNS))

    @cached_property
    def summary(self) -> "pd.DataFrame":
        """The rows of ``summary.csv`` as a table."""
        import pandas as pd

        return pd.DataFrame(self.summary_rows(), columns=list(SUMMARY_COLUMNS))


def analyze(
    traces: str | PathLike[str] | Sequence[str | PathLike[str]],
    devices: Device | Sequence[Device],
    selection: Selection = RECEIVED,
    watch: Callable[[Progress], None] | None = None,
    *,
    with_chance: bool = False,
) -> Analysis:
    """Analyze how traces spread over the receive queues of each device, in one pass.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses; ``-`` is standard input.
    devices : Device or sequence of Device
        The configurations; results name them by ``Device.name``.
    selection : Selection
        Which packets to analyze.
    watch : callable, optional
        Called now and then with the progress.
    with_chance : bool
        Whether to keep flows as well, and to tell what ideal hashes give. It takes longer.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to analyze, or a saved census was taken for other devices.
    """
    paths, chosen = check_request(traces, devices)
    identities = identities_of(chosen)
    chance = None
    if with_chance:
        from pcaphash.studies.chance import Chance

        chance = Chance(chosen, paths)
    beside = [chance.append] if chance else []
    censuses, reading = take_census(paths, identities, selection, chosen[0].spec, watch, beside)
    pairs = [(censuses[identity], device) for identity, device in zip(identities, chosen, strict=True)]
    return Analysis(
        reading,
        [distribute(*pair) for pair in pairs],
        [count_encapsulations(*pair) for pair in pairs],
        [chance.baseline(device) for device in chosen] if chance else [],
    )


def check_request(
    traces: str | PathLike[str] | Sequence[str | PathLike[str]], devices: Device | Sequence[Device]
) -> tuple[list[str], list[Device]]:
    """List traces and devices, and refuse what cannot be studied.

    Raises
    ------
    ConfigurationError
        There is no trace, or no device, or standard input is to be read twice.
    """
    paths = [fspath(traces)] if isinstance(traces, str | PathLike) else [fspath(trace) for trace in traces]
    chosen = [devices] if isinstance(devices, Device) else list(devices)
    if not paths:
        raise ConfigurationError("TRACE", "none is given", "name a capture, or - for standard input")
    if paths.count(STANDARD_INPUT) > 1:
        raise ConfigurationError("TRACE", "- is given twice", "standard input can be read only once")
    if not chosen:
        raise ConfigurationError("--config", "there is no configuration", "name one")
    return paths, chosen


def _queue_rows(distribution: Distribution) -> list[Row]:
    if not distribution.device.has_queue:
        return []
    packets, n_bytes = (int(total) for total in distribution.queues.sum(axis=0))
    return [
        {
            "config": distribution.device.name,
            "queue": queue,
            "packets": int(load[0]),
            "bytes": int(load[1]),
            "packet_share": int(load[0]) / packets if packets else 0.0,
            "byte_share": int(load[1]) / n_bytes if n_bytes else 0.0,
        }
        for queue, load in enumerate(distribution.queues)
    ]


def _summary_row(distribution: Distribution) -> Row:
    device = distribution.device
    measures = [spread(distribution.queues[:, column]) for column in (0, 1)]
    return {
        "config": device.name,
        "spec": device.spec,
        "hash_types": device.hash_types_text,
        "tunnel_types": device.tunnel_types_text,
        "packets": distribution.packets,
        "hashed": distribution.hashed,
        "unhashed": distribution.unhashed,
        "unknown": distribution.unknown,
        "queues_used": int((distribution.queues[:, 0] > 0).sum()),
        **{f"{measure}_packets": value for measure, value in measures[0].items()},
        **{f"{measure}_bytes": value for measure, value in measures[1].items()},
    }
