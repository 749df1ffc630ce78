"""Options that select packets, for every command that reads them."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from pcaphash.cli.groups import SELECTION, put_into
from pcaphash.engine.selection import Selection

Strip = Annotated[
    str | None,
    typer.Option(
        "--strip",
        metavar="erspan|vxlan|gre",
        help="Remove the headers of a mirror session, so that outer is what the NIC received.",
    ),
]
_SELECTION_OPTIONS = {
    # what Selection calls it: the option
    "count": Annotated[int | None, typer.Option("-c", metavar="N", help="Stop after N selected packets.")],
    "start": Annotated[
        str | None,
        typer.Option("--start", metavar="TIME", help="Start at this time: ISO 8601 (UTC), or seconds since 1970."),
    ],
    "end": Annotated[str | None, typer.Option("--end", metavar="TIME", help="Stop before this time.")],
    "direction": Annotated[
        str | None,
        typer.Option(
            "--direction",
            metavar="in|out|all",
            help=(
                "Packets sent by the capturing host (where the capture tells) never go through receive-side "
                "scaling: leave them out (in), take only them (out), or take all."
            ),
        ),
    ],
    "encapsulation": Annotated[
        list[str] | None,
        typer.Option(
            "--encapsulation", metavar="NAME", help="Such as VXLAN, or NONE for packets outside tunnels; repeatable."
        ),
    ],
    "vni": Annotated[
        list[int] | None,
        typer.Option("--vni", metavar="NUMBER", help="VNI, VSID of NVGRE, or GRE key; repeatable."),
    ],
    "endpoint": Annotated[
        list[str] | None,
        typer.Option("--endpoint", metavar="ADDRESS", help="Outer address or network, either end; repeatable."),
    ],
    "to": Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDRESS", help="Outer destination address or network; repeatable."),
    ],
    "destination_mac": Annotated[
        list[str] | None,
        typer.Option("--destination-mac", metavar="MAC", help="Ethernet destination address; repeatable."),
    ],
    "interface": Annotated[
        list[str] | None,
        typer.Option("--interface", metavar="NAME|INDEX", help="Interface, for captures of several; repeatable."),
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

    return lambda command: replace_parameter(command, "selection", _SELECTION_OPTIONS, combine)


def replace_parameter(
    command: Callable[..., int], name: str, options: dict[str, Any], combine: Callable[[dict[str, Any]], Any]
) -> Callable[..., int]:
    """Put options, none of them required, in place of one parameter of a command, which gets what combines them."""

    @wraps(command)
    def run(**values: Any) -> int:
        given = {option: values.pop(option) for option in options}
        return command(**values, **{name: combine(given)})

    added = [Parameter(each, Parameter.KEYWORD_ONLY, default=None, annotation=kind) for each, kind in options.items()]
    kept = signature(command).parameters.values()
    run.__signature__ = Signature([*(each for each in kept if each.name != name), *added])  # type: ignore[attr-defined]
    return run
