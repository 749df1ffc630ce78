"""Logs of DPDK's testpmd: packets that were received, with and without a hash."""

import shutil
import subprocess
import textwrap
from dataclasses import replace

import pytest

from pcaphash.capture.reported.notes import NoLine, OtherLengths, SeveralPorts, SteeredByRule
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.errors import ConfigurationError
from support import captures
from support.reported import read_reported
from support.traffic import flows, plain

LOG = "testpmd.log"
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
        log, trace = tmp_path / LOG, tmp_path / "trace.pcap"
        log.write_text(text, "utf-8")
        trace.write_bytes(captures.pcap(b"".join(captures.pcap_record(bytes(length)) for length in lengths)))
        found = read_reported(trace, TestpmdLog(log), block_len)
        found.notes = [replace(note, file=log.name) for note in found.notes if note.file == str(log)]
        return found

    return read_text


@pytest.mark.parametrize("block_len", [64, 150, 1024])
def test_packets_with_and_without_a_hash(read, block_len):
    text = "testpmd> start\nport 0/queue 17: received 2 packets\n"
    text += line(60, 0x51CCC178, 17) + line(60, queue=17) + "port 0/queue 2: received 1 packets\n" + line(60, 0, 2)
    found = read(text + "\ntestpmd> stop\n", block_len=block_len)
    expected = [(0x51CCC178, None, None, 17), (None, 0, None, 17), (0, None, None, 2)]
    assert (found.packets, found.notes) == (expected, [])


def test_packets_that_were_sent_are_ignored(read):
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
    assert found.notes == [NoLine(LOG, 2, 3)]


def test_several_ports_are_named(read):
    text = f"port 10/queue 0: received 1 packets\n{line()}port 2/queue 0: received 1 packets\n{line()}"
    assert read(text, (60, 60)).notes == [SeveralPorts(LOG, (2, 10))]


def test_other_lengths_are_noticed_but_for_vlan_tags(read):
    assert read(line(60) + line(60) + line(60), (60, 64, 68)).notes == []
    (note,) = read(line(60) + line(60) + line(70), (60, 61, 60)).notes
    assert note == OtherLengths(LOG, packets=2, packet=2, length=61, line=3, length_in_log=60)


def refusal(read, text, lengths=(60, 60, 60)):
    with pytest.raises(ConfigurationError) as caught:
        read(text, lengths)
    assert str(caught.value.place).startswith("testpmd=")
    return caught.value.problem


def test_more_lines_than_packets(read):
    assert refusal(read, line() * 4) == "line 7 is about packet 4, but the trace ends with 3"


def test_bad_logs(read, tmp_path):
    assert refusal(read, "testpmd> \n") == "has no packet"
    assert refusal(read, line(60, 1 << 32)) == "line 1: RSS hash=0x100000000 has more than 32 bits"
    with pytest.raises(ConfigurationError, match="No such file"):
        TestpmdLog(tmp_path / "other.log")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "port 99999999999999999999/queue 0: received 1 packets\n",
            "line 1: port 99999999999999999999 has more than 16",
        ),
        (f"port {'9' * 5000}/queue 0: received 1 packets\n", f"line 1: port {'9' * 24} has more than 16 bits"),
        ("\nport 0/queue 65536: received 1 packets\n", "line 2: queue 65536 has more than 16 bits"),
        (line(60, 1, 1 << 16), "line 1: queue=0x10000 has more than 16 bits"),
        (line(60, 1 << 64), "line 1: RSS hash=0x10000000000000000 has more than 32 bits"),
        (line(1 << 32, 1), "line 1: length 4294967296 has more than 32 bits"),
        (line(60, 1).replace("length", "timestamp 9300000000000000000 length"), "line 1: timestamp 93000000000000000"),
        (f"port 70000, {line(60, 1).lstrip()}", "line 1: port 70000 has more than 16 bits"),
    ],
)
def test_numbers_that_testpmd_cannot_have(read, text, problem):
    assert refusal(read, text).startswith(problem)


WHOLE = [(0x51CCC178, 2), (0x7, 5), (0xFFFFFFFF, 2), (0, 1)]


def whole_text():
    return "".join(f"port 0/queue {queue}: received 1 packets\n{line(60, value, queue)}" for value, queue in WHOLE)


def wrapped(text, width, at_blanks):
    """Break lines as a terminal does, or as a mail program does."""
    lines = []
    for each in text.splitlines():
        broken = textwrap.wrap(each, width, break_on_hyphens=False) if at_blanks else []
        lines += broken or [each[i : i + width] for i in range(0, len(each), width)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("prefix", ["", "> ", "> > ", "| "])
@pytest.mark.parametrize(("width", "at_blanks"), [(80, False), (78, True), (72, True), (61, False), (132, False)])
def test_wrapped_and_quoted_lines(read, prefix, width, at_blanks):
    text = "".join(f"{prefix}{each}\n" for each in wrapped(whole_text(), width, at_blanks).splitlines())
    found = read(text, (60,) * 4)
    assert [(value, queue) for value, *_, queue in found.packets] == WHOLE
    assert found.notes == []


def test_lines_with_a_prefix_of_a_system_log(read):
    text = "".join(f"Nov 27 01:02:03 host testpmd[42]: {each}\n" for each in whole_text().splitlines())
    assert [(value, queue) for value, *_, queue in read(text, (60,) * 4).packets] == WHOLE


@pytest.mark.parametrize("rule", ["ID=0x7", "flex bytes=0x00000001 00000002", "hash=0x12 ID=0x3 "])
def test_queues_of_flow_rules_are_not_reported(read, rule):
    steered = line(60, 0x51CCC178, 3).replace(" - sw ptype", f" - FDIR matched {rule} - sw ptype")
    without = line(60, None, 3).replace(" - sw ptype", f" - FDIR matched {rule} - sw ptype")
    found = read(steered + without + line(60, 5, 1))
    assert found.packets == [(0x51CCC178, None, None, None), (None, None, None, None), (5, None, None, 1)]
    assert found.notes == [SteeredByRule(LOG, 2)]


def test_fields_of_several_releases(read):
    start = "  src=52:54:00:00:00:01 - dst=52:54:00:0A:00:02"
    old = f"{start} - type=0x0800 - length=60 - nb_segs=1 - RSS hash=0x5 - RSS queue=0x1 - (outer) L2 type: ETHER\n"
    stripped = (
        f"{start} - pool=mb_pool_0 - type=0x0800 - length=60 - nb_segs=1 - RSS hash=0x6 - RSS queue=0x2 - timestamp "
        "1795723858503407  - VLAN tci=0x5 - Rx metadata: 0x9 - dynf name: 1 - sw ptype: L2_ETHER - Receive queue=0x2\n"
        "  ol_flags: RTE_MBUF_F_RX_VLAN RTE_MBUF_F_RX_RSS_HASH \n"
    )
    restored = f"restore info: - no tunnel info - no outer header - no miss group\n{line(60, 7, 3)}"
    shared = f"port 3, {line(60, 8, 0)}"
    text = "port 0/queue 1: received 4 packets\n" + old + stripped + restored + shared
    found = read(text, (60, 64, 60, 60))
    assert [(value, queue) for value, *_, queue in found.packets] == [(5, 1), (6, 2), (7, 3), (8, 0)]
    assert found.notes == [SeveralPorts(LOG, (0, 3))]


def test_a_prompt_in_the_middle_of_a_line(read):
    """The prompt comes from another thread than packets do."""
    whole = line(60, 0x51CCC178, 2)
    text = f"{whole[:40]}testpmd> show port stats all\ntestpmd> stop\n{whole[40:]}{line(60, 7, 1)}"
    assert [(value, queue) for value, *_, queue in read(text, (60, 60)).packets] == [(0x51CCC178, 2), (7, 1)]


@pytest.mark.skipif(not shutil.which("dpdk-testpmd"), reason="needs dpdk-testpmd (Debian: dpdk-dev)")
def test_what_testpmd_prints(tmp_path):
    """Two receive queues, each read from a file by a port that gives no hashes: the log is printed queue by queue."""
    frames = [plain(flow, size) for size, flow in enumerate(flows(20), 20)]
    for queue in range(2):
        records = b"".join(map(captures.pcap_record, frames[queue::2]))
        (tmp_path / f"q{queue}.pcap").write_bytes(captures.pcap(records))
    device = "net_pcap0,rx_pcap=q0.pcap,rx_pcap=q1.pcap,tx_pcap=a.pcap,tx_pcap=b.pcap"
    command = ["dpdk-testpmd", "-l", "0,1", "--no-huge", "--no-shconf", "-m", "512", "--no-pci", f"--vdev={device}"]
    command += ["--", "-i", "--rxq=2", "--txq=2", "--total-num-mbufs=4096"]
    script = "set verbose 1\nset fwd rxonly\nstart\nshow port stats all\nstop\nquit\n"
    result = subprocess.run(
        command, input=script, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    log = tmp_path / "testpmd.log"
    log.write_text(result.stdout, "utf-8")
    found = TestpmdLog(log)
    said = {found.kinds[kind][3]: queue for kind, queue in zip(found.lines.kinds, found.lines.queues, strict=True)}
    assert said == {max(len(frame), 60): i % 2 for i, frame in enumerate(frames)}
    assert (found.lines.hash_values == -1).all()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_logs_of_windows(tmp_path, encoding):
    log = tmp_path / "testpmd.log"
    log.write_bytes(f"port 0/queue 1: received 1 packets\n{line(60, 5, 1)}".replace("\n", "\r\n").encode(encoding))
    assert TestpmdLog(log).lines.hash_values.tolist() == [5]


def test_colours_of_a_terminal_do_not_matter(read):
    text = line(60, 5, 1).replace("RSS hash", "\x1b[1mRSS hash\x1b[0m")
    assert read(f"\x1b[0m{text}", (60,)).packets == [(5, None, None, 1)]
