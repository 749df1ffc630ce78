"""Show what became of frames that were sent into a receive path, or on an interface."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.values import count, duration, packets, percent

if TYPE_CHECKING:
    from pcaphash.studies.replay.into import Loss, Sent
    from pcaphash.targets.interface import Lateness

_NAMES = {"tap": "Linux's tap", "qemu": "QEMU's virtio-net device"}


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
    for loss, n in sorted(sent.losses.items()):
        show_text(Text(f"Not returned{_why_lost(loss)}: {packets(n)}."), console)
    for line in _not_sent_lines(sent.not_sent):
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
    for line in _not_sent_lines(lateness.not_sent):
        show_text(Text(line), console)


def _why_lost(loss: "Loss") -> str:
    """Say why frames were lost, as the end of a sentence; nothing if all that is known is that they were."""
    if not loss.encapsulation:
        return f", because {loss.why}" if loss.why else ""
    if loss.encapsulation == "NONE":
        return ", because they are in no tunnel"
    return f", of {loss.encapsulation}, {f'because {loss.why}' if loss.why else 'and Linux does not say why'}"


def _not_sent_lines(not_sent: Mapping[str, int]) -> list[str]:
    return [f"Not sent, because {reason}: {packets(n)}." for reason, n in sorted(not_sent.items())]
