"""Say what tunnels are suspected, and what would have a device look into them."""

from typing import TYPE_CHECKING

from pcaphash.errors import Field
from pcaphash.report.words.values import listed, packets, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pcaphash.studies.compare.missed import MissedTunnel
    from pcaphash.studies.shared.suspicion import Remedy, Suspected

STRIP_MIRROR = Field("strip", "erspan")
"""What shows the packets inside a mirror session."""


def name_tunnel(kind: str, port: int | None) -> str:
    """Name a suspected tunnel, and the port that it has."""
    return kind if port is None else f"{kind} on UDP port {port}"


def remedy_options(remedy: "Remedy") -> str:
    """Return the options that have a device look into a tunnel."""
    return _options([remedy])


def missed_options(tunnel: "MissedTunnel") -> str:
    """Return the options that have a device look into missed tunnels."""
    return _options(tunnel.every)


def _options(remedies: "Sequence[Remedy | MissedTunnel]") -> str:
    specs = [Field("spec", each.spec) for each in remedies if each.spec]
    ports = [Field(each.ports_argument, port) for each in remedies for port in each.ports]
    return " ".join(dict.fromkeys(map(str, [*specs, *ports])))


def looks_like(tunnel: "MissedTunnel") -> str:
    """Say what packets look like, and how many do."""
    first, *others = tunnel.every
    likes = [f"{percent(first.share)} of packets look like {name_tunnel(first.kind, first.port)}"]
    likes += [f"{percent(each.share)} like {name_tunnel(each.kind, each.port)}" for each in others]
    return listed(likes)


def name_tunnels(tunnel: "MissedTunnel") -> str:
    """Name missed tunnels, and the ports that they have."""
    return listed([name_tunnel(each.kind, each.port) for each in tunnel.every])


def excess_then(tunnel: "MissedTunnel") -> str:
    """Say how far the busiest receive queue is above its ideal share if the device looks into missed tunnels."""
    assert tunnel.excess is not None
    return f"{'about ' if tunnel.is_estimate else ''}{percent(tunnel.excess)}"


def describe_remedy(suspect: "Suspected") -> str:
    """Say what would help against a suspected tunnel, or why nothing does."""
    if suspect.remedy is not None:
        only = " (draft v7 does not)" if suspect.remedy.spec else ""
        return f"add {remedy_options(suspect.remedy)} to look into it{only}"
    if suspect.is_mirrored:
        return f"a mirror session: {STRIP_MIRROR} shows what the NIC received"
    if suspect.is_encrypted:
        return f"neither spec looks into {suspect.kind.value}, whose payload is encrypted"
    if suspect.depends_on_spec:
        return "virtio 1.4 looks into it, but this device does not"
    return f"neither spec looks into {suspect.kind.value}"


def describe_suspect(suspect: "Suspected") -> str:
    """Say in one line what is suspected, how much of it there is, and what would help."""
    about = "about " if suspect.is_estimate else ""
    load = f"{about}{packets(suspect.packets)} ({percent(suspect.share)})"
    return f"{name_tunnel(suspect.kind.value, suspect.port)}: {load}; {describe_remedy(suspect)}"


def suspect_document(suspect: "Suspected") -> dict[str, object]:
    """Return a suspected tunnel for programs."""
    remedy = suspect.remedy
    return {
        "kind": suspect.kind.value,
        "port": suspect.port,
        "packets": suspect.packets,
        "is_estimate": suspect.is_estimate,
        "share": suspect.share,
        "spec": "" if remedy is None else remedy.spec,
        "ports_argument": "" if remedy is None else remedy.ports_argument,
        "ports": [] if remedy is None else list(remedy.ports),
    }
