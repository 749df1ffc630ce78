"""Options that select packets, for every command that reads them."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from pcaphash.cli.groups import SELECTION, put_into
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field

Strip = Annotated[
    str | None,
    typer.Option(
        "--strip",
        metavar="erspan|vxlan|gre",
        help="Take off the headers that a mirror session added, and leave out packets without them.",
    ),
]


def _direction(default: str) -> Any:
    return Annotated[
        str | None,
        typer.Option(
            "--direction",
            metavar="in|out|all",
            help="Packets that the capturing host sent, if the capture marks them, never go through receive-side "
            f"scaling: leave them out (in), keep only them (out), or keep all packets.  [default: {default}]",
        ),
    ]


_SELECTION_OPTIONS = {
    # what Selection calls it: the option
    "count": Annotated[int | None, typer.Option("-c", metavar="N", help="Stop after N selected packets.")],
    "start": Annotated[
        str | None,
        typer.Option(
            "--start", metavar="TIME", help="Leave out packets before this time: ISO 8601 (UTC), or seconds since 1970."
        ),
    ],
    "end": Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="Leave out packets at this time and later.")
    ],
    "direction": _direction(RECEIVED.direction),
    "encapsulation": Annotated[
        list[str] | None,
        typer.Option(
            "--encapsulation",
            metavar="NAME",
            help="Keep only this encapsulation, such as VXLAN; NONE is packets outside tunnels; repeatable.",
        ),
    ],
    "vni": Annotated[
        list[str] | None,
        typer.Option(
            "--vni", metavar="NUMBER", help="Keep only packets with this VNI, NVGRE VSID or GRE key; repeatable."
        ),
    ],
    "endpoint": Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            metavar="ADDRESS",
            help="Keep only packets from or to this outer address or network; repeatable.",
        ),
    ],
    "to": Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDRESS", help="Keep only packets to this outer address or network; repeatable."),
    ],
    "destination_mac": Annotated[
        list[str] | None,
        typer.Option(
            "--destination-mac", metavar="MAC", help="Keep only packets to this Ethernet address; repeatable."
        ),
    ],
    "interface": Annotated[
        list[str] | None,
        typer.Option(
            "--interface",
            metavar="NAME|INDEX",
            help="Keep only packets of this interface, if a capture has several; repeatable.",
        ),
    ],
    "strip": Strip,
}
put_into(SELECTION, _SELECTION_OPTIONS)


def takes_selection(default: Selection) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command every option that selects packets.

    Parameters
    ----------
    default : Selection
        What a command gets, as ``selection``, where nothing is given; its direction stands unless one is given.
    """

    def combine(given: dict[str, Any]) -> Selection:
        chosen = {name: value for name, value in given.items() if value not in (None, [])}
        return Selection(**{"direction": default.direction, **chosen})

    options = {**_SELECTION_OPTIONS, "direction": _direction(default.direction)}
    put_into(SELECTION, options)
    return lambda command: replace_parameter(command, "selection", options, combine)


def _check_standard_input(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Refuse to read both a trace and what ethtool printed from standard input."""
    traces = values.get("traces") or [values.get("trace")]
    if (given.get("ethtool") or "").partition("#")[0] == "-" and "-" in traces:
        raise ConfigurationError(Field("ethtool"), "standard input is also a trace", "it can be read only once")


def replace_parameter(
    command: Callable[..., int], name: str, options: dict[str, Any], combine: Callable[[dict[str, Any]], Any]
) -> Callable[..., int]:
    """Put options, none of them required, in place of one parameter of a command, which gets what combines them."""

    @wraps(command)
    def run(**values: Any) -> int:
        given = {option: values.pop(option) for option in options}
        _check_standard_input(values, given)
        return command(**values, **{name: combine(given)})

    added = [Parameter(each, Parameter.KEYWORD_ONLY, default=None, annotation=kind) for each, kind in options.items()]
    kept = signature(command).parameters.values()
    run.__signature__ = Signature([*(each for each in kept if each.name != name), *added])  # type: ignore[attr-defined]
    return run
