"""Files that belong together are put into place together, or not at all."""
# ruff: noqa: PT012 - what is tested is how a block ends

import errno
import os
import signal

import pytest

from pcaphash.capture import files
from pcaphash.capture.files import whole_file, whole_folder
from pcaphash.errors import Field, OutputError


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_set_is_put_into_place_at_its_end(tmp_path):
    folder = tmp_path / "new" / "results"
    with whole_folder(folder) as part:
        (part / "a").write_text("1")
        (part / "b").write_text("2")
        assert not (folder / "a").exists()
    assert contents(folder) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError, OutputError("b", "no space")])
def test_what_was_there_stays_where_a_set_is_not_finished(tmp_path, failure):
    (tmp_path / "a").write_text("before")
    with pytest.raises(type(failure) if isinstance(failure, Exception) else failure), whole_folder(tmp_path) as part:
        (part / "a").write_text("after")
        raise failure
    assert contents(tmp_path) == {"a": "before"}


def test_a_new_folder_goes_again_where_a_set_is_not_finished(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "results") as part:
        (part / "a").write_text("1")
        raise KeyboardInterrupt
    assert not (tmp_path / "results").exists()


def test_a_folder_in_the_place_of_a_file_stops_the_whole_set(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match="b cannot be written: it is a folder"), whole_folder(tmp_path) as part:
        (part / "a").write_text("1")
        (part / "b").write_text("2")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_errors_name_the_place_that_was_asked_for(tmp_path):
    with pytest.raises(OutputError) as caught, whole_folder(tmp_path) as part, files.whole_file(part / "a" / "b"):
        pass
    assert str(caught.value).startswith(f"{tmp_path / 'b'} cannot be written: ")


def test_a_disk_that_is_full_is_an_error_of_the_place_that_was_asked_for(tmp_path):
    with pytest.raises(OutputError, match="No space left on device") as caught, whole_folder(tmp_path, Field("queues")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(caught.value).endswith("choose another place with queues")


def test_an_interruption_waits_until_all_files_are_in_place(tmp_path, monkeypatch):
    replace = files.Path.replace

    def interrupted(self, target):
        os.kill(os.getpid(), signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(files.Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path) as part:
        for name in "abc":
            (part / name).write_text(name)
    assert contents(tmp_path) == {"a": "a", "b": "b", "c": "c"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_modes_of_files_stay(tmp_path):
    (tmp_path / "a").write_text("before")
    (tmp_path / "a").chmod(0o640)
    with whole_folder(tmp_path) as part:
        (part / "a").write_text("after")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert contents(tmp_path) == {"a": "after"}


@pytest.mark.parametrize("name", ["n" * 251 + ".csv", "n." + "s" * 253, "n" * 255, "\u00fc" * 125 + ".html"])
def test_a_name_may_be_as_long_as_the_file_system_takes(name, tmp_path):
    with whole_file(tmp_path / name) as part:
        part.write_text("1")
    assert contents(tmp_path) == {name: "1"}
