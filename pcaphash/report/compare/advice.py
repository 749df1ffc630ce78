"""What would help, in words, and the Linux commands that do it where there are any."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pcaphash.engine.census.decision import NONE, REASON_NO_TYPE
from pcaphash.errors import Command, Field
from pcaphash.report.words.suspicion import STRIP_MIRROR, excess_then, missed_options, name_tunnels
from pcaphash.report.words.values import count, counted, listed, percent, reason_text
from pcaphash.studies.compare.advice import (
    AddQueues,
    AvoidPortless,
    CompareInner,
    EvenTable,
    FindUnhashed,
    HashInner,
    HashPorts,
    LookInto,
    OtherKey,
    RebalanceTable,
    SplitFlow,
    SteerInSoftware,
    VarySourcePort,
)

if TYPE_CHECKING:
    from pcaphash.studies.compare.advice import Advice
    from pcaphash.studies.compare.gain import Gain


@dataclass(frozen=True)
class AdviceWords:
    """One piece of advice: what to do, and the Linux commands for it, where ``IF`` stands for the interface.

    A note is nothing to do, but to expect.
    """

    text: str
    commands: list[str] = field(default_factory=list)
    is_note: bool = False

    @property
    def label(self) -> str:
        """What stands before it."""
        return "Note" if self.is_note else "To do"

    @property
    def command_lines(self) -> list[str]:
        """The commands, each as a line for readers."""
        return [f"  Linux: {command}" for command in self.commands]


def put_advice_into_words(advice: "Advice") -> AdviceWords:
    """Write one piece of advice for readers."""
    match advice:
        case HashInner():
            return _hash_inner(advice)
        case CompareInner():
            return _compare_inner(advice)
        case AddQueues():
            text = "give the device more receive queues, and read its indirection table again."
            return AdviceWords(text, ["ethtool -L IF combined N", "ethtool -x IF"])
        case LookInto():
            return _look_into(advice)
        case HashPorts():
            return _hash_ports(advice)
        case VarySourcePort():
            return _vary_source_port(advice)
        case SteerInSoftware():
            return _steer_in_software()
        case OtherKey():
            return _other_key(advice)
        case EvenTable():
            return _even_table(advice)
        case FindUnhashed():
            return _find_unhashed(advice)
        case SplitFlow():
            return _split_flow(advice)
        case AvoidPortless():
            return _avoid_portless(advice)
        case RebalanceTable():
            return _rebalance(advice)


def _hash_inner(advice: HashInner) -> AdviceWords:
    return AdviceWords(
        f"hash the inner header{_gained(advice.gain)} The device decides this (virtio: feature HASH_TUNNEL); "
        "ethtool has no setting for it."
    )


def _compare_inner(advice: CompareInner) -> AdviceWords:
    return AdviceWords(
        f"compare with inner hashing too: {percent(advice.share)} of packets are in tunnels, and no configuration "
        f"here hashes their inner headers. Give each configuration by {Field('config')}, among them one that "
        "enables every type."
    )


def _hash_ports(advice: HashPorts) -> AdviceWords:
    limit = (
        " For tunnel packets, this helps only as long as senders vary the outer source port."
        if advice.is_tunnelled
        else ""
    )
    where = "on a NIC that cannot hash inner headers, " if advice.is_second_best else ""
    return AdviceWords(f"{where}hash the ports too{_gained(advice.gain)}{limit}", _port_commands(advice.protocols))


def _steer_in_software() -> AdviceWords:
    return AdviceWords(
        "on a NIC that cannot hash inner headers, have Linux spread packets after decapsulation, by receive packet "
        "steering on the tunnel's own interface TUNNEL. The NIC's hash must be off for that. Up to there, one "
        "processor still handles each receive queue. CPUMASK is a hexadecimal mask of processors, such as f0.",
        ["ethtool -K IF rxhash off", "echo CPUMASK > /sys/class/net/TUNNEL/queues/rx-0/rps_cpus"],
    )


def _other_key(advice: OtherKey) -> AdviceWords:
    kept = (
        " Random keys do not keep both directions of a connection on one receive queue." if advice.is_symmetric else ""
    )
    return AdviceWords(
        f"set another hash key ({Command('tune')} tries some): nearly every random key does better under "
        f"{listed(advice.configs)}.{kept}",
        ["ethtool -X IF hkey KEY"],
    )


def _avoid_portless(advice: AvoidPortless) -> AdviceWords:
    if advice.encapsulation != NONE:
        return AdviceWords(
            f"expect one receive queue for {advice.endpoints} ({advice.encapsulation}): what it carries has no "
            "ports to hash, so only addresses can be hashed.",
            is_note=True,
        )
    fragments = (
        ", and not those of fragments. Some of these packets are fragments: avoid them (for instance with a smaller "
        "MTU in the tunnel)"
    )
    return AdviceWords(
        f"expect one receive queue for {advice.endpoints}: hash types cover only the ports of TCP and UDP"
        f"{fragments if advice.has_fragments else ''}.",
        is_note=True,
    )


def _gained(gain: "Gain") -> str:
    measured = (
        f" ({gain.config}): the busiest receive queue is {percent(gain.excess)} above the ideal share instead of "
        f"{percent(gain.excess_instead)} ({gain.instead_of})."
    )
    return measured if gain.is_certain else f"{measured} A saved census cannot show whether this is luck."


def _look_into(advice: LookInto) -> AdviceWords:
    tunnel = advice.tunnel
    name = name_tunnels(tunnel)
    if tunnel.excess is not None:
        return AdviceWords(
            f"configure the device to look into {name}: the busiest receive queue is then {excess_then(tunnel)} "
            f"above the ideal share instead of {percent(advice.excess)} ({advice.config}). Here, "
            f"{missed_options(tunnel)} shows it."
        )
    if tunnel.is_mirrored:
        return AdviceWords(
            f"judge the mirrored packets, not the headers of the mirror session ({name}): {STRIP_MIRROR}."
        )
    what = "addresses" if tunnel.port is None else "addresses or ports"
    return AdviceWords(
        f"have the ends of {name} use more {what}: neither spec looks into {tunnel.kind}, so no hash type tells its "
        "flows apart."
    )


def _find_unhashed(advice: FindUnhashed) -> AdviceWords:
    why = f"{reason_text(advice.reason)}: {count(advice.packets)}"
    if advice.reason == REASON_NO_TYPE:
        return AdviceWords(f"enable hash types for packets that have no hash under {advice.config} ({why}).")
    return AdviceWords(
        f"expect packets without a hash ({why}) on receive queue {advice.queue} under {advice.config}: no hash type "
        f"covers them. {Command('explain')} shows what one of them is; another unclassified_queue moves them all.",
        is_note=True,
    )


def _vary_source_port(advice: VarySourcePort) -> AdviceWords:
    n_tunnels = len(advice.tunnels) + advice.more
    which = "a tunnel that keeps" if n_tunnels == 1 else f"{count(n_tunnels)} tunnels, each of which keeps"
    named = listed([*advice.tunnels, *([f"{count(advice.more)} more"] if advice.more else [])])
    alone = (
        ""
        if advice.gain is None
        else f" Hashing ports alone leaves the busiest receive queue {percent(advice.gain.excess)} above the ideal "
        f"share ({advice.gain.config}) instead of {percent(advice.gain.excess_instead)} ({advice.gain.instead_of})."
    )
    return AdviceWords(
        "have senders derive the outer UDP source port from the inner header, and hash the ports. "
        f"{percent(advice.share)} of packets are in {which} one source port for all flows: {named}.{alone} What varied "
        "ports gain depends on the senders, so this capture cannot show it.",
        _port_commands(advice.protocols),
    )


def _port_commands(protocols: "list[str]") -> list[str]:
    return [f"ethtool -N IF rx-flow-hash {protocol} sdfn" for protocol in protocols]


def _even_table(advice: EvenTable) -> AdviceWords:
    table = advice.table
    text = (
        f"even out the indirection table: {counted(table.table_size, 'entry', 'entries')} for "
        f"{count(table.queues)} receive queues already put the busiest one {percent(advice.excess)} above the ideal "
        "share."
    )
    if advice.remains:
        named = listed([f"{percent(excess)} ({config})" for config, excess in advice.remains.items()])
        text += f" With an even one, it is {named} above."
    if advice.fitting == table.queues:
        return AdviceWords(text, [f"ethtool -X IF equal {table.queues}"])
    return AdviceWords(
        f"{text} Use a larger table, or {counted(advice.fitting, 'receive queue', 'receive queues')}.",
        [f"ethtool -L IF combined {advice.fitting}"],
    )


def _rebalance(advice: RebalanceTable) -> AdviceWords:
    return AdviceWords(
        f"make an indirection table for the flows of {advice.config} ({Command('tune')} does): a hash leaves the "
        f"spread of its {counted(advice.inputs, 'hash input', 'hash inputs')} to chance. The table helps as long as "
        "these flows last."
    )


def _split_flow(advice: SplitFlow) -> AdviceWords:
    where = f"N is the flow's receive queue: {advice.queue} under {advice.config}"
    if advice.is_assumed:
        where += ", if hash key and table are as assumed here (ethtool -x IF shows those of the device)"
    return AdviceWords(
        "have the sender use several flows: no hash, key or table splits one. Receive packet steering takes work off "
        f"the processor of that queue, but one processor still handles each flow. {where}; CPUMASK is a hexadecimal "
        "mask of processors, such as f0.",
        ["echo CPUMASK > /sys/class/net/IF/queues/rx-N/rps_cpus"],
    )
