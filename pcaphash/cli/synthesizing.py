"""Options of ``synth`` that say what traffic is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcaphash.cli.groups import ARRIVALS, FLOWS, PACKETS, put_into
from pcaphash.cli.selecting import replace_parameter

if TYPE_CHECKING:
    from pcaphash.studies.synth import Traffic

_AMOUNTS = {
    "packets": Annotated[
        int | None,
        typer.Option(
            "--packets", metavar="N", help="How many packets.  [default: 100000, unless another end is given]"
        ),
    ],
    "flows": Annotated[
        int | None,
        typer.Option("--flows", metavar="N", help="How many flows, all of which end; of zipf, how many ranks."),
    ],
    "duration": Annotated[
        str | None, typer.Option("--duration", metavar="TIME", help="How long the traffic lasts, such as 2s.")
    ],
    "seed": Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="The same seed makes the same bytes, everywhere.  [default: 1]"),
    ],
}
_FLOWS = {
    "flow_sizes": Annotated[
        str | None,
        typer.Option(
            "--flow-sizes",
            metavar="PROFILE",
            help="How large flows are: campus, web-search, data-mining, hadoop, storage, rpc, zipf:EXPONENT, "
            "pareto:EXPONENT.  [default: campus]",
        ),
    ],
    "concurrent": Annotated[
        int | None,
        typer.Option(
            "--concurrent", metavar="N", help="How many flows go on at the same time.  [default: 1000; of zipf: all]"
        ),
    ],
    "tunnels": Annotated[
        str | None,
        typer.Option(
            "--tunnels",
            metavar="NAME=N,...",
            help="Encapsulations, and how many of all flows have each: NONE, GRE, GRE_2890, GRE_UDP, VXLAN, VXLAN_GPE, "
            "GENEVE, IPIP, NVGRE.  [default: VXLAN=4,GENEVE=3,GRE=1,GRE_2890=1,NONE=1]",
        ),
    ],
    "endpoints": Annotated[
        int | None, typer.Option("--endpoints", metavar="N", help="Tunnel endpoints that send.  [default: 8]")
    ],
    "networks": Annotated[
        int | None, typer.Option("--networks", metavar="N", help="VNIs, VSIDs and keys of tunnels.  [default: 16]")
    ],
    "outer_source_port": Annotated[
        str | None,
        typer.Option(
            "--outer-source-port",
            metavar="entropy|PORT",
            help="Outer source port of tunnels in UDP: one by flow, or one for all.  [default: entropy]",
        ),
    ],
    "udp": Annotated[
        str | None, typer.Option("--udp", metavar="SHARE", help="Flows that are UDP, not TCP.  [default: 25%]")
    ],
    "ipv6": Annotated[
        str | None,
        typer.Option("--ipv6", metavar="SHARE", help="Flows whose innermost packets are IPv6.  [default: 25%]"),
    ],
    "outer_ipv6": Annotated[
        str | None, typer.Option("--outer-ipv6", metavar="SHARE", help="Tunnels over IPv6.  [default: 25%]")
    ],
    "vlans": Annotated[
        str | None, typer.Option("--vlans", metavar="SHARE", help="Flows with a VLAN tag.  [default: none]")
    ],
}
_PACKETS = {
    "packet_size": Annotated[
        str | None,
        typer.Option(
            "--packet-size",
            metavar="imix|full|BYTES",
            help="Length of innermost IP packets: 46, 552 and 1430 at 7:4:1; 1430; or a number.  [default: imix, or "
            "full if sizes of flows are bytes]",
        ),
    ],
    "fragments": Annotated[
        str | None,
        typer.Option("--fragments", metavar="SHARE", help="UDP datagrams in two fragments.  [default: none]"),
    ],
    "snap_length": Annotated[
        int | None,
        typer.Option("--snap-length", metavar="BYTES", help="Bytes to keep of each; 0 for all.  [default: 256]"),
    ],
}
_ARRIVALS = {
    "rate": Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="Packets in a second, on average.  [default: 1Mpps]")
    ],
    "arrivals": Annotated[
        str | None,
        typer.Option(
            "--arrivals",
            metavar="poisson|even|on-off",
            help="When packets come; on-off: in bursts.  [default: poisson]",
        ),
    ],
    "burst_packets": Annotated[
        int | None, typer.Option("--burst-packets", metavar="N", help="Packets in a burst, on average.  [default: 32]")
    ],
    "peak": Annotated[
        int | None,
        typer.Option("--peak", metavar="N", help="In a burst, packets come N times as fast.  [default: 10]"),
    ],
}
put_into(FLOWS, _FLOWS)
put_into(PACKETS, _PACKETS)
put_into(ARRIVALS, _ARRIVALS)


@dataclass(frozen=True)
class Synthesizing:
    """What is given of traffic.

    Parameters
    ----------
    given : dict of str
        By the names of parameters of ``Traffic``; None where nothing is given.
    """

    given: dict[str, Any]

    def traffic(self) -> "Traffic":
        """Return the traffic that is to be made.

        Raises
        ------
        ConfigurationError
            A value is impossible.
        """
        from pcaphash.studies.synth import Traffic

        return Traffic(**{name: value for name, value in self.given.items() if value is not None})


def takes_traffic(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that says what traffic is made.

    Parameters
    ----------
    command : callable
        Called with ``synthesizing``, instead of all these options.
    """
    options = {**_AMOUNTS, **_FLOWS, **_PACKETS, **_ARRIVALS}
    return replace_parameter(command, "synthesizing", options, Synthesizing)
