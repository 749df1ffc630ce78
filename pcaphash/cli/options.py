"""Options that several commands share, and the devices that they describe."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pcaphash.cli.device_sources import combine_sources
from pcaphash.cli.groups import DEVICE, TUNNELS, put_into
from pcaphash.cli.messages import warn
from pcaphash.cli.selecting import replace_parameter
from pcaphash.device import (
    Device,
    DeviceOptions,
    TimedOptions,
    combine_options,
    default_configs,
    make_file_configs,
    parse_config,
)
from pcaphash.errors import ConfigurationError, Field
from pcaphash.report.words.device import missing_config_lines

DeviceFile = Annotated[
    Path | None,
    typer.Option("--device", metavar="FILE", help="TOML file with device options; the command line wins."),
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
HashTypes = Annotated[
    str | None,
    typer.Option(
        "--hash-types",
        metavar="TYPES",
        help="Names joined by + or commas, a mask in hex, or a preset: linux, addresses, base, all, none.  "
        "[default: all; of analyze, compare and report: three configurations]",
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
        "(qemu-ebpf), as Amazon's ENA does (ena-gen4, ena-gen5), as the NIC Corundum does (corundum), or as VPP's "
        "soft-rss plugin does (vpp).  [default: spec]",
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
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", help="How many processor cores to use; results are the same.  [default: all]"),
]
JobsInOrder = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help="How many processor cores to use: with 2 or more, packets are read ahead; results are the same.  "
        "[default: all]",
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="Format of the output.")]


_DEVICE_FILES = {
    "device_file": DeviceFile,
    "ethtool": EthtoolFile,
    "rss_config": RssConfig,
    "hash_config": HashConfig,
    "hash_tunnel_set": HashTunnelSet,
}
_DEVICE_OPTIONS = {
    # what Device calls it: the option
    "spec": Spec,
    "hash_types": HashTypes,
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
_TUNNEL_OPTIONS = {
    "tunnel_types": TunnelTypes,
    "inner_miss": InnerMiss,
    "vxlan_ports": VxlanPorts,
    "geneve_ports": GenevePorts,
    "vxlan_gpe_ports": VxlanGpePorts,
    "gre_udp_ports": GreUdpPorts,
}
put_into(DEVICE, {**_DEVICE_FILES, **_DEVICE_OPTIONS, "config": Configs})
put_into(TUNNELS, _TUNNEL_OPTIONS)


@dataclass(frozen=True)
class Configurations:
    """What is given of devices that are to be compared.

    Parameters
    ----------
    options : DeviceOptions
        Of all of them, from files and the command line.
    named : list of str
        What ``--config`` gives.
    of_file : dict of str to DeviceOptions
        What a file gives by name; it counts where ``--config`` gives nothing.
    types_option : str
        The option of the command line that gives types for all; empty where none does.
    changes : tuple of TimedOptions
        What a file says that changes while packets arrive.
    typed : dict of str
        What the command line gives, by the names of parameters.
    """

    options: DeviceOptions
    named: list[str]
    of_file: dict[str, DeviceOptions]
    types_option: str
    changes: tuple[TimedOptions, ...]
    typed: dict[str, Any]

    def devices(self, traces: Sequence[str] = ()) -> list[Device]:
        """Make the configurations to compare: those named, those of the file, the one given, or the usual ones.

        Parameters
        ----------
        traces : sequence of str
            Saved censuses among them say how they were taken.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        return self._devices(adopt_census(traces, self.options))

    def devices_alone(self) -> list[Device]:
        """Make the configurations that are named, those of the file, or the one device that is given.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        return self._devices(self.options) if self.named or self.of_file else [Device(**self.options)]

    def _devices(self, options: DeviceOptions) -> list[Device]:
        if self.named:
            return self._named(options)
        if self.types_option or ("hash_types" in options and not self.of_file):
            return [Device(**options, name="given")]
        if self.of_file:
            return make_file_configs(options, self.of_file)
        base = Device(**options)
        for line in missing_config_lines(base):
            warn(line)
        return default_configs(base)

    def devices_beside(self, traces: Sequence[str] = ()) -> list[Device]:
        """Make the configurations for a comparison that is to say what would help.

        Like ``devices``, but hash types that a file gives, being what the device does today, are put beside the usual
        configurations that differ from them.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        options = adopt_census(traces, self.options)
        given = self._devices(options)
        if self.named or self.of_file or self.types_option or "hash_types" not in self.options:
            return given
        of_others = options.copy()
        of_others.pop("hash_types", None)
        of_others.pop("tunnel_types", None)
        mine = {(each.hash_types, each.tunnel_types) for each in given}
        others = default_configs(Device(**of_others))
        return given + [each for each in others if (each.hash_types, each.tunnel_types) not in mine]

    def _named(self, options: DeviceOptions) -> list[Device]:
        if self.types_option:
            problem = "has no effect together with --config"
            raise ConfigurationError(self.types_option, problem, "write the types into --config, or leave --config out")
        shared = options.copy()
        shared.pop("hash_types", None)
        shared.setdefault("tunnel_types", 0)
        devices = [parse_config(text, Device(**shared)) for text in self.named]
        names = [device.name for device in devices]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError("--config", f"two configurations are named {twice!r}", "give them different names")
        return devices


def takes_configurations(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that describes devices to be compared.

    Parameters
    ----------
    command : callable
        Called with ``configurations``, instead of all these options.
    """
    options = {"config": Configs, **_DEVICE_FILES, **_DEVICE_OPTIONS, **_TUNNEL_OPTIONS}
    return replace_parameter(command, "configurations", options, _combine_configurations)


def takes_device(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that describes a device.

    Parameters
    ----------
    command : callable
        Called with ``device_options``, a DeviceOptions of what files and the command line give, instead of them all.
    """
    options = {**_DEVICE_FILES, **_DEVICE_OPTIONS, **_TUNNEL_OPTIONS}
    return replace_parameter(command, "device_options", options, lambda given: combine_sources(given).options)


def _combine_configurations(given: dict[str, Any]) -> Configurations:
    typed = given.copy()
    named = given.pop("config") or []
    types = next(
        (f"--{name.replace('_', '-')}" for name in ("hash_types", "tunnel_types") if given[name] is not None), ""
    )
    options, of_file, changes = combine_sources(given)
    return Configurations(options, named, of_file, "" if named and types == "--tunnel-types" else types, changes, typed)


def adopt_census(traces: Sequence[str], given: DeviceOptions) -> DeviceOptions:
    """Take over from the first saved census among the traces how it was taken, where nothing else is given.

    Raises
    ------
    CaptureError
        It cannot be read.
    """
    from pcaphash.engine.saved import is_saved_census, load_census

    path = next((trace for trace in traces if is_saved_census(trace)), None)
    if path is None:
        return given
    saved = load_census(path)
    names: DeviceOptions = {"given": saved.given | given.get("given", frozenset())}
    return combine_options(saved.device_options(given), given, names)


def refuse_overwriting(output: Path, traces: Iterable[str], field: str = "output") -> None:
    """Refuse to write results over what they come from.

    Parameters
    ----------
    output : Path
        What is to be written.
    traces : iterable of str
        What is read.
    field : str
        What names the output.

    Raises
    ------
    ConfigurationError
        The output is one of the traces.
    """
    for trace in traces:
        if output.exists() and Path(trace).exists() and output.samefile(trace):
            raise ConfigurationError(Field(field), f"{output} is an input file", "write to another file")


def check_format(chosen: str, known: Iterable[str]) -> None:
    """Refuse a format that a command does not write.

    Raises
    ------
    ConfigurationError
        The format is not one of those known.
    """
    if chosen not in known:
        raise ConfigurationError("--format", f"{chosen!r} is not available here", f"choose {', '.join(known)}")
