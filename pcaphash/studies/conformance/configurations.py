"""The devices whose answers the conformance set holds."""

from pcaphash.device.device import Device
from pcaphash.device.hash_key import parse_hash_key

_OTHER_KEY = bytes((37 * i + 11) % 256 for i in range(52))  # 12 bytes longer than a hash input can use
_SHORT_KEY = bytes(range(1, 17))
_TABLE = tuple((i * 7 + i // 32) % 16 for i in range(512))


def given_key(device: Device) -> bytes:
    """Return the key that a driver gives a device of the set: without the zeros that fill up a short one."""
    return device.hash_key.rstrip(b"\0")


def list_devices() -> list[Device]:
    """Return them, the one first whose answers are in the captures too."""
    microsoft = parse_hash_key("microsoft")
    known = {"hash_key": microsoft}
    return [
        Device("v7", "all", **known, name="v7-all"),  # type: ignore[arg-type]
        Device("v7", "base", name="v7-outer"),
        Device("v7", "addresses", name="v7-addresses"),
        Device("v7", "linux+VXLAN_INNER", unclassified_queue=3, name="v7-linux-vxlan"),
        Device("v7", "IPv4+TCPv6+UDPv6+IP_EX+GRE_INNER", unclassified_queue=5, name="v7-precedence"),
        Device("v7", "TCPv4+TCP_EX+IPv6+GENEVE_INNER", hash_key=_OTHER_KEY, queues=16, indirection_table=_TABLE,
               unclassified_queue=7, name="v7-other-key-and-table"),
        Device("v7", "IPv4+UDPv4+UDP_EX", name="v7-udp", queues=3, indirection_table=[2, 1]),
        Device("v7", "IPv4", hash_key=_SHORT_KEY, name="v7-short-key", pad_key=False),
        Device("v7", "all", hash_key=_SHORT_KEY, name="v7-filled-key", pad_key=True),
        Device("1.4", "all", "all", name="1.4-all"),
        Device("1.4", "all", "none", name="1.4-outer"),
        Device("1.4", "all", "GRE_2784+VXLAN+IPIP", name="1.4-some-tunnels", unclassified_queue=6),
        Device("1.4", "linux", "GRE_2890+GENEVE+GRE_UDP", hash_key=_OTHER_KEY, name="1.4-linux-some-tunnels"),
        Device("1.4", "IPv4+IPv6+TCP_EX", "GRE_7676+NVGRE+VXLAN_GPE", name="1.4-other-tunnels", queues=4,
               indirection_table_size=64),
        Device("1.4", "none", "all", name="1.4-no-types", unclassified_queue=2),
    ]  # fmt: skip
