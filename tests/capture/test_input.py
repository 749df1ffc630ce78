"""What is asked of a trace before it is read."""

import os
import socket
from dataclasses import dataclass

import pytest

from pcaphash.capture.input import FileInput, can_be_read_again


@dataclass
class Made:
    """A trace that no file holds."""

    name: str = "made"


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/null", "pipe", "socket"])
def test_pipes_can_be_read_only_once(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        readable, writable = os.pipe()
        before = os.dup(0)
        os.dup2(readable, 0)
        try:
            assert not can_be_read_again(FileInput(name))
            assert not can_be_read_again(FileInput(f"/dev/fd/{readable}"))
        finally:
            os.dup2(before, 0)
            for each in (readable, writable, before):
                os.close(each)


@pytest.mark.parametrize("name", ["file", ".", "no such file", "n" * 300, "with\0zero", "s3://bucket/a.pcap"])
def test_files_can_be_read_again_or_not_at_all(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert can_be_read_again(FileInput(name))


def test_a_file_is_looked_for_in_its_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not can_be_read_again(FileInput("pipe", folder=str(tmp_path)))


def test_what_is_no_file_can_be_opened_again():
    assert can_be_read_again(Made())
