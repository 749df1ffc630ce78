"""What is given for a capture and is none that is read here is named, with the way to one that is."""

import gzip
import io
import lzma
import shlex
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from pcaphash.capture.reader import Reader
from pcaphash.errors import CaptureError
from support.command import complaints, run
from support.reading import read
from support.shared import ROOT, SHARED, needs_shared

SAMPLE = ROOT / "sample_traces" / "vxlan.pcap"


def complaint(path: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        Reader(str(path))
    text = str(caught.value)
    assert text.startswith((f"{path} is ", f"{path}: the "))
    assert "\n" not in text
    return text.removeprefix(str(path)).lstrip(": ")


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("trace.pcap", SAMPLE.read_bytes())
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(SAMPLE, "trace.pcap")
    return stream.getvalue()


def erf(n_records: int) -> bytes:
    return b"".join(
        struct.pack("<II", 77, 1_700_000_000 + i) + struct.pack(">BBHHH", 2, 4, 84, 0, 64) + bytes([i]) * 68
        for i in range(n_records)
    )


def packet_logger(n_records: int, order: str) -> bytes:
    return b"".join(
        struct.pack(order + "IIIB", 29, 1_700_000_000 + i, 5, i % 4) + bytes([i]) * 20 for i in range(n_records)
    )


KINDS = {
    "zip": (zipped(), "is a zip archive; unpack it: unzip -p {file} | pcaphash info -"),
    "tar": (tarred(), "is a tar archive; unpack it: tar -xOf {file} MEMBER | pcaphash info -"),
    "tar.gz": (gzip.compress(tarred()), "the decompressed data is a tar archive; unpack it: tar -xOf {file} MEMBER"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(50), "is a 7z archive; unpack it: 7z x -so {file} | pcaphash info -"),
    "snoop": (
        b"snoop\0\0\0\0\0\0\2\0\0\0\4" + bytes(50),
        "is a capture of snoop (Solaris), which pcaphash cannot read",
    ),
    "netmon1": (
        b"RTSS\1\1" + bytes(90),
        "Microsoft Network Monitor 1, which pcaphash cannot read; convert it: editcap -F",
    ),
    "netmon2": (b"GMBU\0\2" + bytes(90), "convert it: editcap -F pcap {file} OUT.pcap"),
    "netmon2.xz": (lzma.compress(b"GMBU\0\2" + bytes(90)), "convert it: xz -dc {file} | editcap -F pcap - OUT.pcap"),
    "netxray": (b"XCP\x00002.001\0" + bytes(90), "is a capture of NetXRay or Sniffer for Windows"),
    "old netxray": (b"VL\0\0" + bytes(90), "is a capture of NetXRay or Sniffer for Windows"),
    "sniffer": (b"TRSNIFF data    \x1a" + bytes(90), "is a capture of the Sniffer for DOS"),
    "erf": (erf(9), "is a capture of an Endace DAG card (ERF), which pcaphash cannot read; convert it: editcap"),
    "one erf record": (erf(1), "is a capture of an Endace DAG card (ERF)"),
    "erf cut": (erf(9)[:-3], "is a capture of an Endace DAG card (ERF)"),
    "pklg": (packet_logger(5, ">"), "is a capture of Apple's PacketLogger (Bluetooth)"),
    "pklg little": (packet_logger(5, "<"), "is a capture of Apple's PacketLogger (Bluetooth)"),
    "etl": (bytes(72) + b"\2\0\2\xc0" + bytes(90), "is an event trace of Windows (ETL); convert it: etl2pcapng"),
    "variant": (struct.pack("<I", 0xA1B234CD) + bytes(50), "is a variant of pcap with its own record headers"),
    "variant big": (struct.pack(">I", 0xA12B3C4D) + bytes(50), "(magic number 0xa12b3c4d)"),
    "btsnoop": (b"btsnoop\0" + bytes(50), "is a capture of btsnoop (Bluetooth)"),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1234\n",
        "is a pointer of Git LFS, not the file itself; fetch it: git lfs pull",
    ),
    "html": (b"\n<!DOCTYPE html>\n<html><head><title>404</title>", "is an HTML page: the download returned an error"),
    "html 2": (b"\xef\xbb\xbf<HTML lang=en>" + bytes(9), "is an HTML page: the download returned an error"),
    "json": (b'[\n  {\n    "_index": "packets-2024"', "is JSON text; save the packets themselves with tcpdump -w"),
    "json 2": (b'{"error": "not found"}', "is JSON text"),
    "pdml": (b'<?xml version="1.0"?>\n<!-- x -->\n<pdml version="0">', "is XML output of tshark"),
    "tcpdump": (
        b"12:34:56.789012 IP 192.0.2.1.80 > 192.0.2.2.1234: Flags [S], length 0\n",
        "is text output of tcpdump; save the packets themselves with tcpdump -w or tshark -w",
    ),
    "tcpdump -tttt": (
        b"2024-05-01 12:34:56.789012 eth0  In  IP6 2001:db8::1 > ff02::1: ICMP6",
        "text output of tcpdump",
    ),
    "tcpdump, all of it": (
        b"tcpdump: listening on eth0, link-type EN10MB (Ethernet)\n12:34:56.789012 ARP, Request who-has",
        "is text output of tcpdump",
    ),
    "tshark": ("    1   0.000000  10.0.0.1 → 10.0.0.2  TCP 104 40000".encode(), "is text output of tshark"),
    "tshark -V": (b"Frame 1: 104 bytes on wire (832 bits)", "is text output of tshark"),
    "hex dump": (b"0000  52 54 00 00 00 02 52 54 00 00 00 01 08 00 45 00", "is a hex dump; turn it into a capture"),
    "text": (b"packet,hash_value\n1,0x00000000\n", "is text; give a pcap or pcapng file"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_it_is_and_what_to_do(tmp_path, name):
    data, said = KINDS[name]
    path = tmp_path / "a file.cap"
    path.write_bytes(data)
    assert said.format(file=shlex.quote(str(path))) in complaint(path)


def test_the_command_that_is_told_does_it(tmp_path):
    path = tmp_path / "trace.zip"
    path.write_bytes(zipped())
    result = run("info", path)
    assert result.returncode == 4
    command = complaints(result)[0].split("unpack it: ")[1].split(" | ")[0]
    try:
        unpacked = subprocess.run(shlex.split(command), capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("there is no unzip here")
    assert unpacked == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    "format_",
    ["netmon1", "netmon2", "snoop", "ngsniffer", "ngwsniffer_1_1", "ngwsniffer_2_0", "erf", "lanalyzer", "5views",
     "visual", "nettl", "observer", "k12text"],
)  # fmt: skip
def test_files_of_wireshark_are_named_and_can_be_converted_as_told(tmp_path, format_):
    path = tmp_path / "trace.cap"
    try:
        done = subprocess.run(["editcap", "-F", format_, SAMPLE, path], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no editcap here")
    if done.returncode or not path.stat().st_size:
        pytest.skip(f"this editcap writes no {format_}")
    said = complaint(path)
    assert "which pcaphash cannot read" in said
    if format_ in ("nettl", "observer", "k12text"):  # editcap does not read all that it writes
        return
    command = said.split("convert it: ")[1]
    subprocess.run(command.replace("OUT.pcap", f"{tmp_path}/OUT.pcap"), shell=True, check=True, capture_output=True)
    assert len(read(tmp_path / "OUT.pcap")[0]) == 24


@pytest.mark.parametrize("data", [bytes(5000), bytes(range(256)) * 9, b"\xff" * 400, b"\1\2\3\4" * 99])
def test_what_nobody_knows_is_told_by_its_first_bytes(tmp_path, data):
    path = tmp_path / "unknown"
    path.write_bytes(data)
    assert complaint(path) == f"is not a capture: it starts with {data[:4].hex(' ')}; give a pcap or pcapng file"


@needs_shared
def test_a_capture_of_network_monitor():
    path = SHARED / "cases" / "reports" / "g09-netmon.cap"
    assert "is a capture of Microsoft Network Monitor 2, which pcaphash cannot read; convert it: editcap" in complaint(
        path
    )
    result = run("info", "-", stdin=path.read_bytes())
    assert result.returncode == 4
    assert "editcap -F pcap FILE OUT.pcap" in complaints(result)[0]
