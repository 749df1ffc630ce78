"""What traffic is to be made: the words of users, checked, and what they mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pcaphash.device.words import parse_choice, parse_number, unknown_word
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_SECOND, parse_duration, parse_rate
from pcaphash.standards import flow_sizes
from pcaphash.studies.synth import distribution
from pcaphash.studies.synth.distribution import NumberDistribution
from pcaphash.studies.synth.templates import ENCAPSULATIONS

DEFAULT_TUNNELS = "VXLAN=4,GENEVE=3,GRE=1,GRE_2890=1,NONE=1"
ARRIVALS = ("poisson", "even", "on-off")
PROFILES = ("campus", *flow_sizes.OF_BYTES, "zipf:EXPONENT", "pareto:EXPONENT")
SHARES = ("ipv6", "outer_ipv6", "udp", "vlans", "fragments")
FULL_PACKET = 1430
"""Bytes of full packets: inside of Ethernet and VXLAN over IPv6, 1,500 bytes have no more room."""

_DEFAULT_PACKETS = 100_000
_DEFAULT_RANKS = 10_000
_MOST = 10**15
_MOST_FLOWS = 1 << 30
_MOST_CONCURRENT = 1 << 24
_LEAST_PACKET, _MOST_PACKET = 28, 9000
_LATEST_PS = 1 << 62  # 53 days, beyond which times would not fit into 64 bits
_MOST_PAUSE_PS = 1 << 56
_MOST_ROUNDING = Fraction(1, 100)  # of per cents that should add up to 100
_SLOWEST = 1000  # seconds between two packets
_KINDS_OF_GRE = ("gre_2784", "gre_7676")
_WITH_EXPONENT = re.compile(r"(zipf|pareto):([0-9]{1,2}(?:\.[0-9]{1,6})?)")

Share = str | float | Fraction
Tunnels = str | Mapping[str, Share]


@dataclass(frozen=True)
class Traffic:
    """What traffic is to be made.

    It ends with the first of ``packets``, ``flows`` and ``duration`` that is given; without any, after 100,000 packets.

    Parameters
    ----------
    packets : int, optional
        Frames.
    flows : int, optional
        Flows, each of which sends all that it has. Of ``zipf``, how many ranks there are (10,000 by default), which
        does not end the traffic.
    duration : str, optional
        A length of time, such as ``2s``.
    seed : int
        What random numbers start from: the same seed makes the same bytes.
    flow_sizes : str
        ``campus``, ``web-search``, ``data-mining``, ``hadoop``, ``storage``, ``rpc``, ``pareto:1.2`` (the exponent) or
        ``zipf:1.1``, under which flow r sends in proportion to r ** -1.1.
    packet_size : str or int, optional
        Bytes of innermost IP packets; ``full`` is 1,430 and ``imix`` 46, 552 and 1,430 at 7:4:1. Default: ``full`` if
        sizes of flows are bytes, otherwise ``imix``.
    concurrent : int
        How many flows go on at the same time, each as fast as the others.
    tunnels : str or mapping of str to number
        Encapsulations of ``ENCAPSULATIONS``, and how many of all flows have each, in proportion.
    endpoints, networks : int
        How many tunnel endpoints send, and how many networks (VNI, VSID, key) there are.
    outer_source_port : str or int
        Of tunnels in UDP: ``entropy`` has one by flow; a number is that of all.
    ipv6, outer_ipv6, udp, vlans, fragments : float, str or Fraction
        Shares, such as 0.2 or ``20%``: of flows whose innermost packets are IPv6, of tunnels over IPv6, of flows that
        are UDP and not TCP, of flows with a VLAN tag, and of UDP datagrams that are sent in two fragments.
    rate : str
        How many packets come in a second on average, such as ``2Mpps``.
    arrivals : str
        ``poisson``, ``even``, or ``on-off``: bursts with pauses between.
    burst_packets : int
        Packets in a burst, on average.
    peak : int
        How many times as fast as on average packets come in a burst.
    snap_length : int
        Bytes to keep of each packet, enough for all headers by default; 0 keeps all.

    Raises
    ------
    ConfigurationError
        A value is impossible.
    """

    packets: int | None = None
    flows: int | None = None
    duration: str | None = None
    seed: int = 1
    flow_sizes: str = "campus"
    packet_size: str | int | None = None
    concurrent: int = 1000
    tunnels: Tunnels = DEFAULT_TUNNELS
    endpoints: int = 8
    networks: int = 16
    outer_source_port: str | int = "entropy"
    ipv6: Share = 0.25
    outer_ipv6: Share = 0.25
    udp: Share = 0.25
    vlans: Share = 0
    fragments: Share = 0
    rate: str = "1Mpps"
    arrivals: str = "poisson"
    burst_packets: int = 32
    peak: int = 10
    snap_length: int = 256

    def __post_init__(self) -> None:
        ranges = {
            "packets": (1, _MOST, "at least one packet, and at most as many as there are timestamps for"),
            "flows": (1, _MOST_FLOWS, "at least one flow, at most 2^30"),
            "seed": (0, (1 << 64) - 1, "a seed has 64 bits"),
            "concurrent": (1, _MOST_CONCURRENT, "at least one flow, at most 2^24"),
            "endpoints": (1, 1 << 16, "endpoints have 2^16 addresses"),
            "networks": (1, (1 << 24) - 1, "a VNI has 24 bits, and 0 is not used"),
            "burst_packets": (2, 1 << 20, "at least two packets, at most 2^20"),
            "peak": (2, 10**6, "packets of a burst come faster than the average"),
            "snap_length": (0, 262144, "0 for whole packets, at most what captures hold"),
        }
        for name, (least, most, rule) in ranges.items():
            value = getattr(self, name)
            if value is not None:
                parse_number(Field(name), value, least, most, rule)
        if self.packets is None and self.duration is None and (self.flows is None or self.is_by_rank):
            object.__setattr__(self, "packets", _DEFAULT_PACKETS)
        object.__setattr__(self, "arrivals", parse_choice(Field("arrivals"), self.arrivals, ARRIVALS))
        for name in SHARES:
            object.__setattr__(self, name, _parse_share(name, getattr(self, name)))
        self._check_profile()
        _ = self.shares, self.lengths, self.outer_port, self.end_ps  # which refuse what is wrong
        if self.is_by_rank:
            parse_number(
                Field("flows"), self.n_ranks, 1, _MOST_CONCURRENT, "flows that never end are kept, at most 2^24"
            )
        if self.gap_ps * self.burst_packets >= _MOST_PAUSE_PS:
            problem = "the pauses between bursts would last many hours"
            raise ConfigurationError(
                Field("burst_packets"), problem, f"give fewer packets, or a higher {Field('rate')}"
            )

    def _check_profile(self) -> None:
        name = self.flow_sizes.strip().lower()
        object.__setattr__(self, "flow_sizes", name)
        if name == "campus" or name in flow_sizes.OF_BYTES:
            return
        found = _WITH_EXPONENT.fullmatch(name)
        if found is None and name.partition(":")[0] in ("zipf", "pareto"):
            advice = f"give one above 0 and below 100, of at most 6 decimals, such as {name.partition(':')[0]}:1.2"
            raise ConfigurationError(Field("flow_sizes"), f"{name!r} does not end with an exponent", advice)
        if found is None:
            raise unknown_word(Field("flow_sizes"), name, PROFILES, "a profile of flow sizes")
        if not Decimal(found[2]):
            raise ConfigurationError(Field("flow_sizes"), "the exponent is 0", "give one above 0, such as 1.2")

    @property
    def is_by_rank(self) -> bool:
        """Whether a flow is a rank of Zipf's law, and has no end."""
        return self.flow_sizes.startswith("zipf")

    @property
    def is_by_bytes(self) -> bool:
        """Whether sizes of flows are bytes, and not packets."""
        return self.flow_sizes in flow_sizes.OF_BYTES

    @property
    def n_ranks(self) -> int:
        """How many ranks Zipf's law has."""
        return _DEFAULT_RANKS if self.flows is None else self.flows

    def document(self) -> dict[str, object]:
        """Return what was asked for as what JSON is made of: shares of 1."""
        values: dict[str, object] = {
            name: float(value) if isinstance(value, Fraction) else value for name, value in vars(self).items()
        }
        return {**values, "tunnels": {name: float(share) for name, share in self.shares.items()}}

    @property
    def shares(self) -> dict[str, Fraction]:
        """The share of flows of each encapsulation; they add up to 1."""
        return _parse_tunnels(self.tunnels)

    def distribution(self) -> NumberDistribution:
        """Return the distribution of sizes of flows, in packets or bytes; or that of ranks."""
        if self.is_by_bytes:
            return distribution.of_per_cents(flow_sizes.OF_BYTES[self.flow_sizes])
        name, _, exponent = self.flow_sizes.partition(":")
        if name == "zipf":
            return distribution.zipf(Decimal(exponent), self.n_ranks)
        return distribution.pareto(Decimal(exponent)) if name == "pareto" else distribution.campus()

    @property
    def lengths(self) -> tuple[int, ...]:
        """Bytes of innermost IP packets, each as likely as the others."""
        given = self.packet_size
        if given is None:
            given = "full" if self.is_by_bytes else "imix"
        place = Field("packet_size")
        text = str(given).strip().lower()
        if text == "imix":
            return tuple(min(length, FULL_PACKET) for length in flow_sizes.INTERNET_MIX)
        if text == "full":
            return (FULL_PACKET,)
        if not text.isdecimal():
            raise ConfigurationError(place, f"{given!r} is not a size of packets", "give full, imix or a number")
        rule = "at least the headers of IPv4 and UDP, at most what jumbo frames hold"
        return (parse_number(place, int(text), _LEAST_PACKET, _MOST_PACKET, rule),)

    @property
    def outer_port(self) -> int:
        """The source port of all tunnels in UDP; -1 for one by flow."""
        text = str(self.outer_source_port).strip().lower()
        if text == "entropy":
            return -1
        place = Field("outer_source_port")
        if not text.isdecimal():
            problem = f"{self.outer_source_port!r} is not a port"
            raise ConfigurationError(place, problem, "give entropy, or a number from 0 to 65535")
        return parse_number(place, int(text), 0, 65535, "a port has 16 bits")

    @property
    def gap_ps(self) -> int:
        """Picoseconds between two packets, on average."""
        place = Field("rate")
        amount, _ = parse_rate(place, self.rate, ("pps",))
        gap = round(PS_OF_SECOND / amount)
        if not 0 < gap <= _SLOWEST * PS_OF_SECOND:
            raise ConfigurationError(place, f"{self.rate!r} is too fast or too slow", "give 0.001 pps to 1 Tpps")
        return gap

    @property
    def end_ps(self) -> int:
        """When the traffic ends at the latest, in picoseconds."""
        return _LATEST_PS if self.duration is None else parse_duration(Field("duration"), self.duration)


def _parse_number(value: Share) -> Fraction:
    """Read a number that is not negative, perhaps in per cent; return -1 for what is none."""
    text = str(value).strip()
    try:
        number = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        return Fraction(-1)
    return max(number, Fraction(-1))


def _parse_share(name: str, value: Share) -> Fraction:
    """Read a share, such as 0.2 or 20%."""
    share = _parse_number(value)
    if not 0 <= share <= 1:
        problem = f"{value!r} is not a share"
        raise ConfigurationError(Field(name), problem, "give a number from 0 to 1, such as 0.2, or 20%")
    return share


def _parse_tunnels(given: Tunnels) -> dict[str, Fraction]:
    """Read encapsulations and their shares; return shares that add up to 1."""
    place = Field("tunnels")
    parts = list(given.items()) if isinstance(given, Mapping) else [_divide(part) for part in given.split(",")]
    known = {each.lower(): each for each in ENCAPSULATIONS}
    found: dict[str, Fraction] = {}
    for name, value in parts:
        key = str(name).strip().lower().replace("-", "_")
        if key in _KINDS_OF_GRE:
            problem = f"{name} is GRE, and which kind follows from the IP versions"
            raise ConfigurationError(place, problem, "write GRE")
        if key not in known:
            raise unknown_word(place, str(name), ENCAPSULATIONS, "an encapsulation")
        weight = _parse_number(value)
        if weight < 0:
            problem = f"{name}={value}: {value!r} is not a share"
            raise ConfigurationError(place, problem, "write, for instance, VXLAN=3,NONE=1 or VXLAN=75%,NONE=25%")
        if known[key] in found:
            raise ConfigurationError(place, f"{known[key]} is given twice", "give each encapsulation once")
        found[known[key]] = weight
    total = sum(found.values())
    if not total:
        raise ConfigurationError(place, "all shares are 0", "give one above 0")
    in_per_cent = sum(str(value).strip().endswith("%") for _, value in parts)
    if 0 < in_per_cent < len(parts):
        raise ConfigurationError(place, "only some shares are in per cent", "give all of them in per cent, or none")
    if in_per_cent and abs(total - 1) > _MOST_ROUNDING:
        problem = f"the shares add up to {float(100 * total):g}%"
        raise ConfigurationError(place, problem, "make them 100%, or write proportions such as VXLAN=3,NONE=1")
    return {name: found[name] / total for name in ENCAPSULATIONS if found.get(name)}


def _divide(part: str) -> tuple[str, str]:
    name, equals, weight = part.partition("=")
    return name, weight if equals else "1"
