"""Ports as DPDK's testpmd shows them, in the layouts of several versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device import Device
from pcaphash.device.ethtool.options import parse_ethtool
from pcaphash.errors import ConfigurationError
from pcaphash.standards.hash_keys import I40E_KEY
from pcaphash.standards.virtio import MICROSOFT_KEY


def reta(entries, port=0):
    mask = ",".join(["0xffffffffffffffff"] * max(1, len(entries) // 64))
    lines = [f"RSS RETA configuration: hash index={i}, queue={queue}" for i, queue in enumerate(entries)]
    return "\n".join([f"testpmd> show port {port} rss reta {len(entries)} ({mask})", *lines, ""])


def hash_key(
    key=I40E_KEY, names="ipv4-frag ipv4-tcp ipv4-udp ipv4-other ipv6-frag ipv6-tcp ipv6-udp ipv6-other", port=0
):
    return f"testpmd> show port {port} rss-hash key\nRSS functions:\n {names} \nRSS key:\n{key.hex().upper()}\n"


def refusal(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_ethtool(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_key_table_and_types():
    found = parse_ethtool(hash_key() + reta([3, 2, 1, 0] * 16))
    device = Device(**found.options)
    assert device.hash_key == I40E_KEY
    assert device.indirection_table == (3, 2, 1, 0) * 16
    assert device.queues == 4
    assert device.hash_types_text == "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6"
    assert found.notes == ()


def test_a_table_that_drivers_start_with():
    assert parse_ethtool(reta([i % 4 for i in range(512)])).options == {"queues": 4, "indirection_table_size": 512}


def test_more_queues_than_the_table_has():
    info = "testpmd> show port info 0\n********************* Infos for port 0  *********************\n"
    info += "Current number of RX queues: 8\nMax possible RX queues: 192\nRedirection table size: 128\n"
    assert parse_ethtool(info + reta([0, 1] * 64)).options == {"queues": 8, "indirection_table": [0, 1] * 64}


@pytest.mark.parametrize(
    "text",
    [
        hash_key(MICROSOFT_KEY),
        "RSS functions:\n  ipv4-frag  ipv4-tcp  ipv4-udp  ipv4-other\n  ipv6-frag  ipv6-tcp  ipv6-udp  ipv6-other\n"
        f"RSS key:\n{MICROSOFT_KEY.hex().upper()}\nRSS algorithm:\n  default\n",
        "".join(f"> {line}\n" for line in hash_key(MICROSOFT_KEY).split("\n")),
        hash_key(MICROSOFT_KEY).replace(MICROSOFT_KEY.hex().upper()[40:], f"\n{MICROSOFT_KEY.hex().upper()[40:]}"),
        f"{hash_key(MICROSOFT_KEY)}testpmd> start\nrxonly packet forwarding - ports=1\n  port 0: RX queue number: 4\n",
    ],
)
def test_layouts(text):
    assert parse_ethtool(text).options == {
        "hash_key": MICROSOFT_KEY.hex(),
        "hash_types": "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6",
    }


@pytest.mark.parametrize(
    ("names", "types"),
    [
        ("all ipv4 ipv6 ip", "IPv4+IPv6"),
        ("ipv4 ipv4-tcp ipv6 ipv6-tcp tcp", "IPv4+TCPv4+IPv6+TCPv6"),
        ("ipv4 ipv6 ipv6-ex ipv6-tcp-ex ipv6-udp-ex", "IPv4+IPv6+IP_EX+TCP_EX+UDP_EX"),
        ("ipv6-udp", "UDPv6"),
        ("ip tcp", "IPv4+TCPv4+IPv6+TCPv6+IP_EX+TCP_EX"),
        ("all", "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6+IP_EX+TCP_EX+UDP_EX"),
    ],
)
def test_hash_types(names, types):
    assert parse_ethtool(f"RSS functions:\n {names} \n").options["hash_types"] == types


def test_no_hashing():
    assert parse_ethtool("testpmd> show port 0 rss-hash\nRSS disabled\n").options["hash_types"] == "none"


def test_what_no_hash_type_covers_is_told():
    (note,) = parse_ethtool(hash_key(names="ipv4 ipv4-sctp l2-payload gtpu")).notes
    assert note == "ethtool: the RSS functions ipv4-sctp, l2-payload, gtpu are ignored: no hash type covers them"
    (note,) = parse_ethtool(hash_key(names="ipv4-frag ipv4-other")).notes
    assert (
        "ipv4-other but not ipv4-tcp and ipv4-udp: type IPv4 of virtio hashes the addresses of those packets too"
        in note
    )


def test_several_ports():
    text = hash_key(port=0) + reta([0, 1], 0) + hash_key(MICROSOFT_KEY, port=1) + reta([1, 0], 1)
    assert "shows several interfaces that differ: 0, 1; choose one, such as ethtool=TEXT#0" in refusal(text)
    assert parse_ethtool(text, "1").options["hash_key"] == MICROSOFT_KEY.hex()
    assert parse_ethtool(text, "0").options["hash_key"] == I40E_KEY.hex()
    assert parse_ethtool(text, "1").options["indirection_table"] == [1, 0]


def test_what_is_printed_last_counts():
    text = reta([0, 1, 2, 3]) + "testpmd> port config 0 rss reta (0,3)(3,0)\n" + reta([3, 1, 2, 0])
    found = parse_ethtool(text)
    assert found.options["indirection_table"] == [3, 1, 2, 0]
    (note,) = found.notes
    assert "line 6: the effect of port config 0 rss counts only if it is printed again" in note


def test_refusals():
    part = reta([0, 1, 2, 3]).replace("rss reta 4", "rss reta 128")
    assert (
        "line 1: 4 of 128 entries of the RETA are printed; print all of them, with a mask of ones for each 64"
        in refusal(part)
    )
    gap = reta([0, 1, 2, 3]).replace("hash index=2", "hash index=5")
    assert "line 4: entry 5 of the RETA, but entry 2 should be next" in refusal(gap)
    assert "line 2: queue 40000 is in the indirection table" in refusal(reta([40000]))
    assert "line 3: the RSS key is not two hex digits per byte; print it with" in refusal("\nRSS key:\n6D5\n")
    algorithm = f"{hash_key()}RSS algorithm:\n  simple_xor\n"
    assert "line 7: the RSS algorithm is simple_xor, but only toeplitz can be calculated" in refusal(algorithm)


WHOLE = hash_key() + reta([3, 2, 1, 0] * 4)


@given(st.integers(0, len(WHOLE)), st.integers(0, 60), st.text(max_size=20))
def test_any_print_gives_a_device_or_a_one_line_refusal(start, length, text):
    try:
        outcome = repr(parse_ethtool(WHOLE[:start] + text + WHOLE[start + length :]))
    except ConfigurationError as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1
