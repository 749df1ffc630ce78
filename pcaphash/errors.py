"""What can go wrong for the user: each error is one line, and knows the exit code of the program that ends with it."""


class PcaphashError(Exception):
    """An error that the user can do something about; its text is one line."""

    exit_code = 2


class ConfigurationError(PcaphashError):
    """An option is wrong.

    Parameters
    ----------
    option : str
        The option as it stands on the command line, such as ``--hash-types``.
    problem : str
        What is wrong with it, and which rule it breaks.
    advice : str
        What to do.
    """

    def __init__(self, option: str, problem: str, advice: str) -> None:
        super().__init__(option, problem, advice)
        self.option = option
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        """Return one line that names the option."""
        return f"{self.option}: {self.problem}; {self.advice}"


class CaptureError(PcaphashError):
    """A capture cannot be read at all.

    Parameters
    ----------
    path : str
        The capture, or ``-``.
    problem : str
        What is wrong with it.
    advice : str
        What to do; may be empty.
    offset : int, optional
        Byte offset of the problem in the (decompressed) capture.
    """

    exit_code = 4

    def __init__(self, path: str, problem: str, advice: str = "", offset: int | None = None) -> None:
        super().__init__(path, problem, advice, offset)
        self.path = path
        self.problem = problem
        self.advice = advice
        self.offset = offset

    def __str__(self) -> str:
        """Return one line that names the capture and, where known, the byte offset."""
        place = self.path if self.offset is None else f"{self.path}: byte {self.offset}"
        return f"{place}: {self.problem}" + (f"; {self.advice}" if self.advice else "")


class NothingReadableError(PcaphashError):
    """Not one of several captures can be read; its text has a line for each.

    Parameters
    ----------
    errors : list of CaptureError
        Why not.
    """

    exit_code = 4

    def __init__(self, errors: list[CaptureError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        """Return a line for each capture."""
        return "\n".join(map(str, self.errors))


class OutputError(PcaphashError):
    """A result cannot be written.

    Parameters
    ----------
    path : str
        The file or folder.
    problem : str
        What is wrong with it.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        """Return one line that names the file."""
        return f"{self.path}: cannot be written: {self.problem}; choose another place with --output"
