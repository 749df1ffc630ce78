"""``pcaphash synth``."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.messages import tell_written
from pcaphash.cli.outcome import write_set
from pcaphash.cli.progress import announce_compilation
from pcaphash.cli.synthesizing import Synthesizing, takes_traffic
from pcaphash.errors import ConfigurationError, Field
from pcaphash.report.synth.write import SYNTH_WRITERS, write_synthesis

_STANDARD_OUTPUT = "-"
_FOR_READERS = "table"
_CONFORMANCE = Field("conformance")


@takes_traffic
def synth(
    *,
    write: Annotated[
        str | None,
        typer.Option(
            "--write",
            "-w",
            metavar="FILE",
            help="The .pcap or .pcapng file (or .pcap.gz, .pcapng.zst, ...) to write; - for standard output.",
        ),
    ] = None,
    conformance: Annotated[
        Path | None,
        typer.Option(
            "--conformance",
            metavar="DIR",
            parser=partial(output_path, place=_CONFORMANCE),
            help="Instead of traffic, write the conformance set here: packets for each rule of both specs, "
            "with what devices have to answer.",
        ),
    ] = None,
    format_: options.Format = _FOR_READERS,
    synthesizing: Synthesizing,
) -> int:
    """Make traffic from a seed: flows in tunnels, of published flow sizes, byte for byte the same everywhere.

    Lengths and checksums are valid; payloads are zeros. A summary goes to standard output, or to standard error if the
    packets go to standard output.

    Formats: table (default), json (one object with everything).

    \b
    Examples:
      pcaphash synth -w traffic.pcap
      pcaphash synth -w traffic.pcapng.zst --packets 5000000 --flow-sizes web-search --seed 7
      pcaphash synth -w traffic.pcap --tunnels VXLAN=3,GENEVE --outer-source-port 4789 --endpoints 2
      pcaphash synth -w bursts.pcap --duration 1s --rate 2Mpps --arrivals on-off --burst-packets 100
      pcaphash synth -w - --flow-sizes zipf:1.1 --flows 5000 | pcaphash analyze -
      pcaphash synth --conformance conformance
    """
    options.check_format(format_, SYNTH_WRITERS)
    if conformance is not None:
        if write is not None:
            problem = "the conformance set goes into its own folder"
            raise ConfigurationError(_CONFORMANCE, problem, f"leave {Field('write')} out")
        synthesizing.refuse("the conformance set is always the same")
        if format_ != _FOR_READERS:
            problem = "the conformance set has its own formats, and nothing else is printed"
            raise ConfigurationError(Field("format"), problem, "leave it out")
        announce_compilation()
        from pcaphash.report.conformance import write_conformance

        write_set(conformance, write_conformance, _CONFORMANCE)
        return 0
    if write is None:
        raise ConfigurationError(Field("write"), "is missing", "name a file, or - for standard output")
    traffic = synthesizing.traffic()
    announce_compilation()
    from pcaphash.studies.synth import synth as study

    made = study(write, traffic)
    if write == _STANDARD_OUTPUT:
        write_synthesis(made, format_, sys.stderr)
        return 0
    tell_written(Path(write))
    write_synthesis(made, format_, sys.stdout)
    return 0
