"""Say what of traces could not be read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pcaphash.engine.reading import Problem

_MOST_TOLD = 3  # traces with the same problem that are told one by one


def list_problems(problems: "Sequence[Problem]") -> list[str]:
    """Return a line for each problem; if many traces have the same one, one line for all of them."""
    groups: dict[str, list[Problem]] = {}
    for each in problems:
        groups.setdefault(each if isinstance(each, str) else each.problem, []).append(each)
    lines: list[str] = []
    for members in groups.values():
        if len(members) <= _MOST_TOLD:
            lines += map(str, members)
        else:
            lines.append(f"{len(members):,} traces have this problem, the first of them: {members[0]}")
    return lines
