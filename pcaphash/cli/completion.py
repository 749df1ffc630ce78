"""What shells offer for the values of options."""

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import Any, TypeVar, get_args

import typer
from typer.models import OptionInfo

from pcaphash.cli.manners import COLORS
from pcaphash.device.flavor import FLAVORS, INNER_MISSES, INPUT_TRANSFORMS
from pcaphash.device.hash_key import DRIVER_KEYS, NAMED_KEYS
from pcaphash.device.hash_types import hash_type_presets
from pcaphash.device.indirection_table import TABLE_INDEXES
from pcaphash.device.profile import PROFILES, Profile
from pcaphash.standards import flow_sizes, ip, virtio

_MEASURES = [
    f"{name}_{unit}"
    for name in ("max_ideal", "min_ideal", "min_max", "jain", "cov", "entropy")
    for unit in ("packets", "bytes")
]
_WORDS: dict[str, Iterable[str]] = {
    "--arrivals": ("poisson", "even", "on-off"),
    "--by": _MEASURES,
    "--color": COLORS,
    "--direction": ("in", "out", "all"),
    "--flavor": FLAVORS,
    "--flow-sizes": ("campus", *flow_sizes.OF_BYTES, "zipf:", "pareto:"),
    "--header": ("inner", "outer"),
    "--inner-miss": INNER_MISSES,
    "--input-transform": INPUT_TRANSFORMS,
    "--key": tuple(dict.fromkeys((*NAMED_KEYS, *DRIVER_KEYS))),
    "--measure": [name for name in _MEASURES if not name.startswith("min_max")],
    "--protocol": ip.PROTOCOL_NAMES,
    "--source": ("tpacket",),
    "--spec": PROFILES,
    "--table-index": TABLE_INDEXES,
    "--virtio-header": ("12", "20", "24", "32"),
}

Command = TypeVar("Command", bound=Callable[..., Any])
_Complete = Callable[[typer.Context, str], Iterable[str]]


def formats() -> dict[str, Iterable[str]]:
    """List the output formats by command; imported here, because only a completion asks for those of other commands."""
    from pcaphash.report.analyze.write import ANALYSIS_WRITERS
    from pcaphash.report.compare.write import COMPARISON_WRITERS
    from pcaphash.report.explain.write import EXPLANATION_WRITERS
    from pcaphash.report.formats.registry import ROW_FORMATS
    from pcaphash.report.hash_tuple.write import TUPLE_WRITERS
    from pcaphash.report.info.write import INFO_WRITERS
    from pcaphash.report.key.write import KEY_WRITERS
    from pcaphash.report.recover_key.write import RECOVERY_WRITERS
    from pcaphash.report.replay.write import REPLAY_WRITERS
    from pcaphash.report.steer.write import STEERING_WRITERS
    from pcaphash.report.sweep.write import SWEEP_WRITERS
    from pcaphash.report.synth.write import SYNTH_WRITERS
    from pcaphash.report.tune.write import TUNING_WRITERS
    from pcaphash.report.validate.write import VALIDATION_WRITERS

    return {
        "analyze": ANALYSIS_WRITERS,
        "compare": COMPARISON_WRITERS,
        "explain": EXPLANATION_WRITERS,
        "hash": TUPLE_WRITERS,
        "hashes": ROW_FORMATS,
        "info": INFO_WRITERS,
        "key": KEY_WRITERS,
        "recover-key": RECOVERY_WRITERS,
        "replay": REPLAY_WRITERS,
        "steer": STEERING_WRITERS,
        "sweep": SWEEP_WRITERS,
        "synth": SYNTH_WRITERS,
        "tune": TUNING_WRITERS,
        "validate": VALIDATION_WRITERS,
    }


def offer_values(command: Command) -> Command:
    """Have shells offer values for the options of a command that are known here."""
    for parameter in signature(command).parameters.values():
        for info in get_args(parameter.annotation)[1:]:
            if isinstance(info, OptionInfo):
                # Within Annotated typer keeps the first name of an option where its default would be.
                names = (str(info.default), *(info.param_decls or ()))
                info.autocompletion = next((found for name in names if (found := _completer(name))), None)
    return command


def _completer(option: str) -> _Complete | None:
    if option in _WORDS:
        return _one_of(_WORDS[option])
    return {
        "--encapsulation": _complete_encapsulations,
        "--features": _complete_features,
        "--format": _complete_formats,
        "--hash-types": _complete_hash_types,
        "--tunnel-types": _complete_tunnel_types,
    }.get(option)


def _one_of(words: Iterable[str]) -> _Complete:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def _complete_formats(ctx: typer.Context, incomplete: str) -> list[str]:
    return [word for word in formats().get(str(ctx.info_name), ()) if word.startswith(incomplete)]


def _complete_hash_types(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    profile = _profile(ctx)
    return _joined({**profile.hash_types, **hash_type_presets(profile)}, incomplete)


def _complete_tunnel_types(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    return _joined((*virtio.TUNNEL_TYPES, "all", "none"), incomplete)


def _complete_features(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    return _joined(_profile(ctx).features, incomplete)


def _complete_encapsulations(ctx: typer.Context, incomplete: str) -> list[str]:
    names = ("NONE", "UNKNOWN", *virtio.HASH_REPORT_TUNNELS[1:], *virtio.TUNNEL_TYPES)
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _profile(ctx: typer.Context) -> Profile:
    """Return the profile of the spec that stands on the command line so far."""
    return PROFILES.get(str(ctx.params.get("spec")), PROFILES["v7"])


def _joined(words: Iterable[str], incomplete: str) -> Iterator[str]:
    """Complete the last of several words that are joined by ``+``, leaving out those that are there."""
    before, plus, last = incomplete.rpartition("+")
    there: Any = before.split("+")
    return (f"{before}{plus}{word}" for word in words if word.startswith(last) and word not in there)
