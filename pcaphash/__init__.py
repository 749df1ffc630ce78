"""Recompute receive-side-scaling (RSS) hashes of a virtio-net device over outer and inner headers of captures.

Each name is loaded when it is first used, so that importing the package costs nothing.
"""

TYPE_CHECKING = False  # what typing has too; but nothing is loaded here that an interruption could break off
if TYPE_CHECKING:
    from typing import Any

    from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
    from pcaphash.device.device import Device
    from pcaphash.device.files import device_from_ethtool, device_from_toml
    from pcaphash.device.toeplitz import toeplitz
    from pcaphash.engine.engines import Running
    from pcaphash.engine.replay.rates import Rate
    from pcaphash.engine.saved import SavedCensus
    from pcaphash.engine.selecting.selection import Selection
    from pcaphash.errors import (
        CaptureError,
        ConfigurationError,
        NothingReadableError,
        OutputError,
        PacketLostError,
        PcaphashError,
    )
    from pcaphash.studies.analyze import Analysis, analyze
    from pcaphash.studies.census import census
    from pcaphash.studies.compare import Comparison, compare
    from pcaphash.studies.explain import Explanation, explain
    from pcaphash.studies.hash_tuple import TupleHash, hash_tuple
    from pcaphash.studies.hashes import hashes
    from pcaphash.studies.info import Info, info
    from pcaphash.studies.key import KeyExamination, examine_key
    from pcaphash.studies.recover_key import Recovery, recover_key
    from pcaphash.studies.replay import Change, Replay, ReplayOptions, replay
    from pcaphash.studies.steer import Steering, steer
    from pcaphash.studies.sweep import Sweep, sweep
    from pcaphash.studies.synth import Synthesis, Traffic, synth
    from pcaphash.studies.tune import Tuning, tune
    from pcaphash.studies.validate import Validation, validate

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "CaptureError",
    "Change",
    "Comparison",
    "ConfigurationError",
    "Device",
    "Explanation",
    "Info",
    "KeyExamination",
    "NothingReadableError",
    "OutputError",
    "PacketLostError",
    "PcaphashError",
    "Rate",
    "Recovery",
    "Replay",
    "ReplayOptions",
    "ReportedPacket",
    "Running",
    "SavedCensus",
    "Selection",
    "Steering",
    "Sweep",
    "Synthesis",
    "Traffic",
    "Tuning",
    "TupleHash",
    "Validation",
    "__version__",
    "analyze",
    "census",
    "compare",
    "device_from_ethtool",
    "device_from_toml",
    "examine_key",
    "explain",
    "hash_tuple",
    "hashes",
    "info",
    "recover_key",
    "replay",
    "steer",
    "sweep",
    "synth",
    "toeplitz",
    "tune",
    "validate",
    "write_pcapng",
]

_HOMES = {
    "Analysis": "pcaphash.studies.analyze",
    "analyze": "pcaphash.studies.analyze",
    "census": "pcaphash.studies.census",
    "Comparison": "pcaphash.studies.compare",
    "compare": "pcaphash.studies.compare",
    "Explanation": "pcaphash.studies.explain",
    "explain": "pcaphash.studies.explain",
    "TupleHash": "pcaphash.studies.hash_tuple",
    "hash_tuple": "pcaphash.studies.hash_tuple",
    "hashes": "pcaphash.studies.hashes",
    "Info": "pcaphash.studies.info",
    "info": "pcaphash.studies.info",
    "KeyExamination": "pcaphash.studies.key",
    "examine_key": "pcaphash.studies.key",
    "Recovery": "pcaphash.studies.recover_key",
    "recover_key": "pcaphash.studies.recover_key",
    "Change": "pcaphash.studies.replay",
    "Replay": "pcaphash.studies.replay",
    "ReplayOptions": "pcaphash.studies.replay",
    "replay": "pcaphash.studies.replay",
    "Rate": "pcaphash.engine.replay.rates",
    "Running": "pcaphash.engine.engines",
    "Steering": "pcaphash.studies.steer",
    "steer": "pcaphash.studies.steer",
    "Sweep": "pcaphash.studies.sweep",
    "sweep": "pcaphash.studies.sweep",
    "Synthesis": "pcaphash.studies.synth",
    "synth": "pcaphash.studies.synth",
    "Traffic": "pcaphash.studies.synth",
    "Tuning": "pcaphash.studies.tune",
    "toeplitz": "pcaphash.device.toeplitz",
    "tune": "pcaphash.studies.tune",
    "Validation": "pcaphash.studies.validate",
    "validate": "pcaphash.studies.validate",
    "Device": "pcaphash.device.device",
    "device_from_ethtool": "pcaphash.device.files",
    "device_from_toml": "pcaphash.device.files",
    "SavedCensus": "pcaphash.engine.saved",
    "Selection": "pcaphash.engine.selecting.selection",
    "ReportedPacket": "pcaphash.capture.reported.writer",
    "write_pcapng": "pcaphash.capture.reported.writer",
    "CaptureError": "pcaphash.errors",
    "ConfigurationError": "pcaphash.errors",
    "NothingReadableError": "pcaphash.errors",
    "OutputError": "pcaphash.errors",
    "PacketLostError": "pcaphash.errors",
    "PcaphashError": "pcaphash.errors",
}


def __dir__() -> list[str]:
    """List the public names, whether or not they are loaded."""
    return __all__


def __getattr__(name: str) -> "Any":
    """Load a public name on first use."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'pcaphash' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
