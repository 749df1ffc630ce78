"""How headers are read: the UDP ports of tunnels, and whether the specs or a known device say what a header is."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.kernels import departures
from pcaphash.kernels.toeplitz import KEY_LEN, prepare_key
from pcaphash.kernels.tunnel import tabulate_ports

FLAVORS = {
    "spec": 0,
    "qemu": departures.AS_QEMU,
    "qemu-ebpf": departures.AS_EBPF,
    "qemu-ebpf-inner": departures.INNER_AS_EBPF,
    "ena-gen4": departures.SORTED | departures.INITIAL_ONES | departures.MIRRORED,
    "ena-gen5": departures.INITIAL_ONES,
    "corundum": departures.AS_CORUNDUM,
    "vpp": departures.AS_VPP,
}

_NO_KEY = bytes(KEY_LEN)


@dataclass(frozen=True)
class ReadingRules:
    """How the headers of a packet are read, whatever is hashed of them.

    Devices with the same rules find the same headers, encapsulations, flows and tunnels in every packet.

    Parameters
    ----------
    vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports : tuple of int
        UDP destination ports of the tunnels.
    flavor : str
        As ``Device`` has it.
    """

    vxlan_ports: tuple[int, ...]
    geneve_ports: tuple[int, ...]
    vxlan_gpe_ports: tuple[int, ...]
    gre_udp_ports: tuple[int, ...]
    flavor: str = "spec"

    @classmethod
    def of(cls, device: Device) -> "ReadingRules":
        """Return the rules by which a device reads headers."""
        ports = device.vxlan_ports, device.geneve_ports, device.vxlan_gpe_ports, device.gre_udp_ports
        return cls(*ports, device.flavor)

    def __getstate__(self) -> dict[str, object]:
        """Leave out what is made of the fields."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def port_types(self) -> npt.NDArray[np.uint8]:
        """Tunnel types of UDP destination ports as kernels take them."""
        return tabulate_ports(self.vxlan_ports, self.geneve_ports, self.vxlan_gpe_ports, self.gre_udp_ports)

    @cached_property
    def departures(self) -> np.int64 | None:
        """Where the flavor departs from the specs, as kernels take it."""
        flags = FLAVORS[self.flavor]
        return np.int64(flags) if flags else None

    @cached_property
    def arguments(self) -> tuple[object, npt.NDArray[np.uint8], np.int64 | None]:
        """What kernels that read headers and hash nothing take: a key that does not matter, ports, departures."""
        return prepare_key(_NO_KEY), self.port_types, self.departures
