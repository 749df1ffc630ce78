"""The options that describe a device: its files, what it hashes, and the tunnels that it knows."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pcaphash.cli.groups import DEVICE, TUNNELS, put_into

DeviceFile = Annotated[
    Path | None,
    typer.Option(
        "--device", metavar="FILE", readable=False, help="TOML file with device options; the command line wins."
    ),
]
EthtoolFile = Annotated[
    str | None,
    typer.Option(
        "--ethtool",
        metavar="FILE[#IF]",
        help=(
            "File with output of ethtool -x and -n, with ethtool -X commands, or with what testpmd shows (show port N "
            "rss-hash key, show port N rss reta): key, table, queues, hash types. - is standard input; #IF chooses an "
            "interface."
        ),
    ),
]
RssConfig = Annotated[
    str | None,
    typer.Option(
        "--rss-config", metavar="HEX|FILE", help="Payload of the RSS_CONFIG command: hex, an xxd dump, or a file."
    ),
]
HashConfig = Annotated[str | None, typer.Option("--hash-config", metavar="HEX|FILE", help="The same for HASH_CONFIG.")]
HashTunnelSet = Annotated[
    str | None, typer.Option("--hash-tunnel-set", metavar="HEX|FILE", help="The same for HASH_TUNNEL_SET (virtio 1.4).")
]
Spec = Annotated[
    str | None,
    typer.Option("--spec", metavar="v7|1.4", help="Draft v7 of the inner header hash, or virtio 1.4.  [default: v7]"),
]


def _hash_types(default: str) -> Any:
    return Annotated[
        str | None,
        typer.Option(
            "--hash-types",
            metavar="TYPES",
            help="Names joined by + or commas, a mask in hex, or a preset: addresses (the types without ports), base "
            "(every type but those of tunnels), linux (base without those for IPv6 extension headers), all, none.  "
            f"[default: {default}]",
        ),
    ]


TunnelTypes = Annotated[
    str | None,
    typer.Option(
        "--tunnel-types",
        metavar="TYPES",
        help="Tunnels whose inner header is hashed (enabled_tunnel_types), written as --hash-types; virtio 1.4 only.",
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="NAMES",
        help="Negotiated features, joined by +: CTRL_VQ, MQ, RSS, HASH_REPORT, HASH_TUNNEL.  [default: all]",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="Hash key: bytes in hex, a C array, a file, or a name such as symmetric or mlx5.  [default: microsoft]",
    ),
]
PadKey = Annotated[bool | None, typer.Option("--pad-key", help="Pad a short key with zeros instead of refusing it.")]
Queues = Annotated[int | None, typer.Option("--queues", metavar="N", help="Receive queues.  [default: 8]")]
TableSize = Annotated[
    int | None,
    typer.Option(
        "--indirection-table-size", metavar="N", help="Number of entries; entry i is queue i % queues.  [default: 128]"
    ),
]
Table = Annotated[
    str | None,
    typer.Option("--indirection-table", metavar="LIST", help="The entries: receive queues, separated by commas."),
]
UnclassifiedQueue = Annotated[
    int | None,
    typer.Option("--unclassified-queue", metavar="N", help="Receive queue for packets without a hash.  [default: 0]"),
]
TableIndex = Annotated[
    str | None,
    typer.Option(
        "--table-index",
        metavar="mask|modulo",
        help="Which entry a hash selects: hash & (size - 1), or hash % size, for NICs whose table size is not a power "
        "of two.  [default: mask]",
    ),
]
InnerMiss = Annotated[
    str | None,
    typer.Option(
        "--inner-miss",
        metavar="none|outer",
        help="What to hash if the inner packet of a tunnel is not IP: nothing, or the outer header.  [default: none]",
    ),
]
Flavor = Annotated[
    str | None,
    typer.Option(
        "--flavor",
        metavar="NAME",
        help="Hash as the spec requires (spec), as QEMU 7.2 does (qemu), as its steering program does in Linux's tap "
        "(qemu-ebpf), also after Linux's own tunnel devices (qemu-ebpf-inner), as Amazon's ENA does (ena-gen4, "
        "ena-gen5), as the NIC Corundum does (corundum), or as VPP's soft-rss plugin does (vpp).  [default: spec]",
    ),
]
InputTransform = Annotated[
    str | None,
    typer.Option(
        "--input-transform",
        metavar="NAME",
        help="Symmetric hashing of Linux (ethtool -X xfrm): none, symmetric-xor, symmetric-or-xor.  [default: none]",
    ),
]
VxlanPorts = Annotated[
    list[str] | None,
    typer.Option(
        "--vxlan-port", metavar="PORTS", help="UDP destination ports of VXLAN; repeatable.  [default: 4789,8472]"
    ),
]
GenevePorts = Annotated[
    list[str] | None,
    typer.Option(
        "--geneve-port", metavar="PORTS", help="UDP destination ports of GENEVE; repeatable.  [default: 6081]"
    ),
]
VxlanGpePorts = Annotated[
    list[str] | None,
    typer.Option(
        "--vxlan-gpe-port", metavar="PORTS", help="UDP destination ports of VXLAN-GPE; repeatable.  [default: 4790]"
    ),
]
GreUdpPorts = Annotated[
    list[str] | None,
    typer.Option(
        "--gre-udp-port", metavar="PORTS", help="UDP destination ports of GRE in UDP; repeatable.  [default: 4754]"
    ),
]
Configs = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="NAME=TYPES",
        help="A configuration: a name and its hash types. Under virtio 1.4, append /TUNNEL_TYPES; for its own key, "
        "append @KEY. Repeatable.  "
        "[default: outer-addresses, outer, inner]",
    ),
]

DEVICE_FILES = {
    "device_file": DeviceFile,
    "ethtool": EthtoolFile,
    "rss_config": RssConfig,
    "hash_config": HashConfig,
    "hash_tunnel_set": HashTunnelSet,
}
DEVICE_OPTIONS = {
    # what Device calls it: the option
    "spec": Spec,
    "hash_types": _hash_types("all"),
    "features": Features,
    "hash_key": Key,
    "pad_key": PadKey,
    "queues": Queues,
    "indirection_table_size": TableSize,
    "indirection_table": Table,
    "unclassified_queue": UnclassifiedQueue,
    "table_index": TableIndex,
    "flavor": Flavor,
    "input_transform": InputTransform,
}
TYPES_COMPARED = _hash_types("three configurations, see --config")
TUNNEL_OPTIONS = {
    "tunnel_types": TunnelTypes,
    "inner_miss": InnerMiss,
    "vxlan_ports": VxlanPorts,
    "geneve_ports": GenevePorts,
    "vxlan_gpe_ports": VxlanGpePorts,
    "gre_udp_ports": GreUdpPorts,
}
put_into(DEVICE, {**DEVICE_FILES, **DEVICE_OPTIONS, "types_compared": TYPES_COMPARED, "config": Configs})
put_into(TUNNELS, TUNNEL_OPTIONS)
