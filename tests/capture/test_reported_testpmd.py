"""Logs of DPDK's testpmd: packets that were received, with and without a hash."""

import pytest

from pcaphash.capture.reported_testpmd import TestpmdLog
from pcaphash.errors import ConfigurationError
from support import captures
from support.reported import read_reported

START = "  src=52:54:00:00:00:01 - dst=52:54:00:0A:00:02 - pool=mb_pool_0 - type=0x0800"
END = " - sw ptype: L2_ETHER L3_IPV4 L4_UDP  - l2_len=14 - l3_len=20 - l4_len=8"


def line(length=60, value=None, queue=0, direction="Receive"):
    given = "" if value is None else f" - RSS hash=0x{value:x} - RSS queue=0x{queue:x}"
    flags = "  ol_flags: RTE_MBUF_F_RX_RSS_HASH RTE_MBUF_F_RX_L4_CKSUM_GOOD \n"
    return f"{START} - length={length} - nb_segs=1{given}{END} - {direction} queue=0x{queue:x}\n{flags}"


@pytest.fixture
def read(tmp_path):
    """Return what reads a text as a log beside a trace of some packets."""

    def read_text(text, lengths=(60, 60, 60), block_len=1024):
        log, trace = tmp_path / "testpmd.log", tmp_path / "trace.pcap"
        log.write_text(text, "utf-8")
        trace.write_bytes(captures.pcap(b"".join(captures.pcap_record(bytes(length)) for length in lengths)))
        found = read_reported(trace, TestpmdLog(log), block_len)
        found.notes = [note.removeprefix(f"--testpmd {log}: ") for note in found.notes]
        return found

    return read_text


@pytest.mark.parametrize("block_len", [64, 150, 1024])
def test_packets_with_and_without_a_hash(read, block_len):
    text = "testpmd> start\nport 0/queue 17: received 2 packets\n"
    text += line(60, 0x51CCC178, 17) + line(60, queue=17) + "port 0/queue 2: received 1 packets\n" + line(60, 0, 2)
    found = read(text + "\ntestpmd> stop\n", block_len=block_len)
    expected = [(0x51CCC178, None, None, 17), (None, 0, None, 17), (0, None, None, 2)]
    assert (found.packets, found.notes) == (expected, [])


def test_packets_that_were_sent_are_passed_over(read):
    sent = "port 1/queue 0: sent 1 packets\n" + line(60, 7, 0, "Send")
    text = f"port 0/queue 1: received 1 packets\n{line(60, 5, 1)}{sent}{line(60, 6, 3, 'Send')}"
    text += f"port 0/queue 4: received 1 packets\n{line(60, 8, 4)}"
    found = read(text, (60, 60))
    assert [(value, queue) for value, *_, queue in found.packets] == [(5, 1), (8, 4)]
    assert found.notes == []


def test_lines_of_older_releases_take_the_queue_of_their_burst(read):
    text = f"port 0/queue 3: received 1 packets\n{START} - length=60 - nb_segs=1 - (outer) L2 type: ETHER\n"
    assert read(text, (60,)).packets == [(None, 0, None, 3)]


def test_lines_behind_a_prompt_or_a_time(read):
    assert read(f"testpmd> {line(60, 1)}12:00:01 port 9, {line(60, 2)}", (60, 60)).packets[1] == (2, None, None, 0)


def test_packets_without_a_line_are_counted(read):
    found = read(line(60, 1))
    assert found.packets[1:] == [(None, None, None, None)] * 2
    assert found.notes == ["2 of 3 packets have no line"]


def test_several_ports_are_named(read):
    text = f"port 10/queue 0: received 1 packets\n{line()}port 2/queue 0: received 1 packets\n{line()}"
    assert read(text, (60, 60)).notes == ["packets of several ports: 2, 10"]


def test_other_lengths_are_noticed_but_for_vlan_tags(read):
    assert read(line(60) + line(60) + line(60), (60, 64, 68)).notes == []
    (note,) = read(line(60) + line(60) + line(70), (60, 61, 60)).notes
    assert note.startswith("2 packets have other lengths than in the trace")
    assert note.endswith("packet 2 has 61 bytes, line 3 says 60")


def refusal(read, text, lengths=(60, 60, 60)):
    with pytest.raises(ConfigurationError) as caught:
        read(text, lengths)
    assert caught.value.option.startswith("--testpmd ")
    return caught.value.problem


def test_more_lines_than_packets(read):
    assert refusal(read, line() * 4) == "line 7 is about packet 4, but the trace ends with 3"


def test_bad_logs(read, tmp_path):
    assert refusal(read, "testpmd> \n") == "has no packet"
    assert refusal(read, line(60, 1 << 32)) == "line 1: RSS hash=0x100000000 has more than 32 bits"
    with pytest.raises(ConfigurationError, match="No such file"):
        TestpmdLog(tmp_path / "other.log")
