"""Say what of traces could not be read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pcaphash.capture.damage import Damage
from pcaphash.capture.damage_words import problem_text

if TYPE_CHECKING:
    from pcaphash.engine.reading import Problem

_MOST_TOLD = 3  # traces with the same problem that are told one by one


def list_problems(problems: "Sequence[Problem]") -> list[str]:
    """Return a line for each problem; if many traces have the same one, one line for all of them."""
    groups: dict[object, list[Problem]] = {}
    for each in problems:
        groups.setdefault(_what_is_wrong(each), []).append(each)
    lines: list[str] = []
    for members in groups.values():
        if len(members) <= _MOST_TOLD:
            lines += map(problem_text, members)
        else:
            lines.append(f"{len(members):,} traces have this problem, the first of them: {problem_text(members[0])}")
    return lines


def _what_is_wrong(problem: "Problem") -> object:
    """Return what problems of several traces have in common."""
    if isinstance(problem, str):
        return problem
    return (problem.defect.kind, problem.defect.detail) if isinstance(problem, Damage) else problem.problem


def problem_documents(problems: "Sequence[Problem]") -> list[dict[str, object]]:
    """Return the facts of problems as what JSON is made of; a problem that is only a line has none but that."""
    return [_problem_document(each) for each in problems]


def _problem_document(problem: "Problem") -> dict[str, object]:
    if isinstance(problem, str):
        return {"trace": None, "kind": None, "offset": None, "length": None, "detail": problem}
    if isinstance(problem, Damage):
        return {"trace": problem.trace, **damage_document(problem)}
    name, kind, offset = problem.path, problem.kind, problem.offset
    return {"trace": name, "kind": kind, "offset": offset, "length": None, "detail": problem.problem}


def damage_document(damage: Damage) -> dict[str, object]:
    """Return the facts of damage, but for its trace."""
    kind, length, detail = damage.defect
    return {"kind": kind, "offset": damage.offset, "length": length, "detail": detail or None}
