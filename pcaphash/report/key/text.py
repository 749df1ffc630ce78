"""Show on the terminal what is to be known of hash keys."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.analyze.text import show_facts
from pcaphash.report.key.words import power_text, put_into_words, varying_text
from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words.device import given_and_assumed_lines
from pcaphash.report.words.reach import input_text
from pcaphash.report.words.values import brief_types, count, no_packets
from pcaphash.studies.key.facts import Symmetry
from pcaphash.studies.shared.linear.index_bits import index_bits_of

if TYPE_CHECKING:
    from pcaphash.studies.key import KeyExamination
    from pcaphash.studies.key.facts import KeyFacts
    from pcaphash.studies.shared.linear.reach import Reach

_SYMMETRY = {Symmetry.NONE: "no", Symmetry.INDEX: "in the index", Symmetry.HASH: "yes"}


def show_examination(examination: "KeyExamination", stream: TextIO) -> None:
    """Print what speaks against each key, what can be reached with it, and what the hash inputs of traces reach.

    Parameters
    ----------
    examination : KeyExamination
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    # Configurations of which the same is said differ in their traffic alone.
    same: dict[tuple[object, ...], list[KeyFacts]] = {}
    for facts in examination.keys:
        device = facts.device
        looks = (device.hash_key, device.flavor, device.indirection_table, device.input_transform, device.base_types)
        same.setdefault(looks, []).append(facts)
    for group in same.values():
        name = ", ".join(facts.device.name for facts in group) if len(same) > 1 else ""
        _show_key(group[0], name, console)
    if examination.analysis is not None:
        if not examination.analysis.distributions[0].packets:
            show_text(Text(f"The traffic shows nothing: {no_packets(examination.analysis.reading)}."), console)
            console.print()
        else:
            for facts, reaches in zip(examination.keys, examination.reaches, strict=True):
                _show_traffic(facts, reaches, console)
        show_facts(examination.analysis, console)
        return
    devices = examination.devices
    types = [f"{device.name}={brief_types(device)}" if len(devices) > 1 else brief_types(device) for device in devices]
    lines = [f"types: {'; '.join(types)}", *given_and_assumed_lines(devices[0], devices)]
    show_text(Text("\n".join(lines), style="dim"), console)


def _show_key(facts: "KeyFacts", name: str, console: Console) -> None:
    words = put_into_words(facts)
    label = f"{name}: " if name else ""
    show_text(Text(f"{label}{words.headline}", style="bold"), console)
    for line in (*words.reasons, *words.attacks):
        show_text(Text(line), console, 2)
    console.print()
    choices = [(each.kind, choice) for each in facts.inputs for choice in each.choices]
    if choices:
        n_entries = len(facts.device.indirection_table)
        labels = [f"{input_text(kind)}: {varying_text(choice.varying)}" for kind, choice in choices]
        title = f"what varies, how many of {count(n_entries)} entries it reaches, and values that lead to each"
        columns = Columns(title, labels)
        columns.add("bits", [count(choice.bits) for _, choice in choices])
        columns.add("rank", [f"{choice.rank} of {choice.index_bits}" for _, choice in choices])
        columns.add("entries", [count(choice.reachable) for _, choice in choices])
        columns.add("per entry", [power_text(choice.bits - choice.rank) for _, choice in choices])
        columns.print(console)
    if facts.inputs:
        columns = Columns("what the key makes of each input", [input_text(each.kind) for each in facts.inputs])
        columns.add("bits", [count(each.windows) for each in facts.inputs])
        columns.add("ignored", [count(sum(each.ignored.values())) for each in facts.inputs])
        windows = [f"{count(each.distinct_windows)}" for each in facts.inputs]
        columns.add("distinct windows", windows)
        columns.add("hash values", [power_text(each.hash_rank) for each in facts.inputs])
        columns.add("symmetric", [_SYMMETRY[each.symmetry] for each in facts.inputs])
        columns.print(console)


def _show_traffic(facts: "KeyFacts", reaches: "tuple[Reach, ...]", console: Console) -> None:
    """Show what the hash inputs of traces reach under one configuration."""
    name = facts.device.name
    if not reaches:
        why = "no packet has a hash" if index_bits_of(facts.device) is not None else "see above why there are no ranks"
        show_text(Text(f"{name}: {why}."), console)
        console.print()
        return
    n_entries = len(facts.device.indirection_table)
    title = f"{name}: what the traffic reaches of {count(n_entries)} table entries"
    columns = Columns(title, [input_text(reach.kind) for reach in reaches])
    columns.add("packets", [count(reach.packets) for reach in reaches])
    columns.add("hash inputs", [count(reach.inputs) for reach in reaches])
    columns.add("varying bits", [count(reach.dimension) for reach in reaches])
    columns.add("rank", [f"{reach.rank} of {reach.index_bits}" for reach in reaches])
    columns.add("can reach", [count(reach.reachable) for reach in reaches])
    columns.add("reached", [count(reach.entries) for reach in reaches])
    columns.print(console)
    limited = [line for reach, line in zip(reaches, put_into_words(facts, reaches).traffic, strict=True)
               if reach.rank < reach.index_bits]  # fmt: skip
    for line in limited:
        show_text(Text(line), console, 2)
    if limited:
        console.print()
