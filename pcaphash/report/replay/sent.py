"""Show what became of frames that were sent into a receive path, or on an interface."""

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.values import count, duration, packets, percent
from pcaphash.targets.answer import NotSent, WhyLost

if TYPE_CHECKING:
    from pcaphash.studies.replay.into import Loss, Sent, Unsent
    from pcaphash.targets.interface import Lateness

_NAMES = {"tap": "Linux's tap", "qemu": "QEMU's virtio-net device"}


_NOT_SENT = {
    NotSent.CUT: "they were not captured whole",
    NotSent.NOT_ETHERNET: "they are not Ethernet",
    NotSent.TOO_SHORT: "they are shorter than an Ethernet header",
    NotSent.TOO_LONG: "they are longer than the interface takes",
    NotSent.REFUSED: "the kernel refuses them",
    NotSent.NOT_LOOKED_INTO: "the device does not look into their tunnels",
    NotSent.NO_TUNNEL_DEVICE: "no tunnel device of this kernel takes {encapsulation} off",
    NotSent.IP_IN_GRE_OVER_IPV6: "they are IP in GRE over IPv6, which Linux takes for Ethernet",
}
_LOST = {
    WhyLost.UDP_CHECKSUM: "the UDP checksum is wrong",
    WhyLost.UDP_LENGTH: "the UDP length is wrong",
    WhyLost.IPV4_CHECKSUM: "the checksum of the outer IPv4 header is wrong",
    WhyLost.FRAGMENT: "they are fragments",
    WhyLost.HEADER: "the outer IP header is not valid",
    WhyLost.SHORT: "they are shorter than the outer IP header says",
    WhyLost.ADDRESS: "Linux accepts no packets with such outer addresses",
    WhyLost.UDP_PORT: "no tunnel device has the UDP port",
    WhyLost.PROTOCOL: "nothing in this kernel takes the protocol",
    WhyLost.TUNNEL_HEADER: "the tunnel header has what Linux does not accept, or the inner packet is too short",
    WhyLost.NEITHER_ETHERNET_NOR_IP: "what follows the tunnel header is neither Ethernet nor IP",
    WhyLost.NO_ETHERNET: "no Ethernet header follows the tunnel header, and this kernel lacks act_vlan, which adds one",
    WhyLost.NOT_TAKEN: "no tunnel device takes what the tunnel header announces",
}


def show_sent(sent: "Sent", target: str, stream: TextIO) -> None:
    """Print how many frames came out of which receive queue, and which were not sent or did not come out.

    Parameters
    ----------
    sent : Sent
        What became of them.
    target : str
        The receive path, as the command names it.
    stream : text stream
        Where to print.
    """
    console = open_console(stream)
    tried = sent.returned + sent.lost
    show_text(Text(f"{_NAMES[target]} returned {count(sent.returned)} of {packets(tried)} sent."), console)
    lost = sorted((loss.encapsulation, _why_lost(loss), n) for loss, n in sent.losses.items())
    for _, why, n in lost:
        show_text(Text(f"Not returned{why}: {packets(n)}."), console)
    for line in _not_sent_lines(Counter({_why_not_sent(each): n for each, n in sent.not_sent.items()})):
        show_text(Text(line), console)
    if sent.hashed:
        show_text(Text(f"The hash of {packets(sent.hashed)} is known."), console)
    if not sent.returned:
        return
    console.print()
    queues = sorted(sent.of_queue)
    columns = Columns("packets by receive queue", [str(queue) for queue in queues])
    columns.add("packets", [count(sent.of_queue[queue]) for queue in queues])
    columns.add("share", [percent(sent.of_queue[queue] / sent.returned) for queue in queues])
    columns.print(console)


def show_lateness(lateness: "Lateness", interface: str, stream: TextIO) -> None:
    """Print how many frames were sent on an interface, and how late.

    Parameters
    ----------
    lateness : Lateness
        How late they were.
    interface : str
        Its name.
    stream : text stream
        Where to print.
    """
    console = open_console(stream)
    late = ""
    if lateness.sent:
        mean = duration(lateness.total_ns / lateness.sent)
        late = f", {mean} late on average and {duration(lateness.most_ns)} at most"
    show_text(Text(f"{packets(lateness.sent)} sent on {interface}{late}."), console)
    for line in _not_sent_lines(Counter({_NOT_SENT[each]: n for each, n in lateness.not_sent.items()})):
        show_text(Text(line), console)


def _why_lost(loss: "Loss") -> str:
    """Say why frames were lost, as the end of a sentence; nothing if all that is known is that they were."""
    because = f"because {_LOST[loss.why]}" if loss.why else ""
    if not loss.encapsulation:
        return f", {because}" if because else ""
    if loss.encapsulation == "NONE":
        return ", because they are in no tunnel"
    return f", of {loss.encapsulation}, {because or 'and Linux does not say why'}"


def _why_not_sent(unsent: "Unsent") -> str:
    return _NOT_SENT[unsent.why].format(encapsulation=unsent.encapsulation)


def _not_sent_lines(not_sent: Counter[str]) -> list[str]:
    return [f"Not sent, because {reason}: {packets(n)}." for reason, n in sorted(not_sent.items())]
