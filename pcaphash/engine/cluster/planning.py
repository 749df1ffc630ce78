"""Tasks of a size: not so small that handing them out takes longer than doing them, nor so large that one holds up all.

Small files go into a task together. Large ones are first looked at, whether they can be read in ranges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pcaphash.capture.input import FileInput
from pcaphash.engine.part import Part

_TASKS_OF_THREAD = 2  # at least, so that one that takes longer holds up little
_COMPRESSED = (".gz", ".zst", ".xz", ".bz2", ".lz4")
_LONGER = 4  # times as many bytes, about, come out of such a file as it has


@dataclass(frozen=True)
class Sizes:
    """How large tasks are.

    Parameters
    ----------
    least_group, most_group : int
        Bytes of small files that go into one task, about: the more there are in all, the more. Compressed files count
        several times, because they take longer.
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
        wanted = -(-n_bytes // (_TASKS_OF_THREAD * n_threads))
        return min(max(wanted, self.least_group), self.most_group)


@dataclass(frozen=True)
class FileGroup:
    """Files that one task reads.

    Parameters
    ----------
    parts : tuple of Part
        The files.
    n_bytes : int
        Bytes as stored.
    is_large : bool
        Whether it is one file that may be read in ranges.
    """

    parts: tuple[Part, ...]
    n_bytes: int
    is_large: bool = False


def group_parts(parts: Sequence[Part], sizes: Sizes, n_threads: int) -> Iterator[FileGroup]:
    """Put small files together, and large ones apart."""
    n_bytes = [part.input.size for part in parts]
    is_large = [
        size >= 2 * sizes.range_len and isinstance(part.input, FileInput)
        for part, size in zip(parts, n_bytes, strict=True)
    ]
    work = [0 if large else _work(part, size) for part, size, large in zip(parts, n_bytes, is_large, strict=True)]
    group_len = sizes.group_len(sum(work), n_threads)
    group: list[int] = []
    begun = done = 0  # work of small files before the middle of the first one of this group, and before this one
    for number, part in enumerate(parts):
        if is_large[number]:
            yield FileGroup((part,), n_bytes[number], True)
            continue
        middle = done + work[number] // 2
        done += work[number]
        if group and (middle // group_len > begun // group_len or len(group) == sizes.most_files):
            yield _group(parts, n_bytes, group)
            group = []
        if not group:
            begun = middle
        group.append(number)
    if group:
        yield _group(parts, n_bytes, group)


def _group(parts: Sequence[Part], n_bytes: Sequence[int], numbers: Sequence[int]) -> FileGroup:
    return FileGroup(tuple(parts[number] for number in numbers), sum(n_bytes[number] for number in numbers))


def _work(part: Part, size: int) -> int:
    """Return the bytes of a file, those of a compressed one several times."""
    return size * (_LONGER if part.input.name.endswith(_COMPRESSED) else 1)
