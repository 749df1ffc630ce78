"""Where and why a dissection went no further, in words and as an object."""

from pcaphash.report.explain.links import link_type_words
from pcaphash.standards import ip
from pcaphash.studies.explain import names
from pcaphash.studies.explain.extensions import extension_name
from pcaphash.studies.explain.steps import ENDS, Layer, StopReason, TraceStep

_NAMES = {
    Layer.ETHERNET: "Ethernet header",
    Layer.VLAN_TAG: "VLAN tag",
    Layer.LINUX_COOKED: "protocol of the Linux cooked header",
    Layer.LOOPBACK: "loopback header",
    Layer.RAW_IP: "IP version",
    Layer.OTHER_LINK: "link layer",
    Layer.IPV4: "IPv4 header",
    Layer.IPV6: "IPv6 header",
    Layer.HOME_ADDRESS: "home address",
    Layer.ROUTING_ADDRESS: "routing header's address",
    Layer.GRE: "GRE header",
    Layer.VXLAN: "VXLAN header",
    Layer.VXLAN_GPE: "VXLAN-GPE header",
    Layer.GENEVE: "GENEVE header",
    Layer.IPIP: "IPv4 in IPv4",
}
_VALUES = {
    Layer.LOOPBACK: "address family",
    Layer.RAW_IP: "IP version",
    Layer.VXLAN_GPE: "next protocol",
}
_LIMITS = {StopReason.PACKET_END: "original length", StopReason.CAPTURED_END: "captured length"}


def stop_words(step: TraceStep) -> str:
    """Say where a dissection stopped and why, in a sentence."""
    return f"the dissection stops at the {step.part} {_name(step)} at byte {step.offset}: {_why(step)}"


def stop_document(step: TraceStep) -> dict[str, object]:
    """Write where a dissection stopped and why as an object."""
    is_end = step.reason in ENDS
    return {
        "part": step.part,
        "layer": step.layer.name.lower(),
        "offset": step.offset,
        "needed": step.required,
        "available": step.available if is_end else None,
        "limit": _LIMITS.get(step.reason, ""),
        "reason": step.reason.name.lower(),
        "value": step.value,
    }


def _name(step: TraceStep) -> str:
    """Name what a step came to; of TCP and UDP only the ports need be captured."""
    if step.layer == Layer.EXTENSION:
        return extension_name(step.value)
    if step.layer in (Layer.TRANSPORT, Layer.UDP_PORTS):
        name = "UDP" if step.layer == Layer.UDP_PORTS else names.protocol_name(step.value)
        return f"{name} ports" if step.reason == StopReason.CAPTURED_END else f"{name} header"
    return _NAMES[step.layer]


def _why(step: TraceStep) -> str:
    if step.reason in ENDS:
        is_cut = step.reason == StopReason.CAPTURED_END
        left = f"{step.available} are captured" if is_cut else f"the packet has {step.available} left"
        needed = "1 byte is" if step.required == 1 else f"{step.required} bytes are"
        return f"{needed} needed, and {left} ({_LIMITS[step.reason]} {step.limit})"
    return {
        StopReason.UNKNOWN_LINK_TYPE: f"{link_type_words(step.value)} is not dissected",
        StopReason.NOT_IP_TYPE: f"{_value_words(step)} is not IP",
        StopReason.TAG_NOT_SKIPPED: "the device does not step over the VLAN tag that follows",
        StopReason.WRONG_VERSION: "the version is wrong",
        StopReason.SHORT_LENGTH: f"the header length of {step.length} bytes is below {ip.IPV4_LEN}",
        StopReason.FRAGMENT: "the packet is a fragment",
        StopReason.OTHER_TRANSPORT: f"protocol {names.protocol(step.value)} is neither TCP nor UDP",
        StopReason.EXTENSION_NOT_SKIPPED: "the device does not step over extension headers",
        StopReason.NO_TUNNEL_PORT: f"destination port {step.value} is not a tunnel port",
        StopReason.NO_INSTANCE_FLAG: "the I flag is clear",
        StopReason.ROUTING_FLAG: "the routing bit of RFC 1701 is set",
        StopReason.OPTIONS: f"the header is not of {ip.IPV4_LEN} bytes",
        StopReason.NOT_READ: "the device does not read such headers",
        StopReason.TAKEN_FOR_FRAGMENT: "the device takes the packet for a fragment",
        StopReason.TYPE_READ_ELSEWHERE: "the device reads the EtherType at another byte",
    }[step.reason]


def _value_words(step: TraceStep) -> str:
    """Name the value that announces what follows."""
    if step.layer in _VALUES:
        return f"{_VALUES[step.layer]} {step.value}"
    return f"EtherType {names.ethertype(step.value)}"
