"""A replay as one JSON document: facts with their numbers, and the words for them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.report.documents import device_document, facts_document, finite, reading_document
from pcaphash.report.replay.words import headline, verdict_lines

if TYPE_CHECKING:
    from pcaphash.studies.replay import Replay, ReplayOptions
    from pcaphash.studies.replay.result import ReplayVerdict


def replay_document(replay: "Replay") -> dict[str, Any]:
    """Return the whole replay as what JSON is made of."""
    return {
        "verdict": {
            "headline": headline(replay),
            "lines": verdict_lines(replay),
            "best": replay.best,
            "tight": None if replay.tight is None else facts_document(replay.tight),
            "configurations": [_verdict(each) for each in replay.verdicts],
        },
        **reading_document(replay.reading),
        "arrived": replay.packets,
        "first_arrival_ns": replay.first_arrival_ns,
        "duration_ns": replay.duration_ns,
        "clock": asdict(replay.clock),
        "options": _options(replay.options),
        "configurations": [{"name": each.name, "device": device_document(each)} for each in replay.devices],
        "queues": [finite(row) for row in replay.queue_rows],
        "windows": [finite(row) for row in replay.window_rows],
        "curve": [finite(row) for row in replay.curve_rows],
        "fewest_queues": [finite(row) for row in replay.fewest_rows],
        "delays": [finite(row) for row in replay.delay_rows],
    }


def _verdict(verdict: "ReplayVerdict") -> dict[str, Any]:
    return {**facts_document(verdict), "drop_share": verdict.drop_share, "needed_pps": verdict.needed_pps}


def _options(options: "ReplayOptions") -> dict[str, Any]:
    """Return how the traces were replayed, by the words of the command line with underscores and their units."""
    rate = options.rate
    return {
        "ring_size": options.ring_size,
        "service_time_ps": options.service_ps,
        "service_time_per_byte_ps": options.service_per_byte_ps,
        "speed": float(options.speed),
        "rate": None if rate is None else {"per_second": float(rate.amount), "unit": rate.unit},
        "loop": options.loop,
        "rebase": options.rebase,
        "window_ns": options.window_ns,
        "changes": [
            {"time_ps": each.at_ps, "config": each.config, "device": device_document(each.device)}
            for each in options.changes
        ],
    }
