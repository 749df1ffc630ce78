"""Which table entries can be reached, in words: a sentence for each fact; and as JSON has it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pcaphash.errors import Command
from pcaphash.report.words.values import count, counted
from pcaphash.studies.shared.linear.hash_input import HashInput

if TYPE_CHECKING:
    from pcaphash.studies.shared.linear.index_bits import Dependency
    from pcaphash.studies.shared.linear.reach import Reach

_INPUTS = {
    HashInput.IPV4_ADDRESSES: "IPv4 addresses",
    HashInput.IPV4_PORTS: "IPv4 addresses and ports",
    HashInput.IPV6_ADDRESSES: "IPv6 addresses",
    HashInput.IPV6_PORTS: "IPv6 addresses and ports",
}
_MOST_TOLD = 3


def input_text(kind: HashInput) -> str:
    """Say what is hashed."""
    return _INPUTS[kind]


def reach_text(reach: "Reach") -> str:
    """Say which table entries hash inputs can reach, and what limits that, if anything does: the key or they."""
    if reach.inputs > 1 and reach.rank < reach.index_bits and not reach.matters:
        return (
            f"The traffic has only {counted(reach.inputs, 'hash input', 'hash inputs')} of {input_text(reach.kind)}: "
            f"they reach {count(reach.entries)} of {count(1 << reach.index_bits)} table entries, and with no key more "
            f"than {count(reach.inputs)}."
        )
    return reach_texts([reach])[0]


def reach_texts(reaches: "Iterable[Reach]") -> list[str]:
    """Say the same of several kinds of inputs, a line for all of which the same holds."""
    return _texts_of_each([reaches], with_reasons=True)[0]


def brief_reach_texts(configurations: "Iterable[Iterable[Reach]]") -> list[list[str]]:
    """Say the same of several configurations; the end says that ``key`` tells the reasons."""
    texts = _texts_of_each(configurations, with_reasons=False)
    told = [of_one for of_one in texts if of_one]
    if told:
        told[-1][-1] += f" {Command('examine_key')} shows why."
    return texts


def _texts_of_each(configurations: "Iterable[Iterable[Reach]]", *, with_reasons: bool) -> list[list[str]]:
    """Say it of several configurations; what another key could reach is said once, after the last of them."""
    alike = [_alike(reaches) for reaches in configurations]
    texts = [[_reach_text(each, with_reasons) for each in configuration] for configuration in alike]
    limited = [
        (at, line, each[0].best_rank)
        for at, configuration in enumerate(alike)
        for line, each in enumerate(configuration)
        if _is_limited_by_key(each[0])
    ]
    if limited:
        at, line, _ = limited[-1]
        texts[at][line] += f" {_could_reach([rank for *_, rank in limited])}"
    return texts


def _could_reach(best_ranks: "Sequence[int]") -> str:
    """Say how many entries the inputs of so many lines could reach at best."""
    least, most = count(1 << min(best_ranks)), count(1 << max(best_ranks))
    if len(best_ranks) == 1:
        return f"With another key, they could reach {most}."
    entries = most if least == most else f"{least} to {most}"
    return f"Another key could lead each kind of hash input named here to {entries} table entries."


def _is_limited_by_key(reach: "Reach") -> bool:
    return reach.is_limited_by_key and reach.inputs > 1 and reach.rank < reach.index_bits


def _alike(reaches: "Iterable[Reach]") -> "list[Sequence[Reach]]":
    """Put those together of which the same holds."""
    same: dict[tuple[object, ...], list[Reach]] = {}
    for reach in reaches:
        what = (reach.dependencies, reach.is_limited_by_key, reach.best_rank, reach.inputs == 1)
        same.setdefault(what, []).append(reach)
    return list(same.values())


def _reach_text(reaches: "Sequence[Reach]", with_reasons: bool = True) -> str:
    reach = reaches[0]
    n_entries = count(1 << reach.index_bits)
    first, *more = reaches
    names = [f"{counted(first.inputs, 'hash input', 'hash inputs')} of {input_text(first.kind)}"]
    names += [f"{count(each.inputs)} of {input_text(each.kind)}" for each in more]
    inputs = f"{', '.join(names[:-1])} and {names[-1]}" if more else names[0]
    if reach.inputs == 1:
        return f"{inputs} {'reaches' if not more else 'each reach'} 1 of {n_entries} table entries."
    if reach.rank == reach.index_bits:
        return f"{inputs} can reach all {n_entries} table entries."
    entries = f"{count(reach.reachable)} of {n_entries} table entries"
    why = f": {dependencies_text(reach.dependencies)}" if with_reasons else ""
    if reach.is_limited_by_key:
        most = "only" if reach.reachable == 1 else "at most"
        return f"With this key, {inputs} reach {most} {entries}{why}."
    bits = "1 bit" if reach.dimension == 1 else f"{count(reach.dimension)} independent bits"
    return f"{inputs} vary in only {bits}, so with any key they reach at most {entries}{why}."


def reach_document(reach: "Reach") -> dict[str, Any]:
    """Return which entries hash inputs can lead to as what JSON is made of."""
    return {
        **asdict(reach),
        "kind": reach.kind.value,
        "reachable": reach.reachable,
        "best_rank": reach.best_rank,
        "text": reach_text(reach),
    }


def dependencies_text(dependencies: "Sequence[Dependency]") -> str:
    """Say what holds of the table index for all inputs; empty if nothing does."""
    clauses = [*_single(dependencies), *_equal(dependencies)]
    clauses += [_sum_text(each) for each in dependencies if len(each.bits) > 2]
    more = len(clauses) - _MOST_TOLD
    return "; ".join(clauses[:_MOST_TOLD] + ([f"and {more} more of this kind"] if more > 0 else []))


def _single(dependencies: "Sequence[Dependency]") -> list[str]:
    """Name the bits of the index that never change, those of each value together."""
    clauses = []
    for value, always in ((0, "always 0"), (1, "always 1"), (None, "always the same")):
        bits = [each.bits[0] for each in dependencies if len(each.bits) == 1 and each.value == value]
        if bits:
            named = f"{bits_text(bits)} of the index"
            clauses.append(f"{named} {'is' if len(bits) == 1 else 'are'} {always}")
    return clauses


def _equal(dependencies: "Sequence[Dependency]") -> list[str]:
    """Name the bits of the index that are equal to each other, and those that never are."""
    clauses = []
    for value, told in ((0, "are always equal"), (None, "only change together")):
        groups: list[set[int]] = []
        for each in dependencies:
            if len(each.bits) == 2 and each.value == value:
                joined = [group for group in groups if group & set(each.bits)]
                groups = [*(group for group in groups if group not in joined), set(each.bits).union(*joined)]
        clauses += [f"{bits_text(sorted(group))} of the index {told}" for group in groups]
    never = [each for each in dependencies if len(each.bits) == 2 and each.value == 1]
    return clauses + [f"{bits_text(each.bits)} of the index are never equal" for each in never]


def _sum_text(dependency: "Dependency") -> str:
    *others, last = dependency.bits
    told = {0: "is always", 1: "is never", None: "changes exactly with"}[dependency.value]
    return f"bit {last} of the index {told} the XOR of {bits_text(others)}"


def bits_text(bits: "Iterable[int]") -> str:
    """Name bits of the index, bit 0 being the lowest: in a row or one by one."""
    numbers = list(bits)
    if len(numbers) == 1:
        return f"bit {numbers[0]}"
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"bits {numbers[0]} to {numbers[-1]}"
    return f"bits {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
