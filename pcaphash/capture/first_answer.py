"""Wait for the first answer of a server, but not without end: libraries ask again and again, for minutes."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = 10.0  # seconds in which nothing happens: neither is there an answer, nor is this process busy
_STEP = 0.25
_BUSY = 0.05  # of a processor: a machine that has much else to do is slow to ask

_REMEMBERED = 60.0  # seconds: thousands of objects of a server that is not there are not tried one by one

_answered: set[str] = set()
_failed: dict[str, tuple[float, BaseException]] = {}


class NoAnswerError(OSError):
    """A server does not answer."""

    def __init__(self) -> None:
        super().__init__(f"there was no answer within {_PATIENCE:.0f} seconds")


def wait_for_answer(server: str, ask: Callable[[], T], is_answer: Callable[[BaseException], bool]) -> T:
    """Return what a server answers, or raise what comes of it; one that has answered before may take its time.

    Parameters
    ----------
    server : str
        Tells servers apart.
    ask : callable
        Asks, perhaps in another thread.
    is_answer : callable
        Tells whether an error is what the server has answered, or may be another one next time.

    Raises
    ------
    NoAnswerError
        It does not answer.
    """
    if server in _answered:
        return ask()
    failed_at, before = _failed.get(server, (0.0, None))
    if before and time.monotonic() - failed_at < _REMEMBERED:
        raise before
    try:
        found = _ask_beside(ask)
    except Exception as error:
        if is_answer(error):
            _answered.add(server)
        else:
            _failed[server] = time.monotonic(), error
        raise
    _answered.add(server)
    return found


def _ask_beside(ask: Callable[[], T]) -> T:
    """Ask in another thread, which is left to itself after a while.

    Raises
    ------
    NoAnswerError
        It takes too long.
    """
    answers: list[T] = []
    errors: list[BaseException] = []
    is_over = Event()

    def wait() -> None:
        """Ask, and keep what comes of it."""
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)
        is_over.set()

    Thread(target=wait, name="pcaphash first answer", daemon=True).start()
    quiet, used = 0.0, time.process_time()
    while not is_over.wait(_STEP):
        before, used = used, time.process_time()
        quiet += _STEP if used - before < _BUSY * _STEP else 0
        if quiet >= _PATIENCE:
            raise NoAnswerError
    if errors:
        raise errors[0]
    return answers[0]
