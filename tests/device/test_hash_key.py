"""The hash key in every notation that is accepted, and those that are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device.hash_key import parse_hash_key
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio


@given(st.binary(min_size=1, max_size=300))
def test_every_key_in_every_notation(key):
    for value in (key, bytearray(key), key.hex(), key.hex().upper(), key.hex(":"), key.hex(":", 4), f" {key.hex()}\n"):
        parsed = parse_hash_key(value)
        assert parsed == key
        assert type(parsed) is bytes


def test_named_keys():
    assert parse_hash_key("microsoft") == virtio.MICROSOFT_KEY
    assert parse_hash_key(" Symmetric ") == bytes.fromhex("6d5a" * 20)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("", "the hash key is empty"),
        (b"", "the hash key is empty"),
        ("6d5", "an odd number of hex digits"),
        ("6d:5", "'6d:5' is not hex"),
        ("6d:5:a5", "is not hex"),
        (":6d", "is not hex"),
        ("6d::5a", "is not hex"),
        ("hello", "'hello' is not hex and not microsoft or symmetric"),
        ("6d 5a", "is not hex"),
        ("0x6d5a56da,0x255b0ec2", "it is in words, of which nothing says which byte comes first"),
        ("0x6d5a56da", "it is in words, of which nothing says which byte comes first"),
        ("6d5a56da 255b0ec2", "it is in words, of which nothing says which byte comes first"),
        ("6d5a56da,255b0ec2", "write its bytes in the order of hash_key_data"),
        (5, "5 is no hash key"),
        ([0x6D, 0x5A], "is no hash key"),
    ],
)
def test_refusals(value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_hash_key(value)
    assert caught.value.option == "--key"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
