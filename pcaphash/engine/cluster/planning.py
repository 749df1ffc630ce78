"""Tasks of a size: not so small that handing them out takes longer than doing them, nor so large that one holds up all.

Small files go into a task together. Large ones are first looked at, whether they can be read in ranges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pcaphash.capture.input import FileInput
from pcaphash.engine.part import Part

_TASKS_OF_THREAD = 4  # at least, so that one that takes longer holds up little


@dataclass(frozen=True)
class Sizes:
    """How large tasks are.

    Parameters
    ----------
    least_group, most_group : int
        Bytes of small files that go into one task, about: the more there are in all, the more.
    range_len : int
        Bytes of a range of a large file, about.
    most_files : int
        How many files go into one task at most.
    """

    least_group: int = 32 * 1024 * 1024
    most_group: int = 256 * 1024 * 1024
    range_len: int = 256 * 1024 * 1024
    most_files: int = 1024

    def group_len(self, n_bytes: int, n_threads: int) -> int:
        """Return how many bytes of small files go into one task, given how many there are, for how many threads."""
        wanted = n_bytes // (_TASKS_OF_THREAD * n_threads)
        return min(max(wanted, self.least_group), self.most_group)


@dataclass(frozen=True)
class Group:
    """Files that one task reads.

    Parameters
    ----------
    parts : tuple of Part
        The files.
    is_large : bool
        Whether it is one file that may be read in ranges.
    """

    parts: tuple[Part, ...]
    is_large: bool = False

    @property
    def n_bytes(self) -> int:
        """Bytes as stored."""
        return sum(part.input.size for part in self.parts)


def group_parts(parts: Sequence[Part], sizes: Sizes, n_threads: int) -> Iterator[Group]:
    """Put small files together, and large ones apart."""
    group_len = sizes.group_len(sum(part.input.size for part in parts), n_threads)
    small: list[Part] = []
    n_bytes = 0
    for part in parts:
        size = part.input.size
        if size >= 2 * sizes.range_len and isinstance(part.input, FileInput):
            yield Group((part,), True)
            continue
        if small and (n_bytes + size > group_len or len(small) == sizes.most_files):
            yield Group(tuple(small))
            small, n_bytes = [], 0
        small.append(part)
        n_bytes += size
    if small:
        yield Group(tuple(small))
