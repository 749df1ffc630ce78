"""Options of ``synth`` that say what traffic is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcaphash.cli.groups import ARRIVALS, FLOWS, PACKETS, put_into
from pcaphash.cli.selecting import replace_parameter
from pcaphash.errors import ConfigurationError, Field

if TYPE_CHECKING:
    from pcaphash.studies.synth import Traffic

_LEAVE_OUT = "leave it out"

_AMOUNTS = {
    "packets": Annotated[
        int | None,
        typer.Option(
            "--packets", metavar="N", help="How many packets.  [default: 100000, unless --flows or --duration is given]"
        ),
    ],
    "flows": Annotated[
        int | None,
        typer.Option(
            "--flows", metavar="N", help="How many flows; each is sent to its end. With zipf: the number of ranks."
        ),
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
            help="Encapsulations of flows, each with its weight: NONE, GRE, GRE_2890, GRE_UDP, VXLAN, VXLAN_GPE, "
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
            help="Outer source port of tunnels in UDP: chosen by flow (entropy), or one for all.  [default: entropy]",
        ),
    ],
    "udp": Annotated[
        str | None,
        typer.Option("--udp", metavar="SHARE", help="Share of flows that are UDP; the others are TCP.  [default: 25%]"),
    ],
    "ipv6": Annotated[
        str | None,
        typer.Option(
            "--ipv6",
            metavar="SHARE",
            help="Share of flows whose innermost packets are IPv6; in IPIP, none are.  [default: 25%]",
        ),
    ],
    "outer_ipv6": Annotated[
        str | None,
        typer.Option(
            "--outer-ipv6", metavar="SHARE", help="Share of tunnels over IPv6; of IPIP, none are.  [default: 25%]"
        ),
    ],
    "vlans": Annotated[
        str | None, typer.Option("--vlans", metavar="SHARE", help="Share of flows with a VLAN tag.  [default: none]")
    ],
}
_PACKETS = {
    "packet_size": Annotated[
        str | None,
        typer.Option(
            "--packet-size",
            metavar="imix|full|BYTES",
            help="Length of innermost IP packets, unless their headers need more: imix (46, 552 and 1430 bytes at "
            "7:4:1), full (1430), or a number of bytes.  [default: imix, or full if sizes of flows are bytes]",
        ),
    ],
    "fragments": Annotated[
        str | None,
        typer.Option(
            "--fragments",
            metavar="SHARE",
            help="Share of UDP datagrams of 16 bytes or more that come in two fragments.  [default: none]",
        ),
    ],
    "snap_length": Annotated[
        int | None,
        typer.Option("--snap-length", metavar="BYTES", help="Bytes to keep of each packet; 0 for all.  [default: 256]"),
    ],
}
_ARRIVALS = {
    "rate": Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="Packets per second, on average.  [default: 1Mpps]")
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
        typer.Option(
            "--peak", metavar="N", help="In a burst, packets come N times as fast as on average.  [default: 10]"
        ),
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

        given = {name: value for name, value in self.given.items() if value is not None}
        traffic = Traffic(**given)
        for name, problem, advice in _without_effect(traffic):
            if name in given:
                raise ConfigurationError(Field(name), problem, advice)
        return traffic

    def refuse(self, problem: str) -> None:
        """Refuse every option.

        Parameters
        ----------
        problem : str
            Why they have no effect.

        Raises
        ------
        ConfigurationError
            One is given.
        """
        for name, value in self.given.items():
            if value is not None:
                raise ConfigurationError(Field(name), problem, _LEAVE_OUT)


def _without_effect(traffic: "Traffic") -> "Iterator[tuple[str, str, str]]":
    """Yield the parameters that have no effect on some traffic if they are given, why, and what to do."""
    from pcaphash.kernels.synth import FRAGMENTED_LEAST
    from pcaphash.standards import ip
    from pcaphash.studies.synth.templates import UDP_PORTS, WITH_NUMBERS

    names = set(traffic.shares)
    if traffic.is_by_rank:
        yield "concurrent", f"all flows of {traffic.flow_sizes} go on at the same time", _LEAVE_OUT
    tunnels = Field("tunnels")
    if names == {"NONE"}:
        for name in ("endpoints", "networks", "outer_source_port", "outer_ipv6"):
            yield name, f"there are no tunnels in {tunnels}", f"{_LEAVE_OUT}, or add a tunnel"
    if not names & set(WITH_NUMBERS):
        advice = f"{_LEAVE_OUT}, or add one of {', '.join(WITH_NUMBERS)}"
        yield "networks", f"no tunnel in {tunnels} has a VNI, VSID or key", advice
    if not names & set(UDP_PORTS):
        advice = f"{_LEAVE_OUT}, or add one of {', '.join(UDP_PORTS)}"
        yield "outer_source_port", f"no tunnel in {tunnels} is in UDP", advice
    if traffic.ipv6 and names == {"IPIP"}:
        yield "ipv6", "IPIP is IPv4 in IPv4", f"{_LEAVE_OUT}, or add another tunnel"
    if traffic.outer_ipv6 and names <= {"IPIP", "NONE"}:
        yield "outer_ipv6", "IPIP is IPv4 in IPv4", f"{_LEAVE_OUT}, or add another tunnel"
    if traffic.fragments:
        header_len = ip.IPV6_LEN if traffic.ipv6 == 1 and "IPIP" not in names else ip.IPV4_LEN
        least = header_len + ip.UDP_LEN + FRAGMENTED_LEAST
        if not traffic.udp:
            yield "fragments", f"only UDP is fragmented, and {Field('udp', 0)} leaves none", f"give {Field('udp')} more"
        if max(traffic.lengths) < least:
            problem = f"packets of {max(traffic.lengths)} bytes are too short for two fragments"
            yield "fragments", problem, f"give {Field('packet_size')} {least} or more"
    if traffic.arrivals != "on-off":
        for name in ("burst_packets", "peak"):
            problem = f"{traffic.arrivals} arrivals have no bursts"
            yield name, problem, f"{_LEAVE_OUT}, or give {Field('arrivals', 'on-off')}"


def takes_traffic(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that says what traffic is made.

    Parameters
    ----------
    command : callable
        Called with ``synthesizing``, instead of all these options.
    """
    options = {**_AMOUNTS, **_FLOWS, **_PACKETS, **_ARRIVALS}
    return replace_parameter(command, "synthesizing", options, Synthesizing)
