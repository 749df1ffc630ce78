"""What ``ethtool -n IF rx-flow-hash`` shows, as hash types."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pcaphash.device.hash_types import LINUX_HASH_TYPES
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

# For each flow type the type of its ports and that of its addresses.
_HASH_TYPES = {
    "tcp4": (virtio.HASH_TYPE_TCPV4, virtio.HASH_TYPE_IPV4),
    "udp4": (virtio.HASH_TYPE_UDPV4, virtio.HASH_TYPE_IPV4),
    "tcp6": (virtio.HASH_TYPE_TCPV6, virtio.HASH_TYPE_IPV6),
    "udp6": (virtio.HASH_TYPE_UDPV6, virtio.HASH_TYPE_IPV6),
}

_LINES = {
    "none": "",
    "ip sa": "s",
    "ip da": "d",
    "l4 bytes 0 & 1": "f",
    "l4 bytes 2 & 3": "n",
    "l2da": "m",
    "vlan tag": "v",
    "l3 proto": "t",
    "gtp teid": "e",
    "ipv6 flow label": "l",
}
"""Letters that ``ethtool -N`` takes for the lines of ``ethtool -n``."""

LETTERS = r"[sdfnmvtelr](?:[\s,]*[sdfnmvtelr])*"
"""A pattern for the letters of fields, as ``ethtool -N`` takes them."""

_PLAIN = [set(), set("sd"), set("sdfn")]


@dataclass
class Flow:
    """The fields that are hashed of one flow type.

    Parameters
    ----------
    flow_type : str
        Such as ``tcp4``.
    line : int
        Where in the file it stands.
    interface : str, optional
        Whose flows they are, where a command before it says so.
    letters : set of str, optional
        The fields, by their letters; None as long as there are none.
    is_set : bool
        Whether a command sets them; else they are shown.
    """

    flow_type: str
    line: int
    interface: str | None
    letters: set[str] | None = field(default=None)
    is_set: bool = False

    @property
    def is_covered(self) -> bool:
        """Whether virtio has hash types for the protocol."""
        return self.flow_type in _HASH_TYPES

    def take(self, text: str) -> bool:
        """Take a line with fields; return False, and leave it, where it is none."""
        plain = " ".join(text.lower().split())
        name = next((name for name in _LINES if plain == name or plain.startswith(f"{name} [")), None)
        if name is not None:
            letters = _LINES[name]
        elif re.fullmatch(LETTERS, plain):
            letters = re.sub(r"[\s,]", "", plain)
        else:
            return False
        self.letters = (self.letters or set()) | set(letters)
        return True


def hash_types_of(place: Field | str, flows: Iterable[Flow]) -> int:
    """Return the mask of hash types that flows show, in order of the file; those that are not covered are ignored.

    Raises
    ------
    ConfigurationError
        A flow type is shown twice and differently with no command between, has fields that no hash type covers, or no
        mask gives all of them.
    """
    by_type: dict[str, Flow] = {}
    for flow in (each for each in flows if each.is_covered):
        other = by_type.get(flow.flow_type, flow)
        by_type[flow.flow_type] = flow
        if other.letters != flow.letters and not other.is_set and not flow.is_set:
            problem = f"line {flow.line}: {flow.flow_type} contradicts line {other.line}"
            raise ConfigurationError(place, problem, "keep only one of them")
    for flow in by_type.values():
        _check_fields(place, flow)
    mask = LINUX_HASH_TYPES
    for flow_type, (ports, _) in _HASH_TYPES.items():
        if flow_type in by_type and by_type[flow_type].letters != set("sdfn"):
            mask &= ~ports
    for addresses in (virtio.HASH_TYPE_IPV4, virtio.HASH_TYPE_IPV6):
        those = [flow for flow in by_type.values() if _HASH_TYPES[flow.flow_type][1] == addresses]
        unhashed = [flow for flow in those if not flow.letters]
        hashed = [flow for flow in those if flow.letters == set("sd")]
        if unhashed and hashed:
            problem = (
                f"line {unhashed[0].line}: {unhashed[0].flow_type} hashes nothing, but {hashed[0].flow_type} hashes "
                "addresses"
            )
            raise ConfigurationError(place, f"{problem}: no hash_types can express both", "leave one of the two out")
        if unhashed:
            mask &= ~addresses
    return mask


def _check_fields(place: Field | str, flow: Flow) -> None:
    if flow.letters is None:
        problem = f"line {flow.line}: no fields follow for {flow.flow_type}"
        raise ConfigurationError(place, problem, "copy the whole output of ethtool -n, or leave this line out")
    if flow.letters not in _PLAIN:
        problem = (
            f"line {flow.line}: {flow.flow_type} has fields that no hash type covers ({''.join(sorted(flow.letters))})"
        )
        raise ConfigurationError(place, problem, "only sd, sdfn and None can be calculated; leave this flow type out")
