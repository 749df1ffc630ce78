"""What a device does with the packets of one signature: which header and which hash type, or why no hash.

Sources: virtio 1.4, "Hash calculation for incoming packets" and "Inner Header Hash"; the same chapters of draft v7.
"""

from dataclasses import dataclass

from pcaphash.device.device import Device
from pcaphash.device.hash_choice import NOTHING_FITS, choose_hash_type
from pcaphash.kernels import header as kinds
from pcaphash.kernels import tunnel
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6, KIND_IPV6_EX, KIND_IPV6_EX_CUT
from pcaphash.kernels.link import CUT, NOT_IP, OTHER_LINK_TYPE
from pcaphash.kernels.rows import EXTENDED, FORMS, NOTHING, WITH_PORTS
from pcaphash.standards import ip, virtio

UNKNOWN = "UNKNOWN"
NONE = "NONE"

REASON_NOT_IP = "not-ip"
REASON_INNER_NOT_IP = "inner-not-ip"
REASON_NO_TYPE = "no-type"
REASON_TRUNCATED = "truncated"
REASON_LINK_TYPE = "link-type"

ENCAPSULATIONS = {
    "v7": (NONE, "GRE", "GRE", "GRE", NONE, "VXLAN", NONE, "GENEVE", NONE, "GRE", UNKNOWN, UNKNOWN, NONE),
    "1.4": (
        NONE, "GRE_2784", "GRE_2890", "GRE_7676", "GRE_UDP", "VXLAN", "VXLAN_GPE", "GENEVE", "IPIP", "NVGRE",
        UNKNOWN, UNKNOWN, UNKNOWN,
    ),
}  # fmt: skip
"""Names under each text of the encapsulations that ``kernels.tunnel`` numbers."""

_GRE_TYPES = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE
_UDP_TYPES = virtio.TUNNEL_GRE_UDP | virtio.TUNNEL_VXLAN | virtio.TUNNEL_VXLAN_GPE | virtio.TUNNEL_GENEVE

_PROTOCOL_OF = {
    kinds.TRANSPORT_TCP: ip.TCP,
    kinds.TRANSPORT_TCP_CUT: ip.TCP,
    kinds.TRANSPORT_UDP: ip.UDP,
    kinds.TRANSPORT_UDP_CUT: ip.UDP,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a device does with the packets of one signature.

    Parameters
    ----------
    encapsulation : str
        What the packet is under the device's text, enabled or not; UNKNOWN where the capture does not show it.
    header : str
        ``outer`` or ``inner``: the header that is hashed; ``none`` where no hash is calculated or known.
    hash_report : str
        The hash type reported; NONE, or UNKNOWN where the capture does not show enough.
    hash_report_tunnel : str
        The encapsulation reported (draft v7 only); NONE or UNKNOWN.
    reason : str
        Why there is no hash; empty where there is one.
    pick : int
        Which hash, as ``kernels.rows`` numbers them.
    """

    encapsulation: str
    header: str
    hash_report: str
    hash_report_tunnel: str
    reason: str
    pick: int

    @property
    def is_hashed(self) -> bool:
        """Whether a hash is calculated."""
        return self.pick != NOTHING

    @property
    def is_known(self) -> bool:
        """Whether the capture shows enough to say what the device does."""
        return self.hash_report != UNKNOWN

    @property
    def form(self) -> int:
        """Which hash of its header is picked: a sum of WITH_PORTS and EXTENDED (``kernels.rows``)."""
        return (self.pick - 1) % FORMS


def decide(signature: int, device: Device) -> Decision:
    """Decide what a device does with the packets of a signature.

    Parameters
    ----------
    signature : int
        As ``kernels.dissect`` numbers them.
    device : Device
        The configured device.
    """
    outer, encapsulation, inner = split_signature(signature)
    name = encapsulation_of(signature, device.spec)
    if outer == OTHER_LINK_TYPE:
        return _without_hash(name, UNKNOWN, REASON_LINK_TYPE)
    if outer == CUT:
        return _without_hash(name, UNKNOWN, REASON_TRUNCATED)
    if outer == NOT_IP:
        return _without_hash(name, NONE, REASON_NOT_IP)
    if name == UNKNOWN and device.tunnel_mask & (_GRE_TYPES if encapsulation == tunnel.CUT_GRE else _UDP_TYPES):
        return _without_hash(name, UNKNOWN, REASON_TRUNCATED)
    is_tunnel = encapsulation in tunnel.TUNNELS
    if not is_tunnel or not device.tunnel_mask >> (encapsulation - 1) & 1:
        return _decide_header(name, "outer", outer, device)
    if inner == NOT_IP:
        if device.inner_miss == "outer":
            return _decide_header(name, "outer", outer, device)
        return _without_hash(name, NONE, REASON_INNER_NOT_IP)
    if inner == CUT:
        return _without_hash(name, UNKNOWN, REASON_TRUNCATED)
    return _decide_header(name, "inner", inner, device)


def encapsulation_of(signature: int, spec: str) -> str:
    """Name what the packets of a signature are under one of the specs, enabled or not; UNKNOWN where cut."""
    outer, encapsulation, _ = split_signature(signature)
    if outer in (CUT, OTHER_LINK_TYPE):
        return UNKNOWN
    return ENCAPSULATIONS[spec][encapsulation]


def _without_hash(encapsulation: str, report: str, reason: str) -> Decision:
    return Decision(encapsulation, "none", report, report, reason, NOTHING)


def _decide_header(encapsulation: str, header: str, kind: int, device: Device) -> Decision:
    """Choose the hash type for one header."""
    transport = (kind - KIND_IPV4) % kinds.N_TRANSPORTS
    version = 4 if kind < KIND_IPV6 else 6
    choice = choose_hash_type(device, version, _PROTOCOL_OF.get(transport), kind >= KIND_IPV6_EX)
    if choice == NOTHING_FITS:
        return _without_hash(encapsulation, NONE, REASON_NO_TYPE)
    ports_are_cut = transport in (kinds.TRANSPORT_TCP_CUT, kinds.TRANSPORT_UDP_CUT)
    if (choice.with_ports and ports_are_cut) or (choice.extended and kind >= KIND_IPV6_EX_CUT):
        return _without_hash(encapsulation, UNKNOWN, REASON_TRUNCATED)
    tunnel_report = encapsulation if header == "inner" and device.spec == "v7" else NONE
    form = (WITH_PORTS if choice.with_ports else 0) + (EXTENDED if choice.extended else 0)
    pick = 1 + (FORMS if header == "inner" else 0) + form
    return Decision(encapsulation, header, choice.report, tunnel_report, "", pick)
