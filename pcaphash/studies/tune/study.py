"""Try many hash keys and table sizes on the flows of traces, and make an indirection table for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.device.flavor import FLAVOR_FIELD, TITLES, has_fixed_key
from pcaphash.device.words import parse_choice
from pcaphash.engine.census.census import identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.flows.inputs import find_inputs
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.running.run import answer
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.analyze import Analysis, analyze_counts
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.defaults import DEFAULT_KEYS, DEFAULT_MEASURE
from pcaphash.studies.tune.cautions import list_cautions
from pcaphash.studies.tune.flows import tune_inputs
from pcaphash.studies.tune.measures import CHOICES
from pcaphash.studies.tune.result import Tuning
from pcaphash.studies.tune.tables import try_tables
from pcaphash.studies.tune.trial import CHOOSING, HALVES, PARTS, measure_queues, place, random_keys
from pcaphash.studies.tune.verdict import (
    TuningVerdict,
    judge_capture,
    judge_inputs,
    judge_packets,
    judge_queues,
    judge_table,
)


def tune(
    traces: Trace | Sequence[Trace],
    device: Device | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    measure: str = DEFAULT_MEASURE,
    n_keys: int = DEFAULT_KEYS,
    seed: int = 1,
    most_flows: int = DEFAULT_MOST_FLOWS,
    jobs: int | None = None,
) -> Tuning:
    """Choose a hash key on one half of the flows, judge it on the other, and make an indirection table for all.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures; ``-`` is standard input. Or saved censuses: these have no flows, so no keys are tried.
    device : Device, optional
        The device to tune. Default: ``Device()``.
    selection : Selection
        Which packets to study.
    watch : callable, optional
        Called now and then with the progress.
    measure : str
        The measure that keys are chosen by: ``max_ideal``, ``min_ideal``, ``jain``, ``cov`` or ``entropy``, with
        ``_packets`` or ``_bytes`` appended.
    n_keys : int
        How many random keys to try; a search from the best of them on tries a quarter as many.
    seed : int
        The same seed gives the same keys, the same halves and the same search.
    most_flows : int
        How many flows to keep at most.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to study, a saved census was taken for another device, or the device has nothing to tune.
    """
    chosen_by = parse_choice(Field("measure"), measure, CHOICES)
    _check_number(Field("n_keys"), n_keys, 1)
    _check_number(Field("seed"), seed, 0)
    _check_number(Field("most_flows"), most_flows, 1)
    inputs, (chosen,) = check_request(traces, Device() if device is None else device)
    _check_device(chosen)
    return answer(TuningRequest((chosen,), selection, chosen_by, n_keys, seed, most_flows), inputs, watch, jobs)


@dataclass(frozen=True)
class TuningRequest(Asked):
    """Which hash key and indirection table suit one device.

    Parameters
    ----------
    measure : str
        What keys are chosen by.
    n_keys, seed : int
        How many random keys to try, and what they, the halves and the search are drawn from.
    most_flows : int
        How many flows to keep at most.
    """

    measure: str = DEFAULT_MEASURE
    n_keys: int = DEFAULT_KEYS
    seed: int = 1
    most_flows: int = DEFAULT_MOST_FLOWS

    def begin(self) -> Counts:
        """Return counters for the device."""
        return Counts(identities_of(self.devices), [self.rules], self.most_flows)

    def finish(self, partial: Partial[Counts]) -> Tuning:
        """Try keys and tables."""
        (device,) = self.devices
        counts = partial.counter
        analysis = analyze_counts(partial, self.devices)
        (distribution,) = analysis.distributions
        nothing = judge_queues(device.queues) or judge_capture(distribution)
        n_packets = int(distribution.queues[:, 0].sum())
        if not counts.has_flows:
            return _tune_tables(analysis, self.measure, self.seed, nothing or judge_packets(n_packets, device.queues))
        (table,) = counts.tables.values()
        inputs = find_inputs(table.flows(), device).in_order()
        keys = [device.hash_key, *random_keys(self.n_keys, len(device.hash_key), self.seed)]
        nothing = nothing or judge_inputs(len(inputs)) or judge_packets(n_packets, device.queues, HALVES)
        return tune_inputs(inputs, analysis, keys, self.measure, self.seed, table.kept_share, nothing)


def _check_number(setting: Field, value: int, least: int) -> None:
    if value < least:
        raise ConfigurationError(setting, f"{value} is too small", f"give {least} or more")


def _check_device(device: Device) -> None:
    if not device.has_queue:
        problem = "without the RSS feature, no hash chooses a receive queue, so there is nothing to tune"
        raise ConfigurationError(Field("features"), problem, "add RSS")
    if device.table_index != "mask":
        problem = f"keys can be tried only by the low bits of their hashes, not with {device.table_index}"
        raise ConfigurationError(Field("table_index"), problem, f"use {Field('table_index', 'mask')}")
    if has_fixed_key(device.flavor):
        problem = f"the hash key of {TITLES[device.flavor]} cannot be changed, so that there are no others to try"
        raise ConfigurationError(FLAVOR_FIELD, problem, f"use another {FLAVOR_FIELD}")


def _tune_tables(analysis: Analysis, measure: str, seed: int, few: TuningVerdict | None) -> Tuning:
    """Make tables of what a census counted; without flows there is nothing to try keys on or to judge tables by."""
    (distribution,) = analysis.distributions
    device = distribution.device
    table = device.indirection_table
    entries = distribution.entries[np.newaxis]
    fixed = (distribution.queues - place(distribution.entries, table, device.queues))[np.newaxis]
    no_half = np.zeros_like(distribution.queues)
    columns = measure_queues(np.stack([distribution.queues, no_half])[np.newaxis])
    columns |= {name: np.full(1, np.nan) for name in columns if name.startswith(PARTS[CHOOSING])}
    rebalanced, weighted = try_tables(table, entries, fixed, measure)
    verdict = (few if distribution.hashed else None) or judge_table(
        measure, float(columns[f"all_{measure}"][0]), rebalanced.whole, distribution.hashed
    )
    return Tuning(
        analysis=analysis,
        measure=measure,
        seed=seed,
        n_inputs=None,
        kept_share=None,
        keys=[device.hash_key],
        n_random=0,
        columns=columns,
        order=np.zeros(1, np.int64),
        baseline=None,
        search=None,
        reaches=(),
        sizes=[],
        rebalanced=rebalanced,
        weighted=weighted,
        verdict=replace(verdict, cautions=list_cautions(device, entries[0], fixed[0])),
    )
