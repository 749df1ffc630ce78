"""The hash of a tuple is the hash of a packet with that tuple."""

import csv
import io
import json
from ipaddress import ip_address

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from naive.configuration import Configuration
from naive.device import answer
from naive.toeplitz import toeplitz as naive_toeplitz
from pcaphash import ConfigurationError, Device
from pcaphash.studies.hash_tuple import Directions, compare_directions, hash_packet_tuple, hash_tuples, parse_tuple
from support import builders
from support.captures import pcap, pcap_record
from support.comparing import CONFIGURATIONS, device_of

# What Microsoft publishes: destination, source, the hash over addresses, and over addresses and ports.
PUBLISHED = [
    ("161.142.100.80:1766", "66.9.149.187:2794", "323e8fc2", "51ccc178"),
    ("65.69.140.83:4739", "199.92.111.2:14230", "d718262a", "c626b0ea"),
    ("12.22.207.184:38024", "24.19.198.95:12898", "d2d0a5de", "5c2b394a"),
    ("209.142.163.6:2217", "38.27.205.30:48228", "82989176", "afc7327f"),
    ("202.188.127.2:1303", "153.39.163.191:44251", "5d1809c5", "10e828a2"),
    ("[3ffe:2501:200:3::1]:1766", "[3ffe:2501:200:1fff::7]:2794", "2cc18cd5", "40207d3d"),
    ("[ff02::1]:4739", "[3ffe:501:8::260:97ff:fe40:efab]:14230", "0f0c461c", "dde51bbf"),
    ("[fe80::200:f8ff:fe21:67cf]:38024", "[3ffe:1900:4545:3:200:f8ff:fe21:67cf]:44251", "4b61e985", "02d1feef"),
]


@pytest.mark.parametrize(("destination", "source", "addresses", "ports"), PUBLISHED)
def test_the_published_values_come_out(destination, source, addresses, ports):
    assert pcaphash.hash_tuple(source, destination).row()["hash_value"] == f"0x{ports}"
    alone = [text.rpartition(":")[0].strip("[]") for text in (source, destination)]
    assert pcaphash.hash_tuple(*alone).row()["hash_value"] == f"0x{addresses}"


@given(data=st.binary(max_size=80), key=st.binary(min_size=1, max_size=90))
def test_toeplitz_is_the_naive_one(data, key):
    assert pcaphash.toeplitz(data, key) == naive_toeplitz(key, data)


PORTS = st.one_of(st.sampled_from([0, 53, 443, 4789, 4790, 6081, 4754, 65535]), st.integers(0, 65535))


@st.composite
def tuples(draw):
    """Draw source, destination, ports or none, and a protocol."""
    version = draw(st.sampled_from([4, 6]))
    length = 4 if version == 4 else 16
    source, destination = (str(ip_address(draw(st.binary(min_size=length, max_size=length)))) for _ in range(2))
    # Protocol 4 in IPv4 is a tunnel without any header of its own, whatever follows.
    icmp, other = (1, 41) if version == 4 else (58, 4)
    protocol = draw(st.sampled_from([6, 17, 6, 17, icmp, 132, 47, other, 253, None]))
    ports = (draw(PORTS), draw(PORTS)) if protocol in (6, 17) else (None, None)
    return source, destination, *ports, protocol


def packet_of(source, destination, source_port, destination_port, protocol):
    """Build an Ethernet frame with the tuple, that holds no tunnel."""
    payload = {
        6: lambda: builders.tcp(b"", source_port, destination_port),
        17: lambda: builders.udp(b"", source_port, destination_port),
    }.get(protocol, lambda: b"abc")()
    number = 253 if protocol is None else protocol
    ends = ip_address(source).packed, ip_address(destination).packed
    if ip_address(source).version == 4:
        return builders.framed(builders.ipv4(payload, number, *ends))
    return builders.framed(builders.ipv6(payload, number, *ends))


@given(drawn=st.lists(tuples(), min_size=1, max_size=20), configuration=st.sampled_from(CONFIGURATIONS))
def test_a_packet_with_the_tuple_has_the_same_row(scratch, drawn, configuration):
    device = device_of(configuration)
    frames = [packet_of(*each) for each in drawn]
    trace = scratch / "tuples.pcap"
    trace.write_bytes(pcap(b"".join(map(pcap_record, frames))))
    rows = pcaphash.hashes(trace, device).to_dict("records")
    for each, frame, row in zip(drawn, frames, rows, strict=True):
        found = pcaphash.hash_tuple(*each, device=device)
        shown = found.row()
        for column in ("hash_report", "hash_input", "hash_value"):
            assert shown[column] == row[column], (each, column)
        assert shown["queue"] == (None if pd.isna(row["queue"]) else row["queue"])
        naive = answer(frame, len(frame), 1, configuration)
        assert (found.hash_report, found.hash_value, found.queue) == (naive.hash_report, naive.hash_value, naive.queue)
        assert found.hash_input == (naive.hash_input or b"")


def test_entry_and_queue_go_together():
    device = Device(indirection_table=[5, 3, 7], table_index="modulo", queues=8)
    found = pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2", device=device)
    assert found.table_entry == found.hash_value % 3
    assert found.queue == [5, 3, 7][found.table_entry]


def test_without_rss_there_is_a_hash_and_no_queue():
    found = pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2", device=Device(features="CTRL_VQ+HASH_REPORT"))
    assert found.hash_value is not None
    assert (found.table_entry, found.queue) == (None, None)


def test_no_type_leads_to_the_unclassified_queue():
    found = pcaphash.hash_tuple("192.0.2.1", "192.0.2.2", device=Device(hash_types="TCPv4", unclassified_queue=6))
    assert (found.hash_report, found.hash_value, found.table_entry, found.queue) == ("NONE", None, None, 6)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("192.0.2.1", "2001:db8::1"), "destination: 2001:db8::1 is IPv6, but the source 192.0.2.1 is IPv4"),
        (("2001:db8::1", "192.0.2.1"), "destination: 192.0.2.1 is IPv4, but the source 2001:db8::1 is IPv6"),
        (("192.0.2.1:80", "192.0.2.2"), "destination: only source has a port"),
        (("192.0.2.1", "192.0.2.2:80"), "source: only destination has a port"),
        (("[2001:db8::1]:80", "2001:db8::2"), "[ADDRESS]:PORT"),
        (("192.0.2.1:65536", "192.0.2.2:1"), "source: '65536' is not a port"),
        (("192.0.2.1:1", "192.0.2.2:https"), "destination: 'https' is not a port"),
        (("192.0.2.1:-1", "192.0.2.2:1"), "source: '-1' is not a port"),
        (("192.0.2.1:", "192.0.2.2:1"), "source: '' is not a port"),
        (("192.0.2.256", "192.0.2.2"), "source: '192.0.2.256' is not an IP address"),
        (("example.org", "192.0.2.2"), "names are not looked up"),
        (("192.0.2.1.1234", "192.0.2.2.443"), "write 192.0.2.1:1234"),
        (("192.0.2.1:1", "192.0.2.2:2", None, None, "tpc"), "protocol: 'tpc' is not a protocol"),
        (("192.0.2.1:1", "192.0.2.2:2", None, None, "256"), "protocol: '256' is not a protocol"),
        (("192.0.2.1:1", "192.0.2.2:2", 7), "source: 192.0.2.1:1 already has a port, and port 7 is given too"),
        (("2001:db8::1", "2001:db8::2", None, None, 44), "protocol: 44 is an IPv6 extension header"),
        (
            ("192.0.2.1", "192.0.2.2", None, None, "udp"),
            "protocol: udp without ports: the hash type UDPv4 needs them",
        ),
    ],
)
def test_what_is_no_tuple_is_refused(words, complaint):
    with pytest.raises(ConfigurationError) as caught:
        pcaphash.hash_tuple(*words)
    assert complaint in str(caught.value)


def test_a_protocol_without_ports_is_enough_where_no_ports_are_hashed():
    found = pcaphash.hash_tuple("192.0.2.1", "192.0.2.2", protocol="udp", device=Device(hash_types="addresses"))
    assert found.hash_report == "IPv4"


@pytest.mark.parametrize(
    ("port", "protocol", "device", "tunnel"),
    [
        (4789, "udp", Device(), "VXLAN"),
        (4789, "tcp", Device(), ""),
        (6081, "udp", Device(), "GENEVE"),
        (6081, "udp", Device(hash_types="base+VXLAN_INNER"), ""),
        (4790, "udp", Device(), ""),
        (4790, "udp", Device("1.4"), "VXLAN-GPE"),
        (4754, "udp", Device("1.4"), "GRE-in-UDP"),
        (7, "gre", Device(), "GRE"),
        (7, "4", Device(), ""),
        (7, "4", Device("1.4"), "IPIP"),
    ],
)
def test_what_may_be_a_tunnel_is_told(port, protocol, device, tunnel):
    found = pcaphash.hash_tuple("192.0.2.1:1", f"192.0.2.2:{port}", protocol=protocol, device=device)
    assert found.tunnel == tunnel


# Many tuples as text


WAYS_TO_WRITE = {
    "own names": "source,source_port,destination,destination_port,protocol\n192.0.2.1,1,192.0.2.2,2,udp\n",
    "other names, other order": "proto,dport,sport,dst,src,bytes\nudp,2,1,192.0.2.2,192.0.2.1,77\n",
    "no header": "192.0.2.1,1,192.0.2.2,2,udp\n",
    "addresses first": "192.0.2.1,192.0.2.2,1,2,17\n",
    "ports in the addresses": "192.0.2.1:1,192.0.2.2:2,udp\n",
    "blanks": "192.0.2.1:1   192.0.2.2:2\tudp".replace("\t", " "),
    "tabs": "src\tsport\tdst\tdport\tproto\n192.0.2.1\t1\t192.0.2.2\t2\tUDP\n",
    "semicolons": "src;sport;dst;dport;proto\r\n192.0.2.1;1;192.0.2.2;2;UDP\r\n",
    "tshark": "ip.src,tcp.srcport,udp.srcport,ip.dst,tcp.dstport,udp.dstport,ip.proto\n192.0.2.1,,1,192.0.2.2,,2,17\n",
    "zeek": '{"id.orig_h": "192.0.2.1", "id.orig_p": 1, "id.resp_h": "192.0.2.2", "id.resp_p": 2, "proto": "udp"}',
    "quotes, a comment and a byte order mark": '\ufeff# flows\n\n"src","sport","dst","dport","proto"\n'
    '"192.0.2.1","1","192.0.2.2","2","udp"\n',
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
def test_tuples_are_read_however_they_are_written(way):
    (found,) = hash_tuples(io.StringIO(WAYS_TO_WRITE[way]), "here", Device())
    assert found == pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2", protocol="udp")


def test_what_is_written_can_be_read():
    given_tuples = [
        "192.0.2.1:1 192.0.2.2:2 udp",
        "2001:db8::1 2001:db8::2 icmpv6",
        "[2001:db8::1]:5 [2001:db8::2]:6 tcp",
    ]
    rows = [each.row() for each in hash_tuples(given_tuples, "here", Device())]
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    assert [each.row() for each in hash_tuples(io.StringIO(table.getvalue()), "here", Device())] == rows
    objects = "\n".join(map(json.dumps, rows))
    assert [each.row() for each in hash_tuples(io.StringIO(objects), "here", Device())] == rows


def test_the_other_direction_comes_right_after():
    found = list(hash_tuples(["192.0.2.1:1 192.0.2.2:2", "192.0.2.3:3 192.0.2.4:4"], "here", Device(), both=True))
    ends = [(str(each.packet.source), each.packet.destination_port) for each in found]
    assert ends == [("192.0.2.1", 2), ("192.0.2.2", 1), ("192.0.2.3", 4), ("192.0.2.4", 3)]


def test_a_protocol_for_all_leaves_those_alone_that_name_one():
    lines = ["src,sport,dst,dport,proto", "192.0.2.1,1,192.0.2.2,2,", "192.0.2.1,1,192.0.2.2,2,tcp"]
    reports = [each.hash_report for each in hash_tuples(lines, "here", Device(), "udp")]
    assert reports == ["UDPv4", "TCPv4"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "here: there are no tuples"),
        ("\n# nothing\n", "here: there are no tuples"),
        ("src,dst\n192.0.2.1,192.0.2.2\n192.0.2.1,x\n", "here: line 3: destination: 'x' is not an IP address"),
        ("src,dst,sport,dport\n192.0.2.1,192.0.2.2,1,\n", "here: line 2: destination: only source has a port"),
        ("src,dst\n192.0.2.1,192.0.2.2,6\n", "here: line 2: 3 columns, but line 1 has 2"),
        ("a,b\n192.0.2.1,192.0.2.2\n", "here: line 1: there is no column source and no column destination"),
        ("src,b\n192.0.2.1,192.0.2.2\n", "here: line 1: there is no column destination"),
        ("tcp,192.0.2.1,192.0.2.2\n", "here: line 1: without a header line, the columns are unknown"),
        ('{"src": "192.0.2.1"}\n', "here: line 1: there is no column destination"),
        ('[{"src": "192.0.2.1"}]\n', "here: object 1: there is no column destination"),
        ("[1]\n", "here: object 1: it is not a JSON object"),
        ("{broken\n", "here: line 1: it is not a JSON object"),
        ('{"src": "192.0.2.1", "dst": "192.0.2.2"}\nx\n', "here: line 2: it is not a JSON object"),
        ("192.0.2.1,192.0.2.2,udp\n", "here: line 1: protocol: udp without ports"),
        ("192.0.2.1,192.0.2.2\n192.0.2.1," + "9" * 200_000, "here: line 2: 1 columns"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text, complaint):
    with pytest.raises(ConfigurationError) as caught:
        list(hash_tuples(io.StringIO(text), "here", Device()))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reversing_twice_changes_nothing():
    packet = parse_tuple("192.0.2.1:1", "192.0.2.2:2")
    assert packet.reverse() != packet
    assert packet.reverse().reverse() == packet
    symmetric = Device(hash_key="symmetric")
    values = {hash_packet_tuple(each, symmetric).hash_value for each in (packet, packet.reverse())}
    assert len(values) == 1


def test_the_default_device_is_the_default_one():
    assert pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2").device == Device()
    assert Configuration("v7", 0xFFF).key == Device().hash_key


@pytest.mark.parametrize("indent", [None, 2])
def test_lists_of_objects_are_read(indent):
    rows = [{"src": "192.0.2.1:1", "dst": "192.0.2.2:2"}, {"src": "192.0.2.3", "dst": "192.0.2.4"}]
    expected = [pcaphash.hash_tuple(row["src"], row["dst"]) for row in rows]
    for document in (rows, {"version": "1", "tuples": rows}):
        text = json.dumps(document, indent=indent)
        found = list(hash_tuples(io.StringIO(text), "input", Device()))
        assert [each.hash_value for each in found] == [each.hash_value for each in expected]


def test_an_object_of_a_list_is_named():
    text = '[{"src": "192.0.2.1", "dst": "192.0.2.2"}, {"src": "192.0.2.1:x", "dst": "192.0.2.2:2"}]'
    with pytest.raises(ConfigurationError, match="input: object 2: source: 'x' is not a port"):
        list(hash_tuples(io.StringIO(text), "input", Device()))


def test_ports_of_a_column_with_gaps():
    text = "src,sport,dst,dport\n192.0.2.1,1.0,192.0.2.2,2.0\n192.0.2.1,,192.0.2.2,\n"
    with_ports, without = hash_tuples(io.StringIO(text), "input", Device())
    assert with_ports == hash_packet_tuple(parse_tuple("192.0.2.1:1", "192.0.2.2:2"), Device())
    assert without.hash_report == "IPv4"


def test_toeplitz_takes_keys_as_text():
    data = bytes.fromhex("420995bba18e64500aea06e6")
    assert {pcaphash.toeplitz(data, key) for key in ("microsoft", Device().hash_key, Device().hash_key.hex(":"))} == {
        0x51CCC178
    }


@pytest.mark.parametrize(
    ("options", "directions"),
    [
        ({"hash_key": "symmetric"}, Directions.SAME_HASH),
        ({}, Directions.OTHER_QUEUES),
        ({"queues": 1}, Directions.SAME_QUEUE),
        ({"features": "CTRL_VQ+HASH_REPORT"}, Directions.OTHER_HASHES),
        ({"features": "CTRL_VQ+HASH_REPORT", "hash_key": "symmetric"}, Directions.SAME_HASH),
    ],
)
def test_whether_directions_meet(options, directions):
    packet = parse_tuple("66.9.149.187:2794", "161.142.100.80:1766")
    one, other = (hash_packet_tuple(each, Device(**options)) for each in (packet, packet.reverse()))
    assert compare_directions([one, other]) == directions
    assert compare_directions([one, one]) is None
    assert compare_directions([one]) is None
