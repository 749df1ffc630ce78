"""Only one process at a time compiles a kernel, whoever comes while another waits."""

import fcntl
import threading

from pcaphash.kernels import cache


def test_who_comes_after_the_lock_was_removed_waits_like_all_others(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    waits, newcomer_is_in, waiter_is_in = threading.Event(), threading.Event(), threading.Event()
    flock = fcntl.flock

    def hesitating(file, how):
        """Have the waiter go on only once the file that it has locked was removed and made anew."""
        waits.set()
        flock(file, how)
        assert newcomer_is_in.wait(20)

    def wait():
        with cache.only_one("kernel"):
            waiter_is_in.set()

    waiter = threading.Thread(target=wait)
    with cache.only_one("kernel"):
        monkeypatch.setattr(cache.fcntl, "flock", hesitating)
        waiter.start()
        assert waits.wait(20)
        monkeypatch.setattr(cache.fcntl, "flock", flock)
    with cache.only_one("kernel"):
        newcomer_is_in.set()
        assert not waiter_is_in.wait(0.5)
    waiter.join(20)
    assert waiter_is_in.is_set()
    assert list(tmp_path.iterdir()) == []
