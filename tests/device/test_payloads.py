"""Payloads of RSS_CONFIG, HASH_CONFIG and HASH_TUNNEL_SET: what they say, and what no driver may send."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device import Device, combine_options
from pcaphash.device.payloads.options import (
    combine_payloads,
    decode_hash_config,
    decode_hash_tunnel_set,
    decode_rss_config,
    encode_hash_tunnel_set,
    encode_rss_config,
)
from pcaphash.errors import ConfigurationError
from pcaphash.standards.virtio import MICROSOFT_KEY
from support.payloads import encode_hash_config

KEY = MICROSOFT_KEY


def rss_config(types=0x3F, mask=3, unclassified=1, table=(0, 1, 2, 3), max_tx_vq=4, key=KEY, length=None):
    """Make the payload from its fields, which may contradict each other."""
    head = struct.pack("<I2H", types, mask, unclassified) + struct.pack(f"<{len(table)}H", *table)
    return head + struct.pack("<HB", max_tx_vq, len(key) if length is None else length) + key


def hash_config(types=0x3F, reserved=bytes(8), key=KEY):
    return struct.pack("<I", types) + reserved + bytes([len(key)]) + key


def test_rss_config_field_by_field():
    payload = decode_rss_config(rss_config(table=(0, 1, 0, 2)))
    assert payload.command == "VIRTIO_NET_CTRL_MQ_RSS_CONFIG"
    assert [(field.name, field.offset, field.length, field.value, field.remark) for field in payload.fields] == [
        ("hash_types", 0, 4, "0x0000003f", "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6"),
        ("indirection_table_mask", 4, 2, "3", "4 entries"),
        ("unclassified_queue", 6, 2, "1", "receive queue, counted from 0"),
        ("indirection_table", 8, 8, "0 1 0 2", ""),
        ("max_tx_vq", 16, 2, "4", "not used in hashing"),
        ("hash_key_length", 18, 1, "40", ""),
        ("hash_key_data", 19, 40, KEY.hex(), ""),
    ]
    assert payload.options == {
        "hash_types": "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6",
        "queues": 3,
        "unclassified_queue": 1,
        "hash_key": KEY.hex(),
        "indirection_table": [0, 1, 0, 2],
    }


def test_a_table_that_drivers_start_with_comes_as_its_size_where_the_queues_are_known():
    table = [i % 4 for i in range(128)]
    data = rss_config(mask=127, table=table)
    payload = decode_rss_config(data, queues=4)
    assert payload.options["indirection_table_size"] == 128
    assert "indirection_table" not in payload.options
    shown = payload.fields[3]
    assert (shown.value, shown.remark) == ("0 1 2 3 0 1 2 3 ...", "entry i is queue i % 4")
    # Of a device with more queues, the driver may use some: the table stays as it was sent.
    options = decode_rss_config(data).options
    assert options["queues"] == 4
    assert Device(**combine_options(options, {"queues": 8})).indirection_table == tuple(table)


def test_the_highest_queue_may_be_the_unclassified_one():
    payload = decode_rss_config(rss_config(unclassified=9))
    assert payload.options["queues"] == 10
    assert Device(**payload.options).indirection_table == (0, 1, 2, 3)


def test_queues_as_given():
    assert decode_rss_config(rss_config(), queues=16).options["queues"] == 16


def test_a_table_of_one_entry():
    assert decode_rss_config(rss_config(mask=0, table=(0,), unclassified=0)).options["indirection_table"] == [0]


@pytest.mark.parametrize(("n_bytes", "remark"), [(39, "fewer than the 40"), (41, "bytes after the first 40")])
def test_keys_of_other_lengths(n_bytes, remark):
    payload = decode_hash_config(hash_config(key=bytes(range(n_bytes))))
    assert payload.fields[-2].remark.startswith(remark)
    assert payload.options["hash_key"] == bytes(range(n_bytes)).hex()


def test_hashing_switched_off():
    payload = decode_hash_config(hash_config(0, key=b""))
    assert payload.options["hash_types"] == "none"
    assert "hash_key" not in payload.options
    assert not Device(**payload.options).has_queue


def test_hash_config_leaves_rss_out():
    payload = decode_hash_config(hash_config())
    assert [field.offset for field in payload.fields] == [0, 4, 6, 8, 10, 12, 13]
    device = Device(**payload.options)
    assert (device.hash_types, device.hash_key, device.has_queue) == (0x3F, KEY, False)
    assert Device(**payload.options, flavor="qemu").hash_types == 0x3F


def test_tunnel_bits_of_draft_v7():
    device = Device(**decode_hash_config(hash_config(0xE3F)).options)
    assert device.hash_types_text.endswith("GRE_INNER+VXLAN_INNER+GENEVE_INNER")
    assert Device(**decode_rss_config(rss_config(0xE3F)).options).hash_types == 0xE3F


def test_hash_tunnel_set():
    payload = decode_hash_tunnel_set(struct.pack("<I", 0x50))
    assert payload.options == {"spec": "1.4", "tunnel_types": "VXLAN+GENEVE"}
    assert Device(**payload.options).tunnel_types == 0x50
    assert decode_hash_tunnel_set(bytes(4)).options["tunnel_types"] == "none"


def test_several_payloads():
    tunnels = decode_hash_tunnel_set(struct.pack("<I", 0x10))
    device = Device(**combine_payloads(decode_hash_config(hash_config(), "1.4"), tunnels))
    assert (device.spec, device.tunnel_types, device.hash_types, device.has_queue) == ("1.4", 0x10, 0x3F, False)
    device = Device(**combine_payloads(tunnels, decode_rss_config(rss_config(), "1.4")))
    assert (device.tunnel_types, device.queues, device.has_queue) == (0x10, 4, True)
    assert combine_payloads() == {}
    with pytest.raises(ConfigurationError, match="only the last command sent takes effect"):
        combine_payloads(decode_hash_config(hash_config()), decode_rss_config(rss_config()))


@pytest.mark.parametrize("write", [bytes.hex, lambda data: data.hex(":"), lambda data: f" 0x{data.hex(' ', 16)}\n"])
def test_hex_and_files(tmp_path, write):
    payload, path = rss_config(), tmp_path / "payload"
    expected = decode_rss_config(payload)
    assert decode_rss_config(write(payload)) == expected
    path.write_text(write(payload))
    assert decode_rss_config(path) == expected
    path.write_bytes(payload)
    assert decode_rss_config(str(path)) == expected


FIRST = struct.pack("<I2H", 0x3F, 3, 1)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", "hash_types at offset 0: the payload ends after 0 bytes, but 4 are needed"),
        (bytes(5), "indirection_table_mask at offset 4: the payload ends after 5 bytes, but 6 are needed"),
        (FIRST + bytes(7), "indirection_table at offset 8: the payload ends after 15 bytes, but 16 are needed"),
        (rss_config()[:-1], "hash_key_data at offset 19: the payload ends after 58 bytes, but 59 are needed"),
        (rss_config() + b"a", "1 byte too many at offset 59, after the last field, hash_key_data"),
        (rss_config(0x1000), "hash_types at offset 0: 0x00001000 has bit 12, which is reserved in draft v7"),
        (rss_config(mask=4), "indirection_table_mask at offset 4: 4 is not a power of two minus one"),
        (rss_config(unclassified=0x8000), "unclassified_queue at offset 6: 0x8000, but bit 15 of an rss_rq_id is"),
        (rss_config(table=(0, 1, 0x8001, 3)), "indirection_table at offset 8: entry 2 at offset 12 is 0x8001, but bit"),
        (rss_config(max_tx_vq=0), "max_tx_vq at offset 16: 0 is not a number of transmit queues (1 to 32768)"),
        (rss_config(max_tx_vq=32769), "max_tx_vq at offset 16: 32769 is not a number of transmit queues (1 to 32768)"),
        (rss_config(key=b""), "hash_key_length at offset 18: 0 bytes, although hash_types are enabled"),
        (rss_config(length=50), "hash_key_data at offset 19: the payload ends after 59 bytes, but 69 are needed"),
    ],
)
def test_bad_rss_config(payload, problem):
    with pytest.raises(ConfigurationError) as caught:
        decode_rss_config(payload)
    assert caught.value.problem.startswith(problem)
    assert str(caught.value.place) == "rss_config"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("payload", "queues", "problem"),
    [
        (rss_config(), 3, "indirection_table at offset 8: entry 3 at offset 14 is queue 3, but the last of 3 receive"),
        (rss_config(unclassified=4), 4, "unclassified_queue at offset 6: queue 4, but the last of 4 receive queues is"),
    ],
)
def test_queues_that_the_device_does_not_have(payload, queues, problem):
    with pytest.raises(ConfigurationError) as caught:
        decode_rss_config(payload, queues=queues)
    assert caught.value.problem.startswith(problem)


def test_tunnel_bits_under_the_wrong_text():
    with pytest.raises(ConfigurationError, match=r"bit 10, which is reserved in virtio 1\.4; draft v7 has") as caught:
        decode_rss_config(rss_config(0x43F), "1.4")
    assert caught.value.advice.endswith("use spec=v7")
    with pytest.raises(ConfigurationError, match="has bit 12") as caught:
        decode_hash_config(hash_config(0x1000), "1.4")
    assert "v7" not in caught.value.advice


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (hash_config(reserved=bytes(5) + b"\x01" + bytes(2)), "reserved at offset 8: 0x0100, but reserved fields"),
        (hash_config()[:12], "hash_key_length at offset 12: the payload ends after 12 bytes, but 13 are needed"),
        (hash_config() + bytes(2), "2 bytes too many at offset 53, after the last field, hash_key_data"),
        (hash_config(key=b""), "hash_key_length at offset 12: 0 bytes, although hash_types are enabled"),
    ],
)
def test_bad_hash_config(payload, problem):
    with pytest.raises(ConfigurationError) as caught:
        decode_hash_config(payload)
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (bytes(3), "enabled_tunnel_types at offset 0: the payload ends after 3 bytes, but 4 are needed"),
        (bytes(5), "1 byte too many at offset 4, after the last field, enabled_tunnel_types"),
        (b"\x00\x02\x00\x00", "enabled_tunnel_types at offset 0: 0x00000200 has bit 9, which is reserved in virtio"),
    ],
)
def test_bad_hash_tunnel_set(payload, problem):
    with pytest.raises(ConfigurationError) as caught:
        decode_hash_tunnel_set(payload)
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the payload is empty"),
        (" \n", "the payload is empty"),
        ("123", "3 hex digits are not whole bytes"),
        ("no/such/file", "'no/such/file' is neither hex nor a file that can be read: No such file or directory"),
        ("\0", "'\\x00' is neither hex nor a file that can be read: embedded null"),
    ],
)
def test_bad_texts(text, problem):
    with pytest.raises(ConfigurationError) as caught:
        decode_hash_tunnel_set(text)
    assert caught.value.problem.startswith(problem)


def test_files_longer_than_any_payload(tmp_path):
    path = tmp_path / "zeros"
    path.write_bytes(bytes(2**20 + 1))
    with pytest.raises(ConfigurationError, match="is longer than any payload"):
        decode_rss_config(path)


devices = st.builds(
    lambda types, queues, table, bits, key, unclassified: Device(
        hash_types=types,
        queues=queues,
        indirection_table=[each % queues for each in table[: 1 << bits]],
        hash_key=key,
        unclassified_queue=unclassified % queues,
    ),
    st.integers(1, 0xFFF),
    st.integers(1, 12),
    st.lists(st.integers(0, 11), min_size=16, max_size=16),
    st.integers(0, 4),
    st.binary(min_size=40, max_size=255),
    st.integers(0, 11),
)


@given(devices)
def test_a_device_comes_back_from_its_payloads(device):
    found = Device(**combine_options(decode_rss_config(encode_rss_config(device)).options, {"queues": device.queues}))
    fields = ("hash_types", "queues", "indirection_table", "unclassified_queue", "hash_key")
    assert all(getattr(found, name) == getattr(device, name) for name in fields[2:])
    assert decode_rss_config(encode_rss_config(device), queues=device.queues).options["queues"] == device.queues
    reporting = Device(**decode_hash_config(encode_hash_config(device)).options)
    assert (reporting.hash_types, reporting.hash_key) == (device.hash_types, device.hash_key)


@given(st.integers(0, 0x1FF))
def test_tunnel_types_come_back(types):
    device = Device("1.4", tunnel_types=types)
    assert Device(**decode_hash_tunnel_set(encode_hash_tunnel_set(device)).options).tunnel_types == types


def length_or_error(decode, data):
    try:
        return sum(field.length for field in decode(data).fields)
    except ConfigurationError as error:
        return error


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda data: rss_config()[: len(data)] + data))
def test_any_bytes_are_read_or_refused_in_one_line(data):
    for decode in (decode_rss_config, decode_hash_config, decode_hash_tunnel_set):
        found = length_or_error(decode, data)
        assert found == len(data) or "\n" not in str(found)


def test_encoding_what_no_payload_holds():
    with pytest.raises(ConfigurationError, match="is not a power of two"):
        encode_rss_config(Device(table_index="modulo", indirection_table_size=100))
    with pytest.raises(ConfigurationError, match="has no command HASH_TUNNEL_SET"):
        encode_hash_tunnel_set(Device())
    with pytest.raises(ConfigurationError, match="hash_key_length is one byte"):
        encode_rss_config(Device(hash_key=bytes(range(1, 257 - 1)) * 2, features="none"))


def test_the_payload_that_linux_sends_has_307_bytes():
    assert len(encode_rss_config(Device())) == 307


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_hex_may_have_any_usual_encoding(tmp_path, encoding):
    file = tmp_path / "payload.txt"
    file.write_bytes(rss_config().hex(" ").encode(encoding))
    assert decode_rss_config(file) == decode_rss_config(rss_config())
