"""Options for many traces: where their names come from, where they are read, and whether a run can go on later."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli.groups import MANY, put_into
from pcaphash.cli.messages import inform
from pcaphash.cli.selecting import replace_parameter
from pcaphash.cli.traces import read_list
from pcaphash.engine.engines import ENGINES, Running
from pcaphash.errors import Field

FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from",
        metavar="LIST",
        help="Read the names of more traces from this file, one a line; - is standard input.",
    ),
]
PerFile = Annotated[bool, typer.Option("--per-file", help="Show the results of each trace too, beside the total.")]
_RUNNING_OPTIONS = {
    # what Running calls it: the option
    "resume": Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="DIR",
            parser=partial(output_path, place=Field("resume")),
            help="Keep the results of each trace in this folder. If the run is interrupted, the same command goes on "
            "where it stopped.",
        ),
    ],
    "engine": Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="|".join(ENGINES),
            help="Read on this machine, or with the processes of a Dask cluster; results are the same.  "
            "[default: threads]",
        ),
    ],
    "scheduler": Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Scheduler of the Dask cluster, such as tcp://10.0.0.1:8786.  [default: a cluster on this machine, of "
            "as many processes as --jobs says]",
        ),
    ],
}
put_into(MANY, {"files_from": FilesFrom, "per_file": PerFile, **_RUNNING_OPTIONS})


def takes_list(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command an option that adds to its traces; it may be given no other ones then."""

    @wraps(command)
    def run(*, traces: list[str] | None, files_from: str | None, **values: Any) -> int:
        listed = [] if files_from is None else read_list(files_from, traces or [])
        return command(traces=[*(traces or []), *listed], **values)

    asked = signature(command)
    own = asked.parameters["traces"]
    kind, argument = get_args(own.annotation)
    optional = own.replace(annotation=Annotated[kind | None, argument], default=None)
    listed = Parameter("files_from", Parameter.KEYWORD_ONLY, default=None, annotation=FilesFrom)
    others = [each for each in asked.parameters.values() if each.name != "traces"]
    run.__signature__ = asked.replace(parameters=[optional, *others, listed])  # type: ignore[attr-defined]
    return run


def takes_running(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option for many traces; it is called with ``running``, and with all traces."""

    def combine(given: dict[str, Any]) -> Running:
        return Running(**{name: value for name, value in given.items() if value is not None}, announce=inform)

    @wraps(command)
    def run(*, running: Running, jobs: int | None, **values: Any) -> int:
        running.start_ahead(jobs)
        return command(running=running, jobs=jobs, **values)

    return takes_list(replace_parameter(run, "running", _RUNNING_OPTIONS, combine))
