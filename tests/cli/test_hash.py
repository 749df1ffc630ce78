"""``pcaphash hash``: one tuple as an answer, many as rows."""

import csv
import io
import json
import subprocess
import sys
import time
from ipaddress import ip_address

import pytest

import pcaphash
from support.command import complaints, run
from support.shared import ROOT

PUBLISHED = ("66.9.149.187:2794", "161.142.100.80:1766")


def test_one_tuple_is_answered():
    result = run("hash", *PUBLISHED)
    assert (result.returncode, complaints(result)) == (0, [])
    lines = [line.split(maxsplit=2) for line in result.stdout.decode().splitlines()]
    assert ["hash", "type", "TCPv4"] in lines
    assert ["hash", "0x51ccc178"] in lines
    assert ["hash", "input", "420995bb a18e6450 0aea 06e6"] in lines
    assert ["table", "entry", "120 of 128, counted from 0"] in lines
    assert ["receive", "queue", "0"] in lines
    assert "assumed: protocol tcp; " in result.stdout.decode()


def test_what_is_given_is_not_assumed():
    text = run("hash", *PUBLISHED, "--protocol", "tcp", "--queues", "4", "--hash-types", "linux").stdout.decode()
    assert "given: types linux; queues 4" in text
    assert "protocol tcp" not in text


def test_without_a_fitting_type_there_is_no_hash():
    options = ["--protocol", "udp", "--hash-types", "TCPv4", "--unclassified-queue", "5"]
    text = " ".join(run("hash", *PUBLISHED, *options).stdout.decode().split())
    assert "none: no enabled hash type covers IPv4 with udp (hash_types TCPv4)" in text
    assert "receive queue 5, the unclassified queue" in text
    assert "0x" not in text


def test_a_device_that_does_not_hash_ipv6_says_so():
    words = ("[2001:db8::1]:5000", "[2001:db8::2]:53")
    shown = run("hash", *words, "--flavor", "corundum").stdout.decode()
    assert "hash type      none: Corundum does not hash IPv6\n" in shown
    assert "no enabled hash type" not in shown
    assert "hash type      TCPv6\n" in run("hash", *words, "--flavor", "vpp").stdout.decode()
    ipv4 = run("hash", *PUBLISHED, "--flavor", "corundum", "--hash-types", "UDPv4").stdout.decode()
    assert "none: no enabled hash type covers IPv4 with tcp" in ipv4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--key", "symmetric"], "Both directions go to receive queue 4."),
        ([], "The two directions go to different receive queues: 0 and 2."),
        (["--queues", "1"], "Both directions go to receive queue 0, by chance; their hashes differ."),
        (["--features", "CTRL_VQ+HASH_REPORT"], "The two directions have different hashes."),
        (["--features", "CTRL_VQ+HASH_REPORT", "--key", "symmetric"], "Both directions have the same hash."),
    ],
)
def test_both_directions_are_compared(options, sentence):
    text = run("hash", *PUBLISHED, "--both", *options).stdout.decode()
    assert "66.9.149.187:2794 -> 161.142.100.80:1766, tcp" in text
    assert "161.142.100.80:1766 -> 66.9.149.187:2794, tcp" in text
    assert sentence in text


def test_ethtool_says_what_the_device_is(tmp_path):
    shown = tmp_path / "eth0.txt"
    shown.write_text(
        "RX flow hash indirection table for eth0 with 4 RX ring(s):\n    0:      3     2     1     0\n"
        f"RSS hash key:\n{pcaphash.Device().hash_key.hex(':')}\n"
    )
    (row,) = csv.DictReader(run("hash", *PUBLISHED, "--ethtool", shown, "--format", "csv").stdout.decode().splitlines())
    assert (row["hash_value"], row["table_entry"], row["queue"]) == ("0x51ccc178", "0", "3")


def test_csv_has_the_columns_that_are_documented():
    result = run("hash", "66.9.149.187", "161.142.100.80", "--format", "csv")
    assert result.stdout.decode().splitlines() == [
        "source,source_port,destination,destination_port,protocol,hash_report,hash_input,hash_value,table_entry,queue",
        "66.9.149.187,,161.142.100.80,,,IPv4,420995bba18e6450,0x323e8fc2,66,2",
    ]


def test_json_has_rows_device_and_version():
    document = json.loads(run("hash", *PUBLISHED, "--both", "--format", "json").stdout)
    assert document["version"] == pcaphash.__version__
    assert [row["hash_value"] for row in document["tuples"]] == ["0x51ccc178", "0xfde799b2"]
    assert document["device"]["queues"] == 8
    (line,) = run("hash", *PUBLISHED, "--format", "jsonl").stdout.splitlines()
    assert json.loads(line) == document["tuples"][0]


@pytest.mark.parametrize("words", [["-"], []])
def test_standard_input_gives_rows(words):
    result = run("hash", *words, stdin=b"66.9.149.187,2794,161.142.100.80,1766,tcp\n2001:db8::1,,2001:db8::2,,\n")
    assert (result.returncode, complaints(result)) == (0, [])
    rows = list(csv.DictReader(io.StringIO(result.stdout.decode())))
    assert [row["hash_report"] for row in rows] == ["TCPv4", "IPv6"]
    assert rows[0]["hash_value"] == "0x51ccc178"


def test_a_file_gives_rows(tmp_path):
    flows = tmp_path / "flows.csv"
    flows.write_text("src,dst,sport,dport\n66.9.149.187,161.142.100.80,2794,1766\n")
    result = run("hash", flows, "--format", "table")
    assert result.returncode == 0
    (warning,) = complaints(result)
    assert "TCP is assumed" in warning
    assert "66.9.149.187:2794 -> 161.142.100.80:1766, tcp" in result.stdout.decode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_text_of_windows_is_read(tmp_path, encoding):
    flows = tmp_path / "flows.csv"
    flows.write_bytes("src;dst;sport;dport;proto\r\n66.9.149.187;161.142.100.80;2794;1766;TCP\r\n".encode(encoding))
    assert b"0x51ccc178" in run("hash", flows).stdout
    assert b"0x51ccc178" in run("hash", "-", stdin=flows.read_bytes()).stdout


def test_many_tuples_make_one_table():
    lines = b"192.0.2.1 192.0.2.2\n192.0.2.3 192.0.2.4\n192.0.2.5 192.0.2.6"
    text = run("hash", "-", "--format", "table", stdin=lines).stdout
    assert text.decode().count("IPv4") == 3


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["192.0.2.1", "2001:db8::1"], "DESTINATION: 2001:db8::1 is IPv6"),
        (["192.0.2.1:99999", "192.0.2.2:1"], "SOURCE: '99999' is not a port"),
        (["192.0.2.1:1", "192.0.2.2"], "DESTINATION: only SOURCE has a port"),
        (["192.0.2.1:1"], "DESTINATION is missing, and there is no file of tuples called 192.0.2.1:1"),
        (["192.0.2.1:1", "192.0.2.2:2", "--protocol", "tls"], "--protocol: 'tls'"),
        (["-", "--protocol", "tls"], "--protocol: 'tls'"),
        (["192.0.2.1", "192.0.2.2", "--format", "parquet"], "--format: 'parquet'"),
        (["192.0.2.1", "192.0.2.2", "--queues", "0"], "--queues: 0"),
        (["-"], "standard input: there are no tuples"),
    ],
)
def test_wrong_usage_is_one_line(words, complaint):
    result = run("hash", *words)
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = complaints(result)
    assert complaint in line


def test_a_wrong_line_is_named():
    result = run("hash", "-", stdin=b"src,dst\n192.0.2.1,192.0.2.2\n192.0.2.1,2001:db8::1\n")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert "standard input: line 3: destination: 2001:db8::1 is IPv6" in line
    assert [row["source"] for row in csv.DictReader(result.stdout.decode().splitlines())] == ["192.0.2.1"]
    assert run("hash", "-", "--format", "json", stdin=b"192.0.2.1,192.0.2.2\nx,y\n").stdout == b""


def test_bytes_that_are_no_text_are_a_wrong_line():
    result = run("hash", "-", stdin=b"\xff\xfe\x00\x01\n")
    assert result.returncode == 2
    assert "standard input: line 1: " in complaints(result)[0]


def test_hash_and_hashes_agree_on_a_sample():
    packets = run("hashes", ROOT / "sample_traces" / "microsoft.pcap").stdout.decode()
    expected = [row for row in csv.DictReader(io.StringIO(packets)) if row["hash_input"]]
    told = "".join(f"{tuple_of(row)}\n" for row in expected)
    rows = list(csv.DictReader(io.StringIO(run("hash", "-", stdin=told.encode()).stdout.decode())))
    columns = ("hash_report", "hash_input", "hash_value", "queue")
    assert [[row[name] for name in columns] for row in rows] == [[row[name] for name in columns] for row in expected]
    assert len(rows) >= 16


def tuple_of(row):
    """Read a hash input back into a line with a tuple."""
    data = bytes.fromhex(row["hash_input"])
    length = 4 if len(data) in (8, 12) else 16
    source, destination, ports = data[:length], data[length : 2 * length], data[2 * length :]
    numbers = [str(int.from_bytes(ports[at : at + 2])) for at in range(0, len(ports), 2)] or ["", ""]
    protocol = row["hash_report"][:3].lower() if ports else ""
    return ",".join([str(ip_address(source)), str(ip_address(destination)), *numbers, protocol])


def test_one_tuple_needs_no_compiler():
    program = (
        "import sys, pcaphash.cli as cli; cli.app(['hash', *sys.argv[1:]], standalone_mode=False); "
        "print(sorted({'numba', 'pandas', 'numpy'} & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", program, *PUBLISHED], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_hundred_thousand_tuples_take_seconds():
    lines = "".join(
        f"192.0.{n >> 8 & 255}.{n & 255},{n % 65536},198.51.100.{n % 255},443,tcp\n" for n in range(100_000)
    )
    started = time.monotonic()
    result = run("hash", "-", stdin=lines.encode())
    assert time.monotonic() - started < 60  # 3 s where nothing else runs; naive loops over bits would take minutes
    assert len(result.stdout.splitlines()) == 100_001


def test_a_protocol_behind_the_port_is_told_where_it_goes():
    result = run("hash", "192.0.2.1:1234", "198.51.100.2:443/tcp")
    assert result.returncode == 2
    assert complaints(result)[0].endswith("'443/tcp' is not a port; write the port as 443, and give --protocol tcp")


def test_ports_that_no_type_hashes_are_told(tmp_path):
    ends = ("192.0.2.1:1000", "192.0.2.2:2000")
    (line,) = complaints(run("hash", *ends, "--protocol", "icmp", "--format", "csv"))
    assert line.endswith("the ports are ignored: no hash type has those of icmp, only those of TCP and UDP")
    assert complaints(run("hash", *ends, "--protocol", "udp")) == []
    assert complaints(run("hash", "192.0.2.1", "192.0.2.2", "--protocol", "icmp")) == []
    table = tmp_path / "tuples.csv"
    table.write_text("192.0.2.1,1,192.0.2.2,2,132\n192.0.2.1,1,192.0.2.2,3,132\n192.0.2.1,1,192.0.2.2,3,6\n")
    (line,) = complaints(run("hash", table))
    assert line.endswith("the ports of some tuples are ignored: only TCP and UDP have hash types with ports")
