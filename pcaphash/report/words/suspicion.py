"""Say what tunnels are suspected, and what would have a device look into them."""

from typing import TYPE_CHECKING

from pcaphash.errors import Field
from pcaphash.report.words.values import packets, percent

if TYPE_CHECKING:
    from pcaphash.studies.compare.missed import MissedTunnel
    from pcaphash.studies.shared.suspicion import Remedy, Suspected

STRIP_MIRROR = Field("strip", "erspan")
"""What shows the packets inside a mirror session."""


def name_tunnel(kind: str, port: int | None) -> str:
    """Name a suspected tunnel, and the port that it has."""
    return kind if port is None else f"{kind} on UDP port {port}"


def remedy_options(remedy: "Remedy | MissedTunnel") -> str:
    """Return the options that have a device look into a tunnel."""
    spec = [Field("spec", remedy.spec)] if remedy.spec else []
    return " ".join(map(str, [*spec, *(Field(remedy.ports_argument, port) for port in remedy.ports)]))


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
