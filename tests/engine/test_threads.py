"""Everything is done once, by as many threads as were asked for."""

import threading

import pytest

from pcaphash.engine.running.cores import n_cores
from pcaphash.engine.running.threads import n_threads, share_out, side_by_side, using_threads


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("threads", [1, 3, 8])
def test_everything_is_done_once(threads, n):
    done: list[int] = []
    with using_threads(threads):
        share_out(n, lambda first, last: done.extend(range(first, last)))
    assert sorted(done) == list(range(n))


def test_as_many_threads_as_asked_for_and_no_more():
    assert n_threads() == n_cores()
    with using_threads(3):
        assert n_threads() == 3
        together = threading.Barrier(3, timeout=20)
        assert sorted(side_by_side([together.wait] * 3)) == [0, 1, 2]
        with using_threads(1):
            assert side_by_side([threading.get_ident] * 2) == [threading.get_ident()] * 2
    assert n_threads() == n_cores()


def test_what_fails_is_told():
    def fail():
        raise ValueError("no")

    for threads in (1, 2):
        with using_threads(threads), pytest.raises(ValueError, match="no"):
            side_by_side([fail, fail])
