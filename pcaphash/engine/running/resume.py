"""A folder of partial results, so that a run that was interrupted goes on where it stopped.

What came of each trace is kept in a file of its own as soon as the trace was read. A later run that asks the same takes
it from there, unless the trace has changed since. Partial results add up to the same in any order, so the answer is the
same, bit for bit.
"""

import fcntl
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pcaphash.capture.files import PART_PREFIX, whole_file
from pcaphash.capture.input import Input, state_of
from pcaphash.capture.source import is_url
from pcaphash.engine.part import Part
from pcaphash.engine.request import Request
from pcaphash.engine.running.asked_words import facts_of, find_differences, read_facts
from pcaphash.engine.running.packed import NotPackedError, check_packed
from pcaphash.errors import ConfigurationError, Field, OutputError

RESUME_FIELD = Field("resume")

_REQUEST = "request.json"
_LOCK = ".lock"
_OTHER_FOLDER = "name another folder"


@dataclass(frozen=True)
class Shelf:
    """Where what came of traces is kept: also for other processes of this machine, which work in the same folder.

    Parameters
    ----------
    folder : Path
        The folder.
    """

    folder: Path

    def save(self, part: Part, state: str, packed: bytes) -> None:
        """Keep what came of a trace, packed, given the state in which the trace was read (``apart.count_apart``).

        Raises
        ------
        OutputError
            It cannot be written.
        """
        if state:
            with whole_file(self.file_of(part), RESUME_FIELD) as path:
                path.write_bytes(_head(part, state) + b"\n" + packed)

    def file_of(self, part: Part) -> Path:
        """Return where what came of a trace is."""
        # The number is part of what is kept: packets are told apart by it.
        digest = hashlib.blake2b(f"{part.number} {_name_of(part.input)}".encode("utf-8", "surrogateescape"))
        return self.folder / f"{digest.hexdigest()[:32]}.partial"


class ResumeFolder:
    """Keeps what came of traces that were read to the end.

    Parameters
    ----------
    path : Path
        The folder; it is made if it does not exist.
    request : Request
        What is asked of the traces.

    Raises
    ------
    ConfigurationError
        Something else is in the folder: results of another request, or files that are none, or another run uses it.
    OutputError
        It cannot be written.
    """

    def __init__(self, path: Path, request: Request[Any, Any]) -> None:
        self.path = path
        self.shelf = Shelf(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            others = {each.name for each in path.iterdir() if each.name != _LOCK and not _is_part(each)}
            if others and _REQUEST not in others:
                problem = f"{path} has other files in it"
                raise ConfigurationError(RESUME_FIELD, problem, "name a new folder, or one that an earlier run made")
            facts = facts_of(request)
            self._is_known(facts)  # before anything is changed in a folder that may belong to another program
            self._lock = self._take_lock()
            try:
                if not self._is_known(facts):
                    self._note(facts)
                for left in filter(_is_part, path.iterdir()):  # by a run that was killed while it wrote
                    left.unlink()
            except BaseException:
                self.close()
                raise
        except FileExistsError as error:
            raise OutputError(str(path), "it is a file, not a folder", RESUME_FIELD) from error
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error), RESUME_FIELD) from error

    def close(self) -> None:
        """Let other runs use the folder."""
        self._lock.close()

    def load(self, part: Part) -> bytes | None:
        """Return what came of a trace before, packed; None if nothing did, or if the trace has changed since."""
        state = state_of(part.input)
        try:
            head, _, packed = self.shelf.file_of(part).read_bytes().partition(b"\n")
        except OSError:
            return None
        if not state or head != _head(part, state):
            return None
        try:
            check_packed(packed)
        except NotPackedError:
            return None  # it is counted again, and kept again
        return packed

    def _take_lock(self) -> IO[str]:
        lock = (self.path / _LOCK).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            problem = f"another run is using {self.path}"
            raise ConfigurationError(RESUME_FIELD, problem, f"wait for it to end, or {_OTHER_FOLDER}") from None
        return lock

    def _note(self, facts: dict[str, str]) -> None:
        """Take note of what is asked."""
        with whole_file(self.path / _REQUEST, RESUME_FIELD) as part:
            part.write_text(json.dumps(facts, indent=1), "utf-8")

    def _is_known(self, facts: dict[str, str]) -> bool:
        """Tell whether the same was asked before, or nothing.

        Raises
        ------
        ConfigurationError
            Something else was asked.
        """
        path = self.path / _REQUEST
        if not path.exists():
            return False
        try:
            before = read_facts(path.read_text("utf-8"))
        except ValueError:
            raise ConfigurationError(RESUME_FIELD, f"{path} is damaged", _OTHER_FOLDER) from None
        if differences := find_differences(before, facts):
            problem = f"{self.path} has the results of another run: {'; '.join(differences)}"
            raise ConfigurationError(RESUME_FIELD, problem, f"give the same options as then, or {_OTHER_FOLDER}")
        return True


def _is_part(path: Path) -> bool:
    """Tell whether a file was being written here."""
    return path.name.startswith(PART_PREFIX) and path.suffix in (".partial", ".json")


def _head(part: Part, state: str) -> bytes:
    return json.dumps([part.number, _name_of(part.input), state]).encode()


def _name_of(source: Input) -> str:
    return source.name if is_url(source.name) else str(Path(source.name).absolute())
