"""Features, and what each of them needs."""

from itertools import combinations

import pytest

from pcaphash.device.features import format_features, parse_features
from pcaphash.device.profile import DRAFT_V7, PROFILES, VIRTIO_1_4
from pcaphash.errors import ConfigurationError


def is_allowed(features, spec):
    """Say the dependencies over again: virtio 1.4, "Feature bit requirements", and draft v7's."""
    if features and "CTRL_VQ" not in features:
        return False
    return spec == "v7" or "HASH_TUNNEL" not in features or bool(features & {"RSS", "HASH_REPORT"})


@pytest.mark.parametrize("spec", PROFILES)
def test_every_set_of_features(spec):
    profile = PROFILES[spec]
    for n in range(len(profile.features) + 1):
        for names in combinations(profile.features, n):
            features = frozenset(names)
            if is_allowed(features, spec):
                assert parse_features(format_features(features, profile.features), profile) == features
            else:
                with pytest.raises(ConfigurationError, match="needs"):
                    parse_features(format_features(features, profile.features), profile)


def test_names_and_bits_in_text_or_list():
    expected = frozenset({"CTRL_VQ", "RSS"})
    for value in ("CTRL_VQ+RSS", "17+60", " rss + 17 ", ["CTRL_VQ", 60], (17, 60), {"RSS", "CTRL_VQ"}, expected):
        assert parse_features(value, DRAFT_V7) == expected


def test_all_and_none():
    assert parse_features("all", DRAFT_V7) == frozenset(DRAFT_V7.features)
    assert parse_features("none", DRAFT_V7) == frozenset()
    assert parse_features([], DRAFT_V7) == frozenset()


def test_the_inner_header_hash_has_another_bit_in_each_text():
    assert "HASH_TUNNEL" in parse_features("17+52", DRAFT_V7)
    assert "HASH_TUNNEL" in parse_features("17+60+51", VIRTIO_1_4)


@pytest.mark.parametrize(
    ("spec", "value", "part"),
    [
        ("v7", "RSS", "RSS (bit 60) needs CTRL_VQ (draft v7"),
        ("v7", "HASH_REPORT", "HASH_REPORT (bit 57) needs CTRL_VQ"),
        ("v7", "MQ", "MQ (bit 22) needs CTRL_VQ"),
        ("v7", "HASH_TUNNEL", "HASH_TUNNEL (bit 52) needs CTRL_VQ"),
        ("1.4", "CTRL_VQ+HASH_TUNNEL", "HASH_TUNNEL (bit 51) needs RSS or HASH_REPORT (virtio 1.4"),
        ("v7", "17+51", "bit 51 is not a feature of draft v7 that affects hashing; use CTRL_VQ 17"),
        ("1.4", "17+52", "bit 52 is not a feature of virtio 1.4"),
        ("1.4", "CTRL_VQ+RRS", "did you mean RSS?"),
        ("1.4", "CTRL_VQ+", "a name is missing"),
        ("1.4", "", "a name is missing"),
        ("1.4", 17, "17 is not a list of features"),
        ("1.4", b"RSS", "is not a list of features"),
    ],
)
def test_refusals(spec, value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_features(value, PROFILES[spec])
    assert str(caught.value.place) == "features"
    assert part in str(caught.value)
